import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { apiErrorFrom, KubeConnectionError } from './kube-errors.ts';
import { LeaderElector, type LeaderElectorOptions } from './leader-elector.ts';
import { LEASES, type Lease } from './lease.ts';
import { ManualClock } from './manual-clock.ts';
import { FakeKubeClient, type FakeCall } from './testing/fake-kube-client.ts';

interface Candidate {
  readonly elector: LeaderElector;
  readonly client: FakeKubeClient;
  readonly log: string[];
  readonly errors: unknown[];
  readonly stop: AbortController;
  readonly finished: Promise<void>;
}

function startCandidate(
  identity: string,
  clock: ManualClock,
  client: FakeKubeClient,
  options: Partial<LeaderElectorOptions> = {},
): Candidate {
  const log: string[] = [];
  const errors: unknown[] = [];
  const stop = new AbortController();
  const elector = new LeaderElector({
    client,
    namespace: 'system',
    name: 'operator',
    identity,
    clock,
    random: () => 0.5,
    onStartedLeading: () => {
      log.push(`${identity} started`);
    },
    onStoppedLeading: (reason) => log.push(`${identity} ${reason}`),
    onError: (error) => errors.push(error),
    ...options,
  });
  return { elector, client, log, errors, stop, finished: elector.run(stop.signal) };
}

function storedSpec(client: FakeKubeClient): NonNullable<Lease['spec']> {
  return (client.stored(LEASES)[0] as Lease).spec!;
}

/** The same API server, seen over a link of its own that tests can cut. */
function viaOwnLink(server: FakeKubeClient, link: { isCut: boolean }): FakeKubeClient {
  return new Proxy(server, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]): unknown => {
        if (link.isCut) return Promise.reject(new KubeConnectionError('link is down'));
        return (value as (...all: unknown[]) => unknown).apply(target, parameters);
      };
    },
  });
}

