import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { AwsCallError } from '../aws/errors.ts';
import type { Attempt } from '../failover/observation.ts';
import type { ObservationTarget } from './observation-target.ts';
import type { WitnessAnswer } from './probes.ts';
import { answered, Bench, targetOf, type BenchProps } from './testing/bench.ts';

let bench: Bench;

function setUp(props: BenchProps = {}): Bench {
  bench = new Bench(props);
  bench.gateway.add('global', 'prod');
  return bench;
}

afterEach(async () => {
  const closed = bench.service.close();
  await bench.clock.settle();
  await closed;
  expect(bench.failures).toEqual([]);
  await bench.clock.advance(600_000);
  expect(bench.clock.pendingTimers).toBe(0);
});

const throttled = new AwsCallError({
  action: 'any',
  region: 'east',
  classification: { kind: 'rejected', cause: 'throttled', message: 'slow down' },
  isEffectPossible: false,
  advice: 'none',
});

describe('a round', () => {
  it('starts at once for a new target and says what each region described', async () => {
    const { clock, service } = setUp();
    service.watch(targetOf({ endpoints: [{ region: 'east', host: 'db', port: 3306 }], witness: { url: 'http://w' } }));
    await clock.settle();
    const round = bench.lastRound();
    expect(round).toMatchObject({
      sequence: 1,
      startedAt: clock.now(),
      completedAt: clock.now(),
      regions: {
        east: { region: 'east', globalClusters: answered, clusters: answered, globalCluster: { identifier: 'global' } },
        west: { region: 'west', cluster: { identifier: 'prod', arn: 'arn:aws:rds:west:1:cluster:prod' } },
      },
      endpoints: { east: { target: 'db:3306', attempt: answered } },
      witness: { attempt: answered, statusCode: 200 },
    });
    expect(round.lag).toEqual({});
  });

  it('given the same description again, keeps the one that it has; given another, takes that', async () => {
    const { clock, gateway, service } = setUp();
    service.watch(targetOf());
    await clock.settle();
    const first = bench.lastRound().regions['east'];
    // Told anew, as AWS does.
    for (const [identifier, view] of gateway.globalClusters) {
      gateway.globalClusters.set(identifier, { ...view, members: view.members.map((member) => ({ ...member })) });
    }
    await clock.advance(20_000);
    expect(bench.lastRound().regions['east']?.globalCluster).toBe(first?.globalCluster);
    gateway.swap('global');
    await clock.advance(10_000);
    expect(bench.lastRound().regions['east']?.globalCluster).toEqual(gateway.globalClusters.get('global'));
    expect(bench.lastRound().regions['east']?.globalCluster).not.toEqual(first?.globalCluster);
  });

  it('given a global cluster that no region lists, is answered without it', async () => {
    const { clock, service } = setUp();
    service.watch(targetOf({ globalClusterIdentifier: 'other' }));
    await clock.settle();
    const { east } = bench.lastRound().regions;
    expect(east?.globalClusters).toEqual(answered);
    expect(east?.globalCluster).toBeUndefined();
  });

  it('given one API that fails, keeps what the other one answered', async () => {
    const { clock, gateway, service } = setUp();
    gateway.behave('east', 'DescribeDBClusters', throttled);
    service.watch(targetOf());
    await clock.settle();
    const { east } = bench.lastRound().regions;
    expect(east).toMatchObject({ globalClusters: answered, clusters: { kind: 'rejected', cause: 'throttled' } });
    expect(east?.globalCluster).toBeDefined();
    expect(east?.cluster).toBeUndefined();
  });

  it('comes again every interval, numbered', async () => {
    const { clock, service } = setUp();
    service.watch(targetOf());
    await clock.advance(60_000);
    const rounds = bench.roundsOf('policy');
    expect(rounds.map(({ sequence }) => sequence)).toEqual(rounds.map((_, index) => index + 1));
    const starts = rounds.map(({ startedAt }) => startedAt);
    expect(starts.slice(2).map((start, index) => start - starts[index + 1]!)).toEqual(
      starts.slice(2).map(() => 10_000),
    );
    expect(rounds.length).toBeGreaterThanOrEqual(6);
  });

  it('given a first round shortly before the common tick, lets that tick pass', async () => {
    const { clock, service } = setUp();
    service.watch(targetOf({ key: 'earlier' }));
    await clock.advance(9000);
    service.watch(targetOf());
    await clock.advance(11_000);
    const times = bench.rounds.filter(({ key }) => key === 'policy').map(({ at }) => at);
    expect(times).toEqual([9000, 20_000]);
    expect(bench.rounds.filter(({ key }) => key === 'earlier').map(({ at }) => at)).toEqual([0, 10_000, 20_000]);
  });

  it('is delivered with the last answer, without waiting for anything else', async () => {
    const { clock, gateway, service } = setUp();
    gateway.behave('east', '*', { afterMilliseconds: 700 });
    service.watch(targetOf());
    await clock.advance(700);
    const { startedAt, completedAt } = bench.lastRound();
    expect(completedAt - startedAt).toBe(700);
  });

  it('given a consumer that throws, goes on', async () => {
    const { clock, service } = setUp();
    const error = new Error('consumer');
    jest.spyOn(bench.rounds, 'push').mockImplementationOnce(() => {
      throw error;
    });
    service.watch(targetOf());
    await clock.advance(30_000);
    expect(bench.failures.splice(0)).toEqual([error]);
    expect(bench.rounds.length).toBeGreaterThan(0);
  });
});

