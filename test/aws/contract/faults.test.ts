import { createConnection } from 'node:net';
import { ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeGlobalClustersCommand, FailoverGlobalClusterCommand } from '@aws-sdk/client-rds';
import { PublishCommand } from '@aws-sdk/client-sns';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startLocalAws } from '../local-aws.ts';
import type { LocalAws } from '../local-aws.ts';
import type { FaultKind } from '../world/fault-board.ts';
import { ManualClock } from '../world/clock.ts';
import { sdkClients } from './sdk-clients.ts';
import type { SdkClients } from './sdk-clients.ts';

const west = 'arn:aws:rds:us-west-2:123456789012:cluster:aurora-prod';

let aws: LocalAws;
let clients: SdkClients;

beforeEach(async () => {
  aws = await startLocalAws({ clock: new ManualClock(Date.parse('2030-01-01T00:00:00Z')) });
  await aws.addGlobalCluster();
  clients = sdkClients('us-west-2', aws.endpoints['us-west-2']!, { timeout: 300 });
});

afterEach(async () => {
  clients.destroy();
  await aws.stop();
});

const read = (): Promise<unknown> => clients.rds.send(new DescribeGlobalClustersCommand({}));

const failover = (): Promise<unknown> =>
  clients.rds.send(
    new FailoverGlobalClusterCommand({
      GlobalClusterIdentifier: 'aurora-global-prod',
      TargetDbClusterIdentifier: west,
      AllowDataLoss: true,
    }),
  );

function fault(kind: FaultKind, action = '*'): void {
  aws.setFault({ region: 'us-west-2', action, fault: kind });
}

