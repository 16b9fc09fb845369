import { describe, expect, it } from '@jest/globals';
import { measure, OUTAGES, TUNINGS } from './tuning.ts';

/** Short of what a quorum needs for so many rounds. */
const tooShort = (interval: number, failureThreshold: number): boolean[] =>
  OUTAGES.map((length) => length < interval * (failureThreshold - 1));

describe.each(TUNINGS)('$name', (tuning) => {
  const { interval, failureThreshold, hasWitness } = tuning;

  it('given a loss, then it is acted on within the window; given less than that, then not', async () => {
    const figures = await measure(tuning, 1);
    expect(figures.detection.at(-1)).toBeLessThanOrEqual(figures.window);
    const actedOn = figures.outages.map((share) => share > 0);
    for (const [index, isTooShort] of tooShort(interval, failureThreshold).entries()) {
      if (isTooShort) expect([OUTAGES[index], actedOn[index]]).toEqual([OUTAGES[index], false]);
    }
    expect(figures.ownLink).toBe(0);
    expect(figures.bothLinks).toBe(hasWitness ? 0 : 1);
  }, 60_000);
});
