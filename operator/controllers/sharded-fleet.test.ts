import { describe, expect, it } from '@jest/globals';
import type { DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { done, type Result } from '../runtime/controller.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { keyOf } from '../runtime/resource.ts';
import { Store } from '../runtime/store.ts';
import { FakeKubeClient } from '../runtime/testing/fake-kube-client.ts';
import { shardOf } from './shard-of.ts';
import { ShardedFleet } from './sharded-fleet.ts';
import { aPolicy } from './testing/a-policy.ts';

const SHARDS = 4;
const SECOND = 1_000;
/** How many rounds a policy has to be observed for here. */
const ROUNDS = 3;

function policyNamed(name: string, changes: Partial<DisasterRecoveryPolicy> = {}): DisasterRecoveryPolicy {
  const policy = aPolicy({ globalClusterIdentifier: `global-${name}` });
  return { ...policy, metadata: { ...policy.metadata, name, uid: `uid-${name}`, resourceVersion: '1' }, ...changes };
}

const POLICIES = Array.from({ length: 20 }, (_, index) => policyNamed(`p${index}`));

/** A process of the fleet, whose queue is worked on at once, and whose reconciler only takes notes. */
class Process {
  readonly owned = new Set<string>();
  readonly observed = new Map<string, number>();
  readonly store: Store<DisasterRecoveryPolicy>;
  readonly fleet: ShardedFleet;
  readonly stop = new AbortController();
  readonly finished: Promise<void>;
  refreshes = 0;
  divisionRemaining = Infinity;
  /** It sees nothing of what it observes. */
  isBlind = false;
  /** What an owned policy's reconcile waits for. */
  hold: Promise<unknown> = Promise.resolve();
  readonly #running = new Set<Promise<unknown>>();

  constructor(identity: string, clock: ManualClock, client: FakeKubeClient) {
    this.store = new Store<DisasterRecoveryPolicy>({
      onError: (error) => {
        throw error;
      },
    });
    this.store.replace(POLICIES);
    this.fleet = new ShardedFleet({
      elections: {
        client,
        namespace: 'system',
        name: 'operator',
        label: 'example.com/lease',
        shards: SHARDS,
        identity,
        clock,
        random: () => 0.5,
        leaseDurationMilliseconds: 15 * SECOND,
        renewDeadlineMilliseconds: 10 * SECOND,
        retryPeriodMilliseconds: 2 * SECOND,
      },
      store: this.store,
      reconciler: {
        observe: (key) => {
          const rounds = this.observed.get(key) ?? 0;
          this.observed.set(key, rounds);
          if (this.isBlind) return 'blind';
          return rounds >= ROUNDS ? 'ready' : 'early';
        },
        forget: (key) => {
          this.owned.delete(key);
          this.observed.delete(key);
        },
      },
      enqueue: (key) => void this.reconcile(key),
      refresh: () => {
        this.refreshes += 1;
        return Promise.resolve();
      },
      divisionRemainingMilliseconds: () => this.divisionRemaining,
    });
    this.finished = this.fleet.run(this.stop.signal);
  }

  reconcile(key: string): Promise<Result> {
    const running = this.fleet.reconcile(key, async () => {
      this.observed.delete(key);
      this.owned.add(key);
      await this.hold;
      return done;
    });
    this.#running.add(running);
    return running;
  }

  /** A round of each policy that it observes. */
  seeRound(): void {
    for (const [key, rounds] of this.observed) {
      this.observed.set(key, rounds + 1);
      void this.reconcile(key);
    }
  }
}

const allKeys = POLICIES.map(keyOf).toSorted();

describe('ShardedFleet', () => {
  it('given one process, then it reconciles every policy once the cache is fresh, and forgets all of them as it stops', async () => {
    const clock = new ManualClock();
    const one = new Process('one', clock, new FakeKubeClient(clock));
    await clock.advance(3 * SECOND);
    expect([...one.owned].toSorted()).toEqual(allKeys);
    expect(one.refreshes).toBe(SHARDS);
    expect(one.fleet.ownedPolicies).toBe(POLICIES.length);
    for (const key of allKeys) expect(one.fleet.leaseRemainingMilliseconds(key)).toBeGreaterThan(10 * SECOND);
    expect(one.fleet.leaseRemainingMilliseconds('payments/unknown')).toBe(0);
    one.divisionRemaining = 1;
    expect(one.fleet.leaseRemainingMilliseconds(allKeys[0]!)).toBe(1);
    one.stop.abort();
    await clock.advance(0);
    await one.finished;
    expect(one.owned.size).toBe(0);
    expect(one.fleet.leaseRemainingMilliseconds(allKeys[0]!)).toBe(0);
  });

  it('given a second process, then it observes the policies of its shards first, and owns them after enough rounds', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = new Process('one', clock, client);
    await clock.advance(3 * SECOND);
    const two = new Process('two', clock, client);
    await clock.advance(5 * SECOND);
    expect(two.owned.size).toBe(0);
    expect(two.observed.size).toBeGreaterThan(0);
    expect(one.owned.size).toBe(POLICIES.length);
    const moving = [...two.observed.keys()].toSorted();

    for (let round = 0; round < ROUNDS - 1; round += 1) two.seeRound();
    await clock.advance(5 * SECOND);
    expect(two.owned.size).toBe(0);
    two.seeRound();
    await clock.advance(5 * SECOND);
    expect([...two.owned].toSorted()).toEqual(moving);
    expect(two.observed.size).toBe(0);
    expect([...one.owned, ...two.owned].toSorted()).toEqual(allKeys);
    for (const key of allKeys) {
      const owners = [one, two].filter(({ fleet }) => fleet.leaseRemainingMilliseconds(key) > 0);
      expect(owners).toHaveLength(1);
    }
    for (const { stop } of [one, two]) stop.abort();
    await clock.advance(0);
    await Promise.all([one.finished, two.finished]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given rounds that do not come, then a shard is handed over all the same after twice the time that they take', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = new Process('one', clock, client);
    await clock.advance(3 * SECOND);
    const two = new Process('two', clock, client);
    await clock.advance(80 * SECOND);
    expect(two.owned.size).toBe(0);
    await clock.advance(20 * SECOND);
    expect(two.owned.size).toBeGreaterThan(0);
    for (const { stop } of [one, two]) stop.abort();
    await clock.advance(0);
    await Promise.all([one.finished, two.finished]);
  });

  it('given a process that sees nothing, then it gets no shard from who owns them, however long it waits, until it does', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = new Process('one', clock, client);
    await clock.advance(3 * SECOND);
    const two = new Process('two', clock, client);
    two.isBlind = true;
    await clock.advance(5 * SECOND);
    for (let round = 0; round < 50; round += 1) {
      two.seeRound();
      await clock.advance(10 * SECOND);
    }
    expect(two.observed.size).toBeGreaterThan(0);
    expect(two.owned.size).toBe(0);
    two.isBlind = false;
    two.seeRound();
    await clock.advance(5 * SECOND);
    expect(two.owned.size).toBeGreaterThan(0);
    for (const { stop } of [one, two]) stop.abort();
    await clock.advance(0);
    await Promise.all([one.finished, two.finished]);
  });

  it('given a lease that has run out by one of the clocks, then a reconcile that would act is put off, and not dropped', async () => {
    const clock = new ManualClock();
    const one = new Process('one', clock, new FakeKubeClient(clock));
    await clock.advance(3 * SECOND);
    const [key] = allKeys;
    one.divisionRemaining = 0;
    expect(await one.reconcile(key!)).toEqual({ requeueAfterMilliseconds: SECOND });
    one.divisionRemaining = Infinity;
    expect(await one.reconcile(key!)).toEqual(done);
    one.stop.abort();
    await clock.advance(0);
    await one.finished;
  });

  it('given a policy without defaults, then its shard is prepared and handed over with the others', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = new Process('one', clock, client);
    await clock.advance(3 * SECOND);
    const two = new Process('two', clock, client);
    const old = POLICIES.map((policy) => {
      const { detection: _, ...spec } = policy.spec;
      const metadata = { ...policy.metadata, resourceVersion: '2' };
      return { ...policy, metadata, spec } as unknown as DisasterRecoveryPolicy;
    });
    for (const { store } of [one, two]) store.replace(old);
    await clock.advance(5 * SECOND);
    for (let round = 0; round < ROUNDS; round += 1) two.seeRound();
    await clock.advance(5 * SECOND);
    expect(two.owned.size).toBeGreaterThan(0);
    expect([...one.owned, ...two.owned].toSorted()).toEqual(allKeys);
    for (const { stop } of [one, two]) stop.abort();
    await clock.advance(0);
    await Promise.all([one.finished, two.finished]);
  });

  it('given a reconcile that outlives the handover, when its shard comes back meanwhile, then it is owned once that has ended, and not forgotten', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = new Process('one', clock, client);
    await clock.advance(3 * SECOND);
    const two = new Process('two', clock, client);
    await clock.advance(5 * SECOND);
    const [moving] = two.observed.keys();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    one.hold = promise;
    void one.reconcile(moving!);
    one.hold = Promise.resolve();
    for (let round = 0; round < ROUNDS; round += 1) two.seeRound();
    await clock.advance(5 * SECOND);
    two.stop.abort();
    // The end of the work is waited for no longer than this.
    await clock.advance(35 * SECOND);
    await two.finished;
    expect(one.fleet.leaseRemainingMilliseconds(moving!)).toBeGreaterThan(0);
    let isReconciled = false;
    await one.fleet.reconcile(moving!, () => {
      isReconciled = true;
      return Promise.resolve(done);
    });
    expect(isReconciled).toBe(false);
    resolve(undefined);
    await clock.advance(SECOND);
    expect([...one.owned].toSorted()).toEqual(allKeys);
    one.stop.abort();
    await clock.advance(0);
    await one.finished;
    expect(one.owned.size).toBe(0);
  });

  it('given a reconcile that runs, when its shard is to be handed over, then the shard is kept until it has ended', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = new Process('one', clock, client);
    await clock.advance(3 * SECOND);
    const two = new Process('two', clock, client);
    await clock.advance(5 * SECOND);
    const [moving] = two.observed.keys();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    one.hold = promise;
    void one.reconcile(moving!);
    for (let round = 0; round < ROUNDS; round += 1) two.seeRound();
    await clock.advance(10 * SECOND);
    expect(two.owned.has(moving!)).toBe(false);
    expect(one.fleet.leaseRemainingMilliseconds(moving!)).toBeGreaterThan(0);
    resolve(undefined);
    await clock.advance(0);
    expect(two.owned.has(moving!)).toBe(true);
    for (const { stop } of [one, two]) stop.abort();
    await clock.advance(0);
    await Promise.all([one.finished, two.finished]);
  });

  it('given an operation in flight or an incident, then its shard is at rest only after minutes', async () => {
    const clock = new ManualClock();
    const one = new Process('one', clock, new FakeKubeClient(clock));
    await clock.advance(3 * SECOND);
    const [policy] = POLICIES;
    const shard = shardOf(policy!, SHARDS);
    expect(one.fleet.isAtRest(shard)).toBe(true);
    const busy = { ...policy!, status: { operation: { id: 'failover-1' } } } as unknown as DisasterRecoveryPolicy;
    busy.metadata = { ...busy.metadata, resourceVersion: '2' };
    one.store.apply({ type: 'MODIFIED', object: busy });
    expect(one.fleet.isAtRest(shard)).toBe(false);
    const askFor = async (seconds: number): Promise<boolean[]> => {
      const answers: boolean[] = [];
      for (let second = 0; second < seconds; second += 1) {
        await clock.advance(SECOND);
        answers.push(one.fleet.isAtRest(shard));
      }
      return answers;
    };
    expect(await askFor(299)).not.toContain(true);
    expect(await askFor(2)).toEqual([true, true]);
    // Nobody was ready to take it over for a while: it is asked anew for what is under way now.
    await clock.advance(60 * SECOND);
    expect(await askFor(300)).not.toContain(true);
    expect(await askFor(1)).toEqual([true]);
    one.stop.abort();
    await clock.advance(0);
    await one.finished;
  });

  it('given a policy that gets another role, then it belongs to the shard of that, and is forgotten where it was', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = new Process('one', clock, client);
    await clock.advance(3 * SECOND);
    const two = new Process('two', clock, client);
    await clock.advance(5 * SECOND);
    for (let round = 0; round < ROUNDS; round += 1) two.seeRound();
    await clock.advance(5 * SECOND);
    const [policy] = POLICIES.filter((each) => one.owned.has(keyOf(each)));
    const key = keyOf(policy!);
    const roles = Array.from({ length: 50 }, (_, index) => `arn:aws:iam::${100_000_000_000 + index}:role/dr`);
    const ownedByTwo = new Set(
      POLICIES.filter((each) => two.owned.has(keyOf(each))).map((each) => shardOf(each, SHARDS)),
    );
    const moved = roles
      .map((roleArn) => ({ ...policy!, spec: { ...policy!.spec, aws: { roleArn } } }))
      .find((each) => ownedByTwo.has(shardOf(each, SHARDS)))!;
    moved.metadata = { ...moved.metadata, resourceVersion: '2' };
    for (const process of [one, two]) {
      process.store.apply({ type: 'MODIFIED', object: moved });
      void process.reconcile(key);
    }
    await clock.advance(0);
    expect([one.owned.has(key), two.owned.has(key)]).toEqual([false, true]);
    expect(one.fleet.leaseRemainingMilliseconds(key)).toBe(0);
    for (const { stop } of [one, two]) stop.abort();
    await clock.advance(0);
    await Promise.all([one.finished, two.finished]);
  });
});
