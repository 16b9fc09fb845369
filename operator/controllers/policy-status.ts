import { boundedText } from '../api/v1alpha1/bounded-text.ts';
import type {
  Condition,
  DisasterRecoveryPolicyStatus,
  OperationStatus,
  Phase,
  RegionStatus,
  SignalStatus,
} from '../api/v1alpha1/disaster-recovery-policy.ts';
import { formatDuration } from '../api/v1alpha1/duration.ts';
import type { RegionAssessment } from '../failover/candidates.ts';
import { defined } from '../failover/defined.ts';
import { detectionWindow } from '../failover/detection-window.ts';
import type { Memory } from '../failover/memory.ts';
import { conditionsOf, type ConditionsQuestion } from './conditions-of.ts';
import { incidentStatus } from './incident-status.ts';
import { isRecoveryLate } from './recovery-time.ts';
import { hasSameContent } from '../failover/same-content.ts';
import {
  drillStatus,
  failbackStatus,
  lastDrillStatus,
  nextDrillStatus,
  operationStatus,
  optionalTimestamp,
  splitBrainStatus,
  timestamp,
  wholeMilliseconds,
} from './status-codec.ts';

export interface StatusQuestion extends ConditionsQuestion {
  readonly memory: Memory;
  readonly previousStatus: DisasterRecoveryPolicyStatus | undefined;
}

/** Longest strings of AWS that the schema admits; what does not fit is shortened, or no value at all. */
const MAXIMUM_WORD_LENGTH = 64;
const MAXIMUM_LAG_LENGTH = 16;
const MAXIMUM_HOST_LENGTH = 255;
const MAXIMUM_ARN_LENGTH = 2048;
const MAXIMUM_PORT = 65_535;

const word = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : boundedText(text, MAXIMUM_WORD_LENGTH);
/** An address or a name that is cut off is another one. */
const whole = (text: string | undefined, maximumLength: number): string | undefined =>
  text === undefined || text.length > maximumLength ? undefined : text;
const portNumber = (port: number | undefined): number | undefined =>
  port !== undefined && Number.isInteger(port) && port >= 1 && port <= MAXIMUM_PORT ? port : undefined;

function regionStatus(region: RegionAssessment, question: StatusQuestion): RegionStatus {
  const { memory, previousStatus, assessment } = question;
  const before = previousStatus?.regions?.find((known) => known.name === region.region);
  const lag = region.role === 'Secondary' ? memory.lag[region.region] : undefined;
  const objection = region.unfit ?? region.excluded;
  return defined({
    name: region.region,
    clusterIdentifier: region.clusterIdentifier,
    // A round in which nobody told the roles has not taken them away.
    role: assessment.topology.isObserved ? region.role : (before?.role ?? region.role),
    health: region.health,
    // A lost region cannot say these any more, and a person at 3 a.m. wants to know what they were.
    ...addressOf(region, before),
    engineVersion: word(region.engineVersion),
    clusterStatus: word(region.clusterStatus),
    synchronizationStatus: word(region.synchronizationStatus),
    replicationLagMilliseconds: wholeMilliseconds(lag?.lagMilliseconds),
    lagSampleTime: optionalTimestamp(lag?.periodEnd),
    endpointLastPassed: optionalTimestamp(memory.endpointPassed[region.region]),
    promotable: objection === undefined,
    reason: objection?.reason,
  });
}

function addressOf(region: RegionAssessment, before: RegionStatus | undefined): Partial<RegionStatus> {
  return defined({
    clusterArn: whole(region.clusterArn, MAXIMUM_ARN_LENGTH) ?? before?.clusterArn,
    endpoint: whole(region.endpoint, MAXIMUM_HOST_LENGTH) ?? before?.endpoint,
    port: portNumber(region.port) ?? before?.port,
  });
}

function signalStatuses({ assessment, memory }: StatusQuestion): SignalStatus[] {
  return assessment.signals.map((signal) => {
    const remembered = memory.signals[signal.name];
    return defined({
      name: signal.name,
      vantage: signal.vantage,
      state: signal.state,
      since: timestamp(signal.since),
      lastPassed: optionalTimestamp(signal.lastPassed),
      primary: remembered?.primary,
      configuration: remembered?.configuration,
      reason: signal.reason,
      message: boundedText(signal.message),
    });
  });
}

const isTrue = (conditions: readonly Condition[], type: string): boolean =>
  conditions.find((condition) => condition.type === type)?.status === 'True';

/** Phases of a policy whose primary is known and at rest, worst first. */
function restingPhase({ settings, assessment }: StatusQuestion, conditions: readonly Condition[]): Phase {
  if (settings.isSuspended) {
    return 'Suspended';
  }
  if (assessment.incident !== undefined) {
    return 'Suspect';
  }
  if (!isTrue(conditions, 'FailoverReady')) {
    return 'Unprotected';
  }
  const isWell = ['Ready', 'PrimaryHealthy', 'ReplicationHealthy'].every((type) => isTrue(conditions, type));
  const isFailing = assessment.signals.some((signal) => signal.state === 'Failing');
  return isWell && !isFailing ? 'Protected' : 'Degraded';
}

