/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- as in KubeClient, which this implements */
import type { KubeConfig } from '@kubernetes/client-node';
import { errors, type Dispatcher } from 'undici';

import { SystemClock, type Clock } from './clock.ts';
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
  WriteOptions,
} from './kube-client.ts';
import { KubeConnection } from './kube-connection.ts';
import {
  apiErrorFrom,
  ConflictError,
  isInvalid,
  isNotFound,
  KubeConnectionError,
  KubeError,
  KubeTimeoutError,
  type KubeApiError,
} from './kube-errors.ts';
import { LineSplitter } from './line-splitter.ts';
import type { ResourceDiscovery } from './resource-discovery.ts';
import { apiVersionOf, keyOf, type KubeObject, type ObjectReference, type ResourceType } from './resource.ts';

/** One request that was answered, or failed; a watch is answered when it is accepted. */
export interface KubeRequest {
  readonly code: string;
  readonly method: string;
  readonly host: string;
  /** Without the query. */
  readonly path: string;
  readonly durationMilliseconds: number;
}

export interface HttpKubeClientOptions {
  /** Where the API server is and how to authenticate. */
  readonly config: KubeConfig;
  /** Such as `my-operator/1.0`: in the API server's audit log, and before the slash the default field manager. */
  readonly userAgent: string;
  /** @default - 10 s */
  readonly timeoutMilliseconds?: number;
  /** @default - the system's */
  readonly clock?: Clock;
  /**
   * Told of every request: `rest_client_requests_total`. The code is the HTTP status, or `<error>` when there was no
   * answer, as client-go has it.
   * @default - nobody is told
   */
  readonly onRequest?: (request: KubeRequest) => void;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface Call extends CallOptions {
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: unknown;
  readonly contentType?: string | undefined;
}

const JSON_TYPE = 'application/json';
const MERGE_PATCH_TYPE = 'application/merge-patch+json';
const JSON_PATCH_TYPE = 'application/json-patch+json';
/** JSON is YAML, and older API servers know the YAML name only. */
const APPLY_PATCH_TYPE = 'application/apply-patch+yaml';

/** Talks to a real API server. One pool of connections, a timeout on every call, explicit content types. */
export class HttpKubeClient implements KubeClient, ResourceDiscovery {
  readonly #server: URL;
  readonly #connection: KubeConnection;
  readonly #userAgent: string;
  readonly #timeoutMilliseconds: number;
  readonly #clock: Clock;
  readonly #onRequest: HttpKubeClientOptions['onRequest'];
  #connectionsOpened = 0;

