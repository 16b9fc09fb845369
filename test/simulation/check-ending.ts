import type { DisasterRecoveryPolicy, HistoryEntry } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { REQUEST_ANNOTATIONS } from '../../operator/api/v1alpha1/annotations.ts';
import { parseDuration } from '../../operator/api/v1alpha1/duration.ts';
import {
  configMapType,
  serviceType,
  type ConfigMapObject,
  type ServiceObject,
} from '../../operator/publishing/writer-objects.ts';
import type { KubeEvent } from '../../operator/runtime/event-recorder.ts';
import { EVENTS } from '../../operator/runtime/event-recorder.ts';
import type { DbCluster, RoleChange } from '../aws/world/model.ts';
import { statusOf } from '../aws/world/role-change.ts';
import { isServing } from '../aws/world/serving.ts';
import type { World } from '../aws/world/world.ts';
import { SMALL_CLOCK_ERROR } from './check-liveness.ts';
import { ACCOUNT, ROUTING, type PolicyNames } from './policy-of.ts';
import { clockError, replicasOf, type PolicyProps, type Scenario } from './scenario.ts';
import { EPOCH } from './scheduler.ts';
import type { SimulatedApiServer } from './simulated-api-server.ts';
import type { Accuse } from './violation.ts';

/** How things stand once nothing has happened for the whole tail. */
export interface Ending {
  readonly scenario: Scenario;
  readonly site: number;
  readonly names: PolicyNames;
  /** The policy as it was first. */
  readonly props: PolicyProps;
  readonly world: World;
  readonly server: SimulatedApiServer;
  readonly policy: DisasterRecoveryPolicy;
  /** Times in milliseconds since the simulation began: the policy created, its primary first on record, the last fault over. */
  readonly createdAt: number;
  readonly observedAt: number;
  readonly quietSince: number;
  readonly now: number;
  readonly crashes: number;
  readonly accuse: Accuse;
}

/** How long a publication may go unchecked while nothing is known to have changed, and then some. */
const CHECK_MILLISECONDS = 6.5 * 60_000;

function writerOf({ world, names }: Ending): DbCluster | undefined {
  const globalCluster = world.globalClusters.get(`${ACCOUNT}/${names.globalCluster}`);
  return globalCluster && world.writerOf(globalCluster);
}

const inFlight = ({ world, names }: Ending): RoleChange | undefined =>
  world.globalClusters.get(`${ACCOUNT}/${names.globalCluster}`)?.operation;

/** Two looks at RDS at the longest pace, and then some. */
const RESCUE_MILLISECONDS = 3 * 60_000;

/** Whether what old primaries had is kept, and said to be kept only if it is. */
function checkRescues({ world, names, policy, accuse, now, quietSince }: Ending): void {
  for (const { region, state, snapshot } of policy.status?.rescueSnapshots ?? []) {
    const own = world.snapshots.filter((each) => each.region === region && each.clusterIdentifier === names.cluster);
    const copy = own.find(({ identifier }) => identifier === snapshot);
    const isClaimed = state === 'Kept' || state === 'Copying';
    if (isClaimed && copy?.snapshotType !== 'manual')
      accuse('truth', `${snapshot ?? 'a copy'} is ${state}, and is not there`);
    if (state === 'Kept' && copy?.status !== 'available')
      accuse('truth', `${snapshot ?? 'a copy'} is called kept before it is`);
    const isOriginalThere = own.some(({ snapshotType, createdAt }) => {
      return snapshotType === 'automated' && now - Math.max(createdAt - EPOCH, quietSince) > RESCUE_MILLISECONDS;
    });
    if (state === 'Awaited' && isOriginalThere && world.isReachable(region)) {
      accuse('truth', `what ${region} had before the failover is there, and is not kept`);
    }
  }
}

/** A drill in the last moment: who did not start it believes the new writer after two rounds. */
function hasJustMoved({ world, names, policy, now }: Ending): boolean {
  const patience = 3 * parseDuration(policy.spec.detection.interval) + 10_000;
  return world.operations.some(
    ({ globalClusterIdentifier, promotedAt = 0 }) =>
      globalClusterIdentifier === names.globalCluster && EPOCH + now - promotedAt < patience,
  );
}

