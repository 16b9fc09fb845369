import type { DbCluster } from './model.ts';
import { statusOf } from './role-change.ts';
import type { World } from './world.ts';

/** Statuses in which a cluster's writer serves, of those that DescribeDBClusters knows. */
const servingStatuses = ['available', 'backing-up', 'modifying', 'maintenance', 'deleting', 'migrating'];

/** Whether the cluster's writer endpoint serves: a secondary's is inactive, and nobody writes while roles are switched. */
export function isServing(world: World, cluster: DbCluster): boolean {
  const member = world.memberOf(cluster);
  const operation = world.globalClusterOf(cluster)?.operation;
  const isSwitching = operation?.phase === 'switching-over' || operation?.phase === 'failing-over';
  return (
    world.isAlive(cluster.region) &&
    member?.isWriter !== false &&
    cluster.instances.length > 0 &&
    servingStatuses.includes(statusOf(cluster)) &&
    !(isSwitching && (operation.kind === 'switchover' || operation.fence === 'succeeded'))
  );
}
