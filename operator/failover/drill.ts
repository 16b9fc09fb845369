import type { DrillLeg, DrillMode, DrillResult, Outcome } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Finding } from './assess.ts';
import { candidateObstacle } from './automatic.ts';
import type { RegionAssessment } from './candidates.ts';
import { defined } from './defined.ts';
import type { Instant } from './observation.ts';
import { leadObstacle, plannedObstacles, type PlannedFacts, type PlannedQuestion } from './planned-switchover.ts';
import type { Settings } from './settings.ts';

/** A drill by switchover under way: there and back are two operations, and one drill. */
export interface Drill {
  readonly id: string;
  /** Region of the writer before the drill, and after it. */
  readonly home: string;
  readonly away: string;
  readonly leg: DrillLeg;
  readonly startedAt: Instant;
  readonly arrivedAt?: Instant;
  readonly scheduledFor?: Instant;
  /** The newest operation of the drill. */
  readonly operationId: string;
  readonly thereMilliseconds?: number;
  readonly returnAttempts?: number;
  readonly notBefore?: Instant;
}

/** What one drill checked of what a failover needs. */
export interface DrillCheck {
  /** CamelCase. */
  readonly name: string;
  readonly passed: boolean;
  readonly message: string;
}

/** The newest drill that ended or was missed. */
export interface LastDrill {
  readonly id: string;
  readonly mode: DrillMode;
  readonly result: DrillResult;
  readonly reason: string;
  readonly scheduledFor?: Instant;
  readonly startedAt?: Instant;
  readonly completedAt: Instant;
  readonly from?: string;
  readonly to?: string;
  readonly thereMilliseconds?: number;
  readonly backMilliseconds?: number;
  readonly lastSucceededAt?: Instant;
  readonly message: string;
  readonly checks?: readonly DrillCheck[];
}

export interface DrillFacts extends PlannedFacts {
  readonly hasDrill: boolean;
  /** Why clients are not sent to the present writer; absent when they are, or nothing is published. */
  readonly publicationProblem?: string;
  /** This process leads for long enough to make a call. */
  readonly canCall: boolean;
}

export interface DrillQuestion extends Omit<PlannedQuestion, 'facts' | 'target'> {
  readonly facts: DrillFacts;
}

/** What a failover would find. */
export interface Simulation {
  readonly target?: string;
  readonly estimatedDataLossMilliseconds?: number;
  readonly worstCaseDataLossMilliseconds?: number;
  readonly checks: readonly DrillCheck[];
}

/** The writer is brought home within this time of its arrival, or by a person, milliseconds. */
export const RETURN_LIMIT_MILLISECONDS = 60 * 60 * 1000;
const MAXIMUM_RETURN_ATTEMPTS = 3;
const RETURN_REST_MILLISECONDS = 60_000;

const date = (instant: Instant): string => new Date(instant).toISOString();

const check = (name: string, problem: string | undefined, otherwise: string): DrillCheck => ({
  name,
  passed: problem === undefined,
  message: problem ?? otherwise,
});

/** What limits automation is said, and is no failure: somebody chose it, or it passes. */
function automationNote({ assessment, settings, facts, now }: DrillQuestion): string {
  const { cooldownUntil } = facts;
  const notes = [
    settings.isSuspended ? 'spec.suspend holds automation' : '',
    settings.mode === 'Manual' ? 'failover.mode is Manual: a person starts a failover' : '',
    cooldownUntil !== undefined && now < cooldownUntil ? `cooldown until ${date(cooldownUntil)}` : '',
    settings.operatorRegion !== undefined && settings.operatorRegion !== assessment.target?.region
      ? `this operator lives in ${settings.operatorRegion}: the one in the target’s region fails over`
      : '',
  ].filter((note) => note !== '');
  return notes.length === 0 ? 'a confirmed loss is failed over automatically' : notes.join('; ');
}

function restProblem({ assessment, facts }: DrillQuestion): string | undefined {
  if (facts.hasOperation || assessment.topology.inFlight !== undefined) {
    return 'a switchover or failover is in flight';
  }
  return assessment.incident === undefined ? undefined : 'the primary is not seen serving: this is no time for a drill';
}

function rolesProblem({ assessment: { topology } }: DrillQuestion): string | undefined {
  if (topology.dispute !== undefined) {
    return `it is not clear who the writer is: ${topology.dispute}`;
  }
  return topology.primaryRegion === undefined || !topology.isObserved ? 'no region describes the writer' : undefined;
}

/** What is known of the target, once there is one. */
function targetChecks({ region, loss, endpoint }: RegionAssessment): readonly DrillCheck[] {
  return [
    check('Target', undefined, `${region} can take over`),
    loss === undefined
      ? check('Loss', 'the loss is not known', '')
      : check(
          'Loss',
          undefined,
          `estimated ${loss.lastKnownMilliseconds} ms, at worst ${loss.worstCaseMilliseconds} ms`,
        ),
    endpoint === undefined
      ? check('Address', `the writer endpoint of ${region} is not known`, '')
      : check('Address', undefined, `clients would be sent to ${endpoint}`),
  ];
}

