import { describe, expect, it } from '@jest/globals';
import type { Manifest } from './manifest.ts';
import { managedKindOf } from './manifest.ts';
import { Estate, POLICY_RULES } from './policy-rules.ts';
import { SET_UPS } from './set-ups.ts';

type Rule = keyof typeof POLICY_RULES;

const RULES = Object.keys(POLICY_RULES) as Rule[];

describe.each(SET_UPS)('Given $title', ({ manifests, configuration }) => {
  const estate = new Estate(configuration, manifests);

  it('then there is something to judge', () => {
    expect(estate.managed.length).toBeGreaterThan(30);
    expect(estate.statements.length).toBeGreaterThan(3);
    expect(estate.ofKind('ec2.Subnet')).toHaveLength(configuration.regions.flatMap(({ subnets }) => subnets).length);
  });

  it.each(RULES)('then %s', (rule) => {
    expect(POLICY_RULES[rule](estate)).toEqual([]);
  });
});

/** An object as somebody might write it; what it does not state is as a construct would make it. */
function written(kind: string, forProvider: object, others: Partial<Manifest> = {}): Manifest {
  const [service = '', name = ''] = kind.split('.');
  return {
    apiVersion: `${service}.aws.m.upbound.io/v1beta1`,
    kind: name,
    metadata: { name: 'wrong-us-east-1-prod', namespace: 'aurora-dr' },
    spec: { managementPolicies: ['Observe', 'Create'], forProvider: { region: 'us-east-1', ...forProvider } },
    ...others,
  };
}

function policyOf(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: 'Wrong', Effect: 'Allow', ...statement }] });
}

const rolePolicy = (statement: object) => written('iam.RolePolicy', { policy: policyOf(statement) });
const trust = (Principal: unknown, Condition?: object) =>
  written('iam.Role', { assumeRolePolicy: policyOf({ Action: 'sts:AssumeRole', Principal, Condition }) });
const named = (name: string) => written('ec2.VPC', {}, { metadata: { name } });
const allowed = (managementPolicies: string[]) =>
  written('rds.Cluster', {}, { spec: { managementPolicies, forProvider: { region: 'us-east-1' } } });

