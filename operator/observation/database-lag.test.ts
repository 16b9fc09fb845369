import { afterEach, describe, expect, it } from '@jest/globals';
import type { Attempt } from '../failover/observation.ts';
import type { DatabaseClient, DatabaseLag, DatabaseLogin } from './probes.ts';
import { answered, Bench, targetOf } from './testing/bench.ts';

const LOGIN: DatabaseLogin = { namespace: 'payments', secret: 'probe' };
const SILENT: Attempt = { kind: 'noAnswer', cause: 'timeout', message: 'no answer' };

let bench: Bench;

/** A database in the test's hands: what it says now, and what it was asked. */
class FakeDatabase implements DatabaseClient {
  lag: DatabaseLag = { attempt: answered, reading: { lagMilliseconds: 40, ageMilliseconds: 500 } };
  attempt: Attempt = answered;
  slownessMilliseconds = 0;
  readonly asked: string[] = [];

  probe: DatabaseClient['probe'] = (host, port, { secret }, { heartbeat }) => {
    this.asked.push(`probe ${host}:${port} ${secret} ${heartbeat?.table ?? 'no table'}`);
    return Promise.resolve(this.attempt);
  };

  readLag: DatabaseClient['readLag'] = async (host, port, { secret }, { region }) => {
    this.asked.push(`lag ${host}:${port} ${secret} ${region}`);
    if (this.slownessMilliseconds > 0) await bench.clock.sleep(this.slownessMilliseconds);
    return this.lag;
  };
}

function setUp(database?: DatabaseClient): void {
  bench = new Bench(database === undefined ? {} : { database });
  bench.gateway.add('global', 'prod');
}

afterEach(async () => {
  const closed = bench.service.close();
  await bench.clock.settle();
  await closed;
  expect(bench.failures).toEqual([]);
});

describe('lag by SQL', () => {
  const target = targetOf({ isReplicationWatched: true, lagLogin: LOGIN });

  it('given a secondary, is asked of its own reader, every round, and CloudWatch is not asked', async () => {
    const database = new FakeDatabase();
    setUp(database);
    bench.service.watch(target);
    await bench.clock.advance(25_000);
    expect(new Set(database.asked)).toEqual(new Set(['lag prod.reader.west:3306 probe west']));
    expect(database.asked.length).toBe(bench.roundsOf('policy').length);
    expect(bench.gateway.calls.filter(({ action }) => action === 'GetMetricData')).toEqual([]);
  });

  it('given an answer, is a sample of the moment of its calculation, and proves the source on time', async () => {
    setUp(new FakeDatabase());
    bench.service.watch(target);
    await bench.clock.settle();
    const { west } = bench.lastRound().lag;
    const at = bench.clock.now() - 500;
    expect(west).toEqual({
      region: 'west',
      clusterIdentifier: 'prod',
      source: 'SQL',
      askedAt: bench.clock.now(),
      attempt: answered,
      samples: [{ periodStart: at, periodEnd: at, lagMilliseconds: 40, uncertaintyMilliseconds: 5 }],
      controlSampleEnd: bench.clock.now(),
    });
  });

  it('given a question that was slow, may have been calculated as much later than it is dated', async () => {
    const database = new FakeDatabase();
    setUp(database);
    database.slownessMilliseconds = 400;
    bench.service.watch(target);
    await bench.clock.advance(400);
    const at = bench.clock.now() - 400 - 500;
    expect(bench.lastRound().lag['west']!.samples).toEqual([
      { periodStart: at, periodEnd: at, lagMilliseconds: 40, uncertaintyMilliseconds: 405 },
    ]);
  });

  it('given the same calculation again, is no second sample', async () => {
    const database = new FakeDatabase();
    setUp(database);
    bench.service.watch(target);
    await bench.clock.settle();
    const [first] = bench.lastRound().lag['west']!.samples;
    await bench.clock.advance(20_000);
    database.lag = {
      attempt: answered,
      reading: { lagMilliseconds: 40, ageMilliseconds: bench.clock.now() + 10_000 - first!.periodEnd },
    };
    const before = bench.lastRound().lag['west']!.samples;
    await bench.clock.advance(10_000);
    expect(bench.lastRound().lag['west']!.samples).toEqual(before);
  });

  it('given a reader that falls silent, keeps what it said, and does not call it on time', async () => {
    const database = new FakeDatabase();
    setUp(database);
    bench.service.watch(target);
    await bench.clock.settle();
    database.lag = { attempt: SILENT };
    await bench.clock.advance(10_000);
    const { west } = bench.lastRound().lag;
    expect(west).toMatchObject({ attempt: SILENT, samples: [{ lagMilliseconds: 40 }] });
    expect(west).not.toHaveProperty('controlSampleEnd');
  });

  it('given a time longer than samples are kept, forgets the oldest', async () => {
    setUp(new FakeDatabase());
    bench.service.watch(target);
    await bench.clock.advance(30 * 60_000);
    const samples = bench.lastRound().lag['west']!.samples;
    expect(samples[0]!.periodEnd).toBeGreaterThan(bench.clock.now() - 15 * 60_000 - 20_000);
    expect(samples.length).toBeGreaterThan(80);
  });

  it('given a clock that is set back, then no sample of before passes for young: what a calculation says now counts', async () => {
    const database = new FakeDatabase();
    setUp(database);
    bench.service.watch(target);
    await bench.clock.settle();
    bench.clock.jumpWallClock(-3_600_000);
    // As on a loss: the secondary answers, and calculates no more.
    for (let age = 10_500; age < 60_000; age += 10_000) {
      database.lag = { attempt: answered, reading: { lagMilliseconds: 40, ageMilliseconds: age } };
      await bench.clock.advance(10_000);
    }
    const { samples } = bench.lastRound().lag['west']!;
    expect(samples.at(-1)!.periodEnd).toBeLessThan(bench.clock.now() - 40_000);
  });

  it('given a region that does not answer any more, asks the reader that it named before', async () => {
    const database = new FakeDatabase();
    setUp(database);
    bench.service.watch(target);
    await bench.clock.settle();
    bench.gateway.behave('west', 'DescribeDBClusters', 'hang');
    await bench.clock.advance(20_000);
    expect(database.asked.length).toBeGreaterThan(1);
    expect(bench.lastRound().lag['west']).toMatchObject({ attempt: answered });
  });
});

describe('an endpoint with a login', () => {
  const endpoint = { region: 'east', host: 'db', port: 3306, login: LOGIN };

  it('given a heartbeat table, is probed by the database client with it', async () => {
    const database = new FakeDatabase();
    setUp(database);
    const heartbeat = { database: 'aurora_dr', table: 'heartbeat' };
    bench.service.watch(targetOf({ endpoints: [{ ...endpoint, heartbeat }] }));
    await bench.clock.settle();
    expect(database.asked).toEqual(['probe db:3306 probe heartbeat']);
    expect(bench.lastRound().endpoints['east']).toEqual({
      region: 'east',
      target: 'db:3306',
      type: 'MySQL',
      attempt: answered,
    });
  });

  it('given a process without a client for databases, is not attempted: a TCP probe would prove less', async () => {
    setUp();
    bench.service.watch(targetOf({ endpoints: [endpoint], isReplicationWatched: true, lagLogin: LOGIN }));
    await bench.clock.settle();
    const { endpoints, lag } = bench.lastRound();
    expect(endpoints['east']?.attempt).toMatchObject({ kind: 'local', cause: 'notAttempted' });
    expect(lag['west']?.attempt).toMatchObject({ kind: 'local', cause: 'notAttempted' });
  });
});
