import { boundedText } from '../api/v1alpha1/bounded-text.ts';
import { CONDITION_TYPES, type ConditionType } from '../api/v1alpha1/conditions.ts';
import type { Condition, ConditionStatus, SignalName } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { formatDuration } from '../api/v1alpha1/duration.ts';
import type { DriftReport } from '../crossplane/drift-report.ts';
import type { Assessment, SignalAssessment } from '../failover/assess.ts';
import { candidateObstacle, type AutomaticVerdict } from '../failover/automatic.ts';
import { detectionWindow } from '../failover/detection-window.ts';
import { publicationObstacle } from '../failover/follow.ts';
import { drillNotes, type DrillAction } from '../failover/drill.ts';
import type { FailbackVerdict } from '../failover/failback.ts';
import type { Instant } from '../failover/observation.ts';
import type { Operation } from '../failover/operation.ts';
import { isListed, type Settings } from '../failover/settings.ts';
import { heldFor } from './incident-status.ts';
import type { PolicyRecord } from './policy-record.ts';
import { recoveryNote } from './recovery-time.ts';
import { riskOf, type SplitBrainEnd } from './split-brain.ts';
import { timestamp } from './status-codec.ts';

/** What the operator would do by itself while nothing is lost. */
export interface Plan {
  readonly failback: FailbackVerdict;
  /** Of the drill under way. */
  readonly drill?: DrillAction;
}

/** How the last attempt to publish went. */
export interface PublicationReport {
  readonly isPublished: boolean;
  readonly reason: string;
  readonly message: string;
}

export interface ConditionsQuestion {
  readonly settings: Settings;
  readonly record: PolicyRecord;
  readonly assessment: Assessment;
  readonly verdict: AutomaticVerdict;
  readonly publication: PublicationReport;
  /** What the operation in flight waits for, once a round has told. */
  readonly waiting?: string | undefined;
  /** The call that is due and waits for its turn among others'. */
  readonly awaitedTurn?: string | undefined;
  /** What AWS said when it would not take the call of the operation in flight. */
  readonly refusal?: string | undefined;
  /** Why RDS does not let its events be read, which tell of the fence. */
  readonly fenceRefusal?: string | undefined;
  /** How the last risk of a split brain ended, if it did in this process. */
  readonly splitBrainEnd?: SplitBrainEnd | undefined;
  /** Undefined while Crossplane managed resources are not looked at (yet): what was said of them before stands. */
  readonly drift?: DriftReport | undefined;
  /** @default - nothing is planned */
  readonly plan?: Plan | undefined;
  /** When the policy was created. @default - now */
  readonly createdAt?: Instant | undefined;
  readonly previous: readonly Condition[];
  readonly generation: number | undefined;
  readonly now: Instant;
}

interface Finding {
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
}

const finding = (status: ConditionStatus, reason: string, message: string): Finding => ({ status, reason, message });
const signalOf = ({ assessment }: ConditionsQuestion, name: SignalName): SignalAssessment | undefined =>
  assessment.signals.find((signal) => signal.name === name);
const summaryOf = ({ assessment }: ConditionsQuestion): string =>
  assessment.signals.map((signal) => `${signal.name} ${signal.state}: ${signal.message}`).join('; ');

/** Why no region described the global cluster in this round. */
function blindness({ assessment, settings }: ConditionsQuestion): Finding {
  const attempts = Object.values(assessment.round.regions).map((region) => region.globalClusters);
  const rejected = (cause: string): boolean =>
    attempts.some((attempt) => attempt.kind === 'rejected' && attempt.cause === cause);
  const details = Object.values(assessment.round.regions)
    .map(({ region, globalClusters }) =>
      globalClusters.kind === 'answered' ? `${region} answers without it` : `${region}: ${globalClusters.message}`,
    )
    .join('; ');
  if (attempts.some((attempt) => attempt.kind === 'answered')) {
    const message = `global cluster ${settings.globalClusterIdentifier} does not exist in this account: ${details}`;
    return finding('False', 'GlobalClusterNotFound', message);
  }
  const causes = [
    ['denied', 'AccessDenied'],
    ['expiredCredentials', 'CredentialsExpired'],
    ['throttled', 'Throttled'],
  ] as const;
  const reason = causes.find(([cause]) => rejected(cause))?.[1] ?? 'SelfIsolated';
  return finding('False', reason, `no region could be observed: ${details}`);
}

/**
 * Regions whose RDS has no name in DNS although another region's RDS answered. A resolver that fails for the moment says
 * EAI_AGAIN; ENOTFOUND says that there is no such name.
 */
