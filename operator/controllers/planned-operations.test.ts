import { describe, expect, it } from '@jest/globals';
import type { DisasterRecoveryPolicySpec } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { MINUTE, SECOND } from '../failover/testing/a-round.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { aSpec } from './testing/a-policy.ts';
import { Bench, Crash } from './testing/bench.ts';
import { awsError, BUSY, REFUSED, SILENT } from './testing/fake-aurora.ts';

const THERE = `switchover ${EAST}`;
const HOME = `switchover ${WEST}`;
const AUTOMATIC: Partial<DisasterRecoveryPolicySpec> = {
  failback: { mode: 'Automatic', stabilization: '5m' },
  failover: { ...aSpec().failover, cooldown: '2m' },
};
const drillSpec = (mode: 'Simulate' | 'Switchover', schedule: string): Partial<DisasterRecoveryPolicySpec> => ({
  drill: { mode, schedule, timeZone: 'UTC', maximumAge: '1080h' },
});
/** Bench time begins at midnight UTC, and is protected after three minutes. */
const AT_TEN = '10 0 * * *';

const message = (bench: Bench, type: string): string =>
  bench.status.conditions?.find((condition) => condition.type === type)?.message ?? '';
const outcomes = (bench: Bench): string[] =>
  (bench.status.history ?? []).map(({ type, trigger, outcome, to }) => `${trigger} ${type} ${to} ${outcome}`);

/** The writer was failed over to the second region, and the first one is back. */
async function away(spec: Partial<DisasterRecoveryPolicySpec> = AUTOMATIC): Promise<Bench> {
  const bench = await Bench.protected(spec);
  bench.aurora.lose(bench.now);
  await bench.see(4);
  bench.aurora.promote();
  await bench.see(4);
  bench.aurora.heal();
  await bench.see(6);
  return bench;
}

/** Rounds, with AWS at its end two rounds after each call that took effect, until `isOver` or at most `rounds`. */
async function play(bench: Bench, rounds: number, isOver: () => boolean = () => false): Promise<void> {
  let inFlight = 0;
  for (let round = 0; round < rounds && !isOver(); round += 1) {
    await bench.see();
    inFlight = bench.aurora.inFlight === undefined ? 0 : inFlight + 1;
    if (inFlight >= 2) {
      bench.aurora.promote();
    }
  }
}

