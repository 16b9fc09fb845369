import { AwsError } from '../aws-error.ts';
import { metricRetention } from '../metric-store.ts';
import type { Dimension, MetricSample } from '../metric-store.ts';
import type { Action, ActionContext, Input, Output } from './action.ts';
import {
  optionalNumber,
  optionalString,
  optionalStructure,
  optionalTime,
  requiredString,
  requiredTime,
  structures,
} from './input.ts';
import { slice } from './page.ts';

/** Limits of the CloudWatch API reference. */
const limits = { queries: 500, datapoints: 100_800, listedMetrics: 500, dimensions: 30 };

/** Without RecentlyActive, ListMetrics shows what had data in the last two weeks. */
const listedFor = 14 * 86_400_000;

export const listMetrics: Action = ({ world, caller, region, readAt }, input) => {
  const recentlyActive = optionalString(input, 'RecentlyActive');
  if (recentlyActive !== undefined && recentlyActive !== 'PT3H') {
    throw validationError('RecentlyActive must be PT3H.');
  }
  const namespace = optionalString(input, 'Namespace');
  const metricName = optionalString(input, 'MetricName');
  const wanted = structures(input, 'Dimensions');
  const since = readAt - (recentlyActive === undefined ? listedFor : metricRetention);
  const found = world.metrics
    .list(caller.accountId, region, since, readAt)
    .filter(
      (series) =>
        (namespace === undefined || series.namespace === namespace) &&
        (metricName === undefined || series.metricName === metricName) &&
        wanted.every((filter) => series.dimensions.some((dimension) => matches(dimension, filter))),
    );
  const { items, marker } = slice(found, limits.listedMetrics, optionalString(input, 'NextToken'), 'NextToken');
  return {
    Metrics: items.map((series) => ({
      Namespace: series.namespace,
      MetricName: series.metricName,
      Dimensions: series.dimensions.map(({ name, value }) => ({ Name: name, Value: value })),
    })),
    NextToken: marker,
  };
};

function matches(dimension: Dimension, filter: Input): boolean {
  const value = optionalString(filter, 'Value');
  return dimension.name === requiredString(filter, 'Name') && (value === undefined || dimension.value === value);
}

export const getMetricData: Action = (context, input) => {
  const queries = structures(input, 'MetricDataQueries');
  const from = requiredTime(input, 'StartTime');
  const to = requiredTime(input, 'EndTime');
  if (from >= to) {
    throw validationError('The parameter StartTime must be less than the parameter EndTime.');
  }
  if (queries.length === 0 || queries.length > limits.queries) {
    throw validationError(`The collection MetricDataQueries must have a size between 1 and ${limits.queries}.`);
  }
  const ids = queries.map((query) => requiredString(query, 'Id'));
  const invalidId = ids.find((id, index) => !/^[a-z][a-zA-Z0-9_]*$/.test(id) || ids.indexOf(id) !== index);
  if (invalidId !== undefined) {
    throw validationError(`The value ${invalidId} of Id is not unique or does not match ^[a-z][a-zA-Z0-9_]*$.`);
  }
  const isAscending = optionalString(input, 'ScanBy') === 'TimestampAscending';
  const size = optionalNumber(input, 'MaxDatapoints') ?? limits.datapoints;
  const series = queries.map((query) => {
    const ascending = evaluate(context, query, from, to);
    return isAscending ? ascending : ascending.toReversed();
  });
  const token = optionalString(input, 'NextToken');
  if (token === undefined && series.reduce((sum, points) => sum + points.length, 0) <= size) {
    const whole = queries.map((query, index) => result(query, series[index] ?? [], false));
    return { MetricDataResults: whole, NextToken: undefined, Messages: [] };
  }
  const points = series.flatMap((own, index) => own.map((point) => ({ index, ...point })));
  const { items, marker } = slice(points, size, token, 'NextToken');
  const results = queries.map((query, index) => {
    const own = items.filter((point) => point.index === index);
    const isPartial = marker !== undefined && points.findLast((point) => point.index === index) !== own.at(-1);
    return result(query, own, isPartial);
  });
  return { MetricDataResults: results, NextToken: marker, Messages: [] };
};

interface Point {
  readonly at: number;
  readonly value: number;
}

function result(query: Input, points: readonly Point[], isPartial: boolean): Output {
  const stat = optionalStructure(query, 'MetricStat') ?? {};
  const metricName = optionalString(optionalStructure(stat, 'Metric') ?? {}, 'MetricName');
  return {
    Id: query['Id'],
    Label: optionalString(query, 'Label') ?? metricName,
    Timestamps: points.map(({ at }) => new Date(at)),
    Values: points.map(({ value }) => value),
    StatusCode: isPartial ? 'PartialData' : 'Complete',
  };
}