function withoutEndpoint({ assessment }: ConditionsQuestion): Finding | undefined {
  const nameless = Object.values(assessment.round.regions).flatMap(({ region, globalClusters: attempt }) =>
    attempt.kind === 'local' && attempt.cause === 'resolver' && attempt.message.includes('ENOTFOUND')
      ? [{ region, why: attempt.message }]
      : [],
  );
  if (nameless.length === 0) {
    return undefined;
  }
  const regions = nameless.map(({ region }) => region).join(', ');
  const why = nameless.map((each) => each.why).join('; ');
  return finding(
    'False',
    'NoEndpoint',
    `the operator has no endpoint for ${regions}: ${why}; correct spec.regions, make the name resolve where the ` +
      'operator runs, or give it an endpoint with --aws-endpoint',
  );
}

function ready(question: ConditionsQuestion): Finding {
  const { topology } = question.assessment;
  if (!topology.isObserved) {
    return blindness(question);
  }
  const nameless = withoutEndpoint(question);
  if (nameless !== undefined) {
    return nameless;
  }
  if (topology.dispute !== undefined) {
    return finding('False', 'RolesDisputed', `it is not clear who the writer is: ${topology.dispute}`);
  }
  const missing = Object.values(topology.members).filter((member) => member.role === 'Missing');
  if (topology.primaryRegion === undefined || missing.length > 0) {
    const names = missing.map((member) => `${member.region}/${member.clusterIdentifier}`).join(', ');
    const message =
      missing.length > 0
        ? `not a member of the global cluster: ${names}; correct spec.regions or add the cluster`
        : 'no member is the writer';
    return finding('False', missing.length > 0 ? 'ClusterNotFound' : 'NoPrimary', message);
  }
  const { scheduleProblems = [] } = question.settings;
  if (scheduleProblems.length > 0) {
    const message = `what it schedules is not done, everything else is: ${scheduleProblems.join('; ')}`;
    return finding('False', 'InvalidSchedule', message);
  }
  return finding('True', 'Observed', `observed; ${topology.primaryRegion} is the primary`);
}

function primaryHealthy(question: ConditionsQuestion): Finding {
  const { assessment, record } = question;
  if (record.operation?.type === 'Switchover') {
    return finding('Unknown', 'OperationInFlight', 'the writer is being moved on purpose');
  }
  const witnesses: readonly SignalName[] = ['endpoint', 'http'];
  const isSeenServing = witnesses.some((name) => signalOf(question, name)?.state === 'Passing');
  // A hold is about a loss: a cluster that is modified or backed up while its writer serves has none, and neither has
  // one whose roles are being changed on purpose.
  if (assessment.hold !== undefined && record.operation === undefined && !isSeenServing) {
    return finding('False', assessment.hold.reason, assessment.hold.message);
  }
  if (assessment.incident !== undefined) {
    const reason = assessment.isQuorumFailing ? 'PrimaryLost' : 'SignalsFailing';
    const since = timestamp(assessment.incident.startedAt);
    return finding('False', reason, `not seen serving since ${since}: ${summaryOf(question)}`);
  }
  const endpoint = signalOf(question, 'endpoint');
  if (endpoint?.reason === 'ReadOnly') {
    return finding('False', endpoint.reason, endpoint.message);
  }
  const serving = assessment.signals.filter((signal) => signal.name !== 'replication' && signal.state === 'Passing');
  if (serving.length > 0) {
    return finding('True', 'PrimaryServing', serving.map((signal) => signal.message).join('; '));
  }
  const isIsolated = assessment.signals.some((signal) => signal.reason === 'SelfIsolated');
  return finding('Unknown', isIsolated ? 'SelfIsolated' : 'NotObserved', summaryOf(question));
}

/** Replication as data: how far the furthest secondary is behind. */
function lagHealth({ assessment, settings }: ConditionsQuestion): Finding {
  if (!assessment.topology.isObserved) {
    return finding('Unknown', 'NotObserved', 'no region described the global cluster in this round');
  }
  const secondaries = assessment.regions.filter((region) => region.role === 'Secondary');
  if (secondaries.length === 0) {
    return finding('False', 'NoSecondary', 'the global cluster has no secondary of this policy');
  }
  const apart = secondaries.filter(
    (region) => region.synchronizationStatus !== undefined && region.synchronizationStatus !== 'connected',
  );
  if (apart.length > 0) {
    const names = apart.map((region) => `${region.region} (${region.synchronizationStatus ?? ''})`).join(', ');
    return finding('False', 'NotConnected', `not connected: ${names}`);
  }
  const known = secondaries.filter((region) => region.lag !== undefined);
  const behind = known.filter((region) => (region.lag?.lagMilliseconds ?? 0) > settings.recoveryPointMilliseconds);
  const says = known.map((region) => `${region.region}: ${region.lag?.lagMilliseconds ?? 0} ms`).join(', ');
  if (behind.length > 0) {
    const message = `lag above objectives.recoveryPoint of ${settings.recoveryPointMilliseconds} ms: ${says}`;
    return finding('False', 'LagHigh', message);
  }
  return known.length === 0
    ? finding('Unknown', 'LagUnknown', 'no lag sample yet')
    : finding('True', 'Replicating', `lag ${says}`);
}

