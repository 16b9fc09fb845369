import type { LagCurve } from './lag-curve.ts';

/** Whether a member of a global cluster receives the primary's changes (AWS: GlobalClusterMemberSynchronizationStatus). */
export type SynchronizationStatus = 'connected' | 'pending-resync';

/** A DB cluster's membership of a global cluster. */
export interface GlobalMember {
  clusterArn: string;
  isWriter: boolean;
  synchronizationStatus: SynchronizationStatus;
  /** Counts the attempts to synchronise it anew, so that an interrupted one does not finish later. */
  resynchronizations: number;
  /** Set while a test keeps it from being connected again: `due` once it would be by its durations. */
  hold?: 'underway' | 'due' | undefined;
}

/** An Aurora global database. Global: the same in every region. */
export interface GlobalCluster {
  readonly accountId: string;
  readonly identifier: string;
  readonly resourceId: string;
  readonly arn: string;
  engine: string;
  engineVersion: string;
  /** `available`, `failing-over`, `switching-over`, or whatever a test sets. */
  status: string;
  /** Whether AWS refuses to delete it; absent means no. */
  deletionProtection?: boolean;
  members: GlobalMember[];
  /** The operation in flight; absent when there is none. */
  operation: RoleChange | undefined;
}

/** An instance of a DB cluster. */
export interface DbInstance {
  readonly identifier: string;
  readonly arn: string;
  status: string;
}

/** How the TCP listener that plays a cluster's writer endpoint behaves. `auto` follows the truth. */
export type EndpointMode = 'auto' | 'accept' | 'refuse' | 'hang' | 'silent' | 'reset';

/** The replication stream into a secondary. */
export interface Replication {
  lag: LagCurve;
  /** When `lag` was set: the curve counts from here. */
  lagSince: number;
  /** Set while nothing arrives: when it stopped, and up to when the primary's writes had arrived by then. */
  stopped: { at: number; replicatedTo: number } | undefined;
  /** The link from the primary is down although both regions live. */
  isSevered: boolean;
}

/** A regional DB cluster. */
export interface DbCluster {
  readonly accountId: string;
  readonly region: string;
  readonly identifier: string;
  readonly resourceId: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly engine: string;
  engineVersion: string;
  /** What Aurora itself would report. */
  status: string;
  /** What a test wants reported instead. */
  statusOverride: string | undefined;
  /** Address and port of the writer endpoint. */
  address: string;
  port: number;
  /** Address of the reader endpoint, whose port is the same. Absent: that of the writer endpoint. */
  readerAddress?: string;
  endpointMode: EndpointMode;
  /** Whether AWS refuses to delete it; absent means no. */
  deletionProtection?: boolean;
  instances: DbInstance[];
  globalClusterIdentifier: string | undefined;
  replication: Replication;
  /** CPUUtilization in percent: the control series. */
  cpuUtilization: number;
  /** Metric names that are not emitted at present. */
  silencedMetrics: string[];
}

/** A region of the world. */
export interface Region {
  readonly name: string;
  /** Set while the region is lost: since when. */
  lostAt: number | undefined;
  /** The region lives, but clients cannot reach it. */
  isCutOff: boolean;
  /** Delivery delay of CloudWatch samples, in milliseconds; undefined means the world's. */
  metricDelay: number | undefined;
}

/** How an operation in flight stands, in the words of `FailoverState.Status`; then how it ended. */
export type RoleChangePhase =
  'pending' | 'failing-over' | 'switching-over' | 'cancelling' | 'completed' | 'cancelled' | 'failed';

/** How the next operation is to go. */
export interface OperationPlan {
  /** `stuck` never leaves the phase named by `stuckIn`. */
  outcome: 'complete' | 'cancelled' | 'failed' | 'stuck';
  stuckIn: 'pending' | 'promoting';
  durations: OperationDurations;
  /** Storage fencing of a failover; `auto`: it times out when the primary's region is lost. `none`: no event at all. */
  fence: 'auto' | 'succeeded' | 'timed-out' | 'none';
}

/** Milliseconds that the phases of an operation take. */
export interface OperationDurations {
  pending: number;
  promoting: number;
  cancelling: number;
  /** After a failover, from its region's return until the old primary exists again as a secondary. */
  recreating: number;
  /** From then until it has caught up; also the rebuild of the other secondaries. */
  resynchronizing: number;
  /** Until the snapshot of the old primary's volume is complete. */
  snapshotting: number;
}

/** A switchover or a failover, from request to end. */
export interface RoleChange {
  readonly id: string;
  readonly kind: 'failover' | 'switchover';
  readonly globalClusterIdentifier: string;
  readonly accountId: string;
  readonly fromArn: string;
  readonly toArn: string;
  readonly requestedAt: number;
  readonly requestedIn: string;
  readonly plan: OperationPlan;
  phase: RoleChangePhase;
  promotedAt: number | undefined;
  endedAt: number | undefined;
  /** Up to when the old primary's writes had arrived at the target when replication was cut. */
  replicatedTo: number | undefined;
  /** When the old primary took its last write; undefined while it may still take some. */
  lastWriteAt: number | undefined;
  fence: 'succeeded' | 'timed-out' | undefined;
}

/** An RDS event, as DescribeEvents tells it, and its number, which only notifications carry. */
export interface RdsEvent {
  readonly id: string;
  readonly accountId: string;
  readonly region: string;
  readonly sourceType: 'db-cluster' | 'db-instance';
  readonly sourceIdentifier: string;
  readonly sourceArn: string;
  readonly categories: readonly string[];
  readonly message: string;
  readonly at: number;
}

/** A snapshot of a DB cluster. */
export interface ClusterSnapshot {
  readonly accountId: string;
  readonly region: string;
  readonly identifier: string;
  readonly arn: string;
  readonly clusterArn: string;
  readonly clusterIdentifier: string;
  readonly engine: string;
  readonly engineVersion: string;
  /** When the volume was as the snapshot has it; a copy keeps it. */
  readonly createdAt: number;
  readonly snapshotType: 'automated' | 'manual';
  status: 'creating' | 'copying' | 'available' | 'failed';
  /** ARN of the key that it is encrypted with. */
  readonly kmsKeyId: string;
  readonly tags: readonly Tag[];
  /** Of a copy: what it is a copy of. */
  readonly sourceArn: string | undefined;
  /** When it vanishes by itself: an automated one ends with the backup retention. */
  readonly expiresAt: number | undefined;
}

/** A tag of an AWS resource. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** A message that was published to an SNS topic. */
export interface PublishedMessage {
  readonly messageId: string;
  readonly topicArn: string;
  readonly region: string;
  readonly at: number;
  readonly subject: string | undefined;
  readonly message: string;
  readonly attributes: Readonly<Record<string, string>>;
}
