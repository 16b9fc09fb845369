import { describe, expect, it } from '@jest/globals';
import type { MetricSample, MetricSamplesQuery } from '../../operator/aws/aws-gateway.ts';
import { lossReference } from '../../operator/failover/memory.ts';
import { readEnvironment } from '../shared/environment.ts';
import { memoryOf, readLossTimes } from './earlier-loss.ts';

const MINUTE = 60_000;
const environment = readEnvironment(
  'test',
  { AWS_REGION: 'us-west-2', AURORA_DR_GLOBAL_CLUSTER: 'g', AURORA_DR_REGIONS: 'us-east-1=a,us-west-2=b' },
  {},
);

const samplesOf = (...values: number[]): MetricSample[] =>
  values.map((value, index) => ({ periodStart: index * MINUTE, value }));

async function lossesOf(east: readonly MetricSample[]) {
  const asked: { region: string; query: MetricSamplesQuery }[] = [];
  const losses = await readLossTimes(
    {
      getMetricSamples: (_account, region, query) => {
        asked.push({ region, query });
        return Promise.resolve([east, samplesOf(1, 1)]);
      },
    },
    environment,
    10 * MINUTE,
  );
  return { losses, asked };
}

describe('readLossTimes', () => {
  it.each([
    ['passed last', samplesOf(1, 0, 1), undefined],
    ['was never seen passing', samplesOf(0, 0), undefined],
    ['could not be checked since', samplesOf(1, -1, -1), undefined],
    ['fails since', samplesOf(1, 1, 0, 0), 2 * MINUTE],
    ['could not be checked, and then failed', samplesOf(1, -1, 0), 2 * MINUTE],
    ['has no samples', [], undefined],
  ])('given a region that %s, is %s', async (_, samples, expected) => {
    const { losses } = await lossesOf(samples);
    expect(losses.get('us-east-1')).toBe(expected);
    expect(losses.has('us-west-2')).toBe(false);
  });

  it('asks in the function’s own region alone', async () => {
    const { asked } = await lossesOf([]);
    expect(asked.map(({ region }) => region)).toEqual(['us-west-2']);
    expect(asked[0]?.query.series.map(({ metricName }) => metricName)).toEqual(['HealthCheck', 'HealthCheck']);
  });
});

describe('memoryOf', () => {
  it('given when the primary was lost, lets the estimate speak of that moment', () => {
    const { incident } = memoryOf('us-east-1', new Map([['us-east-1', 3 * MINUTE]]));
    expect(lossReference(incident, 10 * MINUTE)).toBe(3 * MINUTE);
  });

  it.each([['us-west-2'], [undefined]])('given another primary (%s), knows of no loss', (primary) => {
    expect(memoryOf(primary, new Map([['us-east-1', 1]])).incident).toBeUndefined();
  });
});