/** Evaluates, on one round, everything that a failover would need. It calls nothing. */
export function simulateFailover(question: DrillQuestion): Simulation {
  const { assessment, settings, facts } = question;
  const { target, regions, quorumProblem, topology } = assessment;
  const publication = check('Publication', facts.publicationProblem, 'clients are sent to the writer');
  const callProblem = facts.canCall ? undefined : 'this process may not lead for as long as a call takes';
  const checks = [
    check('Roles', rolesProblem(question), `the writer is in ${topology.primaryRegion ?? ''}`),
    check('AtRest', restProblem(question), 'nothing is in flight, and the primary serves'),
    check('Votes', quorumProblem?.message, `a quorum of ${settings.quorum} classes can vote for a loss`),
    ...(target === undefined ? [check('Target', candidateObstacle(regions).message, '')] : targetChecks(target)),
    ...(settings.isPublishing ? [publication] : []),
    check('Call', callProblem, 'AWS may be called'),
    check('Automation', undefined, automationNote(question)),
  ];
  return defined({
    target: target?.region,
    estimatedDataLossMilliseconds: target?.loss?.lastKnownMilliseconds,
    worstCaseDataLossMilliseconds: target?.loss?.worstCaseMilliseconds,
    checks,
  });
}

export type DrillStart =
  | { readonly kind: 'Start'; readonly target: string }
  | { readonly kind: 'Wait'; readonly obstacles: readonly Finding[] };

/**
 * Whether a drill by switchover may begin on this round: only where a failover would work and a switchover is safe. One
 * that a schedule asks for is begun by the operator in the primary's region.
 */
export function judgeDrillStart(question: DrillQuestion & { readonly isScheduled: boolean }): DrillStart {
  const { assessment, settings, facts, now, isScheduled } = question;
  const target = assessment.target?.region;
  const failed = simulateFailover(question).checks.filter(({ passed }) => !passed);
  const obstacles = [
    facts.hasDrill ? { reason: 'DrillInProgress', message: 'a drill is under way' } : undefined,
    isScheduled ? leadObstacle(settings, assessment.topology.primaryRegion) : undefined,
    ...(target === undefined ? [] : plannedObstacles({ assessment, settings, facts, target, now })),
    ...failed.map(({ name, message }) => ({ reason: 'NotReady', message: `${name}: ${message}` })),
  ].filter((finding) => finding !== undefined);
  return target !== undefined && obstacles.length === 0 ? { kind: 'Start', target } : { kind: 'Wait', obstacles };
}

/** How the drill's newest operation ended. */
export interface EndedOperation {
  readonly outcome: Outcome;
  readonly milliseconds?: number;
  readonly message?: string;
}

export type DrillAction =
  /** The writer serves in the other region. */
  | { readonly kind: 'Arrive'; readonly milliseconds?: number }
  /** Start the switchover home. */
  | { readonly kind: 'Return' }
  /** The switchover home changed nothing: the drill is where it was before it. */
  | { readonly kind: 'Retry'; readonly notBefore: Instant }
  | {
      readonly kind: 'Finish';
      readonly result: 'Succeeded' | 'Failed';
      readonly reason: string;
      readonly message: string;
      readonly backMilliseconds?: number;
    }
  | { readonly kind: 'Wait'; readonly obstacles: readonly Finding[] };

export interface DrillStep extends DrillQuestion {
  readonly drill: Drill;
  /** Absent when the record has it no more. */
  readonly ended?: EndedOperation;
}

const fail = (reason: string, message: string): DrillAction => ({ kind: 'Finish', result: 'Failed', reason, message });
const wait = (reason: string, message: string): DrillAction => ({ kind: 'Wait', obstacles: [{ reason, message }] });

const HOW_TO_RETURN = 'bring it home with aurora-dr.io/force-failover and aurora-dr.io/force-type: Switchover';

function afterThere({ drill, ended, assessment }: DrillStep): DrillAction {
  if (ended?.outcome === 'Succeeded') {
    return defined({ kind: 'Arrive' as const, milliseconds: ended.milliseconds });
  }
  const { primaryRegion } = assessment.topology;
  // It may have moved without a proof in time: then it has to come home all the same, and the drill is no success.
  return primaryRegion === drill.away
    ? { kind: 'Arrive' }
    : fail(
        'NotMoved',
        `the switchover to ${drill.away} ended ${ended?.outcome ?? 'without a record'}: ${ended?.message ?? 'nothing is known of it'}; the writer is in ${primaryRegion ?? 'an unknown region'}`,
      );
}

