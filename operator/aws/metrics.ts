import type { Metric, MetricDataQuery, MetricDataResult } from '@aws-sdk/client-cloudwatch';
import type { MetricSample, MetricSamplesQuery, MetricSeries } from './aws-gateway.ts';

export function toMetricSeries(metric: Metric): MetricSeries | undefined {
  if (metric.Namespace === undefined || metric.MetricName === undefined) return undefined;
  const dimensions = (metric.Dimensions ?? []).map(({ Name, Value }) => ({ name: Name ?? '', value: Value ?? '' }));
  return { namespace: metric.Namespace, metricName: metric.MetricName, dimensions };
}

export function toMetricDataQueries(query: MetricSamplesQuery): MetricDataQuery[] {
  return query.series.map((series, index) => ({
    Id: idOf(index),
    ReturnData: true,
    MetricStat: {
      Metric: {
        Namespace: series.namespace,
        MetricName: series.metricName,
        Dimensions: series.dimensions.map(({ name, value }) => ({ Name: name, Value: value })),
      },
      Period: Math.max(1, Math.round(query.periodMilliseconds / 1000)),
      Stat: 'Maximum',
    },
  }));
}

/** Results of one query may be spread over several pages. */
export function toMetricSamples(query: MetricSamplesQuery, parts: readonly MetricDataResult[]): MetricSample[][] {
  const byId = new Map<string, MetricSample[]>(query.series.map((_, index) => [idOf(index), []]));
  for (const { Id = '', Timestamps = [], Values = [] } of parts) {
    const samples = byId.get(Id);
    if (samples === undefined) continue;
    Timestamps.forEach((timestamp, index) => {
      const value = Values[index];
      if (value !== undefined) samples.push({ periodStart: timestamp.getTime(), value });
    });
  }
  return Array.from(byId.values(), (samples) => samples.sort((a, b) => a.periodStart - b.periodStart));
}

function idOf(index: number): string {
  return `q${index}`;
}
