import type { CallOptions, MetricSeries } from '../aws/aws-gateway.ts';
import type { Clock } from '../runtime/clock.ts';
import { clusterOf, REPLICATION_LAG, RPO_LAG } from './lag-series.ts';

/** How many metric periods to wait before listing again in the hope of a series that is missing. */
const PERIODS_BETWEEN_LISTINGS = 5;

export interface SeriesDirectoryProps {
  readonly clock: Clock;
  readonly list: (metricName: string, options: CallOptions) => Promise<readonly MetricSeries[]>;
  readonly pace: (signal: AbortSignal) => Promise<void>;
  readonly timeoutMilliseconds: () => number;
  readonly metricPeriodMilliseconds: number;
  readonly discoveryMilliseconds: number;
  /** Told when a new listing is there. */
  readonly onListed: () => void;
}

/**
 * Which lag series CloudWatch lists in one account and region. Listed anew after role changes, every hour, and now and
 * then while one is missing; always in the background, since a listing can take long: no round waits for it beyond its own time.
 */
export class SeriesDirectory {
  readonly #props: SeriesDirectoryProps;
  #byCluster = new Map<string, readonly MetricSeries[]>();
  #listing: Promise<void> | undefined;
  #isStale = true;
  #triedAt = -Infinity;
  #listedAt = -Infinity;
  readonly #controller = new AbortController();

  constructor(props: SeriesDirectoryProps) {
    this.#props = props;
  }

  /** The roles have changed: series begin and end. */
  invalidate(): void {
    this.#isStale = true;
  }

  /** Ends with the first listing, begun now if none is under way; at once when there was one. Never rejects. */
  listed(): Promise<void> {
    if (this.#listedAt > -Infinity && this.#listing === undefined) return Promise.resolve();
    return this.#listing ?? this.#list();
  }

  seriesOf(clusterIdentifier: string): readonly MetricSeries[] {
    const listed = this.#byCluster.get(clusterIdentifier) ?? [];
    if (this.#listing === undefined && this.#isDue(listed.length === 0)) void this.#list();
    return listed;
  }

  close(): void {
    this.#controller.abort(new Error('observation ends'));
  }

  #isDue(isMissing: boolean): boolean {
    const { clock, metricPeriodMilliseconds, discoveryMilliseconds } = this.#props;
    const now = clock.monotonic();
    if (now - this.#listedAt >= discoveryMilliseconds) return now - this.#triedAt >= metricPeriodMilliseconds;
    if (this.#isStale) return now - this.#triedAt >= metricPeriodMilliseconds;
    return isMissing && now - this.#triedAt >= metricPeriodMilliseconds * PERIODS_BETWEEN_LISTINGS;
  }

  #list(): Promise<void> {
    this.#listing = this.#refresh().finally(() => (this.#listing = undefined));
    return this.#listing;
  }

  async #refresh(): Promise<void> {
    const { clock, list, pace, timeoutMilliseconds, onListed } = this.#props;
    this.#isStale = false;
    this.#triedAt = clock.monotonic();
    const options: CallOptions = {
      timeoutMilliseconds: timeoutMilliseconds(),
      signal: this.#controller.signal,
      beforeRequest: pace,
    };
    try {
      const series = await Promise.all([RPO_LAG, REPLICATION_LAG].map((metricName) => list(metricName, options)));
      this.#byCluster = groupByCluster(series.flat());
      this.#listedAt = clock.monotonic();
      onListed();
    } catch {
      // What was listed before still serves, and so does the plain shape: tried again after a metric period.
      this.#isStale = true;
    }
  }
}

function groupByCluster(series: readonly MetricSeries[]): Map<string, readonly MetricSeries[]> {
  const result = new Map<string, MetricSeries[]>();
  for (const one of series) {
    const cluster = clusterOf(one);
    if (cluster === undefined) continue;
    const others = result.get(cluster);
    if (others === undefined) result.set(cluster, [one]);
    else others.push(one);
  }
  return result;
}
