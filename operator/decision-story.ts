import type { Finding, SignalAssessment } from './failover/assess.ts';
import type {
  Decision,
  FollowDecision,
  ForceDecision,
  RegionSummary,
  RoundDecision,
  RoundResult,
  VerdictSummary,
} from './failover/decision.ts';
import type { LossEstimate } from './failover/data-loss.ts';
import type { DrillAction, DrillStart } from './failover/drill.ts';
import type { FailbackVerdict } from './failover/failback.ts';
import type { FollowAction } from './failover/follow.ts';
import type { Instant } from './failover/observation.ts';

const timeOf = (instant: Instant): string => new Date(instant).toISOString();
const describeLoss = (loss: LossEstimate | undefined): string =>
  loss === undefined
    ? 'loss unknown'
    : `estimated loss ${loss.lastKnownMilliseconds} ms, at worst ${loss.worstCaseMilliseconds} ms`;

/** What was decided, for a person. */
export function describeVerdict(verdict: VerdictSummary): string {
  switch (verdict.kind) {
    case 'Calm':
      return 'Calm';
    case 'Held':
      return `Held: ${verdict.obstacles.map(({ reason, message }) => `${reason} (${message})`).join('; ')}`;
    case 'FailOver':
      return `FailOver to ${verdict.target}, ${describeLoss(verdict.loss)}`;
  }
}

const signalsInShort = ({ signals }: RoundResult): string =>
  signals.map(({ name, state, reason }) => `${name} ${state}${state === 'Passing' ? '' : ` ${reason}`}`).join(', ');

function describeRequest({ request, verdict }: ForceDecision): string {
  const { action, value, forceType, hasAcceptedDataLoss } = request;
  const asked = `${action}=${value} (${forceType}${hasAcceptedDataLoss ? ', loss accepted' : ''})`;
  return verdict.kind === 'Start'
    ? `${asked}: ${verdict.type} to ${verdict.target}, ${describeLoss(verdict.loss)}`
    : `${asked}: refused: ${verdict.reason} (${verdict.message})`;
}

function describeAction(action: FollowAction): string {
  switch (action.kind) {
    case 'Call':
      return 'call AWS';
    case 'Publish':
      return 'publish the new writer';
    case 'Wait':
      return `wait: ${action.message}`;
    case 'Advance':
      return `on to step ${action.operation.step}: ${action.operation.message ?? ''}`;
    case 'Finish':
      return `${action.outcome}: ${action.reason} (${action.message})`;
  }
}

const reasonsOf = (obstacles: readonly Finding[]): string =>
  obstacles.map(({ reason, message }) => `${reason} (${message})`).join('; ');

function describePlan(verdict: FailbackVerdict | DrillStart): string {
  switch (verdict.kind) {
    case 'Unneeded':
      return 'no failback is needed';
    case 'Wait':
      return `wait: ${reasonsOf(verdict.obstacles)}`;
    case 'SwitchBack':
      return `switch back to ${verdict.target}`;
    case 'Start':
      return `drill: switch over to ${verdict.target}`;
  }
}

function describeStep(action: DrillAction): string {
  switch (action.kind) {
    case 'Arrive':
      return 'the writer has arrived';
    case 'Return':
      return 'switch over home';
    case 'Retry':
      return `try the return again, not before ${timeOf(action.notBefore)}`;
    case 'Finish':
      return `${action.result}: ${action.reason} (${action.message})`;
    case 'Wait':
      return `wait: ${reasonsOf(action.obstacles)}`;
  }
}

const describeFollow = ({ operation, effect, action }: FollowDecision): string =>
  `${operation.type} ${operation.id} at step ${operation.step}, effect ${effect}: ${describeAction(action)}`;

/** What a record says, for a person. */
export function describeDecision(decision: Decision): string {
  switch (decision.kind) {
    case 'Round': {
      const { unwritten, verdict, result } = decision;
      const before = unwritten === undefined ? '' : ` (after ${unwritten} rounds alike)`;
      return `${describeVerdict(verdict)} | ${signalsInShort(result)}${before}`;
    }
    case 'Verdict':
      return describeVerdict(decision.verdict);
    case 'Force':
      return describeRequest(decision);
    case 'Follow':
      return describeFollow(decision);
    case 'Failback':
    case 'DrillStart':
      return describePlan(decision.verdict);
    case 'DrillStep':
      return `drill ${decision.drill.id} (${decision.drill.leg}): ${describeStep(decision.action)}`;
    case 'Note':
      return `${decision.what}: ${decision.message}`;
  }
}

/** One line for a person: when, what kind of record, what was said. */
export function summaryLineOf(decision: Decision): string {
  return `${timeOf(decision.now)}  ${decision.kind.padEnd(7)}  ${describeDecision(decision)}`;
}

function describeSignal({
  name,
  vantage,
  state,
  reason,
  message,
  since,
  hasVote,
  lastPassed,
}: SignalAssessment): string {
  const vote = hasVote ? 'votes' : 'no vote';
  const passed = lastPassed === undefined ? 'never passed' : `last passed ${timeOf(lastPassed)}`;
  return `${name} (${vantage}) ${state} since ${timeOf(since)}, ${vote}, ${passed}: ${reason}: ${message}`;
}

function describeRegion({ region, role, synchronizationStatus, loss, objection }: RegionSummary): string {
  const state = synchronizationStatus === undefined ? '' : `, ${synchronizationStatus}`;
  const fitness = objection === undefined ? 'can be promoted' : `${objection.reason}: ${objection.message}`;
  return role === 'Primary'
    ? `${region} is the primary`
    : `${region} ${role}${state}, ${describeLoss(loss)}: ${fitness}`;
}

function storyOfRound({ result, verdict }: RoundDecision): string[] {
  const { incident, hold, veto, dispute, quorumProblem, quorumRounds, isQuorumFailing } = result;
  // In calm times everything vetoes a failover: not worth a word.
  const against = verdict.kind === 'Calm' ? {} : { hold, veto };
  const found = Object.entries({ ...against, 'no quorum possible': quorumProblem }).flatMap(([what, finding]) =>
    finding === undefined ? [] : [`${what}: ${finding.reason}: ${finding.message}`],
  );
  return [
    ...result.signals.map(describeSignal),
    ...(isQuorumFailing ? [`a quorum is Failing, for ${quorumRounds} rounds that count`] : []),
    ...(incident === undefined ? [] : [`incident since ${timeOf(incident.startedAt)}`]),
    ...(dispute === undefined ? [] : [`the regions disagree: ${dispute}`]),
    ...found,
    ...result.regions.map(describeRegion),
  ];
}

/** The observations behind a decision, a line each. Records other than rounds rest on the round before them. */
export function storyOf(decision: Decision): readonly string[] {
  return decision.kind === 'Round' ? storyOfRound(decision) : [];
}
