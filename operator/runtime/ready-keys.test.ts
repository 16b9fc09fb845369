import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { ReadyKeys, type KeyOrder } from './ready-keys.ts';

const at = (urgency: number, priority = 0): KeyOrder => ({ urgency, priority });

function takeAll(ready: ReadyKeys<string>): string[] {
  const keys: string[] = [];
  for (let taken = ready.take(); taken !== undefined; taken = ready.take()) keys.push(taken.key);
  return keys;
}

/** The same by looking through all of them each time. */
class NaiveKeys {
  #waiting: { key: string; order: KeyOrder; since: number; age: number; arrival: number }[] = [];
  #count = 0;
  #takes = 0;

  add(key: string, order: KeyOrder, since: number): void {
    this.#count += 1;
    this.#waiting.push({ key, order, since, age: this.#count, arrival: this.#count });
  }

  has(key: string): boolean {
    return this.#waiting.some((one) => one.key === key);
  }

  raise(key: string, order: KeyOrder): void {
    for (const one of this.#waiting.filter((each) => each.key === key && compare(order, each.order) < 0)) {
      this.#count += 1;
      Object.assign(one, { order, arrival: this.#count });
    }
  }

  take(least: number): { key: string; since: number; urgency: number } | undefined {
    if (this.#waiting.every(({ order }) => order.urgency < least)) return undefined;
    this.#takes += 1;
    const [oldest] = this.#waiting.toSorted((a, b) => a.age - b.age);
    const [foremost] = this.#waiting.toSorted((a, b) => compare(a.order, b.order) || a.arrival - b.arrival);
    const isOldestTaken = this.#takes % 4 === 0 && (oldest?.order.urgency ?? 0) >= least;
    const taken = isOldestTaken ? oldest : foremost;
    this.#waiting = this.#waiting.filter((one) => one !== taken);
    return taken && { key: taken.key, since: taken.since, urgency: taken.order.urgency };
  }
}

function compare(a: KeyOrder, b: KeyOrder): number {
  return b.urgency - a.urgency || b.priority - a.priority;
}

describe('ReadyKeys', () => {
  it('given keys of one order, then they are taken as they came', () => {
    const ready = new ReadyKeys<string>();
    for (const key of ['a', 'b', 'c', 'd', 'e']) ready.add(key, at(0), 0);
    expect(takeAll(ready)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('given different orders, then urgency comes before priority, and priority before age', () => {
    const ready = new ReadyKeys<string>();
    ready.add('routine, important', at(0, 1000), 0);
    ready.add('urgent', at(2, 1), 0);
    ready.add('urgent, important', at(2, 7), 0);
    expect(takeAll(ready)).toEqual(['urgent, important', 'urgent', 'routine, important']);
  });

  it('given urgent keys without end, then every fourth take goes to the one that has waited longest', () => {
    const ready = new ReadyKeys<string>();
    ready.add('old', at(0), 0);
    ready.add('older than urgent ones', at(0), 1);
    const taken: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      ready.add(`urgent ${count}`, at(2), 2);
      taken.push(ready.take()?.key ?? '');
    }
    expect(taken[3]).toBe('old');
    expect(taken[7]).toBe('older than urgent ones');
  });

  it('given a least urgency, then what is below it stays, however long it has waited', () => {
    const ready = new ReadyKeys<string>();
    ready.add('old', at(0), 0);
    for (let count = 0; count < 5; count += 1) ready.add(`urgent ${count}`, at(2), 1);
    const taken = Array.from({ length: 6 }, () => ready.take(1)?.key);
    expect(taken).toEqual(['urgent 0', 'urgent 1', 'urgent 2', 'urgent 3', 'urgent 4', undefined]);
    expect(ready.take()).toEqual({ key: 'old', since: 0, urgency: 0 });
  });

  it('given a key that waits, when it matters more, then it moves forward, and never back', () => {
    const ready = new ReadyKeys<string>();
    ready.add('a', at(1), 0);
    ready.add('b', at(0), 5);
    ready.raise('b', at(2));
    ready.raise('b', at(0));
    ready.raise('absent', at(2));
    expect(ready.size).toBe(2);
    expect(ready.take()).toEqual({ key: 'b', since: 5, urgency: 2 });
  });

  it('given any sequence of adds, raises and takes, then it does what looking through all keys would do', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
    const order = fc.record({ urgency: fc.nat(2), priority: fc.nat(2) });
    const step = fc.oneof(fc.record({ key, order }), fc.record({ least: fc.nat(2) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const ready = new ReadyKeys<string>();
        const naive = new NaiveKeys();
        for (const [time, one] of steps.entries()) {
          if ('least' in one) {
            expect(ready.take(one.least)).toEqual(naive.take(one.least));
          } else if (naive.has(one.key)) {
            ready.raise(one.key, one.order);
            naive.raise(one.key, one.order);
          } else {
            expect(ready.has(one.key)).toBe(false);
            ready.add(one.key, one.order, time);
            naive.add(one.key, one.order, time);
          }
        }
        for (let left = naive.take(0); left !== undefined; left = naive.take(0)) expect(ready.take()).toEqual(left);
        expect(ready.take()).toBeUndefined();
        expect(ready.size).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});
