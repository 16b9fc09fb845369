import {
  DescribeDBClusterSnapshotsCommand,
  DescribeEventsCommand,
  DescribeGlobalClustersCommand,
  FailoverGlobalClusterCommand,
  SwitchoverGlobalClusterCommand,
} from '@aws-sdk/client-rds';
import type { GlobalCluster } from '@aws-sdk/client-rds';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startLocalAws } from '../local-aws.ts';
import type { LocalAws } from '../local-aws.ts';
import { ManualClock } from '../world/clock.ts';
import { sdkClients } from './sdk-clients.ts';
import type { SdkClients } from './sdk-clients.ts';

const identifier = 'aurora-global-prod';
const east = 'arn:aws:rds:us-east-1:123456789012:cluster:aurora-prod';
const west = 'arn:aws:rds:us-west-2:123456789012:cluster:aurora-prod';

let aws: LocalAws;
let primary: SdkClients;
let secondary: SdkClients;

beforeEach(async () => {
  aws = await startLocalAws({ clock: new ManualClock(Date.parse('2030-01-01T00:00:00Z')) });
  await aws.addGlobalCluster();
  primary = sdkClients('us-east-1', aws.endpoints['us-east-1']!);
  secondary = sdkClients('us-west-2', aws.endpoints['us-west-2']!);
});

afterEach(async () => {
  primary.destroy();
  secondary.destroy();
  await aws.stop();
});

async function globalCluster(clients: SdkClients): Promise<GlobalCluster> {
  const output = await clients.rds.send(new DescribeGlobalClustersCommand({ GlobalClusterIdentifier: identifier }));
  return output.GlobalClusters![0]!;
}

function writerOf(cluster: GlobalCluster): string | undefined {
  return cluster.GlobalClusterMembers?.find((member) => member.IsWriter)?.DBClusterArn;
}

function failover(): Promise<unknown> {
  return secondary.rds.send(
    new FailoverGlobalClusterCommand({
      GlobalClusterIdentifier: identifier,
      TargetDbClusterIdentifier: west,
      AllowDataLoss: true,
    }),
  );
}

function switchover(target = west): Promise<unknown> {
  return primary.rds.send(
    new SwitchoverGlobalClusterCommand({ GlobalClusterIdentifier: identifier, TargetDbClusterIdentifier: target }),
  );
}

async function eventMessages(clients: SdkClients, SourceType: 'db-cluster' | 'db-instance'): Promise<string[]> {
  const output = await clients.rds.send(new DescribeEventsCommand({ SourceType, Duration: 60 }));
  return (output.Events ?? []).map((event) => event.Message ?? '');
}

describe('FailoverGlobalCluster with AllowDataLoss', () => {
  it('given a lost primary region, goes through pending and failing-over to a new writer', async () => {
    await aws.loseRegion('us-east-1');
    await failover();

    const pending = await globalCluster(secondary);
    expect(pending.Status).toBe('failing-over');
    expect(pending.FailoverState).toEqual({
      Status: 'pending',
      FromDbClusterArn: east,
      ToDbClusterArn: west,
      IsDataLossAllowed: true,
    });
    expect(writerOf(pending)).toBe(east);

    await aws.advance(200);
    const promoting = await globalCluster(secondary);
    expect(promoting.FailoverState?.Status).toBe('failing-over');
    expect(writerOf(promoting)).toBe(east);

    await aws.advance(800);
    const done = await globalCluster(secondary);
    expect(done.Status).toBe('available');
    expect(done.FailoverState?.Status).toBeUndefined();
    expect(writerOf(done)).toBe(west);
    expect(done.GlobalClusterMembers?.find((member) => member.DBClusterArn === east)).toMatchObject({
      IsWriter: false,
      SynchronizationStatus: 'pending-resync',
    });
    expect(aws.callsOf({ action: 'FailoverGlobalCluster' })).toHaveLength(1);
  });

  it('given the old region returns, it re-joins on a new volume and a snapshot of the old one is kept', async () => {
    await aws.loseRegion('us-east-1');
    await failover();
    await aws.advance(1000);
    await aws.restoreRegion('us-east-1');

    const { DBClusterSnapshots } = await primary.rds.send(new DescribeDBClusterSnapshotsCommand({}));
    expect(DBClusterSnapshots?.map((each) => each.DBClusterSnapshotIdentifier)).toEqual([
      'rds:unplanned-global-failover-aurora-prod-2030-01-01-00-00-01',
    ]);
    expect((await globalCluster(primary)).GlobalClusterMembers?.[0]?.SynchronizationStatus).toBe('pending-resync');

    await aws.advance(1000);
    expect((await globalCluster(primary)).GlobalClusterMembers?.[0]?.SynchronizationStatus).toBe('connected');
    expect(await eventMessages(secondary, 'db-cluster')).toEqual([
      'Global failover to DB cluster aurora-prod in Region us-west-2 completed.',
      'Aurora finished changing the DNS name that the global writer endpoint resolves to.',
      'Started resynchronizing members of DB cluster aurora-prod in Region us-west-2 after global failover.',
      'Finished resynchronizing members of DB cluster aurora-prod in Region us-west-2 after global failover.',
    ]);
  });
});

describe('SwitchoverGlobalCluster', () => {
  it('given healthy regions, swaps the roles without loss', async () => {
    await switchover();
    expect((await globalCluster(primary)).Status).toBe('switching-over');
    await aws.advance(200);
    expect((await globalCluster(primary)).FailoverState?.Status).toBe('switching-over');
    await aws.advance(800);

    const done = await globalCluster(primary);
    expect(writerOf(done)).toBe(west);
    expect(done.GlobalClusterMembers?.every((member) => member.SynchronizationStatus === 'connected')).toBe(true);
    expect(aws.trueDataLoss().milliseconds).toBe(0);
  });
});