function replicationHealthy(question: ConditionsQuestion): Finding {
  const signal = signalOf(question, 'replication');
  if (signal?.state === 'Failing') {
    return finding('False', signal.reason, signal.message);
  }
  const health = lagHealth(question);
  // Old samples are no proof of health: what the signal can't tell, the last figure can't either.
  return signal?.state === 'Unknown' && health.status === 'True'
    ? finding('Unknown', signal.reason, signal.message)
    : health;
}

/** What is certain before anything is lost: that a loss lasts longer than it should. */
function objectiveNote(settings: Settings): string {
  const { recoveryTimeMilliseconds } = settings;
  const window = detectionWindow(settings);
  return window === undefined || window <= recoveryTimeMilliseconds
    ? ''
    : `a loss may last ${formatDuration(window)} until it is acted on, longer than objectives.recoveryTime of ${formatDuration(recoveryTimeMilliseconds)}`;
}

/** What limits automation although a failover would work. */
function permissionNotes({ settings, record, now }: ConditionsQuestion): string[] {
  const isCooling = record.cooldownUntil !== undefined && now < record.cooldownUntil;
  return [
    settings.isSuspended ? 'spec.suspend holds automation' : '',
    settings.mode === 'Manual' ? 'failover.mode is Manual: only a forced failover moves it' : '',
    isCooling ? `automation rests until ${timestamp(record.cooldownUntil)} (cooldown)` : '',
    isListed(settings, 'http')
      ? ''
      : 'without an http witness the loss of the link between the regions cannot be told from the loss of the region',
    objectiveNote(settings),
  ].filter((note) => note !== '');
}

function rehearsalNotes({ settings, record, createdAt, now }: ConditionsQuestion): string[] {
  const { nextDrill, lastDrill } = record;
  const due =
    nextDrill !== undefined && nextDrill.at <= now
      ? [`the drill of ${timestamp(nextDrill.at)} is due and has not started yet`]
      : [];
  return [...drillNotes(settings, lastDrill, createdAt ?? now, now), ...due];
}

/** Whether a failover would find what it needs; whether automation may start one by itself is in the message. */
function failoverReady(question: ConditionsQuestion): Finding {
  const found = failoverReadiness(question);
  return { ...found, message: [found.message, ...rehearsalNotes(question)].join('; ') };
}

function failoverReadiness(question: ConditionsQuestion): Finding {
  const { assessment, settings, record } = question;
  if (record.operation !== undefined) {
    return finding('False', 'OperationInFlight', `${record.operation.type} to ${record.operation.to} is in flight`);
  }
  const { target, quorumProblem } = assessment;
  if (target === undefined) {
    const obstacle = candidateObstacle(assessment.regions);
    return finding('False', obstacle.reason, obstacle.message);
  }
  if (quorumProblem !== undefined) {
    return finding('False', quorumProblem.reason, quorumProblem.message);
  }
  const notes = [
    `${target.region} could take over, estimated loss ${target.loss?.lastKnownMilliseconds ?? '?'} ms, at worst ${target.loss?.worstCaseMilliseconds ?? '?'} ms`,
    ...permissionNotes(question),
  ];
  return finding('True', isListed(settings, 'http') ? 'Protected' : 'ProtectedWithoutWitness', notes.join('; '));
}

function operationProgress(
  operation: Operation,
  { settings, waiting, refusal, fenceRefusal }: ConditionsQuestion,
): Finding {
  const what = `${operation.type} ${operation.id} from ${operation.from} to ${operation.to}`;
  if (refusal !== undefined) {
    return finding('True', 'RefusedByAws', `${what}: AWS refuses it, and is asked again: ${refusal}`);
  }
  const isWithheld = operation.step === 'Promoted' && settings.isPublishing;
  const obstacle = isWithheld ? publicationObstacle(operation, settings) : undefined;
  if (obstacle === undefined) {
    return finding('True', operation.step, `${what}: ${waiting ?? operation.message ?? operation.step}`);
  }
  const withheld = `${what}: the new writer is not published: ${obstacle}`;
  return fenceRefusal === undefined || operation.fence !== 'Unknown'
    ? finding('True', 'AwaitingFence', withheld)
    : finding('True', 'FenceUnreadable', `${withheld}; ${fenceRefusal}`);
}

function progressing(question: ConditionsQuestion): Finding {
  const found = progress(question);
  return { ...found, message: `${found.message}${recoveryNote(question)}` };
}

