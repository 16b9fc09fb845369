import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CallOptions } from '../../operator/aws/aws-gateway.ts';
import { AwsCallError } from '../../operator/aws/errors.ts';
import { SdkAwsGateway, type AwsScope } from '../../operator/aws/sdk-aws-gateway.ts';
import { StsCredentials } from '../../operator/aws/sts-credentials.ts';
import { SystemClock } from '../../operator/runtime/clock.ts';
import { startLocalAws, type LocalAws } from '../aws/local-aws.ts';
import type { FaultKind } from '../aws/world/fault-board.ts';

const EAST = 'us-east-1';
const WEST = 'us-west-2';
const GLOBAL = 'aurora-global-prod';
const WEST_ARN = 'arn:aws:rds:us-west-2:123456789012:cluster:aurora-prod';
const options: CallOptions = { timeoutMilliseconds: 5000 };
/** Only for what never answers: an answer may take longer on a busy machine. */
const impatient: CallOptions = { timeoutMilliseconds: 300 };
const patienceFor = ({ kind }: FaultKind): CallOptions => (kind === 'hang' ? impatient : options);

let aws: LocalAws;
let gateway: SdkAwsGateway;

const gatewayTo = (urls: Readonly<Record<string, string>>, scope?: AwsScope): SdkAwsGateway => {
  const endpoints = new Map(Object.entries(urls));
  const readOwn = () => Promise.resolve({ accessKeyId: 'AKIALOCAL', secretAccessKey: 'secret' });
  const clock = new SystemClock();
  return new SdkAwsGateway({
    clock,
    endpoints,
    credentials: new StsCredentials({ clock, endpoints, readOwn }),
    ...(scope && { scope }),
  });
};

beforeEach(async () => {
  aws = await startLocalAws({ settings: { metricPeriod: 1000 } });
  await aws.addGlobalCluster();
  gateway = gatewayTo(aws.endpoints);
});

afterEach(async () => {
  gateway.close();
  await aws.stop();
});

/** The error of a call that has to fail. */
async function failureOf(call: Promise<unknown>): Promise<AwsCallError> {
  const error: unknown = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof AwsCallError)) throw new Error('not an AwsCallError', { cause: error });
  return error;
}

describe('reading RDS within a scope', () => {
  const clusterIdentifiers = new Map([
    [EAST, 'aurora-prod'],
    [WEST, 'aurora-none'],
  ]);

  it('given clusters by name, asks for nothing else', async () => {
    await aws.addGlobalCluster({ identifier: 'aurora-global-other', clusterIdentifier: 'other' });
    const scoped = gatewayTo(aws.endpoints, { globalClusterIdentifier: GLOBAL, clusterIdentifiers });
    const views = await scoped.describeGlobalClusters({}, EAST, options);
    const clusters = await scoped.describeClusters({}, EAST, options);
    scoped.close();
    expect(views.map(({ identifier }) => identifier)).toEqual([GLOBAL]);
    expect(clusters.map(({ identifier }) => identifier)).toEqual(['aurora-prod']);
    expect(aws.calls.map(({ input }) => input)).toMatchObject([
      { GlobalClusterIdentifier: GLOBAL },
      { DBClusterIdentifier: 'aurora-prod' },
    ]);
  });

  it('given a name that RDS does not know, answers with none instead of failing', async () => {
    const scoped = gatewayTo(aws.endpoints, { globalClusterIdentifier: 'aurora-none', clusterIdentifiers });
    const views = await scoped.describeGlobalClusters({}, WEST, options);
    const clusters = await scoped.describeClusters({}, WEST, options);
    scoped.close();
    expect([views, clusters]).toEqual([[], []]);
  });
});