describe('faults as the SDK sees them', () => {
  it.each<[string, FaultKind, { rds: string; monitoring: string; sns: string; sts: string }, number | undefined]>([
    [
      'throttle',
      { kind: 'throttle' },
      { rds: 'Throttling', monitoring: 'ThrottlingException', sns: 'ThrottledException', sts: 'Throttling' },
      undefined,
    ],
    [
      'throttle with a code',
      { kind: 'throttle', code: 'RequestLimitExceeded' },
      {
        rds: 'RequestLimitExceeded',
        monitoring: 'RequestLimitExceeded',
        sns: 'RequestLimitExceeded',
        sts: 'RequestLimitExceeded',
      },
      undefined,
    ],
    [
      'serverError',
      { kind: 'serverError' },
      { rds: 'InternalFailure', monitoring: 'InternalFailure', sns: 'InternalFailure', sts: 'InternalFailure' },
      500,
    ],
    [
      'serverError with a status',
      { kind: 'serverError', status: 503, code: 'ServiceUnavailable' },
      {
        rds: 'ServiceUnavailable',
        monitoring: 'ServiceUnavailable',
        sns: 'ServiceUnavailable',
        sts: 'ServiceUnavailable',
      },
      503,
    ],
    [
      'accessDenied',
      { kind: 'accessDenied' },
      { rds: 'AccessDenied', monitoring: 'AccessDenied', sns: 'AuthorizationErrorException', sts: 'AccessDenied' },
      403,
    ],
    [
      'expiredToken',
      { kind: 'expiredToken' },
      { rds: 'ExpiredToken', monitoring: 'ExpiredToken', sns: 'ExpiredToken', sts: 'ExpiredToken' },
      403,
    ],
  ])('given %s, each service answers in its own protocol', async (_name, kind, names, status) => {
    fault(kind);
    const failures = await Promise.all(
      [
        clients.rds.send(new DescribeGlobalClustersCommand({})),
        clients.cloudWatch.send(new ListMetricsCommand({})),
        clients.sns.send(new PublishCommand({ TopicArn: 'arn:aws:sns:us-west-2:123456789012:x', Message: 'x' })),
        clients.sts.send(new GetCallerIdentityCommand({})),
      ].map((sent) =>
        sent.then(
          () => undefined,
          (error: unknown) => error as Error & { $metadata: { httpStatusCode?: number } },
        ),
      ),
    );
    expect(failures.map((error) => error?.name)).toEqual([names.rds, names.monitoring, names.sns, names.sts]);
    if (status !== undefined) {
      expect(failures.map((error) => error?.$metadata.httpStatusCode)).toEqual([status, status, status, status]);
    }
  });

  it.each<[string, FaultKind]>([
    ['refuse', { kind: 'refuse' }],
    ['hang', { kind: 'hang' }],
  ])('given %s, nothing is answered and nothing takes effect', async (_name, kind) => {
    fault(kind);
    await expect(failover()).rejects.not.toHaveProperty('$fault');
    expect(aws.operations).toHaveLength(0);
    expect(aws.callsOf({ action: 'FailoverGlobalCluster' })).toMatchObject([
      { result: 'no-answer', fault: kind.kind, isCarriedOut: false },
    ]);
  });

  it('given garbage, neither protocol can be parsed', async () => {
    fault({ kind: 'garbage' });
    await expect(read()).rejects.toThrow(/Deserialization error/);
    await expect(clients.cloudWatch.send(new ListMetricsCommand({}))).rejects.toThrow(/Deserialization error/);
  });

  it.each(['drop', 'hang'] as const)('given an effect without answer (%s), the call took effect', async (how) => {
    fault({ kind: 'effectWithoutAnswer', how }, 'FailoverGlobalCluster');
    await expect(failover()).rejects.not.toHaveProperty('$fault');
    expect(aws.operations).toMatchObject([{ kind: 'failover', phase: 'pending', toArn: west }]);
    expect(aws.callsOf({ action: 'FailoverGlobalCluster' })).toMatchObject([
      { result: 'no-answer', isCarriedOut: true },
    ]);
  });

  it('given a stale answer, reads tell how things were', async () => {
    await failover();
    await aws.advance(1000);
    fault({ kind: 'stale', milliseconds: 500 }, 'DescribeGlobalClusters');
    const stale = await clients.rds.send(new DescribeGlobalClustersCommand({}));
    expect(stale.GlobalClusters?.[0]).toMatchObject({
      Status: 'failing-over',
      FailoverState: { Status: 'failing-over' },
    });
    aws.clearFaults();
    const fresh = await clients.rds.send(new DescribeGlobalClustersCommand({}));
    expect(fresh.GlobalClusters?.[0]).toMatchObject({ Status: 'available' });
  });

  it('given a delay beyond the timeout, the call took effect', async () => {
    fault({ kind: 'delay', milliseconds: 1000 });
    await expect(failover()).rejects.not.toHaveProperty('$fault');
    expect(aws.operations).toHaveLength(1);
  });

  it('given a short delay, the answer comes late', async () => {
    fault({ kind: 'delay', milliseconds: 50 });
    await expect(read()).resolves.toBeDefined();
  });

  it('given a held answer, the call takes effect at once and is answered when the fault is cleared', async () => {
    clients.destroy();
    clients = sdkClients('us-west-2', aws.endpoints['us-west-2']!, { timeout: 60_000 });
    fault({ kind: 'hold' }, 'FailoverGlobalCluster');
    let isAnswered = false;
    const answered = failover().then(() => (isAnswered = true));
    await aws.waitForCall({ action: 'FailoverGlobalCluster', result: 'ok' }, 60_000);
    expect(aws.operations).toHaveLength(1);
    // Others are answered, one after the other: there was time enough for this one.
    await read();
    await read();
    expect(isAnswered).toBe(false);
    aws.clearFaults();
    expect(await answered).toBe(true);
  });

  it('given a count, strikes so many calls and no more', async () => {
    aws.setFault({ region: '*', action: 'rds', fault: { kind: 'throttle' }, count: 2 });
    await expect(read()).rejects.toMatchObject({ name: 'Throttling' });
    await expect(read()).rejects.toMatchObject({ name: 'Throttling' });
    await expect(read()).resolves.toBeDefined();
    expect(aws.callsOf({ result: 'ok' })).toHaveLength(1);
  });

  it('given a fault of one action in one region, others are spared', async () => {
    fault({ kind: 'throttle' }, 'FailoverGlobalCluster');
    await expect(read()).resolves.toBeDefined();
    await expect(failover()).rejects.toMatchObject({ name: 'Throttling' });
  });
});

