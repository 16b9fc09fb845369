import type { Clock } from './clock.ts';
import { isConflict } from './kube-errors.ts';
import { RuntimeError } from './runtime-error.ts';
import { TerminalError } from './terminal-error.ts';
import type { Turns } from './turns.ts';
import type { WorkQueue } from './work-queue.ts';

/** When to look at the object again; without a time: when it changes. */
export interface Result {
  readonly requeueAfterMilliseconds?: number | undefined;
}

/** Nothing left to do until the object changes. */
export const done: Result = {};

/** What a reconcile is given besides its key. */
export interface ReconcileContext {
  /** Aborts when the work must end now: leadership lost, or the time for a graceful stop used up. */
  readonly signal: AbortSignal;
  /**
   * Gives the worker back: from now on the reconcile waits for somebody who may take long, and other keys need not. Its own
   * key stays in processing until it ends, and a stop waits for it as for any other. Whoever calls this has to bound how
   * many such reconciles there are. Further calls do nothing.
   */
  readonly leaveWorker: () => void;
}

/**
 * Brings one object closer to what it should be. Called again after an error, with growing delays; must stand being
 * called at any time. TerminalError: not called again until the object changes. ConflictError: soon again, no error.
 */
export type Reconcile<K extends string> = (key: K, context: ReconcileContext) => Promise<Result>;

/** Label `result` of `controller_runtime_reconcile_total`. */
export type ReconcileOutcome = 'success' | 'error' | 'requeue' | 'requeue_after';

/** What a controller tells its observers; controller-runtime's metric names are in the comments. */
export interface ControllerListener<K extends string> {
  /** `controller_runtime_active_workers` up. */
  onStart?(key: K): void;
  /** The reconcile goes on without a worker: active workers down. */
  onLeaveWorker?(key: K): void;
  /**
   * `controller_runtime_reconcile_total`, `controller_runtime_reconcile_time_seconds`; active workers down, unless the
   * reconcile left its worker before.
   */
  onEnd?(key: K, outcome: ReconcileOutcome, milliseconds: number): void;
  /** `controller_runtime_reconcile_errors_total`, and `controller_runtime_terminal_reconcile_errors_total`. */
  onError?(key: K, error: unknown, isTerminal: boolean): void;
}

export interface ControllerOptions<K extends string> {
  readonly name: string;
  readonly queue: WorkQueue<K>;
  readonly reconcile: Reconcile<K>;
  readonly clock: Clock;
  /** @default - 4 */
  readonly workers?: number;
  /** How long a stop waits for running reconciles before it aborts them. @default - 10 s */
  readonly drainMilliseconds?: number;
  readonly listener?: ControllerListener<K> | undefined;
  /** Shared with whatever else takes long. @default - reconciles that wait for nothing follow one another at once */
  readonly turns?: Turns | undefined;
}

export interface ControllerRunOptions {
  /** Ends the running reconciles at once instead of waiting for them: for the loss of leadership. */
  readonly abort?: AbortSignal | undefined;
}

/** Aborts reconciles when a controller has to stop now. */
export class ControllerStopped extends RuntimeError {
  override name = 'ControllerStopped';
}

/** After the abort of its signal, a reconcile gets so long to return before it is left behind. */
const ABORT_GRACE_MILLISECONDS = 1_000;

/** Workers that take keys from a queue and reconcile them; the queue keeps two workers off the same key. */
export class Controller<K extends string = string> {
  readonly #options: ControllerOptions<K>;
  readonly #queue: WorkQueue<K>;
  readonly #clock: Clock;
  /** Reconciles that run now. */
  readonly #running = new Set<Promise<void>>();
  #activeWorkers = 0;

  constructor(options: ControllerOptions<K>) {
    this.#options = options;
    this.#queue = options.queue;
    this.#clock = options.clock;
  }

  get name(): string {
    return this.#options.name;
  }

  /** `controller_runtime_max_concurrent_reconciles`. */
  get workers(): number {
    return this.#options.workers ?? 4;
  }

  /** Workers that have a reconcile in their hands now. */
  get activeWorkers(): number {
    return this.#activeWorkers;
  }

  /** Reconciles that run now, those that have left their worker among them. */
  get running(): number {
    return this.#running.size;
  }

