import { GetMetricDataCommand, ListMetricsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startLocalAws } from '../local-aws.ts';
import type { LocalAws, LocalAwsOptions } from '../local-aws.ts';
import { ManualClock } from '../world/clock.ts';
import { sdkClients } from './sdk-clients.ts';
import type { SdkClients } from './sdk-clients.ts';

const start = Date.parse('2030-01-01T00:00:00Z');
const cluster = [{ Name: 'DBClusterIdentifier', Value: 'aurora-prod' }];

let aws: LocalAws;
let primary: SdkClients;
let secondary: SdkClients;

async function begin(settings: LocalAwsOptions['settings'] = {}): Promise<void> {
  aws = await startLocalAws({ clock: new ManualClock(start), settings: { metricPeriod: 1000, ...settings } });
  await aws.addGlobalCluster({ hasEndpoints: false, lag: 150, age: 0 });
  primary = sdkClients('us-east-1', aws.endpoints['us-east-1']!);
  secondary = sdkClients('us-west-2', aws.endpoints['us-west-2']!);
}

beforeEach(() => begin());
afterEach(end);

async function end(): Promise<void> {
  primary.destroy();
  secondary.destroy();
  await aws.stop();
}

function query(MetricName: string, Dimensions = cluster, Id = 'm'): MetricDataQuery {
  return { Id, MetricStat: { Metric: { Namespace: 'AWS/RDS', MetricName, Dimensions }, Period: 1, Stat: 'Maximum' } };
}

/** The series as [seconds since the start, value], oldest first. */
async function read(clients: SdkClients, MetricName: string, Dimensions = cluster): Promise<[number, number][]> {
  const { MetricDataResults } = await clients.cloudWatch.send(
    new GetMetricDataCommand({
      MetricDataQueries: [query(MetricName, Dimensions)],
      StartTime: new Date(start - 60_000),
      EndTime: new Date(aws.now() + 1000),
      ScanBy: 'TimestampAscending',
    }),
  );
  const { Timestamps = [], Values = [] } = MetricDataResults![0]!;
  return Timestamps.map((at, index) => [(at.getTime() - start) / 1000, Values[index]!]);
}

