import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LagSample } from './observation.ts';
import { packRound, unpackRound } from './packed-round.ts';
import { aLag, aRound, lagSamples, MINUTE } from './testing/a-round.ts';
import { WEST } from './testing/a-settings.ts';
import { aTroubledWorld } from './testing/random-world.ts';

const lagOf = (samples: readonly LagSample[]) => ({ [WEST]: { ...aLag(WEST, 0), samples } });
const roundWith = (samples: readonly LagSample[]) => ({ ...aRound(), lag: lagOf(samples) });

describe('a packed round', () => {
  const before = lagSamples(10 * MINUTE, [1, 2, 3, 4]);

  it('given nothing before it, holds every sample', () => {
    expect(packRound(roundWith(before)).lag[WEST]?.samples).toEqual({
      added: before.map(({ periodStart, periodEnd, lagMilliseconds }) => [periodStart, periodEnd, lagMilliseconds]),
    });
  });

  it('given the same samples as before, holds none', () => {
    expect(packRound(roundWith(before), lagOf(before)).lag[WEST]?.samples).toEqual({ dropped: 0, added: [] });
  });

  it('given a series that slid, holds only what is new', () => {
    const [added] = lagSamples(11 * MINUTE, [5]);
    const after = [...before.slice(2), ...(added === undefined ? [] : [added])];

    expect(packRound(roundWith(after), lagOf(before)).lag[WEST]?.samples).toEqual({
      dropped: 2,
      added: [[added?.periodStart, added?.periodEnd, 5]],
    });
  });

  it('given samples whose dates are uncertain, keeps by how much', () => {
    const uncertain = before.map((sample) => ({ ...sample, uncertaintyMilliseconds: 40 }));
    const packed = packRound(roundWith(uncertain), lagOf(before));

    expect(packed.lag[WEST]?.samples).not.toHaveProperty('dropped');
    expect(packed.lag[WEST]?.samples.added[0]).toEqual([before[0]?.periodStart, before[0]?.periodEnd, 1, 40]);
    expect(unpackRound(packed, lagOf(before))).toEqual(roundWith(uncertain));
  });

  it.each<[string, readonly LagSample[]]>([
    ['a corrected sample', before.map((sample, index) => (index === 2 ? { ...sample, lagMilliseconds: 9 } : sample))],
    ['a shifted period', before.map((sample, index) => (index === 3 ? { ...sample, periodEnd: 7 } : sample))],
    ['another period start', before.map((sample, index) => (index === 1 ? { ...sample, periodStart: 7 } : sample))],
    ['a series cut short at its end', before.slice(0, 2)],
    ['other samples altogether', lagSamples(60 * MINUTE, [7])],
    ['no sample any more', []],
  ])('given %s, holds every sample', (_what, after) => {
    const packed = packRound(roundWith(after), lagOf(before));

    expect(packed.lag[WEST]?.samples).not.toHaveProperty('dropped');
    expect(packed.lag[WEST]?.samples.added).toHaveLength(after.length);
    expect(unpackRound(packed, lagOf(before))).toEqual(roundWith(after));
  });

  it('given any rounds one after the other, unpacks to the same rounds', () => {
    fc.assert(
      fc.property(aTroubledWorld, fc.nat(5), ({ rounds }, aloneAt) => {
        rounds.forEach((round, index) => {
          const before = index === aloneAt ? undefined : rounds[index - 1]?.lag;
          const packed = JSON.parse(JSON.stringify(packRound(round, before))) as ReturnType<typeof packRound>;

          expect(unpackRound(packed, before)).toEqual(round);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('given no record before to unpack it with, is refused', () => {
    const packed = packRound(roundWith(before), lagOf(before));

    expect(() => unpackRound(packed)).toThrow('cannot unpack the lag of us-west-2');
  });
});
