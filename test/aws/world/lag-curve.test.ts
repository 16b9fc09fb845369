import { describe, expect, it } from '@jest/globals';
import { hasSampleAt, lagAt } from './lag-curve.ts';
import type { LagCurve } from './lag-curve.ts';

const points: LagCurve = {
  kind: 'points',
  points: [
    { after: 0, milliseconds: 100 },
    { after: 1000, milliseconds: 300 },
    { after: 2000 },
    { after: 3000, milliseconds: 500 },
  ],
};

describe('lagAt', () => {
  it.each<[string, LagCurve, number, number]>([
    ['constant', { kind: 'constant', milliseconds: 50 }, 9999, 50],
    ['growing', { kind: 'growing', from: 50, millisecondsPerSecond: 1000 }, 2000, 2050],
    ['growing, before it was set', { kind: 'growing', from: 50, millisecondsPerSecond: 1000 }, -2000, 50],
    ['points, between two', points, 500, 200],
    ['points, across a gap', points, 2000, 400],
    ['points, after the last', points, 9000, 500],
    ['points, none', { kind: 'points', points: [] }, 0, 0],
  ])('%s', (_name, curve, elapsed, lag) => {
    expect(lagAt(curve, elapsed)).toBe(lag);
  });
});

describe('hasSampleAt', () => {
  it.each([
    [1500, true],
    [2000, false],
    [2999, false],
    [3000, true],
  ])('given a gap from 2000 to 3000, at %i: %s', (elapsed, hasSample) => {
    expect(hasSampleAt(points, elapsed)).toBe(hasSample);
  });
});
