import type {
  DisasterRecoveryPolicy,
  HistoryEntry,
  OperationStatus,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { Decision } from '../../operator/failover/decision.ts';
import { defined } from '../../operator/failover/defined.ts';
import type { PolicyEvent } from '../views/policy-event.ts';
import { decisionsAround, signalLanes, type SignalLane } from './decision-lanes.ts';
import { milestonesOf, phasesOf, type Milestone, type ReportPhase } from './milestones.ts';
import { timelineOf, type TimelineEntry } from './timeline.ts';

/** What a report is made of: nothing else goes into it. */
export interface ReportFacts {
  readonly policy: DisasterRecoveryPolicy;
  readonly operationId: string;
  /** Newest first; undefined where the user may not read them. */
  readonly events: readonly PolicyEvent[] | undefined;
  /** Of the decision log, in its order; empty when none was given. */
  readonly decisions: readonly Decision[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The operation that a report is about, ended or in flight. */
export type ReportedOperation = Omit<HistoryEntry, 'outcome' | 'completedAt' | 'type'> &
  Partial<Pick<HistoryEntry, 'outcome' | 'completedAt'>> &
  Pick<OperationStatus, 'type'> &
  Partial<Pick<OperationStatus, 'calledAt' | 'attempts' | 'fence' | 'step' | 'requestId' | 'acceptedBy'>>;

/** An incident as it is reported. Instants are milliseconds since the epoch. */
export interface Incident {
  readonly policy: DisasterRecoveryPolicy;
  readonly operation: ReportedOperation;
  readonly milestones: readonly Milestone[];
  readonly phases: readonly ReportPhase[];
  readonly timeline: readonly TimelineEntry[];
  readonly lanes: readonly SignalLane[];
  /** The decisions of the log that belong to it. */
  readonly decisions: readonly Decision[];
  /** What the picture shows. */
  readonly from: number;
  readonly to: number;
  /** The first failing round, or the request. */
  readonly startedAt: number;
  readonly reportedAt: number;
  /** What a reader has to know about the sources. */
  readonly gaps: readonly string[];
}

/** Why there is no report. */
export class ReportError extends Error {
  override name = 'ReportError';
}

/** Of the decision log and the events, this much before and after the incident is told. */
const MARGIN_MILLISECONDS = 60_000;
/** The API server's default. */
const EVENT_LIFETIME_MILLISECONDS = 60 * 60_000;
/** The picture begins and ends with this share of the whole. */
const PICTURE_MARGIN = 0.08;

/** @throws ReportError when the policy does not know the operation, or it is none */
export function operationOf({ metadata, status }: DisasterRecoveryPolicy, id: string): ReportedOperation {
  if (status?.operation?.id === id) {
    return status.operation;
  }
  const entry = status?.history?.find((candidate) => candidate.id === id);
  if (entry === undefined) {
    throw new ReportError(
      `cannot report ${id}: policy ${metadata.name} has no such operation; status.history keeps the newest ten`,
    );
  }
  const { type } = entry;
  if (type === 'Simulation') {
    throw new ReportError(`cannot report ${id}: it is a simulation, which moved nothing; see the drill in status`);
  }
  return { ...entry, type };
}

function gapsOf(facts: ReportFacts, incident: Pick<Incident, 'startedAt' | 'decisions' | 'operation'>): string[] {
  const { events, decisions, now } = facts;
  return [
    incident.operation.completedAt === undefined ? 'The operation had not ended when this report was made.' : '',
    events === undefined ? 'Events were not read: no right to list them.' : '',
    events !== undefined && now - incident.startedAt > EVENT_LIFETIME_MILLISECONDS
      ? 'Events are incomplete: the API server forgets them, by default after an hour.'
      : '',
    decisions.length === 0
      ? 'No decision log was given: what each signal said in each round is not shown. The operator writes one with --decision-log-directory.'
      : '',
    decisions.length > 0 && incident.decisions.length === 0
      ? 'The decision log that was given has nothing of the time of this operation.'
      : '',
  ].filter((gap) => gap !== '');
}

/**
 * Puts together what is known about one operation.
 *
 * @throws ReportError when the policy does not know it
 */
export function incidentOf(facts: ReportFacts): Incident {
  const { policy, operationId, now } = facts;
  const operation = operationOf(policy, operationId);
  const startedAt = Date.parse(operation.detectedAt ?? operation.startedAt);
  const endedAt = operation.completedAt === undefined ? now : Date.parse(operation.completedAt);
  const span = { from: startedAt - MARGIN_MILLISECONDS, to: endedAt + MARGIN_MILLISECONDS };
  const decisions = decisionsAround(facts.decisions, policy.metadata.uid, span);
  const milestones = milestonesOf(operation, decisions);
  const margin = Math.max(1, endedAt - startedAt) * PICTURE_MARGIN;
  const picture = { from: startedAt - margin, to: endedAt + margin };
  return defined({
    policy,
    operation,
    milestones,
    phases: phasesOf(milestones),
    timeline: timelineOf({
      operation,
      milestones,
      decisions,
      events: facts.events ?? [],
      lastRequest: policy.status?.lastRequest,
      span,
    }),
    lanes: signalLanes(decisions, picture),
    decisions,
    ...picture,
    startedAt,
    reportedAt: now,
    gaps: gapsOf(facts, { startedAt, decisions, operation }),
  });
}
