import type { CallOptions, OnPage } from '../aws/aws-gateway.ts';
import type { Attempt } from '../failover/observation.ts';
import { hasSameContent } from '../failover/same-content.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Deadlines } from './deadlines.ts';
import type { LoopMonitor, LoopSpan } from './loop-monitor.ts';
import { attemptOf, RequestProgress, silenceOf } from './request-progress.ts';

/** What a walk says about one item. */
export interface Sighting<T> {
  readonly attempt: Attempt;
  /** Absent when not answered, or when the complete answer does not have it. */
  readonly item?: T;
}

export interface SightingRequest {
  /** The item's identifier. */
  readonly key: string;
  /** When the caller stops waiting, by the monotonic clock. */
  readonly deadline: number;
  readonly timeoutMilliseconds: number;
  /** How long ago a walk may have begun to be good enough. */
  readonly maxAgeMilliseconds: number;
  /** How old a sighting may be when the walk has not come to the item yet though the region answers. */
  readonly maxSightingAgeMilliseconds: number;
}

export interface SharedWalkProps<T> {
  readonly clock: Clock;
  readonly monitor: LoopMonitor;
  readonly deadlines: Deadlines;
  readonly keyOf: (item: T) => string;
  readonly walk: (options: CallOptions, onPage: OnPage<T>) => Promise<unknown>;
  /** Waits for the budget of read requests. */
  readonly pace: (signal: AbortSignal) => Promise<void>;
  /** The longest timeout of anybody who shares this walk: a request that hangs ends after it. */
  readonly longestTimeout: () => number;
  readonly onWalked: (attempt: Attempt, durationMilliseconds: number) => void;
}

interface Run<T> {
  readonly startedAt: number;
  readonly timeoutMilliseconds: number;
  readonly items: Map<string, T>;
  readonly progress: RequestProgress;
  readonly controller: AbortController;
  readonly span: LoopSpan;
}

interface Finished<T> {
  readonly run: Run<T>;
  readonly attempt: Attempt;
}

interface Waiter<T> {
  readonly request: SightingRequest;
  readonly span: LoopSpan;
  readonly resolve: (sighting: Sighting<T>) => void;
  run: Run<T>;
  /** Of the first walk that it waited for, if that and all that made way since met nothing but silence. */
  unheard?: RequestProgress | undefined;
  timer?: Timer;
}

/**
 * One list API of one account and region, walked once for everybody who asks at about the same time. Each caller has
 * its own patience. At most one walk is in flight, and beside it at most one that has been silent for longer than a
 * newer caller would have waited: a region that recovers is seen by the next caller, whoever still waits.
 */
export class SharedWalk<T> {
  readonly #props: SharedWalkProps<T>;
  #current: Run<T> | undefined;
  #superseded: Run<T> | undefined;
  #finished: Finished<T> | undefined;
  readonly #seen = new Map<string, { readonly item: T; readonly at: number }>();
  readonly #waiters = new Map<string, Set<Waiter<T>>>();

  constructor(props: SharedWalkProps<T>) {
    this.#props = props;
  }

  /** Never rejects: whatever happens is the sighting's attempt. */
  observe(request: SightingRequest): Promise<Sighting<T>> {
    const known = this.#known(request);
    if (known !== undefined) return Promise.resolve(known);
    const run = this.#join(request);
    return new Promise((resolve) => {
      const waiter: Waiter<T> = { request, run, span: this.#props.monitor.begin(), resolve };
      const waiters = this.#waiters.get(request.key) ?? new Set();
      this.#waiters.set(request.key, waiters.add(waiter));
      waiter.timer = this.#props.deadlines.add(request.deadline, () => this.#expire(waiter));
    });
  }

  /** Ends what is in flight; those who wait are told that it was not attempted. */
  close(): void {
    const reason = new Error('observation ends');
    this.#superseded?.controller.abort(reason);
    this.#current?.controller.abort(reason);
  }

  #known(request: SightingRequest): Sighting<T> | undefined {
    const oldest = this.#props.clock.monotonic() - request.maxAgeMilliseconds;
    if (this.#current === undefined && this.#finished !== undefined) {
      const { run, attempt } = this.#finished;
      const isPatient = run.timeoutMilliseconds >= request.timeoutMilliseconds || attempt.kind !== 'noAnswer';
      return run.startedAt >= oldest && isPatient ? sightingOf(attempt, run.items.get(request.key)) : undefined;
    }
    const seen = this.#seen.get(request.key);
    return seen !== undefined && seen.at >= oldest ? sightingOf({ kind: 'answered' }, seen.item) : undefined;
  }