describe('reading RDS', () => {
  it('sees the global cluster alike in both regions', async () => {
    for (const region of [EAST, WEST]) {
      const [view, ...others] = await gateway.describeGlobalClusters({}, region, options);
      expect(others).toEqual([]);
      expect(view).toMatchObject({ identifier: GLOBAL, status: 'available' });
      expect(view?.failoverState).toBeUndefined();
      expect(view?.members.map(({ clusterArn, isWriter }) => [clusterArn, isWriter])).toEqual([
        ['arn:aws:rds:us-east-1:123456789012:cluster:aurora-prod', true],
        [WEST_ARN, false],
      ]);
      expect(view?.members[1]?.synchronizationStatus).toBe('connected');
    }
  });

  it('sees the member cluster with its endpoint and instances', async () => {
    const [cluster] = await gateway.describeClusters({}, WEST, options);
    const { address, port } = { address: cluster?.endpoint, port: cluster?.port };
    expect(cluster).toMatchObject({ arn: WEST_ARN, identifier: 'aurora-prod', status: 'available', instanceCount: 1 });
    expect(address).toMatch(/^127\./);
    expect(port).toBeGreaterThan(0);
  });

  it('walks all pages and tells each as it comes', async () => {
    for (let n = 0; n < 130; n += 1) {
      await aws.addGlobalCluster({ identifier: `global-${n}`, clusterIdentifier: `c-${n}`, hasEndpoints: false });
    }
    const pages: number[] = [];
    const views = await gateway.describeGlobalClusters({}, WEST, options, (page) => pages.push(page.length));
    expect(views).toHaveLength(131);
    expect(pages).toEqual([100, 31]);
    expect(await gateway.describeClusters({}, WEST, options)).toHaveLength(131);
  });

  it('takes an empty list for one', async () => {
    aws.addRole({ arn: 'arn:aws:iam::333333333333:role/dr' });
    const account = { roleArn: 'arn:aws:iam::333333333333:role/dr' };
    expect(await gateway.describeGlobalClusters(account, WEST, options)).toEqual([]);
    expect(await gateway.describeClusters(account, WEST, options)).toEqual([]);
    const query = { clusterIdentifiers: [], since: aws.now() - 1000 };
    expect(await gateway.describeFailoverEvents(account, WEST, query, options)).toEqual([]);
  });

  it('paces each page', async () => {
    for (let n = 0; n < 100; n += 1) {
      await aws.addGlobalCluster({ identifier: `global-${n}`, clusterIdentifier: `c-${n}`, hasEndpoints: false });
    }
    let paced = 0;
    await gateway.describeGlobalClusters({}, WEST, {
      ...options,
      beforeRequest: () => {
        paced += 1;
        return Promise.resolve();
      },
    });
    expect(paced).toBe(2);
  });

  it('describes one global cluster, and none that does not exist', async () => {
    expect(await gateway.describeGlobalCluster({}, WEST, GLOBAL, options)).toMatchObject({ identifier: GLOBAL });
    expect(await gateway.describeGlobalCluster({}, WEST, 'other', options)).toBeUndefined();
  });
});

