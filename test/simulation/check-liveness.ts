import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { parseDuration } from '../../operator/api/v1alpha1/duration.ts';
import type { World } from '../aws/world/world.ts';
import { turnsTake } from './check-turns.ts';
import { ACCOUNT, detectionWindowOf, namesOf, type PolicyNames } from './policy-of.ts';
import type { Strike } from './replicas.ts';
import {
  clockError,
  endOf,
  OF_POLICIES,
  OF_SITES,
  replicasOf,
  type Action,
  type PolicyProps,
  type Scenario,
  type ScenarioEvent,
} from './scenario.ts';
import { EPOCH } from './scheduler.ts';
import type { Accuse } from './violation.ts';

/** The loss of the region that held the writer. */
export interface Loss {
  readonly region: string;
  /** Milliseconds since the simulation began. */
  readonly at: number;
  /** The policy as it was then. */
  readonly policy: DisasterRecoveryPolicy | undefined;
  /** When the region came back, if it did. */
  endedAt: number | undefined;
  /** Reasons that conditions have had since. */
  readonly reasons: Set<string>;
  /** Whether a role change was in flight. */
  readonly isDisturbed: boolean;
}

export interface LivenessQuestion {
  readonly scenario: Scenario;
  readonly names: PolicyNames;
  /** The policy as it was first. */
  readonly props: PolicyProps;
  /** The Kubernetes cluster whose view this is. */
  readonly site: number;
  readonly world: World;
  readonly loss: Loss;
  readonly policy: DisasterRecoveryPolicy;
  /** Processes that died at a call, of whatever Kubernetes cluster. */
  readonly strikes: readonly Strike[];
  readonly now: number;
  readonly accuse: Accuse;
  readonly count: (name: string) => void;
}

/** Actions that touch what the operator sees of the data plane, or what it is asked to do: with them the rule is not this simple. */
const DECISIVE: readonly Action['kind'][] = [
  'inRegionTrouble',
  'severReplication',
  'awsFault',
  'metricDelay',
  'metricGap',
  'lag',
  'witness',
  'annotate',
  'edit',
  'deletePolicy',
  'console',
  'engineVersion',
  'headless',
  'unsynchronized',
  'clockJump',
];
/** Of these nothing is left but what the policy's status says of it. */
const PASSING: readonly Action['kind'][] = ['annotate', 'console'];
/** What one Kubernetes cluster is asked for may move the writer of all of them. */
const MOVING: readonly Action['kind'][] = ['annotate', 'console'];

/** For what is under way when a window is over, milliseconds. */
export const SCHEDULING_SLACK = 3_000;
/** Clocks that are off by no more make samples a little older or younger, and nothing else, milliseconds. */
export const SMALL_CLOCK_ERROR = 5_000;
/** A lease that has to run out, a watch that backs off, a process that starts, a cache that syncs. */
export const TAKEOVER_SLACK = 45_000;

/**
 * A primary that was lost while all was well, and stayed lost, is failed over within the window of the policy, counted
 * from the loss or from the end of the last fault of the operator's own surroundings.
 */
export function checkLiveness(question: LivenessQuestion): void {
  const { loss, accuse, now, count } = question;
  if (!isActor(question)) return;
  const obstacle = exemption(question);
  if (obstacle !== undefined) {
    count(`liveness not judged: ${obstacle}`);
    return;
  }
  const deadline = deadlineOf(question);
  const lastEnd = faultsOverAt(question);
  const startedAt = answeredAt(question);
  if (startedAt === undefined && isTargetLost(question)) {
    count('liveness not judged: the target’s region was lost before it was due');
    return;
  }
  if (startedAt === undefined ? now > deadline : startedAt > deadline) {
    const seconds = (time: number): string => `${(time / 1000).toFixed(1)} s`;
    const progressing = question.policy.status?.conditions?.find(({ type }) => type === 'Progressing');
    accuse(
      'liveness',
      `${loss.region} was lost at ${seconds(loss.at)}, the last fault ended at ${seconds(lastEnd)}, and ` +
        `${startedAt === undefined ? 'nothing' : `AWS at ${seconds(startedAt)}`} started by ${seconds(deadline)}: ` +
        `${progressing?.reason ?? ''}: ${progressing?.message ?? ''}`,
    );
  } else {
    count(startedAt === undefined ? 'liveness not judged: the run was too short' : 'liveness judged');
  }
}

/** When AWS began to fail over what was lost, milliseconds since the simulation began. */
function answeredAt({ world, loss, names }: LivenessQuestion): number | undefined {
  const answer = world.operations.find(({ fromArn, requestedAt }) => {
    const { region, identifier } = world.cluster(fromArn);
    return region === loss.region && identifier === names.cluster && requestedAt >= EPOCH + loss.at;
  });
  return answer === undefined ? undefined : answer.requestedAt - EPOCH;
}

