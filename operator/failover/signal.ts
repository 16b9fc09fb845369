import type { SignalState } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Instant } from './observation.ts';

/** What one class says in one round, before votes are counted. */
export interface SignalReading {
  readonly state: SignalState;
  /** CamelCase, stable, for status and metrics. */
  readonly reason: string;
  /** For a person at 3 a.m.: what was seen. */
  readonly message: string;
  /** For a Passing reading: when its evidence was true at the earliest. A veto counts only with newer evidence. */
  readonly evidenceAt?: Instant;
}

export const passing = (reason: string, message: string, evidenceAt: Instant): SignalReading => ({
  state: 'Passing',
  reason,
  message,
  evidenceAt,
});
export const failing = (reason: string, message: string): SignalReading => ({ state: 'Failing', reason, message });
export const unknown = (reason: string, message: string): SignalReading => ({ state: 'Unknown', reason, message });
