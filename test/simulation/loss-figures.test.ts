import { describe, expect, it } from '@jest/globals';
import { LossFigures, quantile } from './loss-figures.ts';

describe('LossFigures', () => {
  it('Given figures of several workers, when they are merged, then they come to what one would have counted', () => {
    const losses = [120, 340, 12_345, 7].map((trueLoss, index) => {
      return { trueLoss, estimate: 300, worstCase: 1_000 + index, isRegionLost: true };
    });
    const [whole, one, other] = [new LossFigures(), new LossFigures(), new LossFigures()];
    losses.forEach((loss, index) => {
      whole.add(loss);
      (index % 2 === 0 ? one : other).add(loss);
    });
    one.merge(other.data);

    expect(one.data).toEqual(whole.data);
    expect(whole.data).toEqual({
      count: 4,
      trueLoss: { 7: 1, 120: 1, 340: 1, 12300: 1 },
      estimate: { 300: 4 },
      worstCase: { 1000: 4 },
      aboveEstimate: 2,
      aboveWorstCase: 1,
    });
  });
});

describe('quantile', () => {
  const spread = { 1: 50, 10: 40, 100: 9, 1000: 1 };

  it.each([
    [0.5, 1],
    [0.9, 10],
    [0.99, 100],
    [1, 1000],
  ])('Given a spread, then %f of its values are at most %i', (share, value) => {
    expect(quantile(spread, share)).toBe(value);
  });

  it('Given nothing, then it is 0', () => {
    expect(quantile({}, 0.5)).toBe(0);
  });
});