function progress(question: ConditionsQuestion): Finding {
  const { record, verdict, assessment } = question;
  if (record.operation !== undefined) {
    return operationProgress(record.operation, question);
  }
  if (question.awaitedTurn !== undefined) {
    return finding('False', 'AwaitingTurn', question.awaitedTurn);
  }
  if (verdict.kind === 'Held') {
    const { reason, message } = heldFor(verdict, assessment);
    return finding('False', reason, `automatic failover is not started: ${message}`);
  }
  return planProgress(question) ?? finding('False', 'Idle', 'no operation is in flight');
}

/** What the operator waits for with a drill or a failback of its own. */
function planProgress({ plan, record }: ConditionsQuestion): Finding | undefined {
  if (plan === undefined) {
    return undefined;
  }
  const { drill, failback } = plan;
  if (record.drill !== undefined && drill !== undefined) {
    const { id, home, away } = record.drill;
    const obstacles = drill.kind === 'Wait' ? saidObstacles(drill.obstacles) : [];
    const what = `drill ${id}: the writer is in ${away} and comes home to ${home}`;
    return obstacles.length === 0
      ? finding('False', 'DrillInProgress', what)
      : finding('False', 'DrillReturnWaiting', `${what} later: ${messagesOf(obstacles)}`);
  }
  const obstacles = failback.kind === 'Wait' ? saidObstacles(failback.obstacles) : [];
  const [first] = obstacles;
  return first === undefined || failback.kind !== 'Wait'
    ? undefined
    : finding(
        'False',
        `Failback${first.reason}`,
        `the automatic failback to ${failback.target} waits: ${messagesOf(obstacles)}`,
      );
}

const messagesOf = (obstacles: readonly { readonly message: string }[]): string =>
  obstacles.map(({ message }) => message).join('; ');

/** Between two rounds the newest is older than it may be acted on: that says nothing to anybody. */
const saidObstacles = <T extends { readonly reason: string }>(obstacles: readonly T[]): readonly T[] =>
  obstacles.filter(({ reason }) => reason !== 'StaleObservation');

/** How a risk ended that was not ended by a re-joined old primary: said until the next one. */
const NOTED_ENDS: readonly string[] = ['OldPrimaryDeleted', 'OldPrimaryNotInPolicy'];

function splitBrainRisk({ record, splitBrainEnd, previous, now }: ConditionsQuestion): Finding {
  const { splitBrain, rescueSnapshots } = record;
  if (splitBrain !== undefined) {
    const { reason, message } = riskOf(splitBrain, rescueSnapshots, now);
    return finding('True', reason, message);
  }
  const before = previous.find(({ type }) => type === CONDITION_TYPES.SplitBrainRisk);
  const noted = before?.status === 'False' && NOTED_ENDS.includes(before.reason) ? before : undefined;
  const ended = splitBrainEnd ?? noted;
  return ended === undefined
    ? finding('False', 'NoRisk', 'no old primary is outstanding')
    : finding('False', ended.reason, ended.message);
}

/** Nothing where it was never looked at. */
function resourceDrift({ drift, previous }: ConditionsQuestion): [ConditionType, Finding][] {
  const type = CONDITION_TYPES.ResourceDrift;
  const known = drift ?? previous.find((condition) => condition.type === type);
  return known === undefined ? [] : [[type, finding(known.status, known.reason, known.message)]];
}

const asStatus = (isTrue: boolean): ConditionStatus => (isTrue ? 'True' : 'False');

/** The policy's conditions; a transition time moves only when the status does. */
export function conditionsOf(question: ConditionsQuestion): Condition[] {
  const { settings, publication, previous, generation, now } = question;
  const suspended = settings.isSuspended
    ? finding('True', 'SuspendedBySpec', 'spec.suspend is true: nothing starts by itself; force works')
    : finding('False', 'NotSuspended', 'spec.suspend is false');
  const findings: readonly (readonly [ConditionType, Finding])[] = [
    [CONDITION_TYPES.Ready, ready(question)],
    [CONDITION_TYPES.PrimaryHealthy, primaryHealthy(question)],
    [CONDITION_TYPES.ReplicationHealthy, replicationHealthy(question)],
    [CONDITION_TYPES.FailoverReady, failoverReady(question)],
    [CONDITION_TYPES.Progressing, progressing(question)],
    [
      CONDITION_TYPES.EndpointPublished,
      finding(asStatus(publication.isPublished), publication.reason, publication.message),
    ],
    [CONDITION_TYPES.SplitBrainRisk, splitBrainRisk(question)],
    ...resourceDrift(question),
    [CONDITION_TYPES.Suspended, suspended],
  ];
  return findings.map(([type, { status, reason, message }]) => {
    const before = previous.find((condition) => condition.type === type);
    return {
      type,
      status,
      reason,
      message: boundedText(message),
      lastTransitionTime: before?.status === status ? before.lastTransitionTime : timestamp(now),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  });
}
