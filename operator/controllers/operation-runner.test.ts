import { describe, expect, it } from '@jest/globals';
import type { DisasterRecoveryPolicySpec } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { aRound, MINUTE, SECOND } from '../failover/testing/a-round.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { KubeTimeoutError } from '../runtime/kube-errors.ts';
import { Bench, Crash } from './testing/bench.ts';
import { awsError, BUSY, REFUSED, SILENT, THROTTLED } from './testing/fake-aurora.ts';
import { aSpec, KEY } from './testing/a-policy.ts';

const FAILOVER = `failover ${WEST}`;
const SWITCHOVER = 'switchover us-east-1';

async function lost(spec: Partial<DisasterRecoveryPolicySpec> = {}): Promise<Bench> {
  const bench = await Bench.protected(spec);
  bench.aurora.lose(bench.now);
  await bench.see(2);
  return bench;
}

/** Rounds until AWS has come to its end and the operation to its own. */
async function finish(bench: Bench): Promise<void> {
  await bench.see(8);
  bench.aurora.promote();
  await bench.see(3);
}

const outcomes = (bench: Bench): string[] =>
  (bench.status.history ?? []).map(({ type, outcome, reason }) => `${type} ${outcome} ${reason ?? ''}`);

/** Things done to the outside while the next rounds are seen, in order. */
function journalOf(bench: Bench): string[] {
  const journal: string[] = [];
  bench.probe = (what, when) => {
    if (when === 'before') journal.push(what);
  };
  return journal;
}

describe('the order of an operation', () => {
  it('given a confirmed loss, when automation acts, then the operation is persisted before AWS is called', async () => {
    const bench = await lost();
    const journal = journalOf(bench);
    await bench.see();
    expect(journal).toEqual(['status Accepted', 'call', 'publish fenced', 'status Requested']);
    expect(bench.status.operation).toMatchObject({
      type: 'Failover',
      trigger: 'Automatic',
      step: 'Requested',
      attempts: 1,
    });
  });

  it('given a request, when it is accepted, then status, annotations and AWS follow in this order', async () => {
    const bench = await Bench.protected();
    const journal = journalOf(bench);
    bench.annotate({ 'force-failover': WEST });
    await bench.settle();
    expect(journal).toEqual(['status Accepted', 'annotations Accepted', 'call', 'publish fenced', 'status Requested']);
    expect(bench.aurora.effects).toEqual([SWITCHOVER]);
    expect(bench.policy.metadata.annotations).toEqual({});
  });

  it('given AWS is done, when it is seen, then the writer is published, proven and recorded', async () => {
    const bench = await lost();
    await finish(bench);
    expect(outcomes(bench)).toEqual(['Failover Succeeded Succeeded']);
    expect(bench.published).toEqual(['us-east-1', 'fenced', WEST]);
    expect(bench.status).toMatchObject({ primaryRegion: WEST, published: { primaryRegion: WEST } });
    expect(bench.status.operation).toBeUndefined();
    expect(bench.errors).toEqual([]);
  });

  it('given an operation in flight, when nothing changes, then status is left alone', async () => {
    const bench = await lost();
    await bench.see(2);
    const before = bench.api.writes.length;
    await bench.see(10);
    expect(bench.api.writes.length).toBe(before);
  });
});

describe('a registration that the API server does not answer', () => {
  it('given rounds that ended while it waited, when tried again, then only a round that ends later starts anything', async () => {
    const bench = await lost();
    const earlier = aRound({ ...bench.aurora.round(), at: bench.now });
    bench.api.before = ({ step }) => {
      if (step === 'Accepted') {
        bench.api.before = () => undefined;
        bench.reconciler.receive(KEY, earlier);
        throw new KubeTimeoutError('cannot update disasterrecoverypolicies/status: no answer in time');
      }
    };
    await bench.see();
    expect(bench.errors).toHaveLength(1);
    bench.syncCache();
    await bench.settle();
    expect([bench.status.operation, bench.aurora.effects]).toEqual([undefined, []]);
    await bench.see();
    expect(bench.aurora.effects).toEqual([FAILOVER]);
  });

  it('given a conflict, when tried again, then the same round decides', async () => {
    const bench = await lost();
    bench.api.before = ({ step }) => {
      if (step === 'Accepted') {
        bench.api.before = () => undefined;
        bench.api.edit(KEY, ({ metadata }) => (metadata.labels = { edited: 'meanwhile' }));
      }
    };
    await bench.see();
    expect(bench.aurora.effects).toEqual([FAILOVER]);
  });
});

