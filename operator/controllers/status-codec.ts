import type {
  DisasterRecoveryPolicyStatus,
  HistoryEntry,
  OperationStatus,
  SplitBrainStatus,
} from '../api/v1alpha1/disaster-recovery-policy.ts';
import { defined } from '../failover/defined.ts';
import { EMPTY_MEMORY, type Memory, type SignalMemory } from '../failover/memory.ts';
import type { Instant, LagSample } from '../failover/observation.ts';
import type { HistoryRecord, Operation, SplitBrain } from '../failover/operation.ts';

/** RFC 3339 with milliseconds, as `status` carries times. */
export const timestamp = (instant: Instant): string => new Date(instant).toISOString();
export const optionalTimestamp = (instant: Instant | undefined): string | undefined =>
  instant === undefined ? undefined : timestamp(instant);
const instantOf = (time: string | undefined): Instant | undefined =>
  time === undefined ? undefined : Date.parse(time);

export function operationFrom(status: OperationStatus): Operation {
  const { dataLossAllowed, detectedAt, startedAt, calledAt, promotedAt, publishedAt, fenceTime } = status;
  return defined({
    id: status.id,
    type: status.type,
    trigger: status.trigger,
    from: status.from,
    to: status.to,
    fromClusterArn: status.fromClusterArn,
    targetClusterArn: status.targetClusterArn,
    step: status.step,
    isDataLossAllowed: dataLossAllowed,
    detectedAt: Date.parse(detectedAt ?? startedAt),
    startedAt: Date.parse(startedAt),
    calledAt: instantOf(calledAt),
    promotedAt: instantOf(promotedAt),
    publishedAt: instantOf(publishedAt),
    estimatedDataLossMilliseconds: status.estimatedDataLossMilliseconds,
    worstCaseDataLossMilliseconds: status.worstCaseDataLossMilliseconds,
    attempts: status.attempts,
    fence: status.fence,
    fenceTime: instantOf(fenceTime),
    acceptedBy: status.acceptedBy,
    message: status.message,
  });
}

export function operationStatus(operation: Operation): OperationStatus {
  const { isDataLossAllowed, detectedAt, startedAt, calledAt, promotedAt, publishedAt, fenceTime, ...same } = operation;
  return defined({
    ...same,
    dataLossAllowed: isDataLossAllowed,
    detectedAt: timestamp(detectedAt),
    startedAt: timestamp(startedAt),
    calledAt: optionalTimestamp(calledAt),
    promotedAt: optionalTimestamp(promotedAt),
    publishedAt: optionalTimestamp(publishedAt),
    fenceTime: optionalTimestamp(fenceTime),
  });
}

/** Whole milliseconds, not below 0, as the schema has them; the wall clock may have been set back in between. */
export const wholeMilliseconds = (value: number | undefined): number | undefined =>
  value === undefined || Number.isNaN(value)
    ? undefined
    : Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(value)));

export function historyEntry(record: HistoryRecord): HistoryEntry {
  const { detectedAt, startedAt, promotedAt, publishedAt, completedAt, ...same } = record;
  return defined({
    ...same,
    detectedAt: optionalTimestamp(detectedAt),
    startedAt: timestamp(startedAt),
    promotedAt: optionalTimestamp(promotedAt),
    publishedAt: optionalTimestamp(publishedAt),
    completedAt: timestamp(completedAt),
    recoveryTimeMilliseconds: wholeMilliseconds(record.recoveryTimeMilliseconds),
  });
}

export function splitBrainFrom(status: SplitBrainStatus): SplitBrain {
  return defined({
    region: status.region,
    clusterIdentifier: status.clusterIdentifier,
    since: Date.parse(status.since),
    operationId: status.operationId,
    fence: status.fence ?? 'Unknown',
    state: status.state,
    returnedAt: instantOf(status.returnedAt),
    message: status.message,
  });
}

export function splitBrainStatus(splitBrain: SplitBrain): SplitBrainStatus {
  const { since, returnedAt, ...same } = splitBrain;
  return defined({ ...same, since: timestamp(since), returnedAt: optionalTimestamp(returnedAt) });
}

function signalsFrom(status: DisasterRecoveryPolicyStatus): Memory['signals'] {
  return Object.fromEntries(
    (status.signals ?? []).map((signal): [string, SignalMemory] => [
      signal.name,
      defined({
        state: signal.state,
        since: Date.parse(signal.since),
        reason: signal.reason ?? '',
        message: signal.message ?? '',
        // Streaks begin anew: only what a full threshold had proven outlives the process.
        passingRounds: 0,
        lastPassed: instantOf(signal.lastPassed),
        primary: signal.primary,
        configuration: signal.configuration ?? '',
      }),
    ]),
  );
}

/** The remembered lag sample of one region; its period is not persisted, and only its end matters for an age. */
function lagFrom(milliseconds: number | undefined, time: string | undefined): LagSample | undefined {
  const periodEnd = instantOf(time);
  return milliseconds === undefined || periodEnd === undefined
    ? undefined
    : { periodStart: periodEnd, periodEnd, lagMilliseconds: milliseconds };
}

function byRegion<T>(
  status: DisasterRecoveryPolicyStatus,
  pick: (region: NonNullable<DisasterRecoveryPolicyStatus['regions']>[number]) => T | undefined,
): Record<string, T> {
  return Object.fromEntries(
    (status.regions ?? []).flatMap((region) => {
      const value = pick(region);
      return value === undefined ? [] : [[region.name, value] as const];
    }),
  );
}

/** What the brain may still know after a restart: votes, the incident's start, the last lag, versions, working probes. */
export function memoryFrom(status: DisasterRecoveryPolicyStatus | undefined): Memory {
  if (status === undefined) {
    return EMPTY_MEMORY;
  }
  const startedAt = instantOf(status.incident?.startedAt);
  return defined({
    ...EMPTY_MEMORY,
    signals: signalsFrom(status),
    incident: startedAt === undefined ? undefined : { startedAt },
    lag: byRegion(status, (region) => lagFrom(region.replicationLagMilliseconds, region.lagSampleTime)),
    engineVersions: byRegion(status, (region) => region.engineVersion),
    endpointPassed: byRegion(status, (region) => instantOf(region.endpointLastPassed)),
  });
}