/** For each rule what breaks it. */
const WRONG: Readonly<Record<Rule, readonly Manifest[]>> = {
  'no rule, no route and no policy names all addresses': [
    written('ec2.SecurityGroupIngressRule', { cidrIpv4: '0.0.0.0/0' }),
    written('ec2.Route', { destinationIpv6CidrBlock: '::/0' }),
  ],
  'no subnet gives public addresses': [written('ec2.Subnet', {}), written('ec2.Subnet', { mapPublicIpOnLaunch: true })],
  'no instance has a public address': [written('rds.ClusterInstance', { publiclyAccessible: true })],
  'an internet gateway is there only where it is asked for': [written('ec2.InternetGateway', {})],
  'a zone is public only where that is asked for': [written('route53.Zone', { name: 'example.com' })],
  'no policy lets everybody in': [
    written('sns.TopicPolicy', { policy: policyOf({ Action: 'sns:Publish', Principal: '*' }) }),
    written('sqs.Queue', { policy: policyOf({ Action: 'sqs:SendMessage', Principal: { AWS: '*' } }) }),
  ],
  'every service of AWS that may act is limited to this account': [trust({ Service: 'events.amazonaws.com' })],
  'every permission to invoke a function names who invokes it': [
    written('lambda.Permission', { principal: 'events.amazonaws.com' }),
    written('lambda.Permission', { principal: '*', sourceArn: 'arn:aws:events:us-east-1:123456789012:rule/one' }),
  ],
  'every bucket blocks public access in all four ways': [written('s3.Bucket', {})],
  'everything is encrypted': [
    written('rds.Cluster', { storageEncrypted: true }),
    written('rds.Cluster', { kmsKeyId: 'alias/key' }),
    written('rds.GlobalCluster', {}),
    written('secretsmanager.Secret', { kmsKeyId: 'alias/key', replica: [{ region: 'us-west-2' }] }),
    written('sns.Topic', {}),
    written('sqs.Queue', {}),
    written('kms.Key', {}),
    written('s3.Bucket', {}),
  ],
  'everything that AWS can tag has every tag, and its name': [
    written('ec2.VPC', {}),
    written('ec2.VPC', { tags: { Name: 'wrong-us-east-1-prod' } }),
  ],
  'every name is {type}-{region}-{suffix}, with the region where it is': [
    named('vpc'),
    named('vpc-us-east-1'),
    named('vpc-moon-1-prod'),
    named('vpc-us-west-2-prod'),
  ],
  'no name says a role, which the next failover makes wrong': [
    named('vpc-primary-us-east-1-prod'),
    written(
      'route53.Record',
      { failoverRoutingPolicy: { type: 'PRIMARY' } },
      { metadata: { name: 'record-secondary-global-prod' } },
    ),
  ],
  'no Secret has a value': [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'one' }, data: { password: 'aGVsbG8=' } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'two' }, stringData: { password: 'hello' } },
  ],
  'no field holds a secret': [
    written('rds.Cluster', { masterPassword: 'hello' }),
    written('lambda.Function', { environment: { variables: { KEY: `AKIA${'A'.repeat(16)}` } } }),
  ],
  'no action has a wildcard': [
    rolePolicy({ Action: 'rds:*', Resource: 'arn:aws:rds::123456789012:global-cluster:one' }),
    rolePolicy({ Action: ['sns:Publish', 'rds:Describe*'], Resource: 'arn:aws:sns:us-east-1:123456789012:one' }),
  ],
  'no resource is everything where the action supports one': [
    rolePolicy({ Action: 'rds:FailoverGlobalCluster', Resource: '*' }),
    rolePolicy({ Action: ['cloudwatch:GetMetricData', 'sns:Publish'], Resource: '*' }),
    rolePolicy({ Action: 'cloudwatch:PutMetricData', Resource: '*' }),
  ],
  'every key that a role may use is named by alias': [
    rolePolicy({ Action: 'kms:Decrypt', Resource: 'arn:aws:kms:us-east-1:123456789012:key/*' }),
  ],
  'services may use the keys exactly where they write to encrypted topics': [
    written('sns.TopicPolicy', {
      policy: policyOf({ Action: 'sns:Publish', Principal: { Service: 's3.amazonaws.com' } }),
    }),
    written('kms.Key', { policy: policyOf({ Action: 'kms:Decrypt', Principal: { Service: 's3.amazonaws.com' } }) }),
  ],
  'every role is assumed by one service alone': [
    trust({ AWS: 'arn:aws:iam::210987654321:root' }),
    trust({ Service: ['lambda.amazonaws.com', 'ec2.amazonaws.com'] }, { StringEquals: { 'aws:SourceAccount': '1' } }),
  ],
  'what holds data, and what everything hangs on, is neither pruned nor deleted by Argo CD': [
    written('rds.Cluster', {}),
  ],
  'what holds data is deleted only where that is allowed': [allowed(['Observe', 'Create', 'Delete']), allowed(['*'])],
  'nothing takes on what AWS or a failover has changed': [allowed(['Observe', 'LateInitialize']), allowed(['*'])],
};

const BROKEN = RULES.flatMap((rule) => WRONG[rule].map((manifest, index) => ({ rule, manifest, index: index + 1 })));

describe('Given a manifest that breaks a rule', () => {
  const setUp = SET_UPS.find(({ title }) => title === 'default.yaml, namespaced')!;

  it.each(BROKEN)('then it is found: $rule ($index)', ({ rule, manifest }) => {
    const violations = POLICY_RULES[rule](new Estate(setUp.configuration, [...setUp.manifests, manifest]));
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(managedKindOf(manifest) ?? manifest.kind);
  });

  it('given a permission that names its condition, then it is no violation', () => {
    const statement = {
      Action: 'cloudwatch:PutMetricData',
      Resource: '*',
      Condition: { StringEquals: { 'cloudwatch:namespace': 'AuroraDR' } },
    };
    const estate = new Estate(setUp.configuration, [...setUp.manifests, rolePolicy(statement)]);
    expect(POLICY_RULES['no resource is everything where the action supports one'](estate)).toEqual([]);
  });
});
