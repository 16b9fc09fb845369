import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { votersOf } from './voters.ts';

const regionLists = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 2 });

describe('the regions that say whether a region is the writer’s', () => {
  it('given two regions, is the other one', () => {
    expect(votersOf('a', ['a', 'b'])).toEqual(['b']);
    expect(votersOf('b', ['a', 'b'])).toEqual(['a']);
  });

  it('given three, are all of them; given more, three others', () => {
    expect(votersOf('b', ['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
    expect(votersOf('b', ['a', 'b', 'c', 'd', 'e'])).toEqual(['a', 'c', 'd']);
  });

  it('always has one that is left when the region itself is lost, and a majority when any other is', () => {
    fc.assert(
      fc.property(regionLists, fc.nat(), fc.nat(), (regions, one, other) => {
        const region = regions[one % regions.length] ?? '';
        const lost = regions[other % regions.length] ?? '';
        const voters = votersOf(region, regions);
        const left = voters.filter((voter) => voter !== lost);
        expect(left.length).toBeGreaterThanOrEqual(regions.length === 2 ? Number(lost === region) : 2);
      }),
    );
  });
});
