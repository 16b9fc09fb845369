import type { MetricDatum, MetricSeries } from '../../operator/aws/aws-gateway.ts';

/** What the health monitor puts of each region. */
export type RegionMetric = 'HealthCheck' | 'ClusterState' | 'ReplicationLagHigh';

/** Put in every invocation, whatever was seen: its silence means that the monitor itself does not work. */
export const MONITOR_HEARTBEAT = 'MonitorHeartbeat';

const dimensionsOf = (globalCluster: string, region?: string) => [
  { name: 'GlobalCluster', value: globalCluster },
  ...(region === undefined ? [] : [{ name: 'Region', value: region }]),
];

/** Where the metric of a region is read. */
export function regionMetricSeries(
  namespace: string,
  globalCluster: string,
  metric: RegionMetric,
  region: string,
): MetricSeries {
  return { namespace, metricName: metric, dimensions: dimensionsOf(globalCluster, region) };
}

/**
 * By the second: of two values within one minute, as a repeated invocation puts them, the later one counts.
 *
 * @param at milliseconds since the epoch
 */
export function regionMetricDatum(
  globalCluster: string,
  metric: RegionMetric,
  region: string,
  value: number,
  at: number,
): MetricDatum {
  return { name: metric, dimensions: dimensionsOf(globalCluster, region), value, at, isHighResolution: true };
}

export function monitorHeartbeatDatum(globalCluster: string, at: number): MetricDatum {
  return { name: MONITOR_HEARTBEAT, dimensions: dimensionsOf(globalCluster), value: 1, at };
}