/** When the last fault of anything but a region is over, those included that only come to pass at a later call. */
export function lastFaultEnd({ events, warmUp }: Scenario): number {
  const others = events.filter((event) => event.action.kind !== 'loseRegion');
  return Math.max(0, ...others.map((event) => endOf(event) + warmUp));
}

function deadlineOf(question: LivenessQuestion): number {
  return Math.max(question.loss.at, faultsOverAt(question)) + graceOf(question);
}

/** How long after the loss, or the last fault, AWS is to begin. */
function graceOf({ scenario, props }: LivenessQuestion): number {
  const isPlain = scenario.events.every((event) => event.action.kind === 'loseRegion');
  const slack = SCHEDULING_SLACK + (isPlain ? 0 : TAKEOVER_SLACK + unconfirmedFor(scenario));
  return detectionWindowOf(props, scenario) + turnsTake(scenario) + slack;
}

/**
 * A process that is to die at a call dies whenever that call is made: after a wait for what another call may have come to,
 * for instance, and whoever follows waits once more. One that dies when AWS should have begun, or has, excuses nothing.
 */
function faultsOverAt(question: LivenessQuestion): number {
  const { scenario, loss } = question;
  const grace = graceOf(question);
  const startedAt = answeredAt(question) ?? Infinity;
  return strikesOf(question).reduce((end, at) => {
    const isDelaying = at < startedAt && at <= Math.max(loss.at, end) + grace;
    return isDelaying ? Math.max(end, at) : end;
  }, lastFaultEnd(scenario));
}

/** When processes of the site died at a call, oldest first. */
function strikesOf({ scenario, site, strikes }: LivenessQuestion): readonly number[] {
  const replicas = replicasOf(scenario.installation.sites, site);
  return strikes.filter(({ replica }) => replicas.includes(replica)).map(({ at }) => at);
}

/** Who follows on a process that died, or stood still, at a call waits for as long as the call may have been carried out. */
export function unconfirmedFor({ installation, events }: Scenario): number {
  const isEnded = events.some(({ action }) => ['crash', 'crashAtCall', 'restart', 'stall'].includes(action.kind));
  return isEnded ? installation.unconfirmedReadWindowMilliseconds : 0;
}

/** Such a wait that lasts for longer than an operation may: it ends with the operation, which is followed by its cooldown. */
function hasOutlasted(question: LivenessQuestion): boolean {
  const { scenario, policy, props, loss } = question;
  const wait = unconfirmedFor(scenario);
  const isOutlasted = policy.status?.history?.some(({ from, outcome, startedAt, completedAt }) => {
    const started = Date.parse(startedAt) - EPOCH;
    const isOfLoss = from === loss.region && outcome === 'TimedOut' && started >= loss.at - SCHEDULING_SLACK;
    const strikes = strikesOf(question).filter((at) => EPOCH + at < Date.parse(completedAt));
    const waitsFrom = Math.max(started, ...strikes);
    return isOfLoss && waitsFrom - started + wait + TAKEOVER_SLACK > props.operationTimeout;
  });
  return wait > 0 && isOutlasted === true;
}

/** Why this loss is not under the rule. */
function exemption(question: LivenessQuestion): string | undefined {
  const { scenario, loss, world } = question;
  const { policy } = loss;
  const ready = policy?.status?.conditions?.find(({ type }) => type === 'FailoverReady');
  const isLostStill = world.region(loss.region).lostAt !== undefined || (loss.endedAt ?? 0) > deadlineOf(question);
  const isDecisive = scenario.events.some((event) => isConcerned(event, question) && !isOver(event, question));
  const { failover, suspend } = policy?.spec ?? {};
  const cooldownUntil = policy?.status?.cooldownUntil;
  const isResting = cooldownUntil !== undefined && Date.parse(cooldownUntil) > EPOCH + loss.at;
  const isRaised = loss.reasons.has('LagAboveRecoveryPoint') && isRaisedByLoss(question);
  const checks: readonly (readonly [boolean, string])[] = [
    [policy === undefined, 'no policy'],
    [!isLostStill, 'the region came back'],
    [failover?.mode !== 'Automatic' || suspend === true, 'not automatic'],
    [ready?.status !== 'True', 'not ready'],
    [policy?.status?.operation !== undefined || isResting, 'an operation or its cooldown'],
    [policy?.status?.incident !== undefined, 'an incident before'],
    [isRaised, 'the outage itself raised the last lag sample above the recovery point'],
    [loss.isDisturbed, 'a role change in flight'],
    [isDecisive, 'faults of the data plane or people'],
    [actorOf(question) === undefined, 'no operator in the region of the target'],
    [hasOutlasted(question), 'a call that nobody confirms for longer than an operation may last'],
    [isBlindTooLong(question), 'nobody looked for longer than the lag is known'],
  ];
  return checks.find(([isExempt]) => isExempt)?.[1];
}