describe('the lag series', () => {
  it.each(['AuroraGlobalDBReplicationLag', 'AuroraGlobalDBRPOLag'])(
    '%s is emitted in the secondary’s region',
    async (name) => {
      await aws.advance(2000);
      expect(await read(secondary, name)).toEqual([
        [0, 150],
        [1, 150],
      ]);
      expect(await read(primary, name)).toEqual([]);
    },
  );

  it('given a growing lag, grows', async () => {
    aws.setLag('us-west-2', 'aurora-prod', { kind: 'growing', from: 100, millisecondsPerSecond: 50 });
    await aws.advance(3000);
    expect(await read(secondary, 'AuroraGlobalDBReplicationLag')).toEqual([
      [0, 150],
      [1, 200],
      [2, 250],
    ]);
  });

  it('given a curve with a gap, has no samples there', async () => {
    const points = [{ after: 0, milliseconds: 100 }, { after: 1500 }, { after: 3500, milliseconds: 300 }];
    aws.setLag('us-west-2', 'aurora-prod', { kind: 'points', points });
    await aws.advance(4000);
    const samples = await read(secondary, 'AuroraGlobalDBReplicationLag');
    expect(samples.map(([at]) => at)).toEqual([0, 3]);
  });

  it('given a lost primary, stops by default, while the control series of the secondary goes on', async () => {
    await aws.advance(2000);
    await aws.loseRegion('us-east-1');
    await aws.advance(2000);
    expect((await read(secondary, 'AuroraGlobalDBReplicationLag')).map(([at]) => at)).toEqual([0, 1]);
    expect((await read(secondary, 'CPUUtilization')).map(([at]) => at)).toEqual([0, 1, 2, 3]);
  });

  it('given a lost primary and lagMetricOnLoss grows, grows at the rate of time', async () => {
    await end();
    await begin({ lagMetricOnLoss: 'grows' });
    await aws.advance(1000);
    await aws.loseRegion('us-east-1');
    await aws.advance(2000);
    expect(await read(secondary, 'AuroraGlobalDBReplicationLag')).toEqual([
      [0, 150],
      [1, 1150],
      [2, 2150],
    ]);
  });

  it('given a role change, moves to the other region', async () => {
    await aws.advance(1000);
    aws.startOperation('switchover', 'us-west-2');
    await aws.advance(3000);
    expect((await read(secondary, 'AuroraGlobalDBReplicationLag')).map(([at]) => at)).toEqual([0]);
    expect((await read(primary, 'AuroraGlobalDBReplicationLag')).map(([at]) => at)).toEqual([1, 2, 3]);
  });

  it('given the shape with SourceRegion, ListMetrics tells so and only the exact set finds it', async () => {
    await end();
    await begin({ lagDimensions: 'cluster-and-source-region' });
    await aws.advance(1000);
    const exact = [...cluster, { Name: 'SourceRegion', Value: 'us-east-1' }];
    const { Metrics } = await secondary.cloudWatch.send(
      new ListMetricsCommand({ Namespace: 'AWS/RDS', MetricName: 'AuroraGlobalDBReplicationLag', Dimensions: cluster }),
    );
    expect(Metrics?.map((metric) => metric.Dimensions)).toEqual([exact]);
    expect(await read(secondary, 'AuroraGlobalDBReplicationLag')).toEqual([]);
    expect(await read(secondary, 'AuroraGlobalDBReplicationLag', exact)).toEqual([[0, 150]]);
  });

  it('given a delivery delay, samples come late and keep their time', async () => {
    aws.setMetricDelay(3000, 'us-west-2');
    await aws.advance(3000);
    expect(await read(secondary, 'CPUUtilization')).toEqual([]);
    expect(await read(primary, 'CPUUtilization')).toHaveLength(3);
    await aws.advance(1000);
    expect(await read(secondary, 'CPUUtilization')).toEqual([[0, 20]]);
  });

  it('given a silenced metric, is not emitted', async () => {
    aws.silenceMetrics('us-west-2', 'aurora-prod', ['AuroraGlobalDBRPOLag']);
    await aws.advance(1000);
    expect(await read(secondary, 'AuroraGlobalDBRPOLag')).toEqual([]);
    expect(await read(secondary, 'AuroraGlobalDBReplicationLag')).toHaveLength(1);
  });

  it('given a cluster with a past, its metrics reach back', async () => {
    await aws.addGlobalCluster({ identifier: 'old', clusterIdentifier: 'old', age: 5000, hasEndpoints: false });
    expect(await read(secondary, 'CPUUtilization', [{ Name: 'DBClusterIdentifier', Value: 'old' }])).toHaveLength(5);
  });
});

