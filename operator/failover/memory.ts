import type { Instant, LagSample } from './observation.ts';
import type { Stability } from './stability.ts';
import type { SignalName, SignalState } from '../api/v1alpha1/disaster-recovery-policy.ts';

/** What is remembered of one signal class from round to round. */
export interface SignalMemory {
  readonly state: SignalState;
  /** When the class entered `state`. */
  readonly since: Instant;
  readonly reason: string;
  readonly message: string;
  /** Consecutive Passing rounds up to now. */
  readonly passingRounds: number;
  /** The last round at which the class had been Passing for `successThreshold` rounds. The vote rests on it. */
  readonly lastPassed?: Instant;
  /** The primary for which it passed. */
  readonly primary?: string;
  /** The configuration under which it passed, see `SignalSettings.configuration`. */
  readonly configuration: string;
}

export interface Incident {
  /** Start of the first failing round. */
  readonly startedAt: Instant;
  /** Start of the newest round in which a class that looks at the primary itself voted Failing. */
  readonly failingAt?: Instant;
  /** End of the newest lag sample that proves the primary alive after `startedAt`: the loss came later than that. */
  readonly provenUntil?: Instant;
  /** Since when the primary region's RDS has shown life in this incident: how long Aurora has had to recover in place. */
  readonly aliveSince?: Instant;
}

/** When the loss happened, as far as is proven: estimates of what it costs refer to this moment. */
export function lossReference(incident: Incident | undefined, now: Instant): Instant {
  return incident === undefined ? now : Math.max(incident.startedAt, incident.provenUntil ?? -Infinity);
}

/**
 * What the brain carries from round to round. Plain data: it can be printed, and what must outlive the process (votes,
 * the incident's start, the last known lag) is restored from the policy's status.
 */
export interface Memory {
  readonly signals: Readonly<Partial<Record<SignalName, SignalMemory>>>;
  /** Consecutive rounds in which a quorum was Failing with neither veto nor hold. */
  readonly quorumRounds: number;
  /** Consecutive rounds in which no class that looks at the primary itself votes Failing. */
  readonly calmRounds: number;
  readonly incident?: Incident;
  /** By region: the newest lag sample that is at or before the incident's start, or simply the newest without one. */
  readonly lag: Readonly<Record<string, LagSample>>;
  /** By region: the last known engine version. A lost region cannot be asked any more. */
  readonly engineVersions: Readonly<Record<string, string>>;
  /** By region: when its endpoint accepted last; absent where the probe never worked. */
  readonly endpointPassed: Readonly<Record<string, Instant>>;
  /** Absent while the preferred region is not fit to take the writer back, or none is waited for. */
  readonly stability?: Stability;
}

export const EMPTY_MEMORY: Memory = {
  signals: {},
  quorumRounds: 0,
  calmRounds: 0,
  lag: {},
  engineVersions: {},
  endpointPassed: {},
};
