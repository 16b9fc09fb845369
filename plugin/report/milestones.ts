import type { Decision } from '../../operator/failover/decision.ts';
import type { ReportedOperation } from './incident.ts';

export type MilestoneName = 'lost' | 'asked' | 'accepted' | 'called' | 'promoted' | 'published' | 'ended';

/** A moment that divides the incident. */
export interface Milestone {
  readonly name: MilestoneName;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

export type PhaseName = 'detection' | 'decision to call' | 'promotion' | 'publication' | 'proof';

/** What lies between two milestones. */
export interface ReportPhase {
  readonly name: PhaseName;
  readonly from: number;
  readonly to: number;
  /** Whose time it is. */
  readonly whose: string;
}

/** When AWS was called first, as the decision log noted it: status keeps only the last call of an operation in flight. */
function calledAt(operation: ReportedOperation, decisions: readonly Decision[]): number | undefined {
  const note = decisions.find(
    (decision) => decision.kind === 'Note' && decision.what === 'Called' && decision.operation?.id === operation.id,
  );
  if (note?.kind === 'Note' && note.operation?.calledAt !== undefined) {
    return note.operation.calledAt;
  }
  return operation.calledAt === undefined ? undefined : Date.parse(operation.calledAt);
}

function milestone(name: MilestoneName, at: number | string | undefined, text: string): Milestone[] {
  return at === undefined ? [] : [{ name, at: typeof at === 'number' ? at : Date.parse(at), text }];
}

/** In order of time. */
export function milestonesOf(operation: ReportedOperation, decisions: readonly Decision[]): readonly Milestone[] {
  const { type, from, to, detectedAt, startedAt, promotedAt, publishedAt, completedAt, outcome } = operation;
  const isLoss = detectedAt !== undefined && detectedAt !== startedAt;
  const api = type === 'Failover' ? 'FailoverGlobalCluster' : 'SwitchoverGlobalCluster';
  return [
    ...(isLoss ? milestone('lost', detectedAt, `first failing round: ${from} is not seen serving`) : []),
    ...milestone('accepted', startedAt, `${type} to ${to} is on record, before AWS is called`),
    ...milestone('called', calledAt(operation, decisions), `${api} is called`),
    ...milestone('promoted', promotedAt, `${to} is seen as the writer`),
    ...milestone('published', publishedAt, `clients are sent to ${to}`),
    ...milestone('ended', completedAt, `${type} ${outcome ?? ''}`),
  ].toSorted((one, other) => one.at - other.at);
}

const PHASES: readonly (readonly [
  name: PhaseName,
  from: readonly MilestoneName[],
  to: MilestoneName,
  whose: string,
])[] = [
  ['detection', ['lost'], 'accepted', 'the policy: interval, failureThreshold, quorum'],
  ['decision to call', ['accepted'], 'called', 'the operator'],
  ['promotion', ['called', 'accepted'], 'promoted', 'Aurora'],
  ['publication', ['promoted'], 'published', 'the operator'],
  ['proof', ['published', 'promoted'], 'ended', 'the operator: the writer is available and accepts'],
];

/** What the time went into; phases whose ends are not known are left out. */
export function phasesOf(milestones: readonly Milestone[]): readonly ReportPhase[] {
  const at = (name: MilestoneName): number | undefined => milestones.find((each) => each.name === name)?.at;
  return PHASES.flatMap(([name, starts, end, whose]) => {
    const from = starts.map(at).find((time) => time !== undefined);
    const to = at(end);
    return from === undefined || to === undefined || to < from ? [] : [{ name, from, to, whose }];
  });
}