/** Whether the region to promote was lost as well while there still was time. */
function isTargetLost(question: LivenessQuestion): boolean {
  const target = targetOf(question);
  const lostAt = target === undefined ? undefined : question.world.region(target).lostAt;
  return lostAt !== undefined && lostAt - EPOCH < deadlineOf(question);
}

/** What all operators choose while all is well. */
function targetOf({ props, loss }: LivenessQuestion): string | undefined {
  const rank = { Prefer: 0, Allow: 1, Never: 2 };
  const [target] = props.regions
    .filter(({ name, promotion }) => name !== loss.region && promotion !== 'Never')
    .toSorted((a, b) => rank[a.promotion] - rank[b.promotion]);
  return target?.name;
}

/**
 * With a cluster of operators in each region only the one in the target's region acts, and with all well all choose the
 * same target; where that one is missing, the loss is judged, and found not to be under the rule, for another one.
 */
function actorOf(question: LivenessQuestion): number | undefined {
  const { scenario } = question;
  const { sites } = scenario.installation;
  const target = targetOf(question);
  const actor = sites.findIndex(({ region }) => region === undefined || region === target);
  return actor < 0 || isGone(scenario, actor) ? undefined : actor;
}

const isActor = (question: LivenessQuestion): boolean => (actorOf(question) ?? 0) === question.site;

/** Whether the last of a site's operators is gone for good by the end. */
export function isGone({ installation, events }: Scenario, site: number): boolean {
  return replicasOf(installation.sites, site).every((replica) =>
    events.some(({ action, until }) => action.kind === 'crash' && action.replica === replica && until === undefined),
  );
}

/**
 * Whether the last lag sample before the loss was noticed may be one that the outage itself has raised above the recovery
 * point, by what CloudWatch has in truth: the estimate is no lower. What readers told is not kept: there the operator's word counts.
 */
function isRaisedByLoss(question: LivenessQuestion): boolean {
  const { scenario, world, loss, props, policy, names } = question;
  if (scenario.world.lagMetricOnLoss !== 'grows') return false;
  if (policy.spec.detection.signals.replication?.source === 'SQL') return true;
  const noticedBy =
    EPOCH + Math.max(loss.at, blindnessOf(question)) + props.interval + props.timeout + SCHEDULING_SLACK;
  const { metricPeriod } = world.settings;
  const ends = props.regions.flatMap(({ name }) =>
    [[], [loss.region]].flatMap((sources) => {
      const dimensions = [
        { name: 'DBClusterIdentifier', value: names.cluster },
        ...sources.map((value) => ({ name: 'SourceRegion', value })),
      ];
      const identity = { accountId: ACCOUNT, region: name, namespace: 'AWS/RDS', dimensions };
      return ['AuroraGlobalDBRPOLag', 'AuroraGlobalDBReplicationLag'].flatMap((metricName) =>
        world.metrics.samplesOf({ ...identity, metricName }),
      );
    }),
  );
  return ends.some(({ timestamp, maximum }) => {
    const end = timestamp + metricPeriod;
    const age = props.estimate === 'WorstCase' ? noticedBy - end : 0;
    return end > EPOCH + loss.at && end <= noticedBy && maximum + age > props.recoveryPoint;
  });
}

/** Whether an event is about this policy, or what this site's operators see or are asked. */
function isConcerned({ action, site, policy = 0 }: ScenarioEvent, question: LivenessQuestion): boolean {
  const { names } = question;
  if (action.kind === 'cut') return action.place !== 'api' && isSentBy(action.sender, question);
  if (!DECISIVE.includes(action.kind)) return false;
  // That an answer is lost does not hinder the call.
  if (action.kind === 'awsFault' && action.fault.kind === 'effectWithoutAnswer') return false;
  if (action.kind === 'clockJump') return clockErrorOf(question) > harmlessClockError(question);
  if (OF_POLICIES.includes(action.kind) && namesOf(policy).policy.name !== names.policy.name) return false;
  const isElsewhere = OF_SITES.includes(action.kind) && site !== undefined && site !== question.site;
  return !isElsewhere || MOVING.includes(action.kind);
}

