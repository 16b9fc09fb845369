import { describe, expect, it } from '@jest/globals';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { RoleChangeBudget, type DueCall, type RoleChangeLimits } from './role-change-budget.ts';
import { anOperation } from './testing/an-operation.ts';

interface Setup {
  readonly clock: ManualClock;
  readonly budget: RoleChangeBudget;
  readonly turns: string[];
  readonly logged: string[];
}

function setUp(limits: RoleChangeLimits): Setup {
  const clock = new ManualClock();
  const turns: string[] = [];
  const logged: string[] = [];
  const log = ({ region, action, rush }: { region?: string; action?: string; rush?: unknown }): void => {
    logged.push([region, action, JSON.stringify(rush)].join(' '));
  };
  const logger = { warn: log, info: log } as never;
  const budget = new RoleChangeBudget({ limits, clock, logger, onTurn: (key) => turns.push(key) });
  return { clock, budget, turns, logged };
}

const due = (key: string, props: Partial<DueCall> = {}): DueCall => ({
  key,
  account: {},
  operation: anOperation(),
  priority: 0,
  since: 0,
  isRegistered: false,
  isDeclined: false,
  claimMilliseconds: 3_000,
  ...props,
});

/** In what order the calls get their turns after another one took the only token. */
async function orderOf(calls: readonly DueCall[]): Promise<string[]> {
  const { clock, budget, turns } = setUp({ perSecond: 1, burst: 1 });
  budget.ask(due('first'));
  for (const call of calls) expect(budget.ask(call)).toBeUndefined();
  for (const _ of calls) {
    await clock.advance(1_000);
    const key = turns.at(-1);
    const call = calls.find((each) => each.key === key);
    expect(call !== undefined && budget.hasTurn(call.key) && budget.ask(call) !== undefined).toBe(true);
  }
  budget.close();
  return turns;
}

const automatic = anOperation();
const requested = anOperation({ trigger: 'Annotation' });