  constructor(options: HttpKubeClientOptions) {
    const cluster = options.config.getCurrentCluster();
    if (cluster === null) {
      throw new KubeConnectionError(
        'cannot find the API server: the kubeconfig has no current cluster; set its current-context',
      );
    }
    this.#server = new URL(cluster.server);
    this.#userAgent = options.userAgent;
    this.#timeoutMilliseconds = options.timeoutMilliseconds ?? 10_000;
    this.#clock = options.clock ?? new SystemClock();
    this.#onRequest = options.onRequest;
    this.#connection = new KubeConnection(options.config, () => {
      this.#connectionsOpened += 1;
    });
  }

  /** TCP connections opened so far: grows with the number of calls only when connection reuse is broken. */
  get connectionsOpened(): number {
    return this.#connectionsOpened;
  }

  /** Drops all connections; calls and watches in flight fail. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  async get<T extends KubeObject>(type: ResourceType, reference: ObjectReference, options?: CallOptions): Promise<T> {
    const what = `get ${describe(type, reference)}`;
    return asObject<T>(
      what,
      await this.#json({ ...options, what, method: 'GET', path: objectPath(type, reference) }),
      type,
    );
  }

  async list<T extends KubeObject>(
    type: ResourceType,
    query: ListQuery = {},
    options?: CallOptions,
  ): Promise<KubeList<T>> {
    const what = `list ${describe(type, query)}`;
    const answer = await this.#json({
      ...options,
      what,
      method: 'GET',
      path: collectionPath(type, query.namespace),
      query: {
        ...selectors(query),
        limit: query.limit,
        continue: query.continue,
        resourceVersion: query.resourceVersion,
      },
    });
    return asList<T>(what, answer, type);
  }

  async watch<T extends KubeObject>(
    type: ResourceType,
    query: WatchQuery,
    onEvent: (event: WatchEvent<T>) => void,
    options: WatchOptions,
  ): Promise<void> {
    const what = `watch ${describe(type, query)}`;
    const call: Call = {
      what,
      method: 'GET',
      path: collectionPath(type, query.namespace),
      query: {
        ...selectors(query),
        watch: true,
        allowWatchBookmarks: query.allowBookmarks,
        resourceVersion: query.resourceVersion,
        timeoutSeconds: query.timeoutSeconds,
      },
      signal: options.signal,
      timeoutMilliseconds: options.timeoutMilliseconds,
    };
    await this.#bounded(call, async (signal, stopTimer) => {
      const response = await this.#send(call, signal);
      // Accepted: from here on it is the server that ends the watch, or the caller.
      stopTimer();
      options.onActivity?.();
      const lines = new LineSplitter((line) => onEvent(asWatchEvent<T>(what, line)));
      for await (const chunk of response.body) {
        options.onActivity?.();
        lines.push(chunk as Buffer);
      }
      lines.end();
    });
  }

  async create<T extends KubeObject>(type: ResourceType, object: T, options?: WriteOptions): Promise<T> {
    const what = `create ${describe(type, object.metadata)}`;
    const answer = await this.#json({
      ...timing(options),
      what,
      method: 'POST',
      path: collectionPath(type, object.metadata.namespace),
      query: { fieldManager: options?.fieldManager },
      body: object,
      contentType: JSON_TYPE,
    });
    return asObject<T>(what, answer, type);
  }

  async mergePatch<T extends KubeObject>(
    type: ResourceType,
    reference: ObjectReference,
    patch: object,
    options?: SubresourceOptions,
  ): Promise<T> {
    return this.#write<T>('patch', 'PATCH', MERGE_PATCH_TYPE, type, reference, patch, options);
  }

  async jsonPatch<T extends KubeObject>(
    type: ResourceType,
    reference: ObjectReference,
    patch: readonly JsonPatchOperation[],
    options?: SubresourceOptions,
  ): Promise<T> {
    try {
      return await this.#write<T>('patch', 'PATCH', JSON_PATCH_TYPE, type, reference, patch, options);
    } catch (error) {
      const isTested = patch.some(({ op }) => op === 'test');
      throw isTested && isInapplicablePatch(error) ? conflictOf(type, reference, error) : error;
    }
  }

  async apply<T extends KubeObject>(type: ResourceType, object: T, options: ApplyOptions): Promise<T> {
    return this.#write<T>('apply', 'PATCH', APPLY_PATCH_TYPE, type, object.metadata, object, options, {
      force: options.force,
    });
  }

  async update<T extends KubeObject>(type: ResourceType, object: T, options?: SubresourceOptions): Promise<T> {
    return this.#write<T>('update', 'PUT', JSON_TYPE, type, object.metadata, object, options);
  }

  async delete(type: ResourceType, reference: ObjectReference, options?: DeleteOptions): Promise<void> {
    const { preconditions, propagationPolicy } = options ?? {};
    await this.#json({
      ...timing(options),
      what: `delete ${describe(type, reference)}`,
      method: 'DELETE',
      path: objectPath(type, reference),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy },
      contentType: JSON_TYPE,
    });
  }

  async discover(group: string, options?: CallOptions): Promise<readonly ResourceType[]> {
    const found = new Map<string, ResourceType>();
    for (const version of await this.#versionsOf(group, options)) {
      const path = `/apis/${encodeURIComponent(group)}/${encodeURIComponent(version)}`;
      const what = `discover ${group}/${version}`;
      const resources = asNamedItems(what, await this.#json({ ...options, what, method: 'GET', path }), 'resources');
      for (const { name, kind, namespaced } of resources) {
        // A name with a slash is a subresource.
        if (typeof name === 'string' && typeof kind === 'string' && !name.includes('/') && !found.has(name)) {
          found.set(name, { group, version, plural: name, kind, namespaced: namespaced === true });
        }
      }
    }
    return [...found.values()];
  }

  async #versionsOf(group: string, options: CallOptions | undefined): Promise<string[]> {
    const what = `discover ${group}`;
    try {
      const path = `/apis/${encodeURIComponent(group)}`;
      const answer = await this.#json({ ...options, what, method: 'GET', path });
      const versions = asNamedItems(what, answer, 'versions');
      return versions.flatMap(({ version }) => (typeof version === 'string' ? [version] : []));
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }

  async #write<T extends KubeObject>(
    verb: string,
    method: 'PUT' | 'PATCH',
    contentType: string,
    type: ResourceType,
    reference: ObjectReference,
    body: unknown,
    options: SubresourceOptions | undefined,
    query: Query = {},
  ): Promise<T> {
    const what = `${verb} ${options?.subresource === undefined ? '' : 'status of '}${describe(type, reference)}`;
    const answer = await this.#json({
      ...timing(options),
      what,
      method,
      path: objectPath(type, reference, options?.subresource),
      query: {
        ...query,
        fieldManager: options?.fieldManager,
        dryRun: options?.isDryRun === true ? 'All' : undefined,
      },
      body,
      contentType,
    });
    return asObject<T>(what, answer, type);
  }

  /** Sends the call and parses the whole answer, all within its timeout. */
  #json(call: Call): Promise<unknown> {
    return this.#bounded(call, async (signal) => {
      const response = await this.#send(call, signal);
      return JSON.parse(await response.body.text()) as unknown;
    });
  }

  /** Gives `run` a signal that aborts at the call's timeout or with the caller, and names every failure. */
  async #bounded<R>(call: Call, run: (signal: AbortSignal, stopTimer: () => void) => Promise<R>): Promise<R> {
    const outer = call.signal;
    outer?.throwIfAborted();
    const controller = new AbortController();
    const forward = (): void => controller.abort(outer?.reason);
    outer?.addEventListener('abort', forward, { once: true });
    const milliseconds = call.timeoutMilliseconds ?? this.#timeoutMilliseconds;
    const timer = this.#clock.setTimeout(() => {
      controller.abort(new KubeTimeoutError(`cannot ${call.what}: no complete answer within ${milliseconds} ms`));
    }, milliseconds);
    try {
      return await run(controller.signal, () => timer.cancel());
    } catch (error) {
      if (controller.signal.aborted) throw controller.signal.reason;
      throw isTransportFailure(error) ? new KubeConnectionError(reasonOf(call.what, error), { cause: error }) : error;
    } finally {
      timer.cancel();
      outer?.removeEventListener('abort', forward);
    }
  }

  async #send(call: Call, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { dispatcher, headers } = await untilAborted(this.#connection.authenticate(), signal);
    const answer = dispatcher.request({
      origin: this.#server.origin,
      path: this.#pathOf(call),
      method: call.method,
      headers: {
        accept: JSON_TYPE,
        'user-agent': this.#userAgent,
        ...(call.contentType === undefined ? {} : { 'content-type': call.contentType }),
        ...headers,
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal,
    });
    const start = this.#clock.monotonic();
    const { method, path } = call;
    const tell = (code: string): void => {
      const durationMilliseconds = this.#clock.monotonic() - start;
      this.#onRequest?.({ code, method, path, host: this.#server.host, durationMilliseconds });
    };
    answer.then(
      ({ statusCode }) => tell(String(statusCode)),
      () => tell('<error>'),
    );
    const response = await answer;
    if (response.statusCode >= 200 && response.statusCode < 300) return response;
    const retryAfter = response.headers['retry-after'];
    throw apiErrorFrom(
      call.what,
      response.statusCode,
      await response.body.text(),
      typeof retryAfter === 'string' ? retryAfter : undefined,
    );
  }

  #pathOf(call: Call): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) query.set(name, String(value));
    }
    // Behind some gateways the API lives below a path.
    const path = this.#server.pathname.replace(/\/$/, '') + call.path;
    return query.size === 0 ? path : `${path}?${query.toString()}`;
  }
}