describe('LeaderElector', () => {
  it('given no lease, when started, creates one with MicroTimes of six digits and leads (trap: fewer digits are refused)', async () => {
    const clock = new ManualClock();
    const { elector, client, log, stop, finished } = startCandidate('one', clock, new FakeKubeClient(clock));
    expect(elector.isLeader()).toBe(false);
    expect(elector.leaseRemainingMilliseconds()).toBe(0);
    await clock.settle();

    expect(log).toEqual(['one started']);
    expect(elector.isLeader()).toBe(true);
    expect(elector.leaseRemainingMilliseconds()).toBe(15_000);
    expect(storedSpec(client)).toEqual({
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    stop.abort();
    await finished;
    expect(clock.pendingTimers).toBe(0);
  });

  it('given a leader, when time passes, renews every retry period and counts down in between', async () => {
    const clock = new ManualClock();
    const { elector, client, log, stop, finished } = startCandidate('one', clock, new FakeKubeClient(clock));
    await clock.advance(1_500);
    expect(elector.leaseRemainingMilliseconds()).toBe(13_500);
    await clock.advance(60_500);
    expect(elector.leaseRemainingMilliseconds()).toBe(15_000);
    expect(storedSpec(client)).toMatchObject({
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:01:02.000000Z',
    });
    expect(log).toEqual(['one started']);
    stop.abort();
    await finished;
  });

  it.each([
    ['for a minute', 60_000],
    ['for a moment', 100],
  ])('given a candidate that has waited %s, when the leader stops in order, it leads at once', async (_, waited) => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = startCandidate('one', clock, client);
    await clock.settle();
    const two = startCandidate('two', clock, client);
    await clock.advance(waited);
    expect(two.log).toEqual([]);
    expect(two.elector.observedLeader).toBe('one');

    one.stop.abort();
    await one.finished;
    await clock.advance(0);

    expect(one.log).toEqual(['one started', 'one released']);
    expect(two.log).toEqual(['two started']);
    expect(storedSpec(client)).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1, leaseDurationSeconds: 15 });
    two.stop.abort();
    await two.finished;
    expect(storedSpec(client).holderIdentity).toBe('');
  });

  it('given work that still ends, when the leader stops, keeps and renews the lease until it has', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = startCandidate('one', clock, client, {
      onStartedLeading: async (signal) => {
        await clock.sleep(3_600_000, signal).catch(() => undefined);
        await clock.sleep(20_000);
      },
    });
    await clock.settle();
    const two = startCandidate('two', clock, client);
    await clock.advance(10_000);
    one.stop.abort();
    await clock.advance(19_900);
    expect(one.elector.isLeader()).toBe(true);
    expect(one.elector.leaseRemainingMilliseconds()).toBeGreaterThan(12_000);
    expect(two.log).toEqual([]);
    await clock.advance(200);
    expect(two.log).toEqual(['two started']);
    two.stop.abort();
    await Promise.all([one.finished, two.finished]);
  });

  it('given work that never ends, when the leader stops, leaves the lease to expire', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = startCandidate('one', clock, client, {
      stopMilliseconds: 5_000,
      onStartedLeading: () => new Promise(() => undefined),
    });
    await clock.settle();
    one.stop.abort();
    await clock.advance(5_000);
    await one.finished;
    expect(one.log).toEqual(['one lost']);
    expect(storedSpec(client).holderIdentity).toBe('one');
  });

  it('given a leader that vanishes, when its lease did not change for its duration, the other takes over and not before', async () => {
    const clock = new ManualClock();
    const server = new FakeKubeClient(clock);
    const link = { isCut: false };
    const one = startCandidate('one', clock, viaOwnLink(server, link));
    await clock.settle();
    const two = startCandidate('two', clock, server);
    await clock.advance(30_000);
    link.isCut = true;

    const lastRenewal = Date.parse(storedSpec(server).renewTime!);
    let firstOverlap: number | undefined;
    let takenAfter: number | undefined;
    for (let second = 0; second < 30; second += 0.25) {
      await clock.advance(250);
      if (two.elector.isLeader()) takenAfter ??= clock.now() - lastRenewal;
      const isOverlapping = one.elector.leaseRemainingMilliseconds() > 0 && two.elector.isLeader();
      if (isOverlapping) firstOverlap ??= second;
    }

    expect(firstOverlap).toBeUndefined();
    expect(takenAfter).toBeGreaterThanOrEqual(15_000);
    expect(takenAfter).toBeLessThan(18_000);
    expect(one.log).toEqual(['one started', 'one lost']);
    expect(two.log).toEqual(['two started']);
    expect(storedSpec(server).leaseTransitions).toBe(1);
    link.isCut = false;
    await clock.advance(10_000);
    expect(one.elector.isLeader()).toBe(false);
    one.stop.abort();
    two.stop.abort();
    await Promise.all([one.finished, two.finished]);
  });

  it('given an API server that is away, when the renew deadline passes, the leader gives up before its lease ends', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    let signal: AbortSignal | undefined;
    const one = startCandidate('one', clock, client, {
      onStartedLeading: (leadership) => {
        signal = leadership;
      },
    });
    await clock.settle();
    client.before = () => new Promise(() => undefined);
    await clock.advance(9_900);
    expect(one.elector.isLeader()).toBe(true);
    expect(signal?.aborted).toBe(false);
    await clock.advance(200);
    expect(one.elector.isLeader()).toBe(false);
    expect(one.elector.leaseRemainingMilliseconds()).toBe(0);
    expect(signal?.aborted).toBe(true);
    client.before = () => undefined;
    await clock.advance(20_000);
    expect(one.elector.isLeader()).toBe(true);
    one.stop.abort();
    await one.finished;
  });

  it('given clocks that disagree by hours, when electing, nobody takes a living lease over (trap: the remote clock)', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const slow = new ManualClock(clock.now() - 6 * 3_600_000);
    const one = startCandidate('one', slow, client);
    await slow.settle();
    const two = startCandidate('two', clock, client);
    for (let second = 0; second < 60; second += 1) {
      await slow.advance(1_000);
      await clock.advance(1_000);
    }
    expect(two.log).toEqual([]);
    clock.jumpWallClock(24 * 3_600_000);
    await clock.advance(1_000);
    expect(two.log).toEqual([]);
    one.stop.abort();
    two.stop.abort();
    await Promise.all([one.finished, two.finished]);
  });

  it('given a machine that was suspended, when it wakes, its lease is over at once although its monotonic clock stood still', async () => {
    const clock = new ManualClock();
    const one = startCandidate('one', clock, new FakeKubeClient(clock));
    await clock.settle();
    clock.jumpWallClock(14_000);
    expect(one.elector.leaseRemainingMilliseconds()).toBe(1_000);
    clock.jumpWallClock(60_000);
    expect(one.elector.leaseRemainingMilliseconds()).toBe(0);
    clock.jumpWallClock(-3_600_000);
    expect(one.elector.leaseRemainingMilliseconds()).toBe(15_000);
    one.stop.abort();
    await one.finished;
  });

  it('given a renewal whose answer is lost, when renewed again, goes on leading', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = startCandidate('one', clock, client);
    await clock.settle();
    client.after = ({ verb }: FakeCall) => {
      client.after = () => undefined;
      if (verb === 'update') throw new KubeConnectionError('connection reset');
    };
    await clock.advance(30_000);
    expect(one.log).toEqual(['one started']);
    expect(one.errors).toHaveLength(1);
    expect(one.elector.leaseRemainingMilliseconds()).toBeGreaterThan(12_000);
    one.stop.abort();
    await one.finished;
  });

  it('given a lease that somebody else took by hand, when the leader renews, it stops at once', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = startCandidate('one', clock, client);
    await clock.advance(1_000);
    const lease = client.stored(LEASES)[0] as Lease;
    client.put(LEASES, { ...lease, spec: { ...lease.spec, holderIdentity: 'usurper' } } as Lease);
    await clock.advance(1_000);
    expect(one.log).toEqual(['one started', 'one lost']);
    one.stop.abort();
    await one.finished;
    expect(storedSpec(client).holderIdentity).toBe('usurper');
  });

  it('given a lease that somebody deleted, when the leader renews, it stops at once and is the first to lead again', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = startCandidate('one', clock, client);
    await clock.advance(1_000);
    const two = startCandidate('two', clock, client);
    await clock.advance(10_000);
    client.drop(LEASES, { namespace: 'system', name: 'operator' });
    await clock.advance(2_000);
    expect(one.log).toEqual(['one started', 'one lost', 'one started']);
    await clock.advance(60_000);
    expect(one.log).toHaveLength(3);
    expect(two.log).toEqual([]);
    one.stop.abort();
    two.stop.abort();
    await Promise.all([one.finished, two.finished]);
  });

  it('given a lease that somebody deleted while its leader is cut off, then the other leads once it would have expired', async () => {
    const clock = new ManualClock();
    const server = new FakeKubeClient(clock);
    const link = { isCut: false };
    const one = startCandidate('one', clock, viaOwnLink(server, link));
    await clock.settle();
    const two = startCandidate('two', clock, server);
    await clock.advance(30_000);
    link.isCut = true;
    server.drop(LEASES, { namespace: 'system', name: 'operator' });
    let overlaps = 0;
    for (let time = 0; time < 15_000; time += 250) {
      await clock.advance(250);
      if (one.elector.leaseRemainingMilliseconds() > 0 && two.elector.isLeader()) overlaps += 1;
    }
    expect(overlaps).toBe(0);
    await clock.advance(3_000);
    expect(two.log).toEqual(['two started']);
    expect(one.log).toEqual(['one started', 'one lost']);
    one.stop.abort();
    two.stop.abort();
    link.isCut = false;
    await clock.advance(3_000);
    await Promise.all([one.finished, two.finished]);
  });

  it('given a lost leadership, when the work has not ended, does not lead again before it has', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    let active = 0;
    const one = startCandidate('one', clock, client, {
      onStartedLeading: async (signal) => {
        active += 1;
        expect(active).toBe(1);
        await clock.sleep(3_600_000, signal).catch(() => undefined);
        await clock.sleep(30_000);
        active -= 1;
      },
    });
    await clock.settle();
    client.before = () => Promise.reject(new KubeConnectionError('refused'));
    await clock.advance(12_000);
    client.before = () => undefined;
    await clock.advance(20_000);
    expect(one.elector.isLeader()).toBe(false);
    await clock.advance(20_000);
    expect(one.elector.isLeader()).toBe(true);
    one.stop.abort();
    await clock.advance(31_000);
    await one.finished;
  });

  it('given a role that may not watch leases, when the leader stops, the other still takes over and complains once', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    client.before = ({ verb }) => {
      if (verb === 'watch') throw apiErrorFrom('watch', 403, { kind: 'Status', reason: 'Forbidden' });
    };
    const one = startCandidate('one', clock, client);
    await clock.settle();
    const two = startCandidate('two', clock, client);
    await clock.advance(60_000);
    one.stop.abort();
    await clock.advance(2_500);
    expect(two.log).toEqual(['two started']);
    expect(two.errors).toHaveLength(1);
    two.stop.abort();
    await Promise.all([one.finished, two.finished]);
  });

  it('given links that fail, answers that are lost and stops at any time, when watched, never do two hold the lease', async () => {
    const who = fc.nat(2);
    const fault = fc.oneof(
      fc.record({ do: fc.constantFrom('cut', 'restore', 'stop', 'lose the next answer', 'hang'), who }),
      fc.record({ do: fc.constant('wait'), who: fc.integer({ min: 1, max: 20 }) }),
    );
    let leaders = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { minLength: 5, maxLength: 30 }), async (faults) => {
        const clock = new ManualClock();
        const server = new FakeKubeClient(clock);
        const links = [{ isCut: false }, { isCut: false }, { isCut: false }];
        const candidates = links.map((link, index) => startCandidate(`c${index}`, clock, viaOwnLink(server, link)));
        const holding = (): number =>
          candidates.filter(({ elector }) => elector.isLeader() || elector.leaseRemainingMilliseconds() > 0).length;
        for (const { do: action, who: which } of faults) {
          if (action === 'cut') links[which]!.isCut = true;
          else if (action === 'restore') links[which]!.isCut = false;
          else if (action === 'stop') candidates[which]!.stop.abort();
          else if (action === 'hang') server.before = () => clock.sleep(which * 4_000);
          else if (action === 'lose the next answer') {
            server.after = () => {
              server.after = () => undefined;
              throw new KubeConnectionError('reset');
            };
          }
          for (let step = 0; step < (action === 'wait' ? which * 4 : 2); step += 1) {
            await clock.advance(250);
            expect(holding()).toBeLessThanOrEqual(1);
          }
        }
        server.before = () => undefined;
        leaders += candidates.reduce((sum, { log }) => sum + log.length, 0);
        for (const { stop } of candidates) stop.abort();
        await clock.advance(60_000);
        await Promise.all(candidates.map(({ finished }) => finished));
        expect(clock.pendingTimers).toBe(0);
      }),
      { numRuns: 60 },
    );
    expect(leaders).toBeGreaterThan(60);
  }, 60_000);

  it('given a shared lease, when several hold it under one name, then they renew it in turn, and a stop of one releases nothing', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    let random = 0;
    const shared = { isShared: true, random: () => (random = (random + 0.37) % 1) };
    const ours = [0, 1, 2].map(() => startCandidate('we', clock, client, shared));
    const others = startCandidate('they', clock, client, { isShared: true });
    await clock.advance(10_000);
    expect(ours.map(({ elector }) => elector.isLeader())).toEqual([true, true, true]);
    for (let second = 0; second < 120; second += 1) {
      await clock.advance(1_000);
      for (const { elector } of ours) expect(elector.leaseRemainingMilliseconds()).toBeGreaterThan(12_000);
    }
    expect(ours.flatMap(({ errors }) => errors)).toEqual([]);
    for (const { stop } of ours.slice(0, 2)) stop.abort();
    await clock.advance(60_000);
    expect(storedSpec(client).holderIdentity).toBe('we');
    expect(others.log).toEqual([]);

    ours[2]!.stop.abort();
    await clock.advance(12_000);
    expect(ours.map(({ log }) => log)).toEqual(Array(3).fill(['we started', 'we released']));
    expect(others.log).toEqual([]);
    await clock.advance(6_000);
    expect(others.log).toEqual(['they started']);
    others.stop.abort();
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given a shared lease that others took, when one of its holders renews, then it stops at once', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const one = startCandidate('we', clock, client, { isShared: true });
    await clock.advance(1_000);
    const lease = client.stored(LEASES)[0] as Lease;
    client.put(LEASES, { ...lease, spec: { ...lease.spec, holderIdentity: 'they' } } as Lease);
    await clock.advance(2_000);
    expect(one.log).toEqual(['we started', 'we lost']);
    expect(storedSpec(client).holderIdentity).toBe('they');
    one.stop.abort();
    await one.finished;
  });

  it('given a lease that this process has watched before, when it does not change, then it expires that much sooner', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const gone = startCandidate('gone', clock, client);
    await clock.advance(0);
    const lease = client.stored(LEASES)[0] as Lease;
    client.before = ({ verb }) => (verb === 'update' ? Promise.reject(new KubeConnectionError('down')) : undefined);
    await clock.advance(12_000);
    client.before = () => undefined;
    gone.stop.abort();
    const two = startCandidate('two', clock, client, { seen: { lease, changedAt: 0 } });
    await clock.advance(2_900);
    expect(two.log).toEqual([]);
    await clock.advance(400);
    expect(two.log).toEqual(['two started']);
    two.stop.abort();
    await Promise.all([gone.finished, two.finished]);
  });

  it('given settings with which two could lead, when created, refuses them', () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    expect(() => startCandidate('one', clock, client, { renewDeadlineMilliseconds: 15_000 })).toThrow('outlive');
    expect(() => startCandidate('one', clock, client, { leaseDurationMilliseconds: 15_500 })).toThrow('whole seconds');
  });
});
