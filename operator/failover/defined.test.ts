import { describe, expect, it } from '@jest/globals';
import { defined } from './defined.ts';

describe('defined', () => {
  it('Given undefined properties, then they are absent, and other empty values stay', () => {
    const value = defined({ a: undefined, b: 0, c: '', d: false, e: null });

    expect(Object.entries(value)).toEqual([
      ['b', 0],
      ['c', ''],
      ['d', false],
      ['e', null],
    ]);
  });

  it('Given nothing is undefined, then the object itself is given back, and otherwise a copy', () => {
    const [whole, partial] = [
      { a: 1, b: null },
      { a: 1, b: undefined },
    ];

    expect(defined(whole)).toBe(whole);
    expect(defined(partial)).not.toBe(partial);
    expect(partial).toHaveProperty('b');
  });
});
