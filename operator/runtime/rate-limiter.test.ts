import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { jitter } from './random.ts';
import { ExponentialRateLimiter } from './rate-limiter.ts';

const middle = (): number => 0.5;

describe('ExponentialRateLimiter', () => {
  it('given failures of one key, when asked, doubles its delay up to the maximum and leaves other keys alone', () => {
    const limiter = new ExponentialRateLimiter<string>({
      random: middle,
      baseMilliseconds: 100,
      maximumMilliseconds: 700,
    });
    expect([1, 2, 3, 4, 5].map(() => limiter.when('a'))).toEqual([100, 200, 400, 700, 700]);
    expect(limiter.when('b')).toBe(100);
    expect(limiter.numRequeues('a')).toBe(5);

    limiter.forget('a');

    expect(limiter.numRequeues('a')).toBe(0);
    expect(limiter.when('a')).toBe(100);
  });

  it('given thousands of failures and any randomness, when asked, never exceeds the maximum', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999999, noNaN: true }), (random) => {
        const limiter = new ExponentialRateLimiter<string>({ random: () => random, maximumMilliseconds: 1_000 });
        for (let failure = 0; failure < 2_000; failure += 1) {
          const delay = limiter.when('a');
          expect(delay).toBeGreaterThanOrEqual(80);
          expect(delay).toBeLessThanOrEqual(1_000);
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe('jitter', () => {
  it('given the ends of randomness, when applied, spreads by the fraction on both sides', () => {
    expect(jitter(100, 0.2, () => 0)).toBe(80);
    expect(jitter(100, 0.2, middle)).toBe(100);
    expect(jitter(100, 0.2, () => 0.999)).toBeCloseTo(120, 0);
  });
});
