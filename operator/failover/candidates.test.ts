import { describe, expect, it } from '@jest/globals';
import type { Promotion } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { assessRegions } from './candidates.ts';
import type { Round } from './observation.ts';
import type { Settings } from './settings.ts';
import {
  aRound,
  ENGINE,
  MINUTE,
  NOT_REPORTED,
  SECOND,
  T0,
  type RegionProps,
  type RoundProps,
} from './testing/a-round.ts';
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

describe('an engine version that nobody tells', () => {
  /** The round as if these regions' clusters, or every view of the global cluster, said no version. */
  function silentOnVersion(regions: readonly string[], isGlobalSilent: boolean): Round {
    const round = aRound({ at: NOW, members: [EAST, WEST, CENTRAL] });
    const strip = <T extends { readonly engineVersion?: string }>({ engineVersion: _, ...view }: T) => view;
    const views = Object.entries(round.regions).map(([name, seen]) => [
      name,
      {
        ...seen,
        ...(regions.includes(name) && seen.cluster !== undefined ? { cluster: strip(seen.cluster) } : {}),
        ...(isGlobalSilent && seen.globalCluster !== undefined ? { globalCluster: strip(seen.globalCluster) } : {}),
      },
    ]);
    return { ...round, regions: Object.fromEntries(views) as Round['regions'] };
  }

  it.each<[string, readonly string[], boolean, string | undefined]>([
    ['its own', [WEST], false, 'EngineVersionUnknown'],
    ['the primary’s', [EAST], true, 'EngineVersionUnknown'],
    ['both', [EAST, WEST], true, 'EngineVersionUnknown'],
    ['the primary’s, but the global cluster tells', [EAST], false, undefined],
  ])('Given it is %s, then they are not taken for the same', (_, silent, isGlobalSilent, reason) => {
    const seen = new Watch(aSettings({ regions: THREE_REGIONS })).see(silentOnVersion(silent, isGlobalSilent));

    expect(regionOf(seen, WEST)?.unfit?.reason).toBe(reason);
  });
});

describe('what is told of a region', () => {
  it.each<[string, RoundProps, string]>([
    ['silent', { regions: { [WEST]: { rds: noAnswer() } } }, 'RDS in us-west-2 did not answer in this round: timeout'],
    [
      'being rebuilt',
      { regions: { [WEST]: { synchronization: { [WEST]: 'pending-resync' } } } },
      'its synchronization status is pending-resync, not connected',
    ],
    [
      'not told about',
      { regions: { [WEST]: { synchronization: { [WEST]: NOT_REPORTED } } } },
      'its synchronization status is not reported, not connected',
    ],
  ])('Given a secondary that is %s, then the objection says so', (_, props, message) => {
    expect(regionOf(watch(props), WEST)?.unfit?.message).toBe(message);
  });

  it('Given a region that was not asked in this round at all, then it is not observed', () => {
    const seen = new Watch(aSettings()).see(aRound({ at: NOW, members: [EAST] }));

    expect(regionOf(seen, WEST)?.unfit).toEqual({
      reason: 'NotObserved',
      message: 'RDS in us-west-2 did not answer in this round',
    });
  });

  it('Given a region that is never promoted, then it is excluded for that', () => {
    const seen = watch({}, { regions: [aRegion(EAST), aRegion(WEST, 'Never')] });

    expect(regionOf(seen, WEST)?.excluded?.reason).toBe('PromotionNever');
  });

  it('Given the primary, then no loss is estimated for it and nothing excludes it', () => {
    const primary = regionOf(watch({}), EAST);

    expect(primary).not.toHaveProperty('loss');
    expect(primary).not.toHaveProperty('excluded');
  });

  it('Given lag samples, then the newest is shown, and goes on being shown when none arrive any more', () => {
    const seen = watch({ lag: { [WEST]: { until: NOW, lags: [10, 20, 30] } } });
    expect(regionOf(seen, WEST)?.lag?.lagMilliseconds).toBe(30);

    seen.seeAlike(1, NOW + MINUTE, { members: [EAST, WEST, CENTRAL], lag: { [WEST]: 'none' } });
    expect(regionOf(seen, WEST)?.lag?.lagMilliseconds).toBe(30);
  });

  it('Given an incident, then the newest lag is shown, though the loss is estimated by the one before', () => {
    const seen = watch({ lag: { [WEST]: { until: NOW, lags: [10, 20, 30] } } });
    const lost = { regions: { [EAST]: { rds: noAnswer() } }, endpoint: noAnswer(), members: [EAST, WEST, CENTRAL] };
    seen.seeAlike(1, NOW + MINUTE, { ...lost, lag: { [WEST]: { until: NOW, lags: [10, 20, 30] } } });
    seen.seeAlike(1, NOW + 3 * MINUTE, {
      ...lost,
      lag: { [WEST]: { until: NOW + 3 * MINUTE, lags: [30, 40, 90_000] } },
    });

    expect(regionOf(seen, WEST)).toMatchObject({
      lag: { lagMilliseconds: 90_000 },
      loss: { lastKnownMilliseconds: 30 },
    });
  });

  it('Given a region whose lag nobody ever told, then none is shown', () => {
    expect(regionOf(watch({ lag: { [WEST]: 'none' } }), WEST)).not.toHaveProperty('lag');
  });

  it('Given a region that the topology does not hold, then it is left out', () => {
    const { assessment, settings, memory } = watch({});
    const { [WEST]: _, ...members } = assessment.topology.members;
    const topology = { ...assessment.topology, members };
    const regions = assessRegions({ round: assessment.round, settings, topology, memory, lossAt: T0 + NOW });

    expect(regions.map(({ region }) => region)).toEqual([EAST, CENTRAL]);
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
