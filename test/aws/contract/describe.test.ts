import {
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeEventsCommand,
  DescribeGlobalClustersCommand,
  CreateGlobalClusterCommand,
  paginateDescribeGlobalClusters,
} from '@aws-sdk/client-rds';
import type { DescribeEventsCommandInput } from '@aws-sdk/client-rds';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startLocalAws } from '../local-aws.ts';
import type { LocalAws } from '../local-aws.ts';
import { sdkClients } from './sdk-clients.ts';
import type { SdkClients } from './sdk-clients.ts';

let aws: LocalAws;
let primary: SdkClients;
let secondary: SdkClients;

beforeEach(async () => {
  aws = await startLocalAws({ regions: ['us-east-1', 'us-west-2', 'eu-west-1'] });
  await aws.addGlobalCluster();
  primary = sdkClients('us-east-1', aws.endpoints['us-east-1']!);
  secondary = sdkClients('us-west-2', aws.endpoints['us-west-2']!);
});

afterEach(async () => {
  primary.destroy();
  secondary.destroy();
  await aws.stop();
});

describe('DescribeGlobalClusters', () => {
  it('finds one by its identifier in any case, and names the writer in its endpoint', async () => {
    const { GlobalClusters } = await secondary.rds.send(
      new DescribeGlobalClustersCommand({ GlobalClusterIdentifier: 'Aurora-Global-Prod' }),
    );
    expect(GlobalClusters).toHaveLength(1);
    expect(GlobalClusters?.[0]?.Endpoint).toBe(aws.cluster('us-east-1', 'aurora-prod').address);
    expect(GlobalClusters?.[0]?.FailoverState ?? {}).toEqual({});
  });

  it('answers GlobalClusterNotFoundFault to an unknown identifier', async () => {
    await expect(
      primary.rds.send(new DescribeGlobalClustersCommand({ GlobalClusterIdentifier: 'nobody' })),
    ).rejects.toMatchObject({ name: 'GlobalClusterNotFoundFault', $metadata: { httpStatusCode: 404 } });
  });

  it('given 120 of them, pages by 100, and by as many as MaxRecords says', async () => {
    for (let number = 0; number < 119; number += 1) {
      await aws.addGlobalCluster({ identifier: `g-${number}`, clusterIdentifier: `c-${number}`, hasEndpoints: false });
    }
    const first = await primary.rds.send(new DescribeGlobalClustersCommand({}));
    expect(first.GlobalClusters).toHaveLength(100);
    const rest = await primary.rds.send(new DescribeGlobalClustersCommand({ Marker: first.Marker }));
    expect(rest.GlobalClusters).toHaveLength(20);
    expect(rest.Marker).toBeUndefined();

    const sizes: number[] = [];
    const names = new Set<string>();
    for await (const page of paginateDescribeGlobalClusters({ client: primary.rds, pageSize: 50 }, {})) {
      sizes.push(page.GlobalClusters?.length ?? 0);
      page.GlobalClusters?.forEach((each) => names.add(each.GlobalClusterIdentifier ?? ''));
    }
    expect(sizes).toEqual([50, 50, 20]);
    expect(names.size).toBe(120);
  });

  it.each([19, 101])('refuses MaxRecords %i', async (MaxRecords) => {
    await expect(primary.rds.send(new DescribeGlobalClustersCommand({ MaxRecords }))).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('refuses a marker that it did not give', async () => {
    await expect(primary.rds.send(new DescribeGlobalClustersCommand({ Marker: 'mine' }))).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
  });

  it('filters by region and by nothing else', async () => {
    const filtered = async (Name: string, value: string): Promise<number | undefined> => {
      const Filters = [{ Name, Values: [value] }];
      return (await primary.rds.send(new DescribeGlobalClustersCommand({ Filters }))).GlobalClusters?.length;
    };
    expect(await filtered('region', 'us-west-2')).toBe(1);
    expect(await filtered('region', 'eu-west-1')).toBe(0);
    await expect(filtered('name', 'x')).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });
});

describe('DescribeDBClusters', () => {
  it('shows where a secondary replicates from', async () => {
    const { DBClusters } = await secondary.rds.send(new DescribeDBClustersCommand({}));
    expect(DBClusters?.[0]).toMatchObject({
      Status: 'available',
      GlobalClusterIdentifier: 'aurora-global-prod',
      ReplicationSourceIdentifier: 'arn:aws:rds:us-east-1:123456789012:cluster:aurora-prod',
      GlobalWriteForwardingStatus: 'disabled',
      DBClusterMembers: [{ DBInstanceIdentifier: 'aurora-prod-1', IsClusterWriter: false }],
      Port: aws.cluster('us-west-2', 'aurora-prod').port,
    });
  });

  it.each(['failing-over', 'rebooting', 'upgrading', 'inaccessible-encryption-credentials'])(
    'reports status %s when told to',
    async (status) => {
      await aws.setClusterStatus('us-east-1', 'aurora-prod', status);
      const { DBClusters } = await primary.rds.send(
        new DescribeDBClustersCommand({ DBClusterIdentifier: 'aurora-prod' }),
      );
      expect(DBClusters?.[0]?.Status).toBe(status);
    },
  );

  it('given a headless cluster, shows no member', async () => {
    const named = { identifier: 'headless', clusterIdentifier: 'headless', instances: { 'us-west-2': 0 } };
    await aws.addGlobalCluster(named);
    const { DBClusters } = await secondary.rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier: 'headless' }));
    expect(DBClusters?.[0]?.DBClusterMembers ?? []).toEqual([]);
    const { DBInstances } = await secondary.rds.send(
      new DescribeDBInstancesCommand({ Filters: [{ Name: 'db-cluster-id', Values: ['headless'] }] }),
    );
    expect(DBInstances).toEqual([]);
  });
});