describe('automatic failback', () => {
  it('given a preferred region that is back, when it was fit for long enough, then the writer is switched back', async () => {
    const bench = await away();
    expect(bench.condition('Progressing')).toMatch(/^False Failback/);
    // Of the lag behind the new primary nothing is known before a whole minute of it has passed.
    await bench.see(12);
    expect(bench.status.failback).toMatchObject({ region: EAST });
    await play(bench, 60, () => bench.status.primaryRegion === EAST && bench.status.operation === undefined);

    expect(bench.aurora.effects).toEqual([`failover ${WEST}`, HOME]);
    expect(outcomes(bench)[0]).toBe(`Failback Switchover ${EAST} Succeeded`);
    expect(bench.status.history?.[0]).toMatchObject({ automatic: true });
    expect(bench.published.at(-1)).toBe(EAST);
    await bench.see(2);
    expect(bench.status.failback).toBeUndefined();
    expect(bench.errors).toEqual([]);
  });

  it('given a restart in between, when the region stays fit, then the time goes on', async () => {
    const bench = await away();
    await bench.see(12);
    const since = bench.status.failback?.healthySince;
    expect(since).toBeDefined();
    bench.restart();
    await bench.see(2);
    expect(bench.status.failback?.healthySince).toBe(since);
  });

  it('given a lag that rises, when the time is nearly over, then it begins anew, and nothing is called', async () => {
    const bench = await away();
    await bench.see(12);
    await bench.see(1, { lag: { [EAST]: { lags: [5000, 5000, 5000] } } });
    expect(bench.status.failback).toBeUndefined();
    expect(bench.condition('Progressing')).toBe('False FailbackLagHigh');
    await bench.see(6);
    expect(bench.aurora.effects).toEqual([`failover ${WEST}`]);
  });

  it('given a window, when it is closed, then it says when it opens, and nothing is called', async () => {
    const windows = [{ schedule: '0 1 * * *', duration: '1h', timeZone: 'UTC' }];
    const bench = await away({ ...AUTOMATIC, failback: { mode: 'Automatic', stabilization: '1m', windows } });
    await bench.see(24);
    expect(bench.condition('Progressing')).toBe('False FailbackOutsideWindow');
    expect(message(bench, 'Progressing')).toContain('the next window opens at 2026-01-01T01:00:00.000Z');
    expect(bench.aurora.effects).toEqual([`failover ${WEST}`]);
    expect(bench.notifications.map(({ kind }) => kind)).not.toContain('FailoverBlocked');
    await play(bench, 330, () => bench.aurora.writer === EAST);
    expect(bench.aurora.writer).toBe(EAST);
  });

  it('given AWS is busy, when the lag rises before it takes the call, then the failback is given up and rests', async () => {
    const bench = await away();
    bench.aurora.refuse = () => awsError(BUSY);
    await play(bench, 60, () => bench.status.operation !== undefined);
    expect(bench.status.operation).toMatchObject({ trigger: 'Failback', step: 'Accepted', automatic: true });
    await bench.see(1, { lag: { [EAST]: { lags: [5000, 5000, 5000] } } });
    await bench.settle();

    expect(bench.status.operation).toBeUndefined();
    expect(bench.status.history?.[0]).toMatchObject({ outcome: 'Cancelled', reason: 'NoLongerFit' });
    const cooldown = bench.status.cooldownUntil;
    bench.aurora.refuse = () => undefined;
    await bench.see(6);
    expect(bench.status.cooldownUntil).toBe(cooldown);
    expect(bench.aurora.effects).toEqual([`failover ${WEST}`]);
  });

  it('given AWS refuses, when it was tried, then it rests instead of asking again and again', async () => {
    const bench = await away();
    bench.aurora.refuse = () => awsError(REFUSED);
    await play(bench, 60, () => bench.aurora.calls.length > 1);
    expect(bench.status.history?.[0]).toMatchObject({ outcome: 'Failed', reason: 'RefusedByAws' });
    // The region has to be stable anew, and then the first rest is over; the second one lasts twice as long.
    await bench.see(40);
    expect(bench.aurora.calls).toHaveLength(3);
    await bench.see(45);
    expect(bench.aurora.calls).toHaveLength(3);
    expect(bench.condition('Progressing')).toBe('False FailbackResting');
    await bench.see(20);
    expect(bench.aurora.calls).toHaveLength(4);
  });

  it('given an ambiguous answer, when suspended meanwhile, then it is not called again', async () => {
    const bench = await away();
    bench.aurora.refuse = () => awsError(SILENT);
    await play(bench, 60, () => bench.aurora.calls.length > 1);
    bench.api.edit('payments/orders', (policy) => {
      policy.spec = { ...policy.spec, suspend: true };
    });
    await bench.see(12);
    expect(bench.aurora.calls).toHaveLength(2);
    expect(bench.status.history?.[0]).toMatchObject({ outcome: 'Cancelled', reason: 'NoLongerNeeded' });
  });
});

/** Where a process can die in a drill by switchover. */
const POINTS = [
  'status Accepted',
  'call',
  'publish fenced',
  'status Requested',
  'status Promoting',
  'status Promoted',
  `publish ${WEST}`,
  `publish ${EAST}`,
  'status Published',
  'status none',
];

