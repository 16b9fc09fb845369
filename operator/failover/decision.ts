import type { OperationType, RegionRole } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Assessment, Finding, Recorded, SignalAssessment } from './assess.ts';
import type { AutomaticVerdict } from './automatic.ts';
import type { LossEstimate } from './data-loss.ts';
import type { Drill, DrillAction, DrillFacts, DrillStart, EndedOperation } from './drill.ts';
import type { FailbackFacts, FailbackVerdict } from './failback.ts';
import { defined } from './defined.ts';
import type { Effect, FollowAction, FollowMemory } from './follow.ts';
import type { ForceRequest, ForceVerdict } from './force.ts';
import type { Incident, Memory } from './memory.ts';
import type { Instant } from './observation.ts';
import type { Operation } from './operation.ts';
import type { PackedRound } from './packed-round.ts';
import { hasSameContent } from './same-content.ts';
import type { Settings } from './settings.ts';
import type { InFlightOperation } from './topology.ts';

/** Version of the records below. A reader refuses any other: a replay that guesses proves nothing. */
export const DECISION_VERSION = 1;

/** What every record of the decision log says of itself. */
export interface DecisionHead {
  readonly v: typeof DECISION_VERSION;
  /** Grows by one for each record of one policy in one process. */
  readonly n: number;
  /** The time that the brain was given. */
  readonly now: Instant;
  /** `namespace/name`. */
  readonly policy: string;
  readonly uid: string;
  readonly generation: number;
  /** The operator process that decided. */
  readonly by: string;
  /** What the policy asked for; absent when it is as in the record before. */
  readonly settings?: Settings;
}

/** One region, as far as the choice of a target goes. */
export interface RegionSummary {
  readonly region: string;
  readonly role: RegionRole;
  readonly synchronizationStatus?: string;
  readonly loss?: LossEstimate;
  /** Why it cannot, or may not, be promoted. */
  readonly objection?: Finding;
}

/** What the brain read out of one round. */
export interface RoundResult {
  readonly primaryRegion?: string;
  readonly dispute?: string;
  readonly inFlight?: InFlightOperation;
  readonly signals: readonly SignalAssessment[];
  readonly regions: readonly RegionSummary[];
  readonly hold?: Finding;
  readonly veto?: Finding;
  readonly isQuorumFailing: boolean;
  readonly quorumRounds: number;
  readonly incident?: Incident;
  readonly quorumProblem?: Finding;
  /** What the round shows of the operation in flight. */
  readonly effect?: Effect;
}

export type VerdictSummary =
  | { readonly kind: 'Calm' }
  | { readonly kind: 'Held'; readonly obstacles: readonly Finding[] }
  | { readonly kind: 'FailOver'; readonly target: string; readonly loss?: LossEstimate };

export type ForceSummary =
  | { readonly kind: 'Start'; readonly type: OperationType; readonly target: string; readonly loss?: LossEstimate }
  | ({ readonly kind: 'Refuse' } & Finding);

/** One round: what was observed, what the brain read out of it, and its verdict. */
export interface RoundDecision extends DecisionHead {
  readonly kind: 'Round';
  /** The program that decided; only in a record that stands alone, with settings, memory and every lag sample. */
  readonly program?: string;
  /** What the brain remembered before this round; absent when that is what the record before left it with. */
  readonly memory?: Memory;
  /** Rounds before this one that said the same as the one before them and are not in the log. */
  readonly unwritten?: number;
  readonly round: PackedRound;
  readonly recorded: Recorded;
  readonly cooldownUntil?: Instant;
  /** In flight when the round was taken in. */
  readonly operation?: Operation;
  readonly result: RoundResult;
  readonly verdict: VerdictSummary;
}

/** A verdict on the newest round that was taken later than the round's own: the one that is acted on. */
export interface VerdictDecision extends DecisionHead {
  readonly kind: 'Verdict';
  readonly cooldownUntil?: Instant;
  readonly verdict: VerdictSummary;
}

/** The answer to a forced request, judged on the newest round. */
export interface ForceDecision extends DecisionHead {
  readonly kind: 'Force';
  readonly request: ForceRequest;
  readonly verdict: ForceSummary;
}

