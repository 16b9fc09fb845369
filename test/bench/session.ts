import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import type { Contestant } from './contestant.ts';
import type { PeerLease, RunningPeer } from './peers/peer.ts';
import type { Place } from './report/report.ts';
import { apiRequests } from './rig/api-requests.ts';
import { BenchAws } from './rig/bench-aws.ts';
import { DecisionLines } from './rig/decision-lines.ts';
import { placeInAccount, type RoleChangeCall } from './rig/aws-commands.ts';
import { NAMESPACE, numberIn } from './rig/fleet.ts';
import { range } from './rig/side-by-side.ts';
import { now } from './rig/time.ts';

/** How many policies can be lost alone in one session. */
const SEPARATE = 400;
const POLL_MILLISECONDS = 2_000;
const PATIENCE_MILLISECONDS = 180_000;
const PATIENCE_PER_POLICY = 60;
/** The first for whatever was persisted, two for what has to be seen twice. */
const RUN_IN_ROUNDS = 3;
/** A calm fleet is refreshed every four minutes. */
const CALM_WRITES_PER_SECOND = 5;
const CALM_WRITES_PER_POLICY = 1 / 100;
/** Of the policies that are Protected: a read that came late is told of, and of ten thousand one is always late. */
const CALM_SHARE = 0.995;
const SETTLE_MILLISECONDS = 3_000;

/** What a person annotates to have the secondary promoted at once: answered by FailoverGlobalCluster in its region. */
export const forced = {
  'aurora-dr.io/force-failover': 'us-west-2',
  'aurora-dr.io/force-type': 'Failover',
  'aurora-dr.io/accept-data-loss': 'true',
} as const;

/** Waits until it is so. @throws Error with the last word of `look` when time is up. */
export async function until(
  what: string,
  milliseconds: number,
  look: () => Promise<string | undefined>,
  poll = POLL_MILLISECONDS,
): Promise<void> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const missing = await look();
    if (missing === undefined) return;
    if (performance.now() > deadline) throw new Error(`cannot see ${what} in ${milliseconds} ms: ${missing}`);
    await delay(poll);
  }
}

/** All of a fleet such that neighbours are of different accounts. */
const acrossAccounts = (policies: number): readonly number[] =>
  range(1, policies).toSorted((one, other) => placeInAccount(one) - placeInAccount(other));

/** Those of a fleet that can be lost alone. */
const separateOf = (policies: number): readonly number[] => acrossAccounts(policies).slice(0, SEPARATE);

export interface AwsOptions {
  /** No global cluster can be lost alone: all share the endpoint of their region. @default - as many as there may be */
  readonly isAllShared?: true | undefined;
  /** Global clusters for policies still to come. @default 0 */
  readonly spare?: number;
  /** All are in one account. @default - as the fleet's policies have it */
  readonly isOneAccount?: true;
}

/** Starts a fresh local AWS with a global cluster for each policy. */
export async function startAws(
  bench: Bench,
  policies: number,
  { spare = 0, isAllShared, ...accounts }: AwsOptions = {},
): Promise<BenchAws> {
  const aws = await BenchAws.start(bench.watchdog);
  await aws.ask('addClusters', {
    first: 1,
    last: policies + spare,
    separate: isAllShared === true ? [] : separateOf(policies),
    ...accounts,
  });
  return aws;
}

export interface StartOptions {
  readonly aws: BenchAws;
  readonly accessKeyId?: string;
  readonly lease?: PeerLease;
  /** @default - straight to the API server */
  readonly kubeconfig?: string;
  readonly onLine?: (line: string) => void;
}

async function statusWrites({ kube }: Bench): Promise<number> {
  const requests = await apiRequests(kube);
  return (
    (requests['PUT disasterrecoverypolicies/status'] ?? 0) + (requests['PATCH disasterrecoverypolicies/status'] ?? 0)
  );
}

/**
 * Waits until (nearly) all policies are Protected, some rounds have passed, and hardly anything is written any more.
 *
 * @param look says what else is missing
 */
