import { describe, expect, it } from '@jest/globals';
import type { DisasterRecoveryPolicyStatus } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import { SECOND } from '../failover/testing/a-round.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { apiErrorFrom } from '../runtime/kube-errors.ts';
import { aPolicy, KEY } from './testing/a-policy.ts';
import { Bench } from './testing/bench.ts';
import { awsError, THROTTLED } from './testing/fake-aurora.ts';
import { backgroundOf, URGENCY } from './urgency.ts';

const RIVAL = 'payments/rival';
const FAILOVER = `failover ${WEST}`;

/** Two policies that lose their primaries at once, and a token for one of them: the second waits for 25 s. */
async function withRival(): Promise<Bench> {
  const bench = await Bench.protected({}, { roleChanges: { perSecond: 1 / 25, burst: 1 } });
  const { metadata, spec } = aPolicy({ globalClusterIdentifier: 'rival-global' });
  bench.api.put({ ...aPolicy(), metadata: { ...metadata, name: 'rival', uid: 'uid-2' }, spec });
  // What AWS begins for the one is nothing to the other.
  bench.probe = (what, when) => {
    if (what === 'call' && when === 'after') bench.aurora.inFlight = undefined;
  };
  await bench.settle();
  await bench.see(18);
  bench.aurora.lose(bench.now);
  return bench;
}

const statusOf = (bench: Bench): DisasterRecoveryPolicyStatus => bench.api.read(RIVAL).status ?? {};
const progressing = (bench: Bench): string => {
  const { status, reason, message } = findCondition(statusOf(bench).conditions, 'Progressing') ?? {};
  return `${status ?? ''} ${reason ?? ''}: ${message ?? ''}`;
};
const writesOf = (bench: Bench): number => bench.api.writes.length;

