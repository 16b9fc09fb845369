import { describe, expect, it } from '@jest/globals';
import { hasSameContent } from './same-content.ts';

describe('hasSameContent', () => {
  it.each<[string, unknown, unknown]>([
    ['the same scalar', 'a', 'a'],
    ['keys in another order', { a: 1, b: { c: [1, 'x'], d: true } }, { b: { d: true, c: [1, 'x'] }, a: 1 }],
    ['a property that is undefined, and none', { a: 1, b: undefined }, { a: 1 }],
    ['none, and a property that is undefined', { a: 1 }, { a: 1, b: undefined }],
    ['an item that is undefined, and null', [undefined, 1], [null, 1]],
  ])('given %s, then it is the same', (_name, one, other) => {
    expect(hasSameContent(one, other)).toBe(true);
    expect(JSON.parse(JSON.stringify(one))).toEqual(JSON.parse(JSON.stringify(other)));
  });

  it.each<[string, unknown, unknown]>([
    ['another scalar', 'a', 'b'],
    ['a number and its text', 1, '1'],
    ['another value deep inside', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
    ['a property more', { a: 1 }, { a: 1, b: null }],
    ['a property less', { a: 1, b: 2 }, { a: 1 }],
    ['another property', { a: 1 }, { b: 1 }],
    ['an item more', [1], [1, 2]],
    ['items in another order', [1, 2], [2, 1]],
    ['one item of several', [1, 2], [1, 3]],
    ['a property of several', { a: 1, b: 2 }, { a: 1, b: 3 }],
    ['null and an object', { a: null }, { a: {} }],
    ['an array and an object that has a length', [], { length: 0 }],
    ['an array and an object', [], {}],
    ['an object and nothing', {}, undefined],
    ['false and nothing', false, undefined],
  ])('given %s, then it is not', (_name, one, other) => {
    expect(hasSameContent(one, other)).toBe(false);
    expect(hasSameContent(other, one)).toBe(false);
  });

  it('given properties that are passed over, then they do not count at any depth, and all others do', () => {
    const passedOver = new Set(['at']);
    const same = (one: unknown, other: unknown): boolean =>
      hasSameContent(one, other, passedOver) && hasSameContent(other, one, passedOver);
    expect(same({ at: 1, a: [{ at: { b: 1 }, c: { at: 1 } }] }, { at: 2, a: [{ at: 'x', c: {} }] })).toBe(true);
    expect(same({ at: 1, a: [{ at: 1, c: 1 }] }, { at: 2, a: [{ at: 2, c: 2 }] })).toBe(false);
    expect(same({ a: { c: 1 } }, { a: { d: 1 } })).toBe(false);
    expect(same('at', 'a')).toBe(false);
  });
});
