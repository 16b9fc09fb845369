import type {
  Condition,
  DisasterRecoveryPolicyStatus,
  HistoryEntry,
  OperationStatus,
  RescueState,
} from '../api/v1alpha1/disaster-recovery-policy.ts';
import { defined } from '../failover/defined.ts';
import type { NotificationKind, NotifiedOperation } from '../notifications/notification.ts';

/** Something that changed and that people hear of: as an event on the policy, and some as a notification too. */
export interface Announcement {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, for `kubectl get events`. */
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly notification?: NotificationKind;
  /** The notification tells the end of what it is about. */
  readonly isOver?: boolean;
  readonly operation?: NotifiedOperation;
}

type Status = DisasterRecoveryPolicyStatus | undefined;

function notified(operation: OperationStatus | (HistoryEntry & Pick<OperationStatus, 'type'>)): NotifiedOperation {
  const { id, type, trigger, from, to } = operation;
  return defined({
    id,
    type,
    trigger,
    from,
    to,
    step: 'step' in operation ? operation.step : undefined,
    outcome: 'outcome' in operation ? operation.outcome : undefined,
    detectedAt: operation.detectedAt,
    startedAt: operation.startedAt,
    completedAt: 'completedAt' in operation ? operation.completedAt : undefined,
    recoveryTimeMilliseconds: 'recoveryTimeMilliseconds' in operation ? operation.recoveryTimeMilliseconds : undefined,
    estimatedDataLossMilliseconds: operation.estimatedDataLossMilliseconds,
    worstCaseDataLossMilliseconds: operation.worstCaseDataLossMilliseconds,
  });
}

function started(previous: Status, next: DisasterRecoveryPolicyStatus): Announcement[] {
  const { operation } = next;
  if (operation === undefined || operation.id === previous?.operation?.id) {
    return [];
  }
  const note = `${operation.type} ${operation.id} from ${operation.from} to ${operation.to} (${operation.trigger})`;
  return [
    {
      type: operation.type === 'Failover' ? 'Warning' : 'Normal',
      reason: `${operation.type}Started`,
      action: operation.type,
      note,
      notification: `${operation.type}Started`,
      operation: notified(operation),
    },
  ];
}

/** Something lasts longer than it should: told while it does, so that somebody can still help. */
function overdue(previous: Status, next: DisasterRecoveryPolicyStatus): Announcement[] {
  if (next.recoveryTimeExceeded !== true || previous?.recoveryTimeExceeded === true) {
    return [];
  }
  const progress = next.conditions?.find(({ type }) => type === 'Progressing');
  const announcement: Announcement = {
    type: 'Warning',
    reason: 'RecoveryTimeExceeded',
    action: 'Observe',
    note: `${progress?.reason ?? 'Unknown'}: ${progress?.message ?? ''}`,
    notification: 'RecoveryTimeExceeded',
    ...(next.operation === undefined ? {} : { operation: notified(next.operation) }),
  };
  return [announcement];
}

/** Drills that began, and drills that ended or were missed. */
function drilled(previous: Status, next: DisasterRecoveryPolicyStatus): Announcement[] {
  const { drill, lastDrill } = next;
  const announcements: Announcement[] = [];
  if (drill !== undefined && drill.id !== previous?.drill?.id) {
    const note = `${drill.id}: the writer goes from ${drill.home} to ${drill.away} and comes back`;
    announcements.push({ type: 'Normal', reason: 'DrillStarted', action: 'Drill', note });
  }
  if (lastDrill !== undefined && lastDrill.id !== previous?.lastDrill?.id) {
    const { id, mode, result, message = '' } = lastDrill;
    const hasSucceeded = result === 'Succeeded';
    announcements.push({
      type: hasSucceeded ? 'Normal' : 'Warning',
      reason: `Drill${result}`,
      action: 'Drill',
      note: `${id} (${mode}) ${result}: ${message}`,
      notification: hasSucceeded ? 'DrillCompleted' : 'DrillFailed',
    });
  }
  return announcements;
}

function ended(previous: Status, next: DisasterRecoveryPolicyStatus): Announcement[] {
  const known = new Map((previous?.history ?? []).map((entry) => [entry.id, entry.outcome]));
  return (next.history ?? [])
    .filter((entry) => known.get(entry.id) !== entry.outcome)
    .flatMap((entry) => {
      const { type } = entry;
      // A simulation is no operation: it is told as the drill that it is.
      if (type === 'Simulation') {
        return [];
      }
      const hasSucceeded = entry.outcome === 'Succeeded';
      const ending = hasSucceeded ? 'Completed' : 'Failed';
      const time = entry.recoveryTimeMilliseconds === undefined ? '' : ` in ${entry.recoveryTimeMilliseconds} ms`;
      const announcement: Announcement = {
        type: hasSucceeded ? 'Normal' : 'Warning',
        reason: hasSucceeded ? `${type}Completed` : `${type}${entry.outcome}`,
        action: type,
        note: `${entry.type} ${entry.id} to ${entry.to} ${entry.outcome}${time}: ${entry.message ?? ''}`,
        notification: `${type}${ending}`,
        operation: notified({ ...entry, type }),
      };
      return [announcement];
    });
}

