import { describe, expect, test } from '@jest/globals';
import { growthExponent, quantile, rankCorrelation, slope, summarize } from './summary.ts';

describe('a summary', () => {
  test('gives values that were measured, whatever their order', () => {
    expect(summarize([3, 1, 2])).toEqual({ count: 3, minimum: 1, median: 2, p99: 3, maximum: 3 });
  });

  test('has the p99 below the maximum only with more than a hundred values', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile(hundred.slice(0, 99), 0.99)).toBe(99);
    expect(quantile(hundred.slice(0, 50), 0.99)).toBe(50);
  });

  test('of nothing is an error', () => {
    expect(() => summarize([])).toThrow('nothing was measured');
  });
});

describe('growth', () => {
  const grown = (exponent: number) => [10, 100, 1_000].map((x) => ({ x, y: 7 * x ** exponent }));

  test.each([0, 0.5, 1, 2])('by the power %d has that exponent', (exponent) => {
    expect(growthExponent(grown(exponent))).toBeCloseTo(exponent, 9);
  });

  test('is not told of two sizes, nor where there is a zero', () => {
    expect(growthExponent(grown(1).slice(1))).toBeUndefined();
    expect(growthExponent([...grown(1), { x: 10_000, y: 0 }])).toBeUndefined();
  });

  test('of points on a line is its slope', () => {
    expect(slope([1, 2, 5].map((x) => ({ x, y: 3 - 2 * x })))).toBeCloseTo(-2, 9);
  });
});

describe('rank correlation', () => {
  test('is 1 where both rise, -1 where one falls, whatever the distances', () => {
    const points = [1, 2, 50].map((x) => ({ x, y: x ** 3 }));
    expect(rankCorrelation(points)).toBeCloseTo(1, 9);
    expect(rankCorrelation(points.map(({ x, y }) => ({ x, y: -y })))).toBeCloseTo(-1, 9);
  });

  test('takes equal values as one rank', () => {
    const points = [
      { x: 0, y: 1 },
      { x: 0, y: 2 },
      { x: 1, y: 3 },
      { x: 1, y: 4 },
    ];
    expect(rankCorrelation(points)).toBeCloseTo(0.894, 3);
    expect(rankCorrelation(points.toReversed())).toBeCloseTo(0.894, 3);
  });
});