/** Lag that grows is compared with the time since the loss by the operator's clock: it is recognised within a share of a period. */
function harmlessClockError({ scenario: { world }, props }: LivenessQuestion): number {
  const isCompared = world.lagMetricOnLoss === 'grows' && props.signals.includes('replication');
  return isCompared ? Math.min(SMALL_CLOCK_ERROR, world.metricPeriod / 5) : SMALL_CLOCK_ERROR;
}

const clockErrorOf = ({ scenario, site }: Pick<LivenessQuestion, 'scenario' | 'site'>): number =>
  clockError(scenario, replicasOf(scenario.installation.sites, site));

/** Whether those who send include anybody of the site, or the witness that it asks. */
function isSentBy(sender: string, { scenario, site }: LivenessQuestion): boolean {
  const own = replicasOf(scenario.installation.sites, site).map((replica) => `operator-${replica}`);
  return ['*', 'operators', 'witness', `site-${site}`, ...own].includes(sender);
}

/** Whether nothing was left of an event when the region was lost, and what the policy says of itself was said since. */
function isOver({ at, until, action }: ScenarioEvent, { scenario, props, loss }: LivenessQuestion): boolean {
  const isSuspension = action.kind === 'edit' && Object.keys(action.spec).join() === 'suspend';
  const end = until ?? (PASSING.includes(action.kind) || isSuspension ? at : Infinity);
  const { metricDelay, metricPeriod } = scenario.world;
  const delay = Math.max(metricDelay, action.kind === 'metricDelay' ? action.milliseconds : 0);
  const settled = delay + 2 * metricPeriod + (props.successThreshold + 1) * props.interval + SCHEDULING_SLACK;
  return scenario.warmUp + end + settled < loss.at;
}

/** With no process that looks, the loss itself cannot be told from one that came later, for which no lag is known. */
function isBlindTooLong(question: LivenessQuestion): boolean {
  const { scenario, props, loss } = question;
  const { policy } = loss;
  const maximum = policy === undefined ? 0 : parseDuration(policy.spec.failover.maximumLagAge);
  const usual =
    scenario.world.metricDelay + 2 * scenario.world.metricPeriod + props.interval * 2 + clockErrorOf(question);
  return maximum - usual < Math.max(0, blindnessOf(question) - loss.at);
}

/** Until when nobody of the site may have looked, milliseconds since the simulation began. */
function blindnessOf({ scenario, site }: LivenessQuestion): number {
  return Math.max(0, ...scenario.events.map((event) => blindUntil(event, scenario, site) + scenario.warmUp));
}

/** Until when an event may keep a site's operators from looking, all of them; -Infinity: it does not. */
function blindUntil(event: ScenarioEvent, scenario: Scenario, site: number): number {
  const { at, action } = event;
  const end = endOf(event);
  switch (action.kind) {
    case 'crash':
    case 'restart':
    case 'stall': {
      const replicas = replicasOf(scenario.installation.sites, site);
      if (!replicas.includes(action.replica)) return -Infinity;
      // Where others are left, one of them takes over.
      return (isAnybodyElse(event, scenario, replicas) ? at : end) + TAKEOVER_SLACK;
    }
    case 'cut': {
      const [, replica] = /^operator-(\d+)$/.exec(action.sender) ?? [];
      const replicas = replicasOf(scenario.installation.sites, site);
      if (
        action.place !== 'api' ||
        (replica === undefined && !['*', 'operators', `site-${site}`].includes(action.sender))
      )
        return -Infinity;
      if (replica !== undefined && !replicas.includes(Number(replica))) return -Infinity;
      return (replica !== undefined && isAnybodyElse(event, scenario, replicas) ? at : end) + TAKEOVER_SLACK;
    }
    case 'apiUnavailable':
      return event.site === undefined || event.site === site ? end + TAKEOVER_SLACK : -Infinity;
    case 'crashAtCall':
    case 'slowNetwork':
      return end + TAKEOVER_SLACK;
    default:
      return -Infinity;
  }
}

/** Whether another replica of the site has no trouble while one has. */
function isAnybodyElse(event: ScenarioEvent, { events }: Scenario, replicas: readonly number[]): boolean {
  const troubled = events
    .filter((other) => other.at <= endOf(event) + TAKEOVER_SLACK && (other.until ?? Infinity) >= event.at)
    .flatMap(({ action }) => {
      if (action.kind === 'cut') return action.place === 'api' ? [Number(action.sender.replace('operator-', ''))] : [];
      return 'replica' in action ? [action.replica] : [];
    });
  return replicas.some((replica) => !troubled.includes(replica)) && !troubled.some(Number.isNaN);
}
