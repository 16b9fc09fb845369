import type { Condition } from './disaster-recovery-policy.ts';

/** Types of the conditions in `status.conditions`. For all but the last three, True is the good state. */
export const CONDITION_TYPES = {
  /** The policy is observed and can be worked with. */
  Ready: 'Ready',
  /** The writer serves. */
  PrimaryHealthy: 'PrimaryHealthy',
  /** A secondary receives changes, within the recovery point. */
  ReplicationHealthy: 'ReplicationHealthy',
  /** A lost primary region would be failed over automatically now. */
  FailoverReady: 'FailoverReady',
  /** An operation is in flight; neither good nor bad. */
  Progressing: 'Progressing',
  /** The present writer's address is published. */
  EndpointPublished: 'EndpointPublished',
  /** An old primary has not re-joined since a failover and may still take writes. */
  SplitBrainRisk: 'SplitBrainRisk',
  /** Declared and observed roles differ. */
  ResourceDrift: 'ResourceDrift',
  /** `spec.suspend` is set. */
  Suspended: 'Suspended',
} as const;
export type ConditionType = (typeof CONDITION_TYPES)[keyof typeof CONDITION_TYPES];

/** Reasons that the policy can, or cannot, be worked with: conditions Ready and PrimaryHealthy. */
export const OBSERVATION_REASONS = {
  /** All that the policy names was observed. */
  Observed: 'Observed',
  /** Nothing was observed yet: the operator has just begun. */
  NotObserved: 'NotObserved',
  /** The object does not fit its schema, for example one stored before an upgrade. */
  InvalidPolicy: 'InvalidPolicy',
  /** RDS knows no global cluster of this identifier. */
  GlobalClusterNotFound: 'GlobalClusterNotFound',
  /** An older policy names the same global cluster: this one is not worked on. */
  GlobalClusterClaimed: 'GlobalClusterClaimed',
  /** The name of a region's RDS is not known: no such region, or none that the operator can reach. */
  NoEndpoint: 'NoEndpoint',
  /** The global cluster has no member of this region and identifier. */
  ClusterNotFound: 'ClusterNotFound',
  /** A schedule or a time zone of the policy is none: what it schedules is not done, everything else is. */
  InvalidSchedule: 'InvalidSchedule',
  /** A member of the global cluster is missing from the policy. */
  MemberNotConfigured: 'MemberNotConfigured',
  /** No region is known to hold the writer. */
  NoPrimary: 'NoPrimary',
  /** Regions disagree about which of them holds the writer. */
  RolesDisputed: 'RolesDisputed',
  /** AWS refuses what the operator asks: its role lacks a permission. */
  AccessDenied: 'AccessDenied',
  /** The operator's credentials are missing or have run out. */
  CredentialsExpired: 'CredentialsExpired',
  /** AWS throttles the operator's reads. */
  Throttled: 'Throttled',
  /** No region's RDS answers: the operator may be the one that is cut off. */
  SelfIsolated: 'SelfIsolated',
  /** The writer serves. */
  PrimaryServing: 'PrimaryServing',
  /** Signals fail, but not yet for long enough. */
  SignalsFailing: 'SignalsFailing',
  /** The loss of the primary region was declared. */
  PrimaryLost: 'PrimaryLost',
} as const;

