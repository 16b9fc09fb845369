import type { Clock } from './clock.ts';
import type { KubeClient, KubeList, Selection, WatchEvent } from './kube-client.ts';
import { isGone, isResourceVersionTooLarge, KubeApiError, KubeTimeoutError } from './kube-errors.ts';
import { jitter, type Random } from './random.ts';
import { ExponentialRateLimiter } from './rate-limiter.ts';
import type { KubeObject, ResourceType } from './resource.ts';
import { RuntimeError } from './runtime-error.ts';
import type { Store } from './store.ts';

/** What a reflector tells its observers. */
export interface ReflectorListener {
  onList?(items: number, milliseconds: number): void;
  /** A watch is about to be opened. */
  onWatch?(): void;
  onEvent?(type: WatchEvent<KubeObject>['type']): void;
  /** The loop goes on by itself, `retryMilliseconds` from now. */
  onError?(error: unknown, retryMilliseconds: number): void;
}

export interface ReflectorOptions<T extends KubeObject> extends Selection {
  readonly client: KubeClient;
  readonly type: ResourceType;
  readonly store: Store<T>;
  readonly clock: Clock;
  readonly random: Random;
  readonly listener?: ReflectorListener;
  /** @default - 500 */
  readonly pageSize?: number;
  /** Bounds each page of a list. @default - 30 s */
  readonly listTimeoutMilliseconds?: number;
  /** Asked of the server, spread over one to two times this. @default - 300 s */
  readonly watchTimeoutSeconds?: number;
  /**
   * A watch without any sign of life for so long is dead. The API server sends a bookmark about once a minute.
   * @default - 90 s
   */
  readonly silenceMilliseconds?: number;
  /** A full list at least this often, ±20 %, whatever the watch says. @default - 30 min */
  readonly relistMilliseconds?: number;
  /** @default - 200 ms */
  readonly backoffBaseMilliseconds?: number;
  /** @default - 10 s */
  readonly backoffMaximumMilliseconds?: number;
  /** A watch that lived this long ends the backoff. @default - 10 s */
  readonly stableMilliseconds?: number;
}

/** Why a reflector ended its own watch. */
class RelistDue extends RuntimeError {
  override name = 'RelistDue';
}

/** A watch that the server ends sooner than this counts as failed: reopening it at once would be a flood. */
const SHORTEST_WATCH_MILLISECONDS = 1_000;