describe('a drill by switchover', () => {
  it('given a request, when all is well, then the writer goes there and comes home, as one drill', async () => {
    const bench = await Bench.protected();
    bench.annotate({ drill: 'Switchover' });
    await bench.settle();
    expect(bench.status.lastRequest).toMatchObject({ action: 'drill', result: 'Accepted' });
    expect(bench.status.drill).toMatchObject({ home: EAST, away: WEST, leg: 'There' });
    expect(bench.status.operation).toMatchObject({
      type: 'Switchover',
      trigger: 'Drill',
      id: bench.status.drill?.operationId,
    });
    await play(bench, 40, () => bench.status.lastDrill !== undefined);

    expect(bench.aurora.effects).toEqual([THERE, HOME]);
    expect(bench.status.drill).toBeUndefined();
    const { thereMilliseconds = 0, backMilliseconds = 0, ...last } = bench.status.lastDrill ?? ({} as never);
    expect(last).toMatchObject({ mode: 'Switchover', result: 'Succeeded', from: EAST, to: WEST });
    expect(last.lastSucceededAt).toBe(last.completedAt);
    expect(Math.min(thereMilliseconds, backMilliseconds)).toBeGreaterThan(0);
    expect(outcomes(bench)).toEqual([`Drill Switchover ${EAST} Succeeded`, `Drill Switchover ${WEST} Succeeded`]);
    expect(bench.eventReasons()).toEqual(expect.arrayContaining(['DrillStarted', 'DrillSucceeded']));
    expect(bench.notifications.map(({ kind }) => kind)).toContain('DrillCompleted');
    // Nothing was lost, and nothing rests: the writer is protected as soon as its signals vote and its lag is known.
    expect(bench.status.cooldownUntil).toBeUndefined();
    await bench.see(15);
    expect(bench.status.phase).toBe('Protected');
    expect(bench.errors).toEqual([]);
  });

  it.each(
    POINTS.flatMap((point) =>
      ['before', 'after'].flatMap((when) => [1, 2, 3].map((nth) => [point, when, nth] as const)),
    ),
  )(
    'given a process that dies at "%s", %s it, the %d. time, when the next one goes on, then each leg takes effect once',
    async (point, when, nth) => {
      const bench = await Bench.protected();
      bench.annotate({ drill: 'Switchover' });
      let seen = 0;
      bench.probe = (what, at) => {
        if (what === point && at === when && ++seen === nth) throw new Crash('killed');
      };
      await bench.settle();
      await play(bench, 15);
      bench.restart();
      await play(bench, 60, () => bench.status.lastDrill !== undefined);

      expect(bench.aurora.effects).toEqual([THERE, HOME]);
      expect(bench.status.lastDrill).toMatchObject({ result: 'Succeeded' });
      expect(bench.status.operation).toBeUndefined();
      expect(bench.published.at(-1)).toBe(EAST);
    },
  );

  it('given a loss while the writer is away, when it is confirmed, then it is failed over, and the drill has failed', async () => {
    const bench = await Bench.protected();
    bench.annotate({ drill: 'Switchover' });
    await bench.settle();
    // The home region is being worked on: the writer cannot come home yet.
    await play(bench, 20, () => bench.status.drill?.leg === 'Away');
    await bench.see(15, { regions: { [EAST]: { status: 'backing-up' } } });
    expect(bench.condition('Progressing')).toBe('False DrillReturnWaiting');
    expect(bench.status.cooldownUntil).toBeUndefined();
    expect(bench.aurora.effects).toEqual([THERE]);

    const lost = { regions: { [WEST]: { rds: { kind: 'noAnswer', cause: 'refused', message: 'refused' } as const } } };
    const silent = { kind: 'noAnswer', cause: 'refused', message: 'refused' } as const;
    await bench.see(4, { ...lost, endpoint: silent, witness: 503 });
    expect(bench.aurora.effects).toEqual([THERE, `failover ${EAST}`]);
    bench.aurora.promote();
    await play(bench, 20, () => bench.status.lastDrill !== undefined);
    expect(bench.status.lastDrill).toMatchObject({ result: 'Failed', reason: 'Interrupted' });
    expect(message(bench, 'FailoverReady')).toContain('the last drill (Switchover, ');
  });

  it('given a home that stays unfit, when the time is over, then it fails loudly, and the writer stays protected', async () => {
    const bench = await Bench.protected();
    bench.annotate({ drill: 'Switchover' });
    await bench.settle();
    await play(bench, 20, () => bench.status.drill?.leg === 'Away');
    await bench.see(365, { lag: { [EAST]: { lags: [5000, 5000, 5000], until: 100 * MINUTE } } });

    expect(bench.status.lastDrill).toMatchObject({ result: 'Failed', reason: 'NotReturned' });
    expect(bench.status.drill).toBeUndefined();
    expect(bench.eventReasons()).toContain('DrillFailed');
    expect(bench.notifications.map(({ kind }) => kind)).toContain('DrillFailed');
    expect(bench.aurora.effects).toEqual([THERE]);
    expect(message(bench, 'FailoverReady')).toContain(`the writer stays in ${WEST}`);
  });

  it.each(['There', 'Back'] as const)(
    'given AWS takes longer than failover.timeout on leg %s, when it comes to its end, then the drill goes on from there',
    async (leg) => {
      const failover = { ...aSpec().failover, timeout: '1m', cooldown: '1m' };
      const bench = await Bench.protected({ failover });
      bench.annotate({ drill: 'Switchover' });
      await bench.settle();
      if (leg === 'Back') {
        await play(bench, 60, () => bench.status.drill?.leg === 'Back');
      }
      const calls = bench.aurora.calls.length;
      await bench.see(12);
      expect(bench.status.history?.[0]).toMatchObject({ trigger: 'Drill', outcome: 'TimedOut' });
      expect(bench.status.drill).toMatchObject({ leg });
      expect(bench.status.lastDrill).toBeUndefined();
      expect(bench.aurora.calls).toHaveLength(calls);
      bench.aurora.promote();
      await play(bench, 60, () => bench.status.lastDrill !== undefined);

      expect(bench.aurora.effects).toEqual([THERE, HOME]);
      expect(bench.status.lastDrill).toMatchObject({ result: 'Succeeded' });
      expect(bench.published.at(-1)).toBe(EAST);
      expect(bench.errors).toEqual([]);
    },
  );

  it('given a return that AWS cancels, when it rests, then it is tried again, three times at most', async () => {
    const bench = await Bench.protected();
    bench.annotate({ drill: 'Switchover' });
    await bench.settle();
    await play(bench, 20, () => bench.status.drill?.leg === 'Away');
    bench.aurora.refuse = () => awsError(REFUSED);
    await bench.see(60);
    expect(bench.aurora.calls).toEqual([THERE, HOME, HOME, HOME]);
    expect(bench.status.lastDrill).toMatchObject({ result: 'Failed', reason: 'NotReturned' });
  });

  it.each<[string, Record<string, string>, Partial<DisasterRecoveryPolicySpec>, string]>([
    ['a suspended policy', { drill: 'Switchover' }, { suspend: true }, 'Suspended'],
    ['a policy without votes', { drill: 'Switchover' }, {}, 'NotReady'],
  ])(
    'given %s, when a drill is asked for, then it is refused with the reason',
    async (what, annotations, spec, reason) => {
      const bench = new Bench(spec);
      await bench.settle();
      await bench.see(what === 'a policy without votes' ? 1 : 18);
      bench.annotate(annotations);
      await bench.settle();
      expect(bench.status.lastRequest).toMatchObject({ action: 'drill', result: 'Refused', reason });
      expect(bench.aurora.calls).toEqual([]);
      expect(bench.policy.metadata.annotations).toEqual({});
    },
  );

  it('given a drill under way, when another one is asked for, then it is refused', async () => {
    const bench = await Bench.protected();
    bench.annotate({ drill: 'Switchover' });
    await bench.settle();
    bench.annotate({ drill: 'Switchover' });
    await bench.settle();
    expect(bench.status.lastRequest).toMatchObject({ result: 'Refused', reason: 'OperationInFlight' });
  });
});

