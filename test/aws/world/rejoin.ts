import type { ClusterSnapshot, DbCluster, GlobalCluster, GlobalMember, RoleChange } from './model.ts';
import { clusterEvent } from './rds-events.ts';
import { freezeOrThaw } from './replication.ts';
import { addSnapshot } from './snapshots.ts';
import type { World } from './world.ts';

/**
 * After a failover every secondary is synchronised anew and cannot be promoted until then: the old primary on a new volume,
 * as soon as its region lives; the others by a rebuild.
 */
export function resynchronizeMembers(
  world: World,
  globalCluster: GlobalCluster,
  operation: RoleChange,
  at: number,
): void {
  for (const member of globalCluster.members.filter((each) => !each.isWriter)) {
    member.synchronizationStatus = 'pending-resync';
    resynchronize(world, globalCluster, operation, member, at);
  }
}

/** Goes on with the members that live in a region that came back. */
export function resumeResynchronization(world: World, region: string, at: number): void {
  for (const cluster of world.clusters.values()) {
    const globalCluster = world.globalClusterOf(cluster);
    const member = world.memberOf(cluster);
    if (
      globalCluster === undefined ||
      cluster.region !== region ||
      member?.synchronizationStatus !== 'pending-resync'
    ) {
      continue;
    }
    const operation = world.operations.findLast(
      (each) =>
        each.globalClusterIdentifier === globalCluster.identifier &&
        each.kind === 'failover' &&
        each.phase === 'completed',
    );
    if (operation !== undefined) {
      resynchronize(world, globalCluster, operation, member, at);
    }
  }
}

/** Keeps a member from being connected again, however long ago its durations are over; or lets it go on. */
export function holdResynchronization(world: World, cluster: DbCluster, isHeld: boolean): void {
  const now = world.settle();
  const globalCluster = world.globalClusterOf(cluster);
  const member = world.memberOf(cluster);
  if (globalCluster === undefined || member === undefined) {
    throw new Error(`cannot hold ${cluster.arn}: it is no member of a global cluster`);
  }
  const isDue = member.hold === 'due';
  member.hold = isHeld ? (member.hold ?? 'underway') : undefined;
  if (!isHeld && isDue) {
    connect(world, globalCluster, member, now);
  }
}

function resynchronize(
  world: World,
  globalCluster: GlobalCluster,
  operation: RoleChange,
  member: GlobalMember,
  at: number,
): void {
  const cluster = world.cluster(member.clusterArn);
  if (!world.isAlive(cluster.region)) {
    return;
  }
  member.resynchronizations += 1;
  member.hold &&= 'underway';
  const attempt = member.resynchronizations;
  const isCurrent = (): boolean =>
    member.resynchronizations === attempt && !member.isWriter && world.isAlive(cluster.region);
  const { recreating, resynchronizing } = operation.plan.durations;
  const isOldPrimary = cluster.arn === operation.fromArn;
  if (isOldPrimary) {
    operation.lastWriteAt ??= at;
    keepSnapshot(world, cluster, operation, at);
    setStatus(world, cluster, 'creating', at);
    world.agenda.add(at + recreating, (created) => {
      if (isCurrent()) {
        setStatus(world, cluster, 'available', created);
      }
    });
  }
  world.agenda.add(at + (isOldPrimary ? recreating : 0) + resynchronizing, (end) => {
    if (isCurrent() && member.hold === undefined) {
      connect(world, globalCluster, member, end);
    } else if (isCurrent()) {
      member.hold = 'due';
    }
  });
}

/** Ends the synchronization of a member now, however long it was to take: for servers that say themselves when it is done. */
export function completeResynchronization(world: World, cluster: DbCluster): void {
  const at = world.settle();
  const globalCluster = world.globalClusterOf(cluster);
  const member = world.memberOf(cluster);
  if (globalCluster === undefined || member?.synchronizationStatus !== 'pending-resync') {
    throw new Error(`cannot connect ${cluster.identifier} in ${cluster.region}: it is not being synchronized`);
  }
  member.resynchronizations += 1;
  setStatus(world, cluster, 'available', at);
  connect(world, globalCluster, member, at);
}

function connect(world: World, globalCluster: GlobalCluster, member: GlobalMember, at: number): void {
  member.synchronizationStatus = 'connected';
  world.cluster(member.clusterArn).replication.lagSince = at;
  freezeOrThaw(world, at, globalCluster);
  world.changed(globalCluster, at);
  const writer = world.writerOf(globalCluster);
  if (writer !== undefined && globalCluster.members.every((each) => each.synchronizationStatus === 'connected')) {
    world.events.push(clusterEvent('resynchronizationFinished', writer, writer, at));
  }
}

/** A snapshot of the old primary's volume as it was, once for each failover. */
function keepSnapshot(world: World, cluster: DbCluster, operation: RoleChange, at: number): void {
  const since = operation.requestedAt;
  const isOfThisFailover = ({ clusterArn, snapshotType, createdAt }: ClusterSnapshot): boolean =>
    clusterArn === cluster.arn && snapshotType === 'automated' && createdAt >= since;
  if (world.snapshots.some(isOfThisFailover)) {
    return;
  }
  const timestamp = new Date(at).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-');
  const identifier = `rds:unplanned-global-failover-${cluster.identifier}-${timestamp}`;
  addSnapshot(world, cluster, {
    identifier,
    snapshotType: 'automated',
    at,
    duration: operation.plan.durations.snapshotting,
  });
}

function setStatus(world: World, cluster: DbCluster, status: string, at: number): void {
  cluster.status = status;
  world.clusterChanged(cluster, at);
}
