import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { Cluster, ClusterInstance, ClusterParameterGroup, SubnetGroup } from '../../imports/rds.ts';
import type { ManagementPolicy } from '../../managed/managed-settings.ts';
import { ManagedSettings } from '../../managed/managed-settings.ts';
import type { Reference } from '../../managed/reference.ts';
import type { RoleFields } from './role-fields.ts';

/** The engine of Aurora MySQL. */
export const ENGINE = 'aurora-mysql';
/** Of parameter groups for Aurora MySQL 3. */
const FAMILY = 'aurora-mysql8.0';
const SERVERLESS = 'db.serverless';

/** What is the same for every member, because every member may become the primary. */
export interface MemberOptions {
  readonly engineVersion: string;
  /** `db.serverless`, or a class of provisioned instances. */
  readonly instanceClass: string;
  readonly instancesPerRegion: number;
  readonly port: number;
  /** Of the cluster parameter group. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly backups: { readonly retentionDays: number; readonly window: string };
  readonly maintenanceWindow: string;
  /** Logs that go to CloudWatch. Aurora writes some of them only when parameters say so, such as `server_audit_logging`. */
  readonly logs: readonly string[];
  readonly iamAuthentication: boolean;
}

/** How hard a database is to lose. */
export interface DeletionOptions {
  /** AWS refuses to delete it. */
  readonly protection: boolean;
  /** A snapshot is kept of a cluster that is deleted. */
  readonly finalSnapshot: boolean;
}

export interface MemberClusterProps {
  readonly names: Names;
  readonly region: string;
  /** Zones of its instances, one after the other. */
  readonly zones: readonly string[];
  /** Subnets of two zones or more. */
  readonly subnets: readonly Reference[];
  readonly securityGroup: Reference;
  /** ARN of the region's key, or of an alias of it. */
  readonly keyArn: string;
  /** Aurora capacity units; for `db.serverless`. */
  readonly capacity: { readonly minimum: number; readonly maximum: number };
  readonly options: MemberOptions;
  readonly deletion: DeletionOptions;
  readonly role: RoleFields;
  /**
   * Whether changes of the manifest reach AWS after creation.
   * @default false
   */
  readonly isUpdatable?: boolean;
}

/**
 * What Crossplane may do with a database: create and observe it. Without `Update` the provider cannot act on a role that a
 * failover has changed, whatever it makes of `initProvider`.
 */
export function databasePolicies(scope: Construct, isUpdatable: boolean): readonly ManagementPolicy[] {
  const usual = ManagedSettings.of(scope).managementPolicies(true);
  return isUpdatable ? usual : usual.filter((policy) => policy !== 'Update');
}

/** A member of the global database: an encrypted Aurora MySQL cluster in private subnets, with its instances. */
export class MemberCluster extends Construct {
  readonly cluster: Cluster;
  readonly instances: readonly ClusterInstance[];

  constructor(scope: Construct, id: string, props: MemberClusterProps) {
    super(scope, id);
    this.cluster = this.#createCluster(props, this.#createSubnetGroup(props), this.#createParameterGroup(props));
    this.instances = Array.from({ length: props.options.instancesPerRegion }, (_, index) =>
      this.#createInstance(props, index),
    );
  }

  #createSubnetGroup({ names, region, subnets }: MemberClusterProps): SubnetGroup {
    return new SubnetGroup(this, 'subnets', {
      name: names.of('subnet-group', region),
      forProvider: { region, description: `Private subnets of ${names.globalCluster}`, subnetIdRefs: subnets },
    });
  }

  #createParameterGroup({ names, region, options }: MemberClusterProps): ClusterParameterGroup {
    return new ClusterParameterGroup(this, 'parameters', {
      name: names.of('cluster-parameters', region),
      forProvider: {
        region,
        family: FAMILY,
        description: `Parameters of ${names.globalCluster}, whoever is the primary`,
        parameter: Object.entries(options.parameters)
          .toSorted(([one], [other]) => (one < other ? -1 : 1))
          // AWS takes this for static and dynamic parameters alike, and a cluster that is created has them all.
          .map(([name, value]) => ({ name, value, applyMethod: 'pending-reboot' })),
      },
    });
  }

  #createCluster(props: MemberClusterProps, subnets: SubnetGroup, parameters: ClusterParameterGroup): Cluster {
    const { names, region, options, deletion, role, capacity } = props;
    return new Cluster(this, 'cluster', {
      name: names.of('aurora', region),
      holdsData: true,
      managementPolicies: databasePolicies(this, props.isUpdatable ?? false),
      forProvider: {
        region,
        // A plain name: without it the provider would take the member out of the global cluster.
        globalClusterIdentifier: names.globalCluster,
        engine: ENGINE,
        engineVersion: options.engineVersion,
        port: options.port,
        storageEncrypted: true,
        dbSubnetGroupNameRef: subnets.reference,
        dbClusterParameterGroupNameRef: parameters.reference,
        vpcSecurityGroupIdRefs: [props.securityGroup],
        iamDatabaseAuthenticationEnabled: options.iamAuthentication,
        backupRetentionPeriod: options.backups.retentionDays,
        preferredBackupWindow: options.backups.window,
        preferredMaintenanceWindow: options.maintenanceWindow,
        enabledCloudwatchLogsExports: options.logs,
        copyTagsToSnapshot: true,
        deletionProtection: deletion.protection,
        ...(deletion.finalSnapshot
          ? { skipFinalSnapshot: false, finalSnapshotIdentifier: names.of('final-snapshot', region) }
          : { skipFinalSnapshot: true }),
        ...(options.instanceClass === SERVERLESS
          ? { serverlessv2ScalingConfiguration: { minCapacity: capacity.minimum, maxCapacity: capacity.maximum } }
          : {}),
        ...role.forProvider,
      },
      // The key too: AWS tells its ARN where an alias was given, and the provider would take that for a wish to replace.
      initProvider: { ...role.initProvider, kmsKeyId: props.keyArn },
    });
  }

  #createInstance({ names, region, zones, options }: MemberClusterProps, index: number): ClusterInstance {
    const zone = zones[index % zones.length];
    return new ClusterInstance(this, `instance-${String(index + 1)}`, {
      name: names.of('aurora-instance', region, index + 1),
      holdsData: true,
      forProvider: {
        region,
        clusterIdentifierRef: this.cluster.reference,
        engine: ENGINE,
        instanceClass: options.instanceClass,
        ...(zone === undefined ? {} : { availabilityZone: zone }),
        preferredMaintenanceWindow: options.maintenanceWindow,
        publiclyAccessible: false,
        // An upgrade of one region alone silently ends the ability to fail over: the patch levels must be equal.
        autoMinorVersionUpgrade: false,
        // Serverless readers of tiers 0 and 1 are kept as large as the writer: "Choosing the promotion tier" in the Aurora
        // User Guide.
        promotionTier: index === 0 ? 0 : 1,
        copyTagsToSnapshot: true,
      },
    });
  }
}
