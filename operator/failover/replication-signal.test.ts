import { describe, expect, it } from '@jest/globals';
import { isGrowingWithTime, newestProofAfter, readReplication } from './replication-signal.ts';
import type { SignalReading } from './signal.ts';
import { aRound, lagSamples, MINUTE, SECOND, T0, type LagProps } from './testing/a-round.ts';
import { CENTRAL, EAST, WEST } from './testing/a-settings.ts';
import { local, noAnswer, rejected } from './testing/attempts.ts';

const NOW = 60 * MINUTE;
const MAXIMUM_AGE = 6 * MINUTE;
/** Rounds of the builder end a second after they begin. */
const COMPLETED = NOW + SECOND;

interface Given {
  readonly lag?: Record<string, LagProps | 'none'>;
  readonly disconnected?: readonly string[];
  readonly incidentAt?: number;
  readonly secondaries?: readonly string[];
  readonly maximumAge?: number;
}

function read(given: Given): SignalReading {
  const { lag = {}, disconnected = [], incidentAt, secondaries = [WEST], maximumAge = MAXIMUM_AGE } = given;
  return readReplication({
    round: aRound({ at: NOW, members: [EAST, ...secondaries], lag }),
    secondaries: secondaries.map((region) => ({ region, isConnected: !disconnected.includes(region) })),
    maximumAgeMilliseconds: maximumAge,
    ...(incidentAt === undefined ? {} : { incidentStartedAt: T0 + incidentAt }),
  });
}

const FRESH: LagProps = { until: NOW - MINUTE };
const ENDED: LagProps = { until: NOW - 10 * MINUTE };
const LATE_AS_A_WHOLE: LagProps = { until: NOW - 10 * MINUTE, control: NOW - 9 * MINUTE };

