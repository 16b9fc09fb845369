import { describe, expect, it } from '@jest/globals';
import { monitorHeartbeatDatum } from '../../../lambda/shared/monitor-metrics.ts';
import { operatorHeartbeatSeries } from '../../../operator/publishing/operator-heartbeat.ts';
import { routingMetricPuts } from '../../../operator/publishing/routing-metric.ts';
import { OPERATOR_METRICS } from './operator-metrics.ts';

describe('the metrics that alarms and dashboard read', () => {
  const { namespace, writerRegion, operatorHeartbeat, monitorHeartbeat } = OPERATOR_METRICS;

  it('are those that the operator puts', () => {
    const facts = {
      globalClusterIdentifier: 'aurora-global-test',
      regions: ['us-east-1', 'us-west-2'],
      writerRegion: 'us-east-1',
      hasHeartbeat: true,
    };
    const puts = routingMetricPuts({ namespace, metric: writerRegion }, facts, 0);
    expect(puts.map(({ region }) => region)).toEqual(['us-east-1', 'us-west-2']);
    for (const { metrics } of puts) {
      expect(metrics.map(({ name, dimensions }) => [name, dimensions.map((dimension) => dimension.name)])).toEqual([
        [writerRegion, ['GlobalCluster', 'Region']],
        [writerRegion, ['GlobalCluster', 'Region']],
        [operatorHeartbeat, ['GlobalCluster']],
      ]);
    }
    expect(operatorHeartbeatSeries(namespace, 'aurora-global-test')).toMatchObject({ metricName: operatorHeartbeat });
  });

  it('are those that the health monitor puts', () => {
    expect(monitorHeartbeatDatum('aurora-global-test', 0)).toMatchObject({
      name: monitorHeartbeat,
      dimensions: [{ name: 'GlobalCluster', value: 'aurora-global-test' }],
    });
  });
});
