import type { ClusterView, GlobalClusterView, Instant } from '../failover/observation.ts';
import type { AwsAccount } from './account.ts';

/** Where a request is: waiting for its pace, a free connection or credentials, or on its way to AWS. */
export type RequestStage = 'pacing' | 'slot' | 'credentials' | 'sent';

export interface CallOptions {
  /** Each request of the call (each page of a walk is one) is given up after this long without an answer. */
  readonly timeoutMilliseconds: number;
  /** Gives the call up early. */
  readonly signal?: AbortSignal;
  /**
   * Awaited before each request of a read (each page is one), so that the caller can pace them; a rejection ends the
   * call with that error. Mutating calls never wait for it.
   */
  readonly beforeRequest?: (signal: AbortSignal) => Promise<void>;
  /** Told as each request of the call comes to a stage, so that one that was never sent is not taken for silence. */
  readonly onStage?: (stage: RequestStage) => void;
  /** Told AWS's id of a role change's request as soon as an answer, a refusal too, names it. */
  readonly onRequestId?: (requestId: string) => void;
}

/** Called with each page of a walk as it arrives. */
export type OnPage<T> = (page: readonly T[]) => void;

/** Both role changes name the same two things. */
export interface RoleChangeInput {
  readonly globalClusterIdentifier: string;
  readonly targetClusterArn: string;
}

export interface EventsQuery {
  /** Clusters whose events are wanted; empty: those of every cluster in the region. */
  readonly clusterIdentifiers: readonly string[];
  /** RDS keeps events for 14 days. */
  readonly since: Instant;
}

export interface FailoverEvent {
  /** For instance `RDS-EVENT-0390`; absent where neither RDS nor the documented text of the message tells it. */
  readonly eventId: string | undefined;
  readonly at: Instant;
  readonly message: string;
  readonly sourceIdentifier: string;
  /** The cluster that the message names, in whichever region it was recorded. */
  readonly about?: { readonly clusterIdentifier: string; readonly region: string };
}

export interface MetricDimension {
  readonly name: string;
  readonly value: string;
}

/** CloudWatch finds a series only by its exact set of dimensions. */
export interface MetricSeries {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: readonly MetricDimension[];
}

export interface MetricSamplesQuery {
  /** At most 500: GetMetricData's limit. */
  readonly series: readonly MetricSeries[];
  readonly periodMilliseconds: number;
  readonly from: Instant;
  readonly to: Instant;
}

/** The maximum within one period; CloudWatch's timestamp is the start of the period. */
export interface MetricSample {
  readonly periodStart: Instant;
  readonly value: number;
}

export interface MetricDatum {
  readonly name: string;
  readonly dimensions: readonly MetricDimension[];
  readonly value: number;
  readonly at: Instant;
  /** Kept by the second and not by the minute, so that two values of a minute can be told apart. @default false */
  readonly isHighResolution?: boolean;
}

export interface MetricDataInput {
  readonly namespace: string;
  /** At most 1,000: PutMetricData's limit. */
  readonly metrics: readonly MetricDatum[];
}

export interface NotificationInput {
  readonly topicArn: string;
  /** SNS takes up to 100 ASCII characters: the rest is cut off, others are replaced. */
  readonly subject: string;
  readonly body: string;
}

/** A snapshot of a DB cluster, automated or manual. */
export interface ClusterSnapshotView {
  readonly identifier: string;
  readonly arn: string;
  readonly clusterIdentifier: string;
  /** `creating`, `copying`, `available`, `failed` or whatever RDS says. */
  readonly status: string;
  /** When the volume was as the snapshot has it; absent where RDS does not say. */
  readonly createdAt?: Instant;
  readonly percentProgress?: number;
}

/** A copy within the region. */
export interface SnapshotCopyInput {
  readonly sourceIdentifier: string;
  readonly targetIdentifier: string;
}

/**
 * Everything that the operator asks of AWS, by account and region, without a word of the SDK. Every call makes one
 * attempt (reads: one for each page), takes no longer than its timeout per request and rejects with an `AwsCallError`. Regions and
 * accounts share nothing: one that hangs delays no other. Mutating calls have connections of their own.
 */
export interface AwsGateway {
  /** All global clusters that the region's RDS lists, page by page (100 each). */
  describeGlobalClusters(
    account: AwsAccount,
    region: string,
    options: CallOptions,
    onPage?: OnPage<GlobalClusterView>,
  ): Promise<readonly GlobalClusterView[]>;

  /**
   * One global cluster, undefined when RDS knows none of this name. For the re-read before a mutating call: travels on
   * the mutating calls' connections, so that it does not wait behind observation either.
   */
  describeGlobalCluster(
    account: AwsAccount,
    region: string,
    identifier: string,
    options: CallOptions,
  ): Promise<GlobalClusterView | undefined>;

  /** All DB clusters of the region, page by page (100 each). */
  describeClusters(
    account: AwsAccount,
    region: string,
    options: CallOptions,
    onPage?: OnPage<ClusterView>,
  ): Promise<readonly ClusterView[]>;

  /** `FailoverGlobalCluster` with `AllowDataLoss`: send it to the target's region. `isEffectPossible` of its error counts. */
  failoverGlobalCluster(
    account: AwsAccount,
    region: string,
    input: RoleChangeInput,
    options: CallOptions,
  ): Promise<void>;

  /** `SwitchoverGlobalCluster`: send it to the primary's region. `isEffectPossible` of its error counts. */
  switchoverGlobalCluster(
    account: AwsAccount,
    region: string,
    input: RoleChangeInput,
    options: CallOptions,
  ): Promise<void>;

  /**
   * RDS events of role changes, oldest first: those of category `global failover`, and 0390 and 0391 (was the old
   * primary's storage blocked?), which are recorded with an *instance*, of the old primary where that is reachable and
   * else of the new one: ask both regions. RDS emits events on a best-effort basis.
   */
  describeFailoverEvents(
    account: AwsAccount,
    region: string,
    query: EventsQuery,
    options: CallOptions,
  ): Promise<readonly FailoverEvent[]>;

  /** The snapshots of one cluster, automated and manual ones. */
  describeClusterSnapshots(
    account: AwsAccount,
    region: string,
    clusterIdentifier: string,
    options: CallOptions,
  ): Promise<readonly ClusterSnapshotView[]>;

  /**
   * `CopyDBClusterSnapshot` in the same region: the copy is a manual snapshot, encrypted with the same key, with the same
   * tags. `DBClusterSnapshotAlreadyExistsFault` says that a copy of this name was begun before.
   */
  copyClusterSnapshot(
    account: AwsAccount,
    region: string,
    input: SnapshotCopyInput,
    options: CallOptions,
  ): Promise<ClusterSnapshotView>;

  /** The series of one metric that CloudWatch lists; a new one can take 15 minutes to be listed. */
  listMetricSeries(
    account: AwsAccount,
    region: string,
    metric: { readonly namespace: string; readonly metricName: string },
    options: CallOptions,
  ): Promise<readonly MetricSeries[]>;

  /** The maximum of each period, for each of the queried series in their order; oldest sample first, empty without data. */
  getMetricSamples(
    account: AwsAccount,
    region: string,
    query: MetricSamplesQuery,
    options: CallOptions,
  ): Promise<readonly (readonly MetricSample[])[]>;

  putMetricData(account: AwsAccount, region: string, input: MetricDataInput, options: CallOptions): Promise<void>;

  publishNotification(
    account: AwsAccount,
    region: string,
    input: NotificationInput,
    options: CallOptions,
  ): Promise<void>;

  /** Closes connections and stops the refresh of credentials. */
  close(): void;
}
