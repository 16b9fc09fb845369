import { describe, expect, it } from '@jest/globals';
import { differenceOf } from './difference.ts';

describe('differenceOf', () => {
  it.each<[unknown, unknown]>([
    [1, 1],
    ['a', 'a'],
    [null, null],
    [
      { a: 1, b: [1, { c: 2 }] },
      { b: [1, { c: 2 }], a: 1 },
    ],
    [{ a: undefined }, {}],
    [[], []],
  ])('given %j and %j, finds none', (recorded, replayed) => {
    expect(differenceOf(recorded, replayed)).toBeUndefined();
  });

  it.each<[unknown, unknown, string]>([
    [1, 2, ': recorded 1, replayed 2'],
    [{ a: 1 }, {}, 'a: recorded 1, replayed nothing'],
    [{}, { a: null }, 'a: recorded nothing, replayed null'],
    [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, 'a.b.1: recorded 2, replayed 3'],
    [{ a: [1] }, { a: [1, 2] }, 'a.1: recorded nothing, replayed 2'],
    [{ a: [] }, { a: {} }, 'a: recorded [], replayed {}'],
    [{ a: null }, { a: {} }, 'a: recorded null, replayed {}'],
    [{ a: 'x' }, { a: ['x'] }, 'a: recorded "x", replayed ["x"]'],
    ['y'.repeat(300), 1, `: recorded "${'y'.repeat(199)}…, replayed 1`],
    ['z'.repeat(198), 1, `: recorded "${'z'.repeat(198)}", replayed 1`],
  ])('given %j and %j, names the first', (recorded, replayed, difference) => {
    expect(differenceOf(recorded, replayed)).toBe(difference);
  });
});
