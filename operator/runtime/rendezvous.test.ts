import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { shardOrders } from './rendezvous.ts';

const members = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 });
const shards = fc.integer({ min: 2, max: 64 });
const ownersOf = (count: number, among: readonly string[]): readonly (string | undefined)[] =>
  shardOrders(count, among).map(([first]) => first);

describe('shardOrders', () => {
  it('given no members, then nobody is to own a shard', () => {
    expect(shardOrders(3, [])).toEqual([[], [], []]);
  });

  it('given members in any order, named once or twice, then the orders are the same, and each holds every member once', () => {
    fc.assert(
      fc.property(shards, members, (count, all) => {
        const orders = shardOrders(count, all);

        expect(shardOrders(count, [...all, ...all].toReversed())).toEqual(orders);
        expect(orders).toHaveLength(count);
        for (const order of orders) expect(order.toSorted()).toEqual(all.toSorted());
      }),
      { numRuns: 50 },
    );
  });

  it('given any members, then none is to own more than its even part, rounded up', () => {
    fc.assert(
      fc.property(shards, members, (count, all) => {
        const owners = ownersOf(count, all);
        for (const member of all) {
          const own = owners.filter((owner) => owner === member).length;
          expect(own).toBeLessThanOrEqual(Math.ceil(count / all.length));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('given members that come and go, then little more moves than has to', () => {
    const [count, rounds] = [48, 40];
    let moved = 0;
    let least = 0;
    for (let round = 0; round < rounds; round += 1) {
      const all = Array.from({ length: 3 + (round % 4) }, (_, index) => `operator-${round}-${index}`);
      const [before, after] = [ownersOf(count, all.slice(1)), ownersOf(count, all)];
      moved += before.filter((owner, shard) => owner !== after[shard]).length;
      // What the one that comes is to own, and what the one that goes has owned.
      least += after.filter((owner) => owner === all[0]).length;
    }
    expect(moved).toBeGreaterThanOrEqual(least);
    expect(moved / least).toBeLessThan(1.4);
  });
});
