import { afterEach, describe, expect, it } from '@jest/globals';
import { Bench, targetOf, type BenchProps } from './testing/bench.ts';
import { lagSeriesOf, PERIOD, seriesKey } from './testing/fake-gateway.ts';

const RPO = 'AuroraGlobalDBRPOLag';
const REPLICATION = 'AuroraGlobalDBReplicationLag';
const CONTROL = 'CPUUtilization';
const watching = targetOf({ isReplicationWatched: true });
const START = Date.UTC(2026, 0, 1);

let bench: Bench;

function setUp(props: BenchProps = {}): Bench {
  bench = new Bench(props);
  bench.gateway.add('global', 'prod');
  return bench;
}

/** One sample for each of the next minutes. */
function emit(region: string, metricName: string, values: readonly number[], source?: string, cluster = 'prod'): void {
  const series = lagSeriesOf(metricName, cluster, source);
  const samples = values.map((value, index) => ({ periodStart: START + index * PERIOD, value }));
  bench.gateway.samples.set(seriesKey(region, series), samples);
}

afterEach(async () => {
  const closed = bench.service.close();
  await bench.clock.settle();
  await closed;
  expect(bench.failures).toEqual([]);
  await bench.clock.advance(600_000);
  expect(bench.clock.pendingTimers).toBe(0);
});

describe('lag of replication', () => {
  it('is asked of the secondary region for the secondary, in the first round already', async () => {
    const { clock, gateway, service } = setUp();
    emit('west', RPO, [120]);
    emit('west', CONTROL, [7]);
    await clock.advance(PERIOD);
    service.watch(watching);
    await clock.settle();
    expect(bench.lastRound().lag).toEqual({
      west: {
        region: 'west',
        clusterIdentifier: 'prod',
        askedAt: clock.now(),
        attempt: { kind: 'answered' },
        samples: [{ periodStart: START, periodEnd: START + PERIOD, lagMilliseconds: 120 }],
        controlSampleEnd: START + PERIOD,
      },
    });
    expect(gateway.callsOf('GetMetricData', 'east')).toEqual([]);
    const [call] = gateway.callsOf('GetMetricData', 'west');
    expect(call?.query).toMatchObject({ periodMilliseconds: PERIOD, to: START + PERIOD });
  });

  it('is asked once per metric period, and every round under suspicion', async () => {
    const { clock, gateway, service } = setUp();
    service.watch(watching);
    await clock.advance(300_000);
    const calm = gateway.callsOf('GetMetricData').length;
    expect(calm).toBeGreaterThanOrEqual(5);
    expect(calm).toBeLessThanOrEqual(6);

    service.watch({ ...watching, isUnderSuspicion: true });
    const rounds = bench.rounds.length;
    await clock.advance(60_000);
    expect(gateway.callsOf('GetMetricData').length - calm).toBe(bench.rounds.length - rounds);
    expect(bench.rounds.length - rounds).toBe(6);
  });

  it('carries the last answer in the rounds between, with the time it was asked', async () => {
    const { clock, service } = setUp();
    emit('west', RPO, [120]);
    await clock.advance(PERIOD);
    service.watch(watching);
    await clock.settle();
    const askedAt = clock.now();
    await clock.advance(25_000);
    expect(bench.rounds.length).toBeGreaterThan(1);
    expect(bench.lastRound().lag['west']).toMatchObject({ askedAt, attempt: { kind: 'answered' } });
    expect(bench.lastRound().lag['west']?.samples).toHaveLength(1);
  });

  it('leaves out the period that is not over, and forgets what is too old', async () => {
    const { clock, service } = setUp();
    emit(
      'west',
      RPO,
      Array.from({ length: 40 }, (_, index) => index),
    );
    await clock.advance(30 * PERIOD + 30_000);
    service.watch(watching);
    await clock.advance(5 * PERIOD);
    const samples = bench.lastRound().lag['west']?.samples ?? [];
    expect(samples.at(-1)!.periodEnd).toBeLessThanOrEqual(bench.lastRound().completedAt);
    expect(samples.length).toBeLessThanOrEqual(16);
    expect(samples.map(({ lagMilliseconds }) => lagMilliseconds)).toEqual(
      samples.map((_, index) => samples[0]!.lagMilliseconds + index),
    );
  });

  it('is not asked when nobody watches replication', async () => {
    const { clock, gateway, service } = setUp();
    service.watch(targetOf());
    await clock.advance(60_000);
    expect(gateway.callsOf('GetMetricData')).toEqual([]);
    expect(gateway.callsOf('ListMetrics')).toEqual([]);
  });

  it('asks for many clusters in one request, up to 500 series', async () => {
    const { clock, gateway, service } = setUp();
    gateway.pageSize = 1000;
    for (let n = 0; n < 400; n += 1) {
      gateway.add(`global-${n}`, `prod-${n}`);
      const regions = ['east', 'west'].map((name) => ({ name, clusterIdentifier: `prod-${n}` }));
      service.watch({ ...watching, key: `policy-${n}`, globalClusterIdentifier: `global-${n}`, regions });
    }
    emit('west', RPO, [5], undefined, 'prod-399');
    await clock.advance(PERIOD);
    const first = gateway.callsOf('GetMetricData').filter(({ at }) => at <= 250);
    const sizes = first.map(({ query }) => query!.series.length);
    // Not listed yet: either metric and the control, for each of 400.
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1200);
    expect(sizes).toEqual([498, 498, 204]);
    await clock.advance(PERIOD);
    for (const n of [0, 200, 399]) {
      expect(bench.lastRound(`policy-${n}`).lag['west']).toMatchObject({ attempt: { kind: 'answered' } });
    }
    expect(bench.lastRound('policy-399').lag['west']?.samples).toMatchObject([{ lagMilliseconds: 5 }]);
  });
});

