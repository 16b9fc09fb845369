import type { SignalName } from '../../api/v1alpha1/disaster-recovery-policy.ts';
import type { RegionSettings, Settings, SignalSettings } from '../settings.ts';

export const EAST = 'us-east-1';
export const WEST = 'us-west-2';
export const CENTRAL = 'eu-central-1';

const MINUTE = 60_000;

/** A region of the policy, its cluster named as everywhere in these tests. */
export const aRegion = (name: string, promotion: RegionSettings['promotion'] = 'Allow'): RegionSettings => ({
  name,
  clusterIdentifier: 'orders',
  promotion,
});

export const TWO_REGIONS: readonly RegionSettings[] = [aRegion(EAST, 'Prefer'), aRegion(WEST)];
export const THREE_REGIONS: readonly RegionSettings[] = [...TWO_REGIONS, aRegion(CENTRAL)];

/** The delay of CloudWatch: maximumAge, a period, and three periods of delivery. */
const DELAY: Readonly<Record<SignalName, number>> = {
  controlPlane: 0,
  endpoint: 0,
  replication: 10 * MINUTE,
  http: 0,
};

export const signalsNamed = (...names: SignalName[]): readonly SignalSettings[] =>
  names.map((name) => ({ name, configuration: `${name}-1`, delayMilliseconds: DELAY[name] }));

/** The API's defaults, with two regions and the three default signals. */
export function aSettings(overrides: Partial<Settings> = {}): Settings {
  return {
    globalClusterIdentifier: 'orders-global',
    regions: TWO_REGIONS,
    recoveryTimeMilliseconds: 10 * MINUTE,
    recoveryPointMilliseconds: 1000,
    intervalMilliseconds: 10_000,
    timeoutMilliseconds: 3000,
    failureThreshold: 3,
    successThreshold: 2,
    quorum: 2,
    signals: signalsNamed('controlPlane', 'endpoint', 'replication'),
    replicationMaximumAgeMilliseconds: 6 * MINUTE,
    mode: 'Automatic',
    dataLoss: 'WithinRecoveryPoint',
    estimate: 'LastKnown',
    maximumLagAgeMilliseconds: 6 * MINUTE,
    cooldownMilliseconds: 30 * MINUTE,
    operationTimeoutMilliseconds: 15 * MINUTE,
    fencing: 'BestEffort',
    isPublishing: true,
    isSuspended: false,
    unconfirmedReadWindowMilliseconds: MINUTE,
    ...overrides,
  };
}
