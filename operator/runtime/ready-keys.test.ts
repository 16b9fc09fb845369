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

  take(): { key: string; since: number } | undefined {
    if (this.#waiting.length === 0) return undefined;
    this.#takes += 1;
    const [first] =
      this.#takes % 4 === 0
        ? this.#waiting.toSorted((a, b) => a.age - b.age)
        : this.#waiting.toSorted((a, b) => compare(a.order, b.order) || a.arrival - b.arrival);
    this.#waiting = this.#waiting.filter((one) => one !== first);
    return first && { key: first.key, since: first.since };
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

  it('given a key that waits, when it matters more, then it moves forward, and never back', () => {
    const ready = new ReadyKeys<string>();
    ready.add('a', at(1), 0);
    ready.add('b', at(0), 5);
    ready.raise('b', at(2));
    ready.raise('b', at(0));
    ready.raise('absent', at(2));
    expect(ready.size).toBe(2);
    expect(ready.take()).toEqual({ key: 'b', since: 5 });
  });

  it('given any sequence of adds, raises and takes, then it does what looking through all keys would do', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
    const order = fc.record({ urgency: fc.nat(2), priority: fc.nat(2) });
    const step = fc.oneof(fc.record({ key, order }), fc.constant('take' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const ready = new ReadyKeys<string>();
        const naive = new NaiveKeys();
        for (const [time, one] of steps.entries()) {
          if (one === 'take') {
            expect(ready.take()).toEqual(naive.take());
          } else if (naive.has(one.key)) {
            ready.raise(one.key, one.order);
            naive.raise(one.key, one.order);
          } else {
            expect(ready.has(one.key)).toBe(false);
            ready.add(one.key, one.order, time);
            naive.add(one.key, one.order, time);
          }
        }
        for (let left = naive.take(); left !== undefined; left = naive.take()) expect(ready.take()).toEqual(left);
        expect(ready.take()).toBeUndefined();
        expect(ready.size).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});
