import type { OperationPlan } from './model.ts';

/** The two shapes in which a lag series is seen: see the facts about `SourceRegion`. */
export type LagDimensions = 'cluster' | 'cluster-and-source-region';

/** How the world behaves in general. Times in milliseconds. */
export interface WorldSettings {
  /** The account of every access key that is not known otherwise. */
  accountId: string;
  /** Period of the samples that Aurora emits. */
  metricPeriod: number;
  /** How long after the end of its period a sample can be read. */
  metricDelay: number;
  lagDimensions: LagDimensions;
  /** What a secondary's lag series does while the primary's region is lost: it ends, or grows at the rate of time. */
  lagMetricOnLoss: 'stops' | 'grows';
  /** The lag of a new secondary. */
  defaultLag: number;
  /** A switchover is cancelled when the target's lag is above this at the end of `pending`. */
  drainableLag: number;
  /** How long an automated snapshot is kept: the cluster's backup retention. */
  snapshotRetention: number;
  /** How long a snapshot takes to be copied. */
  snapshotCopyDuration: number;
  /** Manual cluster snapshots that an account may have in a region. */
  snapshotQuota: number;
  /** How operations go unless one was planned otherwise. */
  operation: OperationPlan;
  /** Whether calls are kept for somebody who asks what was called. */
  isLoggingCalls: boolean;
  /**
   * Whether what is described is described anew only once the world was told that it changed: for worlds that are changed
   * by nobody who does not tell.
   */
  isKeepingDescriptions: boolean;
}

export const defaultSettings: WorldSettings = {
  accountId: '123456789012',
  metricPeriod: 60_000,
  metricDelay: 0,
  lagDimensions: 'cluster',
  lagMetricOnLoss: 'stops',
  defaultLag: 120,
  drainableLag: 60_000,
  snapshotRetention: 7 * 86_400_000,
  snapshotCopyDuration: 300,
  snapshotQuota: 100,
  operation: {
    outcome: 'complete',
    stuckIn: 'promoting',
    durations: {
      pending: 200,
      promoting: 800,
      cancelling: 200,
      recreating: 300,
      resynchronizing: 700,
      snapshotting: 200,
    },
    fence: 'auto',
  },
  isLoggingCalls: true,
  isKeepingDescriptions: false,
};

/** A plan for the next operation: what is left out is as the settings say. */
export type PartialPlan = Partial<Omit<OperationPlan, 'durations'>> & {
  readonly durations?: Partial<OperationPlan['durations']>;
};

export function completePlan(base: OperationPlan, changes: PartialPlan): OperationPlan {
  return { ...base, ...changes, durations: { ...base.durations, ...changes.durations } };
}