/** Reasons that automation would, or would not, fail a lost primary region over: condition FailoverReady, incidents. */
export const FAILOVER_REASONS = {
  /** Nothing stands against it. */
  Protected: 'Protected',
  /** Nothing stands against it, but without the signal http a lost link looks like a lost region. */
  ProtectedWithoutWitness: 'ProtectedWithoutWitness',
  /** A listed signal never passed for the present primary and configuration, so too few have a vote. */
  NeverObservedPassing: 'NeverObservedPassing',
  /** Too few signals can be Failing together, or they share one vantage. */
  QuorumNotReachable: 'QuorumNotReachable',
  /** Too few signals are Failing at present. */
  QuorumNotMet: 'QuorumNotMet',
  /** A quorum is Failing, but not yet for `failureThreshold` rounds. */
  Confirming: 'Confirming',
  /** The loss is confirmed and nothing stands against a failover: it starts. */
  Confirmed: 'Confirmed',
  /** The loss is confirmed, and more role changes are due than AWS takes at once: this one waits for its turn. */
  AwaitingTurn: 'AwaitingTurn',
  /** No region could be promoted; each region's reason says why. */
  NoCandidate: 'NoCandidate',
  /** No lag sample before the loss, or one older than `maximumLagAge`. */
  LagUnknown: 'LagUnknown',
  /** The estimated loss is above `objectives.recoveryPoint`. */
  LagAboveRecoveryPoint: 'LagAboveRecoveryPoint',
  /** `failover.dataLoss` is Forbid. */
  DataLossForbidden: 'DataLossForbidden',
  /** The primary region's RDS answers: the loss is Aurora's own to recover. */
  InRegionRecovery: 'InRegionRecovery',
  /** `spec.suspend` is set. */
  Suspended: 'Suspended',
  /** `failover.mode` is Manual. */
  ManualMode: 'ManualMode',
  /** A recent operation or role change keeps automation still. */
  CooldownActive: 'CooldownActive',
  /** An operation, ours or somebody else's, has not ended. */
  OperationInFlight: 'OperationInFlight',
  /** No surviving region's RDS answers: the operator may be the one that is cut off. */
  SelfIsolated: 'SelfIsolated',
  /** A secondary still receives changes. */
  VetoedByReplication: 'VetoedByReplication',
  /** The witness still sees the primary serving. */
  VetoedByWitness: 'VetoedByWitness',
  /** The writer's endpoint accepts. */
  VetoedByEndpoint: 'VetoedByEndpoint',
  /** The last round is too old to act on. */
  StaleObservation: 'StaleObservation',
  /** Another operator is the one to act: this one lives in the primary's or another region. */
  WrongOperatorRegion: 'WrongOperatorRegion',
  /** The policy is not observed; the condition Ready says why. */
  NotReady: 'NotReady',
} as const;
export type FailoverReason = (typeof FAILOVER_REASONS)[keyof typeof FAILOVER_REASONS];

/** Reasons that a region cannot become the writer's: `status.regions[].reason`. */
export const CANDIDATE_REASONS = {
  /** It is the writer's already. */
  IsPrimary: 'IsPrimary',
  /** `promotion` is Never. */
  PromotionNever: 'PromotionNever',
  /** The global cluster has no such member. */
  NotAMember: 'NotAMember',
  /** RDS of the region did not answer, or did not name the cluster. */
  NotObserved: 'NotObserved',
  /** The cluster's status is not `available`. */
  NotAvailable: 'NotAvailable',
  /** The cluster has no instance that could be the writer. */
  NoInstance: 'NoInstance',
  /** The member is not `connected`. */
  NotConnected: 'NotConnected',
  /** AWS refuses targets of another patch level than the primary's. */
  EngineVersionDiffers: 'EngineVersionDiffers',
  /** The patch level of either side was never seen. */
  EngineVersionUnknown: 'EngineVersionUnknown',
  /** Its lag is unknown. */
  LagUnknown: 'LagUnknown',
  /** Its lag is above what `failover.dataLoss` permits. */
  LagAboveRecoveryPoint: 'LagAboveRecoveryPoint',
} as const;
export type CandidateReason = (typeof CANDIDATE_REASONS)[keyof typeof CANDIDATE_REASONS];

