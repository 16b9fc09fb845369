import type { Outcome } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Assessment } from './assess.ts';
import { isTooOld } from './automatic.ts';
import type { Objection } from './candidates.ts';
import { defined } from './defined.ts';
import { windowState } from './maintenance-window.ts';
import type { Memory } from './memory.ts';
import type { GlobalClusterView, Instant } from './observation.ts';
import type { Operation } from './operation.ts';
import type { Settings } from './settings.ts';
import { isListed } from './settings.ts';
import { switchoverObjection } from './switchover-fitness.ts';
import { parseClusterArn, writerIn, type InFlightOperation } from './topology.ts';

/** Without a trace of an operation that had been seen in flight, it counts as over after this long, milliseconds. */
const VANISHED_AFTER_MILLISECONDS = 10_000;

/** What one round shows of an operation's effect. */
export type Effect =
  /** FailoverState names the operation's target. */
  | 'InFlight'
  /** AWS is rolling the operation back. */
  | 'Cancelling'
  /**
   * Somebody else's operation is in flight, or has moved the writer: towards another target, or a failover where ours is a
   * switchover.
   */
  | 'Foreign'
  /** The target's own region calls it the writer, and nothing is in flight there. */
  | 'Promoted'
  /** Answered, and as if nothing had ever been asked: the writer is where it was. */
  | 'Unchanged'
  /** No region that could tell has answered. */
  | 'Unseen';

/** What is remembered of an operation's reads in this process; a restart begins anew, which only waits longer. */
export interface FollowMemory {
  /** Start of the first of the present consecutive Unchanged rounds. */
  readonly quietSince?: Instant;
  readonly quietReads: number;
  readonly hasSeenCancelling: boolean;
  /** The call that these reads follow: what was read before it proves nothing about it. */
  readonly calledAt?: Instant;
}

export const EMPTY_FOLLOW_MEMORY: FollowMemory = { quietReads: 0, hasSeenCancelling: false };

function inFlightEffect(operation: Operation, inFlight: InFlightOperation): Effect {
  if (inFlight.toRegion !== undefined && inFlight.toRegion !== operation.to) {
    return 'Foreign';
  }
  // To the same region, and with a loss that nobody of us meant: told as our switchover, that loss would go unnoticed.
  if (operation.type === 'Switchover' && inFlight.isDataLossAllowed === true) {
    return 'Foreign';
  }
  return /cancel/i.test(inFlight.status) ? 'Cancelling' : 'InFlight';
}

/**
 * Whether somebody's failover, which was never seen in flight, has moved the writer to where an unfinished switchover was
 * to move it: that leaves the old primary `pending-resync`, and an orderly switchover loses nothing that would have to be
 * synchronized anew. Told as our switchover, the loss would go unnoticed; as it does where nobody looked until the old
 * primary was connected again, since then the two look the same.
 *
 * @param view the global cluster as the target's region describes it, whose writer is the operation's target
 */
export function isAfterFailover({ type, from, promotedAt }: Operation, view: GlobalClusterView): boolean {
  return (
    type === 'Switchover' &&
    promotedAt === undefined &&
    view.members.some(
      ({ clusterArn, synchronizationStatus }) =>
        synchronizationStatus === 'pending-resync' && parseClusterArn(clusterArn)?.region === from,
    )
  );
}

/** Reads the effect of `operation` out of one round. */
export function readEffect(operation: Operation, assessment: Assessment, settings: Settings): Effect {
  const { inFlight } = assessment.topology;
  if (inFlight !== undefined) {
    return inFlightEffect(operation, inFlight);
  }
  const { regions } = assessment.round;
  const targetView = regions[operation.to]?.globalCluster;
  if (targetView !== undefined && writerIn(targetView, settings) === operation.to) {
    return isAfterFailover(operation, targetView) ? 'Foreign' : 'Promoted';
  }
  // A switchover is asked of the primary's region: its word counts as well as the target's.
  const view = targetView ?? (operation.type === 'Switchover' ? regions[operation.from]?.globalCluster : undefined);
  switch (writerIn(view, settings)) {
    case operation.from:
      return 'Unchanged';
    case operation.to: // The target's own region has yet to say so.
    case undefined:
      return 'Unseen';
    default:
      return 'Foreign';
  }
}

/** What the memory knows of the operation's last call; reads before that call say nothing about it. */
function sinceLastCall(memory: FollowMemory, { calledAt }: Operation): FollowMemory {
  return memory.calledAt === calledAt ? memory : defined({ ...EMPTY_FOLLOW_MEMORY, calledAt });
}

