import { createHash } from 'node:crypto';
import type { DisasterRecoveryPolicySpec, SignalName, SignalsSpec } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { parseDuration } from '../api/v1alpha1/duration.ts';
import { defined } from '../failover/defined.ts';
import { scheduleProblem } from '../failover/schedule.ts';
import type { DrillSettings, FailbackSettings, Settings, SignalSettings } from '../failover/settings.ts';

/** What an installation, as opposed to a policy, contributes to the brain's settings. */
export interface InstallationSettings {
  /** `--region`. */
  readonly operatorRegion?: string;
  readonly unconfirmedReadWindowMilliseconds: number;
  /** Period of the lag samples: 60 s with Aurora's own metrics. */
  readonly metricPeriodMilliseconds: number;
}

/** CloudWatch delivers a sample up to three periods late: "one to three minutes" with Aurora's one-minute metrics. */
const METRIC_DELAY_PERIODS = 3;

const SIGNAL_NAMES: readonly SignalName[] = ['controlPlane', 'endpoint', 'replication', 'http'];

function delayOf(name: SignalName, signals: SignalsSpec, interval: number, metricPeriod: number): number {
  const replication = signals.replication;
  if (name !== 'replication' || replication === undefined) {
    return 0;
  }
  const maximumAge = parseDuration(replication.maximumAge);
  return replication.source === 'SQL'
    ? maximumAge + interval
    : maximumAge + metricPeriod + METRIC_DELAY_PERIODS * metricPeriod;
}

/** What the schema cannot tell of a schedule: that its time zone is known here, and that it ever comes true. */
function scheduleProblems({ failback, drill }: DisasterRecoveryPolicySpec): readonly string[] | undefined {
  const { schedule, timeZone = 'UTC' } = drill ?? {};
  const problems = [
    ...(failback.windows ?? []).map(
      (window, index) => [`failback.windows[${index}]`, scheduleProblem(window)] as const,
    ),
    ['drill', schedule === undefined ? undefined : scheduleProblem({ schedule, timeZone })] as const,
  ].flatMap(([field, problem]) => (problem === undefined ? [] : [`${field}: ${problem}`]));
  return problems.length === 0 ? undefined : problems;
}

function failbackSettings({ failback }: DisasterRecoveryPolicySpec): FailbackSettings | undefined {
  return failback.mode === 'Manual'
    ? undefined
    : {
        stabilizationMilliseconds: parseDuration(failback.stabilization),
        windows: (failback.windows ?? []).map(({ schedule, timeZone, duration }) => ({
          schedule,
          timeZone,
          durationMilliseconds: parseDuration(duration),
        })),
      };
}

function drillSettings({ drill }: DisasterRecoveryPolicySpec): DrillSettings | undefined {
  if (drill === undefined) {
    return undefined;
  }
  const { mode, schedule, timeZone, maximumAge } = drill;
  return defined({
    mode,
    schedule: schedule === undefined ? undefined : { schedule, timeZone },
    maximumAgeMilliseconds: parseDuration(maximumAge),
  });
}

function signalSettings(spec: DisasterRecoveryPolicySpec, metricPeriod: number): SignalSettings[] {
  const { signals } = spec.detection;
  const interval = parseDuration(spec.detection.interval);
  return SIGNAL_NAMES.filter((name) => signals[name] !== undefined).map((name) => ({
    name,
    // Only what changes the meaning of a Passing: toggling suspend in the middle of an outage must not cost votes.
    configuration: createHash('sha256')
      .update(JSON.stringify([spec.globalClusterIdentifier, name, signals[name]]))
      .digest('hex')
      .slice(0, 16),
    delayMilliseconds: delayOf(name, signals, interval, metricPeriod),
  }));
}

/**
 * A policy's spec, as the API server returns it (defaults applied), in the brain's units.
 *
 * @throws InvalidDurationError for a duration that got past the schema
 */
export function settingsOf(spec: DisasterRecoveryPolicySpec, installation: InstallationSettings): Settings {
  const { detection, failover, objectives } = spec;
  const limit = failover.inRegionRecoveryLimit;
  const replication = detection.signals.replication;
  return defined({
    globalClusterIdentifier: spec.globalClusterIdentifier,
    regions: spec.regions,
    recoveryTimeMilliseconds: parseDuration(objectives.recoveryTime),
    recoveryPointMilliseconds: parseDuration(objectives.recoveryPoint),
    intervalMilliseconds: parseDuration(detection.interval),
    timeoutMilliseconds: parseDuration(detection.timeout),
    failureThreshold: detection.failureThreshold,
    successThreshold: detection.successThreshold,
    quorum: detection.quorum,
    signals: signalSettings(spec, installation.metricPeriodMilliseconds),
    replicationMaximumAgeMilliseconds: replication === undefined ? undefined : parseDuration(replication.maximumAge),
    mode: failover.mode,
    dataLoss: failover.dataLoss,
    estimate: failover.estimate,
    maximumLagAgeMilliseconds: parseDuration(failover.maximumLagAge),
    cooldownMilliseconds: parseDuration(failover.cooldown),
    operationTimeoutMilliseconds: parseDuration(failover.timeout),
    inRegionRecoveryLimitMilliseconds: limit === undefined ? undefined : parseDuration(limit),
    fencing: spec.fencing.mode,
    isPublishing: spec.publish?.service !== undefined || spec.publish?.configMap !== undefined,
    isSuspended: spec.suspend,
    failback: failbackSettings(spec),
    drill: drillSettings(spec),
    scheduleProblems: scheduleProblems(spec),
    operatorRegion: installation.operatorRegion,
    unconfirmedReadWindowMilliseconds: installation.unconfirmedReadWindowMilliseconds,
  });
}