describe('one secondary', () => {
  it.each<[string, Given, string]>([
    ['a fresh sample', { lag: { [WEST]: FRESH } }, 'Passing SecondaryReceives'],
    [
      'a large lag in a fresh sample',
      { lag: { [WEST]: { until: NOW, lags: [900_000] } } },
      'Passing SecondaryReceives',
    ],
    [
      'a sample exactly as old as allowed',
      { lag: { [WEST]: { until: COMPLETED - MAXIMUM_AGE } } },
      'Passing SecondaryReceives',
    ],
    ['a sample too old, the control on time', { lag: { [WEST]: ENDED } }, 'Failing NoSecondaryReceives'],
    ['no sample at all, the control on time', { lag: { [WEST]: { lags: [] } } }, 'Failing NoSecondaryReceives'],
    ['lag and control both late', { lag: { [WEST]: LATE_AS_A_WHOLE } }, 'Unknown SourceSilent'],
    [
      'a control that is far ahead, but too old itself',
      { lag: { [WEST]: { until: NOW - 20 * MINUTE, control: NOW - 7 * MINUTE } } },
      'Unknown SourceSilent',
    ],
    ['no sample and no control', { lag: { [WEST]: { lags: [], control: 'none' } } }, 'Unknown SourceSilent'],
    ['lag ended, no control', { lag: { [WEST]: { ...ENDED, control: 'none' } } }, 'Unknown SourceSilent'],
    [
      'a control that is young, but hardly ahead',
      { lag: { [WEST]: { until: NOW - 7 * MINUTE, control: NOW - 5.5 * MINUTE } } },
      'Unknown SourceSilent',
    ],
    ['never asked', { lag: { [WEST]: 'none' } }, 'Unknown SourceSilent'],
    [
      'CloudWatch silent, samples left from before',
      { lag: { [WEST]: { ...ENDED, attempt: noAnswer() } } },
      'Unknown SourceSilent',
    ],
    ['CloudWatch throttled', { lag: { [WEST]: { ...FRESH, attempt: rejected() } } }, 'Unknown SourceSilent'],
    [
      'CloudWatch not asked for local reasons',
      { lag: { [WEST]: { ...ENDED, attempt: local() } } },
      'Unknown SourceSilent',
    ],
    [
      'a control exactly as old as allowed',
      { lag: { [WEST]: { until: NOW - 20 * MINUTE, control: COMPLETED - MAXIMUM_AGE } } },
      'Failing NoSecondaryReceives',
    ],
    [
      'a control ahead by exactly two periods',
      { lag: { [WEST]: { until: NOW - 7.5 * MINUTE, control: NOW - 5.5 * MINUTE } } },
      'Failing NoSecondaryReceives',
    ],
    [
      'a lag that was exactly as old as allowed when it was asked',
      { lag: { [WEST]: { until: NOW - MAXIMUM_AGE, control: NOW - MINUTE } } },
      'Unknown SourceSilent',
    ],
    ['pending-resync with a fresh sample', { lag: { [WEST]: FRESH }, disconnected: [WEST] }, 'Unknown NotConnected'],
    ['pending-resync without samples', { lag: { [WEST]: ENDED }, disconnected: [WEST] }, 'Unknown NotConnected'],
    ['no secondary known', { secondaries: [] }, 'Unknown SourceSilent'],
  ])('Given %s, then it reads accordingly', (_, given, expected) => {
    const reading = read(given);

    expect(`${reading.state} ${reading.reason}`).toBe(expected);
  });

  it.each<[string, LagProps, string, string]>([
    ['a young calculation', { until: NOW - SECOND, period: 0 }, 'Passing SecondaryReceives', 'lag 100 ms'],
    [
      'an old calculation that its reader answers with',
      { until: NOW - 7 * MINUTE, period: 0, control: NOW },
      'Failing NoSecondaryReceives',
      'old while its reader answers',
    ],
    [
      'a reader that does not answer',
      { until: NOW - 7 * MINUTE, period: 0, control: NOW, attempt: noAnswer() },
      'Unknown SourceSilent',
      'its reader did not answer',
    ],
    [
      'an old calculation from a reader that has not answered for long',
      { until: NOW - 9 * MINUTE, period: 0, control: NOW - 8 * MINUTE },
      'Unknown SourceSilent',
      'its reader is late or missing too',
    ],
  ])('Given %s by SQL, then it reads accordingly, and speaks of no metric', (_, props, expected, says) => {
    const reading = read({ lag: { [WEST]: { ...props, source: 'SQL' } } });

    expect(`${reading.state} ${reading.reason}`).toBe(expected);
    expect(reading.message).toContain(says);
    expect(reading.message).not.toMatch(/CloudWatch|CPUUtilization/);
  });

  it('Given calculations by SQL whose lag grows with time since the loss, then it is Failing: they have no length', () => {
    const incidentAt = NOW - 5 * SECOND;
    const lag = {
      [WEST]: { until: NOW, lags: [40, 1040, 2040, 3040, 4040, 5040], period: SECOND, source: 'SQL' as const },
    };

    expect(read({ lag, incidentAt })).toMatchObject({
      state: 'Failing',
      message: expect.stringContaining('rate of time'),
    });
  });

  describe('Given a round that then waits for others for longer than maximumAge', () => {
    const maximumAge = 500;

    it('When a reader was asked and had a young calculation, then it is Passing', () => {
      const lag = { [WEST]: { until: NOW - maximumAge, period: 0, source: 'SQL' as const } };

      expect(read({ lag, maximumAge })).toMatchObject({ state: 'Passing', reason: 'SecondaryReceives' });
    });

    it('When a reader was asked and had an old one, then it is Failing: who answers is on time', () => {
      const lag = { [WEST]: { until: NOW - maximumAge - 1, period: 0, control: NOW, source: 'SQL' as const } };

      expect(read({ lag, maximumAge })).toMatchObject({ state: 'Failing', reason: 'NoSecondaryReceives' });
    });
  });

  it('Given an answer that was young when asked and only grew old here, then it is Unknown: nobody looked again', () => {
    const lag = { [WEST]: { until: NOW - 7 * MINUTE, control: NOW - 3 * MINUTE, askedAt: NOW - 2 * MINUTE } };

    expect(read({ lag })).toMatchObject({ state: 'Unknown', reason: 'SourceSilent' });
  });

  it('Given Passing, then its evidence is the beginning of the newest period, so that the loss cannot be inside', () => {
    const lag = { [WEST]: { ...FRESH, lags: [700] } };

    expect(read({ lag }).evidenceAt).toBe(T0 + NOW - 2 * MINUTE - 700);
  });

  it('Given a first sample from an outage, whose lag reaches back to the loss, then it is no evidence from after the loss', () => {
    const lostAt = NOW - 150 * SECOND;
    const lag = { [WEST]: { until: NOW, lags: [100, 30_000, 90_000, 150_000] } };

    expect(read({ lag, incidentAt: NOW - MINUTE })).toMatchObject({ state: 'Passing' });
    expect(read({ lag, incidentAt: NOW - MINUTE }).evidenceAt).toBeLessThan(T0 + lostAt);
  });

  it('Given lag that grows with time since the incident, then it is Failing although samples are fresh', () => {
    const lag = { [WEST]: { until: NOW, lags: [100, 60_000, 120_000, 180_000] } };

    expect(read({ lag, incidentAt: NOW - 3 * MINUTE }).state).toBe('Failing');
    expect(read({ lag }).state).toBe('Passing');
  });
});

