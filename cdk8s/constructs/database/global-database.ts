import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { GlobalCluster } from '../../imports/rds.ts';
import type { DeletionOptions, MemberClusterProps, MemberOptions } from './member-cluster.ts';
import { databasePolicies, ENGINE, MemberCluster } from './member-cluster.ts';
import type { MasterUser } from './role-fields.ts';
import { roleFieldsOf } from './role-fields.ts';

/** What each region brings along. */
export type MemberRegion = Pick<
  MemberClusterProps,
  'region' | 'zones' | 'subnets' | 'securityGroup' | 'keyArn' | 'capacity'
>;

export interface GlobalDatabaseProps {
  readonly names: Names;
  readonly accountId: string;
  /** Through which region the global cluster is managed: it belongs to none, and must not follow the primary. */
  readonly home: string;
  /** The region that is declared to write. */
  readonly primary: string;
  /** Two or more, in an order that does not depend on roles. */
  readonly regions: readonly MemberRegion[];
  readonly databaseName: string;
  readonly masterUser: MasterUser;
  readonly options: MemberOptions;
  readonly deletion: DeletionOptions;
  /**
   * Whether changes of clusters reach AWS after creation: see docs/concepts/infrastructure-as-code.md.
   * @default false
   */
  readonly isUpdatable?: boolean;
}

/** An Aurora MySQL global database whose manifests fit whichever of its members is the primary. */
export class GlobalDatabase extends Construct {
  readonly globalCluster: GlobalCluster;
  /** By region. */
  readonly members: ReadonlyMap<string, MemberCluster>;

  constructor(scope: Construct, id: string, props: GlobalDatabaseProps) {
    super(scope, id);
    const { names, accountId, options, deletion, isUpdatable = false } = props;
    this.globalCluster = new GlobalCluster(this, 'global-cluster', {
      name: names.globalCluster,
      holdsData: true,
      // It upgrades its members: what they are kept from, it is kept from too.
      managementPolicies: databasePolicies(this, isUpdatable),
      // No sourceDbClusterIdentifier: a failover swaps it.
      forProvider: {
        region: props.home,
        engine: ENGINE,
        engineVersion: options.engineVersion,
        databaseName: props.databaseName,
        storageEncrypted: true,
        deletionProtection: deletion.protection,
      },
    });
    const members = props.regions.map(({ region }) => ({
      region,
      arn: `arn:aws:rds:${region}:${accountId}:cluster:${names.of('aurora', region)}`,
    }));
    this.members = new Map(
      props.regions.map((region) => [
        region.region,
        new MemberCluster(this, region.region, {
          ...region,
          names,
          options,
          deletion,
          isUpdatable,
          role: roleFieldsOf({
            region: region.region,
            primary: props.primary,
            members,
            databaseName: props.databaseName,
            masterUser: props.masterUser,
          }),
        }),
      ]),
    );
  }
}