function answered(previous: Status, next: DisasterRecoveryPolicyStatus): Announcement[] {
  const request = next.lastRequest;
  const before = previous?.lastRequest;
  if (request === undefined || (before?.observedAt === request.observedAt && before.action === request.action)) {
    return [];
  }
  const isRefused = request.result === 'Refused';
  return [
    {
      type: isRefused ? 'Warning' : 'Normal',
      reason: isRefused ? 'RequestRefused' : 'RequestAccepted',
      action: 'Request',
      note: `${request.action}=${request.value ?? ''}: ${request.result}${request.reason === undefined ? '' : ` (${request.reason})`}: ${request.message ?? ''}`,
    },
  ];
}

interface ConditionRule {
  readonly type: string;
  /** The status that is news. */
  readonly status: Condition['status'];
  readonly event: 'Normal' | 'Warning';
  readonly reason: (condition: Condition) => string;
  readonly notification?: (condition: Condition, before: Condition | undefined) => NotificationKind | undefined;
  /** The notification tells the end of what it is about. */
  readonly isOver?: boolean;
  /** A change of reason alone is news too, to any or to some. */
  readonly isPerReason?: boolean | ((condition: Condition) => boolean);
  /** Not news when it is the first thing ever known. */
  readonly isQuietAtFirst?: boolean;
  readonly applies?: (condition: Condition) => boolean;
}

/**
 * Reasons of Ready that say: nothing is seen of the global cluster, nothing would be done about its loss, and only a person
 * can end that. What passes by itself, such as throttling, or would not let a notification through is not among them.
 */
const BLINDNESS: readonly string[] = ['AccessDenied', 'CredentialsExpired', 'GlobalClusterNotFound'];
const isBlind = (ready: Condition | undefined): boolean =>
  ready?.status === 'False' && BLINDNESS.includes(ready.reason);

/** Reasons that speak of a failback or a drill, and of no loss. */
const isPlan = (reason: string): boolean => reason.startsWith('Failback') || reason.startsWith('Drill');

/** Reasons of Progressing that say of a loss only that its failover is on its way. */
const UNREMARKABLE: readonly string[] = ['Idle', 'Confirming', 'AwaitingTurn'];

const CONDITION_RULES: readonly ConditionRule[] = [
  {
    type: 'Ready',
    status: 'False',
    event: 'Warning',
    reason: () => 'NotReady',
    notification: (condition) => (isBlind(condition) ? 'ObservationLost' : undefined),
    isPerReason: true,
  },
  {
    type: 'Ready',
    status: 'True',
    event: 'Normal',
    reason: () => 'Ready',
    // What was lost may not have let its own notification through: credentials, say.
    notification: (_condition, before) => (isBlind(before) ? 'ObservationLost' : undefined),
    isOver: true,
    isQuietAtFirst: true,
  },
  {
    type: 'PrimaryHealthy',
    status: 'False',
    event: 'Warning',
    reason: (condition) => (condition.reason === 'InRegionRecovery' ? 'InRegionRecovery' : 'PrimaryUnhealthy'),
    notification: () => 'PrimaryUnhealthy',
    isPerReason: true,
  },
  {
    type: 'PrimaryHealthy',
    status: 'True',
    event: 'Normal',
    reason: () => 'PrimaryHealthy',
    isQuietAtFirst: true,
  },
  {
    type: 'ReplicationHealthy',
    status: 'False',
    event: 'Warning',
    reason: (condition) => (condition.reason === 'LagHigh' ? 'ReplicationLagHigh' : 'ReplicationUnhealthy'),
    notification: (condition) => (condition.reason === 'LagHigh' ? 'ReplicationLagHigh' : undefined),
    isPerReason: true,
  },
  {
    type: 'FailoverReady',
    status: 'False',
    event: 'Warning',
    reason: () => 'FailoverNotReady',
    isPerReason: true,
    isQuietAtFirst: true,
    applies: (condition) => condition.reason !== 'OperationInFlight',
  },
  {
    type: 'Progressing',
    status: 'False',
    event: 'Warning',
    reason: () => 'FailoverBlocked',
    notification: () => 'FailoverBlocked',
    isPerReason: true,
    applies: ({ reason }) => !UNREMARKABLE.includes(reason) && !isPlan(reason),
  },
  {
    type: 'Progressing',
    status: 'False',
    event: 'Normal',
    reason: () => 'FailbackWaiting',
    isPerReason: true,
    applies: ({ reason }) => reason.startsWith('Failback'),
  },
  {
    type: 'Progressing',
    status: 'False',
    event: 'Warning',
    reason: ({ reason }) => reason,
    isPerReason: true,
    applies: ({ reason }) => reason === 'DrillReturnWaiting',
  },
  {
    // RDS may never tell of the fence: then only a person can let the operation go on.
    type: 'Progressing',
    status: 'True',
    event: 'Warning',
    reason: (condition) => condition.reason,
    notification: () => 'FailoverBlocked',
    isPerReason: true,
    applies: (condition) => condition.reason === 'AwaitingFence' || condition.reason === 'FenceUnreadable',
  },
  {
    // Only a person can grant what is missing, and AWS is asked again meanwhile.
    type: 'Progressing',
    status: 'True',
    event: 'Warning',
    reason: () => 'RefusedByAws',
    notification: () => 'FailoverBlocked',
    isPerReason: true,
    applies: (condition) => condition.reason === 'RefusedByAws',
  },
  {
    type: 'EndpointPublished',
    status: 'False',
    event: 'Warning',
    reason: () => 'PublishingFailed',
    isPerReason: true,
    applies: (condition) => condition.reason !== 'Fenced' && condition.reason !== 'EndpointUnknown',
  },
  {
    type: 'SplitBrainRisk',
    status: 'True',
    event: 'Warning',
    reason: ({ reason }) => (reason === 'OldPrimaryResynchronizing' ? reason : 'SplitBrainRisk'),
    notification: () => 'SplitBrainRisk',
    // That it is fenced is good, and no news of its return.
    isPerReason: ({ reason }) => reason !== 'OldPrimaryFenced' && reason !== 'OldPrimaryNotRejoined',
  },
  {
    type: 'SplitBrainRisk',
    status: 'False',
    event: 'Normal',
    reason: () => 'SplitBrainRiskOver',
    notification: () => 'SplitBrainRisk',
    isOver: true,
    isQuietAtFirst: true,
  },
  {
    type: 'ResourceDrift',
    status: 'True',
    event: 'Warning',
    reason: (condition) => (condition.reason === 'RolesDiffer' ? 'ResourceDrift' : condition.reason),
    isPerReason: true,
  },
  {
    type: 'ResourceDrift',
    status: 'Unknown',
    event: 'Warning',
    reason: () => 'ResourcesNotObserved',
    isPerReason: true,
    isQuietAtFirst: true,
  },
  {
    type: 'ResourceDrift',
    status: 'False',
    event: 'Normal',
    reason: (condition) => (condition.reason === 'ResourcesPaused' ? condition.reason : 'ResourcesReconciled'),
    isPerReason: true,
    isQuietAtFirst: true,
    applies: (condition) => condition.reason !== 'NotManaged',
  },
];

