import type { Settings, SignalSettings } from '../../operator/failover/settings.ts';
import type { FunctionEnvironment } from './environment.ts';

/** As the policy's defaults: samples come 1 to 3 minutes late, with periods of 60 s. */
const MAXIMUM_LAG_AGE_MILLISECONDS = 6 * 60_000;
const RECOVERY_TIME_MILLISECONDS = 10 * 60_000;
const RECOVERY_POINT_MILLISECONDS = 1_000;

/** What a function observes: all that can be seen without a witness. */
const SIGNALS: readonly SignalSettings[] = (['controlPlane', 'endpoint', 'replication'] as const).map((name) => ({
  name,
  configuration: 'function',
  delayMilliseconds: 0,
}));

/** What the functions add to the brain's settings. */
export interface RoleChangeSettings {
  readonly operationTimeoutMilliseconds: number;
  readonly unconfirmedReadWindowMilliseconds: number;
}

/**
 * The brain's settings for a process that remembers nothing and never acts by itself: thresholds count one round, and what
 * only automation reads says no.
 */
export function brainSettings(
  environment: FunctionEnvironment,
  roleChange: RoleChangeSettings = { operationTimeoutMilliseconds: 0, unconfirmedReadWindowMilliseconds: 0 },
): Settings {
  return {
    globalClusterIdentifier: environment.globalClusterIdentifier,
    regions: environment.regions,
    recoveryTimeMilliseconds: RECOVERY_TIME_MILLISECONDS,
    recoveryPointMilliseconds: RECOVERY_POINT_MILLISECONDS,
    intervalMilliseconds: environment.timeoutMilliseconds * 3,
    timeoutMilliseconds: environment.timeoutMilliseconds,
    failureThreshold: 1,
    successThreshold: 1,
    quorum: 2,
    signals: SIGNALS,
    replicationMaximumAgeMilliseconds: MAXIMUM_LAG_AGE_MILLISECONDS,
    mode: 'Manual',
    dataLoss: 'Allow',
    estimate: 'LastKnown',
    maximumLagAgeMilliseconds: MAXIMUM_LAG_AGE_MILLISECONDS,
    cooldownMilliseconds: 0,
    fencing: 'None',
    isPublishing: false,
    isSuspended: false,
    operatorRegion: environment.region,
    ...roleChange,
  };
}
