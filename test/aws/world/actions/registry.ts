import type { Action, Service } from './action.ts';
import { getMetricData, listMetrics, putMetricData } from './cloudwatch.ts';
import { createDbCluster, createDbInstance, describeDbClusters, describeDbInstances } from './rds-clusters.ts';
import {
  deleteDbCluster,
  deleteDbInstance,
  deleteGlobalCluster,
  modifyDbCluster,
  modifyGlobalCluster,
  removeFromGlobalCluster,
} from './rds-deletion.ts';
import {
  createGlobalCluster,
  describeGlobalClusters,
  failoverGlobalCluster,
  switchoverGlobalCluster,
} from './rds-global-clusters.ts';
import { describeEvents } from './rds-history.ts';
import { copyDbClusterSnapshot, createDbClusterSnapshot, describeDbClusterSnapshots } from './rds-snapshots.ts';
import { createTopic, publish } from './sns.ts';
import { assumeRole, assumeRoleWithWebIdentity, getCallerIdentity } from './sts.ts';

/** Every action that is served. */
export const actions: Record<Service, Partial<Record<string, Action>>> = {
  rds: {
    CopyDBClusterSnapshot: copyDbClusterSnapshot,
    CreateDBCluster: createDbCluster,
    CreateDBClusterSnapshot: createDbClusterSnapshot,
    CreateDBInstance: createDbInstance,
    CreateGlobalCluster: createGlobalCluster,
    DeleteDBCluster: deleteDbCluster,
    DeleteDBInstance: deleteDbInstance,
    DeleteGlobalCluster: deleteGlobalCluster,
    DescribeDBClusterSnapshots: describeDbClusterSnapshots,
    DescribeDBClusters: describeDbClusters,
    DescribeDBInstances: describeDbInstances,
    DescribeEvents: describeEvents,
    DescribeGlobalClusters: describeGlobalClusters,
    FailoverGlobalCluster: failoverGlobalCluster,
    ModifyDBCluster: modifyDbCluster,
    ModifyGlobalCluster: modifyGlobalCluster,
    RemoveFromGlobalCluster: removeFromGlobalCluster,
    SwitchoverGlobalCluster: switchoverGlobalCluster,
  },
  monitoring: { GetMetricData: getMetricData, ListMetrics: listMetrics, PutMetricData: putMetricData },
  sns: { CreateTopic: createTopic, Publish: publish },
  sts: {
    AssumeRole: assumeRole,
    AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
    GetCallerIdentity: getCallerIdentity,
  },
};