function isNews(rule: ConditionRule, before: Condition | undefined, now: Condition): boolean {
  if (now.status !== rule.status || rule.applies?.(now) === false) {
    return false;
  }
  if (before === undefined) {
    return rule.isQuietAtFirst !== true;
  }
  const { isPerReason = false } = rule;
  const isReasonNews = typeof isPerReason === 'boolean' ? isPerReason : isPerReason(now);
  return before.status !== now.status || (isReasonNews && before.reason !== now.reason);
}

function changed(previous: Status, next: DisasterRecoveryPolicyStatus): Announcement[] {
  const find = (status: Status, type: string): Condition | undefined =>
    status?.conditions?.find((condition) => condition.type === type);
  return CONDITION_RULES.flatMap((rule) => {
    const now = find(next, rule.type);
    const before = find(previous, rule.type);
    if (now === undefined || !isNews(rule, before, now)) {
      return [];
    }
    const announcement = {
      type: rule.event,
      reason: rule.reason(now),
      action: 'Observe',
      note: `${now.reason}: ${now.message}`,
      notification: rule.notification?.(now, before),
      isOver: rule.isOver,
    };
    return [defined(announcement)];
  });
}

const RESCUE_NEWS: Readonly<Record<RescueState, readonly [Announcement['type'], NotificationKind?] | undefined>> = {
  Awaited: undefined,
  Copying: ['Normal'],
  Kept: ['Normal', 'RescueSnapshotKept'],
  Refused: ['Warning', 'RescueSnapshotFailed'],
  GivenUp: ['Warning', 'RescueSnapshotFailed'],
};

/** What becomes of the volumes of old primaries. */
function rescued(previous: Status, next: DisasterRecoveryPolicyStatus): Announcement[] {
  const known = new Map((previous?.rescueSnapshots ?? []).map(({ operationId, state }) => [operationId, state]));
  return (next.rescueSnapshots ?? []).flatMap(({ operationId, region, clusterIdentifier, state, ...rescue }) => {
    const [type, notification] = RESCUE_NEWS[state] ?? [];
    if (type === undefined || known.get(operationId) === state) {
      return [];
    }
    const names = [rescue.source, rescue.snapshot].filter((name) => name !== undefined).join(' as ');
    const why = rescue.message === undefined ? '' : `: ${rescue.message}`;
    const note = `${state} ${operationId}: what old primary ${region}/${clusterIdentifier} had: ${names}${why}`;
    return [defined({ type, reason: `RescueSnapshot${state}`, action: 'Rescue', note, notification })];
  });
}

/** What there is to tell when a policy's persisted status goes from one to the other: every change once. */
export function announcementsOf(previous: Status, next: DisasterRecoveryPolicyStatus): readonly Announcement[] {
  return [
    ...answered(previous, next),
    ...started(previous, next),
    ...ended(previous, next),
    ...changed(previous, next),
    ...rescued(previous, next),
    ...drilled(previous, next),
    ...overdue(previous, next),
  ];
}