describe('changing roles', () => {
  it('fails over with data loss allowed, in the region it is told', async () => {
    await gateway.failoverGlobalCluster(
      {},
      WEST,
      { globalClusterIdentifier: GLOBAL, targetClusterArn: WEST_ARN },
      options,
    );
    const [call] = aws.callsOf({ action: 'FailoverGlobalCluster' });
    expect(call).toMatchObject({ region: WEST, result: 'ok' });
    expect(aws.operations[0]).toMatchObject({ kind: 'failover' });
    const view = await gateway.describeGlobalCluster({}, WEST, GLOBAL, options);
    expect(view?.failoverState).toMatchObject({ toClusterArn: WEST_ARN, isDataLossAllowed: true });
  });

  it('switches over, and says what AWS refused meanwhile', async () => {
    const input = { globalClusterIdentifier: GLOBAL, targetClusterArn: WEST_ARN };
    await gateway.switchoverGlobalCluster({}, EAST, input, options);
    expect(aws.operations[0]).toMatchObject({ kind: 'switchover' });
    const error = await failureOf(gateway.switchoverGlobalCluster({}, EAST, input, options));
    expect(error).toMatchObject({
      code: 'InvalidGlobalClusterStateFault',
      isEffectPossible: false,
      classification: { kind: 'rejected', cause: 'malformed' },
    });
  });

  it('tells the id of a call that AWS took, and of one that it refused', async () => {
    const ids: string[] = [];
    const told: CallOptions = { ...options, onRequestId: (id) => ids.push(id) };
    const input = { globalClusterIdentifier: GLOBAL, targetClusterArn: WEST_ARN };
    await gateway.failoverGlobalCluster({}, WEST, input, told);
    await failureOf(gateway.failoverGlobalCluster({}, WEST, input, told));
    expect(ids).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('tells the events of a failover, storage fencing included', async () => {
    const since = aws.now() - 1000;
    await aws.loseRegion(EAST);
    await gateway.failoverGlobalCluster(
      {},
      WEST,
      { globalClusterIdentifier: GLOBAL, targetClusterArn: WEST_ARN },
      options,
    );
    await aws.advance(5000);
    const query = { clusterIdentifiers: ['aurora-prod'], since };
    const events = await gateway.describeFailoverEvents({}, WEST, query, options);
    const ids = events.map(({ eventId }) => eventId);
    expect(ids).toContain('RDS-EVENT-0238');
    expect(ids.some((id) => id === 'RDS-EVENT-0390' || id === 'RDS-EVENT-0391')).toBe(true);
    const fence = events.find(({ eventId }) => eventId === 'RDS-EVENT-0390' || eventId === 'RDS-EVENT-0391');
    expect(fence?.about).toEqual({ clusterIdentifier: 'aurora-prod', region: EAST });
    const others = { clusterIdentifiers: ['other'], since };
    expect(await gateway.describeFailoverEvents({}, WEST, others, options)).toEqual([]);
  });

  it('publishes and puts metrics', async () => {
    const topicArn = aws.addTopic(WEST, 'alerts');
    await gateway.publishNotification({}, WEST, { topicArn, subject: 'Ein Ausfall – jetzt', body: '{}' }, options);
    expect(aws.messages).toMatchObject([{ subject: 'Ein Ausfall ? jetzt', message: '{}' }]);
    const dimensions = [{ name: 'Region', value: WEST }];
    const metrics = [{ name: 'WriterRegion', dimensions, value: 1, at: aws.now() }];
    await gateway.putMetricData({}, WEST, { namespace: 'AuroraDR', metrics }, options);
    const metric = { namespace: 'AuroraDR', metricName: 'WriterRegion' };
    expect(await gateway.listMetricSeries({}, WEST, metric, options)).toEqual([{ ...metric, dimensions }]);
  });
});

describe('reading CloudWatch', () => {
  it('lists the lag series and reads their samples, oldest first, in the order asked', async () => {
    const metric = { namespace: 'AWS/RDS', metricName: 'AuroraGlobalDBRPOLag' };
    const [series, ...others] = await gateway.listMetricSeries({}, WEST, metric, options);
    expect(others).toEqual([]);
    expect(series?.dimensions).toEqual([{ name: 'DBClusterIdentifier', value: 'aurora-prod' }]);
    await aws.advance(3000);
    const unknown = { ...metric, dimensions: [{ name: 'DBClusterIdentifier', value: 'nobody' }] };
    const [none, samples] = await gateway.getMetricSamples(
      {},
      WEST,
      { series: [unknown, series!], periodMilliseconds: 1000, from: aws.now() - 60_000, to: aws.now() },
      options,
    );
    expect(none).toEqual([]);
    expect(samples!.length).toBeGreaterThan(2);
    const starts = samples!.map(({ periodStart }) => periodStart);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(samples?.at(-1)?.value).toBeCloseTo(120, 0);
  });

  it('finds no lag series in the primary region', async () => {
    const metric = { namespace: 'AWS/RDS', metricName: 'AuroraGlobalDBRPOLag' };
    expect(await gateway.listMetricSeries({}, EAST, metric, options)).toEqual([]);
  });
});

describe('classifying what goes wrong', () => {
  const cases: readonly (readonly [string, FaultKind, object, boolean])[] = [
    ['a dropped connection', { kind: 'refuse' }, { kind: 'noAnswer', cause: 'reset' }, true],
    ['silence', { kind: 'hang' }, { kind: 'noAnswer', cause: 'timeout' }, true],
    ['throttling', { kind: 'throttle' }, { kind: 'rejected', cause: 'throttled' }, false],
    [
      'a request limit',
      { kind: 'throttle', code: 'RequestLimitExceeded' },
      { kind: 'rejected', cause: 'throttled' },
      false,
    ],
    [
      'throttling sent as a 503',
      { kind: 'error', code: 'SlowDown', status: 503 },
      { kind: 'rejected', cause: 'throttled' },
      false,
    ],
    ['a server error', { kind: 'serverError' }, { kind: 'noAnswer', cause: 'serverError' }, true],
    [
      'an internal failure',
      { kind: 'serverError', status: 500, code: 'InternalFailure' },
      { kind: 'noAnswer', cause: 'serverError' },
      true,
    ],
    ['garbage', { kind: 'garbage' }, { kind: 'rejected', cause: 'malformed' }, true],
    ['a denial', { kind: 'accessDenied' }, { kind: 'rejected', cause: 'denied' }, false],
    ['an expired token', { kind: 'expiredToken' }, { kind: 'rejected', cause: 'expiredCredentials' }, false],
    [
      'an effect without an answer',
      { kind: 'effectWithoutAnswer', how: 'drop' },
      { kind: 'noAnswer', cause: 'reset' },
      true,
    ],
  ];

  it.each(cases)('given %s, a read and a role change say so', async (_, fault, classification, isEffectPossible) => {
    aws.setFault({ region: WEST, action: 'rds', fault });
    const input = { globalClusterIdentifier: GLOBAL, targetClusterArn: WEST_ARN };
    const change = await failureOf(gateway.failoverGlobalCluster({}, WEST, input, patienceFor(fault)));
    expect(change).toMatchObject({ classification, isEffectPossible, region: WEST, action: 'FailoverGlobalCluster' });
    if (fault.kind === 'effectWithoutAnswer') return;
    const read = await failureOf(gateway.describeGlobalClusters({}, WEST, patienceFor(fault)));
    expect(read).toMatchObject({ classification, region: WEST, action: 'DescribeGlobalClusters' });
  });

  it.each(cases)('given %s, CloudWatch says so too', async (_, fault, classification) => {
    if (fault.kind === 'effectWithoutAnswer') return;
    aws.setFault({ region: WEST, action: 'monitoring', fault });
    const metric = { namespace: 'AWS/RDS', metricName: 'CPUUtilization' };
    const read = await failureOf(gateway.listMetricSeries({}, WEST, metric, patienceFor(fault)));
    expect(read).toMatchObject({ classification });
  });

  it('given a lost region, a refusal that certainly had no effect', async () => {
    await aws.loseRegion(EAST);
    const input = { globalClusterIdentifier: GLOBAL, targetClusterArn: WEST_ARN };
    const error = await failureOf(gateway.switchoverGlobalCluster({}, EAST, input, options));
    expect(error).toMatchObject({ classification: { kind: 'noAnswer', cause: 'refused' }, isEffectPossible: false });
    expect(error.message).toMatch(/^cannot call SwitchoverGlobalCluster in us-east-1: .*; check /);
  });

  it('given a region whose packets are swallowed, silence', async () => {
    await aws.loseRegion(EAST, { mode: 'blackhole' });
    const error = await failureOf(gateway.describeGlobalClusters({}, EAST, impatient));
    expect(error.classification).toMatchObject({ kind: 'noAnswer', cause: 'timeout' });
  });

  it('given a caller that gives up, no word about the region', async () => {
    aws.setFault({ region: WEST, action: 'rds', fault: { kind: 'hang' } });
    const controller = new AbortController();
    const call = failureOf(gateway.describeGlobalClusters({}, WEST, { ...options, signal: controller.signal }));
    await aws.waitForCall({ action: 'DescribeGlobalClusters' });
    controller.abort();
    expect((await call).classification).toMatchObject({ kind: 'local', cause: 'notAttempted' });
  });
});

describe('keeping apart', () => {
  it('given a region that hangs, another answers', async () => {
    aws.setFault({ region: EAST, action: '*', fault: { kind: 'hang' } });
    const hung = Array.from({ length: 40 }, () => failureOf(gateway.describeGlobalClusters({}, EAST, options)));
    expect(await gateway.describeGlobalClusters({}, WEST, options)).toHaveLength(1);
    aws.clearFaults();
    gateway.close();
    await Promise.all(hung.map((call) => call.catch(() => undefined)));
  });

  it('given every read connection taken by silence, a role change and its re-read go out', async () => {
    aws.setFault({ region: WEST, action: 'DescribeDBClusters', fault: { kind: 'hang' } });
    const controller = new AbortController();
    const signal = controller.signal;
    const hung = Array.from({ length: 40 }, () =>
      failureOf(gateway.describeClusters({}, WEST, { ...options, signal })),
    );
    const waiting = await failureOf(gateway.describeGlobalClusters({}, WEST, impatient));
    expect(waiting).toMatchObject({ classification: { kind: 'local', cause: 'socketLimit' } });

    expect(await gateway.describeGlobalCluster({}, WEST, GLOBAL, options)).toMatchObject({ identifier: GLOBAL });
    await gateway.failoverGlobalCluster(
      {},
      WEST,
      { globalClusterIdentifier: GLOBAL, targetClusterArn: WEST_ARN },
      options,
    );
    expect(aws.operations).toHaveLength(1);
    controller.abort();
    await Promise.all(hung);
  });
});

describe('assuming a role', () => {
  const account = { roleArn: 'arn:aws:iam::222222222222:role/dr', externalId: 'external' };

  beforeEach(async () => {
    aws.addRole({ arn: account.roleArn, externalId: account.externalId });
    await aws.addGlobalCluster({ identifier: 'theirs', accountId: '222222222222', hasEndpoints: false });
  });

  it('reads the account of the role, through the STS of the same region, once', async () => {
    for (let n = 0; n < 3; n += 1) {
      const views = await gateway.describeGlobalClusters(account, WEST, options);
      expect(views.map(({ identifier }) => identifier)).toEqual(['theirs']);
    }
    const assumed = aws.callsOf({ service: 'sts' });
    expect(assumed.map(({ region }) => region)).toEqual([WEST]);
  });

  it('given a wrong external id, says that the trouble is our own', async () => {
    const error = await failureOf(gateway.describeGlobalClusters({ ...account, externalId: 'wrong' }, WEST, options));
    expect(error).toMatchObject({ classification: { kind: 'local', cause: 'credentials' }, isEffectPossible: false });
  });

  it('given a lost region, still finds it lost with the session that another region got', async () => {
    await gateway.describeGlobalClusters(account, WEST, options);
    await aws.loseRegion(EAST);
    const error = await failureOf(gateway.describeGlobalClusters(account, EAST, options));
    expect(error.classification).toMatchObject({ kind: 'noAnswer', cause: 'refused' });
  });

  it('given an expired session, gets a new one', async () => {
    await gateway.describeGlobalClusters(account, WEST, options);
    aws.setFault({ region: WEST, action: 'rds', fault: { kind: 'expiredToken' }, count: 1 });
    const error = await failureOf(gateway.describeGlobalClusters(account, WEST, options));
    expect(error.classification).toMatchObject({ kind: 'rejected', cause: 'expiredCredentials' });
    expect(await gateway.describeGlobalClusters(account, WEST, options)).toHaveLength(1);
    expect(aws.callsOf({ service: 'sts' })).toHaveLength(2);
  });
});