/** The next action for the operation in flight, judged on the newest round. */
export interface FollowDecision extends DecisionHead {
  readonly kind: 'Follow';
  readonly operation: Operation;
  readonly follow: FollowMemory;
  readonly isCertainlyUncalled: boolean;
  readonly effect: Effect;
  readonly action: FollowAction;
}

/** Whether to bring the writer back, judged on the newest round. */
export interface FailbackDecision extends DecisionHead {
  readonly kind: 'Failback';
  readonly facts: FailbackFacts;
  readonly verdict: FailbackVerdict;
}

/** Whether a drill by switchover may begin, judged on the newest round. */
export interface DrillStartDecision extends DecisionHead {
  readonly kind: 'DrillStart';
  readonly facts: DrillFacts;
  readonly isScheduled: boolean;
  readonly verdict: DrillStart;
}

/** The next action about a drill under way, judged on the newest round. */
export interface DrillStepDecision extends DecisionHead {
  readonly kind: 'DrillStep';
  readonly facts: DrillFacts;
  readonly drill: Drill;
  readonly ended?: EndedOperation;
  readonly action: DrillAction;
}

/** Something that was done: evidence, with nothing in it to replay. */
export interface DecisionNote extends DecisionHead {
  readonly kind: 'Note';
  /** CamelCase: `Registered`, `Called`. */
  readonly what: string;
  readonly message: string;
  readonly operation?: Operation;
}

/** One line of the decision log. */
export type Decision =
  | RoundDecision
  | VerdictDecision
  | ForceDecision
  | FollowDecision
  | FailbackDecision
  | DrillStartDecision
  | DrillStepDecision
  | DecisionNote;

/** A record without what only its place in the log gives it. */
export type Unnumbered<D extends Decision> = D extends Decision ? Omit<D, 'n' | 'settings'> : never;

/** What of an assessment the log keeps: enough to answer why and why not, and to compare a replay with. */
export function resultOf(assessment: Assessment, effect?: Effect): RoundResult {
  const { topology, signals, regions, hold, veto, isQuorumFailing, quorumRounds, incident, quorumProblem } = assessment;
  return defined({
    primaryRegion: topology.primaryRegion,
    dispute: topology.dispute,
    inFlight: topology.inFlight,
    signals,
    regions: regions.map(({ region, role, synchronizationStatus, loss, unfit, excluded }) =>
      defined({ region, role, synchronizationStatus, loss, objection: unfit ?? excluded }),
    ),
    hold,
    veto,
    isQuorumFailing,
    quorumRounds,
    incident,
    quorumProblem,
    effect,
  });
}

export function summaryOf(verdict: AutomaticVerdict): VerdictSummary {
  return verdict.kind === 'FailOver'
    ? defined({ kind: verdict.kind, target: verdict.target.region, loss: verdict.target.loss })
    : verdict;
}

export function forceSummaryOf(verdict: ForceVerdict): ForceSummary {
  return verdict.kind === 'Start'
    ? defined({ kind: verdict.kind, type: verdict.type, target: verdict.target.region, loss: verdict.target.loss })
    : verdict;
}

/** The verdict without its figures: whether two verdicts say the same. */
export function verdictKey(verdict: VerdictSummary): string {
  switch (verdict.kind) {
    case 'Calm':
      return 'Calm';
    case 'Held':
      return `Held ${verdict.obstacles.map((obstacle) => obstacle.reason).join(' ')}`;
    case 'FailOver':
      return `FailOver ${verdict.target}`;
  }
}

/** Times, figures and prose: they differ from round to round though everything reads the same. */
const FLEETING: ReadonlySet<string> = new Set([
  'sequence',
  'startedAt',
  'completedAt',
  'askedAt',
  'samples',
  'controlSampleEnd',
  'since',
  'lastPassed',
  'evidenceAt',
  'loss',
  'message',
]);

/** Whether nothing that was read changed, but for what is different in every round. */
export function hasSameReadings(one: object, other: object): boolean {
  return hasSameContent(one, other, FLEETING);
}

/** Whether this round is one of a healthy time: nothing decided, nothing failing, nothing in flight. */
export function isQuiet({
  result,
  verdict,
  operation,
}: Pick<RoundDecision, 'result' | 'verdict' | 'operation'>): boolean {
  return (
    verdict.kind === 'Calm' &&
    operation === undefined &&
    result.incident === undefined &&
    result.signals.every((signal) => signal.state !== 'Failing')
  );
}
