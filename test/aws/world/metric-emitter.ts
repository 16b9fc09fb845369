import { hasSampleAt } from './lag-curve.ts';
import type { Dimension } from './metric-store.ts';
import type { DbCluster } from './model.ts';
import { replicatedTo } from './replication.ts';
import type { World } from './world.ts';

/** The lag series of a secondary: the second one exists for Aurora MySQL 3.04 and newer. */
export const lagMetrics = ['AuroraGlobalDBReplicationLag', 'AuroraGlobalDBRPOLag'] as const;

/** Emits the samples of the period that ends at `periodEnd`, for every cluster of every living region. */
export function emitMetrics(
  world: World,
  periodEnd: number,
  clusters: Iterable<DbCluster> = world.clusters.values(),
): void {
  for (const cluster of clusters) {
    if (!world.isAlive(cluster.region)) {
      continue;
    }
    put(world, cluster, 'CPUUtilization', [clusterDimension(cluster)], cluster.cpuUtilization, periodEnd);
    const lag = reportedLag(world, cluster, periodEnd);
    if (lag !== undefined) {
      for (const name of lagMetrics) {
        put(world, cluster, name, lagDimensions(world, cluster), lag, periodEnd);
      }
    }
  }
}

/** Emits the samples of all periods that ended in (`from`, `to`], as if the clusters had existed since. */
export function emitPastMetrics(world: World, clusters: readonly DbCluster[], from: number, to: number): void {
  const { metricPeriod } = world.settings;
  for (let end = (Math.floor(from / metricPeriod) + 1) * metricPeriod; end <= to; end += metricPeriod) {
    emitMetrics(world, end, clusters);
  }
}

/** The lag that the secondary reports at `at`, in milliseconds; undefined when it reports none. */
function reportedLag(world: World, cluster: DbCluster, at: number): number | undefined {
  const member = world.memberOf(cluster);
  if (member === undefined || member.isWriter || member.synchronizationStatus !== 'connected') {
    return undefined;
  }
  const { stopped, lag, lagSince } = cluster.replication;
  if (stopped !== undefined) {
    return world.settings.lagMetricOnLoss === 'grows' ? at - stopped.replicatedTo : undefined;
  }
  return hasSampleAt(lag, at - lagSince) ? at - replicatedTo(cluster, at) : undefined;
}

function clusterDimension(cluster: DbCluster): Dimension {
  return { name: 'DBClusterIdentifier', value: cluster.identifier };
}

function lagDimensions(world: World, cluster: DbCluster): Dimension[] {
  const globalCluster = world.globalClusterOf(cluster);
  const source = globalCluster && world.writerOf(globalCluster)?.region;
  return world.settings.lagDimensions === 'cluster' || source === undefined
    ? [clusterDimension(cluster)]
    : [clusterDimension(cluster), { name: 'SourceRegion', value: source }];
}

function put(
  world: World,
  cluster: DbCluster,
  metricName: string,
  dimensions: Dimension[],
  value: number,
  periodEnd: number,
): void {
  if (cluster.silencedMetrics.includes(metricName)) {
    return;
  }
  const { accountId, region } = cluster;
  const delay = world.region(region).metricDelay ?? world.settings.metricDelay;
  world.metrics.put(
    { accountId, region, namespace: 'AWS/RDS', metricName, dimensions },
    {
      timestamp: periodEnd - world.settings.metricPeriod,
      deliveredAt: periodEnd + delay,
      count: 1,
      sum: value,
      minimum: value,
      maximum: value,
    },
  );
}
