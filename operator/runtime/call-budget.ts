import type { Clock, Timer } from './clock.ts';

/** Compared number by number, the smaller first: who goes before whom. */
export type Standing = readonly number[];

export interface CallBudgetOptions {
  readonly clock: Clock;
  /** Calls per second, above 0: the most, which throttling lowers for a time. */
  readonly rate: number;
  /** The most tokens that gather; at least 1. The budget starts full. */
  readonly burst: number;
  /** Told that a token is kept for a key that waited: it asks once more, now. Must not throw. */
  readonly onTurn: (key: string) => void;
}

/** One token, taken: the call may be made. */
export interface Permit {
  /** Tells how the called service took it: throttling lowers the rate, anything else lets it rise again. */
  readonly report: (isThrottled: boolean) => void;
  /**
   * The call is not made: returns this share of the token, 0 to 1, to whoever is next. Does nothing once it was reported
   * or given back.
   */
  readonly giveBack: (share: number) => void;
}

/** How a key waits, besides its standing. */
export interface WaitOptions {
  /** How long a token is kept for it before the next one gets it. @default - 3 s */
  readonly claimMilliseconds?: number;
  /** Its call was made before and declined, and may be at every further try: see {@link CallBudget}. @default - false */
  readonly isRetry?: boolean;
}

interface Waiter {
  readonly key: string;
  readonly standing: Standing;
  readonly claimMilliseconds: number;
  readonly isRetry: boolean;
  /** Of those who stand alike, who came first. */
  readonly arrival: number;
}

/** Of the rate that is left after a throttled call, as in the adaptive retry mode of the AWS SDKs. */
const DECREASE = 0.7;
/** Of the configured rate, what each call that was not throttled gives back. */
const INCREASE = 0.05;
/** Of the configured rate, what throttling leaves in any case. */
const FLOOR = 0.1;
const CLAIM_MILLISECONDS = 3_000;
/** While both wait, one token in so many is for a retry. */
const TOKENS_PER_RETRY = 4;

/**
 * So many calls per second, with bursts, in an order. Nobody holds anything while it waits: who gets no token has a place, and
 * is told when a token is kept for it. The rate adapts as in TCP: it falls by a factor when the service throttles, once
 * for all the calls that were under way then, and rises by a step with each call that the service takes.
 *
 * Retries wait apart, in the order of their arrival, whatever their standing: while others wait they get every fourth token.
 * So calls that are declined for ever keep nobody from a first try, and no retry keeps another one from its own.
 */
