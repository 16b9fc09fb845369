/** What an installation may tune about observation as a whole; policies tune their own intervals and timeouts. */
export interface ObservationSettings {
  /** Period of the metrics asked for; a series is asked at most once per period unless under suspicion. */
  readonly metricPeriodMilliseconds: number;
  /** How much of each series is kept. */
  readonly lagRetentionMilliseconds: number;
  /** How often the series are listed anew without any role change. */
  readonly seriesDiscoveryMilliseconds: number;
  /** Endpoint probes and witness requests that may be in flight at once, however few policies there are. */
  readonly leastProbes: number;
  /**
   * The same for each policy, if that is more. When a region falls silent, every probe of each
   * policy that has its primary there lasts as long as its timeout, and one that never starts is no evidence of the loss.
   */
  readonly probesPerPolicy: number;
  /** Read requests to AWS per second, for each account and region. */
  readonly readsPerSecond: number;
  /** Read requests that may go out at once after a quiet time, for each account and region. */
  readonly readBurst: number;
}

export const defaultObservationSettings: ObservationSettings = Object.freeze({
  metricPeriodMilliseconds: 60_000,
  lagRetentionMilliseconds: 15 * 60_000,
  seriesDiscoveryMilliseconds: 60 * 60_000,
  leastProbes: 256,
  probesPerPolicy: 2,
  readsPerSecond: 20,
  readBurst: 60,
});
