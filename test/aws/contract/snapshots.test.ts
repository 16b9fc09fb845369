import {
  CreateDBClusterCommand,
  CreateDBClusterSnapshotCommand,
  DescribeDBClusterSnapshotsCommand,
} from '@aws-sdk/client-rds';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SdkAwsGateway } from '../../../operator/aws/sdk-aws-gateway.ts';
import { StsCredentials } from '../../../operator/aws/sts-credentials.ts';
import { SystemClock } from '../../../operator/runtime/clock.ts';
import { startLocalAws } from '../local-aws.ts';
import type { LocalAws } from '../local-aws.ts';
import { ManualClock } from '../world/clock.ts';
import { backends } from './backends.ts';
import type { RunningBackend } from './backends.ts';
import { sdkClients } from './sdk-clients.ts';
import type { SdkClients } from './sdk-clients.ts';

const startTimeout = 660_000;
const region = 'us-east-1';
const options = { timeoutMilliseconds: 30_000 };

/** The operator's own gateway on an endpoint. */
function gatewayTo(endpoint: string): SdkAwsGateway {
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'test' };
  const endpoints = new Map([[region, endpoint]]);
  const clock = new SystemClock();
  return new SdkAwsGateway({
    clock,
    endpoints,
    credentials: new StsCredentials({ clock, endpoints, readOwn: () => Promise.resolve(credentials) }),
  });
}

describe.each(backends)('cluster snapshots, given $name', ({ start }) => {
  let backend: RunningBackend;
  let clients: SdkClients;
  let gateway: SdkAwsGateway;

  beforeAll(async () => {
    backend = await start();
    clients = sdkClients(region, backend.endpoint(region), { timeout: 30_000 });
    gateway = gatewayTo(backend.endpoint(region));
    await clients.rds.send(
      new CreateDBClusterCommand({
        DBClusterIdentifier: 'snapped',
        Engine: 'aurora-mysql',
        MasterUsername: 'admin',
        MasterUserPassword: 'not-a-secret',
      }),
    );
    await clients.rds.send(
      new CreateDBClusterSnapshotCommand({
        DBClusterIdentifier: 'snapped',
        DBClusterSnapshotIdentifier: 'original',
        Tags: [{ Key: 'team', Value: 'payments' }],
      }),
    );
  }, startTimeout);

  afterAll(async () => {
    gateway.close();
    clients.destroy();
    await backend.stop();
  });

  it('copies one to a manual snapshot with its tags, once', async () => {
    const input = { sourceIdentifier: 'original', targetIdentifier: 'kept-original' };
    const copy = await gateway.copyClusterSnapshot({}, region, input, options);
    expect(copy).toMatchObject({
      identifier: 'kept-original',
      clusterIdentifier: 'snapped',
      arn: `arn:aws:rds:${region}:123456789012:cluster-snapshot:kept-original`,
    });

    const named = { DBClusterSnapshotIdentifier: 'kept-original' };
    const { DBClusterSnapshots } = await clients.rds.send(new DescribeDBClusterSnapshotsCommand(named));
    expect(DBClusterSnapshots).toMatchObject([
      { SnapshotType: 'manual', TagList: [{ Key: 'team', Value: 'payments' }] },
    ]);

    await expect(gateway.copyClusterSnapshot({}, region, input, options)).rejects.toMatchObject({
      code: 'DBClusterSnapshotAlreadyExistsFault',
      isEffectPossible: false,
    });
    const known = await gateway.describeClusterSnapshots({}, region, 'snapped', options);
    // Moto takes an automated one as well.
    const manual = known.map(({ identifier }) => identifier).filter((identifier) => !identifier.startsWith('rds:'));
    expect(manual.toSorted()).toEqual(['kept-original', 'original']);
    expect(known.every(({ createdAt }) => typeof createdAt === 'number')).toBe(true);
  });

  it('answers DBClusterSnapshotNotFoundFault to a copy of what does not exist', async () => {
    const input = { sourceIdentifier: 'nothing', targetIdentifier: 'kept-nothing' };
    await expect(gateway.copyClusterSnapshot({}, region, input, options)).rejects.toMatchObject({
      code: 'DBClusterSnapshotNotFoundFault',
    });
  });

  it('describes none of a cluster without any', async () => {
    expect(await gateway.describeClusterSnapshots({}, region, 'unknown', options)).toEqual([]);
  });
});

describe('the snapshot of an old primary', () => {
  const west = 'arn:aws:rds:us-west-2:123456789012:cluster:aurora-prod';
  const original = 'rds:unplanned-global-failover-aurora-prod-2030-01-01-00-00-01';
  let aws: LocalAws;
  let gateway: SdkAwsGateway;

  beforeEach(async () => {
    aws = await startLocalAws({ clock: new ManualClock(Date.parse('2030-01-01T00:00:00Z')) });
    await aws.addGlobalCluster();
    gateway = gatewayTo(aws.endpoints[region]!);
    await aws.loseRegion(region);
    aws.startOperation('failover', 'us-west-2');
    await aws.advance(1000);
    await aws.restoreRegion(region);
  });

  afterEach(async () => {
    gateway.close();
    await aws.stop();
  });

  const described = async (): Promise<string[]> => {
    const known = await gateway.describeClusterSnapshots({}, region, 'aurora-prod', options);
    return known.map(({ identifier, status }) => `${identifier} ${status}`);
  };

  it('given its region returned, is copied once it is complete, with its key, and expires alone', async () => {
    const input = { sourceIdentifier: original, targetIdentifier: 'kept' };
    expect(aws.primaryRegion()).toBe(west.split(':')[3]);
    expect(await described()).toEqual([`${original} creating`]);
    await expect(gateway.copyClusterSnapshot({}, region, input, options)).rejects.toMatchObject({
      code: 'InvalidDBClusterSnapshotStateFault',
    });
    await aws.advance(200);
    expect(await gateway.copyClusterSnapshot({}, region, input, options)).toMatchObject({ status: 'copying' });
    await aws.advance(300);
    expect(await described()).toEqual([`${original} available`, 'kept available']);
    const [source, copy] = aws.world.snapshots;
    expect(copy).toMatchObject({ kmsKeyId: source?.kmsKeyId, tags: source?.tags, sourceArn: source?.arn });
    await aws.advance(7 * 86_400_000);
    expect(await described()).toEqual(['kept available']);
  });

  it.each(['kept-', '1kept', 'ke--pt', 'rds:kept'])('given the identifier %s, refuses the copy', async (name) => {
    await aws.advance(200);
    const input = { sourceIdentifier: original, targetIdentifier: name };
    await expect(gateway.copyClusterSnapshot({}, region, input, options)).rejects.toMatchObject({
      code: 'InvalidParameterValue',
    });
  });

  it('given the quota of manual snapshots is used up, refuses the copy', async () => {
    await aws.advance(200);
    aws.world.settings.snapshotQuota = 0;
    const input = { sourceIdentifier: original, targetIdentifier: 'kept' };
    await expect(gateway.copyClusterSnapshot({}, region, input, options)).rejects.toMatchObject({
      code: 'SnapshotQuotaExceeded',
    });
  });
});