describe('many secondaries in one region', () => {
  it('given policies that come one by one, asks for those of a quarter of a second together', async () => {
    const { clock, gateway, service } = setUp();
    gateway.pageSize = 1000;
    const watch = (n: number): void => {
      gateway.add(`global-${n}`, `prod-${n}`);
      const regions = ['east', 'west'].map((name) => ({ name, clusterIdentifier: `prod-${n}` }));
      service.watch({ ...watching, key: `policy-${n}`, globalClusterIdentifier: `global-${n}`, regions });
    };
    for (let n = 0; n < 300; n += 1) watch(n);
    await clock.advance(2 * PERIOD);
    const before = gateway.callsOf('GetMetricData').length;
    for (let n = 300; n < 360; n += 1) {
      watch(n);
      await clock.advance(10);
    }
    await clock.advance(300);
    const calls = gateway.callsOf('GetMetricData').slice(before);
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.length).toBeLessThanOrEqual(6);
    await clock.advance(2 * PERIOD);
    expect(bench.lastRound('policy-359').lag['west']).toMatchObject({ attempt: { kind: 'answered' } });
  });

  it('given an account with a page of policies that come a few milliseconds apart, asks for all of them at once', async () => {
    const { clock, gateway, service } = setUp();
    for (let n = 0; n < 100; n += 1) gateway.add(`global-${n}`, `prod-${n}`);
    for (let n = 0; n < 100; n += 1) {
      const regions = ['east', 'west'].map((name) => ({ name, clusterIdentifier: `prod-${n}` }));
      service.watch({ ...watching, key: `policy-${n}`, globalClusterIdentifier: `global-${n}`, regions });
      if (n % 10 === 9) await clock.advance(4);
    }
    await clock.advance(PERIOD / 2);
    const asked = gateway.callsOf('GetMetricData').filter(({ region }) => region === 'west');
    expect(asked.map(({ query }) => query?.series.length)).toEqual([300]);
  });

  it('given the end of observation while a request gathers, keeps nobody waiting', async () => {
    const { clock, gateway, service } = setUp();
    for (let n = 0; n < 300; n += 1) {
      gateway.add(`global-${n}`, `prod-${n}`);
      const regions = ['east', 'west'].map((name) => ({ name, clusterIdentifier: `prod-${n}` }));
      service.watch({ ...watching, key: `policy-${n}`, globalClusterIdentifier: `global-${n}`, regions });
    }
    await clock.settle();
    const closed = service.close();
    await clock.settle();
    await expect(closed).resolves.toBeUndefined();
  });
});