/** Takes one round's effect into the follow memory. Rounds that began before the last call to AWS say nothing about it. */
export function rememberEffect(
  memory: FollowMemory,
  effect: Effect,
  roundStartedAt: Instant,
  operation: Operation,
): FollowMemory {
  const { calledAt } = operation;
  const known = sinceLastCall(memory, operation);
  if (roundStartedAt < (calledAt ?? operation.startedAt)) {
    return known;
  }
  const hasSeenCancelling = known.hasSeenCancelling || effect === 'Cancelling';
  if (effect === 'Unseen') {
    return { ...known, hasSeenCancelling };
  }
  return effect === 'Unchanged'
    ? { ...known, quietSince: known.quietSince ?? roundStartedAt, quietReads: known.quietReads + 1, hasSeenCancelling }
    : defined({ quietReads: 0, hasSeenCancelling, calledAt });
}

/** What to do next about an operation in flight. */
export type FollowAction =
  /** Call AWS: certainly not called yet, or proven without effect. */
  | { readonly kind: 'Call' }
  /** Persist the operation's progress. */
  | { readonly kind: 'Advance'; readonly operation: Operation }
  /** Publish the new writer, then persist. */
  | { readonly kind: 'Publish' }
  | { readonly kind: 'Finish'; readonly outcome: Outcome; readonly reason: string; readonly message: string }
  | { readonly kind: 'Wait'; readonly message: string };

export interface FollowQuestion {
  readonly operation: Operation;
  readonly assessment: Assessment;
  readonly memory: Memory;
  readonly follow: FollowMemory;
  readonly effect: Effect;
  readonly settings: Settings;
  readonly now: Instant;
  /**
   * This process registered the operation itself and knows that it has not called AWS. An annotation that is still there
   * proves nothing: a person may have asked again meanwhile.
   */
  readonly isCertainlyUncalled: boolean;
}

const wait = (message: string): FollowAction => ({ kind: 'Wait', message });
const finish = (outcome: Outcome, reason: string, message: string): FollowAction => ({
  kind: 'Finish',
  outcome,
  reason,
  message,
});

function advance({ operation, now }: FollowQuestion, step: Operation['step'], message: string): FollowAction {
  const promotedAt = step === 'Promoted' ? (operation.promotedAt ?? now) : operation.promotedAt;
  return { kind: 'Advance', operation: defined({ ...operation, step, promotedAt, message }) };
}

const quietFor = ({ follow, assessment }: FollowQuestion): number =>
  follow.quietSince === undefined ? 0 : assessment.round.startedAt - follow.quietSince;

/** Nothing was seen of a call whose answer was lost: may it be made again? */
function followUnconfirmed(question: FollowQuestion): FollowAction {
  const { effect, follow, settings } = question;
  if (effect !== 'Unchanged') {
    return wait('the call may have taken effect: waiting for a region that can tell');
  }
  if (follow.quietReads < 2 || quietFor(question) < settings.unconfirmedReadWindowMilliseconds) {
    return wait('the call may have taken effect: reading on before it is made again');
  }
  const { operation } = question;
  // What nobody read in between may have been there and back: the drill of an operator elsewhere brings the writer home.
  return isPlanned(operation) && settings.operatorRegion !== undefined
    ? finish('Cancelled', 'NotRepeated', NOT_REPEATED)
    : callLate(question);
}

const NOT_REPEATED =
  'AWS may have been called, and shows no effect: beside operators elsewhere a planned switchover is given up then, since a second call may be a second effect';

/** A failback by the operator itself, or a drill: nothing is lost by giving it up. */
const isPlanned = ({ automatic, trigger }: Operation): boolean => automatic === true || trigger === 'Drill';

/**
 * A call that does not follow its registration at once: AWS did not take it before, or its effect was not known and is
 * ruled out. What a person asked for is made all the same; what the operator wanted by itself must still be what it wants.
 */
function callLate(question: FollowQuestion): FollowAction {
  const { operation } = question;
  if (isPlanned(operation)) {
    return callPlanned(question);
  }
  return operation.trigger === 'Automatic' ? callAutomatic(question) : { kind: 'Call' };
}

