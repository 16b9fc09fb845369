import type { CallOptions, MetricSample, MetricSamplesQuery, MetricSeries } from '../aws/aws-gateway.ts';
import type { Attempt, Instant, LagObservation } from '../failover/observation.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Deadlines } from './deadlines.ts';
import { LagHistory, type RankedSamples } from './lag-history.ts';
import { controlSeries, lagSeries, RDS_NAMESPACE, RPO_LAG } from './lag-series.ts';
import type { LoopMonitor, LoopSpan } from './loop-monitor.ts';
import { attemptOf, RequestProgress } from './request-progress.ts';
import { SeriesDirectory } from './series-directory.ts';
import type { ObservationSettings } from './settings.ts';

/** GetMetricData's limit. */
const MOST_QUERIES = 500;
const RPO_RANK = 2;
const REPLICATION_RANK = 1;
/** Ticks come a few milliseconds early or late; without this a series would be asked every second tick too late. */
const PUNCTUALITY_MILLISECONDS = 250;
const PUNCTUALITY_FRACTION = 0.05;

export interface LagRequest {
  readonly clusterIdentifier: string;
  /** Where it replicates from, if known. */
  readonly sourceRegion: string | undefined;
  /** Ask in this round, even if the series was asked within the metric period. */
  readonly isUrgent: boolean;
  readonly intervalMilliseconds: number;
  readonly timeoutMilliseconds: number;
  /** When the caller stops waiting, by the monotonic clock. */
  readonly deadline: number;
}

export interface LagObserverProps {
  readonly clock: Clock;
  readonly monitor: LoopMonitor;
  readonly deadlines: Deadlines;
  readonly region: string;
  readonly settings: ObservationSettings;
  readonly getSamples: (
    query: MetricSamplesQuery,
    options: CallOptions,
  ) => Promise<readonly (readonly MetricSample[])[]>;
  readonly listSeries: (
    metric: { readonly namespace: string; readonly metricName: string },
    options: CallOptions,
  ) => Promise<readonly MetricSeries[]>;
  readonly pace: (signal: AbortSignal) => Promise<void>;
  readonly longestTimeout: () => number;
  readonly onAsked: (seriesCount: number, attempt: Attempt, durationMilliseconds: number) => void;
}

/** One request to CloudWatch, on its way. */
interface Ask {
  readonly at: Instant;
  readonly progress: RequestProgress;
  readonly done: Promise<void>;
  readonly finish: () => void;
}

interface Cluster {
  readonly identifier: string;
  readonly history: LagHistory;
  sourceRegion: string | undefined;
  ask?: Ask;
  /** Of the last finished ask. */
  last?: { readonly at: Instant; readonly attempt: Attempt };
  /** By the monotonic clock. */
  askedAt: number;
  controlSampleEnd?: Instant;
  isRpoLagEmpty: boolean;
  /** An ask was answered. */
  isSettled: boolean;
}

/**
 * How long a request waits for more to ask, after the first and after each further one: rounds that start together take
 * turns, and policies come one by one as a process starts.
 */
const GATHERING_MILLISECONDS = 250;
const LULL_MILLISECONDS = 20;

/** What one cluster contributes to a request. */
interface Part {
  readonly cluster: Cluster;
  readonly lag: readonly MetricSeries[];
}

/** A request that still takes parts. */
interface Batch {
  readonly ask: Ask;
  readonly parts: Part[];
  /** How many more queries fit. */
  free: number;
  /** Once; later calls do nothing. */
  readonly send: () => void;
  /** Sends once nothing has come for a while. */
  readonly sendSoon: () => void;
}

/** Replication lag as CloudWatch of one account and region tells it, for all secondaries there together. */
export class LagObserver {
  readonly #props: LagObserverProps;
  readonly #directory: SeriesDirectory;
  readonly #clusters = new Map<string, Cluster>();
  readonly #controller = new AbortController();
  #open: Batch | undefined;

