import { describe, expect, it } from '@jest/globals';
import { awsError, BUSY, THROTTLED } from './testing/fake-aurora.ts';
import { Fleet } from './testing/fleet.ts';

const prioritiesOf = (count: number): number[] => Array.from({ length: count }, (_, index) => (index * 389) % 1_001);

describe('a region that many policies lose at once', () => {
  it('given 300 policies and fewer calls than that, then each is called once, at the rate that is set, the most important of those that wait first', async () => {
    const roleChanges = { perSecond: 5, burst: 10 };
    const fleet = new Fleet({ priorities: prioritiesOf(300), settings: { roleChanges } });
    await fleet.settle();
    fleet.lose();
    await fleet.see(10);
    const { calls } = fleet;
    expect(calls).toHaveLength(300);
    expect(new Set(calls.map(({ policy }) => policy)).size).toBe(300);
    expect(fleet.errors).toEqual([]);
    for (const [index, { at }] of calls.entries()) {
      const first = calls.findIndex((call) => call.at > at - 1_000);
      expect(index - first + 1).toBeLessThanOrEqual(roleChanges.burst + roleChanges.perSecond + 1);
    }
    // Within the detection window of 43 s and the time that their number takes at this rate.
    expect(calls.at(-1)?.at).toBeLessThanOrEqual(43_000 + (300 / roleChanges.perSecond) * 1_000);
    // Once all losses are confirmed, everybody who waits is known: from there on the order is strict.
    const late = calls.filter(({ at }) => at > 42_000).map(({ priority }) => priority);
    expect(late.length).toBeGreaterThan(100);
    expect(late).toEqual(late.toSorted((a, b) => b - a));
    // Before that, the important ones have hardly waited: of the upper tenth none came later than its confirmation and a bit.
    const important = calls.filter(({ priority }) => priority > 900).map(({ at }) => at);
    expect(Math.max(...important)).toBeLessThanOrEqual(43_000);
    expect(await fleet.stop()).toBe(0);
    expect(fleet.clock.pendingTimers).toBe(0);
  }, 120_000);

  it('given policies whose calls AWS declines for ever, more than the rate has room for, then all others are called, and these go on trying', async () => {
    const stuck = Array.from({ length: 12 }, (_, index) => `payments/lost-${index}`);
    const fleet = new Fleet({
      priorities: Array.from({ length: 60 }, (_, index) => (index < stuck.length ? 1_000 : 0)),
      settings: { roleChanges: { perSecond: 1, burst: 1 } },
      refuse: (policy) => (stuck.includes(policy) ? awsError(BUSY) : undefined),
    });
    await fleet.settle();
    fleet.lose();
    await fleet.see(15);
    const { calls } = fleet;
    expect(new Set(calls.map(({ policy }) => policy)).size).toBe(60);
    expect(calls.filter(({ policy }) => !stuck.includes(policy))).toHaveLength(48);
    for (const key of stuck) expect(calls.filter(({ policy }) => policy === key).length).toBeGreaterThanOrEqual(3);
    expect(fleet.errors).toEqual([]);
    expect(await fleet.stop()).toBe(0);
  }, 120_000);

  it('given a call that was only throttled, then it does not wait behind those that AWS declines', async () => {
    const throttled = 'payments/lost-12';
    let isThrottled = true;
    const fleet = new Fleet({
      priorities: Array.from({ length: 60 }, (_, index) => (index < 12 ? 1_000 : index === 12 ? 500 : 0)),
      settings: { roleChanges: { perSecond: 1, burst: 1 } },
      refuse: (policy) => {
        if (policy === throttled && isThrottled) {
          isThrottled = false;
          return awsError(THROTTLED);
        }
        return Number(policy.split('-')[1]) < 12 ? awsError(BUSY) : undefined;
      },
    });
    await fleet.settle();
    fleet.lose();
    await fleet.see(10);
    const policies = fleet.calls.map(({ policy }) => policy);
    const [first = NaN, second = NaN] = policies.flatMap((policy, index) => (policy === throttled ? [index] : []));
    expect(policies.length).toBeGreaterThan(second);
    // A turn or two pass before it asks again.
    expect(second - first).toBeLessThanOrEqual(4);
    await fleet.stop();
  }, 120_000);

  it('given a priority that a person raises between two rounds, then it counts at once', async () => {
    const fleet = new Fleet({
      priorities: [1, 1, 1, 1, 1],
      settings: { roleChanges: { perSecond: 1 / 15, burst: 1 } },
    });
    await fleet.settle();
    fleet.lose();
    await fleet.see(3);
    expect(fleet.calls.map(({ policy }) => policy)).toEqual(['payments/lost-0']);
    // The last whose loss was noticed.
    fleet.prioritize('payments/lost-1', 2);
    await fleet.clock.advance(6_000);
    expect(fleet.calls.map(({ policy }) => policy)).toEqual(['payments/lost-0', 'payments/lost-1']);
    await fleet.stop();
  });

  it('given AWS that hangs for 400 policies, then those of another region go on being reconciled, and a stop waits for nobody in vain', async () => {
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const fleet = new Fleet({
      priorities: prioritiesOf(400),
      calm: 5,
      settings: { roleChanges: { perSecond: 1_000, burst: 1_000 } },
      answer: () => answered,
    });
    await fleet.settle();
    fleet.lose();
    await fleet.see(4);
    expect(fleet.controller.running).toBe(400);
    expect(fleet.controller.activeWorkers).toBe(0);
    const before = fleet.reconciled.get('payments/calm-3') ?? 0;
    await fleet.see(2);
    expect(fleet.reconciled.get('payments/calm-3')).toBeGreaterThanOrEqual(before + 2);
    expect(fleet.calls).toEqual([]);
    answer();
    await fleet.see(1);
    expect(fleet.calls).toHaveLength(400);
    expect(fleet.controller.running).toBe(0);
    expect(fleet.errors).toEqual([]);
    expect(await fleet.stop()).toBe(0);
  }, 120_000);
});
