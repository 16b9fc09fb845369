import { accountKey, type AwsAccount } from '../aws/account.ts';
import type { AwsGateway, CallOptions } from '../aws/aws-gateway.ts';
import type { Attempt, ClusterView, GlobalClusterView } from '../failover/observation.ts';
import type { Clock } from '../runtime/clock.ts';
import { TokenBucket } from '../runtime/token-bucket.ts';
import type { Deadlines } from './deadlines.ts';
import { LagObserver } from './lag-observer.ts';
import type { LoopMonitor } from './loop-monitor.ts';
import type { ObservationListener } from './observation-listener.ts';
import type { ObservationTarget } from './observation-target.ts';
import type { ObservationSettings } from './settings.ts';
import { SharedWalk } from './shared-walk.ts';

/** However rarely policies look, a walk older than this is not taken for a round that starts now. */
const OLDEST_WALK_MILLISECONDS = 5000;

export interface RegionObserverProps {
  readonly gateway: AwsGateway;
  readonly clock: Clock;
  readonly monitor: LoopMonitor;
  readonly deadlines: Deadlines;
  readonly settings: ObservationSettings;
  readonly account: AwsAccount;
  readonly region: string;
  readonly listener: ObservationListener;
}

/** What is read of one region of one account, for all policies that have a cluster there. */
export class RegionObserver {
  readonly globalClusters: SharedWalk<GlobalClusterView>;
  readonly clusters: SharedWalk<ClusterView>;
  readonly lag: LagObserver;
  readonly #targets = new Map<string, ObservationTarget>();
  readonly #region: string;
  #shortestInterval = 0;
  #longestTimeout = 0;

  constructor(props: RegionObserverProps) {
    const { gateway, account, region, clock, listener, settings } = props;
    this.#region = region;
    const bucket = new TokenBucket({ clock, rate: settings.readsPerSecond, burst: settings.readBurst });
    const label = accountKey(account);
    const longestTimeout = (): number => this.#longestTimeout;
    const walkProps = (action: string) => ({
      ...props,
      longestTimeout,
      pace: (signal: AbortSignal) => bucket.take({ priority: 'high', signal }),
      onWalked: (attempt: Attempt, durationMilliseconds: number) =>
        listener.walked?.({ account: label, region, action, attempt, durationMilliseconds }),
    });
    this.globalClusters = new SharedWalk({
      ...walkProps('DescribeGlobalClusters'),
      keyOf: ({ identifier }) => identifier,
      walk: (options, onPage) => gateway.describeGlobalClusters(account, region, options, onPage),
    });
    this.clusters = new SharedWalk({
      ...walkProps('DescribeDBClusters'),
      keyOf: ({ identifier }) => identifier,
      walk: (options, onPage) => gateway.describeClusters(account, region, options, onPage),
    });
    this.lag = new LagObserver({
      ...props,
      longestTimeout,
      pace: (signal) => bucket.take({ signal }),
      getSamples: (query, options: CallOptions) => gateway.getMetricSamples(account, region, query, options),
      listSeries: (metric, options) => gateway.listMetricSeries(account, region, metric, options),
      onAsked: (seriesCount, attempt, durationMilliseconds) =>
        listener.askedMetrics?.({ account: label, region, seriesCount, attempt, durationMilliseconds }),
    });
  }

  get isUnused(): boolean {
    return this.#targets.size === 0;
  }

  /** How old a walk may be to be shared: policies whose rounds fall together share one. */
  get maxWalkAgeMilliseconds(): number {
    return Math.min(this.#shortestInterval / 2, OLDEST_WALK_MILLISECONDS);
  }

  /** Adds or changes a policy that shares this observer. */
  use(target: ObservationTarget): void {
    const before = this.#targets.get(target.key);
    this.#targets.set(target.key, target);
    if (before === undefined && this.#targets.size > 1) {
      this.#shortestInterval = Math.min(this.#shortestInterval, target.intervalMilliseconds);
      this.#longestTimeout = Math.max(this.#longestTimeout, target.timeoutMilliseconds);
    } else if (!hasSameTiming(before, target)) {
      this.#measure();
    }
  }

  leave(key: string): void {
    const target = this.#targets.get(key);
    if (target === undefined) return;
    this.#targets.delete(key);
    this.#measure();
    const mine = clustersIn(this.#region, target);
    const others = new Set([...this.#targets.values()].flatMap((other) => clustersIn(this.#region, other)));
    for (const identifier of mine) if (!others.has(identifier)) this.lag.forget(identifier);
  }

  close(): void {
    this.globalClusters.close();
    this.clusters.close();
    this.lag.close();
  }

  #measure(): void {
    this.#shortestInterval = Infinity;
    this.#longestTimeout = 0;
    for (const { intervalMilliseconds, timeoutMilliseconds } of this.#targets.values()) {
      this.#shortestInterval = Math.min(this.#shortestInterval, intervalMilliseconds);
      this.#longestTimeout = Math.max(this.#longestTimeout, timeoutMilliseconds);
    }
  }
}

function hasSameTiming(a: ObservationTarget | undefined, b: ObservationTarget): boolean {
  return a?.intervalMilliseconds === b.intervalMilliseconds && a.timeoutMilliseconds === b.timeoutMilliseconds;
}

function clustersIn(region: string, target: ObservationTarget): string[] {
  return target.regions.filter(({ name }) => name === region).map(({ clusterIdentifier }) => clusterIdentifier);
}