function phaseOf(question: StatusQuestion, conditions: readonly Condition[]): Phase {
  const { record } = question;
  if (record.operation !== undefined) {
    return record.operation.type === 'Failover' ? 'FailingOver' : 'SwitchingOver';
  }
  return record.primaryRegion === undefined ? 'Pending' : restingPhase(question, conditions);
}

function displayedLag({ assessment, memory }: StatusQuestion): string {
  const lags = assessment.regions
    .filter((region) => region.role === 'Secondary')
    .flatMap((region) => memory.lag[region.region]?.lagMilliseconds ?? []);
  return lags.length === 0 ? 'unknown' : boundedText(`${Math.round(Math.max(...lags))}ms`, MAXIMUM_LAG_LENGTH);
}

const boundedOperation = (operation: OperationStatus): OperationStatus =>
  operation.message === undefined ? operation : { ...operation, message: boundedText(operation.message) };

/** What belongs to failbacks and drills. */
function rehearsalStatus({ record, memory }: StatusQuestion): Partial<DisasterRecoveryPolicyStatus> {
  const { drill, lastDrill, nextDrill } = record;
  const { stability } = memory;
  return defined({
    failback: stability === undefined ? undefined : failbackStatus(stability),
    nextDrill: nextDrill === undefined ? undefined : nextDrillStatus(nextDrill),
    drill: drill === undefined ? undefined : drillStatus(drill),
    lastDrill: lastDrill === undefined ? undefined : lastDrillStatus(lastDrill),
  });
}

/** The whole status: the record as it is, everything else read out of the last round. */
export function statusOf(question: StatusQuestion): DisasterRecoveryPolicyStatus {
  const { settings, record, assessment, generation } = question;
  const conditions = conditionsOf(question);
  const regions = assessment.regions.map((region) => regionStatus(region, question));
  const window = detectionWindow(settings);
  return defined({
    observedGeneration: generation,
    phase: phaseOf(question, conditions),
    primaryRegion: record.primaryRegion,
    writerEndpoint: regions.find((region) => region.name === record.primaryRegion)?.endpoint,
    lag: displayedLag(question),
    detectionWindow: window === undefined ? undefined : formatDuration(window),
    regions,
    signals: signalStatuses(question),
    incident: incidentStatus(question),
    recoveryTimeExceeded: isRecoveryLate(question) ? true : undefined,
    operation: record.operation === undefined ? undefined : boundedOperation(operationStatus(record.operation)),
    lastRequest: record.lastRequest,
    published: record.published,
    ...rehearsalStatus(question),
    splitBrain: record.splitBrain === undefined ? undefined : splitBrainStatus(record.splitBrain),
    rescueSnapshots: record.rescueSnapshots === undefined ? undefined : [...record.rescueSnapshots],
    cooldownUntil: record.cooldownUntil === undefined ? undefined : timestamp(record.cooldownUntil),
    history: [...record.history],
    conditions,
  });
}

/**
 * What of a status is worth a write of its own: states, reasons, roles, phases, the record. Figures, times and messages
 * are refreshed along with it.
 */
function significanceOf(status: DisasterRecoveryPolicyStatus): readonly unknown[] {
  const { phase, primaryRegion, writerEndpoint, detectionWindow: window, observedGeneration } = status;
  return [
    [phase, primaryRegion, writerEndpoint, window, observedGeneration],
    [status.incident?.startedAt, status.incident?.reason, status.recoveryTimeExceeded],
    status.regions?.map((region) => [
      [region.name, region.role, region.health, region.endpoint, region.engineVersion, region.clusterStatus],
      [region.synchronizationStatus, region.promotable, region.reason],
      [region.endpointLastPassed !== undefined, region.lagSampleTime !== undefined, region.clusterArn],
    ]),
    status.signals?.map((signal) => [
      [signal.name, signal.state, signal.reason, signal.primary, signal.configuration],
      signal.lastPassed !== undefined,
    ]),
    status.conditions?.map((condition) => [condition.type, condition.status, condition.reason]),
    [status.operation, status.lastRequest, status.published, status.splitBrain, status.cooldownUntil],
    status.rescueSnapshots,
    [status.failback?.region, status.failback?.healthySince],
    [status.nextDrill, status.drill, status.lastDrill?.id],
    status.history?.map((entry) => [entry.id, entry.outcome, entry.completedAt]),
  ];
}

/** Whether `next` is worth a write. The API server gives an object's keys back in an order of its own: it tells nothing. */
export function hasSignificantChange(
  previous: DisasterRecoveryPolicyStatus | undefined,
  next: DisasterRecoveryPolicyStatus,
): boolean {
  return previous === undefined || !hasSameContent(significanceOf(previous), significanceOf(next));
}