function whileAway(step: DrillStep): DrillAction {
  const { drill, assessment, settings, facts, now } = step;
  const { primaryRegion } = assessment.topology;
  if (primaryRegion === undefined) {
    return wait('NoPrimary', 'no primary is known');
  }
  if (primaryRegion !== drill.away) {
    return fail('Interrupted', `something else than the drill moved the writer: it is in ${primaryRegion}`);
  }
  const target = drill.home;
  const obstacles = [
    ...plannedObstacles({ assessment, settings, facts, target, now }),
    assessment.quorumProblem,
  ].filter((finding) => finding !== undefined);
  if (now - (drill.arrivedAt ?? drill.startedAt) >= RETURN_LIMIT_MILLISECONDS) {
    const why = obstacles.map(({ message }) => message).join('; ');
    return fail(
      'NotReturned',
      `the writer stays in ${drill.away}: its return could not start in time: ${why}; ${HOW_TO_RETURN}`,
    );
  }
  if (now < (drill.notBefore ?? -Infinity)) {
    return wait('Resting', `the return is not tried again before ${date(drill.notBefore ?? now)}`);
  }
  return obstacles.length === 0 ? { kind: 'Return' } : { kind: 'Wait', obstacles };
}

function finishBack({ drill, ended }: DrillStep): DrillAction {
  const isMeasured = drill.thereMilliseconds !== undefined;
  return isMeasured
    ? defined({
        kind: 'Finish' as const,
        result: 'Succeeded' as const,
        reason: 'Succeeded',
        message: `the writer went to ${drill.away} in ${drill.thereMilliseconds ?? 0} ms and came home to ${drill.home} in ${ended?.milliseconds ?? 0} ms`,
        backMilliseconds: ended?.milliseconds,
      })
    : fail('NotProven', `the writer is home in ${drill.home}, but was not proven to serve in ${drill.away} in time`);
}

function afterBack(step: DrillStep): DrillAction {
  const { drill, ended, assessment, now } = step;
  const { primaryRegion } = assessment.topology;
  if (ended?.outcome === 'Succeeded') {
    return finishBack(step);
  }
  const how = `the switchover home ended ${ended?.outcome ?? 'without a record'}: ${ended?.message ?? 'nothing is known of it'}`;
  if (primaryRegion !== drill.away) {
    return fail('BackNotProven', `${how}; the writer is in ${primaryRegion ?? 'an unknown region'}`);
  }
  const attempts = drill.returnAttempts ?? 1;
  return attempts < MAXIMUM_RETURN_ATTEMPTS
    ? { kind: 'Retry', notBefore: now + RETURN_REST_MILLISECONDS * 2 ** (attempts - 1) }
    : fail('NotReturned', `the writer stays in ${drill.away}: ${how}; ${HOW_TO_RETURN}`);
}

/** Why a leg that did not succeed cannot be judged yet: AWS may be at it still, after `failover.timeout`. */
function unsettled({ drill, ended, facts, assessment: { topology } }: DrillStep): DrillAction | undefined {
  if (facts.hasOperation) {
    return wait('OperationInFlight', 'an operation is in flight');
  }
  if (topology.inFlight !== undefined) {
    return wait('OperationInFlight', 'a switchover or failover is in flight in AWS');
  }
  const isProven = drill.leg === 'Away' || ended?.outcome === 'Succeeded';
  if (isProven) {
    return undefined;
  }
  if (topology.dispute !== undefined) {
    return wait('RolesDisputed', `it is not clear who the writer is: ${topology.dispute}`);
  }
  return topology.isObserved && topology.primaryRegion !== undefined
    ? undefined
    : wait('RolesNotObserved', 'no region described the writer in this round');
}

/** What to do next about a drill under way, while no operation is. The return is always a switchover. */
export function nextDrillAction(step: DrillStep): DrillAction {
  const pause = unsettled(step);
  if (pause !== undefined) {
    return pause;
  }
  switch (step.drill.leg) {
    case 'There':
      return afterThere(step);
    case 'Away':
      return whileAway(step);
    case 'Back':
      return afterBack(step);
  }
}

/** What people have to know of rehearsals, next to whether a failover would work. */
export function drillNotes(
  settings: Settings,
  lastDrill: LastDrill | undefined,
  createdAt: Instant,
  now: Instant,
): readonly string[] {
  const { drill } = settings;
  const notes: string[] = [];
  if (lastDrill !== undefined && lastDrill.result !== 'Succeeded') {
    const how = lastDrill.result === 'Missed' ? 'was missed' : 'failed';
    notes.push(`the last drill (${lastDrill.mode}, ${date(lastDrill.completedAt)}) ${how}: ${lastDrill.message}`);
  }
  const since = lastDrill?.lastSucceededAt;
  if (drill !== undefined && now - (since ?? createdAt) > drill.maximumAgeMilliseconds) {
    notes.push(
      since === undefined
        ? 'no drill has ever succeeded, for longer than drill.maximumAge'
        : `the last successful drill, of ${date(since)}, is older than drill.maximumAge`,
    );
  }
  return notes;
}
