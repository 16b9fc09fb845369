import { describe, expect, it } from '@jest/globals';
import { manifestDifferences } from './manifest-differences.ts';

const manifest = (name: string, spec: object) => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name }, spec });

describe('differences of manifests', () => {
  it.each([
    ['a changed value', { a: { b: 1 } }, { a: { b: 2 } }, ['v1 Thing x: spec.a.b']],
    ['a new field', { a: {} }, { a: { b: 2 } }, ['v1 Thing x: spec.a.b']],
    ['an item of a list', { a: [1, 2] }, { a: [1, 3] }, ['v1 Thing x: spec.a.1']],
    ['another type', { a: [] }, { a: {} }, ['v1 Thing x: spec.a']],
    ['nothing', { a: [{ b: null }] }, { a: [{ b: null }] }, []],
  ])('given %s, name it', (_what, one, other, expected) => {
    expect(manifestDifferences([manifest('x', one)], [manifest('x', other)])).toEqual(expected);
  });

  it('given a manifest that only one side has, name the whole', () => {
    const [x, y] = [manifest('x', {}), manifest('y', {})];
    expect(manifestDifferences([x, y], [x])).toEqual(['v1 Thing y: (whole)']);
    expect(manifestDifferences([x], [y, x])).toEqual(['v1 Thing y: (whole)']);
  });
});