/** What a connection attempt meets within the time given. */
function connect(url: string, timeout = 400): Promise<string> {
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = createConnection({ host: hostname, port: Number(port) });
  const timer = setTimeout(() => {
    resolve('silence');
  }, timeout);
  socket.on('connect', () => {
    resolve('connected');
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    resolve(error.code ?? error.message);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

describe('regions as their clients see them', () => {
  const endpointOf = (region: string): string => {
    const { address, port } = aws.cluster(region, 'aurora-prod');
    return `tcp://${address}:${port}`;
  };

  it('given healthy regions, the primary’s writer endpoint accepts and the secondary’s refuses', async () => {
    expect(await connect(endpointOf('us-east-1'))).toBe('connected');
    expect(await connect(endpointOf('us-west-2'))).toBe('ECONNREFUSED');
  });

  it('given a lost region, everything in it refuses, and comes back on the same ports', async () => {
    const api = aws.endpoints['us-east-1']!;
    await aws.loseRegion('us-east-1');
    expect(await connect(api)).toBe('ECONNREFUSED');
    expect(await connect(aws.globalEndpoint)).toBe('ECONNREFUSED');
    expect(await connect(endpointOf('us-east-1'))).toBe('ECONNREFUSED');
    expect(await connect(aws.endpoints['us-west-2']!)).toBe('connected');

    await aws.restoreRegion('us-east-1');
    expect(aws.endpoints['us-east-1']).toBe(api);
    expect(await connect(api)).toBe('connected');
    expect(await connect(endpointOf('us-east-1'))).toBe('connected');
  });

  it('given a black hole, connection attempts meet silence until the region is restored', async () => {
    await aws.loseRegion('us-east-1', { mode: 'blackhole' });
    expect(await connect(aws.endpoints['us-east-1']!)).toBe('silence');
    expect(await connect(endpointOf('us-east-1'))).toBe('silence');
    await aws.restoreRegion('us-east-1');
    expect(await connect(aws.endpoints['us-east-1']!)).toBe('connected');
    expect(await connect(endpointOf('us-east-1'))).toBe('connected');
  });

  it('given a kept-alive connection into a region that is lost, the next call fails', async () => {
    await read();
    await aws.loseRegion('us-west-2');
    await expect(read()).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
  });

  it('given a call in flight when the region is lost, its connection breaks', async () => {
    fault({ kind: 'hang' });
    const inFlight = expect(read()).rejects.toThrow(/ECONNRESET|socket hang up/);
    await aws.waitForCall({ action: 'DescribeGlobalClusters' });
    await aws.loseRegion('us-west-2');
    await inFlight;
  });

  it('given a region that is cut off, it is unreachable but replicates on', async () => {
    await aws.cutOff('us-east-1');
    expect(await connect(aws.endpoints['us-east-1']!)).toBe('ECONNREFUSED');
    expect(await connect(endpointOf('us-east-1'))).toBe('ECONNREFUSED');
    expect(aws.cluster('us-west-2', 'aurora-prod').replication.stopped).toBeUndefined();
  });

  it.each([
    ['refuse', 'ECONNREFUSED'],
    ['hang', 'silence'],
    ['accept', 'connected'],
    ['silent', 'connected'],
  ] as const)('given endpoint mode %s, a connection meets %s', async (mode, met) => {
    await aws.setEndpoint('us-east-1', 'aurora-prod', mode);
    expect(await connect(endpointOf('us-east-1'))).toBe(met);
  });

  it('given endpoint mode reset, an accepted connection is reset', async () => {
    await aws.setEndpoint('us-east-1', 'aurora-prod', 'reset');
    const { hostname, port } = new URL(endpointOf('us-east-1'));
    const socket = createConnection({ host: hostname, port: Number(port) });
    const code = await new Promise((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code);
      });
    });
    expect(code).toBe('ECONNRESET');
  });

  it('given a cluster that is failing over in its region, its writer refuses while the API answers', async () => {
    await aws.setClusterStatus('us-east-1', 'aurora-prod', 'failing-over');
    expect(await connect(endpointOf('us-east-1'))).toBe('ECONNREFUSED');
    expect(await connect(aws.endpoints['us-east-1']!)).toBe('connected');
  });

  it('given a failover, the new primary’s endpoint accepts', async () => {
    await aws.loseRegion('us-east-1');
    await failover();
    await aws.advance(1000);
    expect(await connect(endpointOf('us-west-2'))).toBe('connected');
  });
});

describe('the witness', () => {
  const status = (): Promise<number> => fetch(aws.witnessUrl('aurora-global-prod')).then((response) => response.status);

  it('mirrors the truth', async () => {
    expect(await status()).toBe(200);
    await aws.cutOff('us-east-1');
    expect(await status()).toBe(200);
    await aws.loseRegion('us-east-1');
    expect(await status()).toBe(503);
    expect((await fetch(aws.witnessUrl('nobody'))).status).toBe(404);
  });

  it('says what it is told to', async () => {
    await aws.setWitness(500);
    expect(await status()).toBe(500);
    await aws.setWitness('refuse');
    await expect(status()).rejects.toThrow('fetch failed');
    await aws.setWitness('hang');
    await expect(fetch(aws.witnessUrl(), { signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/);
  });
});

describe('requests that AWS would refuse', () => {
  it('given a client of another region, its signature is not valid here', async () => {
    const stranger = sdkClients('us-east-1', aws.endpoints['us-west-2']!);
    await expect(stranger.rds.send(new DescribeGlobalClustersCommand({}))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
      $metadata: { httpStatusCode: 403 },
    });
    stranger.destroy();
  });

  it('given no signature, asks for one', async () => {
    const response = await fetch(aws.endpoints['us-west-2']!, { method: 'POST', body: 'Action=X&Version=2014-10-31' });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('<Code>MissingAuthenticationToken</Code>');
  });

  it('given the global endpoint, only STS answers', async () => {
    const global = sdkClients('us-east-1', aws.globalEndpoint);
    await expect(global.sts.send(new GetCallerIdentityCommand({}))).resolves.toMatchObject({ Account: '123456789012' });
    await expect(global.rds.send(new DescribeGlobalClustersCommand({}))).rejects.toMatchObject({
      name: 'InvalidAction',
    });
    global.destroy();
  });
});
