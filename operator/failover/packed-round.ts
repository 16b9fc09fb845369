import { defined } from './defined.ts';
import type { Instant, LagObservation, LagSample, Round } from './observation.ts';

type PackedSample = readonly [
  periodStart: Instant,
  periodEnd: Instant,
  lagMilliseconds: number,
  uncertaintyMilliseconds?: number,
];

/**
 * Lag samples against those of the same region in the record before: a series slides, one sample in and one out a
 * period, and would otherwise be most of every record.
 */
export interface PackedSamples {
  /** How many of the oldest went since the record before; absent: `added` is all there is. */
  readonly dropped?: number;
  /** Oldest first. */
  readonly added: readonly PackedSample[];
}

export interface PackedLag extends Omit<LagObservation, 'samples'> {
  readonly samples: PackedSamples;
}

/** A round as the decision log keeps it. */
export interface PackedRound extends Omit<Round, 'lag'> {
  readonly lag: Readonly<Record<string, PackedLag>>;
}

/** Lag observations by region. */
export type Lag = Round['lag'];

const isSame = (a: LagSample, b: LagSample | undefined): boolean =>
  a.periodStart === b?.periodStart &&
  a.periodEnd === b.periodEnd &&
  a.lagMilliseconds === b.lagMilliseconds &&
  a.uncertaintyMilliseconds === b.uncertaintyMilliseconds;

function pack({ periodStart, periodEnd, lagMilliseconds, uncertaintyMilliseconds }: LagSample): PackedSample {
  const sample = [periodStart, periodEnd, lagMilliseconds] as const;
  return uncertaintyMilliseconds === undefined ? sample : [...sample, uncertaintyMilliseconds];
}

const unpack = ([periodStart, periodEnd, lagMilliseconds, uncertaintyMilliseconds]: PackedSample): LagSample =>
  defined({ periodStart, periodEnd, lagMilliseconds, uncertaintyMilliseconds });

function packSamples(samples: readonly LagSample[], before: readonly LagSample[] = []): PackedSamples {
  const dropped = before.findIndex((sample) => isSame(sample, samples[0]));
  const kept = dropped < 0 ? [] : before.slice(dropped);
  return kept.length > 0 && kept.every((sample, index) => isSame(sample, samples[index]))
    ? { dropped, added: samples.slice(kept.length).map(pack) }
    : { added: samples.map(pack) };
}

/** @param before the lag of the round in the record before, if a reader has it */
export function packRound(round: Round, before: Lag = {}): PackedRound {
  const lag = Object.entries(round.lag).map(([region, observation]): [string, PackedLag] => [
    region,
    { ...observation, samples: packSamples(observation.samples, before[region]?.samples) },
  ]);
  return { ...round, lag: Object.fromEntries(lag) };
}

/**
 * @param before as it was given to `packRound`
 * @throws Error when the samples refer to some that are not there
 */
export function unpackRound(round: PackedRound, before: Lag = {}): Round {
  const lag = Object.entries(round.lag).map(([region, observation]): [string, LagObservation] => {
    const { dropped, added } = observation.samples;
    const known = dropped === undefined ? [] : before[region]?.samples;
    if (known === undefined) {
      throw new Error(`cannot unpack the lag of ${region}: it refers to a record before; begin at one with a memory`);
    }
    return [region, { ...observation, samples: [...known.slice(dropped), ...added.map(unpack)] }];
  });
  return defined({ ...round, lag: Object.fromEntries(lag) });
}