export class CallBudget {
  readonly #options: CallBudgetOptions;
  /** Sorted, who is next at the end. */
  readonly #first: Waiter[] = [];
  /** The same of those who try again. */
  readonly #retries: Waiter[] = [];
  /** Tokens since the last retry that were for somebody else while a retry waited. */
  #tokensSinceRetry = 0;
  readonly #places = new Map<string, Waiter>();
  /** Until when, monotonic, a token is kept for a key. */
  readonly #kept = new Map<string, number>();
  /** No token is kept for less long than until then. */
  #keptUntil = Infinity;
  #rate: number;
  #tokens: number;
  #refilledAt: number;
  #arrivals = 0;
  /** Grows with each decrease of the rate: calls of before say nothing about the rate that it led to. */
  #decreases = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: CallBudgetOptions) {
    if (!(options.rate > 0) || !(options.burst >= 1)) {
      throw new RangeError(
        `cannot create a call budget with rate ${options.rate} and burst ${options.burst}: ` +
          'nothing could ever be called; use a rate above 0 and a burst of at least 1',
      );
    }
    this.#options = options;
    this.#rate = options.rate;
    this.#tokens = options.burst;
    this.#refilledAt = options.clock.monotonic();
  }

  /** Keys that wait for their turn. */
  get waiting(): number {
    return this.#places.size;
  }

  /** Calls per second at present. */
  get rate(): number {
    return this.#rate;
  }

  /** Calls that could be made at once. */
  get tokens(): number {
    this.#refill();
    return Math.floor(this.#tokens);
  }

  /** Whether a token is kept for the key. */
  hasTurn(key: string): boolean {
    return this.#kept.has(key);
  }

  /**
   * A token, if one is kept for the key, or is free and nobody waits. Otherwise a place among those who wait, which a
   * further question keeps; its standing may have changed by then.
   */
  ask(key: string, standing: Standing, options: WaitOptions = {}): Permit | undefined {
    this.#refill();
    if (this.#kept.delete(key)) return this.#permit();
    if (this.waiting === 0 && this.#tokens >= 1) {
      this.#tokens -= 1;
      return this.#permit();
    }
    this.#place(key, standing, options);
    this.#serve(key);
    return this.#kept.delete(key) ? this.#permit() : undefined;
  }

  /** Changes the standing of a key that waits, and nothing else. */
  move(key: string, standing: Standing): void {
    const known = this.#places.get(key);
    if (known !== undefined) this.#place(key, standing, known);
  }

  /** Gives up the key's place, or the token that is kept for it. */
  leave(key: string): void {
    if (!this.#places.has(key) && !this.#kept.has(key)) return;
    this.#displace(key);
    if (this.#kept.delete(key)) this.#tokens += 1;
    this.#serve();
  }

  /** Nobody waits any more, and nobody is told anything. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#first.length = 0;
    this.#retries.length = 0;
    this.#places.clear();
    this.#kept.clear();
  }

  #permit(): Permit {
    const decreases = this.#decreases;
    let isSettled = false;
    return {
      report: (isThrottled) => {
        if (isSettled) return;
        isSettled = true;
        if (!isThrottled) this.#raise();
        else if (decreases === this.#decreases) this.#lower();
      },
      giveBack: (share) => {
        if (isSettled || this.#isClosed) return;
        isSettled = true;
        this.#refill();
        this.#tokens = Math.min(this.#options.burst, this.#tokens + share);
        this.#serve();
      },
    };
  }

  #raise(): void {
    this.#refill();
    const { rate } = this.#options;
    this.#rate = Math.min(rate, this.#rate + rate * INCREASE);
  }

  #lower(): void {
    this.#refill();
    this.#decreases += 1;
    this.#rate = Math.max(this.#options.rate * FLOOR, this.#rate * DECREASE);
    // What has gathered is more than the service takes; one call finds out when it takes any again.
    this.#tokens = Math.min(this.#tokens, 1);
  }

  #place(key: string, standing: Standing, options: WaitOptions): void {
    const { claimMilliseconds = CLAIM_MILLISECONDS, isRetry = false } = options;
    const ranked = isRetry ? [] : standing;
    const known = this.#places.get(key);
    if (known?.isRetry === isRetry && compare(known.standing, ranked) === 0) return;
    this.#displace(key);
    this.#arrivals += 1;
    const arrival = known?.arrival ?? this.#arrivals;
    const waiter: Waiter = { key, standing: ranked, claimMilliseconds, isRetry, arrival };
    const queue = this.#queueOf(waiter);
    queue.splice(positionIn(queue, waiter), 0, waiter);
    this.#places.set(key, waiter);
  }

  #displace(key: string): void {
    const waiter = this.#places.get(key);
    if (waiter === undefined) return;
    this.#places.delete(key);
    const queue = this.#queueOf(waiter);
    queue.splice(positionIn(queue, waiter), 1);
  }

  #queueOf({ isRetry }: Waiter): Waiter[] {
    return isRetry ? this.#retries : this.#first;
  }

  /** Takes out whose turn it is. */
  #next(): Waiter | undefined {
    if (this.#retries.length === 0) return this.#first.pop();
    this.#tokensSinceRetry += 1;
    if (this.#first.length > 0 && this.#tokensSinceRetry < TOKENS_PER_RETRY) return this.#first.pop();
    this.#tokensSinceRetry = 0;
    return this.#retries.pop();
  }

  /** Keeps a token for each of the next, as long as there are tokens. @param asking who asks now and need not be told */
  #serve(asking?: string): void {
    const { clock, onTurn } = this.#options;
    this.#refill();
    while (this.#tokens >= 1) {
      const next = this.#next();
      if (next === undefined) break;
      this.#places.delete(next.key);
      this.#tokens -= 1;
      const until = clock.monotonic() + next.claimMilliseconds;
      this.#kept.set(next.key, until);
      this.#keptUntil = Math.min(this.#keptUntil, until);
      if (next.key !== asking) onTurn(next.key);
    }
    this.#schedule();
  }

  /** As long as somebody waits: when the next token comes back, or nobody has claimed one that was kept. */
  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.waiting === 0 || this.#isClosed) return;
    const claim = this.#keptUntil - this.#options.clock.monotonic();
    const refill = ((1 - this.#tokens) / this.#rate) * 1000;
    // A timer may fire a moment early: never ask for less than a millisecond, or it would spin.
    this.#timer = this.#options.clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#serve();
      },
      Math.max(1, Math.ceil(Math.min(claim, refill))),
    );
  }

  #refill(): void {
    const now = this.#options.clock.monotonic();
    if (now >= this.#keptUntil) this.#takeBack(now);
    this.#tokens = Math.min(this.#options.burst, this.#tokens + ((now - this.#refilledAt) / 1000) * this.#rate);
    this.#refilledAt = now;
  }

  /** Tokens that nobody has claimed in their time. */
  #takeBack(now: number): void {
    this.#keptUntil = Infinity;
    for (const [key, until] of this.#kept) {
      if (until > now) {
        this.#keptUntil = Math.min(this.#keptUntil, until);
      } else {
        this.#kept.delete(key);
        this.#tokens += 1;
      }
    }
  }
}

function compare(one: Standing, other: Standing): number {
  for (const [index, value] of one.entries()) {
    const difference = value - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const order = (one: Waiter, other: Waiter): number =>
  compare(one.standing, other.standing) || one.arrival - other.arrival;

/** Where a waiter is or belongs in a sorted queue: behind all that come after it. */
function positionIn(queue: readonly Waiter[], waiter: Waiter): number {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = queue[middle];
    if (other !== undefined && order(waiter, other) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
