/** A dimension of a metric. */
export interface Dimension {
  readonly name: string;
  readonly value: string;
}

/** A statistic set: what CloudWatch keeps of one period. */
export interface MetricSample {
  /** Start of the period. */
  readonly timestamp: number;
  /** When readers can see it: never before the end of the period. */
  readonly deliveredAt: number;
  readonly count: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** A series: one metric with one exact set of dimensions, in one region of one account. */
export interface MetricSeries {
  readonly accountId: string;
  readonly region: string;
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: readonly Dimension[];
  readonly samples: MetricSample[];
  /** The samples were written in the order of their time. */
  isInOrder: boolean;
}

export type MetricIdentity = Omit<MetricSeries, 'samples' | 'isInOrder'>;

/** How long samples are kept, in milliseconds. AWS keeps those of sub-minute resolution for three hours. */
export const metricRetention = 3 * 3_600_000;

/** The metrics of every region. A series exists only under the exact set of dimensions it was written with. */
export class MetricStore {
  private readonly series = new Map<string, MetricSeries>();

  put(identity: MetricIdentity, sample: MetricSample): void {
    const key = keyOf(identity);
    let series = this.series.get(key);
    if (series === undefined) {
      series = { ...identity, samples: [], isInOrder: true };
      this.series.set(key, series);
    }
    series.isInOrder &&= (series.samples.at(-1)?.timestamp ?? -Infinity) <= sample.timestamp;
    series.samples.push(sample);
    const horizon = sample.timestamp - metricRetention;
    if ((series.samples[0]?.timestamp ?? horizon) < horizon) {
      series.samples.splice(
        0,
        series.samples.findIndex((kept) => kept.timestamp >= horizon),
      );
    }
  }

  /** All samples of a series in the order of their writing, those included that no reader sees yet. */
  samplesOf(identity: MetricIdentity): readonly MetricSample[] {
    return this.series.get(keyOf(identity))?.samples ?? [];
  }

  /** The samples of a series whose period begins at `from` or later, in the order of their time. */
  samplesFrom(identity: MetricIdentity, from: number): readonly MetricSample[] {
    const series = this.series.get(keyOf(identity));
    if (series === undefined) {
      return [];
    }
    const { samples, isInOrder } = series;
    const inOrder = isInOrder ? samples : samples.toSorted((a, b) => a.timestamp - b.timestamp);
    // Mostly the newest few are asked for.
    let first = inOrder.length;
    while (first > 0 && (inOrder[first - 1]?.timestamp ?? -Infinity) >= from) {
      first -= 1;
    }
    return first === 0 ? inOrder : inOrder.slice(first);
  }

  /** The samples that a reader sees at `at`, oldest first. */
  read(identity: MetricIdentity, at: number): MetricSample[] {
    return this.samplesOf(identity).filter((sample) => sample.deliveredAt <= at);
  }

  /** The series of one account and region that have a sample delivered in (`since`, `at`]. */
  list(accountId: string, region: string, since: number, at: number): MetricSeries[] {
    return [...this.series.values()].filter(
      (series) =>
        series.accountId === accountId &&
        series.region === region &&
        series.samples.some(({ deliveredAt }) => deliveredAt <= at && deliveredAt > since),
    );
  }
}

/** No name in CloudWatch contains control characters. */
function keyOf({ accountId, region, namespace, metricName, dimensions }: MetricIdentity): string {
  const sorted = dimensions.length < 2 ? dimensions : dimensions.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  let key = `${accountId}\n${region}\n${namespace}\n${metricName}`;
  for (const { name, value } of sorted) key += `\n${name}\t${value}`;
  return key;
}
