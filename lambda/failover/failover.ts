import { operationId } from '../../operator/controllers/operation-id.ts';
import { assess, type Assessment } from '../../operator/failover/assess.ts';
import type { RegionAssessment } from '../../operator/failover/candidates.ts';
import { defined } from '../../operator/failover/defined.ts';
import { judgeForce, type ForceVerdict } from '../../operator/failover/force.ts';
import type { Memory } from '../../operator/failover/memory.ts';
import type { Operation } from '../../operator/failover/operation.ts';
import { readTopology } from '../../operator/failover/topology.ts';
import { brainSettings } from '../shared/brain-settings.ts';
import { durationVariable, readEnvironment, textVariable } from '../shared/environment.ts';
import type { LambdaContext } from '../shared/lambda-context.ts';
import { Session } from '../shared/session.ts';
import { memoryOf, readLossTimes } from './earlier-loss.ts';
import type { FailoverAnswer, FailoverStatus } from './failover-answer.ts';
import { InvalidRequestError, readRequest, type FailoverRequest } from './failover-request.ts';
import { watchForOperator, type OperatorState } from './operator-watch.ts';
import { forceRequestOf, refusalMessage } from './requested-type.ts';
import { CALL_TIMEOUT_MILLISECONDS, RoleChange, type RoleChangeEnd } from './role-change.ts';
import { RoleChangeReport } from './role-change-report.ts';

