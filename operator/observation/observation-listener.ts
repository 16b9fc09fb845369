import type { Attempt } from '../failover/observation.ts';

/** Told what observation costs and how it fares, for metrics. Every method may be left out; none may throw. */
export interface ObservationListener {
  /** A walk of one API in one region ended. */
  walked?(event: {
    account: string;
    region: string;
    action: string;
    attempt: Attempt;
    durationMilliseconds: number;
  }): void;
  /** CloudWatch was asked, one request for up to 500 series. */
  askedMetrics?(event: {
    account: string;
    region: string;
    seriesCount: number;
    attempt: Attempt;
    durationMilliseconds: number;
  }): void;
  probed?(event: { kind: 'endpoint' | 'witness' | 'lag'; attempt: Attempt; durationMilliseconds: number }): void;
  roundCompleted?(event: { key: string; durationMilliseconds: number; isDisturbed: boolean }): void;
  /** A round was left out, since the process is behind with its work. */
  roundSkipped?(event: { key: string }): void;
  /** A consumer of rounds threw. */
  roundFailed?(event: { key: string; error: unknown }): void;
}
