/**
 * What the observers saw, as plain data: the brain's only view of the world. Times are milliseconds since the epoch by
 * this process's wall clock; a round whose clock was disturbed says so in its attempts.
 */

/** Milliseconds since the epoch. */
export type Instant = number;

/** Why nothing came back from an attempt that certainly left this process. */
export type NoAnswerCause = 'refused' | 'reset' | 'tls' | 'timeout' | 'serverError';

/**
 * The far side answered, but would not or could not say what was asked. `readOnly`: a database that serves and takes no
 * writes.
 */
export type RejectionCause = 'throttled' | 'denied' | 'expiredCredentials' | 'malformed' | 'readOnly';

/** The attempt says nothing about the far side: the trouble is (or may be) on this side. */
export type LocalCause =
  | 'eventLoopLate'
  | 'clockJump'
  | 'resolver'
  | 'socketLimit'
  | 'noRoute'
  | 'rateBudget'
  | 'credentials'
  | 'notAttempted';

/** The outcome of one attempt of one round. Observers never retry within a round. */
export type Attempt =
  | { readonly kind: 'answered' }
  | {
      readonly kind: 'noAnswer';
      readonly cause: NoAnswerCause;
      readonly message: string;
      /** The far side's kernel took the connection, and its program said nothing: frozen rather than gone. */
      readonly isAccepted?: boolean;
    }
  | { readonly kind: 'rejected'; readonly cause: RejectionCause; readonly message: string }
  | { readonly kind: 'local'; readonly cause: LocalCause; readonly message: string };

/**
 * `GlobalCluster.FailoverState` of the RDS API. Statuses are kept as the strings that AWS sent: the documented enum and
 * the documentation's prose disagree, so parse leniently.
 */
export interface FailoverStateView {
  readonly status: string;
  readonly fromClusterArn?: string;
  readonly toClusterArn?: string;
  readonly isDataLossAllowed?: boolean;
}

/** One entry of `GlobalCluster.GlobalClusterMembers`. */
export interface GlobalClusterMemberView {
  readonly clusterArn: string;
  readonly isWriter: boolean;
  /** `connected` or `pending-resync`; absent for a writer, or where the API does not say. */
  readonly synchronizationStatus?: string;
  readonly readers: readonly string[];
}

/** A global cluster as one region's RDS describes it (`DescribeGlobalClusters`). */
export interface GlobalClusterView {
  readonly identifier: string;
  readonly status: string;
  readonly engineVersion?: string;
  /** The global writer endpoint, when the API names one. */
  readonly endpoint?: string;
  readonly members: readonly GlobalClusterMemberView[];
  /** Absent when no switchover or failover is in flight. */
  readonly failoverState?: FailoverStateView;
}

/** A member cluster as its own region's RDS describes it (`DescribeDBClusters`). */
export interface ClusterView {
  readonly arn: string;
  readonly identifier: string;
  readonly status: string;
  readonly engineVersion?: string;
  /** Host name of the cluster's writer endpoint, without port. */
  readonly endpoint?: string;
  readonly readerEndpoint?: string;
  readonly port: number;
  /** Number of instances; a cluster without any is headless and cannot be promoted. */
  readonly instanceCount: number;
}

/** What one region's RDS said in one round about one policy's global cluster. */
export interface RegionObservation {
  readonly region: string;
  /** The outcome of `DescribeGlobalClusters`. */
  readonly globalClusters: Attempt;
  /** The outcome of `DescribeDBClusters`. */
  readonly clusters: Attempt;
  /** Absent when not answered, or answered without this global cluster. */
  readonly globalCluster?: GlobalClusterView;
  /** Absent when not answered, or answered without this member cluster. */
  readonly cluster?: ClusterView;
}

/** One period of the replication lag metric; by SQL one calculation, whose period has no length. */
export interface LagSample {
  /** A sample's age counts from here. */
  readonly periodEnd: Instant;
  readonly periodStart: Instant;
  readonly lagMilliseconds: number;
  /**
   * By SQL: how much later than it is dated it may have been calculated, for its age is as of some moment of the question.
   * @default - it is known when the period ended
   */
  readonly uncertaintyMilliseconds?: number;
}

/** What the replication source of one secondary says: CloudWatch of the secondary's region, or the secondary itself. */
export interface LagObservation {
  /** @default - CloudWatch */
  readonly source?: 'SQL';
  readonly region: string;
  readonly clusterIdentifier: string;
  /** When the source was last asked; observers ask each series of CloudWatch at most once per metric period. */
  readonly askedAt: Instant;
  readonly attempt: Attempt;
  /** Oldest first. */
  readonly samples: readonly LagSample[];
  /**
   * Until when the source is known to be on time: the end of the newest period of CloudWatch's control series
   * (`CPUUtilization` of the same cluster), or when the secondary answered. Absent if there is none.
   */
  readonly controlSampleEnd?: Instant;
}

/** One probe of a cluster's writer endpoint. */
export interface EndpointObservation {
  readonly region: string;
  /** `host:port`. */
  readonly target: string;
  /** How it was probed. @default - TCP */
  readonly type?: 'MySQL';
  readonly attempt: Attempt;
}

/** One request to the witness outside both regions. */
export interface WitnessObservation {
  readonly attempt: Attempt;
  /** HTTP status, when the attempt was answered. */
  readonly statusCode?: number;
}

/** Everything that one policy's round saw. */
export interface Round {
  /** Grows by one per round of one policy in one process. */
  readonly sequence: number;
  readonly startedAt: Instant;
  readonly completedAt: Instant;
  /** By region name. */
  readonly regions: Readonly<Record<string, RegionObservation>>;
  /** Probed writer endpoints by region name: the primary's, and while an operation is in flight the target's too. */
  readonly endpoints: Readonly<Record<string, EndpointObservation>>;
  /** Lag by the secondary's region name; absent where nothing was ever asked. */
  readonly lag: Readonly<Record<string, LagObservation>>;
  readonly witness?: WitnessObservation;
}
