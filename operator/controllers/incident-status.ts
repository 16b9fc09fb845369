import { boundedText } from '../api/v1alpha1/bounded-text.ts';
import type { IncidentStatus } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { FAILOVER_REASONS } from '../api/v1alpha1/conditions.ts';
import type { Assessment, Finding } from '../failover/assess.ts';
import type { AutomaticVerdict } from '../failover/automatic.ts';
import type { Settings } from '../failover/settings.ts';
import type { PolicyRecord } from './policy-record.ts';
import { timestamp } from './status-codec.ts';

export interface IncidentQuestion {
  readonly settings: Settings;
  readonly record: Pick<PolicyRecord, 'operation'>;
  readonly assessment: Assessment;
  readonly verdict: AutomaticVerdict;
  /** The call that is due and waits for its turn among others'. */
  readonly awaitedTurn?: string | undefined;
}

/** Everything that holds automation, under the reason that is to be told first. */
export function heldFor(
  { obstacles }: Extract<AutomaticVerdict, { kind: 'Held' }>,
  { hold, veto, topology }: Assessment,
): Finding {
  // What forbids a failover outright is told at once; what only limits automation, once the loss is confirmed.
  const isForbidden = hold !== undefined || veto !== undefined || topology.dispute !== undefined;
  const confirming = obstacles.find(({ reason }) => reason === FAILOVER_REASONS.Confirming);
  const told = isForbidden ? obstacles[0] : (confirming ?? obstacles[0]);
  return {
    reason: told?.reason ?? FAILOVER_REASONS.Confirming,
    message: obstacles.map(({ message }) => message).join('; '),
  };
}

/** Nothing is held while too few fail: what would have to be true for a failover is said here alone. */
function quorumNotMet({ settings, assessment }: IncidentQuestion): Finding {
  const { quorum, failureThreshold } = settings;
  const states = assessment.signals.map(({ name, state }) => `${name} ${state}`).join(', ');
  return {
    reason: FAILOVER_REASONS.QuorumNotMet,
    message: `${states}: an automatic failover needs ${quorum} Failing, from two vantages, for ${failureThreshold} rounds in a row`,
  };
}

function explain(question: IncidentQuestion): Finding {
  const { record, verdict, assessment } = question;
  if (record.operation !== undefined) {
    const { type, id, to } = record.operation;
    return { reason: FAILOVER_REASONS.OperationInFlight, message: `${type} ${id} to ${to} is in flight` };
  }
  if (question.awaitedTurn !== undefined) {
    return { reason: FAILOVER_REASONS.AwaitingTurn, message: question.awaitedTurn };
  }
  switch (verdict.kind) {
    case 'Held':
      return heldFor(verdict, assessment);
    case 'FailOver': {
      const message = `${assessment.quorumRounds} rounds in a row show the loss: a failover to ${verdict.target.region} starts`;
      return { reason: FAILOVER_REASONS.Confirmed, message };
    }
    case 'Calm':
      return quorumNotMet(question);
  }
}

/** The present suspicion, and what keeps the operator from acting on it; undefined without one. */
export function incidentStatus(question: IncidentQuestion): IncidentStatus | undefined {
  const { incident } = question.assessment;
  if (incident === undefined) {
    return undefined;
  }
  const { reason, message } = explain(question);
  return { startedAt: timestamp(incident.startedAt), reason, message: boundedText(message) };
}