describe('exactly once, whatever happens', () => {
  const force = { 'force-failover': WEST, 'force-type': 'Failover', 'accept-data-loss': 'true' };
  const scenarios: readonly (readonly [string, (bench: Bench) => void])[] = [
    ['an automatic failover', (bench) => bench.aurora.lose(bench.now)],
    ['a switchover by request', (bench) => bench.annotate({ 'force-failover': WEST })],
    [
      'a failover by request',
      (bench) => {
        bench.aurora.lose(bench.now);
        bench.annotate(force);
      },
    ],
  ];
  const points = scenarios.flatMap(([name, begin]) => {
    const request = name.endsWith('request') ? ['annotations Accepted'] : [];
    return ['status Accepted', ...request, 'call', 'publish fenced', 'status Requested'].flatMap((step) => [
      { name, begin, step, when: 'before' },
      { name, begin, step, when: 'after' },
    ]);
  });

  it.each(points)('given $name, when the process dies $when "$step", then AWS acts once', async (point) => {
    const bench = await Bench.protected();
    let hasDied = false;
    point.begin(bench);
    bench.probe = (step, when) => {
      if (step === point.step && when === point.when) {
        hasDied = true;
        throw new Crash('killed');
      }
    };
    await bench.see(4);
    expect(hasDied).toBe(true);
    bench.restart();
    await bench.see(10);
    bench.aurora.promote();
    await bench.see(3);
    expect(bench.aurora.effects).toHaveLength(1);
    expect(bench.status.primaryRegion).toBe(WEST);
    expect(outcomes(bench)).toHaveLength(1);
    expect(bench.published.at(-1)).toBe(WEST);
    expect(bench.policy.metadata.annotations ?? {}).toEqual({});
    expect(bench.errors).toEqual([]);
  });

  it.each(points.filter(({ when }) => when === 'before'))(
    'given $name, when somebody edits the policy before "$step", then AWS acts once',
    async ({ begin, step }) => {
      const bench = await Bench.protected();
      let hasEdited = false;
      begin(bench);
      bench.probe = (what, when) => {
        if (what === step && when === 'before' && !hasEdited) {
          hasEdited = true;
          bench.api.edit(KEY, ({ metadata }) => (metadata.labels = { edited: 'true' }));
        }
      };
      await bench.see(4);
      expect(hasEdited).toBe(true);
      await finish(bench);
      expect(bench.aurora.effects).toHaveLength(1);
      expect(outcomes(bench)).toHaveLength(1);
      expect(bench.errors).toEqual([]);
    },
  );

  it('given a conflict at the registration, when it is met, then nothing is called before it is made anew', async () => {
    const bench = await lost();
    const journal: string[] = [];
    bench.probe = (what, when) => {
      if (when === 'before' && journal.push(what) === 1) {
        bench.api.edit(KEY, ({ metadata }) => (metadata.labels = { edited: 'true' }));
      }
    };
    await bench.see();
    expect(journal.slice(0, 3)).toEqual(['status Accepted', 'status Accepted', 'call']);
  });

  it('given a stale cache, when the reconciler looks again, then it knows its own operation', async () => {
    const bench = await lost();
    bench.isCacheFrozen = true;
    await bench.see(5);
    expect(bench.aurora.calls).toEqual([FAILOVER]);
    bench.isCacheFrozen = false;
    bench.syncCache();
    await finish(bench);
    expect(outcomes(bench)).toEqual(['Failover Succeeded Succeeded']);
  });

  it('given a registration whose answer is lost, when the API server is back, then AWS is called at once', async () => {
    const bench = await lost();
    let hasFailed = false;
    bench.probe = (what, when) => {
      if (what === 'status Accepted' && when === 'after' && !hasFailed) {
        hasFailed = true;
        throw new Error('no answer');
      }
    };
    await bench.see(2);
    expect(bench.aurora.calls).toEqual([FAILOVER]);
    expect(bench.eventReasons().filter((reason) => reason === 'FailoverStarted')).toHaveLength(1);
  });

  it('given a lease that ends before the call could, when automation would act, then nothing is registered', async () => {
    const bench = await lost();
    bench.leaseRemaining = 5 * SECOND;
    await bench.see();
    expect(bench.status.operation).toBeUndefined();
    expect(bench.aurora.calls).toEqual([]);
    bench.leaseRemaining = 6 * SECOND;
    await bench.see();
    expect(bench.aurora.calls).toEqual([FAILOVER]);
  });
});