/** Reasons of a signal's state: `status.signals[].reason`. */
export const SIGNAL_REASONS = {
  // Passing
  Available: 'Available',
  Accepts: 'Accepts',
  /** The writer took a login and answered. */
  Serves: 'Serves',
  SecondaryReceives: 'SecondaryReceives',
  WitnessSeesPrimary: 'WitnessSeesPrimary',
  // Failing
  NoAnswer: 'NoAnswer',
  /** The connection is accepted, and nothing is said on it. */
  Frozen: 'Frozen',
  TerminalStatus: 'TerminalStatus',
  NoSecondaryReceives: 'NoSecondaryReceives',
  WitnessSeesLoss: 'WitnessSeesLoss',
  // Unknown
  NeverObservedPassing: 'NeverObservedPassing',
  NotObserved: 'NotObserved',
  SelfIsolated: 'SelfIsolated',
  Rejected: 'Rejected',
  /** The writer's endpoint answers, and takes no writes. */
  ReadOnly: 'ReadOnly',
  LocalTrouble: 'LocalTrouble',
  PartialAnswer: 'PartialAnswer',
  StatusNotAvailable: 'StatusNotAvailable',
  ClusterNotFound: 'ClusterNotFound',
  SourceSilent: 'SourceSilent',
  NotConnected: 'NotConnected',
  Unreachable: 'Unreachable',
  UnexpectedStatus: 'UnexpectedStatus',
} as const;
export type SignalReason = (typeof SIGNAL_REASONS)[keyof typeof SIGNAL_REASONS];

/** Reasons of the condition ReplicationHealthy. */
export const REPLICATION_REASONS = {
  Replicating: 'Replicating',
  LagHigh: 'LagHigh',
  LagUnknown: 'LagUnknown',
  NotConnected: 'NotConnected',
  NoSecondary: 'NoSecondary',
} as const;

/** Reasons of the condition Progressing, and of what became of an operation. */
export const OPERATION_REASONS = {
  Idle: 'Idle',
  /** A call is due, and more are than AWS takes at once: it waits for its turn, by `failover.priority`. */
  AwaitingTurn: 'AwaitingTurn',
  /** An automatic failback waits: what follows `Failback` says what for. */
  FailbackStabilizing: 'FailbackStabilizing',
  FailbackOutsideWindow: 'FailbackOutsideWindow',
  FailbackLagHigh: 'FailbackLagHigh',
  FailbackLagUnknown: 'FailbackLagUnknown',
  FailbackCooldownActive: 'FailbackCooldownActive',
  FailbackTriedInWindow: 'FailbackTriedInWindow',
  FailbackResting: 'FailbackResting',
  FailbackSuspended: 'FailbackSuspended',
  FailbackSplitBrainRisk: 'FailbackSplitBrainRisk',
  FailbackResourceDrift: 'FailbackResourceDrift',
  FailbackWrongOperatorRegion: 'FailbackWrongOperatorRegion',
  /** A drill by switchover is between its two legs. */
  DrillInProgress: 'DrillInProgress',
  /** Its return home waits for something. */
  DrillReturnWaiting: 'DrillReturnWaiting',
  /** What AWS had not taken was given up: the regions are not fit for it any more, or the policy forbids the target by now. */
  NoLongerFit: 'NoLongerFit',
  /** Beside operators elsewhere a failback's or drill's operation is given up after a call of unknown effect, not called again. */
  NotRepeated: 'NotRepeated',
  Accepted: 'Accepted',
  Requested: 'Requested',
  /** AWS was called and its answer is not known. */
  Unconfirmed: 'Unconfirmed',
  Promoting: 'Promoting',
  Promoted: 'Promoted',
  /** The new writer is withheld until the old storage is known to take no writes. */
  AwaitingFence: 'AwaitingFence',
  /** As before, and AWS does not let the operator read the events that would tell. */
  FenceUnreadable: 'FenceUnreadable',
  Publishing: 'Publishing',
  Completed: 'Completed',
  /** AWS refused the call. */
  RefusedByAws: 'RefusedByAws',
  /** AWS cancelled a switchover. */
  CancelledByAws: 'CancelledByAws',
  /** AWS gave the operation up. */
  FailedInAws: 'FailedInAws',
  /** Not finished within `failover.timeout`. */
  TimedOut: 'TimedOut',
  /** Not finished within `failover.timeout`, and AWS certainly never took the call. */
  NotTakenByAws: 'NotTakenByAws',
  /** Somebody else's operation took its place. */
  Superseded: 'Superseded',
  /** Between acceptance and the call the reason to act went away. */
  NoLongerNeeded: 'NoLongerNeeded',
  /** Somebody else started it; the operator follows. */
  External: 'External',
} as const;

