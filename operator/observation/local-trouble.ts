import type { Attempt, Round } from '../failover/observation.ts';

/** Beyond this, wall and monotonic clock have not just drifted. */
const JUMP_MILLISECONDS = 1000;

export interface LocalTrouble {
  /** By how much the wall clock moved more than the monotonic clock during the round. */
  readonly jumpMilliseconds: number;
  /** How late the round started. */
  readonly lateMilliseconds: number;
  readonly intervalMilliseconds: number;
}

/**
 * Takes back what a round claims about the far side when this process was in no state to tell: after a jump of the
 * clock everything that was not answered, after a start more than an interval late every silence. Answers remain.
 * Returns the same round when there was no trouble.
 */
export function settleLocally(round: Round, trouble: LocalTrouble): Round {
  const correct = correctionFor(trouble);
  if (correct === undefined) return round;
  return {
    ...round,
    regions: mapValues(round.regions, (region) => ({
      ...region,
      globalClusters: correct(region.globalClusters),
      clusters: correct(region.clusters),
    })),
    endpoints: mapValues(round.endpoints, (endpoint) => ({ ...endpoint, attempt: correct(endpoint.attempt) })),
    lag: mapValues(round.lag, (lag) => ({ ...lag, attempt: correct(lag.attempt) })),
    ...(round.witness && { witness: { ...round.witness, attempt: correct(round.witness.attempt) } }),
  };
}

function correctionFor(trouble: LocalTrouble): ((attempt: Attempt) => Attempt) | undefined {
  const { jumpMilliseconds: jump, lateMilliseconds: late, intervalMilliseconds: interval } = trouble;
  if (Math.abs(jump) > JUMP_MILLISECONDS) {
    const message = `the wall clock jumped by ${Math.round(jump)} ms during the round`;
    return (attempt) => (attempt.kind === 'answered' ? attempt : { kind: 'local', cause: 'clockJump', message });
  }
  if (late > interval) {
    const message = `the round started ${Math.round(late)} ms late`;
    return (attempt) =>
      attempt.kind === 'noAnswer' && attempt.cause === 'timeout'
        ? { kind: 'local', cause: 'eventLoopLate', message }
        : attempt;
  }
  return undefined;
}

function mapValues<T>(record: Readonly<Record<string, T>>, map: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
