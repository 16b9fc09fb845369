import type { Instant, LagObservation, LagSample, Round } from './observation.ts';
import { failing, passing, unknown, type SignalReading } from './signal.ts';

/**
 * Lag that grows by at least this share of the time that passes is replication standing still; lag that grows faster
 * than time by more than the second share is a spike, for nothing can fall behind faster than time passes.
 */
const GROWTH_AT_RATE_OF_TIME = 0.8;
const GROWTH_ABOVE_RATE_OF_TIME = 1.25;

export interface SecondaryMember {
  readonly region: string;
  /** Whether the global cluster's members list calls it `connected`. */
  readonly isConnected: boolean;
}

export interface ReplicationQuestion {
  readonly round: Round;
  readonly secondaries: readonly SecondaryMember[];
  readonly maximumAgeMilliseconds: number;
  /** Start of the first failing round of the present incident; absent when there is none. */
  readonly incidentStartedAt?: Instant;
}

type Verdict =
  | { readonly kind: 'receives'; readonly evidenceAt: Instant; readonly message: string }
  /** `resyncing`: it receives nothing, which is its own trouble and says nothing about the primary. */
  | { readonly kind: 'starved' | 'silent' | 'undecided' | 'resyncing'; readonly message: string };

/** The same findings have other reasons, by where the lag is read. */
const WORDS = {
  CloudWatch: {
    source: 'CloudWatch',
    control: 'CPUUtilization of the same cluster',
    onTime: 'CPUUtilization of the same cluster is on time',
  },
  SQL: { source: 'its reader', control: 'its reader', onTime: 'its reader answers' },
} as const;

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

/**
 * Whether lag has grown at about the rate of time since the incident began: what a secondary that receives nothing
 * shows while its metric goes on. Compared with a sample from before, and shown by at least two whole periods after and
 * every step between them, so that a spike of a busy primary, rising or falling, does not pass for silence. Of samples whose
 * dates are too uncertain for a rate the steps span several, none of which may fall. An outage that lasts longer than
 * samples are kept has none from before any more: then every lag must reach back to the incident.
 */
export function isGrowingWithTime(samples: readonly LagSample[], since: Instant): boolean {
  const before = samples.findLast((sample) => sample.periodEnd + uncertaintyOf(sample) <= since);
  const after = samples.filter((sample) => sample.periodStart >= since);
  const share = before === undefined ? 1 : GROWTH_AT_RATE_OF_TIME;
  const steps = wellApart(after);
  return (
    steps.length >= 2 &&
    after.every(
      (sample) => sample.lagMilliseconds - (before?.lagMilliseconds ?? 0) >= share * (sample.periodEnd - since),
    ) &&
    after.slice(1).every((sample, index) => !isFall(after[index], sample)) &&
    steps.slice(1).every((sample, index) => isStepAtRateOfTime(steps[index], sample))
  );
}

/**
 * Of the samples those so far apart that what is uncertain of their dates does not take growth at the rate of time beyond
 * its limits: a question that was slow once would otherwise spoil the series for as long as its sample is kept.
 */
function wellApart(samples: readonly LagSample[]): readonly LagSample[] {
  const kept: LagSample[] = [];
  for (const sample of samples) {
    const previous = kept.at(-1);
    if (previous === undefined || isWellApart(previous, sample)) kept.push(sample);
  }
  return kept;
}

/** A date that is too early makes the time from there too long, and the time up to there too short. */
function isWellApart(previous: LagSample, sample: LagSample): boolean {
  const time = sample.periodEnd - previous.periodEnd;
  return (
    time - uncertaintyOf(previous) >= GROWTH_AT_RATE_OF_TIME * time &&
    time + uncertaintyOf(sample) <= GROWTH_ABOVE_RATE_OF_TIME * time
  );
}

/** Two readers may tell of two moments in the wrong order, if their dates are uncertain enough. */
function isFall(previous: LagSample | undefined, sample: LagSample): boolean {
  return previous !== undefined && sample.lagMilliseconds < previous.lagMilliseconds - uncertaintyOf(previous);
}

const uncertaintyOf = ({ uncertaintyMilliseconds = 0 }: LagSample): number => uncertaintyMilliseconds;

function isStepAtRateOfTime(previous: LagSample | undefined, sample: LagSample): boolean {
  const time = sample.periodEnd - (previous?.periodEnd ?? 0);
  const growth = sample.lagMilliseconds - (previous?.lagMilliseconds ?? 0);
  return growth >= GROWTH_AT_RATE_OF_TIME * time && growth <= GROWTH_ABOVE_RATE_OF_TIME * time;
}