  #join(request: SightingRequest): Run<T> {
    if (this.#current === undefined) return this.#start();
    if (!this.#current.progress.isSilentFor(request.timeoutMilliseconds)) return this.#current;
    this.#superseded?.controller.abort(new Error('a newer walk goes on'));
    this.#superseded = this.#current;
    return this.#start();
  }

  #start(): Run<T> {
    const { clock, monitor } = this.#props;
    const run: Run<T> = {
      startedAt: clock.monotonic(),
      timeoutMilliseconds: this.#props.longestTimeout(),
      items: new Map(),
      progress: new RequestProgress(clock),
      controller: new AbortController(),
      span: monitor.begin(),
    };
    this.#current = run;
    const options: CallOptions = {
      timeoutMilliseconds: run.timeoutMilliseconds,
      signal: run.controller.signal,
      ...run.progress.options(this.#props.pace),
    };
    void this.#props
      .walk(options, (page) => this.#see(run, page))
      .then(
        () => this.#finish(run, { kind: 'answered' }),
        (error: unknown) => this.#finish(run, run.span.judge(attemptOf(error), run.timeoutMilliseconds)),
      );
    return run;
  }

  #see(run: Run<T>, page: readonly T[]): void {
    run.progress.answered();
    const at = this.#props.clock.monotonic();
    for (const told of page) {
      const key = this.#props.keyOf(told);
      // The same again takes no memory: thousands of clusters change nothing for weeks, and are told of every few seconds.
      const known = this.#seen.get(key)?.item;
      const item = known !== undefined && hasSameContent(known, told) ? known : told;
      run.items.set(key, item);
      this.#seen.set(key, { item, at });
      for (const waiter of this.#waiters.get(key) ?? []) this.#resolve(waiter, sightingOf({ kind: 'answered' }, item));
    }
  }

  #finish(run: Run<T>, attempt: Attempt): void {
    run.span.end();
    this.#props.onWalked(attempt, this.#props.clock.monotonic() - run.startedAt);
    const isSuperseded = run !== this.#current;
    if (run === this.#superseded) this.#superseded = undefined;
    if (!isSuperseded) {
      this.#current = undefined;
      this.#finished = { run, attempt };
      if (attempt.kind === 'answered') this.#forgetAllBut(run.items);
    }
    for (const waiter of this.#allWaiters()) {
      if (!isServedBy(waiter, run, attempt)) continue;
      // Who waits for a walk that made way for a newer one goes on waiting, for that.
      if (isSuperseded && attempt.kind !== 'answered' && this.#current !== undefined) {
        waiter.unheard = isSilence(attempt) && run.progress.isUnheard ? (waiter.unheard ?? run.progress) : undefined;
        waiter.run = this.#current;
      } else this.#resolve(waiter, sightingOf(attempt, run.items.get(waiter.request.key)));
    }
  }

  #expire(waiter: Waiter<T>): void {
    const { key, timeoutMilliseconds, maxSightingAgeMilliseconds } = waiter.request;
    const { progress } = waiter.run;
    // Others who look more often have their walks make way for newer ones: the silence of all of them is one.
    const isSilent = progress.isUnheard && waiter.unheard?.isSilentFor(timeoutMilliseconds) === true;
    const failure = isSilent ? silenceOf(timeoutMilliseconds) : progress.failureAfter(timeoutMilliseconds);
    const attempt = waiter.span.judge(failure, timeoutMilliseconds);
    const seen = this.#seen.get(key);
    const oldest = this.#props.clock.monotonic() - maxSightingAgeMilliseconds;
    const isUnreached = attempt.kind === 'local' && attempt.cause === 'notAttempted';
    if (isUnreached && seen !== undefined && seen.at >= oldest) {
      this.#resolve(waiter, sightingOf({ kind: 'answered' }, seen.item));
    } else {
      this.#resolve(waiter, { attempt });
    }
  }

  #resolve(waiter: Waiter<T>, sighting: Sighting<T>): void {
    const { key } = waiter.request;
    const waiters = this.#waiters.get(key);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiters.delete(key);
    waiter.timer?.cancel();
    waiter.span.end();
    waiter.resolve(sighting);
  }

  #forgetAllBut(items: ReadonlyMap<string, T>): void {
    for (const key of this.#seen.keys()) {
      if (!items.has(key)) this.#seen.delete(key);
    }
  }

  #allWaiters(): Waiter<T>[] {
    return [...this.#waiters.values()].flatMap((waiters) => [...waiters]);
  }
}

/** Of a walk that ended without an answer: by its timeout, or because a newer one goes on. */
function isSilence(attempt: Attempt): boolean {
  return attempt.kind === 'noAnswer' ? attempt.cause === 'timeout' : attempt.kind === 'local';
}

/** A failure concerns those who wait for this very walk; a complete answer also those who wait for an older one. */
function isServedBy<T>(waiter: Waiter<T>, run: Run<T>, attempt: Attempt): boolean {
  return waiter.run === run || (attempt.kind === 'answered' && waiter.run.startedAt <= run.startedAt);
}

function sightingOf<T>(attempt: Attempt, item: T | undefined): Sighting<T> {
  return attempt.kind !== 'answered' || item === undefined ? { attempt } : { attempt, item };
}
