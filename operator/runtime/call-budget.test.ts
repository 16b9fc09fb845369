import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { CallBudget, type Permit } from './call-budget.ts';
import { ManualClock } from './manual-clock.ts';

interface Setup {
  readonly clock: ManualClock;
  readonly budget: CallBudget;
  /** Whose turn it became, in order. */
  readonly turns: string[];
}

function setUp(rate: number, burst: number): Setup {
  const clock = new ManualClock();
  const turns: string[] = [];
  const budget = new CallBudget({ clock, rate, burst, onTurn: (key) => turns.push(key) });
  return { clock, budget, turns };
}

/** Takes every token that there is. */
function exhaust({ budget }: Setup): Permit[] {
  const permits: Permit[] = [];
  for (let permit = budget.ask('x', [0]); permit !== undefined; permit = budget.ask('x', [0])) permits.push(permit);
  budget.leave('x');
  return permits;
}

describe('CallBudget', () => {
  it('given free tokens, then each question is granted at once, as many as the burst has, and nobody is told anything', async () => {
    const setup = setUp(5, 3);
    expect(exhaust(setup)).toHaveLength(3);
    await setup.clock.advance(10_000);
    expect(setup.turns).toEqual([]);
    expect(setup.budget.tokens).toBe(3);
    expect(setup.clock.pendingTimers).toBe(0);
  });

  it('given no token, when they come back, then they are kept for those who wait, by standing and then by arrival', async () => {
    const setup = setUp(5, 1);
    const { clock, budget, turns } = setup;
    exhaust(setup);
    expect(budget.ask('last', [0, -1])).toBeUndefined();
    expect(budget.ask('first', [0, -9])).toBeUndefined();
    expect(budget.ask('second', [0, -9])).toBeUndefined();
    expect(budget.ask('planned', [1, -1000])).toBeUndefined();
    expect(budget.waiting).toBe(4);
    for (const key of ['first', 'second', 'last', 'planned']) {
      await clock.advance(199);
      expect(budget.hasTurn(key)).toBe(false);
      await clock.advance(1);
      expect(turns.at(-1)).toBe(key);
      expect(budget.hasTurn(key)).toBe(true);
      expect(budget.ask('newcomer', [2])).toBeUndefined();
      expect(budget.ask(key, [0])).toBeDefined();
    }
    budget.leave('newcomer');
    expect(clock.pendingTimers).toBe(0);
  });

  it('given a place, when asked again, then it is kept; with another standing it moves', async () => {
    const setup = setUp(1, 1);
    const { clock, budget, turns } = setup;
    exhaust(setup);
    for (const key of ['a', 'b', 'c', 'a', 'b']) budget.ask(key, [5]);
    budget.ask('c', [4]);
    expect(budget.waiting).toBe(3);
    for (let count = 0; count < 3; count += 1) {
      await clock.advance(1_000);
      expect(budget.ask(turns.at(-1) ?? '', [5])).toBeDefined();
    }
    expect(turns).toEqual(['c', 'a', 'b']);
  });

  it('given a place, when it is moved, then nothing else changes: no token is taken, and a stranger gets no place', async () => {
    const setup = setUp(1, 1);
    const { clock, budget, turns } = setup;
    exhaust(setup);
    budget.ask('a', [5]);
    budget.ask('b', [6]);
    budget.move('b', [4]);
    budget.move('stranger', [0]);
    expect(budget.waiting).toBe(2);
    await clock.advance(1_000);
    expect(turns).toEqual(['b']);
    budget.close();
  });

  it('given a turn that nobody claims, then the token goes to the next after a while, and whoever comes late waits anew', async () => {
    const setup = setUp(0.001, 1);
    const { clock, budget, turns } = setup;
    exhaust(setup);
    budget.ask('dead', [0]);
    budget.ask('next', [1]);
    await clock.advance(1_000_000);
    expect(turns).toEqual(['dead']);
    await clock.advance(2_999);
    expect(turns).toEqual(['dead']);
    await clock.advance(1);
    expect(turns).toEqual(['dead', 'next']);
    expect(budget.ask('dead', [0])).toBeUndefined();
    expect(budget.ask('next', [1])).toBeDefined();
  });

  it('given a turn or a place that is given up, then the next one has it at once', async () => {
    const setup = setUp(1, 1);
    const { clock, budget, turns } = setup;
    exhaust(setup);
    for (const key of ['a', 'b', 'c']) budget.ask(key, [0]);
    budget.leave('b');
    await clock.advance(1_000);
    budget.leave('a');
    budget.leave('stranger');
    expect(turns).toEqual(['a', 'c']);
    expect(budget.ask('c', [0])).toBeDefined();
    expect(budget.tokens).toBe(0);
  });

  it('given throttling, then the rate falls once for all the calls under way, to a floor, and rises with each call that is taken', async () => {
    const setup = setUp(10, 40);
    const { clock, budget } = setup;
    const permits = exhaust(setup);
    for (const permit of permits) permit.report(true);
    permits[0]?.report(true);
    expect(budget.rate).toBeCloseTo(7);
    const ask = async (isThrottled: boolean): Promise<void> => {
      await clock.advance(1_000);
      budget.ask('a', [0])?.report(isThrottled);
    };
    await ask(true);
    expect(budget.rate).toBeCloseTo(4.9);
    for (let count = 0; count < 20; count += 1) await ask(true);
    expect(budget.rate).toBe(1);
    await ask(false);
    expect(budget.rate).toBe(1.5);
    for (let count = 0; count < 20; count += 1) await ask(false);
    expect(budget.rate).toBe(10);
  });

  it('given throttling, then of what has gathered one token is left', async () => {
    const { clock, budget } = setUp(10, 40);
    const permit = budget.ask('a', [0]);
    expect(budget.tokens).toBe(39);
    permit?.report(true);
    expect(budget.tokens).toBe(1);
    expect(budget.ask('a', [0])).toBeDefined();
    expect(budget.ask('a', [0])).toBeUndefined();
    budget.close();
    await clock.advance(10_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given retries, while others wait, then every fourth token is for the retry that has waited longest, whatever its standing', async () => {
    const setup = setUp(1, 1);
    const { clock, budget, turns } = setup;
    exhaust(setup);
    for (const key of ['r1', 'r2', 'r3']) budget.ask(key, [key === 'r3' ? -9 : 9], { isRetry: true });
    for (const key of ['f', 'a', 'b', 'c', 'd', 'e', 'g']) budget.ask(key, [5]);
    budget.move('r2', [-99]);
    budget.ask('f', [5], { isRetry: true });
    budget.ask('f', [4]);
    expect(budget.waiting).toBe(10);
    for (let count = 0; count < 10; count += 1) {
      await clock.advance(1_000);
      expect(budget.ask(turns.at(-1) ?? '', [5])).toBeDefined();
    }
    expect(turns).toEqual(['f', 'a', 'b', 'r1', 'c', 'd', 'e', 'r2', 'g', 'r3']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given a call that is not made, then what is left of its token goes to the next at once; one that was reported has none', async () => {
    const setup = setUp(0.001, 2);
    const { clock, budget, turns } = setup;
    const [first, second] = exhaust(setup);
    budget.ask('a', [0]);
    first?.giveBack(0.5);
    first?.giveBack(0.5);
    expect(turns).toEqual([]);
    second?.giveBack(0.5);
    expect(turns).toEqual(['a']);
    const permit = budget.ask('a', [0]);
    permit?.report(false);
    permit?.giveBack(1);
    expect(budget.tokens).toBe(0);
    await clock.advance(2_000_000);
    budget.ask('a', [0])?.giveBack(1);
    expect(budget.tokens).toBe(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given its end, then nobody is told anything any more and no timer is left', async () => {
    const setup = setUp(1, 1);
    exhaust(setup);
    setup.budget.ask('a', [0]);
    setup.budget.close();
    expect(setup.budget.ask('b', [0])).toBeUndefined();
    await setup.clock.advance(5_000);
    expect(setup.turns).toEqual([]);
    expect(setup.clock.pendingTimers).toBe(0);
  });

  it('given a rate or a burst that would never let anything through, refuses it', () => {
    expect(() => setUp(0, 1)).toThrow('use a rate above 0');
    expect(() => setUp(1, 0.5)).toThrow('a burst of at least 1');
  });

  it('given any sequence of questions, then it never grants more than its rate, nobody overtakes, and none starves', async () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const step = fc.oneof(
      fc.record({ do: fc.constant('ask' as const), key, priority: fc.nat(2) }),
      fc.record({ do: fc.constant('leave' as const), key }),
      fc.record({ do: fc.constant('advance' as const), by: fc.nat(1_500) }),
      fc.record({ do: fc.constant('throttle' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 3 }), async (steps, burst) => {
        const clock = new ManualClock();
        const standings = new Map<string, number>();
        const budget = new CallBudget({
          clock,
          rate: 2,
          burst,
          onTurn: (turn) => {
            const own = standings.get(turn);
            // Whoever it is, nobody who waits stands before it.
            expect(Math.min(...standings.values())).toBe(own);
            standings.delete(turn);
          },
        });
        let granted = 0;
        let permit: Permit | undefined;
        const ask = (one: string, standing: number): void => {
          const given = budget.ask(one, [standing]);
          if (given === undefined) {
            standings.set(one, standing);
          } else {
            granted += 1;
            permit = given;
            standings.delete(one);
          }
          expect(granted).toBeLessThanOrEqual(burst + (2 * clock.monotonic()) / 1000 + 1e-9);
        };
        for (const one of steps) {
          if (one.do === 'advance') await clock.advance(one.by);
          else if (one.do === 'throttle') permit?.report(true);
          else if (one.do === 'ask') ask(one.key, one.priority);
          else {
            standings.delete(one.key);
            budget.leave(one.key);
          }
          expect(budget.waiting).toBe(standings.size);
        }
        // At the floor a token takes five seconds, and those kept for somebody who never comes three more.
        await clock.advance(20 * 8_000);
        expect(budget.waiting).toBe(0);
        budget.close();
        expect(clock.pendingTimers).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
