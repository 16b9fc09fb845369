import { describe, expect, it } from '@jest/globals';
import { FINALIZER } from '../api/v1alpha1/annotations.ts';
import type { DisasterRecoveryPolicy, DisasterRecoveryPolicySpec } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { MINUTE, SECOND, type RoundProps } from '../failover/testing/a-round.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { local, noAnswer } from '../failover/testing/attempts.ts';
import { TerminalError } from '../runtime/terminal-error.ts';
import { aPolicy, aSpec, KEY } from './testing/a-policy.ts';
import { Bench } from './testing/bench.ts';
import { awsError, BUSY } from './testing/fake-aurora.ts';

const finalizersOf = (bench: Bench): readonly string[] => bench.policy.metadata.finalizers ?? [];

const NO_ROUTE = local('noRoute');
const REFUSED = noAnswer('refused');

describe('PolicyReconciler', () => {
  it('given a new policy, when it is seen first, then it is held, Pending and observed', async () => {
    const bench = new Bench();
    await bench.settle();
    expect(finalizersOf(bench)).toEqual([FINALIZER]);
    expect(bench.status).toMatchObject({ phase: 'Pending', detectionWindow: '43s', observedGeneration: 1 });
    expect(bench.condition('Ready')).toBe('Unknown NotObserved');
    expect(bench.target).toMatchObject({ globalClusterIdentifier: 'orders-global', intervalMilliseconds: 10_000 });
  });

  it('given healthy rounds, when enough of them passed, then it is Protected and its writer is published', async () => {
    const bench = await Bench.protected();
    expect(bench.status).toMatchObject({ phase: 'Protected', primaryRegion: 'us-east-1' });
    expect(bench.condition('FailoverReady')).toBe('True Protected');
    expect(bench.published).toEqual(['us-east-1']);
    expect(bench.target?.endpoints).toEqual([{ region: 'us-east-1', host: 'orders.us-east-1.example', port: 3306 }]);
    expect(bench.errors).toEqual([]);
  });

  it('given nothing new, when rounds go by, then status is written to refresh figures every ten minutes or so only', async () => {
    const bench = await Bench.protected();
    const before = bench.statusWrites();
    await bench.see(150);
    const writes = bench.statusWrites() - before;
    expect(writes).toBeGreaterThanOrEqual(2);
    expect(writes).toBeLessThanOrEqual(3);
  });

  it('given an old primary that stays away, when rounds go by, then status is not written for it', async () => {
    const bench = await Bench.protected();
    bench.aurora.lose(bench.now);
    await bench.see(4);
    bench.aurora.promote();
    await bench.see(4);
    expect(bench.status.splitBrain).toBeDefined();
    const before = bench.statusWrites();
    await bench.see(12);
    expect(bench.statusWrites() - before).toBeLessThanOrEqual(1);
  });

  it('given a restart, when all is as it was, then votes hold and status is left alone', async () => {
    const bench = await Bench.protected();
    const before = bench.api.writes.length;
    bench.restart();
    await bench.see();
    expect(bench.api.writes.length).toBe(before);
    bench.aurora.lose(bench.now);
    await bench.see(3);
    expect(bench.aurora.calls).toEqual(['failover us-west-2']);
  });

  describe('given another process that acts for the policy', () => {
    const anObserver = async (): Promise<Bench> => {
      const bench = await Bench.protected();
      bench.restart();
      bench.isObserving = true;
      await bench.settle();
      return bench;
    };

    it('when rounds go by, then they are seen, and nothing is written, called or told', async () => {
      const bench = await anObserver();
      const [writes, events, published] = [bench.api.writes.length, bench.events.length, bench.published.length];
      expect(bench.target).toBeDefined();
      await bench.see(2);
      expect(bench.readiness).toBe('early');
      await bench.see();
      expect(bench.readiness).toBe('ready');
      bench.annotate({ 'force-failover': 'us-west-2', 'accept-data-loss': 'true' });
      bench.aurora.lose(bench.now);
      await bench.see(5);
      expect(bench.aurora.calls).toEqual([]);
      expect([bench.api.writes.length, bench.events.length, bench.published.length]).toEqual([
        writes,
        events,
        published,
      ]);
    });

    it.each<[string, RoundProps]>([
      ['none of its calls leaves this one', { regions: { [EAST]: { rds: NO_ROUTE }, [WEST]: { rds: NO_ROUTE } } }],
      ['RDS answers nowhere', { regions: { [EAST]: { rds: REFUSED }, [WEST]: { rds: REFUSED } } }],
      ['it cannot reach the endpoint that the owner reaches', { endpoint: NO_ROUTE }],
    ])('when %s, then it is not ready, however many rounds go by, until it sees as much', async (_what, props) => {
      const bench = await anObserver();
      await bench.see(10, props);
      expect(bench.readiness).toBe('blind');
      await bench.see();
      expect(bench.readiness).toBe('ready');
      await bench.see(1, props);
      expect(bench.readiness).toBe('blind');
    });

    it('when the owner sees nothing either, then rounds are enough', async () => {
      const bench = await anObserver();
      bench.api.edit(KEY, ({ status }) => {
        status!.signals = status!.signals!.map((signal) => ({ ...signal, state: 'Unknown' }));
      });
      await bench.see(3, { regions: { [EAST]: { rds: NO_ROUTE }, [WEST]: { rds: NO_ROUTE } }, endpoint: NO_ROUTE });
      expect(bench.readiness).toBe('ready');
    });

    it('when an incident is on, then signals may differ, and RDS has to answer somewhere', async () => {
      const bench = await anObserver();
      bench.api.edit(KEY, ({ status }) => {
        status!.incident = { startedAt: new Date(bench.clock.now()).toISOString() };
      });
      await bench.see(3, { endpoint: NO_ROUTE });
      expect(bench.readiness).toBe('ready');
      await bench.see(1, { regions: { [EAST]: { rds: NO_ROUTE }, [WEST]: { rds: NO_ROUTE } } });
      expect(bench.readiness).toBe('blind');
    });

    it('when this one takes over during a loss, then the rounds that it saw count', async () => {
      const bench = await anObserver();
      await bench.see(3);
      bench.aurora.lose(bench.now);
      await bench.see(2);
      bench.isObserving = false;
      await bench.settle();
      expect(bench.aurora.calls).toEqual([]);
      await bench.see();
      expect(bench.aurora.calls).toEqual(['failover us-west-2']);
      expect(bench.errors).toEqual([]);
    });

    it('when this one takes over after an operation was registered, then it goes by the record, and not by what it saw before', async () => {
      const bench = await anObserver();
      await bench.see(3);
      bench.aurora.lose(bench.now);
      await bench.see(3);
      bench.api.edit(KEY, ({ status }) => {
        status!.history = [];
        status!.cooldownUntil = new Date(bench.clock.now() + 30 * MINUTE).toISOString();
      });
      bench.isObserving = false;
      await bench.settle();
      await bench.see();
      expect(bench.aurora.calls).toEqual([]);
      expect(bench.errors).toEqual([]);
    });

    it('when the policy is deleted, or is not to be observed, then it is forgotten, and nothing is missing', async () => {
      const bench = await anObserver();
      bench.api.edit(KEY, ({ metadata }) => {
        metadata.deletionTimestamp = new Date(bench.clock.now()).toISOString();
      });
      await bench.settle();
      expect([bench.target, bench.readiness]).toEqual([undefined, 'ready']);
      expect(bench.reconciler.observe('payments/other')).toBe('ready');
    });
  });

  describe('given two policies on one global cluster', () => {
    const OLDER = 'payments/older';
    const older = (): DisasterRecoveryPolicy => {
      const policy = aPolicy();
      return {
        ...policy,
        metadata: { ...policy.metadata, name: 'older', uid: 'uid-0', creationTimestamp: '2025-01-01T00:00:00Z' },
      };
    };

    it('when both are seen, then the older one is observed, and the younger one says why it is not', async () => {
      const bench = new Bench();
      bench.api.put(older());
      await bench.settle();
      expect([...bench.watched.keys()]).toEqual([OLDER]);
      expect(bench.status).toMatchObject({ phase: 'Unprotected', observedGeneration: 1 });
      expect(bench.condition('Ready')).toBe('False GlobalClusterClaimed');
      expect(bench.condition('FailoverReady')).toBe('False NotReady');
      expect(bench.status.conditions?.[0]?.message).toContain(
        'orders-global is left to payments/older, which is older',
      );
      expect(bench.eventReasons()).toContain('NotReady');
      expect(finalizersOf(bench)).toEqual([]);
      expect(bench.sample).toMatchObject({
        phase: 'Unprotected',
        isReady: false,
        failoverReady: { isTrue: false, reason: 'NotReady' },
        signals: [],
        lag: [],
        isEndpointPublished: true,
      });
    });

    it('when nothing changes, then nothing is written again', async () => {
      const bench = new Bench();
      bench.api.put(older());
      await bench.settle();
      const before = bench.api.writes.length;
      bench.syncCache();
      await bench.settle();
      expect(bench.api.writes.length).toBe(before);
    });

    it('when people ask the younger one, then they are refused with the reason, each time', async () => {
      const bench = new Bench();
      bench.api.put(older());
      await bench.settle();
      for (const time of [1, 2]) {
        bench.annotate({ 'force-failover': 'any', 'accept-data-loss': 'true' });
        await bench.settle();
        expect(bench.policy.metadata.annotations).toEqual({});
        expect(bench.status.lastRequest).toMatchObject({
          action: 'force-failover',
          acceptDataLoss: true,
          result: 'Refused',
          reason: 'NotReady',
          message: expect.stringContaining('is left to payments/older') as unknown,
          annotationsRemoved: true,
        });
        expect(bench.eventReasons().filter((reason) => reason === 'RequestRefused')).toHaveLength(time);
        await bench.pass(SECOND);
      }
      expect(bench.aurora.calls).toEqual([]);
    });

    it('when the older one is gone, then the younger one takes over', async () => {
      const bench = new Bench();
      bench.api.put(older());
      await bench.settle();
      bench.api.delete(OLDER, bench.clock.now());
      await bench.settle();
      expect([...bench.watched.keys()]).toEqual([KEY]);
      await bench.see(18);
      expect(bench.status).toMatchObject({ phase: 'Protected' });
      expect(bench.condition('Ready')).toBe('True Observed');
    });

    it('when the older one is given a role of another account, then the younger one is protected again', async () => {
      const bench = new Bench();
      const role = (account: string) => ({ roleArn: `arn:aws:iam::${account}:role/dr` });
      bench.api.edit(KEY, (policy) => {
        policy.spec = { ...policy.spec, aws: role('111111111111') };
      });
      const first = older();
      bench.api.put({ ...first, spec: { ...first.spec, aws: role('111111111111') } });
      await bench.settle();
      expect(bench.condition('Ready')).toBe('False GlobalClusterClaimed');
      bench.api.edit(OLDER, (policy) => {
        policy.spec = { ...policy.spec, aws: role('222222222222') };
        policy.metadata.generation += 1;
      });
      await bench.settle();
      expect([...bench.watched.keys()]).toContain(KEY);
    });

    it('when one that was protected meets an older one, then it stops, and its operation is followed first', async () => {
      const bench = await Bench.protected();
      bench.aurora.lose(bench.now);
      await bench.see(3);
      expect(bench.status.operation).toMatchObject({ to: WEST });
      bench.api.put(older());
      await bench.settle();
      expect([...bench.watched.keys()].toSorted()).toEqual([OLDER, KEY].toSorted());
      bench.aurora.promote();
      await bench.see(4);
      expect(bench.status.history).toMatchObject([{ outcome: 'Succeeded' }]);
      expect(bench.condition('Ready')).toBe('False GlobalClusterClaimed');
      expect([...bench.watched.keys()]).toEqual([OLDER]);
      expect(bench.status.signals).toBeUndefined();
      // The old primary has not said that it is fenced, and no other policy knows of it.
      expect(bench.condition('SplitBrainRisk')).toMatch(/^True /);
      expect(bench.status.splitBrain).toBeDefined();
    });
  });

  describe('given the spec is edited after the round that proved the loss', () => {
    /** As an API server does it: with a generation of its own. */
    const edit = (bench: Bench, spec: Partial<DisasterRecoveryPolicySpec>): void =>
      bench.api.edit(KEY, (policy) => {
        policy.spec = { ...policy.spec, ...spec };
        policy.metadata.generation += 1;
      });
    const forbidden = (bench: Bench) => ({
      regions: bench.policy.spec.regions.map((region) => ({
        ...region,
        promotion: region.name === WEST ? ('Never' as const) : region.promotion,
      })),
    });

    it('when it permits automation and forbids the target, then the target is not chosen by the spec before', async () => {
      const bench = await Bench.protected({ suspend: true });
      bench.aurora.lose(bench.now);
      await bench.see(6);
      edit(bench, { suspend: false, ...forbidden(bench) });
      await bench.settle();
      expect(bench.aurora.calls).toEqual([]);
      await bench.see(3);
      expect(bench.aurora.calls).toEqual([]);
      expect(bench.status.operation).toBeUndefined();
      expect(bench.condition('Progressing')).toBe('False NoCandidate');
    });

    it('when it permits automation, then the next round starts the failover', async () => {
      const bench = await Bench.protected({ suspend: true });
      bench.aurora.lose(bench.now);
      await bench.see(6);
      edit(bench, { suspend: false });
      await bench.see(1);
      expect(bench.aurora.effects).toEqual([`failover ${WEST}`]);
    });

    it('when a conflict tells of it, then the next turn judges the target anew', async () => {
      const bench = await Bench.protected();
      bench.aurora.lose(bench.now);
      let isEdited = false;
      bench.probe = (what, when) => {
        if (what === 'status Accepted' && when === 'before' && !isEdited) {
          isEdited = true;
          edit(bench, forbidden(bench));
        }
      };
      await bench.see(8);
      expect(isEdited).toBe(true);
      expect(bench.aurora.calls).toEqual([]);
      expect(bench.status.operation).toBeUndefined();
    });

    it('when AWS has not taken the call yet, then it is not called again before the next round', async () => {
      const bench = await Bench.protected();
      bench.aurora.lose(bench.now);
      bench.aurora.refuse = () => awsError(BUSY);
      await bench.see(4);
      expect(bench.status.operation?.step).toBe('Accepted');
      const calls = bench.aurora.calls.length;
      // The next call is due, and the newest round is not too old for it yet.
      await bench.clock.advance(3.9 * SECOND);
      edit(bench, forbidden(bench));
      await bench.settle();
      expect(bench.aurora.calls).toHaveLength(calls);
      await bench.see(1);
      expect(bench.aurora.calls).toHaveLength(calls);
      expect(bench.status.history?.[0]).toMatchObject({ outcome: 'Cancelled', reason: 'NoLongerFit' });
      expect(bench.status.cooldownUntil).toBeUndefined();
    });
  });

  it('given suspend, when the primary is lost, then nothing starts and it says so', async () => {
    const bench = await Bench.protected({ suspend: true });
    bench.aurora.lose(bench.now);
    await bench.see(6);
    expect(bench.aurora.calls).toEqual([]);
    expect(bench.status.phase).toBe('Suspended');
    expect(bench.condition('Progressing')).toBe('False Suspended');
    expect(bench.notifications.map(({ kind }) => kind)).toEqual(['PrimaryUnhealthy', 'FailoverBlocked']);
  });

  it('given a loss that nobody ends, when the recovery time runs out, then people hear of it once, until it is over', async () => {
    const bench = await Bench.protected({
      failover: { ...aSpec().failover, mode: 'Manual' },
      objectives: { recoveryTime: '2m', recoveryPoint: '1s' },
    });
    bench.aurora.lose(bench.now);
    await bench.see(12);
    expect(bench.status.recoveryTimeExceeded).toBeUndefined();
    expect(bench.status.incident).toMatchObject({ reason: 'ManualMode', message: 'failover.mode is Manual' });
    await bench.see(6);
    expect(bench.status.recoveryTimeExceeded).toBe(true);
    expect(bench.eventReasons().filter((reason) => reason === 'RecoveryTimeExceeded')).toHaveLength(1);
    expect(bench.notifications.map(({ kind }) => kind)).toEqual([
      'PrimaryUnhealthy',
      'FailoverBlocked',
      'RecoveryTimeExceeded',
    ]);
    bench.aurora.heal();
    await bench.see(2);
    expect(bench.status).not.toHaveProperty('recoveryTimeExceeded');
    expect(bench.status).not.toHaveProperty('incident');
  });

  it('given a failover that takes longer than the recovery time, then people hear of it while it lasts and at its end', async () => {
    const bench = await Bench.protected({ objectives: { recoveryTime: '1m', recoveryPoint: '1s' } });
    bench.aurora.lose(bench.now);
    await bench.see(8);
    expect(bench.status.operation?.step).toBe('Promoting');
    const late = bench.notifications.find(({ kind }) => kind === 'RecoveryTimeExceeded');
    expect(JSON.parse(late?.body ?? '')).toMatchObject({ operation: { id: bench.status.operation?.id } });
    bench.aurora.promote();
    await bench.see(3);
    expect(bench.status).not.toHaveProperty('recoveryTimeExceeded');
    expect(bench.status.history?.[0]?.message).toMatch(/is longer than objectives\.recoveryTime of 1m$/);
  });

  it('given an operation, when it is in flight, then the pace is that of the follow-up, and the target is probed', async () => {
    const bench = await Bench.protected();
    bench.annotate({ 'force-failover': WEST });
    await bench.settle();
    expect(bench.target).toMatchObject({ intervalMilliseconds: 1_000, isUnderSuspicion: true });
    expect(bench.target?.endpoints.map(({ region }) => region)).toEqual([WEST, 'us-east-1']);
  });

  it('given somebody else’s switchover that nobody saw in flight, when two rounds show it, then it is recorded', async () => {
    const bench = await Bench.protected();
    bench.aurora.promote();
    const seenAt = new Date(bench.clock.now() + SECOND).toISOString();
    await bench.see();
    expect(bench.status.primaryRegion).toBe('us-east-1');
    await bench.see();
    expect(bench.status).toMatchObject({
      primaryRegion: WEST,
      history: [{ type: 'Switchover', trigger: 'External', startedAt: seenAt, promotedAt: seenAt }],
    });
    expect(bench.status.cooldownUntil).toBeDefined();
    expect(bench.status.splitBrain).toBeUndefined();
    expect(bench.published).toEqual(['us-east-1', WEST]);
  });

  it('given somebody else’s failover while this process was away, then its old primary is distrusted', async () => {
    const bench = await Bench.protected();
    bench.aurora.lose(bench.now);
    bench.aurora.promote();
    bench.restart();
    await bench.see(3);
    expect(bench.status).toMatchObject({ history: [{ type: 'Failover', trigger: 'External' }] });
    expect(bench.status.splitBrain).toMatchObject({ region: 'us-east-1' });
    bench.aurora.heal();
    await bench.see(2);
    expect(bench.status.splitBrain).toBeUndefined();
    expect(bench.eventReasons().at(-1)).toBe('SplitBrainRiskOver');
  });

  describe('when the API server is away', () => {
    it('given a lost primary, then nothing is called until the operation can be persisted', async () => {
      const bench = await Bench.protected();
      bench.aurora.lose(bench.now);
      bench.probe = () => {
        throw new Error('connection refused');
      };
      await bench.see(6);
      expect(bench.aurora.calls).toEqual([]);
      expect(bench.errors.length).toBeGreaterThan(0);
      bench.probe = () => undefined;
      await bench.see();
      expect(bench.aurora.calls).toEqual(['failover us-west-2']);
    });
  });

  describe('deletion', () => {
    const remove = async (bench: Bench): Promise<void> => {
      bench.api.delete(KEY, bench.clock.now());
      await bench.settle();
    };

    it('given nothing in flight, when deleted, then it is gone and nothing is observed any more', async () => {
      const bench = await Bench.protected();
      await remove(bench);
      expect(bench.api.objects.size).toBe(0);
      expect(bench.watched.size).toBe(0);
      expect(bench.clock.pendingTimers).toBe(0);
      expect(bench.published).toEqual(['us-east-1']);
      expect(bench.errors).toEqual([]);
    });

    it('given an operation in flight, when deleted, then the end of the operation comes first', async () => {
      const bench = await Bench.protected();
      bench.annotate({ 'force-failover': WEST });
      await bench.settle();
      await remove(bench);
      await bench.see(3);
      expect(finalizersOf(bench)).toEqual([FINALIZER]);
      bench.aurora.promote();
      await bench.see(2);
      expect(bench.api.objects.size).toBe(0);
      expect(bench.published.at(-1)).toBe(WEST);
      expect(bench.aurora.effects).toEqual(['switchover us-east-1']);
    });

    it('given an operation without end, when deleted, then deletion waits for failover.timeout at most', async () => {
      const bench = await Bench.protected();
      bench.annotate({ 'force-failover': WEST });
      await bench.settle();
      await remove(bench);
      await bench.pass(15 * MINUTE);
      await bench.see();
      expect(bench.api.objects.size).toBe(0);
    });

    it('given a loss, when the policy is on its way out, then automation does not start', async () => {
      const bench = await Bench.protected();
      bench.aurora.lose(bench.now);
      await bench.see(2);
      await remove(bench);
      await bench.see(2);
      expect(bench.aurora.calls).toEqual([]);
    });

    it('given a successor of the same name, when it is seen, then nothing of the old one counts for it', async () => {
      const bench = await Bench.protected();
      const successor = aPolicy();
      successor.metadata.uid = 'uid-2';
      bench.api.put(successor);
      bench.aurora.lose(bench.now);
      await bench.see(4);
      expect(bench.aurora.calls).toEqual([]);
      expect(bench.condition('FailoverReady')).toBe('False NeverObservedPassing');
    });
  });

  describe('an object that the schema would refuse', () => {
    const invalid = (bench: Bench): void =>
      bench.api.edit(KEY, ({ spec }) => {
        spec.failover.timeout = 'soon';
      });

    it('given it was valid, when it is no more, then it says so and is not observed', async () => {
      const bench = await Bench.protected();
      const before = bench.statusWrites();
      invalid(bench);
      await bench.settle();
      expect(bench.errors[0]).toBeInstanceOf(TerminalError);
      expect(bench.watched.size).toBe(0);
      expect(bench.statusWrites() - before).toBeLessThanOrEqual(1);
    });

    it('given its deletion, when it is asked for, then nothing holds it', async () => {
      const bench = await Bench.protected();
      invalid(bench);
      await bench.settle();
      bench.api.delete(KEY, bench.clock.now());
      await bench.settle();
      expect(bench.api.objects.size).toBe(0);
    });
  });

  it('given the end of leadership, when it closes, then nothing is observed and rounds in flight are ignored', async () => {
    const bench = await Bench.protected();
    bench.reconciler.close();
    expect(bench.watched.size).toBe(0);
    const before = bench.api.writes.length;
    bench.aurora.lose(bench.now);
    await bench.see(4);
    expect(bench.api.writes.length).toBe(before);
  });
});
