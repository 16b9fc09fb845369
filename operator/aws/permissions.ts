/** What an action is permitted on; AWS's own words for it are in the Service Authorization Reference. */
export type PermittedOn =
  /** The action knows no resources, or the question is for all of an account at once. */
  | 'everything'
  /** Global clusters and their members in all regions. */
  | 'clusters'
  /** Snapshots of clusters, and the clusters that they are of. */
  | 'snapshots'
  /** The topics of `spec.notifications`. */
  | 'topics'
  /** The keys that snapshots, or topics, are encrypted with. */
  | 'keys'
  /** The roles of `spec.aws.roleArn`. */
  | 'roles';

/** One statement: everything that none says is denied. */
export interface OperatorPermission {
  readonly sid: string;
  /** Called by the code. */
  readonly calls: readonly string[];
  /** Not called, but asked for by AWS on behalf of a call. @default - none */
  readonly implied?: readonly string[];
  readonly on: PermittedOn;
  /** Limits it to the namespaces of the metrics that are put. @default false */
  readonly isLimitedToNamespace?: boolean;
  /** The service of AWS through which a key may be used. @default - none: not about a key */
  readonly viaService?: 'rds' | 'sns';
}

/** Something that the operator does only where a policy asks for it, and the rights that it takes. */
export interface OperatorFeature {
  /** In the name of the generated file. */
  readonly name: string;
  /** What it is for, and when it is needed. */
  readonly purpose: string;
  readonly permissions: readonly OperatorPermission[];
}

/**
 * What the operator calls on AWS, by feature. `npm run generate` writes IAM policies from it and fails when the code calls
 * anything else; an end-to-end test compares it with the calls that reach the local AWS.
 */
export const OPERATOR_FEATURES: readonly OperatorFeature[] = [
  {
    name: 'observation',
    purpose: 'always: to see the clusters, and how far the secondaries are behind',
    permissions: [
      {
        // Asked for all that the account has in a region, once for all policies: IAM permits that on everything only.
        sid: 'ObserveClusters',
        calls: ['rds:DescribeGlobalClusters', 'rds:DescribeDBClusters', 'rds:DescribeEvents'],
        on: 'everything',
      },
      { sid: 'ObserveLag', calls: ['cloudwatch:ListMetrics', 'cloudwatch:GetMetricData'], on: 'everything' },
    ],
  },
  {
    name: 'failover',
    purpose: 'always: to fail over and to switch over',
    permissions: [
      { sid: 'ChangeRoles', calls: ['rds:FailoverGlobalCluster', 'rds:SwitchoverGlobalCluster'], on: 'clusters' },
    ],
  },
  {
    name: 'snapshots',
    purpose: 'after a failover: to keep what the old primary had and nobody else has',
    permissions: [
      { sid: 'FindSnapshots', calls: ['rds:DescribeDBClusterSnapshots'], on: 'snapshots' },
      {
        sid: 'KeepSnapshots',
        calls: ['rds:CopyDBClusterSnapshot'],
        implied: ['rds:AddTagsToResource'],
        on: 'snapshots',
      },
      {
        sid: 'UseKeysOfSnapshots',
        calls: [],
        implied: ['kms:CreateGrant', 'kms:DescribeKey'],
        on: 'keys',
        viaService: 'rds',
      },
    ],
  },
  {
    name: 'routing',
    purpose: 'with `publish.routing`: to put the metric that DNS follows',
    permissions: [
      { sid: 'PutRoutingMetric', calls: ['cloudwatch:PutMetricData'], on: 'everything', isLimitedToNamespace: true },
    ],
  },
  {
    name: 'notifications',
    purpose: 'with `notifications`: to publish to topics, encrypted ones too',
    permissions: [
      { sid: 'Notify', calls: ['sns:Publish'], on: 'topics' },
      {
        sid: 'UseKeysOfTopics',
        calls: [],
        implied: ['kms:Decrypt', 'kms:GenerateDataKey'],
        on: 'keys',
        viaService: 'sns',
      },
    ],
  },
  {
    name: 'other-accounts',
    purpose: 'with `aws.roleArn`: to assume the roles that have the other rights, in their accounts',
    permissions: [{ sid: 'AssumeRoles', calls: ['sts:AssumeRole'], on: 'roles' }],
  },
];
