import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { parseDuration } from '../../operator/api/v1alpha1/duration.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import { shardOf } from '../../operator/controllers/shard-of.ts';
import { LEASES, type Lease } from '../../operator/runtime/lease.ts';
import { keyOf } from '../../operator/runtime/resource.ts';
import { shardLeaseName } from '../../operator/runtime/shard-elections.ts';
import { siteOf, type Scenario } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedApiServer, Write } from './simulated-api-server.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Tally } from './statistics.ts';
import type { Accuse } from './violation.ts';

const NAMESPACE = 'operators';
const NAME = 'aurora-dr-operator';
/** What an owner has begun may end after it lost its lease: its writes have preconditions. */
const LAST_WRITES = 45_000;
/** As in the operator: besides twice the time that the rounds take. */
const PREPARATION_SLACK = 10_000;
/** A message on its way, twice. */
const ON_THE_WAY = 1_000;
/** How long after a fault what it did may show. */
const AFTERMATH = 60_000;

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
  readonly rounds: Map<string, number>;
}

/** Holds what processes do that share the policies against the leases of the shards, by the API server's own state. */
export class ShardChecks {
  readonly #props: ShardChecksProps;
  /** By process and shard. */
  readonly #preparations = new Map<string, Map<number, Preparation>>();
  /** Until when a process held a lease, by both. */
  readonly #heldUntil = new Map<string, number>();
  /** Since when a lease is free that was handed over, by its site and name. */
  readonly #freeSince = new Map<string, number>();
  readonly #handedOver = new Set<string>();

  constructor(props: ShardChecksProps) {
    this.#props = props;
  }

  onWrite(site: number, { type, by, before, after }: Write): void {
    if (type.kind === 'Lease') this.#onLease(site, before, after);
    if (type.kind !== 'DisasterRecoveryPolicy' || after === undefined) return;
    const process = this.#props.process(by);
    if (process === undefined) return;
    const policy = after as DisasterRecoveryPolicy;
    const shards = this.#props.shardsOf(by);
    if (shards === 1) return;
    const name = shardLeaseName(NAME, shardOf(policy, shards), shards);
    const heldUntil = this.#heldUntil.get(`${by} ${name}`) ?? -Infinity;
    const isLate = this.#props.scheduler.time - heldUntil > LAST_WRITES && !this.#hasStalled(process.replica);
    if (this.#holderOf(site, name) !== by && isLate) {
      this.#props.accuse('one-owner', `${by} wrote ${keyOf(policy)} without ${name}`);
    }
  }

  /** AWS takes up a call that changes something. */
  onAct(site: number, process: SimulatedProcess, policy: DisasterRecoveryPolicy | undefined, action: string): void {
    const shards = this.#props.shardsOf(process.name);
    if (policy === undefined || shards === 1) return;
    const name = shardLeaseName(NAME, shardOf(policy, shards), shards);
    const owner = this.#holderOf(site, name);
    const division = this.#holderOf(site, NAME);
    if (owner !== process.name || division !== `shards-${shards}`) {
      const whose = `${name} is ${owner ?? 'nobody'}'s and ${NAME} is ${division ?? 'nobody'}'s`;
      this.#props.accuse('one-owner', `${process.name} called ${action} for ${keyOf(policy)}, but ${whose}`);
    }
  }

  onRound(process: SimulatedProcess, key: string): void {
    for (const { rounds } of this.#preparations.get(process.name)?.values() ?? []) {
      rounds.set(key, (rounds.get(key) ?? 0) + 1);
    }
  }

