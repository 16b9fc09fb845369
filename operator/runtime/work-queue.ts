import type { Clock, Timer } from './clock.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { ReadyKeys, type KeyOrder } from './ready-keys.ts';

/** What a queue tells its observers; the names of client-go's workqueue metrics are in the comments. */
export interface WorkQueueListener<K extends string> {
  /** `workqueue_adds_total`: a key entered the queue (repetitions of a waiting key do not count). */
  onAdd?(key: K): void;
  /** `workqueue_depth`: keys that are ready and wait for a worker. */
  onDepth?(depth: number): void;
  /** `workqueue_queue_duration_seconds`: a worker took the key after it was ready this long. */
  onGet?(key: K, waitedMilliseconds: number): void;
  /** `workqueue_work_duration_seconds`. */
  onDone?(key: K, workedMilliseconds: number): void;
  /** `workqueue_retries_total`: a key waits for its next attempt. */
  onRetry?(key: K, delayMilliseconds: number): void;
  /** `orderOf` threw: the key goes last instead. */
  onOrderFailed?(key: K, error: unknown): void;
}

export interface WorkQueueOptions<K extends string> {
  readonly clock: Clock;
  readonly rateLimiter: RateLimiter<K>;
  /**
   * Which of the ready keys goes first; asked when a key becomes ready, and again when it is added while it waits. Has to
   * be quick. @default - first in, first out
   */
  readonly orderOf?: ((key: K) => KeyOrder) | undefined;
  /** @default - whatever its urgency, a key waits for a free worker only */
  readonly background?: Background | undefined;
  readonly listener?: WorkQueueListener<K> | undefined;
}

/**
 * What can wait, and how much of it is worked on at once: what it asks of the API server, it would take from what cannot
 * wait, and a worker that has it in its hands is not there for anything else.
 */
export interface Background {
  /** Keys of a lower urgency than this. */
  readonly belowUrgency: number;
  /** So many of them at most are in the hands of workers at the same time. */
  readonly workers: number;
}

interface DelayedAdd {
  readonly due: number;
  readonly timer: Timer;
}

/** All alike: first in, first out. */
const unordered = (): KeyOrder => ({ urgency: 0, priority: 0 });

/**
 * A queue of keys with the guarantees of client-go's: a key waits at most once; one that is added while it is worked on
 * comes again afterwards; no two workers ever hold the same key; a delayed add keeps the earliest time. Ready keys are
 * handed out by their order, and so that none starves: see {@link ReadyKeys}.
 */
export class WorkQueue<K extends string> {
  readonly #clock: Clock;
  readonly #rateLimiter: RateLimiter<K>;
  readonly #listener: WorkQueueListener<K>;
  readonly #background: Background;
  readonly #orderOf: (key: K) => KeyOrder;
  readonly #ready = new ReadyKeys<K>();
  /** Keys in the hands of workers, with the time each was taken. */
  readonly #processing = new Map<K, number>();
  /** Those of them that could have waited, and hold a worker. */
  readonly #inBackground = new Set<K>();
  /** Keys that were added while being worked on. */
  readonly #dirty = new Set<K>();
  readonly #delayed = new Map<K, DelayedAdd>();
  readonly #waiters = new Set<() => void>();
  readonly #idleWaiters = new Set<() => void>();
  #state: 'open' | 'draining' | 'shut' = 'open';

  constructor(options: WorkQueueOptions<K>) {
    this.#clock = options.clock;
    this.#rateLimiter = options.rateLimiter;
    this.#orderOf = options.orderOf ?? unordered;
    this.#listener = options.listener ?? {};
    this.#background = options.background ?? { belowUrgency: -Infinity, workers: Infinity };
  }

  /** Keys that are ready and wait for a worker. */
  get length(): number {
    return this.#ready.size;
  }

  /** Keys in the hands of workers. */
  get processing(): number {
    return this.#processing.size;
  }

  get isShuttingDown(): boolean {
    return this.#state !== 'open';
  }

  /** `workqueue_unfinished_work_seconds`, in milliseconds: grows without end when a worker hangs. */
  get unfinishedWorkMilliseconds(): number {
    return this.#processingTimes().reduce((sum, time) => sum + time, 0);
  }