/**
 * Keeps a {@link Store} equal to what the API server has: a paginated list, then watches from there on. One loop owns
 * every list, watch, wait and restart, and ends with one signal.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #clock: Clock;
  readonly #backoff: ExponentialRateLimiter<'watch'>;
  readonly #syncWaiters = new Set<() => void>();
  readonly #refreshWaiters = new Set<() => void>();
  /** Ends what the loop is waiting in, a watch or a backoff, so that it lists at once. */
  #interrupt: ((reason: RelistDue) => void) | undefined;
  #resourceVersion: string | undefined;
  #nextList = 0;
  #isPaging = true;
  #hasSynced = false;
  #lastContact: number;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#clock = options.clock;
    this.#lastContact = options.clock.monotonic();
    this.#backoff = new ExponentialRateLimiter({
      random: options.random,
      baseMilliseconds: options.backoffBaseMilliseconds ?? 200,
      maximumMilliseconds: options.backoffMaximumMilliseconds ?? 10_000,
      jitterFraction: 0.5,
    });
  }

  /** The store held a complete list at least once. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Where the next watch continues; `undefined` when a list comes first. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  /** Time since the API server last proved the store to be current: by a list, an event or a bookmark. */
  get staleMilliseconds(): number {
    return this.#clock.monotonic() - this.#lastContact;
  }

  /** Resolves once {@link Reflector.hasSynced}; rejects with `signal.reason`. */
  waitForSync(signal?: AbortSignal): Promise<void> {
    return this.#hasSynced ? Promise.resolve() : waitIn(this.#syncWaiters, signal);
  }

  /**
   * Resolves once the store holds a list that was asked for after this call; rejects with `signal.reason`. A watch that
   * was cut in silence leaves the store in the past for up to {@link ReflectorOptions.silenceMilliseconds}: whoever
   * begins to act on the store alone, as a new leader does, refreshes it first.
   */
  refresh(signal?: AbortSignal): Promise<void> {
    const refreshed = waitIn(this.#refreshWaiters, signal);
    this.#interrupt?.(new RelistDue('a fresh list is asked for'));
    return refreshed;
  }

  /** Runs until the signal aborts, then resolves; opens nothing afterwards. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#listIfDue(signal);
        await this.#watch(signal);
      } catch (error) {
        await this.#recover(error, signal);
      }
    }
  }

  async #listIfDue(signal: AbortSignal): Promise<void> {
    const start = this.#clock.monotonic();
    const refreshed = [...this.#refreshWaiters];
    if (this.#resourceVersion !== undefined && start < this.#nextList && refreshed.length === 0) return;
    const { items, resourceVersion } = await this.#listAll(signal);
    signal.throwIfAborted();
    this.#options.store.replace(items);
    const now = this.#clock.monotonic();
    this.#resourceVersion = resourceVersion;
    this.#isPaging = true;
    this.#nextList = now + jitter(this.#options.relistMilliseconds ?? 30 * 60_000, 0.2, this.#options.random);
    this.#lastContact = now;
    this.#options.listener?.onList?.(items.length, now - start);
    this.#hasSynced = true;
    for (const finish of [...this.#syncWaiters, ...refreshed]) finish();
  }

  async #listAll(signal: AbortSignal): Promise<KubeList<T>> {
    const { client, type, namespace, labelSelector, fieldSelector, pageSize, listTimeoutMilliseconds } = this.#options;
    const query = { namespace, labelSelector, fieldSelector, limit: this.#isPaging ? (pageSize ?? 500) : undefined };
    const options = { signal, timeoutMilliseconds: listTimeoutMilliseconds ?? 30_000 };
    const items: T[] = [];
    let page = await client.list<T>(type, query, options);
    for (
      ;
      page.continue !== undefined;
      page = await client.list<T>(type, { ...query, continue: page.continue }, options)
    ) {
      items.push(...page.items);
    }
    items.push(...page.items);
    return { items, resourceVersion: page.resourceVersion };
  }

  /** One watch, until the server ends it in order. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { client, type, namespace, labelSelector, fieldSelector, watchTimeoutSeconds, listener } = this.#options;
    const resourceVersion = this.#resourceVersion;
    if (resourceVersion === undefined || this.#refreshWaiters.size > 0) return;
    const opened = this.#clock.monotonic();
    const guard = this.#guard(signal, opened);
    const timeoutSeconds = Math.ceil((watchTimeoutSeconds ?? 300) * (1 + this.#options.random()));
    try {
      listener?.onWatch?.();
      await client.watch<T>(
        type,
        { namespace, labelSelector, fieldSelector, resourceVersion, timeoutSeconds, allowBookmarks: true },
        (event) => this.#take(event),
        { signal: guard.signal, onActivity: guard.onActivity },
      );
    } finally {
      guard.release();
      if (this.#clock.monotonic() - opened >= (this.#options.stableMilliseconds ?? 10_000))
        this.#backoff.forget('watch');
    }
    if (this.#clock.monotonic() - opened < SHORTEST_WATCH_MILLISECONDS) {
      throw new KubeTimeoutError(`cannot watch ${type.plural}: the server ended the watch at once`);
    }
  }

  #take(event: WatchEvent<T>): void {
    const { store, listener } = this.#options;
    const { resourceVersion } = event.object.metadata;
    this.#lastContact = this.#clock.monotonic();
    listener?.onEvent?.(event.type);
    if (resourceVersion === undefined) return;
    if (event.type === 'BOOKMARK' && isOlder(resourceVersion, this.#resourceVersion)) {
      // History went backwards: etcd was restored from a backup. Only a list tells what exists now.
      throw new RelistDue(`cannot go on watching: resourceVersion fell back to ${resourceVersion}`);
    }
    store.apply(event);
    this.#resourceVersion = resourceVersion;
  }

  /** A signal that aborts with the loop, when the watch falls silent, or when the next list is due. */
  #guard(
    signal: AbortSignal,
    opened: number,
  ): { readonly signal: AbortSignal; readonly onActivity: () => void; readonly release: () => void } {
    const controller = new AbortController();
    const silence = this.#options.silenceMilliseconds ?? 90_000;
    let lastActivity = opened;
    const forward = (): void => controller.abort(signal.reason);
    const checkSilence = (): void => {
      const remaining = lastActivity + silence - this.#clock.monotonic();
      if (remaining > 0) silenceTimer = this.#clock.setTimeout(checkSilence, remaining);
      else {
        controller.abort(
          new KubeTimeoutError(`cannot watch ${this.#options.type.plural}: no sign of life for ${silence} ms`),
        );
      }
    };
    let silenceTimer = this.#clock.setTimeout(checkSilence, silence);
    const relistTimer = this.#clock.setTimeout(
      () => controller.abort(new RelistDue('a full list is due')),
      this.#nextList - opened,
    );
    if (signal.aborted) forward();
    else signal.addEventListener('abort', forward, { once: true });
    this.#interrupt = (reason) => controller.abort(reason);
    return {
      signal: controller.signal,
      onActivity: () => {
        lastActivity = this.#clock.monotonic();
      },
      release: () => {
        this.#interrupt = undefined;
        silenceTimer.cancel();
        relistTimer.cancel();
        signal.removeEventListener('abort', forward);
      },
    };
  }

  /** Waits before the next round, as long as the failure asks for. */
  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (error instanceof RelistDue) {
      this.#nextList = 0;
      return;
    }
    if (isGone(error) || isResourceVersionTooLarge(error)) {
      // A list that takes longer than etcd keeps history expires page after page: the next one asks for all at once.
      if (this.#resourceVersion === undefined) this.#isPaging = false;
      this.#resourceVersion = undefined;
    }
    const asked = error instanceof KubeApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    const delay = Math.max(this.#backoff.when('watch'), asked);
    this.#options.listener?.onError?.(error, delay);
    const interruption = new AbortController();
    this.#interrupt = (reason) => interruption.abort(reason);
    try {
      await this.#clock.sleep(delay, AbortSignal.any([signal, interruption.signal]));
    } catch {
      // Aborted: the loop sees it.
    } finally {
      this.#interrupt = undefined;
    }
  }
}

/** Resolves when somebody calls the function that it adds to `waiters`; rejects with `signal.reason`. */
function waitIn(waiters: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      waiters.delete(finish);
      signal?.removeEventListener('abort', fail);
      resolve();
    };
    const fail = (): void => {
      waiters.delete(finish);
      reject(signal?.reason as Error);
    };
    if (signal?.aborted === true) fail();
    else {
      waiters.add(finish);
      signal?.addEventListener('abort', fail, { once: true });
    }
  });
}

function isOlder(one: string, other: string | undefined): boolean {
  return other !== undefined && /^\d+$/.test(one) && /^\d+$/.test(other) && BigInt(one) < BigInt(other);
}
