import { lagAt } from './lag-curve.ts';
import type { LagCurve } from './lag-curve.ts';
import type { DbCluster, GlobalCluster } from './model.ts';
import type { World } from './world.ts';

/** Up to when the primary's writes have arrived at this secondary: the truth that metrics only report. */
export function replicatedTo(cluster: DbCluster, now: number): number {
  const { stopped, lag, lagSince } = cluster.replication;
  return stopped?.replicatedTo ?? now - lagAt(lag, now - lagSince);
}

export function setLag(cluster: DbCluster, lag: LagCurve, now: number): void {
  cluster.replication.lag = lag;
  cluster.replication.lagSince = now;
}

/** Whether changes flow into this secondary. */
export function isReplicating(world: World, cluster: DbCluster): boolean {
  const globalCluster = world.globalClusterOf(cluster);
  const writer = globalCluster && world.writerOf(globalCluster);
  const member = world.memberOf(cluster);
  if (writer === undefined || member === undefined || member.isWriter || cluster.replication.isSevered) {
    return false;
  }
  const isCut = globalCluster?.operation?.replicatedTo !== undefined;
  return (
    member.synchronizationStatus === 'connected' &&
    !isCut &&
    world.isAlive(writer.region) &&
    world.isAlive(cluster.region)
  );
}

/** Stops and resumes replication streams, of one global cluster or all, after something changed that they depend on. */
export function freezeOrThaw(world: World, now: number, globalCluster?: GlobalCluster): void {
  const members = globalCluster?.members.map(({ clusterArn }) => world.cluster(clusterArn));
  for (const cluster of members ?? world.clusters.values()) {
    const isFlowing = isReplicating(world, cluster);
    const { replication } = cluster;
    if (isFlowing && replication.stopped !== undefined) {
      replication.stopped = undefined;
    } else if (!isFlowing && replication.stopped === undefined) {
      replication.stopped = { at: now, replicatedTo: replicatedTo(cluster, now) };
    }
  }
}
