import type { DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { isDuration, parseDuration } from '../api/v1alpha1/duration.ts';
import { isDisasterRecoveryPolicy } from '../api/v1alpha1/guards.ts';
import type { Clock } from '../runtime/clock.ts';
import { done, type Result } from '../runtime/controller.ts';
import { keyOf } from '../runtime/resource.ts';
import { ShardElections, type ShardElectionsOptions, type ShardWork } from '../runtime/shard-elections.ts';
import type { Store } from '../runtime/store.ts';
import type { PolicyReconciler } from './policy-reconciler.ts';
import { shardOf } from './shard-of.ts';

/** An operation or an incident holds a handover back for so long at most: it is followed as well by another process. */
const LONGEST_WAIT_FOR_REST_MILLISECONDS = 5 * 60_000;
/** Besides the time that the rounds take which a shard has to be observed for. */
const PREPARATION_SLACK_MILLISECONDS = 10_000;
/** A lease that has run out by one of the clocks, and is not known to be lost, is perhaps renewed by then. */
const UNTIL_RENEWAL_MILLISECONDS = 1_000;

export interface ShardedFleetProps {
  readonly elections: Omit<ShardElectionsOptions, 'work'>;
  readonly store: Store<DisasterRecoveryPolicy>;
  readonly reconciler: Pick<PolicyReconciler, 'observe' | 'forget'>;
  readonly enqueue: (key: string) => void;
  /** Resolves once the store is as new as this call; see Reflector. */
  readonly refresh: (signal: AbortSignal) => Promise<void>;
  /** For how much longer no process acts that divides the policies otherwise. */
  readonly divisionRemainingMilliseconds: () => number;
  /** Where a test puts a mistake in. @default - as it is */
  readonly tamper?: (work: ShardWork) => ShardWork;
}

/** What is seen of a shard before it is owned. */
interface Preparation {
  readonly since: number;
  /** After so long it may be owned without the rounds that are missing still. */
  readonly boundMilliseconds: number;
  /** Policies that were not observed for long enough yet. */
  readonly missing: Set<string>;
  /** Policies of which less is seen here than by their owner: however long that takes, the shard is its. */
  readonly blind: Set<string>;
}

/** How long the rounds of a policy take that decide about a loss, twice; 0 for one that is not valid. */
function preparationTimeOf(policy: DisasterRecoveryPolicy): number {
  // Stored under an older schema, it may lack what has a default by now.
  if (!isDisasterRecoveryPolicy(policy)) return 0;
  const { interval, failureThreshold, successThreshold } = policy.spec.detection;
  const rounds = Math.max(failureThreshold, successThreshold) + 1;
  return isDuration(interval) ? 2 * rounds * parseDuration(interval) : 0;
}

/**
 * The policies of a fleet that several processes share, by shards. Of a shard that this process owns, policies are
 * reconciled; of one that it is to own next, they are observed and nothing else; of any other, they are left alone.
 */
export class ShardedFleet implements ShardWork {
  readonly #props: ShardedFleetProps;
  readonly #clock: Clock;
  readonly #elections: ShardElections;
  readonly #states = new Map<number, 'owned' | Preparation>();
  readonly #keys = new Map<number, Set<string>>();
  /** Reconciles that run, by shard, and who waits for the last of them. */
  readonly #running = new Map<number, number>();
  readonly #idleWaiters = new Map<number, (() => void)[]>();
  /** Since when a shard that is to be handed over is not at rest, and when that was asked last. */
  readonly #restless = new Map<number, { readonly since: number; readonly askedAt: number }>();

  constructor(props: ShardedFleetProps) {
    this.#props = props;
    this.#clock = props.elections.clock;
    const work = props.tamper?.(this) ?? this;
    this.#elections = new ShardElections({ ...props.elections, work });
  }

  get elections(): Pick<ShardElections, 'owned' | 'members' | 'orphans'> {
    return this.#elections;
  }

  /** Policies that this process looks after. */
  get ownedPolicies(): number {
    return this.#elections.owned.reduce((sum, shard) => sum + this.#keysOf(shard).size, 0);
  }

  /** For how much longer this process certainly is the only one that acts for the policy. */
  leaseRemainingMilliseconds(key: string): number {
    const shard = this.#shardOf(key);
    return shard === undefined
      ? 0
      : Math.min(this.#props.divisionRemainingMilliseconds(), this.#elections.leaseRemainingMilliseconds(shard));
  }

  /** Takes part until the signal aborts; resolves once nothing is done for any policy any more. */
  async run(signal: AbortSignal): Promise<void> {
    const unsubscribe = this.#props.store.subscribe((_change, before, now) => this.#note(before, now));
    try {
      await this.#elections.run(signal);
    } finally {
      unsubscribe();
    }
  }

  /** Does for a policy what is this process's to do; `reconcile` is that of an owned one. */
  async reconcile(key: string, reconcile: () => Promise<Result>): Promise<Result> {
    const { reconciler } = this.#props;
    const shard = this.#shardOf(key);
    const state = shard === undefined ? undefined : this.#states.get(shard);
    if (shard === undefined || state === undefined) {
      reconciler.forget(key);
      return done;
    }
    if (state !== 'owned') {
      const readiness = reconciler.observe(key);
      if (readiness === 'ready') state.missing.delete(key);
      if (readiness === 'blind') state.blind.add(key);
      else state.blind.delete(key);
      return done;
    }
    // Whoever slept through the end of its lease has still to hear of it.
    if (this.leaseRemainingMilliseconds(key) === 0) return { requeueAfterMilliseconds: UNTIL_RENEWAL_MILLISECONDS };
    this.#running.set(shard, (this.#running.get(shard) ?? 0) + 1);
    try {
      return await reconcile();
    } finally {
      this.#ended(shard);
    }
  }

  prepare(shard: number): void {
    if (this.#states.has(shard) || this.#running.has(shard)) return;
    const keys = this.#keysOf(shard);
    const times = [...keys].map((key) => {
      const policy = this.#props.store.get(key);
      return policy === undefined ? 0 : preparationTimeOf(policy);
    });
    const boundMilliseconds = Math.max(0, ...times) + PREPARATION_SLACK_MILLISECONDS;
    this.#states.set(shard, {
      since: this.#clock.monotonic(),
      boundMilliseconds,
      missing: new Set(keys),
      blind: new Set(),
    });
    keys.forEach((key) => this.#props.enqueue(key));
  }

  leave(shard: number): void {
    const state = this.#states.get(shard);
    if (state === undefined || state === 'owned') return;
    this.#states.delete(shard);
    this.#forget(shard);
  }

  isPrepared(shard: number): boolean {
    const state = this.#states.get(shard);
    if (state === undefined || state === 'owned') return false;
    const concerns = (key: string): boolean => this.#shardOf(key) === shard;
    if ([...state.blind].some(concerns)) return false;
    const hasWaited = this.#clock.monotonic() - state.since >= state.boundMilliseconds;
    return hasWaited || ![...state.missing].some(concerns);
  }

  isAtRest(shard: number): boolean {
    const isAtRest = [...this.#keysOf(shard)].every((key) => {
      const { operation, incident } = this.#props.store.get(key)?.status ?? {};
      return operation === undefined && incident === undefined;
    });
    const now = this.#clock.monotonic();
    const known = this.#restless.get(shard);
    // Asked anew after nobody was ready to take it over: what is under way now is not what was then.
    const isGoingOn = known !== undefined && now - known.askedAt < this.#props.elections.leaseDurationMilliseconds;
    const since = isGoingOn ? known.since : now;
    if (isAtRest) this.#restless.delete(shard);
    else this.#restless.set(shard, { since, askedAt: now });
    return isAtRest || now - since >= LONGEST_WAIT_FOR_REST_MILLISECONDS;
  }

  async lead(shard: number, leadership: AbortSignal): Promise<void> {
    // What this process began as an earlier owner may have outlived that; its end is not to be taken for one of this time.
    await this.#idle(shard);
    // What its last owner wrote is perhaps not in the watch cache yet.
    await this.#props.refresh(leadership).catch(() => undefined);
    if (!leadership.aborted) {
      this.#states.set(shard, 'owned');
      this.#keysOf(shard).forEach((key) => this.#props.enqueue(key));
      await new Promise((resolve) => leadership.addEventListener('abort', resolve, { once: true }));
    }
    this.#states.delete(shard);
    this.#restless.delete(shard);
    // What runs may finish: every write of it has a precondition, and no call begins that the lease would not outlive.
    await this.#idle(shard);
    // It may have been so long that the shard is this process's again.
    if (!this.#states.has(shard)) this.#forget(shard);
  }

  #note(before: DisasterRecoveryPolicy | undefined, now: DisasterRecoveryPolicy | undefined): void {
    const { shards } = this.#props.elections;
    if (before !== undefined) this.#keysOf(shardOf(before, shards)).delete(keyOf(before));
    if (now !== undefined) this.#keysOf(shardOf(now, shards)).add(keyOf(now));
  }

  #keysOf(shard: number): Set<string> {
    const known = this.#keys.get(shard) ?? new Set<string>();
    this.#keys.set(shard, known);
    return known;
  }

  #shardOf(key: string): number | undefined {
    const policy = this.#props.store.get(key);
    return policy === undefined ? undefined : shardOf(policy, this.#props.elections.shards);
  }

  #forget(shard: number): void {
    for (const key of this.#keysOf(shard)) this.#props.reconciler.forget(key);
  }

  #idle(shard: number): Promise<void> {
    return this.#running.has(shard)
      ? new Promise((resolve) => this.#idleWaiters.set(shard, [...(this.#idleWaiters.get(shard) ?? []), resolve]))
      : Promise.resolve();
  }

  #ended(shard: number): void {
    const running = (this.#running.get(shard) ?? 1) - 1;
    if (running > 0) {
      this.#running.set(shard, running);
      return;
    }
    this.#running.delete(shard);
    const waiters = this.#idleWaiters.get(shard) ?? [];
    this.#idleWaiters.delete(shard);
    waiters.forEach((resolve) => resolve());
  }
}

/** Runs a controller for as long as this process takes part in a fleet, and until nothing is left to do for it. */
export async function runFleet(
  controller: { run(signal: AbortSignal): Promise<unknown> },
  fleet: ShardedFleet,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const working = controller.run(stop.signal);
  try {
    await fleet.run(signal);
  } finally {
    stop.abort(signal.reason);
    await working;
  }
}