describe('what it says', () => {
  it.each<[string, Given, string]>([
    ['a fresh sample', { lag: { [WEST]: FRESH } }, 'secondary us-west-2: lag 100 ms, sample 61.0 s old'],
    [
      'a fresh sample of a member that is not connected',
      { lag: { [WEST]: FRESH }, disconnected: [WEST] },
      'secondary us-west-2: lag 100 ms, sample 61.0 s old, but the member is not connected',
    ],
    [
      'an old sample',
      { lag: { [WEST]: ENDED } },
      'secondary us-west-2: newest lag sample 601.0 s old while CPUUtilization of the same cluster is on time',
    ],
    [
      'no sample',
      { lag: { [WEST]: { lags: [] } } },
      'secondary us-west-2: no lag sample while CPUUtilization of the same cluster is on time',
    ],
    ['no secondary', { secondaries: [] }, 'no secondary is known'],
    [
      'two secondaries',
      { secondaries: [WEST, CENTRAL], lag: { [WEST]: 'none', [CENTRAL]: 'none' } },
      'secondary us-west-2: its lag was not asked yet; secondary eu-central-1: its lag was not asked yet',
    ],
  ])('Given %s, then it tells what was seen', (_, given, message) => {
    expect(read(given).message).toBe(message);
  });
});

describe('several secondaries', () => {
  it.each<[string, Given, string]>([
    ['one receives, one starves', { lag: { [WEST]: ENDED, [CENTRAL]: FRESH } }, 'Passing'],
    ['both starve', { lag: { [WEST]: ENDED, [CENTRAL]: ENDED } }, 'Failing'],
    [
      'one starves, the other’s source is silent',
      { lag: { [WEST]: ENDED, [CENTRAL]: { attempt: noAnswer() } } },
      'Failing',
    ],
    ['one starves, the other’s source is late', { lag: { [WEST]: ENDED, [CENTRAL]: LATE_AS_A_WHOLE } }, 'Failing'],
    [
      'one starves, the other is fresh but not connected',
      { lag: { [WEST]: ENDED, [CENTRAL]: FRESH }, disconnected: [CENTRAL] },
      'Unknown',
    ],
    [
      'one starves, the other is being rebuilt',
      { lag: { [WEST]: ENDED, [CENTRAL]: ENDED }, disconnected: [CENTRAL] },
      'Failing',
    ],
    [
      'one is being rebuilt, the other’s source is silent',
      { lag: { [WEST]: ENDED, [CENTRAL]: { attempt: noAnswer() } }, disconnected: [WEST] },
      'Unknown',
    ],
  ])('Given %s, then it reads accordingly', (_, given, state) => {
    expect(read({ ...given, secondaries: [WEST, CENTRAL] }).state).toBe(state);
  });

  it('Given two that receive, then the newer evidence counts', () => {
    const lag = { [WEST]: { until: NOW - 4 * MINUTE }, [CENTRAL]: { until: NOW - 2 * MINUTE } };

    expect(read({ lag, secondaries: [WEST, CENTRAL] }).evidenceAt).toBe(T0 + NOW - 3 * MINUTE - 100);
  });
});

describe('isGrowingWithTime', () => {
  const growing = (lags: readonly number[]): boolean => {
    // The incident began when the first of these periods ended.
    const samples = lagSamples((lags.length - 1) * MINUTE, lags);
    return isGrowingWithTime(samples, T0);
  };

  it.each<[string, readonly number[], boolean]>([
    ['grows as time passes', [100, 60_000, 120_000], true],
    ['grows from a lag of its own', [5000, 65_000, 125_000, 185_000], true],
    ['just grows fast enough', [0, 48_000, 96_000], true],
    ['grows too slowly', [0, 47_000, 95_000], false],
    ['has only one period after', [100, 60_000], false],
    ['spikes once and is back', [100, 300_000, 100], false],
    ['spikes far up and falls', [100, 500_000, 400_000], false],
    ['spikes in the newest period', [100, 100, 300_000], false],
    ['jumps faster than time', [100, 60_000, 400_000], false],
    ['holds still at a height', [100, 200_000, 200_000], false],
    ['creeps at a height', [100, 200_000, 210_000], false],
    ['grows, then holds still', [100, 200_000, 260_000, 260_000], false],
    ['grows just slowly enough not to be a spike', [0, 75_000, 150_000], true],
    ['falls, then grows as time passes', [100_000, 20_000, 75_000], false],
    ['is small', [100, 100, 100, 100], false],
  ])('Given lag that %s, then growing with time: %j %j', (_, lags, isGrowing) => {
    expect(growing(lags)).toBe(isGrowing);
  });

  it('Given no sample from before the incident and lags that do not reach back to it, then nothing can be said', () => {
    expect(isGrowingWithTime(lagSamples(3 * MINUTE, [60_000, 120_000]), T0)).toBe(false);
    expect(isGrowingWithTime(lagSamples(3 * MINUTE, [120_000, 179_999]), T0)).toBe(false);
  });

  it('Given an outage that has outlasted the samples from before it, then lags that reach back to it still tell', () => {
    const lags = [20, 21, 22, 23].map((minutes) => minutes * MINUTE + 100);

    expect(isGrowingWithTime(lagSamples(23 * MINUTE, lags), T0)).toBe(true);
  });
});

