import fc from 'fast-check';
import type { Attempt, Round } from '../observation.ts';
import type { Settings } from '../settings.ts';
import { arnOf, aRound, MINUTE, SECOND, T0, type LagProps, type RegionProps, type RoundProps } from './a-round.ts';
import { aRegion, aSettings, CENTRAL, EAST, signalsNamed, WEST } from './a-settings.ts';
import { ANSWERED, LOCAL_CAUSES, local, NO_ANSWER_CAUSES, noAnswer, REJECTION_CAUSES, rejected } from './attempts.ts';

const MEMBERS = [EAST, WEST, CENTRAL];

/** When rounds that were healthy end and anything may happen. */
const TROUBLE = 60 * MINUTE;

const silence = fc.constantFrom(...NO_ANSWER_CAUSES).map(noAnswer);
const attempt: fc.Arbitrary<Attempt> = fc.oneof(
  fc.constant(ANSWERED),
  silence,
  fc.constantFrom(...REJECTION_CAUSES).map(rejected),
  fc.constantFrom(...LOCAL_CAUSES).map(local),
);

const status = fc.constantFrom('available', 'failing-over', 'upgrading', 'failed', 'tomorrow', '');

/** Mostly `usual`, sometimes anything. */
const mostly = <T>(usual: fc.Arbitrary<T>, weight: number, anything: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: anything });

const anyRegion: fc.Arbitrary<RegionProps> = fc.oneof(
  attempt.map((rds): RegionProps => ({ rds })),
  fc.tuple(attempt, attempt).map(([clusters, globalClusters]): RegionProps => ({ clusters, globalClusters })),
  status.map((value): RegionProps => ({ status: value })),
  fc.subarray(MEMBERS).map((writer): RegionProps => ({ writer })),
  fc.subarray(MEMBERS).map((members): RegionProps => ({ members })),
  fc.constantFrom<RegionProps>(
    { instances: 0 },
    { engineVersion: 'another' },
    { isWithoutCluster: true },
    { synchronization: { [WEST]: 'pending-resync' } },
    { failoverState: { status: 'pending', fromClusterArn: arnOf(EAST), toClusterArn: arnOf(WEST) } },
    { globalStatus: 'switching-over' },
  ),
);

/** `until` counts back from the beginning of the trouble. */
const anyLag: fc.Arbitrary<LagProps | 'none'> = fc.oneof(
  fc.constant('none' as const),
  attempt.map((value): LagProps => ({ attempt: value })),
  fc.record({
    until: fc.integer({ min: -30, max: 20 }).map((minutes) => TROUBLE + minutes * MINUTE),
    lags: fc.array(fc.constantFrom(0, 100, 999, 5000, 60_000, 120_000, 180_000), { maxLength: 4 }),
  }),
);

const lostLag: fc.Arbitrary<LagProps> = fc.constantFrom(100, 900).map((lag) => ({
  until: TROUBLE - MINUTE,
  lags: [lag, lag],
}));

/** A round of a real loss, but for one thing or another that is not as it should be. */
const troubledRound: fc.Arbitrary<RoundProps> = fc.record({
  members: fc.constant(MEMBERS),
  writer: mostly(fc.constant(EAST), 40, fc.constantFrom(...MEMBERS)),
  regions: fc.record({
    [EAST]: mostly<RegionProps>(fc.constant({ rds: noAnswer() }), 12, anyRegion),
    [WEST]: mostly<RegionProps>(fc.constant({}), 12, anyRegion),
    [CENTRAL]: mostly<RegionProps>(fc.constant({}), 12, anyRegion),
  }),
  endpoint: mostly<Attempt | 'none'>(silence, 12, fc.oneof(attempt, fc.constant('none' as const))),
  witness: mostly<number | Attempt>(fc.constant(503), 12, fc.oneof(attempt, fc.constantFrom(200, 404))),
  lag: fc.record({
    [WEST]: mostly<LagProps | 'none'>(lostLag, 6, anyLag),
    [CENTRAL]: mostly<LagProps | 'none'>(lostLag, 6, anyLag),
  }),
});

