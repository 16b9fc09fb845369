import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rendezvousOrder } from './rendezvous.ts';

const members = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 8 });
const shards = Array.from({ length: 64 }, (_, shard) => String(shard));
const firstOf = (shard: string, among: readonly string[]): string | undefined => rendezvousOrder(shard, among)[0];

describe('rendezvousOrder', () => {
  it('given no members, then nobody owns a shard', () => {
    expect(rendezvousOrder('1', [])).toEqual([]);
  });

  it('given members in any order, named once or twice, then the order of owners is the same, and holds each once', () => {
    fc.assert(
      fc.property(members, fc.constantFrom(...shards), (all, shard) => {
        const order = rendezvousOrder(shard, all);

        expect(rendezvousOrder(shard, [...all, ...all].toReversed())).toEqual(order);
        expect(order.toSorted()).toEqual(all.toSorted());
      }),
    );
  });

  it('given a member that leaves, then the order of the others stays: only its own shards move', () => {
    fc.assert(
      fc.property(members, fc.nat(), (all, index) => {
        const leaver = all[index % all.length]!;
        const rest = all.filter((member) => member !== leaver);
        for (const shard of shards) {
          expect(rendezvousOrder(shard, rest)).toEqual(rendezvousOrder(shard, all).filter((one) => one !== leaver));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('given a member that joins, then every shard that moves moves to it', () => {
    fc.assert(
      fc.property(members, fc.string({ minLength: 13, maxLength: 20 }), (all, joiner) => {
        for (const shard of shards) {
          const [before, after] = [firstOf(shard, all), firstOf(shard, [...all, joiner])];
          expect([before, joiner]).toContain(after);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('given very many shards, then each of the members owns about its part of them', () => {
    fc.assert(
      fc.property(members, (all) => {
        const counts = new Map(all.map((member) => [member, 0]));
        const many = 4_000;
        for (let shard = 0; shard < many; shard += 1) {
          const first = firstOf(String(shard), all)!;
          counts.set(first, counts.get(first)! + 1);
        }
        // Six standard deviations of a fair draw.
        const part = 1 / all.length;
        const slack = 6 * Math.sqrt(many * part * (1 - part));
        for (const count of counts.values()) expect(Math.abs(count - many * part)).toBeLessThan(slack);
      }),
      { numRuns: 10 },
    );
  });
});