describe('isGrowingWithTime, by dates that are uncertain', () => {
  interface Calculated {
    /** Seconds after the incident began. */
    readonly at: number;
    readonly lag: number;
    /** How much earlier it is dated. */
    readonly early?: number;
    /** @default - as much as it is dated too early */
    readonly uncertainty?: number;
  }

  const growing = (calculations: readonly Calculated[]): boolean =>
    isGrowingWithTime(
      calculations.map(({ at, lag, early = 0, uncertainty = early }) => {
        const date = T0 + (at - early) * SECOND;
        return {
          periodStart: date,
          periodEnd: date,
          lagMilliseconds: lag * SECOND,
          uncertaintyMilliseconds: uncertainty * SECOND,
        };
      }),
      T0,
    );

  const BEFORE: Calculated = { at: -1, lag: 0.1 };
  const second = (at: number, early = 0, uncertainty = early): Calculated => ({ at, lag: at, early, uncertainty });

  it.each<[string, readonly Calculated[], boolean]>([
    ['is dated too early once', [BEFORE, second(1), second(2), second(3, 0.4), second(4), second(5)], true],
    ['is dated too early at last', [BEFORE, second(1), second(2), second(3, 0.4)], true],
    ['is dated too early at first', [BEFORE, second(1, 0.4), second(2), second(3), second(4)], true],
    ['is dated wrongly without a reason', [BEFORE, second(1), second(2), second(3, 0.4, 0), second(4)], false],
    ['is the same calculation, twice', [BEFORE, second(1), second(2, 0.4), { at: 2, lag: 2 }, second(4)], true],
    [
      'is dated slowly every time',
      [BEFORE, second(1, 0.4), second(2, 0, 0.4), second(3, 0.4), second(4, 0, 0.4)],
      true,
    ],
    ['has only steps that say nothing yet', [BEFORE, second(1, 0, 0.4), second(2, 0, 0.4)], false],
    ['has a step from a date just certain enough', [BEFORE, second(1, 0, 0.2), second(2)], true],
    ['has a step from a date hardly too uncertain', [BEFORE, second(1, 0, 0.201), second(2)], false],
    ['has a step to a date just certain enough', [BEFORE, second(1), second(2, 0, 0.25)], true],
    ['has a step to a date hardly too uncertain', [BEFORE, second(1), second(2, 0, 0.251)], false],
    [
      'falls between two steps',
      [BEFORE, second(1, 0, 0.4), { at: 2, lag: 2.4 }, { at: 2.5, lag: 2.3 }, second(4)],
      false,
    ],
    ['is told in the wrong order', [BEFORE, second(1), second(2.4, 0.4), second(2.1), second(4)], true],
    [
      'falls by more than a wrong order',
      [BEFORE, second(1), second(2.4, 0.4), { at: 2.1, lag: 1.9 }, second(4.4)],
      false,
    ],
    ['holds still over two steps', [BEFORE, second(1, 0, 0.4), { at: 2, lag: 6 }, { at: 4, lag: 6 }], false],
    [
      'may be of the outage where it seems to be from before',
      [second(0.3, 0.4), second(0.3), second(1.3), second(2.3)],
      true,
    ],
    ['is of before for certain', [{ at: -0.4, lag: 0.2, uncertainty: 0.4 }, second(1), second(2)], true],
    ['is of before for certain, and too high', [{ at: -0.4, lag: 0.6, uncertainty: 0.4 }, second(1), second(2)], false],
  ])('Given lag that %s, then it is growing or not accordingly', (_, calculations, isGrowing) => {
    expect(growing(calculations)).toBe(isGrowing);
  });
});

describe('newestProofAfter', () => {
  it.each<[string, number, readonly number[], number | undefined]>([
    ['what was received was written later', 10 * MINUTE, [100, 100], 10 * MINUTE],
    ['a lag reaches back before', 10 * MINUTE, [9 * MINUTE, 10 * MINUTE], undefined],
    ['only the older sample proves it', 10 * MINUTE, [100, 10 * MINUTE], 9 * MINUTE],
    ['the period began before', MINUTE, [0], undefined],
    ['what was received may be as old as that moment', 2 * MINUTE, [59 * SECOND], undefined],
    ['there is no sample', 10 * MINUTE, [], undefined],
  ])('Given %s, then the proof is the end of that period', (_, until, lags, expected) => {
    const proof = newestProofAfter(lagSamples(until, lags), T0 + SECOND);

    expect(proof).toBe(expected === undefined ? undefined : T0 + expected);
  });
});