describe('other calls of RDS', () => {
  it('DescribeEvents needs a source type for a source', async () => {
    await expect(
      primary.rds.send(new DescribeEventsCommand({ SourceIdentifier: 'aurora-prod' })),
    ).rejects.toMatchObject({ name: 'InvalidParameterCombination', $metadata: { httpStatusCode: 400 } });
  });

  it('DescribeEvents filters by category, source and time', async () => {
    aws.startOperation('switchover', 'us-west-2');
    const find = async (filter: DescribeEventsCommandInput): Promise<number | undefined> =>
      (await primary.rds.send(new DescribeEventsCommand(filter))).Events?.length;
    const source = { SourceType: 'db-cluster', SourceIdentifier: 'aurora-prod' } as const;
    expect(await find({})).toBe(1);
    expect(await find({ ...source, EventCategories: ['global failover'] })).toBe(1);
    expect(await find({ ...source, EventCategories: ['maintenance'] })).toBe(0);
    expect(await find({ SourceType: 'db-instance' })).toBe(0);
    expect(await find({ StartTime: new Date(Date.now() - 60_000), EndTime: new Date(Date.now() + 60_000) })).toBe(1);
    expect(await find({ StartTime: new Date(Date.now() - 60_000), EndTime: new Date(Date.now() - 30_000) })).toBe(0);
  });

  it('DescribeDBClusterSnapshots answers DBClusterSnapshotNotFoundFault to an unknown identifier', async () => {
    const named = { DBClusterSnapshotIdentifier: 'nothing' };
    await expect(primary.rds.send(new DescribeDBClusterSnapshotsCommand(named))).rejects.toMatchObject({
      name: 'DBClusterSnapshotNotFoundFault',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('CreateGlobalCluster refuses an identifier that exists', async () => {
    const named = { GlobalClusterIdentifier: 'aurora-global-prod', Engine: 'aurora-mysql' };
    await expect(primary.rds.send(new CreateGlobalClusterCommand(named))).rejects.toMatchObject({
      name: 'GlobalClusterAlreadyExistsFault',
    });
  });

  it('given another account, shows nothing of this one', async () => {
    aws.addAccessKey('AKIAOTHER', '999999999999');
    const credentials = { accessKeyId: 'AKIAOTHER', secretAccessKey: 'x' };
    const other = sdkClients('us-east-1', aws.endpoints['us-east-1']!, { credentials });
    expect((await other.rds.send(new DescribeGlobalClustersCommand({}))).GlobalClusters).toEqual([]);
    expect((await other.rds.send(new DescribeDBClustersCommand({}))).DBClusters).toEqual([]);
    other.destroy();
  });
});
