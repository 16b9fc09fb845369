import type {
  FenceState,
  HistoryType,
  OldPrimaryState,
  OperationStep,
  OperationTrigger,
  OperationType,
  Outcome,
} from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Instant } from './observation.ts';

/** A role change from its registration to its end: what `status.operation` persists before AWS is called. */
export interface Operation {
  readonly id: string;
  readonly type: OperationType;
  readonly trigger: OperationTrigger;
  readonly from: string;
  readonly to: string;
  readonly fromClusterArn?: string;
  readonly targetClusterArn?: string;
  readonly step: OperationStep;
  readonly isDataLossAllowed: boolean;
  /** Start of the first failing round, or when the request was seen. */
  readonly detectedAt: Instant;
  readonly startedAt: Instant;
  /** When AWS was called the last time. */
  readonly calledAt?: Instant;
  /** When the target was first seen as the writer. */
  readonly promotedAt?: Instant;
  readonly publishedAt?: Instant;
  readonly estimatedDataLossMilliseconds?: number;
  readonly worstCaseDataLossMilliseconds?: number;
  /** Calls made to AWS, each counted before it is made. */
  readonly attempts: number;
  /** AWS's id of the last call, once an answer named it. */
  readonly requestId?: string;
  readonly fence: FenceState;
  readonly fenceTime?: Instant;
  /** The operator process that registered it. */
  readonly acceptedBy?: string;
  /** The operator started this failback or drill by itself: it is given up, not waited for, when it fits no more. */
  readonly automatic?: boolean;
  readonly message?: string;
}

/** A finished operation. */
export interface HistoryRecord {
  readonly id: string;
  readonly type: HistoryType;
  readonly trigger: OperationTrigger;
  readonly from: string;
  readonly to: string;
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly detectedAt?: Instant;
  readonly startedAt: Instant;
  readonly promotedAt?: Instant;
  readonly publishedAt?: Instant;
  readonly completedAt: Instant;
  readonly recoveryTimeMilliseconds?: number;
  readonly estimatedDataLossMilliseconds?: number;
  readonly worstCaseDataLossMilliseconds?: number;
  readonly automatic?: boolean;
  readonly requestId?: string;
  readonly message?: string;
}

/** `status.history` keeps exactly this many, newest first. */
export const HISTORY_LENGTH = 10;

/** An old primary that was failed away from and has not re-joined as a connected secondary. */
export interface SplitBrain {
  readonly region: string;
  readonly clusterIdentifier: string;
  readonly since: Instant;
  readonly operationId?: string;
  readonly fence: FenceState;
  /** What its own region says of it; absent until it was looked at. */
  readonly state?: OldPrimaryState;
  /** When its own region first showed it as a member that is synchronized anew. */
  readonly returnedAt?: Instant;
  readonly message?: string;
}