  onLog(process: SimulatedProcess, message: string): void {
    const [, prepared] = /^prepares shard (\d+)$/.exec(message) ?? [];
    if (prepared !== undefined) {
      const preparations = this.#preparations.get(process.name) ?? new Map<number, Preparation>();
      this.#preparations.set(process.name, preparations);
      preparations.set(Number(prepared), { since: this.#props.scheduler.time, rounds: new Map() });
    }
    const [, handedOver, successor] = /^hands shard (\d+) over to (.*)$/.exec(message) ?? [];
    if (handedOver !== undefined && successor !== undefined) {
      this.#onHandOver(process, Number(handedOver), successor);
    }
  }

  #onHandOver(process: SimulatedProcess, shard: number, successor: string): void {
    const { scenario, servers, shardsOf, branches, scheduler, accuse } = this.#props;
    const site = siteOf(scenario.installation.sites, process.replica);
    const shards = shardsOf(process.name);
    this.#handedOver.add(`${site} ${shardLeaseName(NAME, shard, shards)}`);
    const preparation = this.#preparations.get(successor)?.get(shard);
    const policies = (servers[site]?.list(DISASTER_RECOVERY_POLICY) ?? []) as DisasterRecoveryPolicy[];
    const own = policies.filter((policy) => shardOf(policy, shards) === shard);
    branches.add(own.length === 0 ? 'a shard without policies is handed over' : 'a shard is handed over');
    if (preparation === undefined) {
      accuse('handover', `${process.name} hands shard ${shard} over to ${successor}, which has not prepared for it`);
      return;
    }
    const waited = scheduler.time - preparation.since;
    const bound = Math.max(0, ...own.map((policy) => 2 * (neededRounds(policy) + 1) * intervalOf(policy)));
    if (waited >= bound + PREPARATION_SLACK) return;
    for (const policy of own) {
      const rounds = preparation.rounds.get(keyOf(policy)) ?? 0;
      // Who has just come has not been seen by its owner for longer either.
      const isNew = Date.parse(policy.metadata.creationTimestamp) > scheduler.now() - waited;
      const isLeaving = policy.metadata.deletionTimestamp !== undefined;
      if (rounds < neededRounds(policy) && !isNew && !isLeaving) {
        const seen = `${rounds} rounds of ${keyOf(policy)} in ${waited} ms`;
        accuse('handover', `${process.name} hands shard ${shard} over to ${successor}, which has seen ${seen}`);
      }
    }
  }

  #onLease(site: number, before: Lease | undefined, after: Lease | undefined): void {
    const { scheduler, accuse, scenario } = this.#props;
    const name = (after ?? before)?.metadata.name ?? '';
    const [was, is] = [before?.spec?.holderIdentity ?? '', after?.spec?.holderIdentity ?? ''];
    if (was === is) return;
    const place = `${site} ${name}`;
    if (was !== '') this.#heldUntil.set(`${was} ${name}`, scheduler.time);
    if (is === '') {
      if (this.#handedOver.delete(place)) this.#freeSince.set(place, scheduler.time);
      return;
    }
    const since = this.#freeSince.get(place);
    this.#freeSince.delete(place);
    // One attempt may come just before the release, and the next a retry period and its jitter later.
    const longest = 1.2 * scenario.installation.retryPeriodMilliseconds + ON_THE_WAY;
    if (since !== undefined && scheduler.time - since > longest && this.#isQuiet(since)) {
      accuse('handover', `${name} was nobody's for ${scheduler.time - since} ms after it was handed over`);
    }
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
  #isQuiet(from: number): boolean {
    const { scenario, scheduler } = this.#props;
    return scenario.events.every(({ at, until }) => {
      const [begin, end] = [scenario.warmUp + at, scenario.warmUp + (until ?? at) + AFTERMATH];
      return end < from || begin > scheduler.time;
    });
  }

  #holderOf(site: number, name: string): string | undefined {
    const lease = this.#props.servers[site]?.find(LEASES, { namespace: NAMESPACE, name }) as Lease | undefined;
    const holder = lease?.spec?.holderIdentity;
    return holder === '' ? undefined : holder;
  }
}

const intervalOf = ({ spec }: DisasterRecoveryPolicy): number => parseDuration(spec.detection.interval);
const neededRounds = ({ spec: { detection } }: DisasterRecoveryPolicy): number =>
  Math.max(detection.failureThreshold, detection.successThreshold);
