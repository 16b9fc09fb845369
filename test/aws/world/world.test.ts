import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Service } from './actions/action.ts';
import { addGlobalCluster } from './add-global-cluster.ts';
import { answer } from './answer.ts';
import type { Answer } from './answer.ts';
import { ManualClock } from './clock.ts';
import { World } from './world.ts';

const regions = ['us-east-1', 'us-west-2', 'eu-west-1'];
let clock: ManualClock;
let world: World;

function newWorld(): World {
  clock = new ManualClock(Date.parse('2030-01-01T00:00:00Z'));
  const created = new World(clock, regions, { metricPeriod: 1000 });
  addGlobalCluster(created, { regions }, () => '127.0.0.1');
  return created;
}

function call(region: string, action: string, input = {}, service: Service = 'rds'): Answer {
  return answer(world, { region, service, action, input });
}

function failover(region: string): Answer {
  const target = `arn:aws:rds:${region}:123456789012:cluster:aurora-prod`;
  const named = { GlobalClusterIdentifier: 'aurora-global-prod', TargetDbClusterIdentifier: target };
  return call(region, 'FailoverGlobalCluster', { ...named, AllowDataLoss: true });
}

function synchronization(): Record<string, string> {
  world.settle();
  const [globalCluster] = world.globalClusters.values();
  return Object.fromEntries(
    globalCluster!.members.map(({ clusterArn, synchronizationStatus }) => [
      world.cluster(clusterArn).region,
      synchronizationStatus,
    ]),
  );
}

beforeEach(() => {
  world = newWorld();
});

describe('a world without HTTP', () => {
  it('answers a call in the shape of the SDK', () => {
    expect(call('us-west-2', 'DescribeGlobalClusters')).toMatchObject({
      kind: 'output',
      output: { GlobalClusters: [{ GlobalClusterIdentifier: 'aurora-global-prod', FailoverState: {} }] },
    });
  });

  it('given a lost region, answers nothing there and logs the attempt', () => {
    world.loseRegion('us-east-1');
    expect(call('us-east-1', 'DescribeGlobalClusters')).toEqual({ kind: 'drop' });
    expect(world.calls.entries).toMatchObject([{ result: 'no-answer', isCarriedOut: false }]);
  });

  it('given an unknown action, answers InvalidAction', () => {
    expect(call('us-east-1', 'DeleteEverything')).toMatchObject({ kind: 'error', error: { code: 'InvalidAction' } });
  });

  it('given the same calls at the same times, ends in the same state', () => {
    const play = (): string => {
      world = newWorld();
      world.loseRegion('us-east-1');
      failover('us-west-2');
      clock.advance(5000);
      world.restoreRegion('us-east-1');
      clock.advance(5000);
      world.settle();
      return JSON.stringify([
        [...world.globalClusters],
        [...world.clusters],
        world.operations,
        world.events,
        world.snapshots,
        world.calls.entries,
      ]);
    };
    expect(play()).toBe(play());
  });

  it('given one long step or many short ones, ends in the same state', () => {
    const play = (step: number): string => {
      world = newWorld();
      failover('us-west-2');
      for (let passed = 0; passed < 6000; passed += step) {
        clock.advance(step);
        world.settle();
      }
      const series = world.metrics.list('123456789012', 'eu-west-1', 0, clock.now());
      return JSON.stringify([[...world.globalClusters], [...world.clusters], world.events, series]);
    };
    expect(play(50)).toBe(play(6000));
  });
});

describe('synchronisation after a failover', () => {
  it('given a lost primary, the other secondary is rebuilt and the old primary waits for its region', () => {
    world.loseRegion('us-east-1');
    failover('us-west-2');
    clock.advance(1000);
    expect(synchronization()).toEqual({
      'us-east-1': 'pending-resync',
      'us-west-2': 'connected',
      'eu-west-1': 'pending-resync',
    });
    clock.advance(700);
    expect(synchronization()).toMatchObject({ 'us-east-1': 'pending-resync', 'eu-west-1': 'connected' });
    clock.advance(3_600_000);
    expect(synchronization()).toMatchObject({ 'us-east-1': 'pending-resync' });
    world.restoreRegion('us-east-1');
    clock.advance(1000);
    expect(synchronization()).toMatchObject({ 'us-east-1': 'connected' });
  });

  it('given the region is lost again while its old primary re-joins, starts over with one snapshot', () => {
    world.loseRegion('us-east-1');
    failover('us-west-2');
    clock.advance(1000);
    world.restoreRegion('us-east-1');
    clock.advance(500);
    world.loseRegion('us-east-1');
    clock.advance(10_000);
    expect(synchronization()).toMatchObject({ 'us-east-1': 'pending-resync' });
    world.restoreRegion('us-east-1');
    clock.advance(999);
    expect(synchronization()).toMatchObject({ 'us-east-1': 'pending-resync' });
    clock.advance(1);
    expect(synchronization()).toMatchObject({ 'us-east-1': 'connected' });
    expect(world.snapshots).toHaveLength(1);
  });

  it('given the target’s region is lost before the promotion, the failover fails', () => {
    failover('us-west-2');
    clock.advance(500);
    world.loseRegion('us-west-2');
    clock.advance(500);
    world.settle();
    expect(world.operations).toMatchObject([{ phase: 'failed' }]);
  });
});

describe('replication', () => {
  it('given the primary’s region comes back without a failover, goes on', () => {
    const secondary = world.findCluster('us-west-2', 'aurora-prod');
    world.loseRegion('us-east-1');
    expect(secondary.replication.stopped).toBeDefined();
    world.restoreRegion('us-east-1');
    expect(secondary.replication.stopped).toBeUndefined();
  });
});
