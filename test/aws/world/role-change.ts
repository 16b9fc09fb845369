import { rdsFaults } from './aws-error.ts';
import type { DbCluster, GlobalCluster, RoleChange } from './model.ts';
import { clusterEvent, fenceEvent } from './rds-events.ts';
import type { GlobalFailoverEvent } from './rds-events.ts';
import { resynchronizeMembers } from './rejoin.ts';
import { freezeOrThaw, replicatedTo } from './replication.ts';
import type { World } from './world.ts';

/** What FailoverGlobalCluster and SwitchoverGlobalCluster ask for. */
export interface RoleChangeRequest {
  readonly kind: RoleChange['kind'];
  readonly accountId: string;
  readonly globalClusterIdentifier: string;
  /** ARN of the cluster to promote. */
  readonly target: string;
  /** The region that was called. */
  readonly requestedIn: string;
}

/** Starts a switchover or a failover, or throws the fault that AWS would answer. */
export function startRoleChange(world: World, request: RoleChangeRequest): GlobalCluster {
  const now = world.settle();
  const globalCluster = world.globalCluster(request.accountId, request.globalClusterIdentifier);
  if (globalCluster.operation !== undefined || globalCluster.status !== 'available') {
    throw rdsFaults.invalidGlobalClusterState(
      `Global cluster ${globalCluster.identifier} is in state ${globalCluster.status}: another operation is in progress.`,
    );
  }
  const target = world.cluster(request.target);
  const writer = world.writerOf(globalCluster);
  if (writer === undefined || target.globalClusterIdentifier !== globalCluster.identifier) {
    throw rdsFaults.clusterNotFound(request.target);
  }
  assertPromotable(world, target, writer);
  if (request.kind === 'switchover' && world.isAlive(writer.region) && statusOf(writer) !== 'available') {
    throw rdsFaults.invalidClusterState(`DB cluster ${writer.identifier} is in state ${statusOf(writer)}.`);
  }
  const operation: RoleChange = {
    id: `role-change-${world.nextNumber()}`,
    kind: request.kind,
    globalClusterIdentifier: globalCluster.identifier,
    accountId: globalCluster.accountId,
    fromArn: writer.arn,
    toArn: target.arn,
    requestedAt: now,
    requestedIn: request.requestedIn,
    plan: world.takePlan(globalCluster.identifier),
    phase: 'pending',
    promotedAt: undefined,
    endedAt: undefined,
    replicatedTo: undefined,
    lastWriteAt: undefined,
    fence: undefined,
  };
  world.operations.push(operation);
  globalCluster.operation = operation;
  globalCluster.status = request.kind === 'failover' ? 'failing-over' : 'switching-over';
  if (request.kind === 'switchover') {
    record(world, 'switchoverStarted', target, writer, now);
  }
  world.changed(globalCluster, now);
  if (!isStuck(operation, 'pending')) {
    world.agenda.add(now + operation.plan.durations.pending, (at) => leavePending(world, globalCluster, operation, at));
  }
  return globalCluster;
}

/** Lets a stuck operation go on to the given end. */
export function releaseRoleChange(world: World, globalCluster: GlobalCluster, outcome: 'complete' | 'failed'): void {
  const now = world.settle();
  const { operation } = globalCluster;
  if (operation?.plan.outcome !== 'stuck') {
    throw new Error(`cannot release the operation of ${globalCluster.identifier}: none is stuck`);
  }
  operation.plan.outcome = outcome;
  if (operation.phase === 'pending') {
    leavePending(world, globalCluster, operation, now);
  } else {
    leavePromoting(world, globalCluster, operation, now);
  }
}

function assertPromotable(world: World, target: DbCluster, writer: DbCluster): void {
  const member = world.memberOf(target);
  const why =
    (member?.isWriter === true && 'it is the primary already') ||
    (statusOf(target) !== 'available' && `it is in state ${statusOf(target)}`) ||
    (member?.synchronizationStatus !== 'connected' && 'it is not synchronized') ||
    (target.instances.length === 0 && 'it has no DB instance') ||
    (target.engineVersion !== writer.engineVersion &&
      `its engine version ${target.engineVersion} differs from the primary's ${writer.engineVersion}`) ||
    (!world.isAlive(target.region) && 'its Region is not available');
  if (why !== false) {
    throw rdsFaults.invalidClusterState(
      `DB cluster ${target.identifier} in ${target.region} cannot be promoted: ${why}.`,
    );
  }
}