  constructor(props: LagObserverProps) {
    this.#props = props;
    this.#directory = new SeriesDirectory({
      clock: props.clock,
      list: (metricName, options) => props.listSeries({ namespace: RDS_NAMESPACE, metricName }, options),
      pace: props.pace,
      timeoutMilliseconds: props.longestTimeout,
      metricPeriodMilliseconds: props.settings.metricPeriodMilliseconds,
      discoveryMilliseconds: props.settings.seriesDiscoveryMilliseconds,
      onListed: () => this.#askEmptyOnesAgain(),
    });
  }

  /** What is known of one secondary when the answer is there, or at the caller's deadline; never rejects. */
  async observe(request: LagRequest): Promise<LagObservation> {
    const cluster = this.#clusterOf(request.clusterIdentifier);
    this.#noteSource(cluster, request.sourceRegion);
    if (cluster.ask === undefined && this.#isDue(cluster, request)) this.#enqueue(cluster);
    const span = this.#props.monitor.begin();
    try {
      await this.#isDoneBy(cluster.ask?.done, request.deadline);
      if (await this.#isListedOnly(cluster, request.deadline)) {
        const { ask = this.#enqueue(cluster) } = cluster;
        await this.#isDoneBy(ask.done, request.deadline);
      }
      const { ask } = cluster;
      return ask === undefined ? this.#known(cluster) : this.#unanswered(cluster, ask, request, span);
    } finally {
      span.end();
    }
  }

  /** Forgets a cluster that nobody watches any more. */
  forget(clusterIdentifier: string): void {
    this.#clusters.delete(clusterIdentifier);
  }

  close(): void {
    this.#directory.close();
    this.#controller.abort(new Error('observation ends'));
    // Given up before it is sent: nobody waits on.
    this.#open?.send();
  }

  #clusterOf(identifier: string): Cluster {
    const existing = this.#clusters.get(identifier);
    if (existing !== undefined) return existing;
    const { metricPeriodMilliseconds, lagRetentionMilliseconds } = this.#props.settings;
    const cluster: Cluster = {
      identifier,
      history: new LagHistory({
        periodMilliseconds: metricPeriodMilliseconds,
        retentionMilliseconds: lagRetentionMilliseconds,
      }),
      sourceRegion: undefined,
      askedAt: -Infinity,
      isRpoLagEmpty: false,
      isSettled: false,
    };
    this.#clusters.set(identifier, cluster);
    this.#directory.invalidate();
    return cluster;
  }

  #noteSource(cluster: Cluster, sourceRegion: string | undefined): void {
    if (sourceRegion === undefined || sourceRegion === cluster.sourceRegion) return;
    const isChange = cluster.sourceRegion !== undefined;
    cluster.sourceRegion = sourceRegion;
    cluster.isRpoLagEmpty = false;
    if (isChange) this.#directory.invalidate();
  }

  #isDue(cluster: Cluster, request: LagRequest): boolean {
    const period = this.#props.settings.metricPeriodMilliseconds;
    const punctuality = Math.min(PUNCTUALITY_MILLISECONDS, period * PUNCTUALITY_FRACTION);
    const wait = request.isUrgent ? Math.min(period, request.intervalMilliseconds) / 2 : period - punctuality;
    const passed = this.#props.clock.monotonic() - cluster.askedAt;
    // Whoever can goes along, so that those who began one by one come due together.
    return passed >= wait || (this.#open !== undefined && passed >= period / 2);
  }

  /** Those that come due at about the same time are asked together, as many as one request takes. */
  #enqueue(cluster: Cluster): Ask {
    const part = this.#partOf(cluster);
    const size = part.lag.length + 1;
    if (this.#open !== undefined && this.#open.free < size) this.#open.send();
    this.#open ??= this.#openBatch();
    this.#open.parts.push(part);
    this.#open.free -= size;
    this.#open.sendSoon();
    cluster.ask = this.#open.ask;
    cluster.askedAt = this.#props.clock.monotonic();
    return cluster.ask;
  }

  #openBatch(): Batch {
    const { clock } = this.#props;
    const latest = clock.monotonic() + GATHERING_MILLISECONDS;
    let isSent = false;
    let timer: Timer | undefined;
    const send = (): void => {
      if (isSent) return;
      isSent = true;
      timer?.cancel();
      if (this.#open === batch) this.#open = undefined;
      void this.#ask(batch.parts, batch.ask);
    };
    const sendSoon = (): void => {
      timer?.cancel();
      timer = clock.setTimeout(send, Math.min(LULL_MILLISECONDS, latest - clock.monotonic()));
    };
    const batch: Batch = { ask: this.#newAsk(), parts: [], free: MOST_QUERIES, send, sendSoon };
    queueMicrotask(() => {
      // Nobody else is there to come.
      if (this.#clusters.size === 1) send();
    });
    return batch;
  }

  #partOf(cluster: Cluster): Part {
    const { identifier, sourceRegion, isRpoLagEmpty } = cluster;
    const listed = this.#directory.seriesOf(identifier);
    return { cluster, lag: lagSeries({ clusterIdentifier: identifier, listed, sourceRegion, isRpoLagEmpty }) };
  }

  async #ask(parts: readonly Part[], ask: Ask): Promise<void> {
    const { clock, monitor, settings, getSamples, pace, longestTimeout } = this.#props;
    const series = parts.flatMap(({ cluster, lag }) => [...lag, controlSeries(cluster.identifier)]);
    const period = settings.metricPeriodMilliseconds;
    // The current period is not over: its sample would still change.
    const to = Math.floor(clock.now() / period) * period;
    const from = to - Math.ceil(settings.lagRetentionMilliseconds / period) * period;
    const timeoutMilliseconds = longestTimeout();
    const startedAt = clock.monotonic();
    const span = monitor.begin();
    let attempt: Attempt = { kind: 'answered' };
    try {
      const options = { timeoutMilliseconds, signal: this.#controller.signal, ...ask.progress.options(pace) };
      const answers = await getSamples({ series, periodMilliseconds: period, from, to }, options);
      this.#take(parts, answers);
    } catch (error) {
      attempt = span.judge(attemptOf(error), timeoutMilliseconds);
    } finally {
      span.end();
    }
    for (const { cluster } of parts) {
      cluster.last = { at: ask.at, attempt };
      delete cluster.ask;
    }
    ask.finish();
    this.#props.onAsked(series.length, attempt, clock.monotonic() - startedAt);
  }

  /** The answers stand in the order of the series: each cluster's lag series, then its control. */
  #take(parts: readonly Part[], answers: readonly (readonly MetricSample[])[]): void {
    let next = 0;
    for (const { cluster, lag } of parts) {
      const ranked = lag.map(({ metricName }, index): RankedSamples => {
        const rank = metricName === RPO_LAG ? RPO_RANK : REPLICATION_RANK;
        return { rank, samples: answers[next + index] ?? [] };
      });
      const control = answers[next + lag.length] ?? [];
      next += lag.length + 1;
      cluster.history.merge(ranked, this.#props.clock.now());
      cluster.isRpoLagEmpty = cluster.history.highestRank < RPO_RANK && ranked.some(({ rank }) => rank === RPO_RANK);
      const newest = control.at(-1)?.periodStart;
      if (newest !== undefined) cluster.controlSampleEnd = newest + this.#props.settings.metricPeriodMilliseconds;
    }
  }

  #newAsk(): Ask {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const { clock } = this.#props;
    return {
      at: clock.now(),
      progress: new RequestProgress(clock),
      done: promise,
      finish: () => resolve(undefined),
    };
  }

  /**
   * The first ask goes out before the first listing, perhaps for a shape that has no samples. Rather than let the first
   * round after each start say that the lag is unknown, that round waits for the listing within its own time.
   */
  async #isListedOnly(cluster: Cluster, deadline: number): Promise<boolean> {
    const { identifier, history, last } = cluster;
    // A source that did not answer says nothing of shapes: its first answer may come much later, in an outage.
    const isFirstAnswer = !cluster.isSettled && cluster.ask === undefined && last?.attempt.kind === 'answered';
    if (!isFirstAnswer) return false;
    cluster.isSettled = true;
    if (history.samples.length > 0 || !(await this.#isDoneBy(this.#directory.listed(), deadline))) return false;
    return this.#directory.seriesOf(identifier).length > 0;
  }

  #isDoneBy(done: Promise<void> | undefined, deadline: number): Promise<boolean> {
    if (done === undefined) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = this.#props.deadlines.add(deadline, () => resolve(false));
      void done.then(() => {
        timer.cancel();
        resolve(true);
      });
    });
  }

  #known(cluster: Cluster): LagObservation {
    const { at, attempt } = cluster.last ?? {
      at: this.#props.clock.now(),
      attempt: { kind: 'local', cause: 'notAttempted', message: 'the metric was not asked yet' } as const,
    };
    return this.#observation(cluster, at, attempt);
  }

  #unanswered(cluster: Cluster, ask: Ask, request: LagRequest, span: LoopSpan): LagObservation {
    const { timeoutMilliseconds } = request;
    const attempt = span.judge(ask.progress.failureAfter(timeoutMilliseconds), timeoutMilliseconds);
    return this.#observation(cluster, ask.at, attempt);
  }

  #observation(cluster: Cluster, askedAt: Instant, attempt: Attempt): LagObservation {
    return {
      region: this.#props.region,
      clusterIdentifier: cluster.identifier,
      askedAt,
      attempt,
      samples: cluster.history.samples,
      ...(cluster.controlSampleEnd !== undefined && { controlSampleEnd: cluster.controlSampleEnd }),
    };
  }

  /** A listing may have named series that were asked in another shape and had no data. */
  #askEmptyOnesAgain(): void {
    for (const cluster of this.#clusters.values()) {
      const isListed = this.#directory.seriesOf(cluster.identifier).length > 0;
      if (isListed && cluster.history.samples.length === 0) cluster.askedAt = -Infinity;
    }
  }
}
