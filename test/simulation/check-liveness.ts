import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { parseDuration } from '../../operator/api/v1alpha1/duration.ts';
import type { World } from '../aws/world/world.ts';
import { turnsTake } from './check-turns.ts';
import { detectionWindowOf, type PolicyNames } from './policy-of.ts';
import { ANY_CALL, replicasOf, type Action, type PolicyProps, type Scenario, type ScenarioEvent } from './scenario.ts';
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
  /** Whether anything was wrong already. */
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
  'planOperation',
  'annotate',
  'edit',
  'deletePolicy',
  'console',
  'engineVersion',
  'headless',
  'unsynchronized',
  'clockJump',
];

const SCHEDULING_SLACK = 3_000;
/** A lease that has to run out, a watch that backs off, a process that starts, a cache that syncs. */
export const TAKEOVER_SLACK = 45_000;

/**
 * A primary that was lost while all was well, and stayed lost, is failed over within the window of the policy, counted
 * from the loss or from the end of the last fault of the operator's own surroundings.
 */
export function checkLiveness(question: LivenessQuestion): void {
  const { scenario, loss, world, names, accuse, now, count } = question;
  if (!isActor(question)) return;
  const obstacle = exemption(question);
  if (obstacle !== undefined) {
    count(`liveness not judged: ${obstacle}`);
    return;
  }
  const deadline = deadlineOf(question);
  const lastEnd = lastFaultEnd(scenario);
  const answer = world.operations.find(({ fromArn, requestedAt }) => {
    const { region, identifier } = world.cluster(fromArn);
    return region === loss.region && identifier === names.cluster && requestedAt >= EPOCH + loss.at;
  });
  const startedAt = answer === undefined ? undefined : answer.requestedAt - EPOCH;
  if (startedAt === undefined ? now > deadline : startedAt > deadline) {
    const seconds = (time: number): string => `${(time / 1000).toFixed(1)} s`;
    const progressing = question.policy.status?.conditions?.find(({ type }) => type === 'Progressing');
    accuse(
      'liveness',
      `${loss.region} was lost at ${seconds(loss.at)}, the last fault ended at ${seconds(lastEnd)}, and ` +
        `${startedAt === undefined ? 'nothing' : `AWS at ${seconds(startedAt)}`} started by ${seconds(deadline)}: ` +
        `${progressing?.reason ?? ''}: ${progressing?.message ?? ''}`,
    );
  } else if (startedAt !== undefined) {
    count('liveness judged');
  }
}

/** When the last fault of anything but a region is over, those included that only come to pass at a later call. */
export function lastFaultEnd({ events, warmUp }: Scenario): number {
  const others = events.filter((event) => event.action.kind !== 'loseRegion');
  return Math.max(0, ...others.map((event) => endOf(event) + warmUp));
}

function deadlineOf({ scenario, props, loss }: LivenessQuestion): number {
  const isPlain = scenario.events.every((event) => event.action.kind === 'loseRegion');
  const slack = SCHEDULING_SLACK + (isPlain ? 0 : TAKEOVER_SLACK);
  return Math.max(loss.at, lastFaultEnd(scenario)) + detectionWindowOf(props, scenario) + turnsTake(scenario) + slack;
}

/** Why this loss is not under the rule. */
function exemption(question: LivenessQuestion): string | undefined {
  const { scenario, loss, world } = question;
  const { policy } = loss;
  const ready = policy?.status?.conditions?.find(({ type }) => type === 'FailoverReady');
  const isLostStill = world.region(loss.region).lostAt !== undefined || (loss.endedAt ?? 0) > deadlineOf(question);
  const isDecisive = scenario.events.some(({ action }) => DECISIVE.includes(action.kind));
  const isCutOff = scenario.events.some(({ action }) => action.kind === 'cut' && action.place !== 'api');
  const { failover, suspend } = policy?.spec ?? {};
  const cooldownUntil = policy?.status?.cooldownUntil;
  const isResting = cooldownUntil !== undefined && Date.parse(cooldownUntil) > EPOCH + loss.at;
  // The last sample before the loss was noticed may be one that the outage itself has raised: the estimate is no lower.
  const isRaised = loss.reasons.has('LagAboveRecoveryPoint') && scenario.world.lagMetricOnLoss === 'grows';
  const checks: readonly (readonly [boolean, string])[] = [
    [policy === undefined, 'no policy'],
    [!isLostStill, 'the region came back'],
    [failover?.mode !== 'Automatic' || suspend === true, 'not automatic'],
    [ready?.status !== 'True', 'not ready'],
    [policy?.status?.operation !== undefined || isResting, 'an operation or its cooldown'],
    [policy?.status?.incident !== undefined, 'an incident before'],
    [isRaised, 'the outage itself raised the last lag sample above the recovery point'],
    [loss.isDisturbed, 'a fault at the loss'],
    [isDecisive || isCutOff, 'faults of the data plane or people'],
    [actorOf(question) === undefined, 'no operator in the region of the target'],
    [isBlindTooLong(question), 'nobody looked for longer than the lag is known'],
  ];
  return checks.find(([isExempt]) => isExempt)?.[1];
}

/**
 * With a cluster of operators in each region only the one in the target's region acts, and with all well all choose the
 * same target; where that one is missing, the loss is judged, and found not to be under the rule, for another one.
 */
function actorOf({ scenario, props, loss }: LivenessQuestion): number | undefined {
  const { sites } = scenario.installation;
  const rank = { Prefer: 0, Allow: 1, Never: 2 };
  const [target] = props.regions
    .filter(({ name, promotion }) => name !== loss.region && promotion !== 'Never')
    .toSorted((a, b) => rank[a.promotion] - rank[b.promotion]);
  const actor = sites.findIndex(({ region }) => region === undefined || region === target?.name);
  return actor < 0 || isGone(scenario, actor) ? undefined : actor;
}

const isActor = (question: LivenessQuestion): boolean => (actorOf(question) ?? 0) === question.site;

/** Whether the last of a site's operators is gone for good by the end. */
export function isGone({ installation, events }: Scenario, site: number): boolean {
  return replicasOf(installation.sites, site).every((replica) =>
    events.some(({ action, until }) => action.kind === 'crash' && action.replica === replica && until === undefined),
  );
}

/** With no process that looks, the loss itself cannot be told from one that came later, for which no lag is known. */
function isBlindTooLong({ scenario, props, loss }: LivenessQuestion): boolean {
  const { policy } = loss;
  const maximum = policy === undefined ? 0 : parseDuration(policy.spec.failover.maximumLagAge);
  const usual = scenario.world.metricDelay + 2 * scenario.world.metricPeriod + props.interval * 2;
  const blind =
    Math.max(0, ...scenario.events.map((event) => endOf(event) + scenario.warmUp - loss.at)) + TAKEOVER_SLACK;
  const isQuiet = scenario.events.every(({ action }) => action.kind === 'loseRegion');
  return maximum - usual < (isQuiet ? 0 : blind);
}

const endOf = ({ at, until, action }: ScenarioEvent): number => Math.max(until ?? at, at + comesWithin(action));

/** How long it may take until a call is made at which a process dies. */
function comesWithin(action: Action): number {
  if (action.kind !== 'crashAtCall') return 0;
  return action.what === ANY_CALL ? 150_000 : 60_000;
}