  /** `workqueue_longest_running_processor_seconds`, in milliseconds. */
  get longestRunningMilliseconds(): number {
    return Math.max(0, ...this.#processingTimes());
  }

  add(key: K): void {
    if (this.#state !== 'open' || this.#dirty.has(key)) return;
    if (this.#ready.has(key)) {
      this.#ready.raise(key, this.#orderFor(key));
      // It may have been held back as something that can wait.
      this.#wakeOne();
      return;
    }
    this.#listener.onAdd?.(key);
    if (this.#processing.has(key)) this.#dirty.add(key);
    else this.#makeReady(key);
  }

  addAfter(key: K, milliseconds: number): void {
    if (this.#state !== 'open') return;
    if (milliseconds <= 0) {
      this.add(key);
      return;
    }
    const due = this.#clock.monotonic() + milliseconds;
    const existing = this.#delayed.get(key);
    if (existing !== undefined && existing.due <= due) return;
    existing?.timer.cancel();
    const timer = this.#clock.setTimeout(() => {
      this.#delayed.delete(key);
      this.add(key);
    }, milliseconds);
    this.#delayed.set(key, { due, timer });
  }

  /** Adds the key after the time that its rate limiter asks for. */
  addRateLimited(key: K): void {
    if (this.#state !== 'open') return;
    const delay = this.#rateLimiter.when(key);
    this.#listener.onRetry?.(key, delay);
    this.addAfter(key, delay);
  }

  /** The key succeeded, or is given up: its backoff starts over. */
  forget(key: K): void {
    this.#rateLimiter.forget(key);
  }

  numRequeues(key: K): number {
    return this.#rateLimiter.numRequeues(key);
  }

  /** Waits for a key; the caller owes a {@link WorkQueue.done}. `undefined`: shut down, or the signal aborted. */
  async get(signal?: AbortSignal): Promise<K | undefined> {
    while (signal?.aborted !== true) {
      const key = this.#take();
      if (key !== undefined) return key;
      if (this.#isExhausted()) return undefined;
      await this.#change(signal);
    }
    // May have been woken for a key in the moment of the abort: somebody else has to take it.
    if (this.#ready.size > 0) this.#wakeOne();
    return undefined;
  }

  /** The worker is finished with a key that it got. */
  done(key: K): void {
    const since = this.#processing.get(key);
    if (since === undefined) return;
    this.#processing.delete(key);
    this.#endBackground(key);
    this.#listener.onDone?.(key, this.#clock.monotonic() - since);
    if (this.#dirty.delete(key)) this.#makeReady(key);
    if (this.#isIdle()) this.#wakeIdle();
    if (this.#isExhausted()) this.#wakeAll();
  }

  /** The key is not done, but its worker is free for another: it waits for somebody else. */
  leaveWorker(key: K): void {
    this.#endBackground(key);
  }

  /** Accepts and hands out nothing more; what waits is dropped. */
  shutDown(): void {
    this.#state = 'shut';
    this.#dropDelayed();
    this.#ready.clear();
    this.#dirty.clear();
    this.#listener.onDepth?.(0);
    this.#wakeAll();
    if (this.#isIdle()) this.#wakeIdle();
  }

  /** Accepts nothing more, still hands out what is ready, and resolves once all of it is done. */
  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    this.#dropDelayed();
    this.#wakeAll();
    await this.idle();
  }

  /** Resolves as soon as no key is ready or worked on. */
  async idle(): Promise<void> {
    while (!this.#isIdle()) await new Promise<void>((resolve) => this.#idleWaiters.add(resolve));
  }

  #take(): K | undefined {
    const { belowUrgency, workers } = this.#background;
    const taken = this.#ready.take(this.#inBackground.size < workers ? -Infinity : belowUrgency);
    if (taken === undefined) return undefined;
    const { key, since, urgency } = taken;
    if (urgency < belowUrgency) this.#inBackground.add(key);
    const now = this.#clock.monotonic();
    this.#processing.set(key, now);
    this.#listener.onGet?.(key, now - since);
    this.#listener.onDepth?.(this.#ready.size);
    return key;
  }

  #makeReady(key: K): void {
    if (this.#state === 'shut') return;
    this.#ready.add(key, this.#orderFor(key), this.#clock.monotonic());
    this.#listener.onDepth?.(this.#ready.size);
    this.#wakeOne();
  }

  #endBackground(key: K): void {
    if (this.#inBackground.delete(key) && this.#ready.size > 0) this.#wakeOne();
  }

  /** A key whose order nobody can tell must not be lost for it: it waits behind the others. */
  #orderFor(key: K): KeyOrder {
    try {
      return this.#orderOf(key);
    } catch (error) {
      this.#listener.onOrderFailed?.(key, error);
      return unordered();
    }
  }

  /** Resolves when it is worth looking again. */
  #change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  #isIdle(): boolean {
    return this.#ready.size === 0 && this.#processing.size === 0;
  }

  /** Whether no key can ever come again. */
  #isExhausted(): boolean {
    return this.#state === 'shut' || (this.#state === 'draining' && this.#isIdle());
  }

  #wakeOne(): void {
    const [wake] = this.#waiters;
    wake?.();
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  #wakeIdle(): void {
    for (const resolve of this.#idleWaiters) resolve();
    this.#idleWaiters.clear();
  }

  #dropDelayed(): void {
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
  }

  #processingTimes(): number[] {
    const now = this.#clock.monotonic();
    return Array.from(this.#processing.values(), (since) => now - since);
  }
}