describe('a source that fails', () => {
  it('given silence, ends the round at its timeout with what was known before', async () => {
    const { clock, gateway, service } = setUp();
    emit('west', RPO, [120]);
    await clock.advance(PERIOD);
    service.watch({ ...watching, isUnderSuspicion: true });
    await clock.settle();
    gateway.behave('west', 'GetMetricData', 'hang');
    await clock.advance(14_000);
    const round = bench.lastRound();
    expect(round.completedAt - round.startedAt).toBe(3000);
    expect(round.lag['west']).toMatchObject({
      attempt: { kind: 'noAnswer', cause: 'timeout' },
      askedAt: round.startedAt,
    });
    expect(round.lag['west']?.samples).toHaveLength(1);
    gateway.behave('west', 'GetMetricData', undefined);
    await clock.advance(10_000);
    expect(bench.lastRound().lag['west']?.attempt).toEqual({ kind: 'answered' });
  });

  it('given a listing that hangs, is asked in the plain shape all the same', async () => {
    const { clock, gateway, service } = setUp();
    gateway.behave('west', 'ListMetrics', 'hang');
    emit('west', REPLICATION, [80]);
    await clock.advance(PERIOD);
    service.watch(watching);
    await clock.settle();
    expect(bench.lastRound().lag['west']?.samples).toMatchObject([{ lagMilliseconds: 80 }]);
  });

  it('given reads of RDS that need the budget, lets them go first and says so', async () => {
    const { clock, service } = setUp({ settings: { readsPerSecond: 0.001, readBurst: 2 } });
    service.watch(watching);
    await clock.advance(3000);
    const { lag, regions } = bench.lastRound();
    expect(regions['west']).toMatchObject({ globalClusters: { kind: 'answered' }, clusters: { kind: 'answered' } });
    expect(lag['west']?.attempt).toMatchObject({ kind: 'local', cause: 'rateBudget' });
  });
});