/**
 * Observed with v1.36: a JSON patch that can't be applied, a failed `test` included, is answered with 422, reason Invalid
 * and no causes. What a schema or an admission policy refuses has causes.
 */
function isInapplicablePatch(error: unknown): error is KubeApiError {
  return isInvalid(error) && error.details?.causes === undefined;
}

function conflictOf(type: ResourceType, reference: ObjectReference, cause: KubeApiError): ConflictError {
  const message =
    `cannot patch ${describe(type, reference)}: it is not as the patch expects, a test or a path failed; ` +
    'read it again';
  return new ConflictError(message, { code: 409, reason: 'Conflict' }, { cause });
}

function timing(options: CallOptions | undefined): CallOptions {
  return { timeoutMilliseconds: options?.timeoutMilliseconds, signal: options?.signal };
}

function selectors({ labelSelector, fieldSelector }: Selection): Query {
  return { labelSelector, fieldSelector };
}

function collectionPath(type: ResourceType, namespace: string | undefined): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const scope =
    type.namespaced && namespace !== undefined && namespace !== ''
      ? `/namespaces/${encodeURIComponent(namespace)}`
      : '';
  return `${root}${scope}/${type.plural}`;
}

function objectPath(type: ResourceType, reference: ObjectReference, subresource?: string): string {
  if (type.namespaced && (reference.namespace === undefined || reference.namespace === '')) {
    throw new KubeError(`cannot address ${type.kind} ${reference.name}: it has no namespace; name one`);
  }
  const path = `${collectionPath(type, reference.namespace)}/${encodeURIComponent(reference.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

function describe(type: ResourceType, reference: { namespace?: string | undefined; name?: string }): string {
  const { namespace, name } = reference;
  if (name !== undefined) return `${type.kind} ${keyOf({ metadata: { namespace, name } })}`;
  return namespace === undefined ? type.plural : `${type.plural} in ${namespace}`;
}

/** Rejects with `signal.reason` when aborted first; what is under way goes on for its other users. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', fail, { once: true });
    if (signal.aborted) fail();
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', fail));
  });
}

/** Answers that are no answers: connection trouble, TLS, failing credentials, JSON that is none. */
function isTransportFailure(error: unknown): boolean {
  if (error instanceof KubeError) return false;
  if (error instanceof errors.UndiciError || error instanceof SyntaxError) return true;
  // Not by class: errors of node:net may come from another realm.
  return isRecord(error) && (typeof error['code'] === 'string' || typeof error['syscall'] === 'string');
}

function reasonOf(what: string, error: unknown): string {
  const { message, code } = error as Error & { code?: unknown };
  const name = typeof code === 'string' && !message.includes(code) ? ` (${code})` : '';
  return `cannot ${what}: ${message === '' ? 'connection failed' : message}${name}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isKubeObject(value: unknown): value is KubeObject {
  return isRecord(value) && isRecord(value['metadata']);
}

/** The envelope is checked here, once; the content is what the API server's schema admitted. */
function asObject<T extends KubeObject>(what: string, value: unknown, type: ResourceType): T {
  if (!isKubeObject(value) || typeof value.metadata.name !== 'string') {
    throw new KubeConnectionError(`cannot ${what}: the answer is no Kubernetes object; is this an API server?`);
  }
  // Items of a list, and some objects of the core group, come without these two.
  if (typeof value.apiVersion !== 'string') value.apiVersion = apiVersionOf(type);
  if (typeof value.kind !== 'string') value.kind = type.kind;
  return value as T;
}

function asList<T extends KubeObject>(what: string, value: unknown, type: ResourceType): KubeList<T> {
  const metadata = isRecord(value) && isRecord(value['metadata']) ? value['metadata'] : {};
  const items = isRecord(value) ? (value['items'] ?? []) : undefined;
  const resourceVersion = metadata['resourceVersion'];
  if (!Array.isArray(items) || typeof resourceVersion !== 'string') {
    throw new KubeConnectionError(`cannot ${what}: the answer is no Kubernetes list; is this an API server?`);
  }
  const token = metadata['continue'];
  return {
    items: items.map((item) => asObject<T>(what, item, type)),
    resourceVersion,
    ...(typeof token === 'string' && token !== '' ? { continue: token } : {}),
  };
}

function asNamedItems(what: string, value: unknown, field: string): Record<string, unknown>[] {
  const items = isRecord(value) ? value[field] : undefined;
  if (!Array.isArray(items)) {
    throw new KubeConnectionError(`cannot ${what}: the answer has no ${field}; is this an API server?`);
  }
  return items.filter(isRecord);
}

const WATCH_EVENT_TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']);

function asWatchEvent<T extends KubeObject>(what: string, line: string): WatchEvent<T> {
  const event: unknown = JSON.parse(line);
  if (isRecord(event) && event['type'] === 'ERROR') throw apiErrorFrom(what, 500, event['object']);
  if (!isRecord(event) || !WATCH_EVENT_TYPES.has(event['type']) || !isKubeObject(event['object'])) {
    throw new KubeConnectionError(`cannot ${what}: received something that is no watch event: ${line.slice(0, 200)}`);
  }
  return event as unknown as WatchEvent<T>;
}
