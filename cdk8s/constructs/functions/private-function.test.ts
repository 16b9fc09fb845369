import { describe, expect, it } from '@jest/globals';
import { Testing } from 'cdk8s';
import { Names } from '../../configuration/names.ts';
import { FUNCTION_PERMISSIONS } from '../../../lambda/permissions.ts';
import { LARGEST_ZIP_BYTES } from '../../../scripts/bundle-functions.ts';
import { testChart } from '../../managed/test-chart.ts';
import { FunctionCodeBucket } from './function-code-bucket.ts';
import type { PrivateFunctionProps } from './private-function.ts';
import { PrivateFunction } from './private-function.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly forProvider: Readonly<Record<string, unknown>> };
}

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: object;
}

const names = new Names('test');
const accountId = '123456789012';
const code = {
  zipBase64: 'UEsF',
  sha256: '0123456789abcdef'.repeat(4),
  runtime: 'nodejs24.x',
  handler: 'index.handler',
};
const schedule = {
  minutes: 1,
  namespace: 'AuroraDR',
  heartbeat: 'MonitorHeartbeat',
  globalClusterIdentifier: 'aurora-global-test',
};

function synthesize(
  changes: Partial<PrivateFunctionProps> & Pick<PrivateFunctionProps, 'function'>,
  scope: 'namespaced' | 'cluster' = 'namespaced',
): Manifest[] {
  const chart = testChart({ scope });
  const { bucket } = new FunctionCodeBucket(chart, 'code', { names, accountId, region: 'us-west-2' });
  new PrivateFunction(chart, 'function', {
    names,
    accountId,
    region: 'us-west-2',
    regions: ['us-east-1', 'us-west-2'],
    description: 'Tests',
    code,
    bucket,
    subnets: [{ name: 'subnet-1-us-west-2-test' }, { name: 'subnet-2-us-west-2-test' }],
    securityGroup: { name: 'functions-sg-us-west-2-test' },
    environment: { AURORA_DR_GLOBAL_CLUSTER: 'aurora-global-test' },
    memoryMegabytes: 256,
    timeoutSeconds: 30,
    logRetentionDays: 30,
    deadLetterRetentionDays: 14,
    topicArn: 'arn:aws:sns:us-west-2:123456789012:topic-us-west-2-test',
    keyAlias: 'alias/key-us-west-2-test',
    metricNamespace: 'AuroraDR',
    ...changes,
  });
  return Testing.synth(chart) as Manifest[];
}

const monitor = (scope?: 'namespaced' | 'cluster') => synthesize({ function: 'health-monitor', schedule }, scope);
const failover = () => synthesize({ function: 'failover', timeoutSeconds: 900 });

function parametersOf(manifests: readonly Manifest[], kind: string): Readonly<Record<string, unknown>> {
  const found = manifests.find((manifest) => manifest.kind === kind);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return found.spec.forProvider;
}

function statementsOf(manifests: readonly Manifest[]): readonly Statement[] {
  const policy = parametersOf(manifests, 'RolePolicy')['policy'] as string;
  return (JSON.parse(policy) as { Statement: Statement[] }).Statement;
}