function leavePending(world: World, globalCluster: GlobalCluster, operation: RoleChange, at: number): void {
  const { plan } = operation;
  const target = world.cluster(operation.toArn);
  const writer = world.cluster(operation.fromArn);
  if (plan.outcome === 'cancelled' || (operation.kind === 'switchover' && !canDrain(world, writer, target, at))) {
    operation.phase = 'cancelling';
    world.changed(globalCluster, at);
    world.agenda.add(at + plan.durations.cancelling, (end) =>
      finish(world, globalCluster, operation, 'cancelled', end),
    );
    return;
  }
  if (operation.kind === 'failover') {
    cutReplication(world, operation, writer, target, at);
  } else {
    // Writes stop, then the target receives the rest: nothing is lost.
    operation.replicatedTo = at;
    operation.lastWriteAt = at;
    record(world, 'oldPrimaryShutDown', writer, writer, at);
    setStatus(world, writer, 'modifying', at);
  }
  operation.phase = operation.kind === 'failover' ? 'failing-over' : 'switching-over';
  setStatus(world, target, 'promoting', at);
  freezeOrThaw(world, at, globalCluster);
  world.changed(globalCluster, at);
  if (!isStuck(operation, 'promoting')) {
    world.agenda.add(at + plan.durations.promoting, (end) => leavePromoting(world, globalCluster, operation, end));
  }
}

/** A failover does not wait for anything: what has not arrived by now is lost. */
function cutReplication(world: World, operation: RoleChange, writer: DbCluster, target: DbCluster, at: number): void {
  const { lostAt } = world.region(writer.region);
  operation.replicatedTo = replicatedTo(target, at);
  const planned = operation.plan.fence;
  const automatic = lostAt === undefined ? 'succeeded' : 'timed-out';
  operation.fence = planned === 'none' ? undefined : planned === 'auto' ? automatic : planned;
  operation.lastWriteAt = lostAt ?? (operation.fence === 'succeeded' ? at : undefined);
  if (operation.fence !== undefined) {
    const recordedOn = lostAt === undefined ? writer : target;
    const event = fenceEvent(operation.fence, writer, recordedOn, at);
    world.events.push(...(event === undefined ? [] : [event]));
  }
}

function leavePromoting(world: World, globalCluster: GlobalCluster, operation: RoleChange, at: number): void {
  const target = world.cluster(operation.toArn);
  const writer = world.cluster(operation.fromArn);
  const isHopeless =
    !world.isAlive(target.region) || (operation.kind === 'switchover' && !world.isAlive(writer.region));
  if (operation.plan.outcome === 'failed' || isHopeless) {
    finish(world, globalCluster, operation, 'failed', at);
    return;
  }
  operation.promotedAt = at;
  for (const member of globalCluster.members) {
    member.isWriter = member.clusterArn === target.arn;
  }
  finish(world, globalCluster, operation, 'completed', at);
}

function finish(
  world: World,
  globalCluster: GlobalCluster,
  operation: RoleChange,
  phase: 'completed' | 'cancelled' | 'failed',
  at: number,
): void {
  const target = world.cluster(operation.toArn);
  const writer = world.cluster(operation.fromArn);
  operation.phase = phase;
  operation.endedAt = at;
  globalCluster.operation = undefined;
  globalCluster.status = 'available';
  for (const cluster of [target, writer]) {
    setStatus(world, cluster, 'available', at);
  }
  const recordedOn = world.isAlive(target.region) ? target : writer;
  for (const event of endEvents[operation.kind][phase]) {
    record(world, event, target, recordedOn, at);
  }
  if (phase === 'completed' && operation.kind === 'failover') {
    resynchronizeMembers(world, globalCluster, operation, at);
  }
  freezeOrThaw(world, at, globalCluster);
  world.changed(globalCluster, at);
}

const endEvents: Record<RoleChange['kind'], Record<'completed' | 'cancelled' | 'failed', GlobalFailoverEvent[]>> = {
  failover: {
    completed: ['failoverCompleted', 'globalEndpointChanged', 'resynchronizationStarted'],
    cancelled: ['failoverFailed'],
    failed: ['failoverFailed'],
  },
  switchover: {
    completed: ['newPrimaryPromoted', 'switchoverFinished', 'globalEndpointChanged'],
    cancelled: ['switchoverCancelled'],
    failed: ['switchoverFailed'],
  },
};

function canDrain(world: World, writer: DbCluster, target: DbCluster, at: number): boolean {
  const isConnected = world.isAlive(writer.region) && target.replication.stopped === undefined;
  return isConnected && at - replicatedTo(target, at) <= world.settings.drainableLag;
}

function record(world: World, kind: GlobalFailoverEvent, subject: DbCluster, recordedOn: DbCluster, at: number): void {
  world.events.push(clusterEvent(kind, subject, recordedOn, at));
}

function setStatus(world: World, cluster: DbCluster, status: string, at: number): void {
  cluster.status = status;
  world.clusterChanged(cluster, at);
}

function isStuck({ plan }: RoleChange, phase: 'pending' | 'promoting'): boolean {
  return plan.outcome === 'stuck' && plan.stuckIn === phase;
}

/** What DescribeDBClusters reports as the cluster's status. */
export function statusOf(cluster: DbCluster): string {
  return cluster.statusOverride ?? cluster.status;
}
