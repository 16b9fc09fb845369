import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { parseDuration } from '../../operator/api/v1alpha1/duration.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import { shardOf } from '../../operator/controllers/shard-of.ts';
import { policyLabel } from '../../operator/publishing/writer-objects.ts';
import type { Lease } from '../../operator/runtime/lease.ts';
import { keyOf, type KubeObject } from '../../operator/runtime/resource.ts';
import { shardLeaseName } from '../../operator/runtime/shard-elections.ts';
import type { Evidence } from './call-hooks.ts';
import { isGone } from './check-liveness.ts';
import { OLDEST_WALK } from './ledger.ts';
import { endOf, siteOf, type Action, type Scenario, type ScenarioEvent } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedApiServer, Write } from './simulated-api-server.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Tally } from './statistics.ts';
import type { Accuse } from './violation.ts';

const NAME = 'aurora-dr-operator';
/** What an owner has begun may end after it lost its lease: its writes have preconditions. */
const LAST_WRITES = 45_000;
/** As in the operator: besides twice the time that the rounds take. */
const PREPARATION_SLACK = 10_000;
/** As in the operator: for so long at most a handover waits for what is under way. */
const LONGEST_WAIT_FOR_REST = 5 * 60_000;
/** A message on its way, twice. */
const ON_THE_WAY = 1_000;
/** How long after a fault what it did may show. */
const AFTERMATH = 60_000;

/** What keeps a process from hearing of what is written. */
const DEAFENING: readonly Action['kind'][] = [
  'slowNetwork',
  'apiUnavailable',
  'apiSilentWatches',
  'apiLateWatches',
  'apiRestart',
  'stall',
];
const isDeafening = ({ action }: ScenarioEvent): boolean =>
  DEAFENING.includes(action.kind) || (action.kind === 'cut' && ['api', '*'].includes(action.place));

/** What keeps processes from each other, and from the API server; not what happens to databases. */
const HINDERING: readonly Action['kind'][] = [
  'apiConflicts',
  'crash',
  'crashAtCall',
  'restart',
  'reshard',
  'clockJump',
];
const isHindering = (event: ScenarioEvent): boolean => HINDERING.includes(event.action.kind) || isDeafening(event);

export interface ShardChecksProps {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly servers: readonly SimulatedApiServer[];
  readonly process: (name: string) => SimulatedProcess | undefined;
  readonly shardsOf: (process: string) => number;
  readonly branches: Tally;
  readonly accuse: Accuse;
}

/** What a process has seen of a shard since it began to prepare for it. */
interface Preparation {
  readonly since: number;
  readonly rounds: Map<string, { count: number; lastAt: number }>;
}

/** A lease from one change of its holder to the next; an empty holder: nobody. */
interface Tenure {
  readonly holder: string;
  readonly from: number;
  renewedAt: number;
  /** To whom the holder has said that it hands it over. */
  successor?: string;
}

/** A lease that is asked of whoever acts for a policy, and who has to hold it. */
interface Claim {
  readonly name: string;
  readonly holder: string;
}

/** Holds what processes do that share the policies against the leases of the shards, by the API server's own state. */
export class ShardChecks {
  readonly #props: ShardChecksProps;
  /** By process and shard. */
  readonly #preparations = new Map<string, Map<number, Preparation>>();
  /** By site and lease, oldest first. */
  readonly #tenures = new Map<string, Tenure[]>();
  /** By site and policy: when an operation or an incident was on, oldest first. */
  readonly #restless = new Map<string, { readonly from: number; to: number }[]>();
  /** When RDS answered a process last. */
  readonly #answeredAt = new Map<string, number>();

  constructor(props: ShardChecksProps) {
    this.#props = props;
  }

  onWrite(site: number, { type, by, before, after }: Write): void {
    if (type.kind === 'Lease') this.#onLease(site, before, after);
    const isPolicy = type.kind === 'DisasterRecoveryPolicy';
    if (isPolicy) this.#noteRest(site, (after ?? before) as DisasterRecoveryPolicy, after !== undefined);
    const policy = isPolicy ? (after as DisasterRecoveryPolicy | undefined) : this.#policyOf(site, type.kind, after);
    const process = this.#props.process(by);
    if (policy === undefined || process === undefined) return;
    for (const claim of this.#claimsOf(by, policy)) {
      if (!this.#mayWrite(site, process, claim)) {
        const what = isPolicy ? keyOf(policy) : `the ${type.kind} of ${keyOf(policy)}`;
        this.#props.accuse('one-owner', `${by} wrote ${what} without ${claim.name}`);
      }
    }
  }

