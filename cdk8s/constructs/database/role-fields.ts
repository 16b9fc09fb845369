import type { ClusterParameters } from '../../imports/rds.ts';
import type { SecretKeyReference } from '../../managed/reference.ts';

/** A member cluster of the global database, as others name it. */
export interface Member {
  readonly region: string;
  /** ARN of its cluster. */
  readonly arn: string;
}

/** The master user, whom the primary alone is created with. */
export interface MasterUser {
  readonly name: string;
  readonly password: SecretKeyReference;
}

export interface RoleFieldsProps {
  /** The member that the fields are for. */
  readonly region: string;
  /** The region that is declared to write. */
  readonly primary: string;
  /** All members, in an order that does not depend on roles. */
  readonly members: readonly Member[];
  readonly databaseName: string;
  readonly masterUser: MasterUser;
}

/** What a member's manifest says of its role: the only part of all manifests that changes with the declared primary. */
export interface RoleFields {
  readonly forProvider: Pick<ClusterParameters, 'autoGeneratePassword' | 'masterPasswordSecretRef'>;
  readonly initProvider: Pick<
    ClusterParameters,
    'replicationSourceIdentifier' | 'sourceRegion' | 'masterUsername' | 'databaseName'
  >;
}

/**
 * The fields by which a primary differs from a secondary. They count at creation alone, because a failover swaps the roles.
 *
 * - `replicationSourceIdentifier` stands on every member and is never empty: the provider promotes a secondary whose source is
 *   gone, and answers another source with an error. Secondaries name the primary, the primary names the first of the others, so
 *   of two members each names the other, and nothing differs after a swap. At creation the provider does not send it for
 *   members of a global cluster (terraform-provider-aws, `resourceClusterCreate` and `resourceClusterUpdate`).
 * - Secondaries have neither user nor password nor database: AWS refuses them for a replica. For the same reason AWS refuses a
 *   secondary that comes to be created before the primary, and Crossplane tries again: it cannot become the primary by accident.
 * - The password is not for creation alone because the provider generates it from `forProvider` only. Nothing there can promote,
 *   detach or replace a member.
 */
export function roleFieldsOf({ region, primary, members, databaseName, masterUser }: RoleFieldsProps): RoleFields {
  const isPrimary = region === primary;
  const source = members.find((member) => (isPrimary ? member.region !== region : member.region === primary));
  if (source === undefined) {
    throw new Error(
      `cannot state the role of ${region}: it has no other member to replicate with; declare two or more`,
    );
  }
  if (!isPrimary) {
    return {
      forProvider: {},
      initProvider: { replicationSourceIdentifier: source.arn, sourceRegion: source.region },
    };
  }
  return {
    forProvider: { autoGeneratePassword: true, masterPasswordSecretRef: masterUser.password },
    initProvider: { replicationSourceIdentifier: source.arn, masterUsername: masterUser.name, databaseName },
  };
}
