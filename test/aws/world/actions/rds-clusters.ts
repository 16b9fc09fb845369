import { clusterArn, instanceArn } from '../arn.ts';
import { invalidParameterCombination, rdsFaults } from '../aws-error.ts';
import type { DbCluster, DbInstance } from '../model.ts';
import { freezeOrThaw } from '../replication.ts';
import { statusOf } from '../role-change.ts';
import type { World } from '../world.ts';
import type { Action, ActionContext, Output } from './action.ts';
import { filters, optionalNumber, optionalString, requiredString } from './input.ts';
import { page } from './page.ts';

export const describeDbClusters: Action = ({ world, caller, region, readAt }, input) => {
  const identifier = optionalString(input, 'DBClusterIdentifier');
  const byFilter = filters(input, ['db-cluster-id', 'db-cluster-resource-id', 'engine']);
  const all = world.clustersAt(caller.accountId, region, readAt);
  const named = all.filter((each) => identifier === undefined || isNamed(each, identifier));
  if (identifier !== undefined && named.length === 0) {
    throw rdsFaults.clusterNotFound(identifier);
  }
  const filtered = named.filter(
    (each) =>
      byFilter.get('db-cluster-id')?.some((value) => isNamed(each, value)) !== false &&
      byFilter.get('db-cluster-resource-id')?.includes(each.resourceId) !== false &&
      byFilter.get('engine')?.includes(each.engine) !== false,
  );
  const { items, marker } = page(input, filtered);
  return {
    Marker: marker,
    DBClusters: items.map((each) => world.described(each, readAt, () => clusterOutput(world, each, readAt))),
  };
};

export const describeDbInstances: Action = ({ world, caller, region, readAt }, input) => {
  const identifier = optionalString(input, 'DBInstanceIdentifier')?.toLowerCase();
  const byFilter = filters(input, ['db-cluster-id', 'db-instance-id', 'engine']);
  const all = world
    .clustersAt(caller.accountId, region, readAt)
    .flatMap((cluster) => cluster.instances.map((instance) => ({ cluster, instance })));
  const named = all.filter(({ instance }) => identifier === undefined || isNamed(instance, identifier));
  if (identifier !== undefined && named.length === 0) {
    throw rdsFaults.instanceNotFound(identifier);
  }
  const filtered = named.filter(
    ({ cluster, instance }) =>
      byFilter.get('db-cluster-id')?.some((value) => isNamed(cluster, value)) !== false &&
      byFilter.get('db-instance-id')?.some((value) => isNamed(instance, value)) !== false &&
      byFilter.get('engine')?.includes(cluster.engine) !== false,
  );
  const { items, marker } = page(input, filtered);
  return { Marker: marker, DBInstances: items.map(({ cluster, instance }) => instanceOutput(cluster, instance)) };
};

export const createDbCluster: Action = (context, input) => {
  const { world, caller, region, now } = context;
  const identifier = requiredString(input, 'DBClusterIdentifier').toLowerCase();
  const globalIdentifier = optionalString(input, 'GlobalClusterIdentifier')?.toLowerCase();
  if (world.clusters.has(clusterArn(region, caller.accountId, identifier))) {
    throw rdsFaults.clusterExists(identifier);
  }
  const cluster = newCluster(context, {
    identifier,
    engine: requiredString(input, 'Engine'),
    engineVersion: optionalString(input, 'EngineVersion') ?? '8.0.mysql_aurora.3.08.0',
    address: '127.0.0.1',
    port: optionalNumber(input, 'Port') ?? 3306,
    globalClusterIdentifier: globalIdentifier,
  });
  const globalCluster =
    globalIdentifier === undefined ? undefined : world.globalCluster(caller.accountId, globalIdentifier);
  if (globalCluster?.members.some((member) => world.cluster(member.clusterArn).region === region)) {
    throw rdsFaults.invalidGlobalClusterState(`Global cluster ${globalCluster.identifier} has a member in ${region}.`);
  }
  world.addCluster(cluster);
  if (globalCluster !== undefined) {
    const isWriter = globalCluster.members.length === 0;
    globalCluster.members.push({
      clusterArn: cluster.arn,
      isWriter,
      synchronizationStatus: 'connected',
      resynchronizations: 0,
    });
    world.changed(globalCluster);
    freezeOrThaw(world, now, globalCluster);
  }
  return { DBCluster: clusterOutput(world, cluster, now) };
};

