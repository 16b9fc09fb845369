import type { Clock, Timer } from '../clock.ts';
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
} from '../kube-client.ts';
import { apiErrorFrom, KubeTimeoutError } from '../kube-errors.ts';
import type { ResourceDiscovery } from '../resource-discovery.ts';
import { apiVersionOf, keyOf, type KubeObject, type ObjectReference, type ResourceType } from '../resource.ts';

export interface FakeCall {
  readonly verb: 'discover' | 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'apply' | 'delete';
  readonly type: ResourceType;
  readonly name: string | undefined;
}

interface HistoryEntry {
  readonly type: ResourceType;
  readonly revision: number;
  readonly event: WatchEvent<KubeObject>;
}

interface Watcher {
  readonly type: ResourceType;
  readonly query: WatchQuery;
  readonly send: (event: WatchEvent<KubeObject>) => void;
  readonly end: (error?: Error) => void;
}

/** An API server in memory: one resourceVersion for all, watches that resume, history that expires, faults on demand. */
export class FakeKubeClient implements KubeClient, ResourceDiscovery {
  /** Every call that was made, in order. */
  readonly calls: FakeCall[] = [];
  /** Runs before each call takes effect; may throw, wait or never end. */
  before: (call: FakeCall) => void | Promise<void> = () => undefined;
  /** Runs after each call took effect, before its answer is given. */
  after: (call: FakeCall) => void | Promise<void> = () => undefined;
  /** Watches stay open and say nothing. */
  isSilent = false;
  /** What discovery finds. */
  readonly served: ResourceType[] = [];
  readonly #clock: Clock;
  readonly #objects = new Map<string, KubeObject>();
  readonly #watchers = new Set<Watcher>();
  #history: HistoryEntry[] = [];
  #oldestRevision = 0;
  #revision = 100;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get openWatches(): number {
    return this.#watchers.size;
  }

  count(verb: FakeCall['verb']): number {
    return this.calls.filter((call) => call.verb === verb).length;
  }

  /** What is stored of a type, without a call. */
  stored(type: ResourceType): KubeObject[] {
    return [...this.#objects].filter(([path]) => path.startsWith(collectionOf(type))).map(([, object]) => object);
  }

  /** Stores an object as if somebody else had written it. */
  put(type: ResourceType, object: KubeObject): KubeObject {
    return this.#store(type, object);
  }

  /** Deletes an object as somebody else. */
  drop(type: ResourceType, reference: ObjectReference): void {
    this.#remove(type, reference);
  }

  /** Sends the current revision to all watches. */
  bookmark(revision: number = this.#revision): void {
    const metadata = { name: '', resourceVersion: String(revision) };
    for (const { type, send } of this.#watchers) {
      send({ type: 'BOOKMARK', object: { apiVersion: apiVersionOf(type), kind: type.kind, metadata } });
    }
  }

  /** Ends all watches, in order or with an error. */
  endWatches(error?: Error): void {
    for (const watcher of [...this.#watchers]) watcher.end(error);
  }

  /** Forgets history: whoever is behind has to list again. */
  compact(): void {
    this.#history = [];
    this.#oldestRevision = this.#revision;
  }

  async get<T extends KubeObject>(type: ResourceType, reference: ObjectReference, options?: CallOptions): Promise<T> {
    return this.#call({ verb: 'get', type, name: reference.name }, options, () => this.#find(type, reference) as T);
  }

  async list<T extends KubeObject>(
    type: ResourceType,
    query: ListQuery = {},
    options?: CallOptions,
  ): Promise<KubeList<T>> {
    return this.#call({ verb: 'list', type, name: undefined }, options, () => {
      const offset = Number(query.continue ?? 0);
      const matching = this.stored(type).filter((object) => matches(object, query));
      const end = offset + (query.limit ?? matching.length);
      return {
        items: structuredClone(matching.slice(offset, end)) as T[],
        resourceVersion: String(this.#revision),
        ...(end < matching.length ? { continue: String(end) } : {}),
      };
    });
  }

  async watch<T extends KubeObject>(
    type: ResourceType,
    query: WatchQuery,
    onEvent: (event: WatchEvent<T>) => void,
    options: WatchOptions,
  ): Promise<void> {
    const call: FakeCall = { verb: 'watch', type, name: undefined };
    await this.#call(call, options, () => {
      const since = Number(query.resourceVersion);
      if (since < this.#oldestRevision) throw apiErrorFrom('watch', 410, refusal('Expired'));
    });
    options.onActivity?.();
    await new Promise<void>((resolve, reject) => {
      let timer: Timer | undefined = undefined;
      const end = (error?: Error): void => {
        this.#watchers.delete(watcher);
        timer?.cancel();
        options.signal.removeEventListener('abort', abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const abort = (): void => end(options.signal.reason as Error);
      const send = (event: WatchEvent<KubeObject>): void => {
        if (this.isSilent || (event.type !== 'BOOKMARK' && !matches(event.object, query))) return;
        options.onActivity?.();
        try {
          onEvent(structuredClone(event) as WatchEvent<T>);
        } catch (error) {
          end(error as Error);
        }
      };
      const watcher: Watcher = { type, query, send, end };
      this.#watchers.add(watcher);
      timer = this.#clock.setTimeout(() => end(), query.timeoutSeconds * 1000);
      options.signal.addEventListener('abort', abort, { once: true });
      if (options.signal.aborted) abort();
      const missed = this.#history.filter(
        (entry) => entry.type.plural === type.plural && entry.revision > Number(query.resourceVersion),
      );
      for (const { event } of missed) if (this.#watchers.has(watcher)) send(event);
    });
  }

  async create<T extends KubeObject>(type: ResourceType, object: T, options?: WriteOptions): Promise<T> {
    return this.#call({ verb: 'create', type, name: object.metadata.name }, options, () => {
      if (this.#objects.has(pathOf(type, object.metadata))) throw apiErrorFrom('create', 409, refusal('AlreadyExists'));
      return this.#store(type, object) as T;
    });
  }

  async update<T extends KubeObject>(type: ResourceType, object: T, options?: SubresourceOptions): Promise<T> {
    return this.#call({ verb: 'update', type, name: object.metadata.name }, options, () => {
      this.#precondition(this.#find(type, object.metadata), object.metadata.resourceVersion);
      return this.#store(type, object) as T;
    });
  }

  async mergePatch<T extends KubeObject>(
    type: ResourceType,
    reference: ObjectReference,
    patch: object,
    options?: SubresourceOptions,
  ): Promise<T> {
    return this.#call({ verb: 'patch', type, name: reference.name }, options, () => {
      const existing = this.#find(type, reference);
      this.#precondition(existing, (patch as Partial<KubeObject>).metadata?.resourceVersion);
      return this.#store(type, merge(existing, patch) as KubeObject) as T;
    });
  }

  async jsonPatch<T extends KubeObject>(
    type: ResourceType,
    reference: ObjectReference,
    patch: readonly JsonPatchOperation[],
    options?: SubresourceOptions,
  ): Promise<T> {
    return this.#call({ verb: 'patch', type, name: reference.name }, options, () => {
      const object = this.#find(type, reference);
      for (const operation of patch) applyOperation(object, operation);
      return this.#store(type, object) as T;
    });
  }

  async apply<T extends KubeObject>(type: ResourceType, object: T, options: ApplyOptions): Promise<T> {
    return this.#call({ verb: 'apply', type, name: object.metadata.name }, options, () => {
      const existing = this.#objects.get(pathOf(type, object.metadata));
      return this.#store(type, merge(existing ?? {}, object) as KubeObject) as T;
    });
  }

  async delete(type: ResourceType, reference: ObjectReference, options?: DeleteOptions): Promise<void> {
    await this.#call({ verb: 'delete', type, name: reference.name }, options, () => {
      this.#precondition(this.#find(type, reference), options?.preconditions?.resourceVersion);
      this.#remove(type, reference);
    });
  }

  async discover(group: string, options?: CallOptions): Promise<readonly ResourceType[]> {
    const type = { group, version: '', plural: '', kind: '', namespaced: false };
    return this.#call({ verb: 'discover', type, name: undefined }, options, () =>
      this.served.filter((served) => served.group === group),
    );
  }

  async #call<R>(call: FakeCall, options: CallOptions | undefined, effect: () => R): Promise<R> {
    options?.signal?.throwIfAborted();
    this.calls.push(call);
    const run = async (): Promise<R> => {
      await this.before(call);
      const result = effect();
      await this.after(call);
      return result;
    };
    return this.#bounded(call, options, run());
  }

  #bounded<R>(call: FakeCall, options: CallOptions | undefined, result: Promise<R>): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const abort = (): void => reject(options?.signal?.reason as Error);
      const timer = this.#clock.setTimeout(() => {
        reject(new KubeTimeoutError(`cannot ${call.verb} ${call.type.plural}: no answer in time`));
      }, options?.timeoutMilliseconds ?? 10_000);
      options?.signal?.addEventListener('abort', abort, { once: true });
      void result.then(resolve, reject).finally(() => {
        timer.cancel();
        options?.signal?.removeEventListener('abort', abort);
      });
    });
  }

  #find(type: ResourceType, reference: ObjectReference): KubeObject {
    const object = this.#objects.get(pathOf(type, reference));
    if (object === undefined) throw apiErrorFrom(`find ${reference.name}`, 404, refusal('NotFound'));
    return structuredClone(object);
  }

  #precondition(existing: KubeObject, resourceVersion: string | undefined): void {
    if (resourceVersion !== undefined && resourceVersion !== existing.metadata.resourceVersion) {
      throw apiErrorFrom(`write ${existing.metadata.name}`, 409, refusal('Conflict'));
    }
  }

  #store(type: ResourceType, object: KubeObject): KubeObject {
    const path = pathOf(type, object.metadata);
    const existing = this.#objects.get(path);
    this.#revision += 1;
    const stored = structuredClone(object);
    stored.metadata.resourceVersion = String(this.#revision);
    stored.metadata.uid = existing?.metadata.uid ?? `uid-${this.#revision}`;
    this.#objects.set(path, stored);
    this.#publish(type, { type: existing === undefined ? 'ADDED' : 'MODIFIED', object: stored });
    return structuredClone(stored);
  }

  #remove(type: ResourceType, reference: ObjectReference): void {
    const object = this.#find(type, reference);
    this.#revision += 1;
    object.metadata.resourceVersion = String(this.#revision);
    this.#objects.delete(pathOf(type, reference));
    this.#publish(type, { type: 'DELETED', object });
  }

  #publish(type: ResourceType, event: WatchEvent<KubeObject>): void {
    this.#history.push({ type, revision: this.#revision, event });
    for (const watcher of [...this.#watchers]) {
      if (watcher.type.plural === type.plural) watcher.send(event);
    }
  }
}

