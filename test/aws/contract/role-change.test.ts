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

describe('a resynchronisation that is held', () => {
  const synchronization = async (): Promise<(string | undefined)[]> => {
    const { GlobalClusterMembers = [] } = await globalCluster(secondary);
    return GlobalClusterMembers.map((member) => member.SynchronizationStatus);
  };

  it('given the old region returns, stays pending-resync until it is let go on, and ends once', async () => {
    await aws.loseRegion('us-east-1');
    await failover();
    await aws.advance(1000);
    await aws.holdResynchronization('us-east-1', 'aurora-prod');
    await aws.restoreRegion('us-east-1');
    await aws.advance(3_600_000);
    expect(await synchronization()).toEqual(['pending-resync', 'connected']);
    await aws.holdResynchronization('us-east-1', 'aurora-prod', false);
    expect(await synchronization()).toEqual(['connected', 'connected']);
    const finished = (await eventMessages(secondary, 'db-cluster')).filter((text) => text.startsWith('Finished'));
    expect(finished).toHaveLength(1);
  });

  it('given it is let go on before its time is up, then its durations hold', async () => {
    await aws.loseRegion('us-east-1');
    await failover();
    await aws.advance(1000);
    await aws.holdResynchronization('us-east-1', 'aurora-prod');
    await aws.restoreRegion('us-east-1');
    await aws.advance(999);
    await aws.holdResynchronization('us-east-1', 'aurora-prod', false);
    expect(await synchronization()).toEqual(['pending-resync', 'connected']);
    await aws.advance(1);
    expect(await synchronization()).toEqual(['connected', 'connected']);
  });

  it('given the region is lost again when it was due, then another return takes its time again', async () => {
    await aws.loseRegion('us-east-1');
    await failover();
    await aws.advance(1000);
    await aws.holdResynchronization('us-east-1', 'aurora-prod');
    await aws.restoreRegion('us-east-1');
    await aws.advance(1000);
    await aws.loseRegion('us-east-1');
    await aws.restoreRegion('us-east-1');
    await aws.holdResynchronization('us-east-1', 'aurora-prod', false);
    expect(await synchronization()).toEqual(['pending-resync', 'connected']);
    await aws.advance(1000);
    expect(await synchronization()).toEqual(['connected', 'connected']);
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

describe('the other ways an operation can go', () => {
  it('given a cancelled switchover, returns to where it was', async () => {
    aws.nextOperation({ outcome: 'cancelled' });
    await switchover();
    await aws.advance(200);
    expect((await globalCluster(primary)).FailoverState?.Status).toBe('cancelling');
    await aws.advance(200);
    const done = await globalCluster(primary);
    expect([done.Status, writerOf(done)]).toEqual(['available', east]);
    expect(await eventMessages(primary, 'db-cluster')).toEqual([
      'Global switchover to DB cluster aurora-prod in Region us-west-2 started.',
    ]);
    expect(await eventMessages(secondary, 'db-cluster')).toEqual([
      'Global switchover to DB cluster aurora-prod in Region us-west-2 is cancelled.',
    ]);
  });

  it('given lag that does not drain, a switchover is cancelled', async () => {
    aws.setLag('us-west-2', 'aurora-prod', 90_000);
    await switchover();
    await aws.advance(1000);
    expect(aws.operations).toMatchObject([{ phase: 'cancelled' }]);
  });

  it('given a lost primary, a switchover is cancelled, also when asked for as a failover without data loss', async () => {
    await aws.loseRegion('us-east-1');
    await secondary.rds.send(
      new FailoverGlobalClusterCommand({ GlobalClusterIdentifier: identifier, TargetDbClusterIdentifier: west }),
    );
    await aws.advance(1000);
    expect(aws.operations).toMatchObject([{ kind: 'switchover', phase: 'cancelled' }]);
    expect(writerOf(await globalCluster(secondary))).toBe(east);
  });

  it('given a primary lost in the middle of a switchover, it fails', async () => {
    await switchover();
    await aws.advance(300);
    await aws.loseRegion('us-east-1');
    await aws.advance(700);
    expect(aws.operations).toMatchObject([{ kind: 'switchover', phase: 'failed' }]);
    expect(await eventMessages(secondary, 'db-cluster')).toEqual([
      'Global switchover to DB cluster aurora-prod in Region us-west-2 failed.',
    ]);
  });

  it('given a failover that fails, the old writer stays', async () => {
    aws.nextOperation({ outcome: 'failed' });
    await failover();
    await aws.advance(1000);
    const done = await globalCluster(secondary);
    expect([done.Status, writerOf(done)]).toEqual(['available', east]);
    expect(await eventMessages(secondary, 'db-cluster')).toEqual([
      'Global failover to DB cluster aurora-prod in Region us-west-2 failed.',
    ]);
  });

  it.each([
    ['pending', 'pending'],
    ['promoting', 'failing-over'],
  ] as const)('given one stuck in %s, stays %s until it is released', async (stuckIn, status) => {
    aws.nextOperation({ outcome: 'stuck', stuckIn });
    await failover();
    await aws.advance(3_600_000);
    expect((await globalCluster(secondary)).FailoverState?.Status).toBe(status);
    await aws.releaseOperation('complete');
    await aws.advance(1000);
    expect(writerOf(await globalCluster(secondary))).toBe(west);
  });

  it('given durations for the next operation, keeps to them, once', async () => {
    aws.nextOperation({ durations: { pending: 10_000 } });
    await failover();
    await aws.advance(9999);
    expect((await globalCluster(secondary)).FailoverState?.Status).toBe('pending');
    await aws.advance(801);
    expect(writerOf(await globalCluster(secondary))).toBe(west);
  });
});

describe('fencing', () => {
  const fence = (result: string): string =>
    `Attempt to block writes for DB cluster aurora-prod in Region us-east-1 ${result}.`;

  it('given a living primary region, succeeds and is told there, on an instance', async () => {
    await failover();
    await aws.advance(1000);
    expect(await eventMessages(primary, 'db-instance')).toEqual([fence('succeeded')]);
    expect(await eventMessages(secondary, 'db-instance')).toEqual([]);
  });

  it('given a lost primary region, times out and is told on the new primary', async () => {
    await aws.loseRegion('us-east-1');
    await failover();
    await aws.advance(1000);
    expect(await eventMessages(secondary, 'db-instance')).toEqual([fence('timed out')]);
  });

  it.each([
    ['succeeded', [fence('succeeded')]],
    ['none', []],
  ] as const)('given %s is planned, goes so', async (planned, messages) => {
    aws.nextOperation({ fence: planned });
    await aws.loseRegion('us-east-1');
    await failover();
    await aws.advance(1000);
    expect(await eventMessages(secondary, 'db-instance')).toEqual(messages);
  });
});

describe('what a failover really loses', () => {
  it('given a lost primary, is the lag at the loss, however late the failover', async () => {
    aws.setLag('us-west-2', 'aurora-prod', 700);
    await aws.loseRegion('us-east-1');
    await aws.advance(60_000);
    await failover();
    await aws.advance(1000);
    expect(aws.trueDataLoss().milliseconds).toBe(700);
  });

  it('given a primary that was only cut off and fenced, is the lag when replication was cut', async () => {
    await aws.cutOff('us-east-1');
    await failover();
    await aws.advance(1000);
    expect(aws.trueDataLoss().milliseconds).toBe(120);
  });

  it('given a primary that was cut off and not fenced, also what it wrote until it re-joined', async () => {
    aws.nextOperation({ fence: 'timed-out' });
    await aws.cutOff('us-east-1');
    await failover();
    await aws.advance(1000);
    expect(aws.trueDataLoss().milliseconds).toBe(120 + 800);
  });
});

describe('what AWS refuses', () => {
  const refused = (name: string, httpStatusCode: number): object => ({ name, $metadata: { httpStatusCode } });

  it.each<[string, { Switchover?: boolean; AllowDataLoss: boolean }]>([
    ['both true', { Switchover: true, AllowDataLoss: true }],
    ['both given', { Switchover: true, AllowDataLoss: false }],
  ])('Switchover together with AllowDataLoss (%s)', async (_name, flags) => {
    const command = { GlobalClusterIdentifier: identifier, TargetDbClusterIdentifier: west, ...flags };
    await expect(secondary.rds.send(new FailoverGlobalClusterCommand(command))).rejects.toMatchObject(
      refused('InvalidParameterCombination', 400),
    );
  });

  it('an unknown global cluster', async () => {
    const command = { GlobalClusterIdentifier: 'nobody', TargetDbClusterIdentifier: west };
    await expect(primary.rds.send(new SwitchoverGlobalClusterCommand(command))).rejects.toMatchObject(
      refused('GlobalClusterNotFoundFault', 404),
    );
  });

  it('an unknown target, and an identifier in place of an ARN', async () => {
    await expect(switchover(`${west}-2`)).rejects.toMatchObject(refused('DBClusterNotFoundFault', 404));
    await expect(switchover('aurora-prod')).rejects.toMatchObject(refused('DBClusterNotFoundFault', 404));
  });

  it('a second operation while one is in flight', async () => {
    await failover();
    await expect(failover()).rejects.toMatchObject(refused('InvalidGlobalClusterStateFault', 400));
    await expect(switchover()).rejects.toMatchObject(refused('InvalidGlobalClusterStateFault', 400));
  });

  it('the writer as target', async () => {
    await expect(switchover(east)).rejects.toMatchObject(refused('InvalidDBClusterStateFault', 400));
  });

  it('a target that is not available', async () => {
    await aws.setClusterStatus('us-west-2', 'aurora-prod', 'upgrading');
    await expect(failover()).rejects.toMatchObject(refused('InvalidDBClusterStateFault', 400));
  });

  it('a switchover from a primary that is not available', async () => {
    await aws.setClusterStatus('us-east-1', 'aurora-prod', 'rebooting');
    await expect(switchover()).rejects.toMatchObject(refused('InvalidDBClusterStateFault', 400));
  });

  it('a target of another patch level', async () => {
    aws.setEngineVersion('us-west-2', 'aurora-prod', '8.0.mysql_aurora.3.08.1');
    await expect(failover()).rejects.toMatchObject(refused('InvalidDBClusterStateFault', 400));
  });

  it('a headless target', async () => {
    aws.cluster('us-west-2', 'aurora-prod').instances = [];
    await expect(failover()).rejects.toMatchObject(refused('InvalidDBClusterStateFault', 400));
  });

  it('a target that is not synchronised, such as the old primary right after a failover', async () => {
    await failover();
    await aws.advance(1600);
    await expect(switchover(east)).rejects.toMatchObject(refused('InvalidDBClusterStateFault', 400));
    await aws.advance(1000);
    await expect(switchover(east)).resolves.toBeDefined();
  });
});
