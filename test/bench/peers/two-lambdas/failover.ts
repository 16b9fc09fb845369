import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeGlobalClustersCommand, FailoverGlobalClusterCommand } from '@aws-sdk/client-rds';
import type { FunctionClients } from './function-clients.ts';
import { dimensionsOf, HEALTH_METRIC, METRIC_NAMESPACE, type DatabasePair } from './pair.ts';

/** So many failing checks in a row make a failover. */
export const FAILURE_THRESHOLD = 3;

/**
 * The second of the two functions, deployed in the secondary's region: reads the last checks and who the writer is, and fails
 * over when all of them failed and nothing is in flight.
 *
 * @returns whether it asked for a failover
 */
export async function failover(
  pair: DatabasePair,
  clients: FunctionClients,
  intervalSeconds: number,
): Promise<boolean> {
  const { primary, secondary, globalClusterIdentifier } = pair;
  const rds = clients.rds(secondary.region);
  const [described, checks] = await Promise.all([
    rds.send(new DescribeGlobalClustersCommand({ GlobalClusterIdentifier: globalClusterIdentifier })),
    lastChecks(pair, clients, intervalSeconds),
  ]);
  const [global] = described.GlobalClusters ?? [];
  const members = global?.GlobalClusterMembers ?? [];
  const arnIn = (region: string): string | undefined =>
    members.find(({ DBClusterArn }) => DBClusterArn?.split(':')[3] === region)?.DBClusterArn;
  const writer = members.find(({ IsWriter }) => IsWriter === true)?.DBClusterArn;
  const target = arnIn(secondary.region);
  const isInFlight = global?.FailoverState?.Status !== undefined;
  const hasFailed = checks.length >= FAILURE_THRESHOLD && checks.every((value) => value === 0);
  if (!hasFailed || isInFlight || target === undefined || writer !== arnIn(primary.region)) return false;
  await rds.send(
    new FailoverGlobalClusterCommand({
      GlobalClusterIdentifier: globalClusterIdentifier,
      TargetDbClusterIdentifier: target,
      AllowDataLoss: true,
    }),
  );
  return true;
}

/** What the health check said last, newest first, at most as many as count. */
async function lastChecks(
  pair: DatabasePair,
  clients: FunctionClients,
  intervalSeconds: number,
): Promise<readonly number[]> {
  const now = clients.now();
  const window = (FAILURE_THRESHOLD + 1) * intervalSeconds * 1_000;
  const { MetricDataResults: [health] = [] } = await clients.cloudWatch(pair.secondary.region).send(
    new GetMetricDataCommand({
      StartTime: new Date(now - window),
      // Exclusive, and the newest check may carry this very second.
      EndTime: new Date(now + 1_000),
      ScanBy: 'TimestampDescending',
      MetricDataQueries: [
        {
          Id: 'health',
          MetricStat: {
            Metric: { Namespace: METRIC_NAMESPACE, MetricName: HEALTH_METRIC, Dimensions: dimensionsOf(pair) },
            Period: intervalSeconds,
            Stat: 'Minimum',
          },
        },
      ],
    }),
  );
  return (health?.Values ?? []).slice(0, FAILURE_THRESHOLD);
}
