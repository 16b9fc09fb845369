import type {
  Condition,
  DisasterRecoveryPolicy,
  DisasterRecoveryPolicySpec,
  DisasterRecoveryPolicyStatus,
  HistoryEntry,
  OperationStatus,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { aPolicy } from '../../operator/controllers/testing/a-policy.ts';

/** The time in all these tests, RFC 3339 and in milliseconds. */
export const NOW = '2026-11-30T14:00:00.000Z';
export const NOW_MILLISECONDS = Date.parse(NOW);

/** RFC 3339 time this long before {@link NOW}. */
export const before = (milliseconds: number): string => new Date(NOW_MILLISECONDS - milliseconds).toISOString();
/** RFC 3339 time this long after {@link NOW}. */
export const after = (milliseconds: number): string => before(-milliseconds);

export function aCondition(
  type: string,
  status: Condition['status'],
  reason: string,
  message = `${reason} told`,
): Condition {
  return { type, status, reason, message, lastTransitionTime: before(60_000) };
}

/** Conditions as a protected policy has them, with some replaced by type. */
export function conditions(...replaced: readonly Condition[]): Condition[] {
  const usual = [
    aCondition('Ready', 'True', 'Observed'),
    aCondition('PrimaryHealthy', 'True', 'PrimaryServing'),
    aCondition('ReplicationHealthy', 'True', 'Replicating'),
    aCondition(
      'FailoverReady',
      'True',
      'Protected',
      'us-west-2 could take over, estimated loss 120 ms, at worst 900 ms',
    ),
    aCondition('Progressing', 'False', 'Idle'),
    aCondition('EndpointPublished', 'True', 'Published'),
    aCondition('SplitBrainRisk', 'False', 'NoRisk'),
    aCondition('Suspended', 'False', 'NotSuspended'),
  ];
  return usual.map((condition) => replaced.find(({ type }) => type === condition.type) ?? condition);
}

export function aStatus(overrides: Partial<DisasterRecoveryPolicyStatus> = {}): DisasterRecoveryPolicyStatus {
  return {
    observedGeneration: 1,
    phase: 'Protected',
    primaryRegion: 'us-east-1',
    writerEndpoint: 'orders.cluster-1.us-east-1.rds.amazonaws.com',
    lag: '120ms',
    detectionWindow: '40s',
    regions: [
      {
        name: 'us-east-1',
        clusterIdentifier: 'orders',
        role: 'Primary',
        health: 'Healthy',
        clusterStatus: 'available',
        engineVersion: '8.0.mysql_aurora.3.08.0',
        promotable: false,
        reason: 'IsPrimary',
      },
      {
        name: 'us-west-2',
        clusterIdentifier: 'orders',
        role: 'Secondary',
        health: 'Healthy',
        clusterStatus: 'available',
        synchronizationStatus: 'connected',
        engineVersion: '8.0.mysql_aurora.3.08.0',
        replicationLagMilliseconds: 120,
        lagSampleTime: before(90_000),
        promotable: true,
      },
    ],
    signals: [
      {
        name: 'controlPlane',
        vantage: 'direct',
        state: 'Passing',
        since: before(3_600_000),
        lastPassed: before(5_000),
      },
      {
        name: 'http',
        vantage: 'witness',
        state: 'Passing',
        since: before(3_600_000),
        lastPassed: before(5_000),
      },
    ],
    history: [],
    conditions: conditions(),
    ...overrides,
  };
}

export interface WatchedPolicyProps {
  readonly spec?: Partial<DisasterRecoveryPolicySpec>;
  readonly status?: Partial<DisasterRecoveryPolicyStatus>;
}

/** A policy payments/orders that is protected, unless something else is said. */
export function aWatchedPolicy({ spec, status }: WatchedPolicyProps = {}): DisasterRecoveryPolicy {
  return { ...aPolicy(spec), status: aStatus(status) };
}

export function anOperation(overrides: Partial<OperationStatus> = {}): OperationStatus {
  return {
    id: 'failover-20261130t135900z-0a1b2c',
    type: 'Failover',
    trigger: 'Automatic',
    from: 'us-east-1',
    to: 'us-west-2',
    step: 'Promoting',
    dataLossAllowed: true,
    startedAt: before(20_000),
    attempts: 1,
    fence: 'Unknown',
    ...overrides,
  };
}

export function aHistoryEntry(overrides: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    id: 'failover-20261130t135900z-0a1b2c',
    type: 'Failover',
    trigger: 'Automatic',
    from: 'us-east-1',
    to: 'us-west-2',
    outcome: 'Succeeded',
    reason: 'Succeeded',
    detectedAt: before(120_000),
    startedAt: before(80_000),
    promotedAt: before(20_500),
    publishedAt: before(20_200),
    completedAt: before(20_000),
    recoveryTimeMilliseconds: 100_000,
    estimatedDataLossMilliseconds: 120,
    worstCaseDataLossMilliseconds: 1_478,
    message: 'us-west-2 is the writer',
    ...overrides,
  };
}