describe('RoleChangeBudget', () => {
  it('given tokens, then a call has its turn at once, and nothing is said', async () => {
    const { clock, budget, turns, logged } = setUp({ perSecond: 1, burst: 3 });
    for (const key of ['a', 'b', 'c']) expect(budget.ask(due(key))).toBeDefined();
    expect(budget.ask(due('d'))).toBeUndefined();
    budget.leave('d');
    await clock.advance(60_000);
    expect(turns).toEqual([]);
    expect(logged).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given calls of another account, region or action, then they have tokens of their own', () => {
    const { budget } = setUp({ perSecond: 1, burst: 1 });
    const switchover = anOperation({ type: 'Switchover', from: EAST, to: WEST });
    const others: Partial<DueCall>[] = [
      {},
      { account: { roleArn: 'arn:aws:iam::1:role/dr' } },
      { operation: anOperation({ to: 'eu-west-1' }) },
      { operation: switchover },
      // A switchover is asked of the primary's region.
      { operation: { ...switchover, from: WEST, to: EAST } },
    ];
    for (const [index, props] of others.entries()) expect(budget.ask(due(`${index}`, props))).toBeDefined();
    for (const [index, props] of others.entries()) expect(budget.ask(due(`late ${index}`, props))).toBeUndefined();
    expect(budget.figures.map(({ region, action, waiting }) => [region, action, waiting])).toEqual([
      [WEST, 'FailoverGlobalCluster', 1],
      [WEST, 'FailoverGlobalCluster', 1],
      ['eu-west-1', 'FailoverGlobalCluster', 1],
      [EAST, 'SwitchoverGlobalCluster', 1],
      [WEST, 'SwitchoverGlobalCluster', 1],
    ]);
    budget.close();
    expect(budget.figures).toEqual([]);
  });

  it('given calls that wait, then the higher priority goes first, and of the same whose reason is the older', async () => {
    const calls = [
      due('late', { priority: 5, since: 300 }),
      due('low', { priority: 4, since: 1 }),
      due('early', { priority: 5, since: 200 }),
      due('high', { priority: 1000, since: 900 }),
    ];
    expect(await orderOf(calls)).toEqual(['high', 'early', 'late', 'low']);
  });

  it('given the same priority, then what a person asked for and what is on record already go first; a higher one goes before', async () => {
    const calls = [
      due('automatic', { operation: automatic, priority: 5, since: 1 }),
      due('requested', { operation: requested, priority: 5, since: 2 }),
      due('on record', { operation: automatic, isRegistered: true, priority: 5, since: 3 }),
      due('automatic, higher', { operation: automatic, priority: 6, since: 4 }),
    ];
    expect(await orderOf(calls)).toEqual(['automatic, higher', 'requested', 'on record', 'automatic']);
  });

  it('given what the operator plans by itself, then it comes last, whatever its priority', async () => {
    const planned = { ...anOperation({ trigger: 'Drill' }), automatic: true };
    const calls = [due('planned', { operation: planned, priority: 1000 }), due('lost')];
    expect(await orderOf(calls)).toEqual(['lost', 'planned']);
  });

  it('given a policy that waits, when another call of it is due instead, then it gives up the first place', () => {
    const { budget } = setUp({ perSecond: 1, burst: 1 });
    const switchover = anOperation({ type: 'Switchover', from: EAST });
    budget.ask(due('x'));
    budget.ask(due('y', { operation: switchover }));
    budget.ask(due('a'));
    budget.ask(due('a', { operation: switchover }));
    expect(budget.figures.map(({ waiting }) => waiting)).toEqual([0, 1]);
    budget.leave('a');
    budget.leave('a');
    expect(budget.figures.map(({ waiting }) => waiting)).toEqual([0, 0]);
    budget.close();
  });

  it('given 45 of 1000 policies that AWS declines at every call, of the highest priority, then the others are called all the same, and each of the 45 again and again', async () => {
    const { clock, budget, turns } = setUp({ perSecond: 5, burst: 1 });
    const isStuck = (key: string): boolean => Number(key) < 45;
    const dueOf = (key: string, isRepeated: boolean): DueCall =>
      due(key, { priority: isStuck(key) ? 1000 : 0, isRegistered: isRepeated, isDeclined: isRepeated });
    const calls = new Map<string, number>();
    const ask = (key: string): void => {
      if (budget.ask(dueOf(key, calls.has(key))) === undefined) return;
      calls.set(key, (calls.get(key) ?? 0) + 1);
      if (isStuck(key)) clock.setTimeout(() => ask(key), 5_000);
    };
    for (let key = 0; key < 1000; key += 1) ask(`${key}`);
    // First tries: 1000 at 5 per second, of which the retries take a quarter.
    while (clock.monotonic() < (1000 / 5) * (4 / 3) * 1000 + 1_000) {
      const before = turns.length;
      await clock.advance(100);
      for (const key of turns.slice(before)) ask(key);
    }
    expect(calls.size).toBe(1000);
    const tries = Array.from(calls).flatMap(([key, count]) => (isStuck(key) ? [count] : []));
    expect(Math.min(...tries)).toBeGreaterThanOrEqual(6);
    expect(Math.max(...tries) - Math.min(...tries)).toBeLessThanOrEqual(1);
    budget.close();
  });

  it('given many that wait, then one line tells that it begins, and one how it went', async () => {
    const { clock, budget, turns, logged } = setUp({ perSecond: 10, burst: 1 });
    budget.ask(due('first'));
    for (let count = 0; count < 50; count += 1) budget.ask(due(`${count}`));
    while (turns.length < 50) {
      await clock.advance(100);
      budget.ask(due(turns.at(-1) ?? ''));
    }
    await clock.advance(60_000);
    expect(logged).toEqual([
      `${WEST} FailoverGlobalCluster {"perSecond":10}`,
      `${WEST} FailoverGlobalCluster {"policies":50,"mostAtOnce":50,"milliseconds":10000}`,
    ]);
  });
});
