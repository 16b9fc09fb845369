import { describe, expect, it } from '@jest/globals';
import type { AwsGateway, CallOptions, MetricDataInput } from '../aws/aws-gateway.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { operatorHeartbeatSeries } from './operator-heartbeat.ts';
import type { MetricPut } from './metric-batches.ts';
import { routingMetricPuts, RoutingMetricPublisher, type RoutingMetricResult } from './routing-metric.ts';

const target = { namespace: 'AuroraDR', metric: 'WriterRegion' };
const facts = {
  globalClusterIdentifier: 'g',
  regions: ['us-east-1', 'us-west-2', 'eu-west-1'],
  writerRegion: 'us-west-2',
  lostRegions: ['us-east-1'],
};

describe('routingMetricPuts', () => {
  it('says 1 for the writer and 0 for others, lost ones too, in every region that is left', () => {
    const puts = routingMetricPuts(target, facts, 5);
    expect(puts.map(({ region }) => region)).toEqual(['us-west-2', 'eu-west-1']);
    for (const put of puts) {
      expect(put.namespace).toBe('AuroraDR');
      expect(put.metrics).toEqual(
        [
          ['us-east-1', 0],
          ['us-west-2', 1],
          ['eu-west-1', 0],
        ].map(([region, value]) => ({
          name: 'WriterRegion',
          dimensions: [
            { name: 'GlobalCluster', value: 'g' },
            { name: 'Region', value: region },
          ],
          value,
          at: 5,
        })),
      );
    }
  });

  it('given an operator, its heartbeat goes along in the same call', () => {
    const [put] = routingMetricPuts(target, { ...facts, hasHeartbeat: true }, 5);
    expect(put?.metrics).toHaveLength(4);
    const { namespace, metricName, dimensions } = operatorHeartbeatSeries('AuroraDR', 'g');
    expect(put?.metrics.at(-1)).toEqual({ name: metricName, dimensions, value: 1, at: 5 });
    expect(put?.namespace).toBe(namespace);
  });

  it('given nothing to say about the writer, puts the heartbeat alone, and without one nothing', () => {
    const { writerRegion: _, ...silent } = facts;
    const puts = routingMetricPuts(target, { ...silent, hasHeartbeat: true }, 5);
    expect(puts.map(({ metrics }) => metrics.map(({ name }) => name))).toEqual([
      ['OperatorHeartbeat'],
      ['OperatorHeartbeat'],
    ]);
    expect(routingMetricPuts(target, silent, 5)).toEqual([]);
  });

  it('given no lost region, puts in all of them', () => {
    const { lostRegions: _, ...healthy } = facts;
    expect(routingMetricPuts(target, healthy, 5)).toHaveLength(3);
  });
});

describe('RoutingMetricPublisher', () => {
  const clock = new ManualClock(1_000);
  const calls: { region: string; input: MetricDataInput; options: CallOptions }[] = [];

  function publisher(put: (region: string) => Promise<void>): RoutingMetricPublisher {
    calls.length = 0;
    const gateway: Pick<AwsGateway, 'putMetricData'> = {
      putMetricData: (_account, region, input, options) => {
        calls.push({ region, input, options });
        return put(region);
      },
    };
    return new RoutingMetricPublisher({ gateway, clock, timeoutMilliseconds: 700 });
  }

  it('puts in every region with the time of the clock, a timeout and the signal', async () => {
    const { signal } = new AbortController();
    const results = await publisher(() => Promise.resolve()).publish({}, target, facts, { signal });
    expect(results).toEqual([
      { region: 'us-west-2', isPut: true },
      { region: 'eu-west-1', isPut: true },
    ]);
    expect(calls.map(({ options }) => options)).toEqual(Array(2).fill({ timeoutMilliseconds: 700, signal }));
    expect(calls[0]?.input.metrics[0]?.at).toBe(1_000);
  });

  it('given batches, leaves the calls to them, and says what is news', async () => {
    const puts: MetricPut[] = [];
    const batches = {
      put: (put: MetricPut) => {
        puts.push(put);
        return Promise.resolve();
      },
    };
    const gateway = { putMetricData: () => Promise.reject(new Error('called')) };
    const publishing = new RoutingMetricPublisher({ gateway, batches, clock, timeoutMilliseconds: 700 });
    const results = await publishing.publish({}, target, { ...facts, isNews: true });
    expect(results.map(({ isPut }) => isPut)).toEqual([true, true]);
    await publishing.publish({}, target, facts);
    expect(puts.map(({ region, isUrgent }) => [region, isUrgent])).toEqual([
      ['us-west-2', true],
      ['eu-west-1', true],
      ['us-west-2', false],
      ['eu-west-1', false],
    ]);
    expect(puts[0]).toMatchObject({ account: {}, namespace: 'AuroraDR', timeoutMilliseconds: 700 });
    expect(puts[0]?.metrics).toHaveLength(3);
  });

  it('given a region that hangs and one that fails, the others are put and told at once', async () => {
    let giveUp = (_: Error): void => undefined;
    const told: RoutingMetricResult[] = [];
    const lost = new Error('no answer');
    const all = publisher((region) => {
      if (region === 'us-east-1') return new Promise<void>((_, reject) => (giveUp = reject));
      return region === 'eu-west-1' ? Promise.reject(lost) : Promise.resolve();
    }).publish({}, target, { ...facts, lostRegions: [] }, { onResult: (result) => told.push(result) });
    await clock.settle();
    expect(told).toEqual([
      { region: 'us-west-2', isPut: true },
      { region: 'eu-west-1', isPut: false, error: lost },
    ]);
    giveUp(lost);
    expect(await all).toHaveLength(3);
  });
});