describe('a drill that calls nothing', () => {
  it('given a request, when all is well, then what was found goes to history, an event and the newest drill', async () => {
    const bench = await Bench.protected();
    bench.annotate({ drill: 'Simulate' });
    await bench.settle();
    expect(bench.status.lastRequest).toMatchObject({ action: 'drill', result: 'Accepted', annotationsRemoved: true });
    expect(bench.status.lastDrill).toMatchObject({ mode: 'Simulate', result: 'Succeeded', from: EAST, to: WEST });
    expect(bench.status.history?.[0]).toMatchObject({
      type: 'Simulation',
      trigger: 'Drill',
      outcome: 'Succeeded',
      to: WEST,
    });
    expect(bench.eventReasons()).toContain('DrillSucceeded');
    expect(bench.eventReasons()).not.toContain('SimulationCompleted');
    expect(bench.aurora.calls).toEqual([]);
    await bench.see(3);
    expect(bench.status).toMatchObject({ primaryRegion: EAST, phase: 'Protected' });
  });

  it('given a simulation every day, when history is read, then the newest stands for all and role changes stay', async () => {
    const bench = await Bench.protected();
    bench.annotate({ 'force-failover': WEST });
    await bench.see(9);
    bench.aurora.promote();
    await bench.see(20);
    for (let day = 0; day < 3; day += 1) {
      bench.annotate({ drill: 'Simulate' });
      await bench.see();
    }
    expect(bench.status.history?.map(({ type }) => type)).toEqual(['Simulation', 'Switchover']);
  });

  it('given a target that is not fit, when asked, then the drill has failed, and FailoverReady says so', async () => {
    const bench = await Bench.protected();
    await bench.see(1, { regions: { [WEST]: { status: 'modifying' } } });
    bench.annotate({ drill: 'Simulate' });
    await bench.settle();
    expect(bench.status.lastRequest).toMatchObject({ result: 'Refused', reason: 'NotReady' });
    expect(bench.status.lastDrill).toMatchObject({ result: 'Failed', reason: 'NotReady' });
    await bench.see(3);
    expect(bench.condition('FailoverReady')).toMatch(/^True/);
    expect(message(bench, 'FailoverReady')).toContain('the last drill (Simulate, ');
  });
});

