import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import type { Clock } from '../../operator/runtime/clock.ts';
import type { KubeClient } from '../../operator/runtime/kube-client.ts';
import { isForbidden } from '../../operator/runtime/kube-errors.ts';
import { Reflector } from '../../operator/runtime/reflector.ts';
import { keyOf } from '../../operator/runtime/resource.ts';
import { Store } from '../../operator/runtime/store.ts';
import { checkedPolicy } from './policies.ts';

/** The API server sends a bookmark about once a minute. */
const SILENCE_MILLISECONDS = 90_000;

export interface WatchProps {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Absent: all namespaces. */
  readonly namespace: string | undefined;
  /** Absent: all policies. */
  readonly name?: string | undefined;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/** The policies of a place as they change, over every loss of the connection. */
export class PolicyWatch {
  readonly #props: WatchProps;
  readonly #store: Store<DisasterRecoveryPolicy>;
  readonly #reflector: Reflector<DisasterRecoveryPolicy>;
  readonly #controller = new AbortController();
  #failure: unknown;
  #lastError: { readonly error: unknown; readonly at: number } | undefined;

  constructor(props: WatchProps) {
    this.#props = props;
    this.#store = new Store<DisasterRecoveryPolicy>({
      // With the managed fields: they tell when the status was written.
      transform: checkedPolicy,
      onError: (error) => this.#fail(error),
    });
    this.#reflector = new Reflector<DisasterRecoveryPolicy>({
      client: props.client,
      type: DISASTER_RECOVERY_POLICY,
      store: this.#store,
      clock: props.clock,
      random: Math.random,
      namespace: props.namespace,
      ...(props.name === undefined ? {} : { fieldSelector: `metadata.name=${props.name}` }),
      listener: {
        onError: (error) => {
          this.#lastError = { error, at: props.clock.monotonic() };
          if (isForbidden(error)) this.#fail(error);
        },
      },
    });
  }

  /** By namespace and name. */
  list(): readonly DisasterRecoveryPolicy[] {
    return this.#store.list().toSorted((one, other) => keyOf(one).localeCompare(keyOf(other)));
  }

  /** What broke the connection since the API server was last heard of, and how long ago that was, milliseconds. */
  get breakdown(): { readonly error: unknown; readonly sinceMilliseconds: number } | undefined {
    const sinceMilliseconds = this.#reflector.staleMilliseconds;
    const { error, at = -Infinity } = this.#lastError ?? {};
    const isSince = this.#props.clock.monotonic() - at <= sinceMilliseconds;
    return isSince || sinceMilliseconds > SILENCE_MILLISECONDS ? { error, sinceMilliseconds } : undefined;
  }

  /**
   * Calls `onChange` once everything is listed and after every change, until `isDone` says so, or the signal aborts.
   *
   * @throws what `onChange` throws, KubeApiError where the user may not watch, the signal's reason when it aborts
   */
  async follow(onChange: () => boolean): Promise<void> {
    const { signal } = this.#props;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const step = (): void => {
      try {
        if (this.#reflector.hasSynced && onChange()) resolve(undefined);
      } catch (error) {
        reject(error);
      }
    };
    const onAbort = (): void => reject(signal.reason);
    const onFailure = (): void => reject(this.#failure);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#controller.signal.addEventListener('abort', onFailure, { once: true });
    const unsubscribe = this.#store.subscribe(step);
    const ended = new AbortController();
    const running = this.#reflector.run(ended.signal);
    void this.#reflector.waitForSync(ended.signal).then(step, () => undefined);
    try {
      signal.throwIfAborted();
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      unsubscribe();
      ended.abort(new Error('no longer watched'));
      await running.catch(() => undefined);
    }
  }

  #fail(error: unknown): void {
    this.#failure = error;
    this.#controller.abort(error);
  }
}