export const createDbInstance: Action = ({ world, caller, region }, input) => {
  const identifier = requiredString(input, 'DBInstanceIdentifier').toLowerCase();
  const clusterIdentifier = optionalString(input, 'DBClusterIdentifier');
  if (clusterIdentifier === undefined) {
    throw invalidParameterCombination('Only instances of a DB cluster are served here: state DBClusterIdentifier.');
  }
  const cluster = world.findCluster(region, clusterIdentifier, caller.accountId);
  if (cluster.instances.some((each) => each.identifier === identifier)) {
    throw rdsFaults.instanceExists(identifier);
  }
  const instance = { identifier, arn: instanceArn(region, caller.accountId, identifier), status: 'available' };
  cluster.instances.push(instance);
  world.clusterChanged(cluster);
  return { DBInstance: instanceOutput(cluster, instance) };
};

/** A DB cluster with nothing special about it. */
export function newCluster(
  { world, caller, region, now }: Pick<ActionContext, 'world' | 'caller' | 'region' | 'now'>,
  named: Pick<DbCluster, 'identifier' | 'engine' | 'engineVersion' | 'address' | 'port' | 'globalClusterIdentifier'>,
): DbCluster {
  return {
    ...named,
    accountId: caller.accountId,
    region,
    resourceId: `cluster-${world.nextNumber().toString(36).toUpperCase().padStart(26, '0')}`,
    arn: clusterArn(region, caller.accountId, named.identifier),
    createdAt: now,
    status: 'available',
    statusOverride: undefined,
    endpointMode: 'auto',
    instances: [],
    replication: {
      lag: { kind: 'constant', milliseconds: world.settings.defaultLag },
      lagSince: now,
      stopped: undefined,
      isSevered: false,
    },
    cpuUtilization: 20,
    silencedMetrics: [],
  };
}

function isNamed({ identifier, arn }: { identifier: string; arn: string }, value: string): boolean {
  return identifier === value.toLowerCase() || arn === value;
}

export function clusterOutput(world: World, cluster: DbCluster, readAt: number): Output {
  const globalCluster = world.globalClusterOf(cluster, readAt);
  const member = globalCluster?.members.find(({ clusterArn: arn }) => arn === cluster.arn);
  const isSecondary = globalCluster !== undefined && member?.isWriter === false;
  return {
    DBClusterIdentifier: cluster.identifier,
    DBClusterArn: cluster.arn,
    DbClusterResourceId: cluster.resourceId,
    Status: statusOf(cluster),
    Engine: cluster.engine,
    EngineVersion: cluster.engineVersion,
    EngineMode: 'provisioned',
    Endpoint: cluster.address,
    ReaderEndpoint: cluster.readerAddress ?? cluster.address,
    Port: cluster.port,
    MultiAZ: cluster.instances.length > 1,
    AvailabilityZones: ['a', 'b', 'c'].map((zone) => `${cluster.region}${zone}`),
    DBClusterMembers: cluster.instances.map((instance, index) => ({
      DBInstanceIdentifier: instance.identifier,
      IsClusterWriter: index === 0 && !isSecondary,
      DBClusterParameterGroupStatus: 'in-sync',
      PromotionTier: 1,
    })),
    ReplicationSourceIdentifier: isSecondary ? world.writerOf(globalCluster)?.arn : undefined,
    ReadReplicaIdentifiers: [],
    BackupRetentionPeriod: 7,
    StorageEncrypted: true,
    DeletionProtection: cluster.deletionProtection ?? false,
    ClusterCreateTime: new Date(cluster.createdAt),
    GlobalClusterIdentifier: cluster.globalClusterIdentifier,
    GlobalWriteForwardingStatus: isSecondary ? 'disabled' : undefined,
    GlobalWriteForwardingRequested: isSecondary ? false : undefined,
  };
}

export function instanceOutput(cluster: DbCluster, instance: DbInstance): Output {
  return {
    DBInstanceIdentifier: instance.identifier,
    DBInstanceArn: instance.arn,
    DBInstanceClass: 'db.r6g.large',
    DBInstanceStatus: instance.status,
    Engine: cluster.engine,
    EngineVersion: cluster.engineVersion,
    DBClusterIdentifier: cluster.identifier,
    Endpoint: { Address: cluster.address, Port: cluster.port },
    AvailabilityZone: `${cluster.region}a`,
    InstanceCreateTime: new Date(cluster.createdAt),
  };
}
