import { GetMetricDataCommand, ListMetricsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateDBClusterCommand,
  CreateDBInstanceCommand,
  CreateGlobalClusterCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeGlobalClustersCommand,
} from '@aws-sdk/client-rds';
import { CreateTopicCommand, PublishCommand } from '@aws-sdk/client-sns';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { backends } from './backends.ts';
import type { RunningBackend } from './backends.ts';
import { sdkClients } from './sdk-clients.ts';
import type { SdkClients } from './sdk-clients.ts';

/** Installing moto for the first time takes half a minute on a good day. */
const startTimeout = 660_000;
const account = '123456789012';
const east = `arn:aws:rds:us-east-1:${account}:cluster:parity`;
const west = `arn:aws:rds:us-west-2:${account}:cluster:parity`;

describe.each(backends)('given $name', ({ start }) => {
  let backend: RunningBackend;
  let primary: SdkClients;
  let secondary: SdkClients;

  beforeAll(async () => {
    backend = await start();
    const timeout = 30_000;
    primary = sdkClients('us-east-1', backend.endpoint('us-east-1'), { timeout });
    secondary = sdkClients('us-west-2', backend.endpoint('us-west-2'), { timeout });
    await primary.rds.send(
      new CreateGlobalClusterCommand({
        GlobalClusterIdentifier: 'parity-global',
        Engine: 'aurora-mysql',
        EngineVersion: '8.0.mysql_aurora.3.08.0',
      }),
    );
    const cluster = {
      DBClusterIdentifier: 'parity',
      Engine: 'aurora-mysql',
      EngineVersion: '8.0.mysql_aurora.3.08.0',
      GlobalClusterIdentifier: 'parity-global',
    };
    const credentials = { MasterUsername: 'admin', MasterUserPassword: 'not-a-secret' };
    await primary.rds.send(new CreateDBClusterCommand({ ...cluster, ...credentials }));
    await secondary.rds.send(new CreateDBClusterCommand(cluster));
    await primary.rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: 'parity-1',
        DBInstanceClass: 'db.r6g.large',
        Engine: 'aurora-mysql',
        DBClusterIdentifier: 'parity',
      }),
    );
  }, startTimeout);

  afterAll(async () => {
    primary.destroy();
    secondary.destroy();
    await backend.stop();
  });

  it('DescribeGlobalClusters answers in every region with the same members and their roles', async () => {
    for (const { rds } of [primary, secondary]) {
      const { GlobalClusters } = await rds.send(new DescribeGlobalClustersCommand({}));
      expect(GlobalClusters).toHaveLength(1);
      expect(GlobalClusters?.[0]).toMatchObject({
        GlobalClusterIdentifier: 'parity-global',
        GlobalClusterArn: `arn:aws:rds::${account}:global-cluster:parity-global`,
        Status: 'available',
        Engine: 'aurora-mysql',
        EngineVersion: '8.0.mysql_aurora.3.08.0',
      });
      expect(GlobalClusters?.[0]?.GlobalClusterMembers).toEqual([
        expect.objectContaining({ DBClusterArn: east, IsWriter: true, Readers: [west] }),
        expect.objectContaining({ DBClusterArn: west, IsWriter: false }),
      ]);
    }
  });

  it('DescribeDBClusters shows the clusters of its own region', async () => {
    const { DBClusters } = await primary.rds.send(new DescribeDBClustersCommand({}));
    expect(DBClusters).toHaveLength(1);
    expect(DBClusters?.[0]).toMatchObject({
      DBClusterIdentifier: 'parity',
      DBClusterArn: east,
      Engine: 'aurora-mysql',
      EngineVersion: '8.0.mysql_aurora.3.08.0',
      Port: 3306,
      Endpoint: expect.any(String),
      ReaderEndpoint: expect.any(String),
      ClusterCreateTime: expect.any(Date),
    });
    expect(DBClusters?.[0]?.DBClusterMembers).toEqual([
      expect.objectContaining({ DBInstanceIdentifier: 'parity-1', IsClusterWriter: true }),
    ]);
  });

  it.each(['parity', west])('DescribeDBClusters finds a cluster by %s', async (DBClusterIdentifier) => {
    const { DBClusters } = await secondary.rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier }));
    expect(DBClusters?.map((each) => each.DBClusterArn)).toEqual([west]);
  });

  it('DescribeDBClusters filters by db-cluster-id', async () => {
    const filtered = (value: string): Promise<number | undefined> =>
      primary.rds
        .send(new DescribeDBClustersCommand({ Filters: [{ Name: 'db-cluster-id', Values: [value] }] }))
        .then((output) => output.DBClusters?.length);
    expect(await filtered('parity')).toBe(1);
    expect(await filtered('another')).toBe(0);
  });

  it('DescribeDBClusters answers DBClusterNotFoundFault to an unknown identifier', async () => {
    await expect(
      primary.rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier: 'nobody' })),
    ).rejects.toMatchObject({ name: 'DBClusterNotFoundFault', $metadata: { httpStatusCode: 404 } });
  });

  it('DescribeDBInstances tells which cluster an instance belongs to', async () => {
    const { DBInstances } = await primary.rds.send(new DescribeDBInstancesCommand({}));
    expect(DBInstances).toEqual([
      expect.objectContaining({
        DBInstanceIdentifier: 'parity-1',
        DBClusterIdentifier: 'parity',
        DBInstanceArn: `arn:aws:rds:us-east-1:${account}:db:parity-1`,
        DBInstanceStatus: 'available',
      }),
    ]);
  });

  it('DescribeDBInstances answers DBInstanceNotFound to an unknown identifier', async () => {
    await expect(
      primary.rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'nobody' })),
    ).rejects.toMatchObject({ name: 'DBInstanceNotFoundFault', $metadata: { httpStatusCode: 404 } });
  });

  describe('with metrics put', () => {
    const minute = 60_000;
    const start = Math.floor(Date.now() / minute) * minute - 10 * minute;
    const dimensions = [
      { Name: 'GlobalCluster', Value: 'parity-global' },
      { Name: 'Region', Value: 'us-east-1' },
    ];

    beforeAll(async () => {
      const MetricData = [1, 3, 8].map((Value, index) => ({
        MetricName: 'WriterRegion',
        Dimensions: dimensions,
        Timestamp: new Date(start + Math.floor(index / 2) * minute + index * 1000),
        Value,
      }));
      await primary.cloudWatch.send(new PutMetricDataCommand({ Namespace: 'AuroraDR', MetricData }));
    });

    const read = async (
      clients: SdkClients,
      Stat: string,
      Dimensions = dimensions,
    ): Promise<{ at: number; value: number }[]> => {
      const { MetricDataResults } = await clients.cloudWatch.send(
        new GetMetricDataCommand({
          MetricDataQueries: [
            {
              Id: 'writer',
              MetricStat: {
                Metric: { Namespace: 'AuroraDR', MetricName: 'WriterRegion', Dimensions },
                Period: 60,
                Stat,
              },
            },
          ],
          StartTime: new Date(start),
          EndTime: new Date(start + 5 * minute),
          ScanBy: 'TimestampAscending',
        }),
      );
      expect(MetricDataResults?.map((each) => each.Id)).toEqual(['writer']);
      const { Timestamps = [], Values = [] } = MetricDataResults![0]!;
      return Timestamps.map((at, index) => ({ at: (at.getTime() - start) / minute, value: Values[index]! }));
    };

    it.each([
      ['Maximum', [3, 8]],
      ['Minimum', [1, 8]],
      ['Average', [2, 8]],
      ['Sum', [4, 8]],
      ['SampleCount', [2, 1]],
    ])('GetMetricData gives the %s of each period', async (stat, [first, second]) => {
      expect(await read(primary, stat)).toEqual([
        { at: 0, value: first },
        { at: 1, value: second },
      ]);
    });

    it('GetMetricData knows the series in its own region alone', async () => {
      expect(await read(secondary, 'Maximum')).toEqual([]);
    });

    it('GetMetricData needs the exact set of dimensions', async () => {
      expect(await read(primary, 'Maximum', dimensions.slice(0, 1))).toEqual([]);
      expect(await read(primary, 'Maximum', [...dimensions, { Name: 'More', Value: 'x' }])).toEqual([]);
    });

    it('ListMetrics finds the series by namespace, name and dimension', async () => {
      const { Metrics } = await primary.cloudWatch.send(
        new ListMetricsCommand({
          Namespace: 'AuroraDR',
          MetricName: 'WriterRegion',
          Dimensions: [{ Name: 'GlobalCluster', Value: 'parity-global' }],
        }),
      );
      // moto lists a series once for each sample.
      const distinct = new Set(Metrics?.map((metric) => JSON.stringify(metric)));
      expect([...distinct].map((metric) => JSON.parse(metric) as unknown)).toEqual([
        { Namespace: 'AuroraDR', MetricName: 'WriterRegion', Dimensions: dimensions },
      ]);
    });

    it('ListMetrics finds nothing under another name', async () => {
      const output = await primary.cloudWatch.send(new ListMetricsCommand({ Namespace: 'AuroraDR', MetricName: 'No' }));
      expect(output.Metrics).toEqual([]);
    });
  });

  it('SNS publishes to a topic that exists', async () => {
    const { TopicArn } = await primary.sns.send(new CreateTopicCommand({ Name: 'parity' }));
    expect(TopicArn).toBe(`arn:aws:sns:us-east-1:${account}:parity`);
    const { MessageId } = await primary.sns.send(
      new PublishCommand({
        TopicArn,
        Subject: 'Failover of <parity> started',
        Message: '{"type":"FailoverStarted"}',
        MessageAttributes: { event: { DataType: 'String', StringValue: 'FailoverStarted' } },
      }),
    );
    expect(MessageId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('SNS answers NotFound for a topic that does not exist', async () => {
    const TopicArn = `arn:aws:sns:us-east-1:${account}:nowhere`;
    await expect(primary.sns.send(new PublishCommand({ TopicArn, Message: 'x' }))).rejects.toMatchObject({
      name: 'NotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('STS gives credentials of the role, which are then known as the role', async () => {
    const { Credentials, AssumedRoleUser } = await primary.sts.send(
      new AssumeRoleCommand({
        RoleArn: 'arn:aws:iam::210987654321:role/aurora-dr',
        RoleSessionName: 'parity',
        ExternalId: 'outside',
        DurationSeconds: 900,
      }),
    );
    expect(AssumedRoleUser?.Arn).toBe('arn:aws:sts::210987654321:assumed-role/aurora-dr/parity');
    const inMilliseconds = (Credentials?.Expiration?.getTime() ?? 0) - Date.now();
    expect(inMilliseconds).toBeGreaterThan(0);
    expect(inMilliseconds).toBeLessThanOrEqual(901_000);

    const assumed = sdkClients('us-east-1', backend.endpoint('us-east-1'), {
      credentials: {
        accessKeyId: Credentials!.AccessKeyId!,
        secretAccessKey: Credentials!.SecretAccessKey!,
        sessionToken: Credentials!.SessionToken!,
      },
    });
    const identity = await assumed.sts.send(new GetCallerIdentityCommand({}));
    const { GlobalClusters } = await assumed.rds.send(new DescribeGlobalClustersCommand({}));
    assumed.destroy();
    expect(identity).toMatchObject({ Account: '210987654321', Arn: AssumedRoleUser?.Arn });
    expect(GlobalClusters).toEqual([]);
  });

  it('STS tells who calls', async () => {
    const identity = await primary.sts.send(new GetCallerIdentityCommand({}));
    expect(identity).toMatchObject({
      Account: account,
      Arn: expect.stringMatching(/^arn:aws:/),
      UserId: expect.any(String),
    });
  });
});
