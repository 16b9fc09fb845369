import { boundedText } from '../api/v1alpha1/bounded-text.ts';
import type {
  DisasterRecoveryPolicyStatus,
  DrillStatus,
  FailbackStatus,
  HistoryEntry,
  LastDrillStatus,
  NextDrillStatus,
  OperationStatus,
  SplitBrainStatus,
} from '../api/v1alpha1/disaster-recovery-policy.ts';
import { defined } from '../failover/defined.ts';
import type { Drill, LastDrill } from '../failover/drill.ts';
import type { NextDrill } from '../failover/drill-schedule.ts';
import { EMPTY_MEMORY, type Memory, type SignalMemory } from '../failover/memory.ts';
import type { Instant, LagSample } from '../failover/observation.ts';
import type { HistoryRecord, Operation, SplitBrain } from '../failover/operation.ts';
import type { Stability } from '../failover/stability.ts';

/** Instants whose text is remembered at most: from round to round a status mostly carries the same ones. */
const MAXIMUM_REMEMBERED = 4096;
const remembered = new Map<Instant, string>();

/** RFC 3339 with milliseconds, as `status` carries times. */
export function timestamp(instant: Instant): string {
  const known = remembered.get(instant);
  if (known !== undefined) {
    return known;
  }
  const text = new Date(instant).toISOString();
  if (remembered.size >= MAXIMUM_REMEMBERED) {
    remembered.clear();
  }
  remembered.set(instant, text);
  return text;
}
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
    requestId: status.requestId,
    fence: status.fence,
    fenceTime: instantOf(fenceTime),
    acceptedBy: status.acceptedBy,
    automatic: status.automatic,
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

export function drillFrom({ startedAt, arrivedAt, scheduledFor, notBefore, ...same }: DrillStatus): Drill {
  return defined({
    ...same,
    startedAt: Date.parse(startedAt),
    arrivedAt: instantOf(arrivedAt),
    scheduledFor: instantOf(scheduledFor),
    notBefore: instantOf(notBefore),
  });
}

export function drillStatus({ startedAt, arrivedAt, scheduledFor, notBefore, ...same }: Drill): DrillStatus {
  return defined({
    ...same,
    thereMilliseconds: wholeMilliseconds(same.thereMilliseconds),
    startedAt: timestamp(startedAt),
    arrivedAt: optionalTimestamp(arrivedAt),
    scheduledFor: optionalTimestamp(scheduledFor),
    notBefore: optionalTimestamp(notBefore),
  });
}

export const nextDrillFrom = ({ at, schedule }: NextDrillStatus): NextDrill => ({ at: Date.parse(at), schedule });
export const nextDrillStatus = ({ at, schedule }: NextDrill): NextDrillStatus => ({ at: timestamp(at), schedule });

export function lastDrillFrom(status: LastDrillStatus): LastDrill {
  const { reason = '', message = '', scheduledFor, startedAt, completedAt, lastSucceededAt, ...same } = status;
  return defined({
    ...same,
    reason,
    message,
    scheduledFor: instantOf(scheduledFor),
    startedAt: instantOf(startedAt),
    completedAt: Date.parse(completedAt),
    lastSucceededAt: instantOf(lastSucceededAt),
  });
}

const MAXIMUM_CHECK_LENGTH = 1024;

export function lastDrillStatus(drill: LastDrill): LastDrillStatus {
  const { scheduledFor, startedAt, completedAt, lastSucceededAt, checks, message, ...same } = drill;
  return defined({
    ...same,
    message: boundedText(message),
    thereMilliseconds: wholeMilliseconds(same.thereMilliseconds),
    backMilliseconds: wholeMilliseconds(same.backMilliseconds),
    scheduledFor: optionalTimestamp(scheduledFor),
    startedAt: optionalTimestamp(startedAt),
    completedAt: timestamp(completedAt),
    lastSucceededAt: optionalTimestamp(lastSucceededAt),
    checks: checks?.map((check) => ({ ...check, message: boundedText(check.message, MAXIMUM_CHECK_LENGTH) })),
  });
}

export const failbackStatus = ({ region, since, until }: Stability): FailbackStatus => ({
  region,
  healthySince: timestamp(since),
  observedUntil: timestamp(until),
});

const stabilityFrom = ({ region, healthySince, observedUntil }: FailbackStatus): Stability => ({
  region,
  since: Date.parse(healthySince),
  until: Date.parse(observedUntil),
});

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
    stability: status.failback === undefined ? undefined : stabilityFrom(status.failback),
  });
}