describe('answers of AWS', () => {
  it('given an ambiguous answer without effect, when reads have shown nothing for the window, then it calls again', async () => {
    const bench = await lost();
    bench.aurora.refuse = () => awsError(SILENT);
    await bench.see();
    expect(bench.status.operation).toMatchObject({ step: 'Unconfirmed', attempts: 1 });
    bench.aurora.refuse = () => undefined;
    await bench.see(6);
    expect(bench.aurora.calls).toEqual([FAILOVER]);
    await bench.see(2);
    expect(bench.aurora.calls).toEqual([FAILOVER, FAILOVER]);
    expect(bench.status.operation?.attempts).toBe(2);
    await finish(bench);
    expect(outcomes(bench)).toEqual(['Failover Succeeded Succeeded']);
  });

  it('given an ambiguous answer with effect, when it is seen in flight, then it never calls again', async () => {
    const bench = await lost();
    bench.aurora.swallow = () => awsError(SILENT);
    await bench.see(12);
    expect(bench.status.operation?.step).toBe('Promoting');
    bench.aurora.promote();
    await bench.see(3);
    expect(bench.aurora.calls).toEqual([FAILOVER]);
    expect(outcomes(bench)).toEqual(['Failover Succeeded Succeeded']);
  });

  it('given throttling, when it calls, then it backs off and tries again until AWS takes the call', async () => {
    const bench = await lost();
    bench.aurora.refuse = () => awsError(THROTTLED);
    await bench.see();
    const early = bench.aurora.calls.length;
    await bench.see(3);
    const late = bench.aurora.calls.length - early;
    expect(early).toBeGreaterThan(2);
    // 5 s at the most between two attempts, and each round looks too.
    expect(late).toBeGreaterThan(2);
    expect(late).toBeLessThanOrEqual(9);
    expect(bench.aurora.effects).toEqual([]);
    bench.aurora.refuse = () => undefined;
    await finish(bench);
    expect(bench.aurora.effects).toEqual([FAILOVER]);
  });

  it('given a cluster that cannot be read before the call, when it can be again, then it is called', async () => {
    const bench = await lost();
    bench.aurora.blind = () => awsError(SILENT);
    await bench.see(2);
    expect(bench.aurora.calls).toEqual([]);
    bench.aurora.blind = () => undefined;
    await bench.see();
    expect(bench.aurora.calls).toEqual([FAILOVER]);
  });

  it('given a writer that somebody moved to a third region, when the read before the call shows it, then AWS is not called', async () => {
    const bench = await lost();
    bench.aurora.blind = () => {
      bench.aurora.writer = 'eu-west-1';
      return undefined;
    };
    await bench.see();
    expect(bench.aurora.calls).toEqual([]);
    expect(bench.condition('Progressing')).toBe('True Accepted');
    // An answer that was stale: the writer is where it was, and its region still lost.
    bench.aurora.blind = () => undefined;
    bench.aurora.writer = 'us-east-1';
    await bench.see();
    expect(bench.aurora.calls).toEqual([FAILOVER]);
  });

  it('given automation that AWS refuses, when a person asks for another way, then the refusal names how to end it', async () => {
    const bench = await lost();
    bench.aurora.refuse = () => awsError(REFUSED);
    await bench.see();
    bench.annotate({ 'force-failover': WEST, 'force-type': 'Failover', 'accept-data-loss': 'true' });
    await bench.settle();
    expect(bench.status.lastRequest).toMatchObject({
      result: 'Refused',
      reason: 'OperationInFlight',
      message: expect.stringContaining('spec.suspend: true'),
    });
    bench.api.edit(KEY, ({ spec }) => (spec.suspend = true));
    await bench.see();
    expect(bench.status.operation).toBeUndefined();
    bench.aurora.refuse = () => undefined;
    bench.annotate({ 'force-failover': WEST, 'force-type': 'Failover', 'accept-data-loss': 'true' });
    await bench.see();
    expect(bench.aurora.effects).toEqual([FAILOVER]);
  });

  it('given automation that AWS refuses, when it is allowed again, then it is asked again, later and later, without a rest', async () => {
    const bench = await lost();
    bench.aurora.refuse = () => awsError(REFUSED);
    await bench.see();
    expect(bench.condition('Progressing')).toBe('True RefusedByAws');
    expect(bench.status.operation).toMatchObject({
      step: 'Accepted',
      message: expect.stringContaining('AccessDenied'),
    });
    expect(bench.eventReasons().filter((reason) => reason === 'RefusedByAws')).toHaveLength(1);
    expect(bench.notifications.filter(({ kind }) => kind === 'FailoverBlocked')).toHaveLength(1);
    await bench.see(30);
    // After 5, 10, 20 and 40 s, then once a minute: in 300 s.
    expect(bench.aurora.calls.length).toBeGreaterThanOrEqual(6);
    expect(bench.aurora.calls.length).toBeLessThanOrEqual(9);
    expect(bench.published).toEqual(['us-east-1', 'fenced']);
    bench.aurora.refuse = () => undefined;
    await bench.see(7);
    expect(bench.aurora.effects).toEqual([FAILOVER]);
    expect(bench.condition('Progressing')).toBe('True Promoting');
    await finish(bench);
    expect(outcomes(bench)).toEqual(['Failover Succeeded Succeeded']);
  });

  it('given automation that AWS refuses to the end, when it times out, then history says so and the next attempt needs no rest', async () => {
    const bench = await lost({ failover: { ...aSpec().failover, timeout: '2m' } });
    bench.aurora.refuse = () => awsError(REFUSED);
    await bench.see(14);
    expect(outcomes(bench)).toEqual(['Failover TimedOut NotTakenByAws']);
    expect(bench.status.history?.[0]?.message).toContain('AccessDenied');
    expect(bench.status.cooldownUntil).toBeUndefined();
    bench.aurora.refuse = () => undefined;
    await bench.see(8);
    expect(bench.aurora.effects).toEqual([FAILOVER]);
  });

  it('given automation that AWS refuses, when a person suspends the policy, then it is given up', async () => {
    const bench = await lost();
    bench.aurora.refuse = () => awsError(REFUSED);
    await bench.see();
    bench.api.edit(KEY, ({ spec }) => (spec.suspend = true));
    await bench.see(2);
    expect(outcomes(bench)).toEqual(['Failover Cancelled NoLongerNeeded']);
    expect(bench.status.cooldownUntil).toBeUndefined();
  });

  it('given a person whom AWS refuses, when it is met, then the operation has failed and nothing is repeated', async () => {
    const bench = await lost({ failover: { ...aSpec().failover, mode: 'Manual' } });
    await bench.see();
    bench.aurora.refuse = () => awsError(REFUSED);
    bench.aurora.requestId = 'id-1';
    bench.annotate({ 'force-failover': WEST, 'force-type': 'Failover', 'accept-data-loss': 'true' });
    await bench.see(6);
    expect(outcomes(bench)).toEqual(['Failover Failed RefusedByAws']);
    expect(bench.status.history?.[0]?.requestId).toBe('id-1');
    expect(bench.status.cooldownUntil).toBeUndefined();
    expect(bench.published).toEqual(['us-east-1', 'fenced', 'us-east-1']);
    expect(bench.aurora.calls).toEqual([FAILOVER]);
  });

  it('given a switchover that AWS does not take for a while, when it is asked again and again, then clients keep their name until it is', async () => {
    const bench = await Bench.protected();
    bench.aurora.refuse = () => awsError(BUSY);
    bench.annotate({ 'force-failover': WEST });
    await bench.see(6);
    expect(bench.aurora.calls.length).toBeGreaterThan(3);
    expect(bench.published).toEqual(['us-east-1', 'fenced', 'us-east-1']);
    bench.aurora.refuse = () => undefined;
    await bench.see();
    expect(bench.aurora.effects).toEqual([SWITCHOVER]);
    expect(bench.published).toEqual(['us-east-1', 'fenced', 'us-east-1', 'fenced']);
  });

  it('given an operation that AWS never took, when somebody else moves the writer later, then that is not its success', async () => {
    const bench = await lost({ failover: { ...aSpec().failover, timeout: '2m' } });
    bench.aurora.refuse = () => awsError(THROTTLED);
    await bench.see(14);
    expect(outcomes(bench)).toEqual(['Failover TimedOut NotTakenByAws']);
    bench.api.edit(KEY, ({ spec }) => (spec.suspend = true));
    await bench.see(2);
    bench.aurora.begin(WEST, true);
    bench.aurora.promote();
    await bench.see(4);
    expect(bench.status.history?.[0]).toMatchObject({ trigger: 'External', outcome: 'Succeeded', to: WEST });
    expect(bench.status.history?.map(({ reason }) => reason)).not.toContain('SucceededLate');
  });

  it('given a switchover that AWS throttles, when it waits, then clients keep their name', async () => {
    const bench = await Bench.protected();
    bench.aurora.refuse = () => awsError(THROTTLED);
    bench.annotate({ 'force-failover': WEST });
    await bench.settle();
    expect(bench.published.at(-1)).toBe('us-east-1');
    bench.aurora.refuse = () => undefined;
    await bench.see();
    expect(bench.aurora.effects).toEqual([SWITCHOVER]);
    expect(bench.published.at(-1)).toBe('fenced');
  });

  it('given a switchover that AWS cancels, when it is seen, then the old writer is published again', async () => {
    const bench = await Bench.protected();
    bench.annotate({ 'force-failover': WEST });
    await bench.settle();
    await bench.see(2);
    bench.aurora.cancel();
    await bench.see(8);
    expect(outcomes(bench)).toEqual(['Switchover Cancelled CancelledByAws']);
    expect(bench.published.at(-1)).toBe('us-east-1');
    expect(bench.status.cooldownUntil).toBeUndefined();
  });
});

