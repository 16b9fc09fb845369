import { formatDuration } from '../api/v1alpha1/duration.ts';
import type { Assessment } from '../failover/assess.ts';
import type { Instant } from '../failover/observation.ts';
import type { Settings } from '../failover/settings.ts';
import type { PolicyRecord } from './policy-record.ts';
import { timestamp } from './status-codec.ts';

export interface RecoveryQuestion {
  readonly settings: Settings;
  readonly record: Pick<PolicyRecord, 'operation'>;
  readonly assessment: Pick<Assessment, 'incident' | 'veto'>;
  readonly now: Instant;
}

/**
 * Since when clients may have been without a writer: of the operation in flight, else of a loss that no evidence
 * contradicts. Undefined when neither is at hand.
 */
export function recoveryBegan({ record, assessment }: Omit<RecoveryQuestion, 'settings' | 'now'>): Instant | undefined {
  const { incident, veto } = assessment;
  return record.operation?.detectedAt ?? (veto === undefined ? incident?.startedAt : undefined);
}

/** Whether what is at hand lasts longer than `objectives.recoveryTime`. */
export function isRecoveryLate(question: RecoveryQuestion): boolean {
  const began = recoveryBegan(question);
  return began !== undefined && question.now - began > question.settings.recoveryTimeMilliseconds;
}

/** What a message about something that lasts too long ends with. */
export function recoveryNote(question: RecoveryQuestion): string {
  const began = recoveryBegan(question);
  return began === undefined || !isRecoveryLate(question)
    ? ''
    : `; longer than objectives.recoveryTime of ${formatDuration(question.settings.recoveryTimeMilliseconds)} since ${timestamp(began)}`;
}

/** What the message of an operation that took too long ends with. */
export function missedObjective(milliseconds: number, { recoveryTimeMilliseconds }: Settings): string {
  return milliseconds > recoveryTimeMilliseconds
    ? `; ${formatDuration(Math.round(milliseconds))} is longer than objectives.recoveryTime of ${formatDuration(recoveryTimeMilliseconds)}`
    : '';
}