describe('more losses than AWS takes calls', () => {
  it('given no token, then nothing is registered, and status says once that the call waits for its turn', async () => {
    const bench = await withRival();
    await bench.see(3);
    expect(bench.aurora.calls).toEqual([FAILOVER]);
    expect(bench.status.operation).toBeDefined();
    expect(statusOf(bench).operation).toBeUndefined();
    expect(statusOf(bench).phase).toBe('Suspect');
    expect(progressing(bench)).toBe(
      `False AwaitingTurn: FailoverGlobalCluster in ${WEST} waits for its turn: more role changes are due there than AWS takes at once`,
    );
    expect(statusOf(bench).incident?.reason).toBe('AwaitingTurn');
    const rival = bench.events.filter(({ regarding }) => regarding.metadata.name === 'rival');
    expect(rival.map(({ reason }) => reason)).not.toContain('FailoverBlocked');
    expect(bench.notifications.map(({ kind }) => kind)).not.toContain('FailoverBlocked');
    const before = writesOf(bench);
    await bench.see();
    expect(writesOf(bench)).toBe(before);
    expect(bench.reconciler.roleChangeFigures).toMatchObject([{ region: WEST, waiting: 1, tokens: 0 }]);
  });

  it('given its turn, then it is made, once, and the wait has cost none of its time', async () => {
    const bench = await withRival();
    await bench.see(3);
    expect(bench.reconciler.orderOf(RIVAL)).toEqual({ urgency: URGENCY.Routine, priority: 0 });
    await bench.pass(16 * SECOND - 1);
    expect(bench.reconciler.orderOf(RIVAL).urgency).toBe(URGENCY.Routine);
    bench.reconciler.receive(RIVAL, bench.roundNow());
    await bench.settle();
    await bench.pass(2);
    expect(bench.reconciler.orderOf(RIVAL).urgency).toBe(URGENCY.Turn);
    await bench.settle();
    // What the last round showed may be over: a round of its own decides.
    expect([bench.looks, bench.aurora.calls]).toEqual([[RIVAL], [FAILOVER]]);
    bench.reconciler.receive(RIVAL, bench.roundNow());
    await bench.settle();
    expect(bench.aurora.calls).toEqual([FAILOVER, FAILOVER]);
    const { operation } = statusOf(bench);
    expect(operation).toMatchObject({ step: 'Requested', attempts: 1 });
    expect(Date.parse(operation?.startedAt ?? '')).toBe(bench.clock.now());
    await bench.see(3);
    expect(bench.aurora.calls).toHaveLength(2);
    expect(bench.errors).toEqual([]);
  });

  it('given a primary that serves again before its turn, then the call is not made, and nobody waits any more', async () => {
    const bench = await withRival();
    await bench.see(3);
    bench.aurora.heal();
    await bench.see();
    expect(bench.reconciler.roleChangeFigures).toMatchObject([{ waiting: 0 }]);
    await bench.see(6);
    expect(bench.aurora.calls).toEqual([FAILOVER]);
    expect(progressing(bench)).toMatch(/^False Idle/);
  });

  it('given a primary that serves again when its turn has come, then the round that is begun for it shows that, and it is not called', async () => {
    const bench = await withRival();
    await bench.see(3);
    await bench.pass(16 * SECOND - 1);
    bench.reconciler.receive(RIVAL, bench.roundNow());
    await bench.settle();
    await bench.pass(2);
    await bench.settle();
    expect(bench.looks).toEqual([RIVAL]);
    bench.aurora.heal();
    bench.reconciler.receive(RIVAL, bench.roundNow());
    await bench.settle();
    expect(bench.aurora.calls).toEqual([FAILOVER]);
    expect(bench.reconciler.roleChangeFigures).toMatchObject([{ waiting: 0, tokens: 1 }]);
    expect(progressing(bench)).not.toMatch(/AwaitingTurn/);
  });

  it('given a turn that comes when the newest round is too old, then the call is not made before a young one shows the loss', async () => {
    const bench = await withRival();
    await bench.see(3);
    // No rounds for 16 s: 7 s after the last one that may count for 13 s.
    await bench.pass(17 * SECOND);
    await bench.settle();
    expect(bench.aurora.calls).toEqual([FAILOVER]);
    await bench.see();
    expect(bench.aurora.calls).toEqual([FAILOVER, FAILOVER]);
  });

  it('given a request of a person, when there is no token, then it waits as well, is made at its turn, and answered once', async () => {
    const bench = await withRival();
    await bench.see(3);
    bench.api.edit(RIVAL, (policy) => {
      policy.metadata.annotations = {
        'aurora-dr.io/force-failover': WEST,
        'aurora-dr.io/force-type': 'Failover',
        'aurora-dr.io/accept-data-loss': 'true',
      };
    });
    expect(bench.reconciler.orderOf(RIVAL).urgency).toBe(URGENCY.Due);
    await bench.settle();
    expect(bench.reconciler.orderOf(RIVAL).urgency).toBe(URGENCY.Routine);
    expect(statusOf(bench).lastRequest).toBeUndefined();
    expect(bench.api.read(RIVAL).metadata.annotations).toBeDefined();
    await bench.see();
    await bench.pass(5 * SECOND);
    bench.reconciler.receive(RIVAL, bench.roundNow());
    await bench.settle();
    await bench.pass(2 * SECOND);
    await bench.settle();
    expect(bench.aurora.calls).toEqual([FAILOVER, FAILOVER]);
    expect(statusOf(bench)).toMatchObject({
      operation: { trigger: 'Annotation' },
      lastRequest: { result: 'Accepted', operationId: statusOf(bench).operation?.id },
    });
    expect(bench.api.read(RIVAL).metadata.annotations).toEqual({});
  });

  it('given a policy that is deleted while it waits, then its place goes to others', async () => {
    const bench = await withRival();
    await bench.see(3);
    bench.api.edit(RIVAL, ({ metadata }) => (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'));
    await bench.settle();
    expect(bench.api.objects.has(RIVAL)).toBe(false);
    expect(bench.reconciler.roleChangeFigures).toMatchObject([{ waiting: 0 }]);
  });

  it('given throttling, then the rate falls, and what is on record waits for its turn and says so', async () => {
    const bench = await Bench.protected({}, { roleChanges: { perSecond: 0.1, burst: 1 } });
    bench.aurora.lose(bench.now);
    bench.aurora.refuse = () => awsError(THROTTLED);
    await bench.see(3);
    expect(bench.reconciler.roleChangeFigures[0]?.perSecond).toBeCloseTo(0.07);
    expect(bench.aurora.calls).toHaveLength(1);
    expect(bench.status.operation?.step).toBe('Accepted');
    expect(bench.reconciler.roleChangeFigures).toMatchObject([{ waiting: 1 }]);
    bench.aurora.refuse = () => undefined;
    await bench.see(2);
    expect(bench.aurora.effects).toEqual([FAILOVER]);
    expect(bench.reconciler.roleChangeFigures[0]?.perSecond).toBeCloseTo(0.075);
  });

  it('given conflicts at the registration, then what is left of the turns is not lost: the call is made with the next one', async () => {
    const bench = await Bench.protected({}, { roleChanges: { perSecond: 0.0001, burst: 2 } });
    let conflicts = 2;
    bench.probe = (what, when) => {
      if (what === 'status Accepted' && when === 'before' && conflicts > 0) {
        conflicts -= 1;
        throw apiErrorFrom('write the policy', 409, {
          kind: 'Status',
          reason: 'Conflict',
          message: 'edited meanwhile',
        });
      }
    };
    bench.aurora.lose(bench.now);
    await bench.see(4);
    expect(conflicts).toBe(0);
    expect(bench.aurora.calls).toEqual([FAILOVER]);
    expect(bench.errors).toEqual([]);
  });

  it('given a scheduled drill that waits for its turn, when a person asks for something, then that is urgent all the same', async () => {
    const drill = { mode: 'Switchover' as const, schedule: '10 0 * * *', timeZone: 'UTC', maximumAge: '1080h' };
    const bench = await Bench.protected({ drill }, { roleChanges: { perSecond: 0.0001, burst: 1 } });
    const { metadata, spec } = aPolicy({ globalClusterIdentifier: 'rival-global' });
    bench.api.put({ ...aPolicy(), metadata: { ...metadata, name: 'rival', uid: 'uid-2' }, spec });
    bench.probe = (what, when) => {
      if (what === 'call' && when === 'after') bench.aurora.inFlight = undefined;
    };
    await bench.settle();
    await bench.see(18);
    bench.api.edit(RIVAL, (policy) => {
      policy.metadata.annotations = { 'aurora-dr.io/force-failover': WEST };
    });
    await bench.settle();
    expect(bench.aurora.calls).toEqual([`switchover ${EAST}`]);
    for (let round = 0; round < 60 && bench.condition('Progressing') !== 'False AwaitingTurn'; round += 1) {
      await bench.see();
    }
    expect(bench.condition('Progressing')).toBe('False AwaitingTurn');
    expect(bench.urgency).toBe(URGENCY.Routine);
    bench.annotate({ acknowledge: 'true' });
    expect(bench.urgency).toBe(URGENCY.Due);
  });

  it('given the end of leadership, then nobody gets a turn any more', async () => {
    const bench = await withRival();
    await bench.see(3);
    bench.reconciler.close();
    await bench.pass(60 * SECOND);
    await bench.settle();
    expect(bench.aurora.calls).toEqual([FAILOVER]);
    expect(bench.clock.pendingTimers).toBe(0);
  });
});

describe('urgency', () => {
  it('given nothing but calm, then it is routine; a round that may show a loss, a request and an operation are more', async () => {
    const bench = await Bench.protected({ failover: { ...aPolicy().spec.failover, priority: 7 } });
    expect(bench.reconciler.orderOf(KEY)).toEqual({ urgency: URGENCY.Routine, priority: 7 });
    bench.aurora.lose(bench.now);
    bench.reconciler.receive(KEY, bench.roundNow());
    expect(bench.urgency).toBe(URGENCY.Suspected);
    await bench.see();
    expect(bench.urgency).toBe(URGENCY.Suspected);
    bench.reconciler.receive(KEY, bench.roundNow());
    expect(bench.urgency).toBe(URGENCY.Due);
    await bench.settle();
    expect(bench.status.operation?.step).toBe('Requested');
    expect(bench.urgency).toBe(URGENCY.Underway);
    bench.annotate({ acknowledge: 'x' });
    expect(bench.urgency).toBe(URGENCY.Due);
    expect(bench.reconciler.orderOf('payments/absent')).toEqual({ urgency: URGENCY.Routine, priority: 0 });
  });

  it('given rounds of a loss that no reconcile has judged yet, then the one that may complete the window makes it due', async () => {
    const bench = await Bench.protected();
    bench.aurora.lose(bench.now);
    const urgencies: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      bench.reconciler.receive(KEY, bench.roundNow());
      urgencies.push(bench.urgency);
      await bench.clock.advance(10 * SECOND);
    }
    expect(urgencies).toEqual([URGENCY.Suspected, URGENCY.Suspected, URGENCY.Due]);
  });

  it('given any number of workers, then what can wait has a quarter of them, and at least one', () => {
    expect([1, 4, 8, 32].map((workers) => backgroundOf(workers).workers)).toEqual([1, 1, 2, 8]);
    expect(backgroundOf(8).belowUrgency).toBe(URGENCY.Underway);
  });

  it('given a policy of an older schema, without defaults, then it is routine, and is told that it is not valid', async () => {
    const bench = new Bench();
    const policy = aPolicy();
    const { failover: _, ...spec } = policy.spec;
    bench.api.put({ ...policy, spec: spec as typeof policy.spec });
    expect(bench.reconciler.orderOf(KEY)).toEqual({ urgency: URGENCY.Routine, priority: 0 });
    await bench.settle();
    expect(bench.errors.map(String)).toContainEqual(expect.stringContaining('policy.spec.failover is missing'));
  });

  it('given a registered operation whose call AWS has not taken, then it stays urgent', async () => {
    const bench = await Bench.protected();
    bench.aurora.refuse = () => awsError(THROTTLED);
    bench.annotate({ 'force-failover': WEST });
    await bench.settle();
    expect(bench.status).toMatchObject({ operation: { step: 'Accepted', from: EAST } });
    expect(bench.urgency).toBe(URGENCY.Due);
  });
});