describe('a primary that comes back before AWS was called', () => {
  it('given a call that AWS does not take, when the primary serves again, then it is not failed over', async () => {
    const bench = await lost();
    bench.aurora.refuse = () => awsError(THROTTLED);
    await bench.see(2);
    expect(bench.published.at(-1)).toBe('fenced');
    bench.aurora.heal();
    bench.aurora.refuse = () => undefined;
    await bench.see(3);
    expect(bench.aurora.effects).toEqual([]);
    expect(outcomes(bench)).toEqual(['Failover Cancelled NoLongerNeeded']);
    expect(bench.published.at(-1)).toBe('us-east-1');
    expect(bench.status).toMatchObject({ primaryRegion: 'us-east-1' });
    expect(bench.status.cooldownUntil).toBeUndefined();
  });

  it('given a process that died before the call, when its successor sees the primary serve, then it calls nothing', async () => {
    const bench = await lost();
    bench.probe = (what, when) => {
      if (what === 'call' && when === 'before') throw new Crash('killed');
    };
    await bench.see();
    expect(bench.status.operation?.step).toBe('Accepted');
    bench.aurora.heal();
    bench.restart();
    await bench.see(12);
    expect(bench.aurora.effects).toEqual([]);
    expect(outcomes(bench)).toEqual(['Failover Cancelled NoLongerNeeded']);
    expect(bench.condition('Ready')).toBe('True Observed');
  });

  it('given a registration that took long, when it is persisted, then the next round decides about the call', async () => {
    const bench = await lost();
    bench.probe = (what, when) => {
      if (what === 'status Accepted' && when === 'after') bench.clock.jumpWallClock(14 * SECOND);
    };
    await bench.see();
    expect(bench.status.operation?.step).toBe('Accepted');
    expect(bench.aurora.calls).toEqual([]);
    bench.probe = () => undefined;
    await bench.see();
    expect(bench.aurora.calls).toEqual([FAILOVER]);
  });
});