describe('a function', () => {
  it.each(['namespaced', 'cluster'] as const)(
    'given a schedule and the %s scope, is what the snapshot says',
    (scope) => {
      expect(monitor(scope)).toMatchSnapshot();
    },
  );

  it('given no schedule, is what the snapshot says, and nothing runs it', () => {
    const manifests = failover();
    expect(manifests).toMatchSnapshot();
    expect(manifests.map(({ kind }) => kind)).not.toEqual(expect.arrayContaining(['Rule']));
    expect(manifests.map(({ kind }) => kind)).not.toEqual(expect.arrayContaining(['Permission']));
  });

  it('changes when its code does: in the key, and in the name of the object that holds it', () => {
    const other = { ...code, sha256: 'fedcba9876543210'.repeat(4) };
    const [one, two] = [code, other].map((current) => synthesize({ function: 'failover', code: current }));
    const keys = [one, two].map((manifests = []) => parametersOf(manifests, 'Function')['s3Key']);
    expect(keys).toEqual([`failover/${code.sha256}.zip`, `failover/${other.sha256}.zip`]);
    expect([one, two].map((manifests = []) => parametersOf(manifests, 'Object')['key'])).toEqual(keys);
    const objects = [one, two].map((manifests = []) => manifests.find(({ kind }) => kind === 'Object')?.metadata.name);
    expect(objects).toEqual([
      'function-code-failover-0123456789ab-us-west-2-test',
      'function-code-failover-fedcba987654-us-west-2-test',
    ]);
  });

  it('given the largest code, fits into the annotation of a client-side apply, which holds the whole object', () => {
    const zipBase64 = 'A'.repeat(Math.ceil(LARGEST_ZIP_BYTES / 3) * 4);
    const manifests = synthesize({ function: 'health-monitor', schedule, code: { ...code, zipBase64 } });
    const object = manifests.find(({ kind }) => kind === 'Object');
    // TotalAnnotationSizeLimitB of Kubernetes' API machinery; the rest is for other annotations and tags.
    expect(JSON.stringify(object).length).toBeLessThan(256 * 1024 - 20_000);
  });

  it('may do what its code calls and no more, besides what Lambda needs', () => {
    for (const [name, manifests] of [['health-monitor', monitor()] as const, ['failover', failover()] as const]) {
      const allowed = statementsOf(manifests).filter(({ Sid, Effect }) => Effect === 'Allow' && Sid.startsWith('Code'));
      expect(allowed.map(({ Action }) => Action)).toEqual(FUNCTION_PERMISSIONS[name].map(({ actions }) => actions));
    }
    expect(JSON.stringify(statementsOf(monitor()))).not.toMatch(/FailoverGlobalCluster|SwitchoverGlobalCluster/);
  });

  it('may fail over this global cluster and its members in every region alone', () => {
    const failing = statementsOf(failover()).find(({ Action }) => Action.includes('rds:FailoverGlobalCluster'));
    expect(failing?.Resource).toEqual([
      'arn:aws:rds::123456789012:global-cluster:aurora-global-test',
      'arn:aws:rds:us-east-1:123456789012:cluster:aurora-us-east-1-test',
      'arn:aws:rds:us-west-2:123456789012:cluster:aurora-us-west-2-test',
    ]);
  });

  it('names no more than it must: everything is for actions that know no resource, and for what is denied', () => {
    const everything = statementsOf(failover()).filter(({ Resource }) => Resource.includes('*'));
    expect(everything.map(({ Sid, Action }) => [Sid, ...Action])).toEqual([
      ['Code3', 'cloudwatch:GetMetricData', 'cloudwatch:ListMetrics'],
      ['Code4', 'cloudwatch:PutMetricData'],
      ['SeeTheVpc', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'],
      expect.arrayContaining(['NotFromCode']),
    ]);
  });

  it('is not repeated by Lambda, holds no executions back, and its alarms tell the topic', () => {
    for (const manifests of [monitor(), failover()]) {
      expect(parametersOf(manifests, 'FunctionEventInvokeConfig')).toMatchObject({ maximumRetryAttempts: 0 });
      expect(parametersOf(manifests, 'Function')).not.toHaveProperty('reservedConcurrentExecutions');
      const alarms = manifests.filter(({ kind }) => kind === 'MetricAlarm');
      expect(alarms.length).toBeGreaterThanOrEqual(3);
      for (const { spec } of alarms) {
        expect(spec.forProvider['alarmActions']).toEqual(['arn:aws:sns:us-west-2:123456789012:topic-us-west-2-test']);
      }
    }
  });

  it('given a schedule of more than a minute, runs by it, and its alarms count by it', () => {
    const manifests = synthesize({ function: 'health-monitor', schedule: { ...schedule, minutes: 5 } });
    expect(parametersOf(manifests, 'Rule')).toMatchObject({ scheduleExpression: 'rate(5 minutes)' });
    expect(parametersOf(manifests, 'MetricAlarm')).toMatchObject({ period: 300 });
  });
});
