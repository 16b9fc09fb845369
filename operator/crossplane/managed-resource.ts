import { defined } from '../failover/defined.ts';
import type { KubeObject, ResourceType } from '../runtime/resource.ts';

/**
 * API groups of the RDS kinds of Upbound's AWS provider: cluster-scoped ones, and the namespaced ones of Crossplane 2.
 * https://docs.crossplane.io/latest/managed-resources/managed-resources/
 */
export const MANAGED_GROUPS = ['rds.aws.upbound.io', 'rds.aws.m.upbound.io'] as const;

/** The kinds whose reconciliation can undo a role change. */
export const MANAGED_KINDS = ['Cluster', 'ClusterInstance', 'GlobalCluster'] as const;
export type ManagedKind = (typeof MANAGED_KINDS)[number];

/** What Crossplane calls the object in AWS; absent until it was created or named. */
export const EXTERNAL_NAME = 'crossplane.io/external-name';
/** `"true"` stops the reconciliation of one managed resource. */
export const PAUSED = 'crossplane.io/paused';
/** The operator's mark: `namespace/name` of the policy that paused the resource. Without it the pause is somebody else's. */
export const PAUSED_BY = 'aurora-dr.io/paused-by';
/**
 * The operation that the resource was last paused for. It stays when the mark goes, so that nobody's wish to resume is
 * overruled for the same operation.
 */
export const PAUSED_FOR = 'aurora-dr.io/paused-for';
/** The primary region before the first role change that the resource was paused for: back there, it may be resumed. */
export const PAUSED_FROM = 'aurora-dr.io/paused-from';

/** The fields whose value depends on roles or membership, as one half of a spec states them. */
export interface StatedFields {
  readonly globalClusterIdentifier?: string;
  readonly replicationSourceIdentifier?: string;
  readonly sourceRegion?: string;
  readonly sourceDbClusterIdentifier?: string;
}

/** A managed resource, reduced to what the operator judges by. */
export interface ManagedResource {
  readonly type: ResourceType;
  readonly kind: ManagedKind;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly region: string;
  readonly externalName?: string;
  /** A ClusterInstance's cluster: its identifier in RDS, or the name of the managed resource that it refers to. */
  readonly clusterIdentifier?: string;
  readonly clusterReference?: string;
  /** What the provider last saw; absent before the first reconciliation. */
  readonly arn?: string;
  /** Enforced by the provider in each of its reconciliations. */
  readonly forProvider: StatedFields;
  /** Meant for creation alone; some providers go on reconciling it (crossplane-contrib/provider-upjet-aws #1789). */
  readonly initProvider: StatedFields;
  /** Whether `managementPolicies` let the provider change the object in AWS. */
  readonly canUpdate: boolean;
  /** Somebody asked for its deletion, and `managementPolicies` let the provider carry it out. */
  readonly isBeingDeleted: boolean;
  readonly isPaused: boolean;
  readonly pausedBy?: string;
  readonly pausedFor?: string;
  readonly pausedFrom?: string;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown, name: string): Fields => {
  const found: unknown = typeof value === 'object' && value !== null ? (value as Fields)[name] : undefined;
  return typeof found === 'object' && found !== null ? (found as Fields) : {};
};
/** An empty string states nothing: the provider treats it like an absent field. */
const textOf = (fields: Fields, name: string): string | undefined => {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

function statedFields(fields: Fields): StatedFields {
  return defined({
    globalClusterIdentifier: textOf(fields, 'globalClusterIdentifier'),
    replicationSourceIdentifier: textOf(fields, 'replicationSourceIdentifier'),
    sourceRegion: textOf(fields, 'sourceRegion'),
    sourceDbClusterIdentifier: textOf(fields, 'sourceDbClusterIdentifier'),
  });
}

function policiesOf(spec: Fields): ReadonlySet<unknown> {
  const policies = spec['managementPolicies'];
  return new Set<unknown>(Array.isArray(policies) && policies.length > 0 ? policies : ['*']);
}

function permissionsOf(spec: Fields, isDeletionAsked: boolean): Pick<ManagedResource, 'canUpdate' | 'isBeingDeleted'> {
  const policies = policiesOf(spec);
  const may = (action: string): boolean => policies.has('*') || policies.has(action);
  return {
    canUpdate: may('Update'),
    isBeingDeleted: isDeletionAsked && may('Delete') && spec['deletionPolicy'] !== 'Orphan',
  };
}

/** Whether the API server's resource is one of {@link MANAGED_KINDS}. */
export function isManagedKind(kind: string): kind is ManagedKind {
  return MANAGED_KINDS.some((managed) => managed === kind);
}

/** Reads a managed resource; undefined for one without a region, which names nothing in AWS. */
export function readManagedResource(type: ResourceType, object: KubeObject): ManagedResource | undefined {
  const { name, namespace, uid = '', resourceVersion = '', annotations = {}, deletionTimestamp } = object.metadata;
  const spec = fieldsOf(object, 'spec');
  const forProvider = fieldsOf(spec, 'forProvider');
  const initProvider = fieldsOf(spec, 'initProvider');
  const atProvider = fieldsOf(fieldsOf(object, 'status'), 'atProvider');
  const region = textOf(forProvider, 'region');
  if (region === undefined || !isManagedKind(type.kind)) {
    return undefined;
  }
  const reference = {
    ...fieldsOf(initProvider, 'clusterIdentifierRef'),
    ...fieldsOf(forProvider, 'clusterIdentifierRef'),
  };
  return defined({
    type,
    kind: type.kind,
    namespace: namespace === '' ? undefined : namespace,
    name,
    uid,
    resourceVersion,
    region,
    externalName: textOf(annotations, EXTERNAL_NAME),
    clusterIdentifier:
      textOf(forProvider, 'clusterIdentifier') ??
      textOf(initProvider, 'clusterIdentifier') ??
      textOf(atProvider, 'clusterIdentifier'),
    clusterReference: textOf(reference, 'name'),
    arn: textOf(atProvider, 'arn'),
    forProvider: statedFields(forProvider),
    initProvider: statedFields(initProvider),
    ...permissionsOf(spec, deletionTimestamp !== undefined),
    isPaused: annotations[PAUSED] === 'true',
    pausedBy: textOf(annotations, PAUSED_BY),
    pausedFor: textOf(annotations, PAUSED_FOR),
    pausedFrom: textOf(annotations, PAUSED_FROM),
  });
}

/** For people: `Cluster payments/aurora-prod (us-east-1)`. */
export function describeResource({ kind, namespace, name, region }: ManagedResource): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name} (${region})`;
}
