import type { DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { WITNESS_SEES_LOSS } from '../failover/direct-signals.ts';
import type { Round } from '../failover/observation.ts';
import type { Background } from '../runtime/work-queue.ts';
import { pendingRequest } from './pending-request.ts';
import type { PolicySession } from './policy-session.ts';

/** What a policy's next reconcile is for, as the work queue's urgency. */
export const URGENCY = {
  /** Nothing that lasts longer for a client if it comes a little later; a policy that waits for its turn is among these. */
  Routine: 0,
  /** The primary seems lost, and further rounds have to confirm it before anything is done. */
  Suspected: 1,
  /** An operation is in flight: its clients wait for the new writer. */
  Underway: 2,
  /** A call to AWS may be due: the loss is confirmed, or with this round it is; or a person asks. */
  Due: 3,
  /** It waited, and now a token is kept for it, for seconds only. */
  Turn: 4,
} as const;

/** Rounds without a loss, and those that do not decide yet, leave most workers to what somebody waits for. */
const BACKGROUND_SHARE = 1 / 4;

/** What of the reconciles can wait, and how many of these may be under way at once. */
export const backgroundOf = (workers: number): Background => ({
  belowUrgency: URGENCY.Underway,
  workers: Math.max(1, Math.floor(workers * BACKGROUND_SHARE)),
});

/** Whether a round, not judged yet, may show a lost primary. */
function hintsAtLoss(round: Round, primary: string): boolean {
  return (
    round.endpoints[primary]?.attempt.kind === 'noAnswer' ||
    round.regions[primary]?.globalClusters.kind === 'noAnswer' ||
    round.witness?.statusCode === WITNESS_SEES_LOSS
  );
}

/** Whether the rounds that wait may be all that was missing for a decision. */
function mayDecide(
  { spec }: { readonly spec: { readonly detection?: { readonly failureThreshold?: number } } },
  { assessment, waitingRounds }: PolicySession,
): boolean {
  // An object that got past the schema (an older CRD, say) may have no threshold.
  return (assessment?.quorumRounds ?? 0) + waitingRounds >= (spec.detection?.failureThreshold ?? 1);
}

function seesLoss({ status }: DisasterRecoveryPolicy, { assessment, newestRound }: PolicySession): boolean {
  const primary = status?.primaryRegion;
  return (
    assessment?.incident !== undefined ||
    assessment?.isQuorumFailing === true ||
    (newestRound !== undefined && primary !== undefined && hintsAtLoss(newestRound, primary))
  );
}

/**
 * How urgent the policy's next reconcile is. Asked whenever its key enters the queue: by what is at hand, and by nothing
 * that would have to be computed.
 *
 * @param hasTurn whether a token for its call is kept for it
 */
export function urgencyOf(
  policy: DisasterRecoveryPolicy,
  session: PolicySession | undefined,
  hasTurn: boolean,
): number {
  if (hasTurn) {
    return URGENCY.Turn;
  }
  const { awaitedTurn } = session ?? {};
  const { metadata, status } = policy;
  if (awaitedTurn?.isRequested !== true && pendingRequest(metadata.annotations) !== undefined) {
    return URGENCY.Due;
  }
  if (awaitedTurn !== undefined) {
    return URGENCY.Routine;
  }
  if (status?.operation !== undefined) {
    return status.operation.step === 'Accepted' ? URGENCY.Due : URGENCY.Underway;
  }
  return session === undefined ? URGENCY.Routine : urgencyOfLoss(policy, session);
}

function urgencyOfLoss(policy: DisasterRecoveryPolicy, session: PolicySession): number {
  if (!seesLoss(policy, session)) {
    return URGENCY.Routine;
  }
  return mayDecide(policy, session) ? URGENCY.Due : URGENCY.Suspected;
}
