/** What a notification is about. */
export type NotificationKind =
  | 'FailoverStarted'
  | 'FailoverCompleted'
  | 'FailoverFailed'
  | 'SwitchoverStarted'
  | 'SwitchoverCompleted'
  | 'SwitchoverFailed'
  | 'ReplicationLagHigh'
  | 'PrimaryUnhealthy'
  | 'FailoverBlocked'
  | 'SplitBrainRisk'
  | 'DataLossPossible';

/** The operation that a notification speaks of: the same fields as `status.operation` and `status.history[]`. */
export interface NotifiedOperation {
  readonly id: string;
  readonly type: 'Failover' | 'Switchover';
  readonly trigger: 'Automatic' | 'Annotation' | 'Failback' | 'Drill' | 'External';
  readonly from: string;
  readonly to: string;
  readonly step?: string;
  readonly outcome?: 'Succeeded' | 'Failed' | 'TimedOut' | 'Cancelled';
  /** RFC 3339. */
  readonly detectedAt?: string;
  /** RFC 3339. */
  readonly startedAt?: string;
  /** RFC 3339. */
  readonly completedAt?: string;
  readonly recoveryTimeMilliseconds?: number;
  readonly estimatedDataLossMilliseconds?: number;
  readonly worstCaseDataLossMilliseconds?: number;
}

/** Everything that a notification is built from. */
export interface NotificationInput {
  readonly kind: NotificationKind;
  readonly policy: { readonly namespace: string; readonly name: string };
  readonly globalClusterIdentifier: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** One sentence for a person. */
  readonly message: string;
  readonly operation?: NotifiedOperation;
  /** Further facts for machines: string, number and boolean values only. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** What is sent to SNS. */
export interface Notification {
  readonly kind: NotificationKind;
  /** For a person: less than 100 printable ASCII characters. */
  readonly subject: string;
  /** A JSON object, see `docs/`: apiVersion, kind, policy, globalCluster, time, message, operation, detail. */
  readonly body: string;
}