/** Reasons of the condition EndpointPublished. */
export const PUBLISHING_REASONS = {
  Published: 'Published',
  NotConfigured: 'NotConfigured',
  /** Published names point to `fenced.invalid`. */
  Fenced: 'Fenced',
  AwaitingFence: 'AwaitingFence',
  EndpointUnknown: 'EndpointUnknown',
  /** A Service or ConfigMap of that name belongs to somebody else. */
  NameTaken: 'NameTaken',
  PublishingFailed: 'PublishingFailed',
} as const;

/** Reasons of the condition SplitBrainRisk. */
export const SPLIT_BRAIN_REASONS = {
  NoRisk: 'NoRisk',
  /** The old primary has not re-joined, and nothing says that its storage takes no writes. */
  OldPrimaryNotRejoined: 'OldPrimaryNotRejoined',
  /** The old primary has not re-joined, but its storage is fenced. */
  OldPrimaryFenced: 'OldPrimaryFenced',
  /** Its own region still calls the old primary the writer. */
  OldPrimaryStillWriter: 'OldPrimaryStillWriter',
  /** The old primary is back, and is synchronized anew. */
  OldPrimaryResynchronizing: 'OldPrimaryResynchronizing',
  /** The old primary stands alone, outside the global cluster. */
  OldPrimaryDetached: 'OldPrimaryDetached',
  /** No risk: the old primary's cluster does not exist any more. */
  OldPrimaryDeleted: 'OldPrimaryDeleted',
  /** Not followed: the policy does not name the old primary any more. */
  OldPrimaryNotInPolicy: 'OldPrimaryNotInPolicy',
} as const;

/** Reasons of the conditions ResourceDrift and Suspended. */
export const DRIFT_REASONS = {
  /** No managed resource declares a role that is not the observed one. */
  NoDrift: 'NoDrift',
  /** No managed resource describes these clusters, or `crossplane.mode` is Off. */
  NotManaged: 'NotManaged',
  /** A managed resource that is reconciled declares another role: its provider may undo a role change. */
  RolesDiffer: 'RolesDiffer',
  /** Managed resources are paused; the condition's status says whether their declared roles differ. */
  ResourcesPaused: 'ResourcesPaused',
  /** The operator may not list or pause managed resources. */
  AccessDenied: 'AccessDenied',
  /** Managed resources could not be listed, paused or resumed at present; it is tried again. */
  NotObserved: 'NotObserved',
} as const;
export const SUSPENSION_REASONS = { SuspendedBySpec: 'SuspendedBySpec', NotSuspended: 'NotSuspended' } as const;

/** Reasons of `status.lastRequest`. */
export const REQUEST_REASONS = {
  /** The request was taken on. */
  Accepted: 'Accepted',
  /** The value is none that the annotation takes. */
  InvalidValue: 'InvalidValue',
  /** The named region is not one of the policy. */
  UnknownRegion: 'UnknownRegion',
  /** The named region holds the writer already. */
  AlreadyPrimary: 'AlreadyPrimary',
  /** A failover needs the annotation accept-data-loss. */
  DataLossNotAccepted: 'DataLossNotAccepted',
  /** Auto cannot tell a switchover from a failover now: one of the two has to be named. */
  TypeUndecided: 'TypeUndecided',
  /** An operation has not ended. */
  OperationInFlight: 'OperationInFlight',
  /** AWS would refuse this target; the message says why. */
  TargetNotPromotable: 'TargetNotPromotable',
  /** No region could be promoted. */
  NoCandidate: 'NoCandidate',
  /** Only together with force-failover. */
  RequiresForceFailover: 'RequiresForceFailover',
  /** The preferred region holds the writer already, or none is preferred. */
  NothingToFailBack: 'NothingToFailBack',
  /** No operation of this id, or none that it applies to. */
  UnknownOperation: 'UnknownOperation',
  /** No cooldown is active. */
  NoCooldown: 'NoCooldown',
  /** The policy is not observed; the condition Ready says why. */
  NotReady: 'NotReady',
  /** This build has no such action. */
  NotSupported: 'NotSupported',
} as const;
export type RequestReason = (typeof REQUEST_REASONS)[keyof typeof REQUEST_REASONS];

/** The condition of that type, if the status has it. */
export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: ConditionType,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}
