import { describe, expect, it } from '@jest/globals';
import type { Promotion } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Settings } from './settings.ts';
import { ENGINE, MINUTE, SECOND, type RegionProps, type RoundProps } from './testing/a-round.ts';
import { aRegion, aSettings, CENTRAL, EAST, THREE_REGIONS, WEST } from './testing/a-settings.ts';
import { local, noAnswer, rejected } from './testing/attempts.ts';
import { Watch } from './testing/watch.ts';

const NOW = 60 * MINUTE;

function watch(props: RoundProps, overrides: Partial<Settings> = {}): Watch {
  const settings = aSettings({ regions: THREE_REGIONS, ...overrides });
  return new Watch(settings).seeAlike(2, NOW, { members: [EAST, WEST, CENTRAL], ...props });
}

const regionOf = (seen: Watch, region: string) => seen.assessment.regions.find((found) => found.region === region);

describe('fitness', () => {
  const everywhere = (props: RegionProps): RoundProps => ({
    regions: { [EAST]: props, [WEST]: props, [CENTRAL]: props },
  });

  it.each<[string, RoundProps, string | undefined]>([
    ['healthy', {}, undefined],
    ['silent', { regions: { [WEST]: { rds: noAnswer() } } }, 'NotObserved'],
    ['throttled', { regions: { [WEST]: { rds: rejected() } } }, 'NotObserved'],
    ['not asked for local reasons', { regions: { [WEST]: { rds: local() } } }, 'NotObserved'],
    ['silent about the cluster only', { regions: { [WEST]: { clusters: noAnswer() } } }, 'NotObserved'],
    ['without the cluster', { regions: { [WEST]: { isWithoutCluster: true } } }, 'ClusterNotFound'],
    ['upgrading', { regions: { [WEST]: { status: 'upgrading' } } }, 'NotAvailable'],
    ['of an unknown status', { regions: { [WEST]: { status: 'tomorrow' } } }, 'NotAvailable'],
    ['headless', { regions: { [WEST]: { instances: 0 } } }, 'NoInstance'],
    ['no member', everywhere({ members: [EAST, CENTRAL] }), 'NotAMember'],
    ['pending-resync', everywhere({ synchronization: { [WEST]: 'pending-resync' } }), 'NotConnected'],
    ['of an unknown synchronization', everywhere({ synchronization: { [WEST]: 'Connected?' } }), 'NotConnected'],
    [
      'of another patch level',
      { regions: { [WEST]: { engineVersion: '8.0.mysql_aurora.3.08.1' } } },
      'EngineVersionDiffers',
    ],
  ])('Given a secondary that is %s, then the objection is named', (_, props, reason) => {
    const seen = watch(props);

    expect(regionOf(seen, WEST)?.unfit?.reason).toBe(reason);
    expect(seen.assessment.target?.region).toBe(reason === undefined ? WEST : CENTRAL);
  });

  it.each<[string, RegionProps]>([
    ['at all', { rds: { kind: 'rejected', cause: 'denied', message: 'not authorized' } }],
    ['for the cluster', { clusters: { kind: 'rejected', cause: 'denied', message: 'not authorized' } }],
  ])('Given a region that does not answer %s, then the objection says why', (_, props) => {
    expect(regionOf(watch({ regions: { [WEST]: props } }), WEST)?.unfit?.message).toMatch(
      /in this round: not authorized$/,
    );
  });

  it('Given the primary, then it is no candidate', () => {
    expect(regionOf(watch({}), EAST)?.unfit?.reason).toBe('IsPrimary');
  });

  it('Given the primary is lost, then its version is remembered', () => {
    const settings = aSettings();
    const odd = { [EAST]: { engineVersion: 'older' } };
    const seen = new Watch(settings).seeAlike(2, NOW, { regions: odd });

    seen.seeAlike(1, NOW + MINUTE, { regions: { [EAST]: { rds: noAnswer() } } });

    expect(regionOf(seen, WEST)?.unfit?.reason).toBe('EngineVersionDiffers');
  });

  it('Given the primary was lost before this process began, then the global cluster’s version stands in', () => {
    const seen = new Watch(aSettings()).seeAlike(1, NOW, { regions: { [EAST]: { rds: noAnswer() } } });

    expect(seen.assessment.topology.engineVersion).toBe(ENGINE);
    expect(regionOf(seen, WEST)?.unfit).toBeUndefined();
  });
});

