import { parseClusterArn } from '../failover/topology.ts';
import { describeResource, type ManagedResource } from './managed-resource.ts';

/** A member of the global cluster, as observed. */
export interface ObservedMember {
  readonly region: string;
  readonly clusterIdentifier: string;
}

/** Which member is what, as observed: never as declared. */
export interface ObservedRoles {
  readonly globalClusterIdentifier: string;
  readonly primary: ObservedMember;
  readonly secondaries: readonly ObservedMember[];
}

/**
 * What an enforced spec does to the database. Detach: the member leaves the global cluster. Promote: a secondary becomes a
 * standalone cluster. Replace: a field is changed that AWS only takes at creation, which a provider refuses or answers
 * with a new object.
 */
export type DriftEffect = 'Detach' | 'Promote' | 'Replace';

/** One statement of one resource that contradicts the observed roles. */
export interface RoleDrift {
  readonly resource: ManagedResource;
  readonly effect: DriftEffect;
  /** The field of the spec, such as `forProvider.replicationSourceIdentifier`. */
  readonly field: string;
  /** `managementPolicies` let the provider act on it. */
  readonly isArmed: boolean;
  readonly message: string;
}

/**
 * What a Cluster's spec says that it is. Neutral: its replication source is in `initProvider` alone, which is applied at
 * creation and ignored afterwards, so it may take either role.
 */
export type DeclaredRole =
  | { readonly role: 'Primary' }
  | { readonly role: 'Secondary'; readonly source: string }
  | { readonly role: 'Neutral'; readonly source: string };

/** Which role a Cluster declares: the one with a replication source is a secondary, the one without is the primary. */
export function declaredRoleOf({ forProvider, initProvider }: ManagedResource): DeclaredRole {
  if (forProvider.replicationSourceIdentifier !== undefined) {
    return { role: 'Secondary', source: forProvider.replicationSourceIdentifier };
  }
  return initProvider.replicationSourceIdentifier === undefined
    ? { role: 'Primary' }
    : { role: 'Neutral', source: initProvider.replicationSourceIdentifier };
}

/** Whether an ARN, or an identifier of the resource's own region, names that member. */
function names(stated: string, own: ManagedResource, { region, clusterIdentifier }: ObservedMember): boolean {
  const named = parseClusterArn(stated) ?? { region: own.region, identifier: stated };
  return named.region === region && named.identifier === clusterIdentifier;
}

type Finding = Pick<RoleDrift, 'effect' | 'field'> & { readonly why: string };

function membershipOf({ forProvider, initProvider }: ManagedResource, roles: ObservedRoles): Finding[] {
  const expected = roles.globalClusterIdentifier;
  const part = forProvider.globalClusterIdentifier === undefined ? 'initProvider' : 'forProvider';
  const stated = forProvider.globalClusterIdentifier ?? initProvider.globalClusterIdentifier;
  if (stated === undefined) {
    const why = `states no global cluster although it is a member of ${expected}`;
    return [{ effect: 'Detach', field: 'forProvider.globalClusterIdentifier', why }];
  }
  const why = `states global cluster ${stated} and is a member of ${expected}`;
  return stated === expected ? [] : [{ effect: 'Detach', field: `${part}.globalClusterIdentifier`, why }];
}

function sourceOfSecondary(resource: ManagedResource, { primary }: ObservedRoles): Finding[] {
  const declared = declaredRoleOf(resource);
  if (declared.role === 'Primary') {
    const why = `is a secondary and states no replication source, as only the primary may`;
    return [{ effect: 'Promote', field: 'forProvider.replicationSourceIdentifier', why }];
  }
  if (names(declared.source, resource, primary)) {
    return [];
  }
  const why = `is a secondary of ${primary.region}/${primary.clusterIdentifier} and states ${declared.source} as its source`;
  return declared.role === 'Secondary'
    ? [{ effect: 'Replace', field: 'forProvider.replicationSourceIdentifier', why }]
    : [
        {
          effect: 'Replace',
          field: 'initProvider.replicationSourceIdentifier',
          why: `${why}; a provider that does not leave initProvider alone would act on it`,
        },
      ];
}

