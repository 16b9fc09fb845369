import type { Manifest } from './manifest.ts';

/**
 * What a reference leads to: service and kind, by the field that it fills in. The schemas do not say it; Crossplane's API
 * reference does. A field that is new here gets a line, with its kind before it where kinds differ.
 */
const TARGETS: Readonly<Record<string, string>> = {
  vpcId: 'ec2/VPC',
  peerVpcId: 'ec2/VPC',
  subnetId: 'ec2/Subnet',
  subnetIds: 'ec2/Subnet',
  securityGroupId: 'ec2/SecurityGroup',
  securityGroupIds: 'ec2/SecurityGroup',
  vpcSecurityGroupIds: 'ec2/SecurityGroup',
  referencedSecurityGroupId: 'ec2/SecurityGroup',
  vpcEndpointId: 'ec2/VPCEndpoint',
  vpcPeeringConnectionId: 'ec2/VPCPeeringConnection',
  routeTableId: 'ec2/RouteTable',
  role: 'iam/Role',
  iamRoleArn: 'iam/Role',
  monitoringRoleArn: 'iam/Role',
  policyArn: 'iam/Policy',
  logDestination: 'cloudwatchlogs/Group',
  kmsKeyId: 'kms/Key',
  kmsKeyArn: 'kms/Key',
  kmsMasterKeyId: 'kms/Key',
  targetKeyId: 'kms/Key',
  primaryKeyArn: 'kms/Key',
  secretId: 'secretsmanager/Secret',
  dbSubnetGroupName: 'rds/SubnetGroup',
  dbClusterParameterGroupName: 'rds/ClusterParameterGroup',
  clusterIdentifier: 'rds/Cluster',
  snsTopic: 'sns/Topic',
  topicArn: 'sns/Topic',
  zoneId: 'route53/Zone',
  healthCheckId: 'route53/HealthCheck',
  childHealthchecks: 'route53/HealthCheck',
  bucket: 's3/Bucket',
  s3Bucket: 's3/Bucket',
  functionName: 'lambda/Function',
  targetArn: 'sqs/Queue',
  rule: 'cloudwatchevents/Rule',
  // Not to topics: an alarm on a metric names those by ARN.
  'MetricAlarm.alarmActions': 'autoscaling/Policy',
  'CompositeAlarm.alarmActions': 'sns/Topic',
  okActions: 'sns/Topic',
  cloudwatchAlarmName: 'cloudwatch/MetricAlarm',
  dbParameterGroupName: 'rds/ParameterGroup',
  logGroup: 'cloudwatchlogs/Group',
  performanceInsightsKmsKeyId: 'kms/Key',
  roleArn: 'iam/Role',
  secretArn: 'secretsmanager/Secret',
  // Of a topic's policy.
  arn: 'sns/Topic',
};

/**
 * Fields that may lead to another region: AWS knows the other there. Everywhere else an id of another region means nothing:
 * a VPC has subnets of its own region, an alarm reaches topics of its own.
 */
const ACROSS_REGIONS: ReadonlySet<string> = new Set([
  // A peering has one id in both regions.
  'VPCPeeringConnection.peerVpcId',
  'VPCPeeringConnectionAccepter.vpcPeeringConnectionId',
  'VPCPeeringConnectionOptions.vpcPeeringConnectionId',
  'Route.vpcPeeringConnectionId',
  // A multi-region key has one id in all regions.
  'ReplicaKey.primaryKeyArn',
  'Alias.targetKeyId',
  // Route 53 is global: its health checks see alarms of all regions, and a private zone serves VPCs of all.
  'HealthCheck.cloudwatchAlarmName',
  'Zone.vpcId',
  'Record.zoneId',
  'Record.healthCheckId',
]);

const FIELD = /^(?<target>\w+?)(?<shape>Ref|Refs|Selector)$/;

function serviceOf({ apiVersion }: Manifest): string {
  return apiVersion.split('.')[0] ?? '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** vpcSecurityGroupIdRefs fills in vpcSecurityGroupIds: both numbers are one. */
function targetOf(kind: string, field: string): string | undefined {
  return TARGETS[`${kind}.${field}`] ?? TARGETS[field] ?? TARGETS[`${field}s`];
}

function matches(labels: Readonly<Record<string, string>> | undefined, wanted: unknown): boolean {
  return isObject(wanted) && Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
}

/** What has no region, such as a role, is in all. */
function isInOtherRegion(from: Manifest, to: Manifest): boolean {
  const [one, other] = [from, to].map(({ spec }) => spec?.forProvider?.['region']);
  return one !== undefined && other !== undefined && one !== other;
}

/** Two resources, the first of which is not ready before the second is there. */
export interface Link {
  readonly from: Manifest;
  readonly to: Manifest;
}

/** What following all references finds. */
export interface FollowedReferences {
  /** References that lead nowhere, or where they mean nothing. */
  readonly problems: readonly string[];
  /** How many references there are. */
  readonly count: number;
  readonly links: readonly Link[];
}

class References implements FollowedReferences {
  readonly problems: string[] = [];
  readonly links: Link[] = [];
  count = 0;
  readonly #all: readonly Manifest[];

  constructor(all: readonly Manifest[]) {
    this.#all = all;
  }

  follow(from: Manifest, value: unknown): void {
    if (Array.isArray(value)) value.forEach((item) => this.follow(from, item));
    if (!isObject(value)) return;
    for (const [field, inner] of Object.entries(value)) {
      const { target, shape } = FIELD.exec(field)?.groups ?? {};
      // Secrets are no managed resources.
      if (target === undefined || field.endsWith('SecretRef')) this.follow(from, inner);
      else this.#resolve(from, target, shape === 'Selector', [inner].flat());
    }
  }

  #resolve(from: Manifest, field: string, isSelector: boolean, references: readonly unknown[]): void {
    const where = `${from.kind} ${from.metadata.name}: ${field}`;
    const target = targetOf(from.kind, field);
    if (target === undefined) {
      this.problems.push(`${where} leads to a kind that test/infrastructure/references.ts does not know`);
      return;
    }
    for (const reference of references) {
      this.count += 1;
      const found = this.#all.filter(
        (candidate) =>
          `${serviceOf(candidate)}/${candidate.kind}` === target &&
          candidate.metadata.namespace === from.metadata.namespace &&
          isObject(reference) &&
          (isSelector
            ? matches(candidate.metadata.labels, reference['matchLabels'])
            : candidate.metadata.name === reference['name']),
      );
      this.links.push(...found.map((to) => ({ from, to })));
      if (found.length === 0) this.problems.push(`${where} leads to no ${target}: ${JSON.stringify(reference)}`);
      const isElsewhere = found.some((candidate) => isInOtherRegion(from, candidate));
      if (isElsewhere && !ACROSS_REGIONS.has(`${from.kind}.${field}`)) {
        this.problems.push(
          `${where} leads to another region, where its id means nothing: ${JSON.stringify(reference)}`,
        );
      }
    }
  }
}

/** Follows every reference and selector of managed resources. */
export function followReferences(manifests: readonly Manifest[]): FollowedReferences {
  const references = new References(manifests);
  for (const manifest of manifests) {
    references.follow(manifest, manifest.spec?.forProvider);
    references.follow(manifest, manifest.spec?.initProvider);
  }
  return references;
}