const randomSettings: fc.Arbitrary<Settings> = fc
  .record({
    signals: fc
      .subarray(['controlPlane', 'endpoint', 'replication', 'http'] as const, { minLength: 2 })
      .map((names) => signalsNamed(...names)),
    quorum: fc.constantFrom(2, 2, 3),
    failureThreshold: fc.integer({ min: 1, max: 4 }),
    dataLoss: fc.constantFrom('WithinRecoveryPoint' as const, 'Allow' as const),
    limit: fc.constantFrom(undefined, undefined, 5 * MINUTE),
    promotions: fc.tuple(
      fc.constantFrom('Prefer' as const, 'Allow' as const, 'Never' as const),
      fc.constantFrom('Prefer' as const, 'Allow' as const, 'Never' as const),
    ),
  })
  .map(({ limit, promotions: [west, central], ...overrides }) =>
    aSettings({
      ...overrides,
      regions: [aRegion(EAST), aRegion(WEST, west), aRegion(CENTRAL, central)],
      ...(limit === undefined ? {} : { inRegionRecoveryLimitMilliseconds: limit }),
    }),
  );

export interface World {
  readonly settings: Settings;
  readonly rounds: readonly Round[];
}

/** Healthy rounds, then troubled ones with pauses between some of them. */
export const aTroubledWorld: fc.Arbitrary<World> = fc
  .record({
    settings: randomSettings,
    healthy: fc.integer({ min: 0, max: 3 }),
    troubled: fc.array(fc.tuple(troubledRound, mostly(fc.constant(10 * SECOND), 6, fc.constant(4 * MINUTE))), {
      minLength: 1,
      maxLength: 14,
    }),
  })
  .map(({ settings, healthy, troubled }) => {
    const before = Array.from({ length: healthy }, (_, index) =>
      aRound({ at: TROUBLE - (healthy - index) * 10 * SECOND, members: MEMBERS, witness: 200 }),
    );
    let at = TROUBLE;
    const after = troubled.map(([props, pause]) => {
      const round = aRound({ ...props, at });
      at += pause;
      return round;
    });
    return { settings, rounds: [...before, ...after] };
  });

/** Rounds that no observer should ever hand over: regions missing, lists empty, words and times without sense. */
export const aSenselessRound: fc.Arbitrary<Round> = (() => {
  const region = fc.constantFrom(...MEMBERS, 'elsewhere', '');
  const text = fc.oneof(fc.string(), fc.constantFrom('available', 'connected', ...MEMBERS.map(arnOf)));
  const instant = fc.integer({ min: -2 * MINUTE, max: 90 * MINUTE }).map((offset) => T0 + offset);
  const word = attempt;
  const sample = fc.record(
    { periodStart: instant, periodEnd: instant, lagMilliseconds: fc.integer(), uncertaintyMilliseconds: fc.integer() },
    { requiredKeys: ['periodStart', 'periodEnd', 'lagMilliseconds'] },
  );
  const globalCluster = fc.record(
    {
      identifier: text,
      status: text,
      engineVersion: text,
      endpoint: text,
      members: fc.array(
        fc.record(
          { clusterArn: text, isWriter: fc.boolean(), synchronizationStatus: text, readers: fc.array(text) },
          { requiredKeys: ['clusterArn', 'isWriter', 'readers'] },
        ),
      ),
      failoverState: fc.record(
        { status: text, fromClusterArn: text, toClusterArn: text, isDataLossAllowed: fc.boolean() },
        { requiredKeys: ['status'] },
      ),
    },
    { requiredKeys: ['identifier', 'status', 'members'] },
  );
  const cluster = fc.record(
    {
      arn: text,
      identifier: text,
      status: text,
      engineVersion: text,
      endpoint: text,
      port: fc.nat(),
      instanceCount: fc.nat(),
    },
    { requiredKeys: ['arn', 'identifier', 'status', 'port', 'instanceCount'] },
  );
  const regionView = fc.record(
    { region, globalClusters: word, clusters: word, globalCluster, cluster },
    { requiredKeys: ['region', 'globalClusters', 'clusters'] },
  );
  const lag = fc.record(
    {
      region,
      clusterIdentifier: text,
      askedAt: instant,
      attempt: word,
      samples: fc.array(sample),
      controlSampleEnd: instant,
    },
    { requiredKeys: ['region', 'clusterIdentifier', 'askedAt', 'attempt', 'samples'] },
  );
  const witness = fc.record({ attempt: word, statusCode: fc.integer() }, { requiredKeys: ['attempt'] });
  return fc.record(
    {
      sequence: fc.nat(),
      startedAt: instant,
      completedAt: instant,
      regions: fc.dictionary(region, regionView),
      endpoints: fc.dictionary(region, fc.record({ region, target: text, attempt: word })),
      lag: fc.dictionary(region, lag),
      witness,
    },
    { requiredKeys: ['sequence', 'startedAt', 'completedAt', 'regions', 'endpoints', 'lag'] },
  );
})();
