import type { DisasterRecoveryPolicy, HistoryEntry } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { lossText, routeText, stepText } from './operation-text.ts';
import { spanText } from './time-text.ts';

/** How far an operation is, as the policy shows it. */
export interface Progress {
  /** The same as long as there is nothing new to tell. */
  readonly key: string;
  readonly line: string;
  readonly isOver: boolean;
}

function endText({ type, outcome, reason, message, recoveryTimeMilliseconds, ...entry }: HistoryEntry): string {
  const took = recoveryTimeMilliseconds === undefined ? '' : ` in ${spanText(recoveryTimeMilliseconds)}`;
  return outcome === 'Succeeded'
    ? `${outcome}${took}: ${entry.to} is the writer; data loss: ${lossText({ type, ...entry })}`
    : `${outcome}: ${reason ?? ''}: ${message ?? ''}`;
}

/** Of one operation by its id; undefined where neither `status.operation` nor `status.history` has it. */
export function operationProgress({ status }: DisasterRecoveryPolicy, id: string): Progress | undefined {
  const ended = status?.history?.find((entry) => entry.id === id);
  if (ended !== undefined) {
    return { key: `ended ${ended.outcome}`, line: endText(ended), isOver: true };
  }
  const operation = status?.operation;
  if (operation?.id !== id) {
    return undefined;
  }
  const { step, type, message } = operation;
  const what = step === 'Accepted' ? `${type} ${routeText(operation)}, ${id}` : (message ?? stepText(step));
  return { key: `${step} ${message ?? ''}`, line: `${step}: ${what}`, isOver: false };
}