function pathOf(type: ResourceType, reference: ObjectReference): string {
  return collectionOf(type) + keyOf({ metadata: reference });
}

/** Versions are views of the same objects. */
function collectionOf({ group, plural }: ResourceType): string {
  return `${group}/${plural}/`;
}

function refusal(reason: string): object {
  return { kind: 'Status', reason, message: `the fake says ${reason}` };
}

function matches(object: KubeObject, { namespace, fieldSelector }: Selection): boolean {
  const name = fieldSelector?.replace(/^metadata\.name=/, '');
  return (
    (namespace === undefined || namespace === object.metadata.namespace) &&
    (name === undefined || name === object.metadata.name)
  );
}

/** RFC 7386. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch)) return patch;
  const result: Record<string, unknown> = isPlainObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, name);
    else result[name] = merge(result[name], value);
  }
  return result;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 6902 for members of objects. */
function applyOperation(object: KubeObject, operation: JsonPatchOperation): void {
  const names = operation.path
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = names.pop() ?? '';
  let parent: unknown = object;
  for (const name of names) parent = isPlainObject(parent) ? parent[name] : undefined;
  if (!isPlainObject(parent)) throw apiErrorFrom('patch', 422, refusal('Invalid'));
  if (operation.op === 'test') {
    if (JSON.stringify(parent[last]) !== JSON.stringify(operation.value)) {
      throw apiErrorFrom('patch', 409, refusal('Conflict'));
    }
  } else if (operation.op === 'remove') Reflect.deleteProperty(parent, last);
  else if (operation.op === 'add' || operation.op === 'replace') parent[last] = operation.value;
  else throw apiErrorFrom('patch', 422, refusal('Invalid'));
}