describe('finding the series', () => {
  it.each([undefined, 'east'])('given a series with source region %s, finds it', async (source) => {
    const { clock, gateway, service } = setUp();
    gateway.listed.set('west', [lagSeriesOf(RPO, 'prod', source), lagSeriesOf(REPLICATION, 'prod', source)]);
    emit('west', RPO, [120, 130, 140], source);
    emit('west', REPLICATION, [90, 90, 90], source);
    await clock.advance(PERIOD);
    service.watch(watching);
    await clock.settle();
    const lags = (): number[] | undefined =>
      bench.lastRound().lag['west']?.samples.map(({ lagMilliseconds }) => lagMilliseconds);
    // In the first round already, or each start of the operator would call the lag unknown.
    expect([bench.rounds.length, lags()]).toEqual([1, [120]]);
    await clock.advance(3 * PERIOD);
    expect(lags()).toEqual([120, 130, 140]);
    const { query } = gateway.callsOf('GetMetricData').at(-1)!;
    expect(query?.series.map(({ metricName }) => metricName)).toEqual([RPO, CONTROL]);
  });

  it('given a listing that takes longer than a round, says in time what is known, and finds the series later', async () => {
    const { clock, gateway, service } = setUp();
    gateway.listed.set('west', [lagSeriesOf(RPO, 'prod', 'east')]);
    emit('west', RPO, [120, 130], 'east');
    gateway.behave('west', 'ListMetrics', 'hang');
    await clock.advance(PERIOD);
    service.watch(watching);
    await clock.advance(watching.timeoutMilliseconds);
    expect(bench.lastRound().lag['west']).toMatchObject({ attempt: { kind: 'answered' }, samples: [] });
    gateway.behave('west', 'ListMetrics', undefined);
    await clock.advance(3 * PERIOD);
    expect(bench.lastRound().lag['west']?.samples).toHaveLength(2);
  });

  it('given a region that was silent at first, lists anew with its first answer: an empty one of the wrong shape is none', async () => {
    const { clock, gateway, service } = setUp();
    gateway.listed.set('west', [lagSeriesOf(RPO, 'prod', 'east')]);
    emit('west', RPO, [120, 44_000], 'east');
    for (const action of ['ListMetrics', 'GetMetricData']) gateway.behave('west', action, 'hang');
    await clock.advance(2 * PERIOD);
    service.watch({ ...watching, isUnderSuspicion: true });
    await clock.advance(watching.timeoutMilliseconds + watching.intervalMilliseconds);
    expect(bench.lastRound().lag['west']?.samples).toEqual([]);
    for (const action of ['ListMetrics', 'GetMetricData']) gateway.behave('west', action, undefined);
    await clock.advance(watching.intervalMilliseconds);
    const answered = bench.rounds.filter(({ round }) => round.lag['west']?.attempt.kind === 'answered');
    expect(answered[0]?.round.lag['west']?.samples.map(({ lagMilliseconds }) => lagMilliseconds)).toEqual([
      120, 44_000,
    ]);
  });

  it('given an engine without the recovery point metric, takes the other', async () => {
    const { clock, gateway, service } = setUp();
    gateway.listed.set('west', [lagSeriesOf(REPLICATION, 'prod')]);
    emit('west', REPLICATION, [90]);
    await clock.advance(PERIOD);
    service.watch(watching);
    await clock.advance(PERIOD);
    expect(bench.lastRound().lag['west']?.samples).toMatchObject([{ lagMilliseconds: 90 }]);
    const { query } = gateway.callsOf('GetMetricData').at(-1)!;
    expect(query?.series.map(({ metricName }) => metricName)).toEqual([REPLICATION, CONTROL]);
  });

  it('given a recovery point series that is listed but dead, takes the other, worse values first', async () => {
    const { clock, gateway, service } = setUp();
    gateway.listed.set('west', [
      lagSeriesOf(RPO, 'prod'),
      lagSeriesOf(REPLICATION, 'prod'),
      lagSeriesOf(REPLICATION, 'prod', 'east'),
    ]);
    emit('west', REPLICATION, [90, 90, 90, 90]);
    emit('west', REPLICATION, [70, 95, 70, 70], 'east');
    await clock.advance(PERIOD);
    service.watch(watching);
    await clock.advance(3 * PERIOD);
    const samples = bench.lastRound().lag['west']?.samples;
    expect(samples?.map(({ lagMilliseconds }) => lagMilliseconds)).toEqual([90, 95, 90]);
  });

  it('given a swap of the roles, asks the other region, and for the new source before it is listed', async () => {
    const { clock, gateway, service } = setUp();
    gateway.listed.set('west', [lagSeriesOf(RPO, 'prod', 'east')]);
    gateway.listed.set('east', [lagSeriesOf(RPO, 'prod', 'north')]);
    emit('west', RPO, [120, 120, 120, 120, 120], 'east');
    service.watch(watching);
    await clock.advance(2 * PERIOD);
    expect(Object.keys(bench.lastRound().lag)).toEqual(['west']);
    const listings = gateway.callsOf('ListMetrics', 'east').length;
    expect(listings).toBe(0);

    gateway.swap('global');
    emit('east', RPO, [500, 500, 500, 500, 500], 'west');
    await clock.advance(2 * PERIOD);
    expect(Object.keys(bench.lastRound().lag)).toEqual(['east']);
    expect(bench.lastRound().lag['east']?.samples.at(-1)?.lagMilliseconds).toBe(500);
    expect(gateway.callsOf('ListMetrics', 'east').length).toBe(2);
  });

  it('lists anew every hour, and after a change of the source', async () => {
    const { clock, gateway, service } = setUp();
    const regions = ['east', 'west', 'north'].map((name) => ({ name, clusterIdentifier: 'prod' }));
    gateway.clusters.clear();
    gateway.add('global', 'prod', ['east', 'west', 'north']);
    gateway.listed.set('west', [lagSeriesOf(RPO, 'prod')]);
    gateway.listed.set('north', [lagSeriesOf(RPO, 'prod')]);
    service.watch({ ...watching, regions });
    await clock.advance(30 * PERIOD);
    expect(gateway.callsOf('ListMetrics', 'north')).toHaveLength(2);
    await clock.advance(35 * PERIOD);
    expect(gateway.callsOf('ListMetrics', 'north')).toHaveLength(4);

    const view = gateway.globalClusters.get('global')!;
    const members = view.members.map((member) => ({ ...member, isWriter: member.clusterArn.includes(':west:') }));
    gateway.globalClusters.set('global', { ...view, members });
    await clock.advance(3 * PERIOD);
    expect(gateway.callsOf('ListMetrics', 'north')).toHaveLength(6);
  });
});