/**
 * End of the newest sample that proves the primary alive after `since`: what the secondary had received in its period
 * was written later. A sample from an outage never does, for its lag reaches back to the loss.
 */
export function newestProofAfter(samples: readonly LagSample[], since: Instant): Instant | undefined {
  return samples.findLast((sample) => sample.periodStart - sample.lagMilliseconds > since)?.periodEnd;
}

/**
 * Until when the samples prove the primary alive at least. By its lag a sample speaks of what was written so much
 * earlier: one from an outage, whose lag grows with time, proves no more than those before it.
 */
function evidenceOf(samples: readonly LagSample[]): Instant {
  return Math.max(...samples.map((sample) => sample.periodStart - sample.lagMilliseconds));
}

/**
 * Whether the control series proves the source on time although the lag series is late: it has a young sample, newer
 * than the lag series by two periods, so that an ordinary difference in delivery does not pass for silence. The lag
 * series must have been late when the source was asked: an answer that only grows old here was not looked at again.
 */
function isControlAhead(observation: LagObservation, asOf: Instant, maximumAge: number): boolean {
  const control = observation.controlSampleEnd;
  if (control === undefined || asOf - control > maximumAge) {
    return false;
  }
  const newest = observation.samples.at(-1);
  if (newest === undefined) {
    return true;
  }
  const wasLateWhenAsked = observation.askedAt - newest.periodEnd > maximumAge;
  return wasLateWhenAsked && control - newest.periodEnd >= 2 * (newest.periodEnd - newest.periodStart);
}

/**
 * As of when samples are judged: a reader is asked in this very round, and what it says does not grow old because the round
 * then waits for others. CloudWatch may have been asked rounds before.
 */
function momentOf(observation: LagObservation, round: Round): Instant {
  return observation.source === 'SQL' ? observation.askedAt : round.completedAt;
}

function judge(member: SecondaryMember, question: ReplicationQuestion): Verdict {
  const { round, maximumAgeMilliseconds: maximumAge, incidentStartedAt } = question;
  const observation = round.lag[member.region];
  const who = `secondary ${member.region}`;
  if (observation === undefined) {
    return { kind: 'silent', message: `${who}: its lag was not asked yet` };
  }
  const words = WORDS[observation.source ?? 'CloudWatch'];
  if (observation.attempt.kind !== 'answered') {
    return { kind: 'silent', message: `${who}: ${words.source} did not answer: ${observation.attempt.message}` };
  }
  const asOf = momentOf(observation, round);
  const newest = observation.samples.at(-1);
  if (newest !== undefined && asOf - newest.periodEnd <= maximumAge) {
    const lag = `${who}: lag ${newest.lagMilliseconds} ms, sample ${seconds(asOf - newest.periodEnd)} old`;
    if (incidentStartedAt !== undefined && isGrowingWithTime(observation.samples, incidentStartedAt)) {
      return { kind: 'starved', message: `${lag}, growing at the rate of time since the first failing round` };
    }
    return member.isConnected
      ? { kind: 'receives', evidenceAt: evidenceOf(observation.samples), message: lag }
      : { kind: 'undecided', message: `${lag}, but the member is not connected` };
  }
  const age = newest === undefined ? 'no lag sample' : `newest lag sample ${seconds(asOf - newest.periodEnd)} old`;
  if (!member.isConnected) {
    return { kind: 'resyncing', message: `${who}: ${age}, and the member is not connected` };
  }
  return isControlAhead(observation, asOf, maximumAge)
    ? { kind: 'starved', message: `${who}: ${age} while ${words.onTime}` }
    : { kind: 'silent', message: `${who}: ${age}, and ${words.control} is late or missing too` };
}

/** Class `replication`: does a secondary still receive what the primary writes? */
export function readReplication(question: ReplicationQuestion): SignalReading {
  const verdicts = question.secondaries.map((member) => judge(member, question));
  const message = verdicts.map((verdict) => verdict.message).join('; ');
  const receiving = verdicts.filter((verdict) => verdict.kind === 'receives');
  if (receiving.length > 0) {
    const evidenceAt = Math.max(...receiving.map((verdict) => verdict.evidenceAt));
    return passing('SecondaryReceives', message, evidenceAt);
  }
  const answering = verdicts.filter((verdict) => verdict.kind !== 'silent' && verdict.kind !== 'resyncing');
  if (answering.length === 0) {
    const isResyncing = verdicts.some((verdict) => verdict.kind === 'resyncing');
    return unknown(isResyncing ? 'NotConnected' : 'SourceSilent', message === '' ? 'no secondary is known' : message);
  }
  return answering.every((verdict) => verdict.kind === 'starved')
    ? failing('NoSecondaryReceives', message)
    : unknown('NotConnected', message);
}
