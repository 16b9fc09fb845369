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
});