/** An operation that waited for a person until its timeout, in the last moment: what follows from its end takes a while. */
function hasJustEnded({ policy, now }: Ending): boolean {
  const patience = 3 * parseDuration(policy.spec.detection.interval) + 10_000;
  const [newest] = policy.status?.history ?? [];
  return newest !== undefined && EPOCH + now - Date.parse(newest.completedAt) < patience;
}

/** Whether status, history, endpoint and events tell how things are. */
export function checkTruth(ending: Ending): void {
  const { world, policy, accuse, now } = ending;
  world.settle();
  const writer = writerOf(ending);
  const { status } = policy;
  if (writer === undefined || status === undefined) {
    accuse('truth', 'there is no status at the end');
    return;
  }
  const leftOver = REQUEST_ANNOTATIONS.filter((key) => policy.metadata.annotations?.[key] !== undefined);
  // A person may have asked in the last moment before the tail, and an operation may still be followed.
  if (leftOver.length > 0) accuse('forced-request', `${leftOver.join(', ')} was never answered`);
  checkOperation(ending);
  const isOver = !hasJustEnded(ending);
  if (isOver) checkRescues(ending);
  const isSettled = inFlight(ending) === undefined && !hasJustMoved(ending);
  if (isSettled && status.operation === undefined && world.isReachable(writer.region)) {
    if (status.primaryRegion !== writer.region) {
      accuse(
        'truth',
        `status.primaryRegion is ${status.primaryRegion ?? 'missing'}, the writer is in ${writer.region}`,
      );
    }
    checkHistory(ending, writer);
    checkService(ending, writer);
    checkRouting(ending, writer);
    checkReadiness(ending, writer);
  }
  if (isOver) checkEvents(ending);
  if (now < ending.quietSince) accuse('truth', 'the tail is too short: a mistake of the scenario');
}

function checkOperation({ policy, scenario, accuse, now }: Ending): void {
  const operation = policy.status?.operation;
  // Timeouts count by the wall clock, which must outlive the process: one that is set back makes them longer.
  const isSetBack = scenario.events.some(({ action }) => action.kind === 'clockJump' && action.milliseconds < 0);
  if (operation === undefined || isSetBack) return;
  const age = EPOCH + now - Date.parse(operation.startedAt);
  const limit = parseDuration(policy.spec.failover.timeout) + 3 * parseDuration(policy.spec.detection.interval);
  if (age > limit + 10_000) accuse('truth', `${operation.id} is still at ${operation.step} long after its timeout`);
}

const BLINDING = ['crash', 'crashAtCall', 'restart', 'stall', 'cut', 'apiUnavailable', 'loseRegion'];

/**
 * Who was away while the writer left and came back has nothing to tell of it: for them it never moved. Nor has who looked
 * too rarely: what somebody else did is believed once two rounds have shown it.
 */
function mayHaveMissedRoundTrip({ scenario, world, names, policy, observedAt }: Ending, writer: DbCluster): boolean {
  const completed = world.operations.filter(
    ({ phase, globalClusterIdentifier, promotedAt = 0 }) =>
      phase === 'completed' && globalClusterIdentifier === names.globalCluster && promotedAt > EPOCH + observedAt,
  );
  const first = completed[0];
  const away = (completed.at(-1)?.promotedAt ?? 0) - (first?.promotedAt ?? 0);
  const { interval, timeout } = policy.spec.detection;
  const isBrief = away < 2 * parseDuration(interval) + parseDuration(timeout);
  const isHome = first !== undefined && world.cluster(first.fromArn).region === writer.region;
  const hasSeenIt = policy.status?.history?.some(({ promotedAt }) => promotedAt !== undefined) === true;
  const isBlinded = scenario.events.some(({ action }) => BLINDING.includes(action.kind));
  return isHome && !hasSeenIt && (isBrief || isBlinded);
}

