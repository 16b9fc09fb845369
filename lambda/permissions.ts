/** What a statement's actions are permitted on. */
export type PermittedResource =
  /** The global cluster: `arn:aws:rds::ACCOUNT:global-cluster:IDENTIFIER`. */
  | 'globalCluster'
  /** The member clusters, in every region: `arn:aws:rds:REGION:ACCOUNT:cluster:IDENTIFIER`. */
  | 'clusters'
  /** The topics that the function is given. */
  | 'topics'
  /** The action knows no resources. */
  | 'any';

/** One statement of a role's policy: everything that it does not say is denied. */
export interface FunctionPermission {
  readonly actions: readonly string[];
  readonly resources: readonly PermittedResource[];
  /** Whether a condition `StringEquals` on `cloudwatch:namespace` limits it to the functions' own namespace. */
  readonly isLimitedToNamespace?: boolean;
}

const OBSERVE: readonly FunctionPermission[] = [
  { actions: ['rds:DescribeGlobalClusters'], resources: ['globalCluster'] },
  { actions: ['rds:DescribeDBClusters'], resources: ['clusters'] },
  { actions: ['cloudwatch:GetMetricData', 'cloudwatch:ListMetrics'], resources: ['any'] },
  { actions: ['cloudwatch:PutMetricData'], resources: ['any'], isLimitedToNamespace: true },
  { actions: ['sns:Publish'], resources: ['topics'] },
];

/**
 * What each function calls, and on what: the least privilege of its role, besides what Lambda itself needs (its log group,
 * its network interfaces, its dead-letter queue, and the key of an encrypted topic).
 * Source of the resource types: "Actions, resources, and condition keys for Amazon RDS, CloudWatch and SNS" in the Service
 * Authorization Reference.
 */
export const FUNCTION_PERMISSIONS: Readonly<Record<'health-monitor' | 'failover', readonly FunctionPermission[]>> = {
  'health-monitor': OBSERVE,
  failover: [
    ...OBSERVE,
    {
      actions: ['rds:FailoverGlobalCluster', 'rds:SwitchoverGlobalCluster'],
      resources: ['globalCluster', 'clusters'],
    },
  ],
};