describe('scheduled drills', () => {
  it.each(['Simulate', 'Switchover'] as const)(
    'given a schedule of %s, when it is due, then it is made once',
    async (mode) => {
      const bench = await Bench.protected(drillSpec(mode, AT_TEN));
      expect(bench.status.nextDrill).toEqual({ at: '2026-01-01T00:10:00.000Z', schedule: `${AT_TEN} UTC` });
      await play(bench, 120);
      expect(bench.status.lastDrill).toMatchObject({
        mode,
        result: 'Succeeded',
        scheduledFor: '2026-01-01T00:10:00.000Z',
      });
      expect(bench.status.nextDrill?.at).toBe('2026-01-02T00:10:00.000Z');
      expect(bench.aurora.effects).toEqual(mode === 'Switchover' ? [THERE, HOME] : []);
      expect(bench.eventReasons().filter((reason) => reason === 'DrillSucceeded')).toHaveLength(1);
    },
  );

  it('given a suspended policy, when it is due, then it waits, is missed after an hour, and the next one is planned', async () => {
    const bench = await Bench.protected({ ...drillSpec('Switchover', AT_TEN), suspend: true });
    await bench.see(60);
    expect(bench.status.lastDrill).toBeUndefined();
    expect(message(bench, 'FailoverReady')).toContain(
      'the drill of 2026-01-01T00:10:00.000Z is due and has not started yet',
    );
    await bench.see(360);
    expect(bench.status.lastDrill).toMatchObject({
      result: 'Missed',
      message: expect.stringContaining('spec.suspend is true'),
    });
    expect(bench.eventReasons()).toContain('DrillMissed');
    expect(bench.status.nextDrill?.at).toBe('2026-01-02T00:10:00.000Z');
    expect(bench.aurora.calls).toEqual([]);
  });

  it('given an operator that was not there, when it is back, then the drill is missed and not made at a wrong time', async () => {
    const bench = await Bench.protected(drillSpec('Switchover', AT_TEN));
    await bench.pass(2 * 60 * MINUTE);
    bench.restart();
    await bench.see(3);
    expect(bench.status.lastDrill).toMatchObject({ result: 'Missed' });
    expect(bench.aurora.calls).toEqual([]);
  });

  it('given a loss that lasts for longer, when it is over, then the drill is missed and nobody says that no operator was there', async () => {
    const failover = { ...aSpec().failover, mode: 'Manual' as const };
    const bench = await Bench.protected({ ...drillSpec('Simulate', AT_TEN), failover });
    bench.aurora.lose(bench.now);
    await play(bench, 90);
    expect(message(bench, 'FailoverReady')).toContain('is due and has not started yet');
    await bench.pass(60 * MINUTE);
    await bench.see(3);
    expect(bench.status.lastDrill).toBeUndefined();
    bench.aurora.heal();
    await bench.see(3);
    expect(bench.status.lastDrill).toMatchObject({
      result: 'Missed',
      message: expect.stringContaining('a loss or another role change was in the way until now'),
    });
  });

  it('given a schedule that got past the schema, when read, then Ready says so and everything else goes on', async () => {
    const bench = await Bench.protected(drillSpec('Simulate', '0 0 30 2 *'));
    expect(bench.condition('Ready')).toBe('False InvalidSchedule');
    expect(message(bench, 'Ready')).toContain('drill: "0 0 30 2 *" names a day that never comes');
    expect(bench.condition('FailoverReady')).toMatch(/^True/);
    bench.aurora.lose(bench.now);
    await bench.see(4);
    expect(bench.aurora.effects).toEqual([`failover ${WEST}`]);
  });

  it('given an interval between rounds, when nothing is due, then nothing is written', async () => {
    const bench = await Bench.protected(drillSpec('Simulate', AT_TEN));
    const before = bench.statusWrites();
    await bench.see(6);
    expect(bench.statusWrites()).toBe(before);
    expect(bench.now).toBeLessThan(10 * MINUTE + SECOND);
  });
});