function evaluate({ world, caller, region, readAt }: ActionContext, query: Input, from: number, to: number): Point[] {
  const stat = optionalStructure(query, 'MetricStat');
  const metric = stat && optionalStructure(stat, 'Metric');
  if (stat === undefined || metric === undefined) {
    throw validationError('Only queries with a MetricStat are served here.');
  }
  const period = (optionalNumber(stat, 'Period') ?? 0) * 1000;
  if (![1000, 5000, 10_000, 30_000].includes(period) && (period <= 0 || period % 60_000 !== 0)) {
    throw validationError(`The value ${period / 1000} for parameter Period must be 1, 5, 10, 30 or a multiple of 60.`);
  }
  const statistic = statistics[requiredString(stat, 'Stat')];
  if (statistic === undefined) {
    throw validationError(`The value ${requiredString(stat, 'Stat')} for parameter Stat is not served here.`);
  }
  const identity = {
    accountId: caller.accountId,
    region,
    namespace: requiredString(metric, 'Namespace'),
    metricName: requiredString(metric, 'MetricName'),
    dimensions: dimensionsOf(metric),
  };
  // StartTime is rounded down to the period; EndTime is exclusive.
  const start = Math.floor(from / period) * period;
  const points: Point[] = [];
  let bucket: MetricSample[] = [];
  let bucketAt = -Infinity;
  const close = (): void => {
    if (bucket.length > 0) {
      points.push({ at: bucketAt, value: statistic(bucket) });
    }
  };
  for (const sample of world.metrics.samplesFrom(identity, start)) {
    const { timestamp, deliveredAt } = sample;
    if (deliveredAt > readAt || timestamp >= to) {
      continue;
    }
    const at = Math.floor(timestamp / period) * period;
    if (at !== bucketAt) {
      close();
      bucket = [];
      bucketAt = at;
    }
    bucket.push(sample);
  }
  close();
  return points;
}

const statistics: Partial<Record<string, (samples: readonly MetricSample[]) => number>> = {
  Maximum: (samples) => samples.reduce((most, { maximum }) => Math.max(most, maximum), -Infinity),
  Minimum: (samples) => samples.reduce((least, { minimum }) => Math.min(least, minimum), Infinity),
  Sum: (samples) => total(samples, 'sum'),
  SampleCount: (samples) => total(samples, 'count'),
  Average: (samples) => total(samples, 'sum') / total(samples, 'count'),
};

function total(samples: readonly MetricSample[], part: 'sum' | 'count'): number {
  return samples.reduce((sum, sample) => sum + sample[part], 0);
}

export const putMetricData: Action = ({ world, caller, region, now }, input) => {
  const namespace = requiredString(input, 'Namespace');
  if (namespace.startsWith('AWS/')) {
    throw new AwsError('InvalidParameterValue', 400, 'The value AWS/ for parameter Namespace is invalid.');
  }
  for (const datum of structures(input, 'MetricData')) {
    const identity = {
      accountId: caller.accountId,
      region,
      namespace,
      metricName: requiredString(datum, 'MetricName'),
      dimensions: dimensionsOf(datum),
    };
    const resolution = optionalNumber(datum, 'StorageResolution') === 1 ? 1000 : 60_000;
    const at = optionalTime(datum, 'Timestamp') ?? now;
    const timestamp = Math.floor(at / resolution) * resolution;
    world.metrics.put(identity, { timestamp, deliveredAt: now, ...statisticsOf(datum) });
  }
  return {};
};

function statisticsOf(datum: Input): Pick<MetricSample, 'count' | 'sum' | 'minimum' | 'maximum'> {
  const set = optionalStructure(datum, 'StatisticValues');
  if (set !== undefined) {
    const read = (name: string): number => optionalNumber(set, name) ?? 0;
    return { count: read('SampleCount'), sum: read('Sum'), minimum: read('Minimum'), maximum: read('Maximum') };
  }
  const value = optionalNumber(datum, 'Value');
  if (value === undefined) {
    throw new AwsError('MissingParameter', 400, 'The parameter MetricData.member.1.Value is required.');
  }
  return { count: 1, sum: value, minimum: value, maximum: value };
}

function dimensionsOf(input: Input): Dimension[] {
  const dimensions = structures(input, 'Dimensions');
  if (dimensions.length > limits.dimensions) {
    throw validationError(`The collection Dimensions must not have more than ${limits.dimensions} members.`);
  }
  return dimensions.map((each) => ({ name: requiredString(each, 'Name'), value: requiredString(each, 'Value') }));
}

function validationError(message: string): AwsError {
  return new AwsError('ValidationError', 400, message);
}