/** A failover rests on a loss that must still be seen now: a primary that came back meanwhile is not given up any more. */
function callAutomatic(question: FollowQuestion): FollowAction {
  const { operation, assessment, settings, now } = question;
  if (settings.isSuspended || settings.mode === 'Manual') {
    const why = settings.isSuspended ? 'spec.suspend is true' : 'failover.mode is Manual';
    return finish('Cancelled', 'NoLongerNeeded', `${why}: automation gives up what AWS has not taken`);
  }
  if (assessment.incident === undefined) {
    const message = `${operation.from} serves again: it is not failed over, and AWS has done nothing`;
    return finish('Cancelled', 'NoLongerNeeded', message);
  }
  const obstacle = assessment.hold ?? assessment.veto;
  if (obstacle !== undefined) {
    return wait(`AWS is not called: ${obstacle.message}`);
  }
  const objection = targetObjection(question);
  if (objection !== undefined) {
    return withoutTarget(question, objection);
  }
  return assessment.quorumRounds >= settings.failureThreshold && !isTooOld(assessment.round, settings, now)
    ? { kind: 'Call' }
    : wait(`AWS is not called until ${settings.failureThreshold} consecutive rounds show the loss again`);
}

/** What speaks by now against the region that automation chose before: it may have been lost too, or been forbidden. */
function targetObjection({ operation, assessment }: FollowQuestion): Objection | undefined {
  const target = assessment.regions.find(({ region }) => region === operation.to);
  return target === undefined
    ? { reason: 'NotInPolicy', message: 'spec.regions does not name it any more' }
    : (target.unfit ?? target.excluded);
}

/** What passes is waited for, unless another region can take over meanwhile; what the policy forbids does not pass. */
function withoutTarget({ operation, assessment }: FollowQuestion, { reason, message }: Objection): FollowAction {
  const isForbidden = reason === 'PromotionNever' || reason === 'NotInPolicy';
  const isReplaceable = operation.step === 'Accepted' && (isForbidden || assessment.target !== undefined);
  return isReplaceable
    ? finish('Cancelled', 'NoLongerFit', `${operation.to}: ${message}: what AWS has not taken is given up`)
    : wait(`AWS is not called: ${operation.to}: ${message}`);
}

/** Why the operator does not want any more what it wanted by itself, whatever the regions are like. */
function planObstacle({ operation, settings, now }: FollowQuestion): string | undefined {
  if (settings.isSuspended) {
    return 'spec.suspend is true';
  }
  if (operation.trigger !== 'Failback') {
    return undefined;
  }
  if (settings.failback === undefined) {
    return 'failback.mode is Manual';
  }
  return windowState(settings.failback.windows, now).kind === 'Closed' ? 'its window has closed' : undefined;
}

/**
 * A failback or a drill that AWS has not taken yet. Nothing is lost with it: it is given up as soon as it would not be
 * started any more, instead of being waited for.
 */
function callPlanned(question: FollowQuestion): FollowAction {
  const { operation, assessment, settings, now } = question;
  const obstacle = planObstacle(question);
  if (obstacle !== undefined) {
    return finish('Cancelled', 'NoLongerNeeded', `${obstacle}: what AWS has not taken is given up`);
  }
  const objection = switchoverObjection(assessment, settings, operation.to);
  if (objection?.isProven === true) {
    return finish('Cancelled', 'NoLongerFit', `what AWS has not taken is given up: ${objection.message}`);
  }
  return objection === undefined && !isTooOld(assessment.round, settings, now)
    ? { kind: 'Call' }
    : wait(`AWS is not called: ${objection?.message ?? 'the last round is too old to act on'}`);
}

/** AWS accepted the call, or was seen at work, and now the reads show nothing of it. */
function followVanished(question: FollowQuestion): FollowAction {
  const { operation, effect, follow, settings } = question;
  if (effect !== 'Unchanged') {
    return wait(effect === 'Cancelling' ? 'AWS is cancelling the operation' : 'waiting for AWS');
  }
  const patience =
    operation.step === 'Promoting'
      ? Math.min(VANISHED_AFTER_MILLISECONDS, settings.unconfirmedReadWindowMilliseconds)
      : settings.unconfirmedReadWindowMilliseconds;
  const isOver = follow.hasSeenCancelling || (follow.quietReads >= 3 && quietFor(question) >= patience);
  if (!isOver) {
    return wait('nothing is in flight and the writer is unchanged: reading on');
  }
  const message = `AWS ended the ${operation.type.toLowerCase()} without a new writer: ${operation.from} still is the writer`;
  return operation.type === 'Switchover' || follow.hasSeenCancelling
    ? finish('Cancelled', 'CancelledByAws', message)
    : finish('Failed', 'FailedInAws', message);
}