  /**
   * AWS takes up a call that changes something.
   *
   * @param at what it is held against: when it arrived, or, where its caller had given it up by then, when it was sent
   */
  onAct(
    site: number,
    process: SimulatedProcess,
    policy: DisasterRecoveryPolicy | undefined,
    call: { readonly action: string; readonly at: number },
  ): void {
    const { accuse, scenario, scheduler } = this.#props;
    if (policy === undefined) return;
    for (const { name, holder } of this.#claimsOf(process.name, policy)) {
      const tenure = this.#tenureOf(site, name, call.at);
      const what = `${process.name} called ${call.action} for ${keyOf(policy)}`;
      const owner = tenure?.holder ?? '';
      if (tenure === undefined || owner !== holder) {
        accuse('one-owner', `${what}, but ${name} was ${owner === '' ? 'nobody' : owner}'s`);
      } else if (call.at === scheduler.time) {
        const age = scheduler.time - tenure.renewedAt;
        if (age > scenario.installation.leaseDurationMilliseconds) {
          accuse('one-owner', `${what}, but ${name} was renewed ${age} ms before`);
        }
      }
    }
  }

  onRound(process: SimulatedProcess, key: string): void {
    for (const { rounds } of this.#preparations.get(process.name)?.values() ?? []) {
      rounds.set(key, { count: (rounds.get(key)?.count ?? 0) + 1, lastAt: this.#props.scheduler.time });
    }
  }

  onEvidence(process: SimulatedProcess, evidence: Evidence): void {
    const isAnswer = evidence.kind === 'aws' && evidence.output !== undefined;
    if (isAnswer && ['DescribeGlobalClusters', 'DescribeDBClusters'].includes(evidence.action)) {
      this.#answeredAt.set(process.name, this.#props.scheduler.time);
    }
  }

  onLog(process: SimulatedProcess, message: string): void {
    const [, prepared] = /^prepares shard (\d+)$/.exec(message) ?? [];
    const preparations = this.#preparations.get(process.name) ?? new Map<number, Preparation>();
    this.#preparations.set(process.name, preparations);
    if (prepared !== undefined) {
      preparations.set(Number(prepared), { since: this.#props.scheduler.time, rounds: new Map() });
    }
    // What it saw before it had the shard is no preparation for having it again.
    const [, owned] = /^owns shard (\d+)$/.exec(message) ?? [];
    if (owned !== undefined) preparations.delete(Number(owned));
    const [, handedOver, successor] = /^hands shard (\d+) over to (.*)$/.exec(message) ?? [];
    if (handedOver !== undefined && successor !== undefined) {
      this.#onHandOver(process, Number(handedOver), successor);
    }
  }

  /** What is nobody's by the end. */
  finish(): void {
    const { scenario, scheduler, accuse } = this.#props;
    const { sites, shards, leaseDurationMilliseconds, retryPeriodMilliseconds } = scenario.installation;
    if (shards === undefined) return;
    for (const [place, tenures] of this.#tenures) this.#judgeGap(place, tenures.at(-2), tenures.at(-1));
    for (const [site, { replicas }] of sites.entries()) {
      // A lease runs out, and whoever comes first in the order may be gone, too, and so on.
      const longest = 2 * leaseDurationMilliseconds + 3 * replicas * retryPeriodMilliseconds + ON_THE_WAY;
      if (isGone(scenario, site) || !this.#isQuiet(scheduler.time - longest)) continue;
      const division = this.#tenureOf(site, NAME)?.holder ?? '';
      const [, count] = /^shards-(\d+)$/.exec(division) ?? [];
      const names = Array.from({ length: Number(count ?? 0) }, (_, shard) =>
        shardLeaseName(NAME, shard, Number(count)),
      );
      for (const name of [NAME, ...names]) {
        const { holder = '', renewedAt = 0 } = this.#tenureOf(site, name) ?? {};
        const isHeld = holder !== '' && scheduler.time - renewedAt <= leaseDurationMilliseconds;
        if (!isHeld) accuse('handover', `${name} of site ${site} is nobody's in the end`);
      }
    }
  }

  /** The leases that a process has to hold to act for a policy. */
  #claimsOf(process: string, policy: DisasterRecoveryPolicy): readonly Claim[] {
    if (this.#props.scenario.installation.shards === undefined) return [];
    const shards = this.#props.shardsOf(process);
    if (shards === 1) return [{ name: NAME, holder: process }];
    const name = shardLeaseName(NAME, shardOf(policy, shards), shards);
    return [
      { name, holder: process },
      { name: NAME, holder: `shards-${shards}` },
    ];
  }

  #mayWrite(site: number, process: SimulatedProcess, { name, holder }: Claim): boolean {
    const tenures = this.#tenures.get(placeOf(site, name)) ?? [];
    const index = tenures.findLastIndex((tenure) => tenure.holder === holder);
    const end = tenures[index + 1]?.from;
    if (index < 0) return false;
    if (end === undefined) return true;
    // Who hands over lets go once all that it has begun is over.
    const isOrderly = tenures[index]?.successor !== undefined && tenures[index + 1]?.holder === '';
    if (isOrderly && this.#isUnhindered(end)) return false;
    return this.#props.scheduler.time - end <= LAST_WRITES || this.#hasStalled(process.replica);
  }

  #onHandOver(process: SimulatedProcess, shard: number, successor: string): void {
    const { scenario, servers, shardsOf, branches, scheduler, accuse } = this.#props;
    const site = siteOf(scenario.installation.sites, process.replica);
    const shards = shardsOf(process.name);
    const tenure = this.#tenureOf(site, shardLeaseName(NAME, shard, shards));
    if (tenure?.holder === process.name) tenure.successor = successor;
    const preparation = this.#preparations.get(successor)?.get(shard);
    const policies = (servers[site]?.list(DISASTER_RECOVERY_POLICY) ?? []) as DisasterRecoveryPolicy[];
    const own = policies.filter((policy) => shardOf(policy, shards) === shard);
    branches.add(own.length === 0 ? 'a shard without policies is handed over' : 'a shard is handed over');
    const what = `${process.name} hands shard ${shard} over to ${successor}`;
    if (preparation === undefined) {
      accuse('handover', `${what}, which has not prepared for it`);
      return;
    }
    this.#checkRest(site, own, what);
    this.#checkSight(successor, own, what);
    const waited = scheduler.time - preparation.since;
    const bound = Math.max(0, ...own.map((policy) => 2 * (neededRounds(policy) + 1) * intervalOf(policy)));
    // Rounds that do not come are not waited for, and nothing but trouble keeps them from coming.
    const isAwaited = waited < bound + PREPARATION_SLACK || this.#isUnhindered(preparation.since);
    for (const policy of own) {
      const { count = 0, lastAt = -Infinity } = preparation.rounds.get(keyOf(policy)) ?? {};
      // Who has just come has not been seen by its owner for longer either.
      const isNew = Date.parse(policy.metadata.creationTimestamp) > scheduler.now() - waited;
      const isLeaving = policy.metadata.deletionTimestamp !== undefined;
      if (isNew || isLeaving) continue;
      const age = scheduler.time - lastAt;
      if (isAwaited && count < neededRounds(policy)) {
        accuse('handover', `${what}, which has seen ${count} rounds of ${keyOf(policy)} in ${waited} ms`);
      } else if (age > longestSilence(policy) && this.#isUnhindered(scheduler.time - age)) {
        accuse('handover', `${what}, which has seen no round of ${keyOf(policy)} for ${age} ms`);
      }
    }
  }

  /** What is under way is brought to its end first, for as long as that may take. */
  #checkRest(site: number, own: readonly DisasterRecoveryPolicy[], what: string): void {
    const { scheduler, accuse } = this.#props;
    const spans = own.flatMap((policy) => this.#restless.get(placeOf(site, keyOf(policy))) ?? []);
    let since = scheduler.time;
    for (let earlier: number | undefined = since; earlier !== undefined;) {
      since = earlier;
      earlier = spans.find(({ from, to }) => from < since && to >= since)?.from;
    }
    const lasts = scheduler.time - since;
    // The owner asks its successor in between, and hears of what it has written itself a little later.
    if (lasts > 2 * ON_THE_WAY && lasts < LONGEST_WAIT_FOR_REST && this.#isQuiet(scheduler.time, isDeafening)) {
      accuse('handover', `${what}, although an operation or an incident has been on for ${lasts} ms`);
    }
  }

  /** Nobody takes over what it sees less of than its owner. */
  #checkSight(successor: string, own: readonly DisasterRecoveryPolicy[], what: string): void {
    const { scenario, scheduler, process, accuse } = this.#props;
    const seen = own.filter(
      ({ status, metadata }) => (status?.signals ?? []).length > 0 && metadata.deletionTimestamp === undefined,
    );
    const replica = process(successor)?.replica;
    if (seen.length === 0 || replica === undefined || this.#hasStalled(replica)) return;
    // What it said of itself stands on its lease for as long as that lasts.
    const longest =
      Math.min(...seen.map(longestSilence)) + OLDEST_WALK + scenario.installation.leaseDurationMilliseconds;
    const age = scheduler.time - (this.#answeredAt.get(successor) ?? -Infinity);
    if (age > longest) accuse('handover', `${what}, which RDS has not answered for ${age} ms`);
  }

  #noteRest(site: number, policy: DisasterRecoveryPolicy, isThere: boolean): void {
    const { time } = this.#props.scheduler;
    const place = placeOf(site, keyOf(policy));
    const spans = this.#restless.get(place) ?? [];
    this.#restless.set(place, spans);
    const { operation, incident } = policy.status ?? {};
    const isRestless = isThere && (operation !== undefined || incident !== undefined);
    const last = spans.at(-1);
    const isOpen = last?.to === Infinity;
    if (isRestless && !isOpen) spans.push({ from: time, to: Infinity });
    else if (!isRestless && last !== undefined && isOpen) last.to = time;
  }

  #onLease(site: number, before: Lease | undefined, after: Lease | undefined): void {
    const { time } = this.#props.scheduler;
    const place = placeOf(site, (after ?? before)?.metadata.name ?? '');
    const holder = after?.spec?.holderIdentity ?? '';
    const tenures = this.#tenures.get(place) ?? [];
    this.#tenures.set(place, tenures);
    const last = tenures.at(-1);
    if (last?.holder === holder) {
      last.renewedAt = time;
      return;
    }
    const next: Tenure = { holder, from: time, renewedAt: time };
    tenures.push(next);
    if (holder !== '') this.#judgeGap(place, tenures.at(-3), tenures.at(-2), next);
  }

  /** A lease that was let go of for a successor is taken at once, and by that one. */
  #judgeGap(place: string, owner: Tenure | undefined, free: Tenure | undefined, next?: Tenure): void {
    const { scheduler, accuse, scenario } = this.#props;
    const { successor } = owner ?? {};
    if (successor === undefined || free?.holder !== '' || !this.#isQuiet(free.from)) return;
    // One attempt may come just before the release, and the next a retry period and its jitter later.
    const longest = 1.2 * scenario.installation.retryPeriodMilliseconds + ON_THE_WAY;
    const gap = scheduler.time - free.from;
    const name = place.split(' ').at(-1) ?? '';
    if (gap > longest) {
      accuse('handover', `${name} was nobody's for ${gap} ms after it was handed over`);
    } else if (next !== undefined && next.holder !== successor && !this.#haveMembersChanged(place, free.from)) {
      accuse('handover', `${name} was handed over to ${successor}, and ${next.holder} took it`);
    }
  }

  /** Whether somebody came or went at about a time or since: then the lease may be another one's to take. */
  #haveMembersChanged(place: string, from: number): boolean {
    const [site = ''] = place.split(' ');
    return [...this.#tenures].some(
      ([other, tenures]) =>
        other.startsWith(`${placeOf(Number(site), NAME)}-member-`) &&
        (tenures.at(-1)?.from ?? -Infinity) >= from - ON_THE_WAY,
    );
  }

  /** The policy that an object publishes the writer of. */
  #policyOf(site: number, kind: string, object: KubeObject | undefined): DisasterRecoveryPolicy | undefined {
    const name = ['Service', 'ConfigMap'].includes(kind) ? object?.metadata.labels?.[policyLabel] : undefined;
    const policies = (this.#props.servers[site]?.list(DISASTER_RECOVERY_POLICY) ?? []) as DisasterRecoveryPolicy[];
    return name === undefined ? undefined : policies.find(({ metadata }) => metadata.name === name);
  }

  /** Whether a replica stood still not long ago: what it had begun before ends after. */
  #hasStalled(replica: number): boolean {
    const { scenario, scheduler } = this.#props;
    return scenario.events.some(({ at, until = at, action }) => {
      const [begin, end] = [scenario.warmUp + at, scenario.warmUp + until + LAST_WRITES];
      return action.kind === 'stall' && action.replica === replica && begin <= scheduler.time && scheduler.time <= end;
    });
  }

  /** Whether no fault was at work from a time to now, or shortly before. */
  #isQuiet(from: number, isFault: (event: ScenarioEvent) => boolean = () => true): boolean {
    const { scenario, scheduler } = this.#props;
    return scenario.events.filter(isFault).every((event) => {
      const [begin, end] = [scenario.warmUp + event.at, scenario.warmUp + endOf(event) + AFTERMATH];
      return end < from || begin > scheduler.time;
    });
  }

  #isUnhindered(from: number): boolean {
    return this.#isQuiet(from, isHindering);
  }

  /** @returns who had the lease, perhaps nobody, at a time */
  #tenureOf(site: number, name: string, at = Infinity): Tenure | undefined {
    return this.#tenures.get(placeOf(site, name))?.findLast(({ from }) => from <= at);
  }
}

const placeOf = (site: number, name: string): string => `${site} ${name}`;
const intervalOf = ({ spec }: DisasterRecoveryPolicy): number => parseDuration(spec.detection.interval);
const neededRounds = ({ spec: { detection } }: DisasterRecoveryPolicy): number =>
  Math.max(detection.failureThreshold, detection.successThreshold);
/** Between two rounds of a policy, and until their owner asks whether its successor is ready. */
const longestSilence = (policy: DisasterRecoveryPolicy): number =>
  intervalOf(policy) + parseDuration(policy.spec.detection.timeout) + PREPARATION_SLACK;