describe('AWS’s id of the last call', () => {
  it('given a call that AWS takes, when it is followed, then status has it; a later call without one takes it away', async () => {
    const bench = await lost();
    bench.aurora.requestId = 'id-1';
    bench.aurora.refuse = () => awsError(THROTTLED);
    await bench.see(2);
    expect(bench.status.operation).toMatchObject({ step: 'Accepted', requestId: 'id-1' });
    bench.aurora.requestId = undefined;
    bench.aurora.refuse = () => undefined;
    await bench.see(1);
    expect(bench.status.operation?.step).not.toBe('Accepted');
    expect(bench.status.operation).not.toHaveProperty('requestId');
  });
});

describe('an operation that takes its time', () => {
  it.each([
    ['at once', 0, [{ trigger: 'Automatic', reason: 'SucceededLate' }]],
    [
      'two days later',
      2 * 24 * 60 * MINUTE,
      [
        { trigger: 'External', outcome: 'Succeeded' },
        { trigger: 'Automatic', outcome: 'TimedOut' },
      ],
    ],
  ])(
    'given AWS gave up beyond the timeout, when the writer is moved %s, then it is known whose success that is',
    async (_when, later, expected) => {
      const bench = await lost({ failover: { ...aSpec().failover, timeout: '2m' } });
      await bench.see(14);
      expect(outcomes(bench)).toEqual(['Failover TimedOut TimedOut']);
      bench.aurora.cancel();
      bench.aurora.heal();
      bench.api.edit(KEY, ({ spec }) => (spec.suspend = true));
      await bench.pass(later);
      await bench.see(3);
      bench.aurora.begin(WEST, true);
      await bench.see(2);
      bench.aurora.promote();
      await bench.see(4);
      expect(bench.status.history).toMatchObject(expected);
    },
  );

  it('given AWS at work beyond the timeout, when it ends later, then the late success is published and recorded', async () => {
    const bench = await lost();
    await bench.see(2);
    await bench.pass(15 * MINUTE);
    await bench.see();
    expect(outcomes(bench)).toEqual(['Failover TimedOut TimedOut']);
    expect(bench.published.at(-1)).toBe('fenced');
    const seenAt = new Date(bench.clock.now() + SECOND).toISOString();
    bench.aurora.promote();
    await bench.see(4);
    expect(outcomes(bench)).toEqual(['Failover Succeeded SucceededLate']);
    expect(bench.status.history?.[0]?.promotedAt).toBe(seenAt);
    expect(bench.published.at(-1)).toBe(WEST);
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryNotRejoined');
    expect(bench.eventReasons()).toEqual(expect.arrayContaining(['FailoverTimedOut', 'FailoverCompleted']));
    expect(bench.aurora.calls).toEqual([FAILOVER]);
  });

  it.each([
    ['while it is watched', (bench: Bench) => bench.see(2)],
    ['while nobody looks', () => Promise.resolve()],
  ])(
    'given a switchover that timed out, when somebody fails over to its target %s, then that is no late success of it',
    async (_when, look) => {
      const bench = await Bench.protected();
      bench.annotate({ 'force-failover': WEST });
      await bench.settle();
      await bench.pass(15 * MINUTE);
      await bench.see();
      expect(outcomes(bench)).toEqual(['Switchover TimedOut TimedOut']);
      bench.aurora.cancel();
      await bench.see();
      bench.aurora.lose(bench.now);
      bench.aurora.begin(WEST, true);
      await look(bench);
      bench.aurora.promote();
      await bench.see(5);
      expect(bench.status.history).toMatchObject([
        { type: 'Failover', trigger: 'External', outcome: 'Succeeded' },
        { type: 'Switchover', outcome: 'TimedOut' },
      ]);
      expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryNotRejoined');
    },
  );

  it('given a switchover by request, when AWS is at somebody’s failover to its target already, then it is followed as that', async () => {
    const bench = await Bench.protected();
    bench.aurora.begin(WEST, true);
    bench.annotate({ 'force-failover': WEST });
    await bench.settle();
    await bench.see(3);
    bench.aurora.promote();
    await bench.see(4);
    expect(bench.aurora.calls).toEqual([]);
    expect(bench.status.history).toMatchObject([
      { type: 'Failover', trigger: 'External', outcome: 'Succeeded' },
      { type: 'Switchover', outcome: 'Failed', reason: 'Superseded' },
    ]);
  });

  it('given a switchover that AWS does not take, when somebody fails over to its target unseen, then it is no success of it', async () => {
    const bench = await Bench.protected();
    bench.aurora.refuse = () => awsError(BUSY);
    bench.annotate({ 'force-failover': WEST });
    await bench.settle();
    await bench.see();
    bench.aurora.lose(bench.now);
    bench.aurora.begin(WEST, true);
    bench.aurora.promote();
    bench.aurora.resynchronizing = EAST;
    await bench.see(5);
    expect(bench.status.history).toMatchObject([
      { type: 'Failover', trigger: 'External', outcome: 'Succeeded' },
      { type: 'Switchover', outcome: 'Failed', reason: 'Superseded' },
    ]);
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryNotRejoined');
    expect(bench.published.at(-1)).toBe(WEST);
  });

  it('given a clock that was set back by an hour, when a timed-out operation ends late, then its end can be written', async () => {
    const bench = await lost();
    await bench.see(2);
    await bench.pass(15 * MINUTE);
    await bench.see();
    bench.clock.jumpWallClock(-60 * MINUTE);
    bench.aurora.promote();
    await bench.see(4);
    expect(outcomes(bench)).toEqual(['Failover Succeeded SucceededLate']);
    expect(bench.status.history?.[0]?.recoveryTimeMilliseconds).toBe(0);
  });

  it('given a publication that fails, when it works again, then the operation goes on from there', async () => {
    const bench = await lost();
    await bench.see(2);
    bench.publishFails = () => new Error('the API server refuses');
    bench.aurora.promote();
    await bench.see(2);
    expect(bench.status.operation?.step).toBe('Promoted');
    bench.publishFails = () => undefined;
    await bench.see(2);
    expect(outcomes(bench)).toEqual(['Failover Succeeded Succeeded']);
    expect(bench.published.at(-1)).toBe(WEST);
  });
});