describe('choice', () => {
  const choose = (west: Promotion, central: Promotion, props: RoundProps = {}) =>
    watch(props, { regions: [aRegion(EAST), aRegion(WEST, west), aRegion(CENTRAL, central)] }).assessment.target
      ?.region;

  it.each<[Promotion, Promotion, string | undefined]>([
    ['Allow', 'Allow', WEST],
    ['Allow', 'Prefer', CENTRAL],
    ['Prefer', 'Prefer', WEST],
    ['Never', 'Allow', CENTRAL],
    ['Allow', 'Never', WEST],
    ['Never', 'Never', undefined],
  ])('Given promotions %s and %s, then %s is chosen', (west, central, expected) => {
    expect(choose(west, central)).toBe(expected);
  });

  it('Given different lags within the objective, then lag does not rank', () => {
    expect(choose('Allow', 'Allow', { lag: { [WEST]: { lags: [999] }, [CENTRAL]: { lags: [1] } } })).toBe(WEST);
  });

  it.each<[string, RoundProps, string]>([
    ['above the objective', { lag: { [WEST]: { lags: [1001] } } }, 'LagAboveRecoveryPoint'],
    ['unknown', { lag: { [WEST]: { lags: [] } } }, 'LagUnknown'],
    ['never asked', { lag: { [WEST]: 'none' } }, 'LagUnknown'],
    ['too old', { lag: { [WEST]: { until: NOW - 7 * MINUTE } } }, 'LagUnknown'],
  ])('Given a lag that is %s, then the region is excluded, not unfit, and the next is chosen', (_, props, reason) => {
    const seen = watch(props);

    expect(regionOf(seen, WEST)?.excluded?.reason).toBe(reason);
    expect(regionOf(seen, WEST)?.unfit).toBeUndefined();
    expect(seen.assessment.target?.region).toBe(CENTRAL);
  });
});

describe('the loss that a candidate would mean', () => {
  const LOSS = NOW + 30 * SECOND;
  const FAILING: RoundProps = { regions: { [EAST]: { rds: noAnswer() } }, endpoint: noAnswer() };
  const lossAfter = (before: RoundProps, after: RoundProps, rounds = 3) => {
    const seen = new Watch(aSettings()).seeAlike(3, NOW, before).seeAlike(rounds, LOSS, { ...FAILING, ...after });
    return regionOf(seen, WEST)?.loss?.lastKnownMilliseconds;
  };
  const lag = (until: number, lags: readonly number[]): RoundProps => ({ lag: { [WEST]: { until, lags } } });

  it('Given later samples with a smaller lag, then they never lower it', () => {
    expect(lossAfter(lag(NOW, [5000]), lag(NOW + 2 * MINUTE, [5000, 100, 100]))).toBe(5000);
  });

  it('Given a sample from before the loss that arrives late, then it counts', () => {
    expect(lossAfter(lag(NOW - MINUTE, [5000]), lag(NOW, [5000, 200]))).toBe(200);
  });

  it('Given later samples of an outage whose metric goes on, then the estimate does not follow them', () => {
    expect(lossAfter(lag(NOW, [100]), lag(NOW + 2 * MINUTE, [100, 90_000, 150_000]))).toBe(100);
  });

  it('Given a sample that ends with the first failing round, then it counts', () => {
    expect(lossAfter({}, lag(LOSS, [300]))).toBe(300);
    expect(lossAfter({}, lag(LOSS + 1, [300]))).toBe(100);
  });
});

describe('health', () => {
  it.each<[string, RegionProps, string]>([
    ['available', {}, 'Healthy'],
    ['not available', { status: 'upgrading' }, 'Unhealthy'],
    ['silent', { rds: noAnswer() }, 'Unhealthy'],
    ['without the cluster', { isWithoutCluster: true }, 'Unhealthy'],
    ['throttled', { rds: rejected() }, 'Unknown'],
    ['not asked', { rds: local() }, 'Unknown'],
  ])('Given a region that is %s, then its health is as listed', (_, region, health) => {
    expect(regionOf(watch({ regions: { [WEST]: region } }), WEST)?.health).toBe(health);
  });
});
