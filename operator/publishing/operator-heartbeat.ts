import type { MetricDatum, MetricSeries } from '../aws/aws-gateway.ts';

/**
 * Metric by which an operator says that it looks after a global cluster: always 1, put together with the routing metric,
 * in the same namespace and regions, every 60 s. It goes on while a role change is in flight, when the routing metric
 * rests. Whoever could act in the operator's place reads it first; its silence means that no operator is at work.
 */
const METRIC = 'OperatorHeartbeat';

/** Metrics of this project are put at least this often. */
export const PUT_INTERVAL_MILLISECONDS = 60_000;

const dimensionsOf = (globalClusterIdentifier: string) => [{ name: 'GlobalCluster', value: globalClusterIdentifier }];

/** Where to read the heartbeat of those who look after a global cluster. */
export function operatorHeartbeatSeries(namespace: string, globalClusterIdentifier: string): MetricSeries {
  return { namespace, metricName: METRIC, dimensions: dimensionsOf(globalClusterIdentifier) };
}

/** @param at milliseconds since the epoch */
export function operatorHeartbeatDatum(globalClusterIdentifier: string, at: number): MetricDatum {
  return { name: METRIC, dimensions: dimensionsOf(globalClusterIdentifier), value: 1, at };
}
