import type { OperatorFeature, OperatorPermission, PermittedOn } from '../../operator/aws/permissions.ts';

/** What the rights are narrowed to. */
export interface PolicyScope {
  /** @default - `aws` */
  readonly partition?: string;
  /** @default - any */
  readonly account?: string;
  /** Global clusters. @default - all */
  readonly globalClusters?: readonly string[];
  /** Member clusters, in whatever region. @default - all */
  readonly clusters?: readonly string[];
  /** ARNs. @default - all topics of the account */
  readonly topics?: readonly string[];
  /** ARNs. @default - all keys of the account, through the service that they are for */
  readonly keys?: readonly string[];
  /** ARNs. @default - all roles called aurora-dr-… */
  readonly roles?: readonly string[];
  /** Namespaces of the routing metric. @default - AuroraDR */
  readonly namespaces?: readonly string[];
}

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

function resourcesOf({ on }: OperatorPermission, scope: PolicyScope): readonly string[] {
  const { partition = 'aws', account = '*', globalClusters = ['*'], clusters = ['*'] } = scope;
  const arn = (rest: string): string => `arn:${partition}:${rest}`;
  const members = clusters.map((name) => arn(`rds:*:${account}:cluster:${name}`));
  const resources: Readonly<Record<PermittedOn, readonly string[]>> = {
    everything: ['*'],
    clusters: [...globalClusters.map((name) => arn(`rds::${account}:global-cluster:${name}`)), ...members],
    snapshots: [...members, arn(`rds:*:${account}:cluster-snapshot:*`)],
    topics: scope.topics ?? [arn(`sns:*:${account}:*`)],
    keys: scope.keys ?? [arn(`kms:*:${account}:key/*`)],
    roles: scope.roles ?? [arn('iam::*:role/aurora-dr-*')],
  };
  return resources[on];
}

function statementOf(permission: OperatorPermission, scope: PolicyScope): Statement {
  const { sid, calls, implied = [], isLimitedToNamespace = false, viaService } = permission;
  const { namespaces = ['AuroraDR'] } = scope;
  const namespace = isLimitedToNamespace ? { StringEquals: { 'cloudwatch:namespace': namespaces } } : {};
  const key = viaService === undefined ? {} : { StringLike: { 'kms:ViaService': [`${viaService}.*.amazonaws.com`] } };
  const Condition = { ...namespace, ...key };
  return {
    Sid: sid,
    Effect: 'Allow',
    Action: [...calls, ...implied],
    Resource: resourcesOf(permission, scope),
    ...(Object.keys(Condition).length === 0 ? {} : { Condition }),
  };
}

/** The IAM policy of an operator that has these features. */
export function policyDocument(features: readonly OperatorFeature[], scope: PolicyScope = {}): PolicyDocument {
  const permissions = features.flatMap((feature) => feature.permissions);
  return { Version: '2012-10-17', Statement: permissions.map((permission) => statementOf(permission, scope)) };
}
