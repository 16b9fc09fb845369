/**
 * Metrics that the operator, or the health monitor in its place, puts in every region. Names are theirs: `spec.publish.routing`
 * of the policy, operator/publishing and lambda/shared.
 */
export const OPERATOR_METRICS = {
  namespace: 'AuroraDR',
  /** 1 for the writer's region, 0 for every other; dimensions GlobalCluster and Region. */
  writerRegion: 'WriterRegion',
  /** Always 1, as long as an operator works; dimension GlobalCluster. */
  operatorHeartbeat: 'OperatorHeartbeat',
  /** Always 1, as long as the health monitor works; dimension GlobalCluster. */
  monitorHeartbeat: 'MonitorHeartbeat',
} as const;

/** The same under names that a configuration gives. */
export type OperatorMetrics = Readonly<Record<keyof typeof OPERATOR_METRICS, string>>;

/** @param routing `publish.routing` of the policy */
export function operatorMetrics(routing: { readonly namespace: string; readonly metric: string }): OperatorMetrics {
  return { ...OPERATOR_METRICS, namespace: routing.namespace, writerRegion: routing.metric };
}