function checkHistory(ending: Ending, writer: DbCluster): void {
  const { world, names, policy, observedAt, accuse } = ending;
  const history = policy.status?.history ?? [];
  const last = world.operations.findLast(
    ({ phase, globalClusterIdentifier }) => phase === 'completed' && globalClusterIdentifier === names.globalCluster,
  );
  // With fencing Required a failover may wait for a person for good.
  if (policy.spec.fencing.mode === 'Required' && history[0]?.outcome === 'TimedOut') return;
  const isOfThisPolicy = last?.promotedAt !== undefined && last.promotedAt > EPOCH + observedAt;
  if (last === undefined || !isOfThisPolicy || world.cluster(last.toArn).region !== writer.region) return;
  // One that was promoted and then overtaken is no success, and says when it was promoted.
  const entry = history.find(
    ({ to, outcome, promotedAt }) => to === writer.region && (outcome === 'Succeeded' || promotedAt !== undefined),
  );
  if (entry === undefined && !mayHaveMissedRoundTrip(ending, writer)) {
    accuse(
      'truth',
      `history has no success to ${writer.region}, where the writer is since ${last.id}: ${describe(history)}`,
    );
  }
  const [newest] = history;
  // One whose new writer serves nobody, for want of an instance say, has not come to its end.
  if (newest?.outcome === 'TimedOut' && newest.to === writer.region && isServing(world, writer)) {
    accuse('truth', `history still calls ${newest.id} TimedOut although ${newest.to} is the writer`);
  }
}

const describe = (history: readonly HistoryEntry[]): string =>
  history.map(({ id, to, outcome, reason = '' }) => `${id} to ${to} ${outcome} (${reason})`).join(', ');

function checkService({ server, names, policy, scenario, now, accuse }: Ending, writer: DbCluster): void {
  // What somebody edits by hand is put right again within the time of a check.
  const isEdited = scenario.events.some(
    ({ action, at }) => action.kind === 'editService' && scenario.warmUp + at + CHECK_MILLISECONDS > now,
  );
  if (policy.spec.publish?.service === undefined || isEdited) return;
  const isAwaiting = policy.status?.conditions?.some(({ reason }) => reason === 'AwaitingFence') === true;
  const service = server.find(serviceType, names.writer) as ServiceObject | undefined;
  const host = service?.spec?.externalName;
  const configMap = server.find(configMapType, names.writer) as ConfigMapObject | undefined;
  const endpoint = configMap?.data?.['writerEndpoint'];
  for (const [what, told] of [
    ['Service', host],
    ['ConfigMap', endpoint],
  ] as const) {
    if (!isAwaiting && told !== writer.address) {
      accuse('truth', `the ${what} sends clients to ${told ?? 'nowhere'}, the writer is at ${writer.address}`);
    }
  }
}

/** The routing metric is put every minute, and what failed as often; then it waits for others, and for a round. */
const ROUTING_MILLISECONDS = 75_000;

/** Whether health checks of every region that can be reached are told where the writer is. */
function checkRouting({ world, names, policy, quietSince, createdAt, now, accuse }: Ending, writer: DbCluster): void {
  const lastMove = world.operations.findLast(
    ({ globalClusterIdentifier, promotedAt }) =>
      globalClusterIdentifier === names.globalCluster && promotedAt !== undefined,
  );
  const since = Math.max(quietSince, createdAt, movedAt(policy), (lastMove?.promotedAt ?? EPOCH) - EPOCH);
  const patience = ROUTING_MILLISECONDS + 3 * parseDuration(policy.spec.detection.interval);
  const isAwaiting = policy.status?.conditions?.some(({ reason }) => reason === 'AwaitingFence') === true;
  if (policy.spec.publish?.routing === undefined || isAwaiting || now - since < patience) return;
  const regions = policy.spec.regions.map(({ name }) => name).filter((name) => world.isReachable(name));
  for (const [region, about] of regions.flatMap((name) =>
    policy.spec.regions.map((each) => [name, each.name] as const),
  )) {
    const dimensions = [
      { name: 'GlobalCluster', value: names.globalCluster },
      { name: 'Region', value: about },
    ];
    const series = { accountId: ACCOUNT, region, namespace: ROUTING.namespace, metricName: ROUTING.metric, dimensions };
    const value = world.metrics.samplesOf(series).at(-1)?.maximum;
    const expected = about === writer.region ? 1 : 0;
    if (value !== expected) {
      accuse(
        'truth',
        `health checks of ${region} are told ${value ?? 'nothing'} of ${about}, the writer is in ${writer.region}`,
      );
    }
  }
}