describe('GetMetricData', () => {
  const range = { StartTime: new Date(start), EndTime: new Date(start + 60_000) };

  it('answers the newest first unless told otherwise', async () => {
    await aws.advance(3000);
    const { MetricDataResults } = await secondary.cloudWatch.send(
      new GetMetricDataCommand({ MetricDataQueries: [query('CPUUtilization')], ...range }),
    );
    expect(MetricDataResults?.[0]?.Timestamps?.map((at) => at.getTime() - start)).toEqual([2000, 1000, 0]);
    expect(MetricDataResults?.[0]).toMatchObject({ Label: 'CPUUtilization', StatusCode: 'Complete' });
  });

  it('takes 500 queries', async () => {
    await aws.advance(1000);
    const queries = Array.from({ length: 500 }, (_, index) => query('CPUUtilization', cluster, `q${index}`));
    const { MetricDataResults } = await secondary.cloudWatch.send(
      new GetMetricDataCommand({ MetricDataQueries: queries, ...range }),
    );
    expect(MetricDataResults).toHaveLength(500);
    expect(MetricDataResults?.every((result) => result.Values?.[0] === 20)).toBe(true);
  });

  it('pages by MaxDatapoints', async () => {
    await aws.advance(3000);
    const input = { MetricDataQueries: [query('CPUUtilization')], ...range, MaxDatapoints: 2 };
    const first = await secondary.cloudWatch.send(new GetMetricDataCommand(input));
    expect(first.MetricDataResults?.[0]).toMatchObject({ StatusCode: 'PartialData', Values: [20, 20] });
    const rest = await secondary.cloudWatch.send(new GetMetricDataCommand({ ...input, NextToken: first.NextToken }));
    expect(rest.MetricDataResults?.[0]).toMatchObject({ StatusCode: 'Complete', Values: [20] });
    expect(rest.NextToken).toBeUndefined();
  });

  it.each<[string, Partial<ConstructorParameters<typeof GetMetricDataCommand>[0]>]>([
    ['501 queries', { MetricDataQueries: Array.from({ length: 501 }, (_, index) => query('X', cluster, `q${index}`)) }],
    ['no query', { MetricDataQueries: [] }],
    ['an Id twice', { MetricDataQueries: [query('X'), query('Y')] }],
    ['an Id with a capital', { MetricDataQueries: [query('X', cluster, 'Lag')] }],
    ['an empty range', { EndTime: range.StartTime }],
  ])('refuses %s', async (_name, changes) => {
    await expect(
      secondary.cloudWatch.send(new GetMetricDataCommand({ MetricDataQueries: [query('X')], ...range, ...changes })),
    ).rejects.toMatchObject({ Code: 'ValidationError', $metadata: { httpStatusCode: 400 } });
  });

  it('refuses a period of 7 seconds', async () => {
    const { Id, MetricStat } = query('X');
    const MetricDataQueries = [{ Id, MetricStat: { ...MetricStat!, Period: 7 } }];
    await expect(
      secondary.cloudWatch.send(new GetMetricDataCommand({ MetricDataQueries, ...range })),
    ).rejects.toMatchObject({ Code: 'ValidationError' });
  });
});

describe('PutMetricData and ListMetrics', () => {
  it('refuses a namespace of AWS', async () => {
    const put = new PutMetricDataCommand({ Namespace: 'AWS/RDS', MetricData: [{ MetricName: 'X', Value: 1 }] });
    await expect(primary.cloudWatch.send(put)).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
  });

  it('given more than 500 series, pages by 500', async () => {
    const MetricData = Array.from({ length: 501 }, (_, index) => ({ MetricName: `m${index}`, Value: 1 }));
    await primary.cloudWatch.send(new PutMetricDataCommand({ Namespace: 'Many', MetricData }));
    const first = await primary.cloudWatch.send(new ListMetricsCommand({ Namespace: 'Many' }));
    expect(first.Metrics).toHaveLength(500);
    const rest = await primary.cloudWatch.send(
      new ListMetricsCommand({ Namespace: 'Many', NextToken: first.NextToken }),
    );
    expect(rest.Metrics).toHaveLength(1);
  });

  it('given RecentlyActive, leaves out what has been silent for three hours', async () => {
    await primary.cloudWatch.send(
      new PutMetricDataCommand({ Namespace: 'Old', MetricData: [{ MetricName: 'x', Value: 1 }] }),
    );
    await aws.advance(4 * 3_600_000);
    const list = async (recently: { RecentlyActive?: 'PT3H' }): Promise<number | undefined> =>
      (await primary.cloudWatch.send(new ListMetricsCommand({ Namespace: 'Old', ...recently }))).Metrics?.length;
    expect(await list({})).toBe(1);
    expect(await list({ RecentlyActive: 'PT3H' })).toBe(0);
  });
});
