import { invalidParameterCombination, rdsFaults } from '../aws-error.ts';
import type { DbCluster, GlobalCluster } from '../model.ts';
import { freezeOrThaw } from '../replication.ts';
import { addSnapshot } from '../snapshots.ts';
import type { World } from '../world.ts';
import type { Action, ActionContext } from './action.ts';
import { optionalBoolean, optionalString, requiredString } from './input.ts';
import { clusterOutput, instanceOutput } from './rds-clusters.ts';
import { globalClusterOutput } from './rds-global-clusters.ts';

/**
 * What goes, and what AWS refuses to let go. Rules: "Deleting an Amazon Aurora global database", "Deleting Aurora DB clusters and
 * DB instances" in the Aurora User Guide, and the errors of these actions in the RDS API reference. Nothing lingers in
 * `deleting` here.
 */
export const deleteDbInstance: Action = ({ world, caller, region }, input) => {
  const identifier = requiredString(input, 'DBInstanceIdentifier').toLowerCase();
  const cluster = [...world.clusters.values()].find(
    (each) =>
      each.accountId === caller.accountId &&
      each.region === region &&
      each.instances.some((instance) => instance.identifier === identifier),
  );
  const instance = cluster?.instances.find((each) => each.identifier === identifier);
  if (cluster === undefined || instance === undefined) throw rdsFaults.instanceNotFound(identifier);
  cluster.instances = cluster.instances.filter((each) => each !== instance);
  world.clusterChanged(cluster);
  return { DBInstance: { ...instanceOutput(cluster, instance), DBInstanceStatus: 'deleting' } };
};

export const deleteDbCluster: Action = ({ world, caller, region, now }, input) => {
  const cluster = world.findCluster(region, requiredString(input, 'DBClusterIdentifier'), caller.accountId);
  const snapshot = optionalString(input, 'FinalDBSnapshotIdentifier');
  assertDeletable(cluster);
  if ((optionalBoolean(input, 'SkipFinalSnapshot') ?? false) !== (snapshot === undefined)) {
    throw invalidParameterCombination(
      'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified, and not allowed when it is.',
    );
  }
  if (snapshot !== undefined) {
    addSnapshot(world, cluster, { identifier: snapshot.toLowerCase(), snapshotType: 'manual', at: now, duration: 0 });
  }
  const output = { ...clusterOutput(world, cluster, now), Status: 'deleting' };
  world.removeCluster(cluster);
  return { DBCluster: output };
};

function assertDeletable(cluster: DbCluster): void {
  if (cluster.deletionProtection === true) {
    throw invalidParameterCombination(
      'Cannot delete protected Cluster, please disable deletion protection and try again.',
    );
  }
  if (cluster.globalClusterIdentifier !== undefined) {
    throw rdsFaults.invalidClusterState(
      'This cluster is a part of a global cluster, please remove it from globalcluster first',
    );
  }
  if (cluster.instances.length > 0) {
    throw rdsFaults.invalidClusterState(
      'Cluster cannot be deleted, it still contains DB instances in non-deleting state.',
    );
  }
}

export const removeFromGlobalCluster: Action = (context, input) => {
  const { world, now } = context;
  const globalCluster = namedGlobalCluster(context, input);
  const arn = requiredString(input, 'DbClusterIdentifier');
  const member = globalCluster.members.find(({ clusterArn }) => clusterArn === arn);
  if (member === undefined) throw rdsFaults.clusterNotFound(arn);
  if (globalCluster.operation !== undefined) {
    throw rdsFaults.invalidGlobalClusterState(`Global cluster ${globalCluster.identifier} is changing roles.`);
  }
  if (member.isWriter && globalCluster.members.length > 1) {
    throw rdsFaults.invalidGlobalClusterState(
      `Cannot remove the primary cluster from global cluster ${globalCluster.identifier} while it has secondaries.`,
    );
  }
  detach(world, globalCluster, arn);
  freezeOrThaw(world, now, globalCluster);
  return { GlobalCluster: globalClusterOutput(world, globalCluster) };
};

function detach(world: World, globalCluster: GlobalCluster, arn: string): void {
  globalCluster.members = globalCluster.members.filter(({ clusterArn }) => clusterArn !== arn);
  const cluster = world.cluster(arn);
  cluster.globalClusterIdentifier = undefined;
  world.clusterChanged(cluster);
  world.changed(globalCluster);
}

export const deleteGlobalCluster: Action = (context, input) => {
  const globalCluster = namedGlobalCluster(context, input);
  const { identifier, members, deletionProtection = false } = globalCluster;
  if (deletionProtection) {
    throw rdsFaults.invalidGlobalClusterState(`Cannot delete protected global cluster ${identifier}.`);
  }
  if (members.length > 0) {
    throw rdsFaults.invalidGlobalClusterState(`Global cluster ${identifier} is not empty.`);
  }
  context.world.removeGlobalCluster(globalCluster);
  return { GlobalCluster: { ...globalClusterOutput(context.world, globalCluster), Status: 'deleting' } };
};

/** Only the deletion protection. */
export const modifyDbCluster: Action = ({ world, caller, region, now }, input) => {
  const cluster = world.findCluster(region, requiredString(input, 'DBClusterIdentifier'), caller.accountId);
  cluster.deletionProtection = optionalBoolean(input, 'DeletionProtection') ?? cluster.deletionProtection ?? false;
  world.clusterChanged(cluster);
  return { DBCluster: clusterOutput(world, cluster, now) };
};

/** Only the deletion protection. */
export const modifyGlobalCluster: Action = (context, input) => {
  const globalCluster = namedGlobalCluster(context, input);
  const wanted = optionalBoolean(input, 'DeletionProtection');
  globalCluster.deletionProtection = wanted ?? globalCluster.deletionProtection ?? false;
  context.world.changed(globalCluster);
  return { GlobalCluster: globalClusterOutput(context.world, globalCluster) };
};

function namedGlobalCluster({ world, caller }: ActionContext, input: Parameters<Action>[1]): GlobalCluster {
  return world.globalCluster(caller.accountId, requiredString(input, 'GlobalClusterIdentifier'));
}