describe('sharing', () => {
  const many = (count: number, changes: Partial<ObservationTarget> = {}, first = 0): void => {
    for (let n = first; n < first + count; n += 1) {
      bench.gateway.add(`global-${n}`, `prod-${n}`);
      bench.service.watch(
        targetOf({
          key: `policy-${n}`,
          globalClusterIdentifier: `global-${n}`,
          regions: ['east', 'west'].map((name) => ({ name, clusterIdentifier: `prod-${n}` })),
          ...changes,
        }),
      );
    }
  };

  it('given a thousand policies, reads as often as for one', async () => {
    const { clock, gateway } = setUp();
    gateway.pageSize = 100_000;
    many(1);
    await clock.advance(60_000);
    const forOne = gateway.calls.length;
    await bench.service.close();

    const { clock: second, gateway: shared } = setUp();
    shared.pageSize = 100_000;
    many(1000);
    await second.advance(60_000);
    expect(shared.calls.length).toBe(forOne);
    for (let n = 0; n < 1000; n += 1) {
      expect(bench.roundsOf(`policy-${n}`).length).toBeGreaterThanOrEqual(6);
    }
    expect(bench.lastRound('policy-999').regions['west']?.cluster?.identifier).toBe('prod-999');
  });

  it('given intervals of 10 s and 30 s, the slower policies add no reads', async () => {
    const { clock, gateway } = setUp();
    many(1);
    await clock.advance(5000);
    many(3, { intervalMilliseconds: 30_000 }, 1);
    await clock.advance(15_000);
    const before = gateway.callsOf('DescribeGlobalClusters', 'east').length;
    await clock.advance(300_000);
    expect(gateway.callsOf('DescribeGlobalClusters', 'east').length - before).toBe(30);
    expect(bench.roundsOf('policy-3').length).toBeGreaterThanOrEqual(10);
  });

  it('reads each account by itself', async () => {
    const { clock, gateway, service } = setUp();
    service.watch(targetOf());
    service.watch(targetOf({ key: 'theirs', account: { roleArn: 'arn:aws:iam::2:role/dr' } }));
    await clock.settle();
    const accounts = gateway.callsOf('DescribeGlobalClusters', 'east').map(({ account }) => account);
    expect(accounts).toEqual([{}, { roleArn: 'arn:aws:iam::2:role/dr' }]);
  });

  it('given a list of several pages, answers each policy with its page', async () => {
    const { clock, gateway } = setUp();
    gateway.pageSize = 1;
    gateway.behave('east', 'DescribeGlobalClusters', { afterMilliseconds: 100 });
    many(3);
    await clock.advance(200);
    expect(bench.rounds.map(({ key }) => key)).toEqual(['policy-0']);
    await clock.advance(200);
    expect(bench.rounds.map(({ key }) => key)).toEqual(['policy-0', 'policy-1', 'policy-2']);
  });

  it('given a list too long for the timeout though the region answers, does not call it silent', async () => {
    const { clock, gateway } = setUp();
    gateway.pageSize = 1;
    gateway.behave('east', 'DescribeGlobalClusters', { afterMilliseconds: 1000 });
    many(6, { intervalMilliseconds: 30_000 });
    await clock.advance(9000);
    const first = bench.lastRound('policy-5').regions['east'];
    expect(first?.globalClusters).toMatchObject({ kind: 'local', cause: 'notAttempted' });
    await clock.advance(30_000);
    const second = bench.lastRound('policy-5');
    expect(second.sequence).toBe(2);
    expect(second.regions['east']?.globalClusters).toEqual(answered);
  });

  it('given another policy that looks more often, hears the silence of a region in each of its own rounds', async () => {
    const { clock, gateway, service } = setUp();
    gateway.add('other', 'other-prod');
    service.watch(targetOf({ intervalMilliseconds: 5000, timeoutMilliseconds: 3000 }));
    const regions = ['east', 'west'].map((name) => ({ name, clusterIdentifier: 'other-prod' }));
    const often = { key: 'often', globalClusterIdentifier: 'other', regions };
    service.watch(targetOf({ ...often, intervalMilliseconds: 2000, timeoutMilliseconds: 1800 }));
    await clock.advance(10_000);
    gateway.behave('east', '*', 'hang');
    await clock.advance(5000);
    const before = bench.roundsOf('policy').length;
    await clock.advance(60_000);
    const attempts = bench
      .roundsOf('policy')
      .slice(before + 1)
      .flatMap((round) => [round.regions['east']?.globalClusters, round.regions['east']?.clusters]);
    expect(attempts.length).toBeGreaterThan(16);
    expect(attempts.filter((attempt) => attempt?.kind !== 'noAnswer')).toEqual([]);
  });

  it('given a page that comes a little later than last time, takes what the region said of it then', async () => {
    const { clock, gateway } = setUp();
    gateway.pageSize = 1;
    gateway.behave('east', 'DescribeGlobalClusters', { afterMilliseconds: 950 });
    many(3);
    await clock.advance(5000);
    expect(bench.lastRound('policy-1').regions['east']?.globalClusters).toEqual(answered);
    gateway.behave('east', 'DescribeGlobalClusters', { afterMilliseconds: 1050 });
    await clock.advance(9000);
    const second = bench.lastRound('policy-1');
    expect(second.sequence).toBe(2);
    expect(second.regions['east']).toMatchObject({
      globalClusters: answered,
      globalCluster: { identifier: 'global-1' },
    });
  });
});

