import { describe, expect, it } from '@jest/globals';
import { StallableClock } from './testing/stallable-clock.ts';
import { Turns } from '../runtime/turns.ts';
import { Schedule, type Tick } from './schedule.ts';

function setUp(random = 0.123) {
  const clock = new StallableClock();
  const ticks: (Tick & { key: string })[] = [];
  const onTick = (key: string, tick: Tick): void => void ticks.push({ key, ...tick });
  const schedule = new Schedule({ clock, random: () => random, onTick });
  const of = (key: string): number[] => ticks.filter((tick) => tick.key === key).map(({ startedAt }) => startedAt);
  return { clock, schedule, ticks, of };
}

describe('Schedule', () => {
  it('lets longer intervals coincide with shorter ones, whenever they were added', async () => {
    const { clock, schedule, of } = setUp();
    schedule.set('fast', 10_000);
    await clock.advance(12_345);
    schedule.set('slow', 30_000);
    await clock.advance(300_000);
    expect(of('slow').length).toBe(10);
    for (const at of of('slow')) expect(of('fast')).toContain(at);
  });

  it('starts accounts at different moments', async () => {
    const [one, other] = [setUp(0.1234), setUp(0.5678)];
    for (const { clock, schedule } of [one, other]) {
      schedule.set('key', 10_000);
      await clock.advance(10_000);
    }
    expect(one.of('key')).toHaveLength(1);
    expect(one.of('key')).not.toEqual(other.of('key'));
  });

  it('does not drift, and does not make up for ticks that were missed', async () => {
    const { clock, schedule, ticks } = setUp(0);
    schedule.set('key', 1000);
    await clock.advance(2000);
    clock.stall(3500);
    await clock.advance(3000);
    const starts = ticks.map(({ startedAt }) => startedAt);
    expect(starts).toEqual([1000, 2000, 6500, 7000, 8000]);
    expect(ticks.map(({ lateMilliseconds }) => lateMilliseconds)).toEqual([0, 0, 3500, 0, 0]);
  });

  it('leaves nothing behind', async () => {
    const { clock, schedule, ticks } = setUp();
    schedule.set('a', 1000);
    schedule.set('b', 2000);
    schedule.set('a', 3000);
    schedule.delete('b');
    schedule.delete('unknown');
    expect(schedule.isEmpty).toBe(false);
    schedule.close();
    expect(schedule.isEmpty).toBe(true);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(10_000);
    expect(ticks).toEqual([]);
  });

  it('given priorities, then of those that tick together the higher ones start first, and the others as they came', async () => {
    const { clock, schedule, ticks } = setUp(0);
    for (const [key, priority] of [
      ['a', 0],
      ['b', 7],
      ['c', 0],
      ['d', 1000],
    ] as const)
      schedule.set(key, 1000, priority);
    await clock.advance(1000);
    schedule.set('c', 1000, 8);
    await clock.advance(1000);
    expect(ticks.map(({ key }) => key).join('')).toBe('dbac' + 'dcba');
    schedule.close();
  });
});

describe('Schedule with turns', () => {
  it('given more keys than a turn takes, lets others in between, and all have the time of the tick', async () => {
    const clock = new StallableClock();
    let rounds = 0;
    const next = (): Promise<void> => {
      rounds += 1;
      return Promise.resolve();
    };
    const turns = new Turns({ clock, milliseconds: 5, next });
    const ticks: (Tick & { key: string })[] = [];
    const onTick = (key: string, tick: Tick): void => {
      ticks.push({ key, ...tick });
      if (key === 'a') schedule.delete('c');
      clock.stall(5);
    };
    const schedule = new Schedule({ clock, random: () => 0, onTick, turns });
    for (const key of ['a', 'b', 'c', 'd']) schedule.set(key, 1_000);
    await clock.advance(1_000);
    expect(ticks.map(({ key, startedAt }) => [key, startedAt])).toEqual([
      ['a', 1_000],
      ['b', 1_000],
      ['d', 1_000],
    ]);
    expect(rounds).toBe(3);
  });
});