function sourceOfPrimary(resource: ManagedResource): Finding[] {
  const declared = declaredRoleOf(resource);
  const why = 'is the primary and states a replication source, as only a secondary may';
  return declared.role === 'Secondary'
    ? [{ effect: 'Replace', field: 'forProvider.replicationSourceIdentifier', why: `${why} (${declared.source})` }]
    : [];
}

function sourceRegionOf({ forProvider, region }: ManagedResource, { primary }: ObservedRoles): Finding[] {
  const { sourceRegion } = forProvider;
  const isPrimary = region === primary.region;
  if (sourceRegion === undefined || (sourceRegion === primary.region && !isPrimary)) {
    return [];
  }
  const why = isPrimary
    ? `is the primary and states ${sourceRegion} as its source’s region`
    : `states ${sourceRegion} as its source’s region, and the primary is in ${primary.region}`;
  return [{ effect: 'Replace', field: 'forProvider.sourceRegion', why }];
}

function findingsOfCluster(resource: ManagedResource, roles: ObservedRoles): Finding[] {
  const isOf = ({ region, clusterIdentifier }: ObservedMember): boolean =>
    region === resource.region && clusterIdentifier === resource.externalName;
  const isPrimary = isOf(roles.primary);
  if (!isPrimary && !roles.secondaries.some(isOf)) {
    // Not, or no longer, a member: it has no role that its spec could contradict.
    return [];
  }
  return [
    ...membershipOf(resource, roles),
    ...(isPrimary ? sourceOfPrimary(resource) : sourceOfSecondary(resource, roles)),
    ...sourceRegionOf(resource, roles),
  ];
}

function findingsOfGlobalCluster(resource: ManagedResource, { primary }: ObservedRoles): Finding[] {
  const stated = resource.forProvider.sourceDbClusterIdentifier;
  if (stated === undefined || names(stated, resource, primary)) {
    return [];
  }
  const why = `states ${stated} as its source, and the primary is ${primary.region}/${primary.clusterIdentifier}`;
  return [{ effect: 'Replace', field: 'forProvider.sourceDbClusterIdentifier', why }];
}

const EFFECTS: Readonly<Record<DriftEffect, string>> = {
  Detach: 'the provider would detach it from the global cluster',
  Promote: 'the provider would promote it to a standalone cluster',
  Replace: 'the provider would fail on it or replace it',
};

function findingsOf(resource: ManagedResource, roles: ObservedRoles): Finding[] {
  switch (resource.kind) {
    case 'Cluster':
      return findingsOfCluster(resource, roles);
    case 'GlobalCluster':
      return findingsOfGlobalCluster(resource, roles);
    // An instance belongs to its cluster whatever that cluster's role is.
    case 'ClusterInstance':
      return [];
  }
}

function deletionOf(resource: ManagedResource): RoleDrift[] {
  if (!resource.isBeingDeleted || resource.kind === 'ClusterInstance') {
    return [];
  }
  const message = `${describeResource(resource)} is being deleted: ${EFFECTS.Detach}`;
  return [{ resource, effect: 'Detach', field: 'metadata.deletionTimestamp', isArmed: true, message }];
}

/**
 * Everything in the specs of a global cluster's managed resources that contradicts the observed roles, and what the
 * provider would do about it. Sources: provider-upjet-aws #1789, terraform-provider-aws #40337, #40921, #42919, #43214.
 *
 * @param resources those that describe members of this global cluster, or the global cluster itself
 */
export function judgeRoleDrift(resources: readonly ManagedResource[], roles: ObservedRoles): readonly RoleDrift[] {
  return resources.flatMap((resource) => [
    ...deletionOf(resource),
    ...findingsOf(resource, roles).map(({ effect, field, why }) => {
      const isArmed = resource.canUpdate;
      const consequence = isArmed ? EFFECTS[effect] : 'managementPolicies keep the provider from acting on it';
      return { resource, effect, field, isArmed, message: `${describeResource(resource)} ${why}: ${consequence}` };
    }),
  ]);
}
