import { GetMetricDataCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeDBClustersCommand, DescribeGlobalClustersCommand } from '@aws-sdk/client-rds';
import type { FunctionClients } from './function-clients.ts';
import { dimensionsOf, HEALTH_METRIC, METRIC_NAMESPACE, type DatabasePair } from './pair.ts';

const LAG_PERIOD_SECONDS = 60;
const LAG_WINDOW_MILLISECONDS = 10 * 60_000;

export interface HealthReport {
  readonly isPrimaryHealthy: boolean;
  readonly lagMilliseconds: number | undefined;
}

/**
 * The first of the two functions, deployed in the secondary's region: asks RDS of both regions, reads the lag, and puts what
 * it found as a metric. Sub-minute intervals make that a metric of high resolution.
 */
export async function healthCheck(
  pair: DatabasePair,
  clients: FunctionClients,
  intervalSeconds: number,
): Promise<HealthReport> {
  const { primary, secondary, globalClusterIdentifier } = pair;
  const cloudWatch = clients.cloudWatch(secondary.region);
  const now = clients.now();
  const [global, primaryCluster, , lag] = await Promise.allSettled([
    clients
      .rds(secondary.region)
      .send(new DescribeGlobalClustersCommand({ GlobalClusterIdentifier: globalClusterIdentifier })),
    clients.rds(primary.region).send(new DescribeDBClustersCommand({ DBClusterIdentifier: primary.clusterIdentifier })),
    clients
      .rds(secondary.region)
      .send(new DescribeDBClustersCommand({ DBClusterIdentifier: secondary.clusterIdentifier })),
    cloudWatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(now - LAG_WINDOW_MILLISECONDS),
        EndTime: new Date(now),
        MetricDataQueries: [
          {
            Id: 'lag',
            MetricStat: {
              Metric: {
                Namespace: 'AWS/RDS',
                MetricName: 'AuroraGlobalDBReplicationLag',
                Dimensions: [{ Name: 'DBClusterIdentifier', Value: secondary.clusterIdentifier }],
              },
              Period: LAG_PERIOD_SECONDS,
              Stat: 'Maximum',
            },
          },
        ],
      }),
    ),
  ]);
  const isAvailable =
    primaryCluster.status === 'fulfilled' && primaryCluster.value.DBClusters?.[0]?.Status === 'available';
  const hasWriter = global.status === 'fulfilled' && global.value.GlobalClusters?.[0] !== undefined;
  const isPrimaryHealthy = isAvailable && hasWriter;
  await cloudWatch.send(
    new PutMetricDataCommand({
      Namespace: METRIC_NAMESPACE,
      MetricData: [
        {
          MetricName: HEALTH_METRIC,
          Dimensions: dimensionsOf(pair),
          Value: isPrimaryHealthy ? 1 : 0,
          StorageResolution: intervalSeconds < 60 ? 1 : 60,
        },
      ],
    }),
  );
  return {
    isPrimaryHealthy,
    lagMilliseconds: lag.status === 'fulfilled' ? lag.value.MetricDataResults?.[0]?.Values?.[0] : undefined,
  };
}
