import type {
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  JsonPatchOperation,
  KubeClient,
  KubeList,
  ListQuery,
  Selection,
  SubresourceOptions,
  WatchEvent,
  WatchOptions,
  WatchQuery,
} from '../../operator/runtime/kube-client.ts';
import { KubeConnectionError, KubeTimeoutError } from '../../operator/runtime/kube-errors.ts';
import type { KubeObject, ObjectReference, ResourceType } from '../../operator/runtime/resource.ts';
import type { CallHooks } from './call-hooks.ts';
import { LinkError, type Network, type Served } from './network.ts';
import { refusal, type SimulatedApiServer, type Watcher } from './simulated-api-server.ts';
import type { SimulatedProcess } from './simulated-process.ts';

const TIMEOUT_MILLISECONDS = 10_000;
const BOOKMARK_MILLISECONDS = 60_000;

/** How the API server behaves towards everybody at present. */
export interface ApiBehaviour {
  /** Every call is answered with 503. */
  isUnavailable: boolean;
  /** By how much watch events come late, milliseconds. */
  watchLagMilliseconds: number;
  /** Watches that are open say nothing any more. */
  isSilent: boolean;
}

export interface SimulatedKubeClientProps {
  readonly process: SimulatedProcess;
  readonly network: Network;
  readonly server: SimulatedApiServer;
  readonly behaviour: ApiBehaviour;
  readonly hooks: CallHooks;
}

/** The API server as one process reaches it. */
export class SimulatedKubeClient implements KubeClient {
  readonly #props: SimulatedKubeClientProps;

  constructor(props: SimulatedKubeClientProps) {
    this.#props = props;
  }

  get<T extends KubeObject>(type: ResourceType, reference: ObjectReference, options?: CallOptions): Promise<T> {
    return this.#call(`get ${type.plural}`, options, (server) => server.get(type, reference) as T);
  }