const VARIABLES = {
  AURORA_DR_ROUTING_METRIC: textVariable(/^[A-Za-z0-9._/#:-]{1,255}$/, 'the name of a metric', 'WriterRegion'),
  AURORA_DR_FOLLOW_INTERVAL: durationVariable('100ms', '1m', '2s'),
  AURORA_DR_UNCONFIRMED_READ_WINDOW: durationVariable('100ms', '10m', '60s'),
  AURORA_DR_HEARTBEAT_MAXIMUM_AGE: durationVariable('1s', '1h', '3m'),
};

/** Kept from the invocation's time for the last notification and the answer. */
const RESERVE_MILLISECONDS = 10_000;

type Variables = Readonly<Record<string, string | undefined>>;

/** What one invocation goes by. */
interface Setting {
  readonly request: FailoverRequest;
  readonly session: Session;
  readonly own: {
    readonly AURORA_DR_ROUTING_METRIC: string;
    readonly AURORA_DR_FOLLOW_INTERVAL: number;
    readonly AURORA_DR_UNCONFIRMED_READ_WINDOW: number;
    readonly AURORA_DR_HEARTBEAT_MAXIMUM_AGE: number;
  };
  readonly remainingMilliseconds: () => number;
}

/** What was seen before the decision. */
interface Sight {
  readonly assessment: Assessment;
  readonly memory: Memory;
  readonly operator: OperatorState;
}

type Answered = Omit<FailoverAnswer, 'global_cluster' | 'duration_ms'>;

async function look({ session, own }: Setting): Promise<Sight> {
  const { environment, gateway, clock, log } = session;
  const now = clock.now();
  const [round, operator, losses] = await Promise.all([
    session.rounds.take(),
    watchForOperator(gateway, environment, own.AURORA_DR_HEARTBEAT_MAXIMUM_AGE, now),
    readLossTimes(gateway, environment, now).catch((error: unknown) => {
      log('WARN', 'cannot read when the primary was lost: the estimate of the loss speaks of now', { error });
      return new Map<string, number>();
    }),
  ]);
  const settings = brainSettings(environment);
  const before = memoryOf(readTopology({ round, settings }).primaryRegion, losses);
  const { memory, assessment } = assess(before, round, settings, {});
  return { assessment, memory, operator };
}

/** Why this function must leave the global cluster to an operator; undefined when it need not. */
function operatorObstacle({ operator }: Sight, { isForced }: FailoverRequest): Answered | undefined {
  if (isForced || operator.kind === 'Silent') {
    return undefined;
  }
  return operator.kind === 'Alive'
    ? {
        status: 'refused',
        reason: 'OperatorAlive',
        message:
          `an operator looks after this global cluster (heartbeat ${Math.round(operator.ageMilliseconds / 1000)} s ago): ` +
          'annotate its policy with aurora-dr.io/force-failover, or invoke again with "force": true if it cannot act',
      }
    : {
        status: 'refused',
        reason: 'OperatorUnknown',
        message:
          `nobody can tell whether an operator is alive: ${operator.message}; ` +
          'make sure that none is, then invoke again with "force": true',
      };
}

/** A switchover is asked of the primary's region: without a way there AWS would never hear of it. */
function wayObstacle(type: Operation['type'], { assessment }: Sight, { session }: Setting): Answered | undefined {
  const { primaryRegion = '' } = assessment.topology;
  return type === 'Switchover' && session.environment.unreachedRegions.has(primaryRegion)
    ? {
        status: 'refused',
        reason: 'PrimaryUnreachable',
        message:
          `this function has no way to RDS in ${primaryRegion}, which a switchover is asked of: ` +
          `tell it the endpoints of that region, or invoke the function in ${primaryRegion}`,
        from_region: primaryRegion,
      }
    : undefined;
}

/** A call whose answer nobody can wait for would only be a doubt for whoever comes next. */
function timeObstacle({ remainingMilliseconds }: Setting): Answered | undefined {
  const left = Math.round(remainingMilliseconds());
  return left - RESERVE_MILLISECONDS > CALL_TIMEOUT_MILLISECONDS
    ? undefined
    : {
        status: 'refused',
        reason: 'TooLittleTime',
        message:
          `only ${left} ms of the invocation are left, too few to call AWS and see its answer: ` +
          'give the function a timeout of minutes and invoke it again',
      };
}

function refused(verdict: Extract<ForceVerdict, { kind: 'Refuse' }>, { assessment }: Sight): Answered {
  const { inFlight, primaryRegion } = assessment.topology;
  if (verdict.reason === 'OperationInFlight') {
    return defined({
      status: 'in_progress' as const,
      reason: verdict.reason,
      message: `AWS shows a role change to ${inFlight?.toRegion ?? 'an unnamed region'} in flight (${inFlight?.status ?? ''}): invoke again to see its end`,
      from_region: inFlight?.fromRegion,
      type: inFlight?.isSwitchover === false ? ('failover' as const) : ('switchover' as const),
    });
  }
  const status: FailoverStatus = verdict.reason === 'AlreadyPrimary' ? 'already_primary' : 'refused';
  const message = refusalMessage(verdict, assessment);
  return defined({ status, reason: verdict.reason, message, from_region: primaryRegion });
}

function register(
  type: Operation['type'],
  target: RegionAssessment,
  { assessment }: Sight,
  { session }: Setting,
): Operation {
  const { topology, incident } = assessment;
  const now = session.clock.now();
  const from = topology.primaryRegion ?? '';
  const loss = type === 'Failover' ? target.loss : undefined;
  return defined({
    id: operationId(type.toLowerCase(), now, Math.random),
    type,
    // A person asked for it: the brain then wants no quorum before a call is made again.
    trigger: 'Annotation' as const,
    from,
    to: target.region,
    fromClusterArn: topology.members[from]?.clusterArn,
    targetClusterArn: target.clusterArn,
    step: 'Accepted' as const,
    isDataLossAllowed: type === 'Failover',
    detectedAt: incident?.startedAt ?? now,
    startedAt: now,
    attempts: 0,
    fence: 'Unknown' as const,
    estimatedDataLossMilliseconds: loss?.lastKnownMilliseconds,
    worstCaseDataLossMilliseconds: loss?.worstCaseMilliseconds,
  });
}

const STATUS_OF: Readonly<Record<RoleChangeEnd['outcome'], FailoverStatus>> = {
  Succeeded: 'completed',
  Failed: 'failed',
  Cancelled: 'failed',
  TimedOut: 'timed_out',
  InProgress: 'in_progress',
  AlreadyPrimary: 'already_primary',
};

function adviceAfter({ type, from, attempts }: Operation, outcome: RoleChangeEnd['outcome']): string {
  if (outcome === 'TimedOut' && attempts > 0) {
    return '; AWS may still complete it: invoke again to see, nothing is called twice';
  }
  return outcome === 'Succeeded' && type === 'Failover'
    ? `; until ${from} has re-joined, its old primary may take writes: keep clients away from it`
    : '';
}

function answerOf({ operation, outcome, reason, message, round }: RoleChangeEnd): Answered {
  return defined({
    status: STATUS_OF[outcome],
    reason,
    message: `${message}${adviceAfter(operation, outcome)}`,
    from_region: operation.from,
    type: operation.type === 'Failover' ? ('failover' as const) : ('switchover' as const),
    operation_id: operation.attempts > 0 ? operation.id : undefined,
    estimated_data_loss_ms: operation.estimatedDataLossMilliseconds,
    worst_case_data_loss_ms: operation.worstCaseDataLossMilliseconds,
    writer_endpoint: outcome === 'Succeeded' ? round.regions[operation.to]?.cluster?.endpoint : undefined,
  });
}

async function changeRoles(operation: Operation, sight: Sight, setting: Setting): Promise<Answered> {
  const { session, own, remainingMilliseconds } = setting;
  const report = new RoleChangeReport(session, own.AURORA_DR_ROUTING_METRIC);
  const change = new RoleChange(operation, {
    session,
    memory: sight.memory,
    assessment: sight.assessment,
    settings: brainSettings(session.environment, {
      operationTimeoutMilliseconds: Math.max(0, remainingMilliseconds() - RESERVE_MILLISECONDS),
      unconfirmedReadWindowMilliseconds: own.AURORA_DR_UNCONFIRMED_READ_WINDOW,
    }),
    followIntervalMilliseconds: own.AURORA_DR_FOLLOW_INTERVAL,
    remainingMilliseconds: () => remainingMilliseconds() - RESERVE_MILLISECONDS,
    onCalling: (called) => report.started(called),
    onPromoted: (round) => report.promoted(operation.to, round),
  });
  const end = await change.run();
  await report.ended(end);
  return answerOf(end);
}

async function decide(setting: Setting): Promise<Answered> {
  const { request, session } = setting;
  const sight = await look(setting);
  const { assessment } = sight;
  const verdict = judgeForce({
    request: forceRequestOf(request, assessment),
    assessment,
    settings: brainSettings(session.environment),
  });
  session.log('INFO', 'decision', {
    verdict: verdict.kind === 'Start' ? { type: verdict.type, loss: verdict.target.loss } : verdict,
    operator: sight.operator,
    signals: assessment.signals.map(({ name, state, message }) => ({ name, state, message })),
  });
  if (verdict.kind === 'Refuse') {
    return refused(verdict, sight);
  }
  return (
    wayObstacle(verdict.type, sight, setting) ??
    operatorObstacle(sight, request) ??
    timeObstacle(setting) ??
    changeRoles(register(verdict.type, verdict.target, sight, setting), sight, setting)
  );
}

/**
 * One invocation of the failover function. It answers for everything that a person or AWS can bring about, and rejects
 * only for what a new deployment has to correct.
 *
 * @throws EnvironmentError when it is not configured
 */
export async function failOver(event: unknown, context: LambdaContext, variables: Variables): Promise<FailoverAnswer> {
  const { own, ...environment } = readEnvironment('the failover function', variables, VARIABLES);
  const startedAt = performance.now();
  const complete = (answered: Answered, targetRegion?: string): FailoverAnswer =>
    defined({
      ...answered,
      global_cluster: environment.globalClusterIdentifier,
      target_region: targetRegion,
      duration_ms: Math.round(performance.now() - startedAt),
    });
  await using session = new Session(environment, variables, context);
  const request = readOrRefuse(
    event,
    environment.regions.map(({ name }) => name),
  );
  if ('status' in request) {
    session.log('WARN', request.message);
    return complete(request);
  }
  const remainingMilliseconds = (): number => context.getRemainingTimeInMillis();
  session.log('INFO', 'request', { ...request, remainingMilliseconds: remainingMilliseconds() });
  const answer = complete(await decide({ request, session, own, remainingMilliseconds }), request.targetRegion);
  session.log(answer.status === 'failed' || answer.status === 'timed_out' ? 'ERROR' : 'INFO', 'answer', { answer });
  return answer;
}

function readOrRefuse(event: unknown, regions: readonly string[]): FailoverRequest | Answered {
  try {
    const request = readRequest(event);
    const message = `cannot fail over to ${request.targetRegion}: the function looks after ${regions.join(', ')}; name one of them`;
    return regions.includes(request.targetRegion) ? request : { status: 'refused', reason: 'UnknownRegion', message };
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) {
      throw error;
    }
    return { status: 'refused', reason: 'InvalidRequest', message: error.message };
  }
}