  /**
   * Runs until `signal` aborts; then takes no more keys and waits for the running reconciles, at most for the drain
   * time and a second. Never rejects.
   *
   * @returns the number of reconciles left behind, which ignored their signal
   */
  async run(signal: AbortSignal, options: ControllerRunOptions = {}): Promise<number> {
    const abort = new AbortController();
    const stopNow = (): void => {
      this.#queue.shutDown();
      abort.abort(new ControllerStopped(`${this.name} stops`, { cause: options.abort?.reason }));
    };
    const stopGently = (): void => {
      this.#queue.shutDown();
      drainTimer ??= this.#clock.setTimeout(stopNow, this.#options.drainMilliseconds ?? 10_000);
    };
    let drainTimer: ReturnType<Clock['setTimeout']> | undefined;
    onAbort(signal, stopGently);
    onAbort(options.abort, stopNow);
    const workers = Array.from({ length: this.workers }, () => this.#work(abort.signal));
    const finished = new AbortController();
    const allFinished = this.#finish(workers).then(() => finished.abort());
    await Promise.race([allFinished, this.#graceAfter(abort.signal, finished.signal)]);
    drainTimer?.cancel();
    signal.removeEventListener('abort', stopGently);
    options.abort?.removeEventListener('abort', stopNow);
    return this.#running.size;
  }

  async #finish(workers: readonly Promise<void>[]): Promise<void> {
    await Promise.all(workers);
    // Without a worker no other reconcile begins.
    await Promise.all(this.#running);
  }

  async #graceAfter(stop: AbortSignal, finished: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => onAbort(stop, resolve));
    await this.#clock.sleep(ABORT_GRACE_MILLISECONDS, finished).catch(() => undefined);
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let key = await this.#queue.get(); key !== undefined; key = await this.#queue.get()) {
      await this.#workOn(key, signal);
      const turn = this.#options.turns?.share();
      if (turn !== undefined) await turn;
    }
  }

  /** Resolves as soon as the worker is free again: when the reconcile has ended, or needs no worker any more. */
  #workOn(key: K, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#activeWorkers += 1;
      let isHeld = true;
      const free = (): void => {
        if (!isHeld) return;
        isHeld = false;
        this.#activeWorkers -= 1;
        resolve();
      };
      const leaveWorker = (): void => {
        if (isHeld) {
          this.#options.listener?.onLeaveWorker?.(key);
          this.#queue.leaveWorker(key);
        }
        free();
      };
      const running: Promise<void> = this.#process(key, { signal, leaveWorker }).finally(() => {
        this.#running.delete(running);
        free();
      });
      this.#running.add(running);
    });
  }

  async #process(key: K, context: ReconcileContext): Promise<void> {
    const { listener, reconcile } = this.#options;
    const start = this.#clock.monotonic();
    listener?.onStart?.(key);
    let outcome: ReconcileOutcome;
    try {
      outcome = this.#accept(key, await reconcile(key, context));
    } catch (error) {
      outcome = this.#refuse(key, error, context.signal);
    }
    listener?.onEnd?.(key, outcome, this.#clock.monotonic() - start);
    this.#queue.done(key);
  }

  #accept(key: K, { requeueAfterMilliseconds }: Result): ReconcileOutcome {
    this.#queue.forget(key);
    if (requeueAfterMilliseconds === undefined) return 'success';
    this.#queue.addAfter(key, requeueAfterMilliseconds);
    return 'requeue_after';
  }

  #refuse(key: K, error: unknown, signal: AbortSignal): ReconcileOutcome {
    if (isConflict(error)) {
      // Somebody else wrote first: not a failure, and the watch brings what they wrote.
      this.#queue.addRateLimited(key);
      return 'requeue';
    }
    if (signal.aborted) return 'requeue';
    const isTerminal = error instanceof TerminalError;
    this.#options.listener?.onError?.(key, error, isTerminal);
    if (isTerminal) this.#queue.forget(key);
    else this.#queue.addRateLimited(key);
    return 'error';
  }
}

function onAbort(signal: AbortSignal | undefined, callback: () => void): void {
  if (signal?.aborted === true) callback();
  else signal?.addEventListener('abort', callback, { once: true });
}