/** Required guards the publication of a failover: the old primary must be known to be fenced. */
export function publicationObstacle(operation: Operation, settings: Settings): string | undefined {
  if (settings.fencing !== 'Required' || operation.type === 'Switchover' || operation.fence === 'Succeeded') {
    return undefined;
  }
  return operation.fence === 'TimedOut'
    ? 'RDS could not fence the old primary (event RDS-EVENT-0391): confirm with the annotation aurora-dr.io/confirm-fenced once it is fenced'
    : 'waiting for RDS to confirm that the old primary is fenced (event RDS-EVENT-0390), or for aurora-dr.io/confirm-fenced';
}

function followPromoted(question: FollowQuestion): FollowAction {
  const { operation, settings } = question;
  if (!settings.isPublishing) {
    return followPublished(question);
  }
  if (question.effect !== 'Promoted' && question.effect !== 'Unseen') {
    return wait(`the new writer is not published: this round contradicts that it is ${operation.to}`);
  }
  const obstacle = publicationObstacle(operation, settings);
  return obstacle === undefined ? { kind: 'Publish' } : wait(`the new writer is not published: ${obstacle}`);
}

/** Succeeded needs proof, all of it in one round: the writer, available, and accepting where that probe ever worked. */
function followPublished({ operation, assessment, memory, effect, settings }: FollowQuestion): FollowAction {
  if (effect !== 'Promoted') {
    return wait(`RDS in ${operation.to} does not call it the writer in this round`);
  }
  const status = assessment.round.regions[operation.to]?.cluster?.status;
  if (status !== 'available') {
    return wait(`the new writer's cluster is "${status ?? 'not described'}", not yet "available"`);
  }
  const probe = assessment.round.endpoints[operation.to];
  const hasEverWorked = isListed(settings, 'endpoint') && memory.endpointPassed[operation.to] !== undefined;
  return hasEverWorked && probe?.attempt.kind !== 'answered'
    ? wait('the new writer’s endpoint does not accept yet')
    : finish('Succeeded', 'Succeeded', `${operation.to} is the writer`);
}

function followCalled(question: FollowQuestion): FollowAction {
  const { operation, effect } = question;
  if (effect === 'Promoted') {
    return advance(question, 'Promoted', `${operation.to} is the writer`);
  }
  if ((effect === 'InFlight' || effect === 'Cancelling') && operation.step !== 'Promoting') {
    // Persisted also when it is being cancelled: the call has had its effect, and is not made again.
    return advance(question, 'Promoting', effect === 'InFlight' ? 'AWS is at work' : 'AWS is cancelling the operation');
  }
  return operation.step === 'Unconfirmed' && !question.follow.hasSeenCancelling
    ? followUnconfirmed(question)
    : followVanished(question);
}

function followAccepted(question: FollowQuestion): FollowAction {
  const { effect, operation, isCertainlyUncalled } = question;
  if (effect === 'InFlight' || effect === 'Cancelling' || effect === 'Promoted') {
    // Already writer, or already in flight: adopt instead of calling.
    return followCalled(question);
  }
  return isCertainlyUncalled
    ? callLate(question)
    : advance(
        question,
        'Unconfirmed',
        `registered by ${operation.acceptedBy ?? 'another process'}, which may have called AWS`,
      );
}

/** The next action for an operation in flight. */
export function followOperation(question: FollowQuestion): FollowAction {
  const { operation, effect, now, settings } = question;
  if (effect === 'Foreign') {
    return finish('Failed', 'Superseded', 'somebody else started an operation towards another region, or a failover');
  }
  // A call may have been made since the last round.
  const action = followStep({ ...question, follow: sinceLastCall(question.follow, operation) });
  const isTimedOut = now - operation.startedAt >= settings.operationTimeoutMilliseconds;
  // Progress that this very round proves comes before the timeout.
  return isTimedOut && (action.kind === 'Wait' || action.kind === 'Call')
    ? finish(
        'TimedOut',
        'TimedOut',
        `no proven end within failover.timeout; last: ${action.kind === 'Wait' ? action.message : 'the call had no effect'}`,
      )
    : action;
}

function followStep(question: FollowQuestion): FollowAction {
  switch (question.operation.step) {
    case 'Accepted':
      return followAccepted(question);
    case 'Requested':
    case 'Unconfirmed':
    case 'Promoting':
      return followCalled(question);
    case 'Promoted':
      return followPromoted(question);
    case 'Published':
      return followPublished(question);
  }
}