export async function untilCalm(
  bench: Bench,
  policies: number,
  look: () => Promise<string | undefined> = async () => Promise.resolve(undefined),
): Promise<void> {
  const started = performance.now();
  const fewestMilliseconds = RUN_IN_ROUNDS * bench.props.effort.intervalMilliseconds;
  let writes = await statusWrites(bench);
  await until('a calm fleet', PATIENCE_MILLISECONDS + policies * PATIENCE_PER_POLICY, async () => {
    const before = writes;
    writes = await statusWrites(bench);
    const perSecond = ((writes - before) / POLL_MILLISECONDS) * 1000;
    if (perSecond > CALM_WRITES_PER_SECOND + policies * CALM_WRITES_PER_POLICY) return `${perSecond} writes a second`;
    const missing = await look();
    if (missing !== undefined) return missing;
    if (performance.now() - started < fewestMilliseconds) return 'its first rounds';
    const phases = await bench.fleet.phases();
    const isCalm = (phases.get('Protected') ?? 0) >= policies * CALM_SHARE;
    return isCalm ? undefined : JSON.stringify(Object.fromEntries(phases));
  });
}

/** Starts a process of the contestant. */
export function startContestant(bench: Bench, contestant: Contestant, options: StartOptions): Promise<RunningPeer> {
  const { aws, accessKeyId = 'AKIABENCH', lease, onLine, kubeconfig = bench.plane.kubeconfig } = options;
  const { peer, shards, isOperator } = contestant;
  const { operatorFlags, profiles, roleChanges, workers } = bench.props;
  const own = [...(shards === 1 ? [] : [`--shards=${shards}`]), ...operatorFlags];
  const profiling =
    isOperator && profiles !== undefined ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` } : {};
  return peer.start({
    kubeconfig,
    awsEndpoints: aws.endpoints,
    environment: aws.environmentOf(accessKeyId),
    namespace: NAMESPACE,
    workers,
    roleChanges,
    flags: isOperator ? own : [],
    variables: profiling,
    watchdog: bench.watchdog,
    ...(lease === undefined ? {} : { lease }),
    ...(onLine === undefined ? {} : { onLine }),
  });
}

export interface SessionOptions {
  /** @default - straight to the API server */
  readonly kubeconfig?: string;
  /** Global clusters beyond those of the policies. @default 0 */
  readonly spare?: number;
  /** As {@link AwsOptions} has it: nothing can be taken for a loss. @default - 400 can */
  readonly isAllShared?: true;
}

/** One contestant that looks after a fleet on a local AWS of its own, run in. */
export class Session implements AsyncDisposable {
  readonly bench: Bench;
  readonly contestant: Contestant;
  readonly policies: number;
  readonly aws: BenchAws;
  /** The processes that share the fleet. */
  readonly peers: readonly RunningPeer[];
  readonly decisions: DecisionLines;
  readonly #separate: readonly number[];
  #taken = 0;

  private constructor(props: {
    readonly bench: Bench;
    readonly contestant: Contestant;
    readonly policies: number;
    readonly aws: BenchAws;
    readonly peers: readonly RunningPeer[];
    readonly decisions: DecisionLines;
  }) {
    this.bench = props.bench;
    this.contestant = props.contestant;
    this.policies = props.policies;
    this.aws = props.aws;
    this.peers = props.peers;
    this.decisions = props.decisions;
    this.#separate = separateOf(props.policies);
  }

  /** Gives the fleet a world of its own, starts the contestant in it and waits until that has run in. */
  static async open(
    bench: Bench,
    contestant: Contestant,
    policies: number,
    { kubeconfig, spare = 0, isAllShared }: SessionOptions = {},
  ): Promise<Session> {
    const { tell } = bench.props;
    tell(`${contestant.name}: a fresh local AWS, and ${policies} policies`);
    await bench.restore();
    const aws = await startAws(bench, policies, { spare, isAllShared });
    const decisions = new DecisionLines();
    const peers: RunningPeer[] = [];
    try {
      const onLine = (line: string): void => decisions.take(line);
      const way = kubeconfig === undefined ? {} : { kubeconfig };
      for (let replica = 1; replica <= contestant.replicas; replica += 1) {
        const accessKeyId = `AKIAREPLICA${replica}`;
        const lease = contestant.replicas === 1 ? {} : { lease: { namespace: NAMESPACE } };
        peers.push(await startContestant(bench, contestant, { aws, accessKeyId, onLine, ...lease, ...way }));
      }
      const session = new Session({ bench, contestant, policies, aws, peers, decisions });
      await Promise.all(peers.map((peer) => peer.untilSynced()));
      await session.untilRunIn();
      return session;
    } catch (error) {
      for (const peer of peers) await peer.stop('SIGKILL');
      await aws.stop();
      throw error;
    }
  }

  /** Policies whose primary is not where it was when the session began. */
  get moved(): Set<number> {
    return this.bench.moved;
  }

  place(scenario: string): Place {
    return { scenario, contestant: this.contestant.name, policies: this.policies };
  }

  /** Policies that `takeSeparate` does not give as long as it is asked for no more than so many. */
  othersThan(count: number): readonly number[] {
    return acrossAccounts(this.policies).slice(count);
  }

  /** Policies that nobody has used in this session, each of which can be lost alone. */
  takeSeparate(count: number): readonly number[] {
    const first = this.#taken;
    this.#taken += count;
    return this.#separate.slice(first, this.#taken);
  }

  /** The primaries of these are lost, one by one: for RDS, for the endpoint, for the secondary and for the witness. */
  async lose(numbers: readonly number[]): Promise<void> {
    await Promise.all([this.aws.ask('loseClusters', numbers), this.bench.witness.see({ kind: 'lose', numbers })]);
  }

  /** The region is lost; gives when, in milliseconds since the epoch. */
  async loseRegion(region: string): Promise<number> {
    const lostAt = now();
    await Promise.all([this.aws.ask('loseRegion', region), this.bench.witness.see({ kind: 'loseAll' })]);
    return lostAt;
  }

  /** Long enough for a second call of somebody who makes two. */
  settle(): Promise<void> {
    return delay(SETTLE_MILLISECONDS);
  }

  /** Notes whoever was failed over more than once, in vain, or was never to be. Gives the calls that were meant. */
  checkRoleChanges(
    scenario: string,
    calls: readonly RoleChangeCall[],
    expected: readonly number[],
  ): readonly RoleChangeCall[] {
    const { measurements } = this.bench;
    const place = this.place(scenario);
    const wanted = new Set(expected);
    const groups = Map.groupBy(calls, ({ globalClusterIdentifier }) => numberIn(globalClusterIdentifier));
    for (const [number, group] of groups) {
      const results = group.map(({ result }) => result).join(', ');
      if (!wanted.has(number)) measurements.violate(place, `policy ${number} was failed over unasked`);
      else if (results !== 'ok') measurements.violate(place, `policy ${number} was failed over with ${results}`);
    }
    const starved = expected.filter((number) => !groups.has(number));
    if (starved.length > 0) {
      const examples = starved.slice(0, 5).join(', ');
      measurements.violate(place, `${starved.length} of ${expected.length} were never failed over: ${examples}`);
    }
    return calls.filter(({ globalClusterIdentifier }) => wanted.has(numberIn(globalClusterIdentifier)));
  }

  /** Waits until (nearly) all policies are Protected, some rounds have passed, and hardly anything is written any more. */
  async untilRunIn(): Promise<void> {
    const { bench, policies, peers, contestant } = this;
    const started = performance.now();
    await untilCalm(bench, policies, async () => {
      const ended = peers.find(({ end }) => end !== undefined);
      if (ended !== undefined) throw new Error(`${contestant.name} ended: ${ended.lines.slice(-5).join('\n')}`);
      return this.#unownedShards();
    });
    const seconds = (performance.now() - started) / 1000;
    bench.props.tell(`${contestant.name}: run in after ${seconds.toFixed(0)} s`);
  }

  /** Each shard has an owner and each process a shard; otherwise says what is missing. */
  async #unownedShards(): Promise<string | undefined> {
    const { shards } = this.contestant;
    if (shards === 1) return undefined;
    const owned = await Promise.all(this.peers.map((peer) => peer.metric('aurora_dr_shards_owned')));
    const isShared = owned.every((count) => count > 0) && owned.reduce((sum, count) => sum + count, 0) === shards;
    return isShared ? undefined : `the processes own ${owned.join(', ')} of ${shards} shards`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // In order, so that a profile gets written.
    for (const peer of this.peers) await peer.stop('SIGTERM');
    await this.aws.stop();
  }
}
