/** What a notification is about. */
export type NotificationKind =
  | 'FailoverStarted'
  | 'FailoverCompleted'
  | 'FailoverFailed'
  | 'SwitchoverStarted'
  | 'SwitchoverCompleted'
  | 'SwitchoverFailed'
  | 'ReplicationLagHigh'
  | 'ClusterStatusChange'
  | 'HealthCheckError'
  | 'PrimaryUnhealthy'
  | 'FailoverBlocked'
  | 'RecoveryTimeExceeded'
  | 'SplitBrainRisk'
  | 'RescueSnapshotKept'
  | 'RescueSnapshotFailed'
  | 'ObservationLost'
  | 'DataLossPossible'
  | 'DrillCompleted'
  | 'DrillFailed';

/** The operation that a notification speaks of: the same fields as `status.operation` and `status.history[]`. */
export interface NotifiedOperation {
  readonly id: string;
  readonly type: 'Failover' | 'Switchover';
  /** `Function`: asked of the failover function. */
  readonly trigger: 'Automatic' | 'Annotation' | 'Failback' | 'Drill' | 'External' | 'Function';
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
  /** Absent where no policy is at hand: the subject then names the global cluster. */
  readonly policy?: { readonly namespace: string; readonly name: string };
  readonly globalClusterIdentifier: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** One sentence for a person. */
  readonly message: string;
  /** Whether it tells the end of what it is about. @default false */
  readonly isOver?: boolean;
  readonly operation?: NotifiedOperation;
  /** Further facts for machines: string, number and boolean values only. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** What is sent to SNS. */
export interface Notification {
  readonly kind: NotificationKind;
  /** The policy (`namespace/name`), else the global cluster: notifications about the same arrive in their order. */
  readonly about: string;
  /** For a person: less than 100 printable ASCII characters. */
  readonly subject: string;
  /** A JSON object: version, kind, policy, globalCluster, time (RFC 3339), message, isOver, operation, detail. */
  readonly body: string;
}

/** Subjects are "less than 100 characters long" (SNS API reference, Publish, Subject). */
const longestSubject = 99;

const headlines: Readonly<Record<NotificationKind, string>> = {
  FailoverStarted: 'Aurora failover started',
  FailoverCompleted: 'Aurora failover completed',
  FailoverFailed: 'Aurora failover FAILED',
  SwitchoverStarted: 'Aurora switchover started',
  SwitchoverCompleted: 'Aurora switchover completed',
  SwitchoverFailed: 'Aurora switchover FAILED',
  ReplicationLagHigh: 'Aurora replication lag high',
  ClusterStatusChange: 'Aurora cluster status changed',
  HealthCheckError: 'Aurora health check error',
  PrimaryUnhealthy: 'Aurora primary unhealthy',
  FailoverBlocked: 'Aurora failover blocked',
  RecoveryTimeExceeded: 'Aurora recovery time objective exceeded',
  SplitBrainRisk: 'Aurora split brain possible',
  RescueSnapshotKept: 'Aurora rescue snapshot kept',
  RescueSnapshotFailed: 'Aurora rescue snapshot NOT kept',
  ObservationLost: 'Aurora observation lost',
  DataLossPossible: 'Aurora data loss possible',
  DrillCompleted: 'Aurora disaster recovery drill succeeded',
  DrillFailed: 'Aurora disaster recovery drill FAILED',
};

/** Builds what people and machines get: the subject for the former, the body for the latter. */
export function buildNotification(input: NotificationInput): Notification {
  return { kind: input.kind, about: aboutOf(input), subject: subjectOf(input), body: bodyOf(input) };
}

const aboutOf = ({ policy, globalClusterIdentifier }: NotificationInput): string =>
  policy === undefined ? globalClusterIdentifier : `${policy.namespace}/${policy.name}`;

/** The regions come before the policy's name, which may be long and is shortened. */
function subjectOf(input: NotificationInput): string {
  const { kind, isOver, operation } = input;
  const way = operation === undefined ? '' : `: ${operation.from} -> ${operation.to}`;
  const end = isOver === true ? ': over' : '';
  // SNS refuses line breaks and control characters, and older subscribers choke on anything but ASCII.
  const start = `${headlines[kind]}${end}${way}`.replaceAll(/[^ -~]/g, '?').slice(0, 80);
  return `${start} (${shortened(aboutOf(input), longestSubject - start.length - 3)})`;
}

function shortened(name: string, length: number): string {
  const ascii = name.replaceAll(/[^ -~]/g, '?');
  return ascii.length <= length ? ascii : `${ascii.slice(0, length - 3)}...`;
}

function bodyOf(input: NotificationInput): string {
  return JSON.stringify({
    version: 1,
    kind: input.kind,
    ...(input.policy === undefined ? {} : { policy: { namespace: input.policy.namespace, name: input.policy.name } }),
    globalCluster: input.globalClusterIdentifier,
    time: new Date(input.time).toISOString(),
    message: input.message,
    ...(input.isOver === true ? { isOver: true } : {}),
    // JSON has no undefined: what is not there is left out.
    operation: input.operation,
    detail: input.detail,
  });
}
