import { snapshotArn } from './arn.ts';
import type { DbCluster, GlobalCluster, RoleChange } from './model.ts';
import { clusterEvent } from './rds-events.ts';
import { freezeOrThaw } from './replication.ts';
import type { World } from './world.ts';

/** After a failover Aurora rebuilds the secondaries that were not promoted; until then they cannot be promoted either. */
export function rebuildOtherSecondaries(
  world: World,
  globalCluster: GlobalCluster,
  operation: RoleChange,
  at: number,
): void {
  for (const member of globalCluster.members) {
    if (member.isWriter) {
      continue;
    }
    member.synchronizationStatus = 'pending-resync';
    if (member.clusterArn !== operation.fromArn) {
      connectAfter(world, globalCluster, operation, member.clusterArn, operation.plan.durations.resynchronizing, at);
    }
  }
}

/**
 * The old primary re-joins as a secondary on a new volume as soon as its region lives; a snapshot of the old volume is kept.
 * When the region is lost, `resumeRejoins` does it later.
 */
export function rejoinOldPrimary(world: World, globalCluster: GlobalCluster, operation: RoleChange, at: number): void {
  const oldPrimary = world.cluster(operation.fromArn);
  if (!world.isAlive(oldPrimary.region)) {
    return;
  }
  operation.lastWriteAt ??= at;
  takeSnapshot(world, oldPrimary, at);
  setStatus(world, oldPrimary, 'creating', at);
  const { recreating, resynchronizing } = operation.plan.durations;
  world.agenda.add(at + recreating, (created) => {
    setStatus(world, oldPrimary, 'available', created);
    connectAfter(world, globalCluster, operation, oldPrimary.arn, resynchronizing, created);
  });
}

/** Re-joins the old primaries that live in a region that came back. */
export function resumeRejoins(world: World, region: string, at: number): void {
  for (const operation of world.operations) {
    const oldPrimary = world.cluster(operation.fromArn);
    const globalCluster = world.globalClusterOf(oldPrimary);
    const isLatest = world.operations.findLast((each) => each.fromArn === operation.fromArn) === operation;
    const isWaiting =
      operation.kind === 'failover' &&
      operation.phase === 'completed' &&
      isLatest &&
      oldPrimary.region === region &&
      world.memberOf(oldPrimary)?.synchronizationStatus === 'pending-resync';
    if (isWaiting && globalCluster !== undefined) {
      rejoinOldPrimary(world, globalCluster, operation, at);
    }
  }
}

function connectAfter(
  world: World,
  globalCluster: GlobalCluster,
  operation: RoleChange,
  arn: string,
  duration: number,
  at: number,
): void {
  world.agenda.add(at + duration, (end) => {
    const member = globalCluster.members.find((each) => each.clusterArn === arn);
    const cluster = world.cluster(arn);
    if (member === undefined || member.isWriter || !world.isAlive(cluster.region)) {
      return;
    }
    member.synchronizationStatus = 'connected';
    cluster.replication.lagSince = end;
    freezeOrThaw(world, end);
    world.changed(globalCluster, end);
    const writer = world.cluster(operation.toArn);
    if (globalCluster.members.every((each) => each.synchronizationStatus === 'connected')) {
      world.events.push(clusterEvent('resynchronizationFinished', writer, writer, end));
    }
  });
}

function takeSnapshot(world: World, cluster: DbCluster, at: number): void {
  const { accountId, region, engine, engineVersion } = cluster;
  const timestamp = new Date(at).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-');
  const identifier = `rds:unplanned-global-failover-${cluster.identifier}-${timestamp}`;
  world.snapshots.push({
    accountId,
    region,
    identifier,
    arn: snapshotArn(region, accountId, identifier),
    clusterIdentifier: cluster.identifier,
    engine,
    engineVersion,
    createdAt: at,
    snapshotType: 'automated',
  });
}

function setStatus(world: World, cluster: DbCluster, status: string, at: number): void {
  cluster.status = status;
  world.clusterChanged(cluster, at);
}
