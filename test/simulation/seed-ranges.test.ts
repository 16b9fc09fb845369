import { describe, expect, it } from '@jest/globals';
import { joinRanges, missingFrom } from './seed-ranges.ts';

const range = (from: number, to: number): { from: number; to: number } => ({ from, to });

describe('joinRanges', () => {
  it('Given ranges in any order, then those that touch each other are one', () => {
    expect(joinRanges([range(20, 30), range(0, 10), range(10, 15)])).toEqual([range(0, 15), range(20, 30)]);
  });
});

describe('missingFrom', () => {
  it.each([
    { why: 'nothing is known', known: [], missing: [range(10, 20), range(20, 25)] },
    { why: 'all is known', known: [range(0, 18), range(18, 40)], missing: [] },
    { why: 'the middle is known', known: [range(12, 14)], missing: [range(10, 12), range(14, 24), range(24, 25)] },
    { why: 'both ends are known', known: [range(24, 30), range(0, 11)], missing: [range(11, 21), range(21, 24)] },
    {
      why: 'what is known lies elsewhere',
      known: [range(0, 10), range(25, 90)],
      missing: [range(10, 20), range(20, 25)],
    },
  ])('Given 10 to 25, when $why, then the rest is missing, in pieces', ({ known, missing }) => {
    expect(missingFrom(range(10, 25), known, 10)).toEqual(missing);
  });
});
