import { describe, expect, it } from '@jest/globals';
import type { Assessment } from '../failover/assess.ts';
import type { GlobalClusterView, RegionObservation } from '../failover/observation.ts';
import type { SplitBrain } from '../failover/operation.ts';
import { arnOf, T0 } from '../failover/testing/a-round.ts';
import { aRegion, aSettings, EAST, WEST } from '../failover/testing/a-settings.ts';
import { ANSWERED, noAnswer } from '../failover/testing/attempts.ts';
import { findOldPrimary } from './old-primary.ts';

const OLD: SplitBrain = { region: EAST, clusterIdentifier: 'orders', since: T0, fence: 'Unknown' };

interface Member {
  readonly arn?: string;
  readonly isWriter?: boolean;
  readonly synchronizationStatus?: string;
}

const view = (...members: readonly Member[]): GlobalClusterView => ({
  identifier: 'orders-global',
  status: 'available',
  members: members.map(({ arn = arnOf(EAST), isWriter = false, synchronizationStatus = 'connected' }) => ({
    clusterArn: arn,
    isWriter,
    readers: [],
    synchronizationStatus,
  })),
});

const region = (name: string, overrides: Partial<RegionObservation> = {}): RegionObservation => ({
  region: name,
  globalClusters: ANSWERED,
  clusters: ANSWERED,
  globalCluster: view({}),
  cluster: { identifier: 'orders', arn: arnOf(name), status: 'available', instanceCount: 1, port: 3306 },
  ...overrides,
});

interface Seen {
  readonly own?: Partial<RegionObservation> | null;
  readonly writers?: Partial<RegionObservation> | null;
  readonly regions?: ReturnType<typeof aSettings>['regions'];
  readonly hasPrimary?: boolean;
}

function finding({ own = {}, writers = {}, regions, hasPrimary = true }: Seen): string {
  const observed = {
    ...(own === null ? {} : { [EAST]: region(EAST, own) }),
    ...(writers === null ? {} : { [WEST]: region(WEST, writers) }),
  };
  return findOldPrimary({
    splitBrain: OLD,
    assessment: { round: { regions: observed } } as unknown as Assessment,
    settings: aSettings(regions === undefined ? {} : { regions }),
    primaryRegion: hasPrimary ? WEST : undefined,
  });
}

const without = (key: 'globalCluster' | 'cluster'): Partial<RegionObservation> => ({ [key]: undefined });
const gone = { globalCluster: view({ arn: arnOf(WEST), isWriter: true }) };
const elsewhere = (arn: string): Partial<RegionObservation> => ({ globalCluster: view({ arn }) });

describe('findOldPrimary', () => {
  it.each<[string, string, Seen]>([
    ['it is connected and available, as its own region says', 'Connected', {}],
    [
      'it is synchronized',
      'Resynchronizing',
      { own: { globalCluster: view({ synchronizationStatus: 'pending-resync' }) } },
    ],
    [
      'it is connected and not available yet',
      'Resynchronizing',
      {
        own: { cluster: { identifier: 'orders', arn: arnOf(EAST), status: 'creating', instanceCount: 1, port: 3306 } },
      },
    ],
    ['it is connected, and nobody describes its cluster', 'Resynchronizing', { own: without('cluster') }],
    ['its own region calls it the writer', 'StillWriter', { own: { globalCluster: view({ isWriter: true }) } }],
    ['only another region tells of it', 'NotObserved', { own: without('globalCluster') }],
    ['its own region was not asked', 'NotObserved', { own: null }],
    [
      'a member has a name that is no ARN of a cluster',
      'Detached',
      { own: elsewhere('orders'), writers: elsewhere('orders') },
    ],
    ['the policy does not name its region', 'NotInPolicy', { regions: [aRegion(WEST)] }],
    [
      'the policy names another cluster there',
      'NotInPolicy',
      { regions: [{ ...aRegion(EAST), clusterIdentifier: 'invoices' }, aRegion(WEST)] },
    ],
    ['both regions know no such member, and it stands alone', 'Detached', { own: gone, writers: gone }],
    ['and its cluster does not exist', 'Deleted', { own: { ...gone, ...without('cluster') }, writers: gone }],
    [
      'and nobody could ask for its cluster',
      'NotObserved',
      { own: { ...gone, ...without('cluster'), clusters: noAnswer() }, writers: gone },
    ],
    ['only its own region knows no such member', 'NotObserved', { own: gone }],
    ['the writer’s region has not told', 'NotObserved', { own: gone, writers: without('globalCluster') }],
    ['the writer’s region was not asked', 'NotObserved', { own: gone, writers: null }],
    ['no writer is known', 'NotObserved', { own: gone, writers: gone, hasPrimary: false }],
    [
      'a cluster of that name is a member in another region alone',
      'Detached',
      { own: elsewhere(arnOf(WEST)), writers: elsewhere(arnOf(WEST)) },
    ],
    [
      'another cluster of its region is a member',
      'Detached',
      {
        own: elsewhere(`arn:aws:rds:${EAST}:111122223333:cluster:invoices`),
        writers: elsewhere(`arn:aws:rds:${EAST}:111122223333:cluster:invoices`),
      },
    ],
  ])('given that %s, then it is %s', (_what, expected, seen) => {
    expect(finding(seen)).toBe(expected);
  });
});