  list<T extends KubeObject>(type: ResourceType, query: ListQuery = {}, options?: CallOptions): Promise<KubeList<T>> {
    return this.#call(`list ${type.plural}`, options, (server) => ({
      items: server.list(type).filter(matcherOf(query)) as T[],
      resourceVersion: String(server.revision),
    }));
  }

  create<T extends KubeObject>(type: ResourceType, object: T, options?: CallOptions): Promise<T> {
    return this.#call(`create ${type.plural}`, options, (server) => server.create(this.#name, type, object) as T);
  }

  update<T extends KubeObject>(type: ResourceType, object: T, options?: SubresourceOptions): Promise<T> {
    const what = `update ${type.plural}${options?.subresource === 'status' ? '/status' : ''}`;
    return this.#call(what, options, (server) => server.update(this.#name, type, object, options?.subresource) as T);
  }

  mergePatch<T extends KubeObject>(
    type: ResourceType,
    reference: ObjectReference,
    patch: object,
    options?: SubresourceOptions,
  ): Promise<T> {
    return this.#call(
      `patch ${type.plural}`,
      options,
      (server) => server.mergePatch(this.#name, type, reference, patch) as T,
    );
  }

  jsonPatch<T extends KubeObject>(
    type: ResourceType,
    reference: ObjectReference,
    patch: readonly JsonPatchOperation[],
    options?: SubresourceOptions,
  ): Promise<T> {
    return this.#call(
      `patch ${type.plural}`,
      options,
      (server) => server.jsonPatch(this.#name, type, reference, patch) as T,
    );
  }

  apply<T extends KubeObject>(type: ResourceType, object: T, options: ApplyOptions): Promise<T> {
    return this.#call(`apply ${type.plural}`, options, (server) => server.apply(this.#name, type, object) as T);
  }

  delete(type: ResourceType, reference: ObjectReference, options?: DeleteOptions): Promise<void> {
    return this.#call(`delete ${type.plural}`, options, (server) =>
      server.delete(this.#name, type, reference, options?.preconditions?.resourceVersion),
    );
  }

  watch<T extends KubeObject>(
    type: ResourceType,
    query: WatchQuery,
    onEvent: (event: WatchEvent<T>) => void,
    options: WatchOptions,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const { process } = this.#props;
      let isOver = false;
      const finish = (error?: Error): void => {
        if (isOver) return;
        isOver = true;
        close();
        options.signal.removeEventListener('abort', abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const abort = (): void => finish(options.signal.reason as Error);
      let close = (): void => undefined;
      if (options.signal.aborted) {
        abort();
        return;
      }
      options.signal.addEventListener('abort', abort, { once: true });
      const open = (): void => {
        if (!isOver)
          close = this.#open(type, query, options, onEvent as (event: WatchEvent<KubeObject>) => void, finish);
      };
      this.#call(`watch ${type.plural}`, { ...options, timeoutMilliseconds: options.timeoutMilliseconds }, open).then(
        () => {
          if (isOver) close();
          else {
            options.onActivity?.();
            const timer = process.setTimeout(() => finish(), query.timeoutSeconds * 1000);
            const closeWatch = close;
            close = () => {
              timer.cancel();
              closeWatch();
            };
          }
        },
        (error: unknown) => finish(error as Error),
      );
    });
  }

  /** The server's side of a watch: events come in order, late, or not at all. */
  #open(
    type: ResourceType,
    query: WatchQuery,
    options: WatchOptions,
    onEvent: (event: WatchEvent<KubeObject>) => void,
    finish: (error?: Error) => void,
  ): () => void {
    const { process, server, network, behaviour } = this.#props;
    let isOpen = true;
    // A stream has no gaps: what is lost on it takes everything after it along.
    let isMute = false;
    let arrivesAt = 0;
    const deliver = (run: () => void): void => {
      const { scheduler } = process;
      arrivesAt = Math.max(arrivesAt, scheduler.time + 5 + behaviour.watchLagMilliseconds);
      process.deliver(arrivesAt - scheduler.time, () => {
        const state = network.state(process.sender, 'api');
        isMute ||= behaviour.isSilent || state === 'blackhole' || state === 'answersLost';
        if (!isOpen || isMute) return;
        if (state === 'refuse') finish(new KubeConnectionError('cannot watch: the connection was reset'));
        else run();
      });
    };
    const watcher: Watcher = {
      type,
      matches: matcherOf(query),
      send: (event) =>
        deliver(() => {
          options.onActivity?.();
          try {
            onEvent(event);
          } catch (error) {
            finish(error as Error);
          }
        }),
      end: (error) => deliver(() => finish(error)),
    };
    const stop = server.watch(watcher, query.resourceVersion);
    const bookmark = (): void => {
      if (!process.isAlive) {
        stop();
        return;
      }
      server.bookmark(watcher);
      timer = process.scheduler.after(BOOKMARK_MILLISECONDS, bookmark);
    };
    let timer = process.scheduler.after(BOOKMARK_MILLISECONDS, bookmark);
    return () => {
      isOpen = false;
      timer.cancel();
      stop();
    };
  }

  get #name(): string {
    return this.#props.process.name;
  }

  #call<R>(what: string, options: CallOptions | undefined, serve: (server: SimulatedApiServer) => R): Promise<R> {
    const { process, network, server, behaviour, hooks } = this.#props;
    const isSent = hooks.beforeCall(process, what);
    return new Promise<R>((resolve, reject) => {
      if (!isSent) return;
      if (options?.signal?.aborted === true) {
        reject(options.signal.reason as Error);
        return;
      }
      const timer = process.setTimeout(
        () => settle(() => reject(new KubeTimeoutError(`cannot ${what}: no answer in time`))),
        options?.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS,
      );
      const abort = (): void => settle(() => reject(options?.signal?.reason as Error));
      const settle = (end: () => void): void => {
        timer.cancel();
        options?.signal?.removeEventListener('abort', abort);
        end();
      };
      options?.signal?.addEventListener('abort', abort, { once: true });
      const answer = (): Served<R> => {
        if (behaviour.isUnavailable) return { error: refusal(what, 503, 'ServiceUnavailable') };
        let served: Served<R>;
        try {
          served = { value: serve(server) };
        } catch (error) {
          served = { error: error as Error };
        }
        return hooks.afterEffect(process, what) ? served : undefined;
      };
      network.send(
        process,
        'api',
        answer,
        (value) => settle(() => resolve(value)),
        (error) => settle(() => reject(fromLink(what, error))),
      );
    });
  }
}

function fromLink(what: string, error: unknown): Error {
  return error instanceof LinkError
    ? new KubeConnectionError(`cannot ${what}: ${error.message}`, { cause: error })
    : (error as Error);
}

function matcherOf({ namespace, fieldSelector }: Selection): (object: KubeObject) => boolean {
  const name = fieldSelector?.replace(/^metadata\.name=/, '');
  return ({ metadata }) =>
    (namespace === undefined || namespace === metadata.namespace) && (name === undefined || name === metadata.name);
}
