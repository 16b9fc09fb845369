import { globalClusterArn, parseArn } from '../arn.ts';
import { invalidParameterCombination, rdsFaults } from '../aws-error.ts';
import type { GlobalCluster, GlobalMember } from '../model.ts';
import { startRoleChange } from '../role-change.ts';
import type { World } from '../world.ts';
import type { Action, ActionContext, Input, Output } from './action.ts';
import { filters, optionalBoolean, optionalString, requiredString } from './input.ts';
import { page } from './page.ts';

export const describeGlobalClusters: Action = ({ world, caller, readAt }, input) => {
  const identifier = optionalString(input, 'GlobalClusterIdentifier')?.toLowerCase();
  const regions = filters(input, ['region']).get('region');
  const all = world.globalClustersAt(caller.accountId, readAt);
  const named = all.filter((each) => identifier === undefined || each.identifier === identifier);
  if (identifier !== undefined && named.length === 0) {
    throw rdsFaults.globalClusterNotFound(identifier);
  }
  const inRegions = named.filter(
    ({ members }) =>
      regions === undefined || members.some(({ clusterArn }) => regions.includes(parseArn(clusterArn)?.region ?? '')),
  );
  const { items, marker } = page(input, inRegions);
  return {
    Marker: marker,
    GlobalClusters: items.map((each) => world.described(each, readAt, () => globalClusterOutput(world, each))),
  };
};

export const failoverGlobalCluster: Action = (context, input) => {
  const isDataLossAllowed = optionalBoolean(input, 'AllowDataLoss');
  const isSwitchover = optionalBoolean(input, 'Switchover');
  if (isDataLossAllowed !== undefined && isSwitchover !== undefined) {
    throw invalidParameterCombination('AllowDataLoss and Switchover cannot be specified together.');
  }
  return changeRoles(context, input, isDataLossAllowed === true ? 'failover' : 'switchover');
};

export const switchoverGlobalCluster: Action = (context, input) => changeRoles(context, input, 'switchover');

function changeRoles({ world, caller, region }: ActionContext, input: Input, kind: 'failover' | 'switchover'): Output {
  const globalCluster = startRoleChange(world, {
    kind,
    accountId: caller.accountId,
    globalClusterIdentifier: requiredString(input, 'GlobalClusterIdentifier'),
    target: requiredString(input, 'TargetDbClusterIdentifier'),
    requestedIn: region,
  });
  return { GlobalCluster: globalClusterOutput(world, globalCluster) };
}

export const createGlobalCluster: Action = ({ world, caller, now }, input) => {
  const identifier = requiredString(input, 'GlobalClusterIdentifier').toLowerCase();
  const sourceArn = optionalString(input, 'SourceDBClusterIdentifier');
  const source = sourceArn === undefined ? undefined : world.cluster(sourceArn);
  if (world.globalClustersAt(caller.accountId, now).some((each) => each.identifier === identifier)) {
    throw rdsFaults.globalClusterExists(identifier);
  }
  const globalCluster: GlobalCluster = {
    accountId: caller.accountId,
    identifier,
    resourceId: `cluster-${world.nextNumber().toString(16).padStart(16, '0')}`,
    arn: globalClusterArn(caller.accountId, identifier),
    engine: source?.engine ?? optionalString(input, 'Engine') ?? 'aurora-mysql',
    engineVersion: source?.engineVersion ?? optionalString(input, 'EngineVersion') ?? '8.0.mysql_aurora.3.08.0',
    status: 'available',
    members:
      source === undefined
        ? []
        : [{ clusterArn: source.arn, isWriter: true, synchronizationStatus: 'connected', resynchronizations: 0 }],
    operation: undefined,
  };
  if (source !== undefined) {
    source.globalClusterIdentifier = identifier;
    world.clusterChanged(source);
  }
  world.addGlobalCluster(globalCluster);
  return { GlobalCluster: globalClusterOutput(world, globalCluster) };
};

export function globalClusterOutput(world: World, globalCluster: GlobalCluster): Output {
  const { operation } = globalCluster;
  return {
    GlobalClusterIdentifier: globalCluster.identifier,
    GlobalClusterResourceId: globalCluster.resourceId,
    GlobalClusterArn: globalCluster.arn,
    Status: globalCluster.status,
    Engine: globalCluster.engine,
    EngineVersion: globalCluster.engineVersion,
    StorageEncrypted: true,
    DeletionProtection: globalCluster.deletionProtection ?? false,
    GlobalClusterMembers: globalCluster.members.map((member) => memberOutput(globalCluster, member)),
    // A name that follows the writer; here the address that it resolves to.
    Endpoint: world.writerOf(globalCluster)?.address,
    FailoverState:
      operation === undefined
        ? {}
        : {
            Status: operation.phase,
            FromDbClusterArn: operation.fromArn,
            ToDbClusterArn: operation.toArn,
            IsDataLossAllowed: operation.kind === 'failover',
          },
  };
}

function memberOutput(globalCluster: GlobalCluster, member: GlobalMember): Output {
  const secondaries = globalCluster.members.filter((each) => !each.isWriter).map((each) => each.clusterArn);
  return {
    DBClusterArn: member.clusterArn,
    IsWriter: member.isWriter,
    Readers: member.isWriter ? secondaries : [],
    GlobalWriteForwardingStatus: member.isWriter ? undefined : 'disabled',
    SynchronizationStatus: member.synchronizationStatus,
  };
}
