import type {
  HistoryEntry,
  OperationStatus,
  OperationStep,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { spanText } from './time-text.ts';

const STEPS: Readonly<Record<OperationStep, string>> = {
  Accepted: 'on record; AWS has not taken the call yet',
  Requested: 'AWS took the call',
  Unconfirmed: 'AWS was called and its answer is not known; reads will tell',
  Promoting: 'AWS is at it',
  Promoted: 'the target is the writer',
  Published: 'clients are sent to the new writer',
};

/** What a step means, for people. */
export const stepText = (step: OperationStep): string => STEPS[step];

/** `us-east-1 → us-west-2`. */
export const routeText = ({ from, to }: Pick<OperationStatus, 'from' | 'to'>): string => `${from} → ${to}`;

/** Who asked for it, in words. */
export function triggerText({ trigger, automatic }: Pick<HistoryEntry, 'trigger' | 'automatic'>): string {
  switch (trigger) {
    case 'Automatic':
      return 'by the operator, for a confirmed loss';
    case 'Annotation':
      return 'by a person';
    case 'Failback':
      return automatic === true ? 'by the operator, as an automatic failback' : 'by a person, as a failback';
    case 'Drill':
      return automatic === true ? 'by the operator, as a scheduled drill' : 'by a person, as a drill';
    case 'External':
      return 'by somebody else, outside of the operator';
  }
}

type Loss = Pick<HistoryEntry, 'type' | 'estimatedDataLossMilliseconds' | 'worstCaseDataLossMilliseconds'>;

/** What was lost, or would be: an unknown loss is never none. */
export function lossText({ type, estimatedDataLossMilliseconds, worstCaseDataLossMilliseconds }: Loss): string {
  if (type === 'Switchover') {
    return 'none (switchover)';
  }
  return estimatedDataLossMilliseconds === undefined
    ? 'unknown'
    : `${spanText(estimatedDataLossMilliseconds)}, at worst ${spanText(worstCaseDataLossMilliseconds ?? estimatedDataLossMilliseconds)}`;
}