describe('operations of others', () => {
  it('given a failover in flight that nobody here started, when it is seen, then it is followed and recorded', async () => {
    const bench = await Bench.protected();
    bench.aurora.lose(bench.now);
    bench.aurora.begin(WEST, true);
    await bench.see(3);
    expect(bench.status.operation).toMatchObject({ trigger: 'External', step: 'Promoting', to: WEST });
    bench.aurora.promote();
    await bench.see(4);
    expect(bench.aurora.calls).toEqual([]);
    expect(outcomes(bench)).toEqual(['Failover Succeeded Succeeded']);
    expect(bench.published.at(-1)).toBe(WEST);
    expect(bench.status.splitBrain).toBeDefined();
  });

  it('given a process that stood still since it saw one in flight, then only its next round decides whether there is one', async () => {
    const bench = await Bench.protected();
    bench.aurora.begin(WEST, true);
    bench.reconciler.receive(KEY, bench.roundNow());
    await bench.clock.advance(60 * SECOND);
    bench.syncCache();
    await bench.settle();
    expect(bench.status.operation).toBeUndefined();
    await bench.see();
    expect(bench.status.operation).toMatchObject({ trigger: 'External', to: WEST });
  });

  it('given a round from before an end that is on record, then what it saw in flight is not another one', async () => {
    const bench = await Bench.protected();
    bench.aurora.begin(WEST, false);
    await bench.see();
    const before = bench.roundNow();
    bench.aurora.promote();
    await bench.see();
    expect(outcomes(bench)).toEqual(['Switchover Succeeded Succeeded']);
    bench.reconciler.receive(KEY, before);
    await bench.settle();
    expect(bench.status.operation).toBeUndefined();
    await bench.see(2);
    expect(bench.status.history).toHaveLength(1);
    expect(bench.status.primaryRegion).toBe(WEST);
  });

  it('given one found in flight right before the call, when it is read, then it is adopted instead', async () => {
    const bench = await lost();
    bench.probe = (what) => {
      if (what === 'status Accepted') bench.aurora.begin(WEST, true);
    };
    bench.aurora.blind = () => awsError(SILENT);
    await bench.see();
    bench.probe = () => undefined;
    bench.aurora.blind = () => undefined;
    await bench.see();
    expect(bench.aurora.calls).toEqual([]);
    expect(bench.status.operation?.step).toBe('Promoting');
  });
});