/** A writer that a failback or a drill has moved meanwhile is known as little as one that was failed over. */
function movedAt({ status }: DisasterRecoveryPolicy): number {
  const newest = status?.history?.find(({ type }) => type !== 'Simulation');
  return newest === undefined ? 0 : Date.parse(newest.completedAt) - EPOCH;
}

/** Whether nothing is amiss with any member of the writer's global cluster, nor with any region of one. */
export function areAllWell(world: World, writer: DbCluster): boolean {
  return [...world.clusters.values()]
    .filter(({ identifier }) => identifier === writer.identifier)
    .every(
      (cluster) =>
        world.isReachable(cluster.region) &&
        statusOf(cluster) === 'available' &&
        cluster.instances.length > 0 &&
        cluster.engineVersion === writer.engineVersion &&
        world.memberOf(cluster)?.synchronizationStatus === 'connected' &&
        !cluster.replication.isSevered,
    );
}

/** How long it may take, once all is well, until a policy is ready; milliseconds. */
export function readyWithin({ successThreshold, interval }: PolicyProps, { world }: Scenario): number {
  return successThreshold * interval + 8 * world.metricPeriod + 60_000;
}

/** With every region and stream well again, the policy must be ready again. */
function checkReadiness(
  { world, names, props, policy, scenario, site, quietSince, now, accuse }: Ending,
  writer: DbCluster,
): void {
  const { detection, regions, failover } = policy.spec;
  // A clock that is far off makes every sample too old, or one from the future: unknown, and rightly so.
  const error = clockError(scenario, replicasOf(scenario.installation.sites, site));
  if (error > SMALL_CLOCK_ERROR) return;
  const clusters = [...world.clusters.values()].filter(({ identifier }) => identifier === names.cluster);
  const lag = Math.max(
    ...clusters.map(({ replication }) =>
      replication.lag.kind === 'constant' ? replication.lag.milliseconds : Infinity,
    ),
  );
  const hasCandidate = regions.some(({ name, promotion }) => name !== writer.region && promotion !== 'Never');
  const isLong = now - Math.max(quietSince, movedAt(policy)) > readyWithin(props, scenario);
  const isPermitted =
    failover.dataLoss === 'Allow' ||
    (failover.dataLoss === 'WithinRecoveryPoint' &&
      lag < 1_000 &&
      parseDuration(policy.spec.objectives.recoveryPoint) >= 1_000);
  if (
    !areAllWell(world, writer) ||
    !isLong ||
    !hasCandidate ||
    !isPermitted ||
    detection.failureThreshold !== props.failureThreshold
  )
    return;
  const lagAge = parseDuration(failover.maximumLagAge);
  if (lagAge < scenario.world.metricDelay + 3 * scenario.world.metricPeriod + error) return;
  const ready = policy.status?.conditions?.find(({ type }) => type === 'FailoverReady');
  if (ready?.status !== 'True') {
    accuse(
      'truth',
      `all is well, and FailoverReady is ${ready?.status ?? 'missing'}: ${ready?.reason ?? ''} ${ready?.message ?? ''}`,
    );
  }
}

/** Nobody crashed and the API server was well: then every operation has its events. */
function checkEvents({ scenario, server, policy, crashes, createdAt, accuse }: Ending): void {
  const kinds = new Set(scenario.events.map(({ action }) => action.kind));
  const isDisturbed = ['crash', 'crashAtCall', 'restart', 'apiUnavailable', 'stall', 'deletePolicy'].some((kind) =>
    kinds.has(kind as never),
  );
  const isApiCut = scenario.events.some(({ action }) => action.kind === 'cut' && action.place === 'api');
  if (isDisturbed || isApiCut || crashes > 0 || createdAt > 0 || kinds.has('slowNetwork')) return;
  const notes = (server.list(EVENTS) as KubeEvent[]).map(({ note }) => note);
  for (const { id, outcome } of policy.status?.history ?? []) {
    // What comes after the colon tells why, and may name other outcomes.
    const heads = notes.filter((note) => note.includes(id)).map((note) => note.split(':')[0] ?? '');
    if (!heads.some((head) => head.split(' ').includes(outcome))) {
      accuse('truth', `no event tells that ${id} ended ${outcome}: ${heads.join('; ')}`);
    }
  }
}
