import type {
  DBCluster,
  DBClusterSnapshot,
  Event,
  FailoverState,
  GlobalCluster,
  GlobalClusterMember,
} from '@aws-sdk/client-rds';
import type {
  ClusterView,
  FailoverStateView,
  GlobalClusterMemberView,
  GlobalClusterView,
} from '../failover/observation.ts';
import type { ClusterSnapshotView, FailoverEvent } from './aws-gateway.ts';
import { readFailoverEvent } from './failover-events.ts';
import { defined } from '../failover/defined.ts';
import { shareStrings } from '../runtime/share-strings.ts';

/** MySQL's own port, which RDS leaves out of an answer while a cluster is being created. */
const DEFAULT_PORT = 3306;

export function toGlobalClusterView(cluster: GlobalCluster): GlobalClusterView {
  return shareStrings(
    defined({
      identifier: cluster.GlobalClusterIdentifier ?? '',
      status: cluster.Status ?? '',
      engineVersion: cluster.EngineVersion,
      endpoint: cluster.Endpoint,
      members: (cluster.GlobalClusterMembers ?? []).map(toMemberView),
      failoverState: toFailoverStateView(cluster.FailoverState),
    }),
  );
}

function toMemberView(member: GlobalClusterMember): GlobalClusterMemberView {
  return defined({
    clusterArn: member.DBClusterArn ?? '',
    isWriter: member.IsWriter ?? false,
    synchronizationStatus: member.SynchronizationStatus,
    readers: member.Readers ?? [],
  });
}

/** RDS sends an empty element while nothing is in flight. */
function toFailoverStateView(state: FailoverState | undefined): FailoverStateView | undefined {
  if (state === undefined) return undefined;
  if (state.Status === undefined && state.ToDbClusterArn === undefined) return undefined;
  return defined({
    status: state.Status ?? '',
    fromClusterArn: state.FromDbClusterArn,
    toClusterArn: state.ToDbClusterArn,
    isDataLossAllowed: state.IsDataLossAllowed,
  });
}

export function toClusterView(cluster: DBCluster): ClusterView {
  return shareStrings(
    defined({
      arn: cluster.DBClusterArn ?? '',
      identifier: cluster.DBClusterIdentifier ?? '',
      status: cluster.Status ?? '',
      engineVersion: cluster.EngineVersion,
      endpoint: cluster.Endpoint,
      readerEndpoint: cluster.ReaderEndpoint,
      port: cluster.Port ?? DEFAULT_PORT,
      instanceCount: cluster.DBClusterMembers?.length ?? 0,
    }),
  );
}

export function toClusterSnapshotView(snapshot: DBClusterSnapshot): ClusterSnapshotView {
  return defined({
    identifier: snapshot.DBClusterSnapshotIdentifier ?? '',
    arn: snapshot.DBClusterSnapshotArn ?? '',
    clusterIdentifier: snapshot.DBClusterIdentifier ?? '',
    status: snapshot.Status ?? '',
    createdAt: snapshot.SnapshotCreateTime?.getTime(),
    percentProgress: snapshot.PercentProgress,
  });
}

/** Undefined for an event that has nothing to do with a role change. */
export function toFailoverEvent(event: Event): FailoverEvent | undefined {
  return readFailoverEvent({
    message: event.Message ?? '',
    categories: event.EventCategories ?? [],
    sourceIdentifier: event.SourceIdentifier ?? '',
    at: event.Date?.getTime() ?? 0,
  });
}
