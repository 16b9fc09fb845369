import { describe, expect, it } from '@jest/globals';
import { estimateLoss, lossObjection, newestAtOrBefore } from './data-loss.ts';
import { lagSamples, MINUTE, T0 } from './testing/a-round.ts';
import { aSettings } from './testing/a-settings.ts';

const LOSS = T0 + 10 * MINUTE;
const sampleEnding = (before: number, lag: number) => lagSamples(10 * MINUTE - before, [lag])[0]!;

describe('newestAtOrBefore', () => {
  it.each([
    ['before all', -1, undefined],
    ['exactly at an end', 2 * MINUTE, 20],
    ['just before an end', 2 * MINUTE - 1, 10],
    ['after all', 99 * MINUTE, 30],
  ])('Given a reference %s, then the newest that had ended counts', (_, reference, lag) => {
    const samples = lagSamples(3 * MINUTE, [10, 20, 30]);

    expect(newestAtOrBefore(samples, T0 + reference)?.lagMilliseconds).toBe(lag);
  });

  it('Given samples out of order, then the newest counts all the same', () => {
    expect(newestAtOrBefore(lagSamples(3 * MINUTE, [10, 20, 30]).reverse(), LOSS)?.lagMilliseconds).toBe(30);
  });
});

describe('newestAtOrBefore, of a period that was told twice', () => {
  it('Given another lag for the same period, then the later word counts', () => {
    const samples = [...lagSamples(MINUTE, [10]), ...lagSamples(MINUTE, [40])];

    expect(newestAtOrBefore(samples, LOSS)?.lagMilliseconds).toBe(40);
  });
});

describe('estimateLoss', () => {
  it('Given no sample, then the loss is unknown, never zero', () => {
    expect(estimateLoss(undefined, LOSS, aSettings())).toBeUndefined();
  });

  it.each([
    [6 * MINUTE, true],
    [6 * MINUTE + 1, false],
  ])('Given a sample %i ms old at the loss and a maximumLagAge of 6 m, then it is known: %s', (age, isKnown) => {
    expect(estimateLoss(sampleEnding(age, 100), LOSS, aSettings()) !== undefined).toBe(isKnown);
  });

  it('Given a sample, then the worst case is lag plus age', () => {
    expect(estimateLoss(sampleEnding(MINUTE, 100), LOSS, aSettings())).toMatchObject({
      lastKnownMilliseconds: 100,
      worstCaseMilliseconds: 60_100,
    });
  });
});

describe('lossObjection', () => {
  const known = (lag: number, age = 0) => estimateLoss(sampleEnding(age, lag), LOSS, aSettings());

  it.each([
    ['Forbid, nothing to lose', { dataLoss: 'Forbid' as const }, known(0), 'DataLossForbidden'],
    ['Forbid, unknown', { dataLoss: 'Forbid' as const }, undefined, 'DataLossForbidden'],
    ['Within, exactly the recovery point', {}, known(1000), undefined],
    ['Within, just above it', {}, known(1001), 'LagAboveRecoveryPoint'],
    ['Within, unknown', {}, undefined, 'LagUnknown'],
    ['Within LastKnown, old but small', {}, known(100, 5 * MINUTE), undefined],
    [
      'Within WorstCase, old but small',
      { estimate: 'WorstCase' as const },
      known(100, 5 * MINUTE),
      'LagAboveRecoveryPoint',
    ],
    ['Within WorstCase, young and small', { estimate: 'WorstCase' as const }, known(100, 900), undefined],
    ['Allow, large', { dataLoss: 'Allow' as const }, known(900_000), undefined],
    ['Allow, unknown', { dataLoss: 'Allow' as const }, undefined, 'LagUnknown'],
  ])('Given %s, then the objection is as listed', (_, overrides, estimate, reason) => {
    expect(lossObjection(estimate, aSettings(overrides))?.reason).toBe(reason);
  });
});