describe('changes of a target', () => {
  it('given an equal target, changes nothing', async () => {
    const { clock, gateway, service } = setUp();
    service.watch(targetOf());
    await clock.settle();
    const calls = gateway.calls.length;
    service.watch(targetOf());
    await clock.settle();
    expect(gateway.calls.length).toBe(calls);
    expect(bench.rounds).toHaveLength(1);
  });

  it('given another interval, keeps to it from the next round on', async () => {
    const { clock, service } = setUp();
    service.watch(targetOf());
    await clock.advance(20_000);
    service.watch(targetOf({ intervalMilliseconds: 1000, timeoutMilliseconds: 500 }));
    await clock.advance(1000);
    const before = bench.rounds.length;
    await clock.advance(10_000);
    expect(bench.rounds.length - before).toBe(10);
    expect(bench.lastRound().sequence).toBe(bench.rounds.length);
  });

  it('given endpoints, probes them from the next round on', async () => {
    const { clock, service } = setUp();
    service.watch(targetOf());
    await clock.settle();
    service.watch(targetOf({ endpoints: [{ region: 'west', host: 'new', port: 1 }] }));
    await clock.advance(10_000);
    expect(bench.lastRound().endpoints).toMatchObject({ west: { target: 'new:1' } });
  });

  it('given another global cluster, starts anew at once but goes on counting', async () => {
    const { clock, service } = setUp();
    service.watch(targetOf());
    await clock.settle();
    service.watch(targetOf({ globalClusterIdentifier: 'other' }));
    await clock.settle();
    expect(bench.rounds.map(({ round }) => round.sequence)).toEqual([1, 2]);
  });

  it('given a pause, rests, and starts at once afterwards', async () => {
    const { clock, service } = setUp();
    service.watch(targetOf({ isPaused: true }));
    await clock.advance(60_000);
    expect(bench.rounds).toHaveLength(0);
    service.watch(targetOf());
    await clock.settle();
    expect(bench.rounds).toHaveLength(1);
    service.watch(targetOf({ isPaused: true }));
    await clock.advance(60_000);
    expect(bench.rounds).toHaveLength(1);
  });

  it('given somebody who cannot wait, begins a round at once, lets a tick right after it pass, and goes on as before', async () => {
    const { clock, service } = setUp();
    service.watch(targetOf());
    await clock.advance(17_000);
    service.look('policy');
    await clock.advance(23_000);
    expect(bench.rounds.map(({ at }) => at)).toEqual([0, 10_000, 17_000, 30_000, 40_000]);
    expect(bench.roundsOf('policy').map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  });

  it('given many policies, when somebody cannot wait, its probes are not spread', async () => {
    const starts: number[] = [];
    const { clock, service } = setUp({
      probe: (host) => {
        if (host === 'looked-at') starts.push(bench.clock.monotonic());
        return Promise.resolve(answered);
      },
    });
    for (let n = 0; n < 99; n += 1) service.watch(targetOf({ key: `policy-${n}`, intervalMilliseconds: 60_000 }));
    const endpoints = [{ region: 'east', host: 'looked-at', port: 3306 }];
    service.watch(targetOf({ endpoints, intervalMilliseconds: 60_000 }));
    await clock.advance(20_000);
    service.look('policy');
    await clock.advance(30_000);
    expect(starts).toEqual([100, 20_000]);
  });

  describe('when rounds start late', () => {
    const refused: Attempt = { kind: 'noAnswer', cause: 'refused', message: 'refused' };
    const fleet = (count: number, changes: Partial<ObservationTarget> = {}): void => {
      for (let n = 0; n < count; n += 1) bench.service.watch(targetOf({ key: `policy-${n}`, ...changes }));
    };
    /** Of a policy, when ticks come so much too late. */
    async function roundsIn(intervals: number, lateMilliseconds: number, interval = 10_000): Promise<number> {
      const before = bench.roundsOf('policy-0').length;
      for (let n = 0; n < intervals; n += 1) {
        bench.clock.stall(lateMilliseconds);
        await bench.clock.advance(interval - lateMilliseconds);
      }
      return bench.roundsOf('policy-0').length - before;
    }

    it.each([
      ['a large fleet that is behind', 65, 1001, {}, 4],
      ['a large fleet that is hardly late', 65, 1000, {}, 8],
      ['a small fleet', 64, 1001, {}, 8],
      ['a large fleet under suspicion', 65, 1001, { isUnderSuspicion: true }, 8],
      ['a large fleet whose policies look every minute', 65, 6000, { intervalMilliseconds: 60_000 }, 8],
      ['that fleet, further behind', 65, 6001, { intervalMilliseconds: 60_000 }, 4],
    ])(
      'given %s, leaves out what can wait, and never two rounds in a row',
      async (_, count, late, changes, expected) => {
        const { clock } = setUp();
        fleet(count, changes);
        const { intervalMilliseconds } = targetOf(changes);
        await clock.advance(intervalMilliseconds - 1);
        expect(await roundsIn(8, late, intervalMilliseconds)).toBe(expected);
      },
    );

    it('given a large fleet that is behind, then one half waits, and at the next tick the other', async () => {
      const { clock } = setUp();
      fleet(70);
      await clock.advance(9_999);
      const turns: Set<string>[] = [];
      for (let n = 0; n < 4; n += 1) {
        const before = bench.rounds.length;
        await roundsIn(1, 1001);
        turns.push(new Set(bench.rounds.slice(before).map(({ key }) => key)));
      }
      expect(turns.map(({ size }) => size)).toEqual([35, 35, 35, 35]);
      expect(turns[0]).toEqual(turns[2]);
      expect([...(turns[0] ?? [])].filter((key) => turns[1]?.has(key))).toEqual([]);
    });

    it.each<[string, Attempt, WitnessAnswer, number]>([
      ['all is well', answered, { attempt: answered, statusCode: 200 }, 4],
      ['the endpoint is silent', refused, { attempt: answered, statusCode: 200 }, 8],
      ['the witness sees a loss', answered, { attempt: answered, statusCode: 503 }, 8],
      ['a witness that many share is silent', answered, { attempt: refused }, 4],
    ])(
      'given that %s by the last round, before anybody has judged it, then the next may wait or not',
      async (...given) => {
        const [, attempt, witness, expected] = given;
        const { clock } = setUp({
          probe: () => Promise.resolve(attempt),
          fetchWitness: () => Promise.resolve(witness),
        });
        const endpoints = [{ region: 'east', host: 'db', port: 3306 }];
        fleet(65, { endpoints, witness: { url: 'http://witness' } });
        await clock.advance(9_999);
        expect(await roundsIn(8, 1001)).toBe(expected);
      },
    );

    it('given a silent endpoint that could not be asked again, then it still seems to be lost', async () => {
      const notAttempted: Attempt = { kind: 'local', cause: 'notAttempted', message: 'no place' };
      let attempt: Attempt = refused;
      const { clock } = setUp({ probe: () => Promise.resolve(attempt) });
      fleet(65, { endpoints: [{ region: 'east', host: 'db', port: 3306 }] });
      await clock.advance(9_999);
      attempt = notAttempted;
      expect(await roundsIn(8, 1001)).toBe(8);
      attempt = answered;
      await roundsIn(1, 1001);
      expect(await roundsIn(8, 1001)).toBe(4);
    });
  });

  it('given a round under way, a pause or a stranger, when asked to look, begins no other', async () => {
    const { clock, gateway, service } = setUp();
    gateway.behave('east', '*', { afterMilliseconds: 100 });
    service.watch(targetOf());
    await clock.advance(50);
    service.look('policy');
    service.look('stranger');
    await clock.advance(500);
    expect(bench.rounds.map(({ at }) => at)).toEqual([100]);
    service.watch(targetOf({ isPaused: true }));
    service.look('policy');
    await clock.advance(500);
    expect(bench.rounds).toHaveLength(1);
  });

  it('given an unwatched key, delivers nothing more and reads nothing more', async () => {
    const { clock, gateway, service } = setUp();
    gateway.behave('east', '*', { afterMilliseconds: 100 });
    service.watch(targetOf());
    await clock.settle();
    service.unwatch('policy');
    await clock.advance(100);
    const calls = gateway.calls.length;
    await clock.advance(60_000);
    expect(bench.rounds).toHaveLength(0);
    expect(gateway.calls.length).toBe(calls);
  });

  it('given a closed service, watches nothing', async () => {
    const { clock, gateway, service } = setUp();
    gateway.behave('east', '*', 'hang');
    service.watch(targetOf());
    await clock.settle();
    await service.close();
    service.watch(targetOf({ key: 'late' }));
    await clock.advance(60_000);
    expect(bench.rounds).toHaveLength(0);
  });
});

describe('isolation', () => {
  it('given a region that hangs, the round ends at the timeout with the other region intact', async () => {
    const { clock, gateway, service } = setUp();
    gateway.behave('east', '*', 'hang');
    service.watch(targetOf());
    await clock.advance(2999);
    expect(bench.rounds).toHaveLength(0);
    await clock.advance(1);
    const { regions, startedAt, completedAt } = bench.lastRound();
    expect(completedAt - startedAt).toBe(3000);
    expect(regions['east']?.globalClusters).toMatchObject({ kind: 'noAnswer', cause: 'timeout' });
    expect(regions['west']).toMatchObject({ globalClusters: answered, clusters: answered });
  });

  it('given a region that hangs, policies without it are not delayed', async () => {
    const { clock, gateway, service } = setUp();
    gateway.behave('east', '*', 'hang');
    service.watch(targetOf());
    const regions = ['west', 'north'].map((name) => ({ name, clusterIdentifier: 'prod' }));
    service.watch(targetOf({ key: 'elsewhere', regions }));
    await clock.settle();
    expect(bench.rounds.map(({ key }) => key)).toEqual(['elsewhere']);
    await clock.advance(3000);
  });

  it('given a hung walk, each caller waits as long as its own timeout and the next one asks again', async () => {
    const { clock, gateway, service } = setUp();
    gateway.behave('east', '*', 'hang');
    const slow = targetOf({ key: 'slow', intervalMilliseconds: 60_000, timeoutMilliseconds: 50_000 });
    service.watch(slow);
    service.watch(targetOf({ key: 'fast', intervalMilliseconds: 1000, timeoutMilliseconds: 500 }));
    await clock.advance(500);
    expect(bench.rounds.map(({ key }) => key)).toEqual(['fast']);
    await clock.advance(10_000);
    gateway.behave('east', '*', undefined);
    await clock.advance(1000);
    expect(bench.lastRound('fast').regions['east']?.globalClusters).toEqual(answered);
    // The region answers somebody: whoever still waits for it knows too.
    expect(bench.lastRound('slow').regions['east']?.globalClusters).toEqual(answered);
  });

  it('given a walk that others gave up on early, does not take their impatience for silence', async () => {
    const { clock, gateway, service } = setUp();
    gateway.behave('east', '*', { afterMilliseconds: 700 });
    service.watch(targetOf({ key: 'hasty', intervalMilliseconds: 2000, timeoutMilliseconds: 500 }));
    await clock.advance(600);
    service.watch(targetOf({ key: 'patient' }));
    await clock.advance(700);
    expect(bench.lastRound('hasty').regions['east']?.globalClusters).toMatchObject({ cause: 'timeout' });
    expect(bench.lastRound('patient').regions['east']?.globalClusters).toEqual(answered);
  });

  it('has at most two walks of one API in flight, whoever waits', async () => {
    const { clock, gateway, service } = setUp();
    let inFlight = 0;
    const walk = gateway.describeGlobalClusters.bind(gateway);
    jest.spyOn(gateway, 'describeGlobalClusters').mockImplementation((account, region, options, onPage) => {
      if (region === 'east') inFlight += 1;
      return walk(account, region, options, onPage).finally(() => {
        if (region === 'east') inFlight -= 1;
      });
    });
    gateway.behave('east', '*', 'hang');
    service.watch(targetOf({ key: 'slow', intervalMilliseconds: 300_000, timeoutMilliseconds: 200_000 }));
    service.watch(targetOf({ key: 'fast', intervalMilliseconds: 1000, timeoutMilliseconds: 500 }));
    const seen = new Set<number>();
    for (let second = 0; second < 60; second += 1) {
      await clock.advance(1000);
      seen.add(inFlight);
    }
    expect(Math.max(...seen)).toBe(2);
    expect(bench.roundsOf('fast').length).toBeGreaterThan(50);
    expect(bench.roundsOf('slow')).toHaveLength(0);
  });
});

describe('endpoint and witness probes', () => {
  const endpoints = [{ region: 'east', host: 'db', port: 3306 }];

  it('given more probes than allowed at once, does the rest in turn and owns up to what it left out', async () => {
    let inFlight = 0;
    let most = 0;
    const { clock, service } = setUp({
      settings: { leastProbes: 2, probesPerPolicy: 0 },
      probe: async (_host, options) => {
        most = Math.max(most, (inFlight += 1));
        await bench.clock.sleep(options.timeoutMilliseconds);
        inFlight -= 1;
        return { kind: 'noAnswer', cause: 'timeout', message: 'silence' };
      },
    });
    for (let n = 0; n < 5; n += 1) service.watch(targetOf({ key: `policy-${n}`, endpoints }));
    await clock.advance(5000);
    expect(most).toBe(2);
    const attempts = bench.rounds.map(({ round }) => round.endpoints['east']?.attempt);
    expect(attempts.filter((attempt) => attempt?.kind === 'noAnswer')).toHaveLength(2);
    expect(attempts.filter((attempt) => attempt?.kind === 'local' && attempt.cause === 'notAttempted')).toHaveLength(3);
  });

  it('given a region that falls silent, then the probes of a large fleet are all attempted, each in each round', async () => {
    const silent: Attempt = { kind: 'noAnswer', cause: 'timeout', message: 'silence' };
    const { clock, service } = setUp({
      probe: async (_host, options) => {
        await bench.clock.sleep(options.timeoutMilliseconds);
        return silent;
      },
      fetchWitness: async (_url, options) => {
        await bench.clock.sleep(options.timeoutMilliseconds);
        return { attempt: silent };
      },
    });
    const witness = { url: 'http://witness' };
    for (let n = 0; n < 1000; n += 1) service.watch(targetOf({ key: `policy-${n}`, endpoints, witness }));
    await clock.advance(35_000);
    const attempts = bench.rounds.flatMap(({ round }) => [round.endpoints['east']?.attempt, round.witness?.attempt]);
    expect(attempts.length).toBeGreaterThanOrEqual(6000);
    expect(new Set(attempts.map((attempt) => attempt?.kind))).toEqual(new Set(['noAnswer']));
  });

  it('given most of a large fleet left while its probes wait for a silent region, then those of the others are attempted', async () => {
    const { clock, service } = setUp({
      settings: { leastProbes: 2, probesPerPolicy: 1 },
      probe: async (_host, options) => {
        await bench.clock.sleep(options.timeoutMilliseconds);
        return { kind: 'noAnswer', cause: 'timeout', message: 'silence' };
      },
    });
    for (let n = 0; n < 4; n += 1) service.watch(targetOf({ key: `policy-${n}`, endpoints }));
    service.watch(targetOf({ endpoints }));
    await clock.settle();
    for (let n = 0; n < 4; n += 1) service.unwatch(`policy-${n}`);
    service.watch(targetOf({ key: 'newcomer', endpoints }));
    await clock.advance(9_000);
    const kinds = bench.rounds.map(({ key, round }) => [key, round.endpoints['east']?.attempt.kind]);
    expect(kinds).toEqual([
      ['policy', 'noAnswer'],
      ['newcomer', 'noAnswer'],
    ]);
    // Once they are back, there are three places for three: two are held as the next two ask.
    const two = [...endpoints, { region: 'west', host: 'other', port: 3306 }];
    service.watch(targetOf({ key: 'greedy', endpoints: two }));
    await clock.advance(5_000);
    const later = bench.rounds.slice(2).map(({ round }) => round.endpoints['east']?.attempt.kind);
    expect(later.toSorted()).toEqual(['local', 'noAnswer', 'noAnswer']);
  });

  it.each([
    [64, 0],
    [65, 65],
    [100, 100],
    [499, 499],
    [2000, 500],
  ])(
    'given %i policies, spreads the probes no more than they need, and ends within the round',
    async (count, middle) => {
      const starts = new Set<number>();
      const { clock, service } = setUp({
        probe: () => {
          starts.add(bench.clock.monotonic());
          return Promise.resolve(answered);
        },
      });
      for (let n = 0; n < count; n += 1) service.watch(targetOf({ key: `policy-${n}`, endpoints }));
      await clock.advance(9999);
      expect(bench.rounds).toHaveLength(count);
      expect(Math.max(...starts)).toBe(middle);
      starts.clear();
      await clock.advance(9999);
      expect(bench.rounds).toHaveLength(2 * count);
      expect(starts).toEqual(new Set([10_000 + middle]));
    },
  );

  it('carries what the witness said', async () => {
    const { clock, service } = setUp({ fetchWitness: () => Promise.resolve({ attempt: answered, statusCode: 503 }) });
    service.watch(targetOf({ witness: { url: 'http://witness' } }));
    await clock.settle();
    expect(bench.lastRound().witness).toEqual({ attempt: answered, statusCode: 503 });
  });
});

describe('local trouble', () => {
  const silent: Attempt = { kind: 'noAnswer', cause: 'timeout', message: 'silence' };
  const refused: Attempt = { kind: 'noAnswer', cause: 'refused', message: 'refused' };

  it('given an event loop that stood still, silence proves nothing; answers and refusals remain', async () => {
    const { clock, gateway, service } = setUp({ probe: (host) => delayed(host === 'silent' ? silent : refused) });
    async function delayed(attempt: Attempt): Promise<Attempt> {
      await bench.clock.sleep(3000);
      return attempt;
    }
    gateway.behave('east', '*', 'hang');
    const endpoints = ['silent', 'refusing'].map((host, index) => ({
      region: ['east', 'west'][index]!,
      host,
      port: 1,
    }));
    service.watch(targetOf({ endpoints }));
    await clock.advance(1000);
    clock.stall(2000);
    await clock.advance(5000);
    const round = bench.roundsOf('policy')[0];
    expect(round?.regions['east']?.globalClusters).toMatchObject({ kind: 'local', cause: 'eventLoopLate' });
    expect(round?.regions['west']?.globalClusters).toEqual(answered);
    expect(round?.endpoints['east']?.attempt).toMatchObject({ kind: 'local', cause: 'eventLoopLate' });
    expect(round?.endpoints['west']?.attempt).toEqual(refused);
  });

  it('given a round that starts more than an interval late, silence proves nothing', async () => {
    const { clock, gateway, service } = setUp();
    service.watch(targetOf());
    await clock.advance(1000);
    gateway.behave('east', '*', 'hang');
    clock.stall(60_000);
    await clock.advance(14_000);
    const late = bench.roundsOf('policy')[1];
    expect(late?.regions['east']?.globalClusters).toMatchObject({ kind: 'local', cause: 'eventLoopLate' });
    expect(late?.regions['west']?.globalClusters).toEqual(answered);
  });

  it.each([5000, -5000])('given a wall clock that jumps by %d ms, only answers count', async (jump) => {
    const { clock, gateway, service } = setUp({ probe: () => Promise.resolve(refused) });
    gateway.behave('east', '*', { afterMilliseconds: 500 });
    gateway.behave('west', '*', throttled);
    service.watch(targetOf({ endpoints: [{ region: 'east', host: 'db', port: 1 }] }));
    await clock.advance(100);
    clock.jumpWallClock(jump);
    await clock.advance(500);
    const round = bench.lastRound();
    expect(round.regions['east']?.globalClusters).toEqual(answered);
    expect(round.regions['west']?.globalClusters).toMatchObject({ kind: 'local', cause: 'clockJump' });
    expect(round.endpoints['east']?.attempt).toMatchObject({ kind: 'local', cause: 'clockJump' });
  });

  it('given no token in time, owns up to it and leaves other regions alone', async () => {
    const { clock, gateway, service } = setUp({ settings: { readsPerSecond: 0.01, readBurst: 2 } });
    gateway.pageSize = 1;
    gateway.add('another', 'another', ['east']);
    service.watch(targetOf({ globalClusterIdentifier: 'another' }));
    await clock.advance(3000);
    const { east } = bench.lastRound().regions;
    expect(east?.globalClusters).toMatchObject({ kind: 'local', cause: 'rateBudget' });
  });
});
