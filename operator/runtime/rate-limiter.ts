import { jitter, type Random } from './random.ts';

/** Decides how long a key waits before it is tried again. */
export interface RateLimiter<K> {
  /** Milliseconds to wait now; counts one more failure. */
  when(key: K): number;
  /** The key succeeded: its next failure is the first again. */
  forget(key: K): void;
  /** Failures since the last success. */
  numRequeues(key: K): number;
}

export interface ExponentialRateLimiterOptions {
  readonly random: Random;
  /** After the first failure. @default - 100 ms */
  readonly baseMilliseconds?: number;
  /** @default - 60 s */
  readonly maximumMilliseconds?: number;
  /** Spread on both sides, as a fraction; the maximum is never exceeded. @default - 0.2 */
  readonly jitterFraction?: number;
}

/** Doubles the delay of a key with every failure. */
export class ExponentialRateLimiter<K> implements RateLimiter<K> {
  readonly #failures = new Map<K, number>();
  readonly #random: Random;
  readonly #base: number;
  readonly #maximum: number;
  readonly #jitterFraction: number;

  constructor(options: ExponentialRateLimiterOptions) {
    this.#random = options.random;
    this.#base = options.baseMilliseconds ?? 100;
    this.#maximum = options.maximumMilliseconds ?? 60_000;
    this.#jitterFraction = options.jitterFraction ?? 0.2;
  }

  when(key: K): number {
    const failures = this.numRequeues(key);
    this.#failures.set(key, failures + 1);
    // From 2^1024 on it is Infinity, which the maximum caps like any other.
    const exponential = Math.min(this.#base * 2 ** failures, this.#maximum);
    return Math.min(jitter(exponential, this.#jitterFraction, this.#random), this.#maximum);
  }

  forget(key: K): void {
    this.#failures.delete(key);
  }

  numRequeues(key: K): number {
    return this.#failures.get(key) ?? 0;
  }
}
