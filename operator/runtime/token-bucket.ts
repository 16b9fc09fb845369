import type { Clock, Timer } from './clock.ts';

export interface TokenBucketOptions {
  readonly clock: Clock;
  /** Tokens that come back per second; above 0. */
  readonly rate: number;
  /** The most tokens that gather; at least 1. The bucket starts full. */
  readonly burst: number;
}

export interface TakeOptions {
  /** Aborting gives up the place in the queue and rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** High never waits behind normal. @default - normal */
  readonly priority?: 'high' | 'normal' | undefined;
}

interface Waiter {
  readonly grant: () => void;
}

/** A budget of calls: so many per second, with bursts. Waiters are served in order, high priority before normal. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #rate: number;
  readonly #burst: number;
  readonly #high: Waiter[] = [];
  readonly #normal: Waiter[] = [];
  #tokens: number;
  #refilledAt: number;
  #timer: Timer | undefined;

  constructor(options: TokenBucketOptions) {
    if (!(options.rate > 0) || !(options.burst >= 1)) {
      throw new RangeError(
        `cannot create a token bucket with rate ${options.rate} and burst ${options.burst}: ` +
          'nothing could ever be taken; use a rate above 0 and a burst of at least 1',
      );
    }
    this.#clock = options.clock;
    this.#rate = options.rate;
    this.#burst = options.burst;
    this.#tokens = options.burst;
    this.#refilledAt = this.#clock.monotonic();
  }

  /** Calls that wait for a token. */
  get waiting(): number {
    return this.#high.length + this.#normal.length;
  }

  /** Takes a token if one is free and nobody of the same or a higher priority waits for it. */
  tryTake(options: Pick<TakeOptions, 'priority'> = {}): boolean {
    const isOvertaking = options.priority === 'high' ? this.#high.length > 0 : this.waiting > 0;
    this.#refill();
    if (isOvertaking || this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Waits for a token. */
  async take(options: TakeOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    if (this.tryTake(options)) return;
    await this.#wait(options.priority === 'high' ? this.#high : this.#normal, options.signal);
  }

  #wait(lane: Waiter[], signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        lane.splice(lane.indexOf(waiter), 1);
        if (this.waiting === 0) this.#stopTimer();
        reject(signal?.reason as Error);
      };
      const waiter: Waiter = {
        grant: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      lane.push(waiter);
      signal?.addEventListener('abort', leave, { once: true });
      this.#schedule();
    });
  }

  #serve(): void {
    this.#refill();
    while (this.#tokens >= 1) {
      const waiter = this.#high.shift() ?? this.#normal.shift();
      if (waiter === undefined) return;
      this.#tokens -= 1;
      waiter.grant();
    }
    if (this.waiting > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    // A timer may fire a moment early: never ask for less than a millisecond, or it would spin.
    const milliseconds = Math.max(1, Math.ceil(((1 - this.#tokens) / this.#rate) * 1000));
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#serve();
    }, milliseconds);
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#refilledAt) / 1000) * this.#rate);
    this.#refilledAt = now;
  }
}
