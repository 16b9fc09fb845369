import type { JsonPatchOperation, WatchEvent } from '../../operator/runtime/kube-client.ts';
import { apiErrorFrom } from '../../operator/runtime/kube-errors.ts';
import {
  apiVersionOf,
  type KubeObject,
  type ObjectReference,
  type ResourceType,
} from '../../operator/runtime/resource.ts';
import { EPOCH, type Scheduler } from './scheduler.ts';

/** A write that took effect. */
export interface Write {
  readonly by: string;
  readonly type: ResourceType;
  readonly before: KubeObject | undefined;
  /** Undefined: deleted. */
  readonly after: KubeObject | undefined;
}

interface HistoryEntry {
  readonly type: ResourceType;
  readonly revision: number;
  readonly event: WatchEvent<KubeObject>;
}

/** A watch that is open. `send` sees to delay, loss and order. */
export interface Watcher {
  readonly type: ResourceType;
  readonly matches: (object: KubeObject) => boolean;
  readonly send: (event: WatchEvent<KubeObject>) => void;
  readonly end: (error?: Error) => void;
}

type ObjectsOfType = Map<string, Map<string, KubeObject>>;

type WithStatus = KubeObject & { readonly spec?: unknown; readonly status?: unknown };

/**
 * The state behind a Kubernetes API: optimistic concurrency on one revision for all, a status subresource that is written
 * apart from the rest, generations, finalizers, and watches that resume from a history which expires. Objects are never
 * changed once stored, so they are handed out as they are.
 */
export class SimulatedApiServer {
  readonly #scheduler: Scheduler;
  /** By namespace and name, of each type. */
  readonly #objects = new Map<string, ObjectsOfType>();
  /** The same, by the very types that were asked for. */
  readonly #objectsByType = new Map<ResourceType, ObjectsOfType>();
  readonly #watchers = new Set<Watcher>();
  #history: HistoryEntry[] = [];
  #oldestRevision = 0;
  #revision = 100;
  #onWrite: (write: Write) => void = () => undefined;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Told of every write, before anybody else sees it. */
  onWrite(listener: (write: Write) => void): void {
    this.#onWrite = listener;
  }

  get revision(): number {
    return this.#revision;
  }

  find(type: ResourceType, reference: ObjectReference): KubeObject | undefined {
    return this.#objectsOf(type)
      .get(reference.namespace ?? '')
      ?.get(reference.name);
  }

  get(type: ResourceType, reference: ObjectReference): KubeObject {
    const object = this.find(type, reference);
    if (object === undefined) throw refusal(`get ${reference.name}`, 404, 'NotFound');
    return object;
  }

  list(type: ResourceType): KubeObject[] {
    const listed: KubeObject[] = [];
    for (const named of this.#objectsOf(type).values()) listed.push(...named.values());
    return listed;
  }

  create(by: string, type: ResourceType, object: KubeObject): KubeObject {
    if (this.find(type, object.metadata) !== undefined)
      throw refusal(`create ${object.metadata.name}`, 409, 'AlreadyExists');
    const revision = this.#nextRevision();
    const { status: _, ...withoutStatus } = object as WithStatus;
    const hasStatus = type.kind === 'DisasterRecoveryPolicy';
    return this.#put(by, type, undefined, {
      ...(hasStatus ? withoutStatus : object),
      metadata: {
        ...object.metadata,
        uid: `uid-${revision}`,
        generation: 1,
        creationTimestamp: new Date(EPOCH + this.#scheduler.time).toISOString(),
        resourceVersion: String(revision),
      },
    });
  }

  /** PUT of the object, or of its status subresource: each leaves the other's part alone. */
  update(by: string, type: ResourceType, object: KubeObject, subresource?: 'status'): KubeObject {
    const existing: WithStatus = this.get(type, object.metadata);
    this.#precondition(existing, object.metadata.resourceVersion);
    if (subresource === 'status') {
      const changed: WithStatus = { ...existing, status: (object as WithStatus).status };
      return this.#replace(by, type, existing, changed);
    }
    const hasStatus = type.kind === 'DisasterRecoveryPolicy';
    return this.#replace(by, type, existing, {
      ...object,
      ...(hasStatus && existing.status !== undefined ? { status: existing.status } : {}),
    });
  }

  /** RFC 7386. */
  mergePatch(by: string, type: ResourceType, reference: ObjectReference, patch: object): KubeObject {
    const existing = this.get(type, reference);
    this.#precondition(existing, (patch as Partial<KubeObject>).metadata?.resourceVersion);
    return this.#replace(by, type, existing, merge(existing, patch) as KubeObject);
  }

  apply(by: string, type: ResourceType, object: KubeObject): KubeObject {
    const existing = this.find(type, object.metadata);
    return existing === undefined
      ? this.create(by, type, object)
      : this.#replace(by, type, existing, merge(existing, object) as KubeObject);
  }

  /** RFC 6902, as far as `test` and `replace` go. */
  jsonPatch(
    by: string,
    type: ResourceType,
    reference: ObjectReference,
    patch: readonly JsonPatchOperation[],
  ): KubeObject {
    const existing = this.get(type, reference);
    return this.#replace(by, type, existing, patch.reduce(patched, existing));
  }

  delete(by: string, type: ResourceType, reference: ObjectReference, resourceVersion?: string): void {
    const existing = this.get(type, reference);
    this.#precondition(existing, resourceVersion);
    if ((existing.metadata.finalizers ?? []).length === 0) {
      this.#remove(by, type, existing);
      return;
    }
    const deletionTimestamp = existing.metadata.deletionTimestamp ?? new Date(this.#scheduler.now()).toISOString();
    this.#replace(by, type, existing, { ...existing, metadata: { ...existing.metadata, deletionTimestamp } });
  }

  /** Opens a watch from a revision on: what it missed comes first. */
  watch(watcher: Watcher, resourceVersion: string): () => void {
    const since = Number(resourceVersion);
    if (since < this.#oldestRevision) throw refusal(`watch ${watcher.type.plural}`, 410, 'Expired');
    for (const { type, revision, event } of this.#history) {
      if (revision > since && type.plural === watcher.type.plural && watcher.matches(event.object)) watcher.send(event);
    }
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  bookmark(watcher: Watcher): void {
    const metadata = { name: '', resourceVersion: String(this.#revision) };
    watcher.send({
      type: 'BOOKMARK',
      object: { apiVersion: apiVersionOf(watcher.type), kind: watcher.type.kind, metadata },
    });
  }

  /** Ends all watches, as a restart does. */
  endWatches(error?: Error): void {
    for (const watcher of [...this.#watchers]) watcher.end(error);
  }

  /** Forgets history: whoever is behind has to list again. */
  compact(): void {
    this.#history = [];
    this.#oldestRevision = this.#revision;
  }

  #replace(by: string, type: ResourceType, existing: KubeObject, wanted: KubeObject): KubeObject {
    const before = existing as WithStatus;
    const after = wanted as WithStatus;
    const isSpecChanged = !isEqual(before.spec, after.spec);
    const isChanged =
      isSpecChanged ||
      !isEqual(before.status, after.status) ||
      !isEqual(before.metadata, after.metadata, VERSION) ||
      !isEqual(before, after, COMPARED_BEFORE);
    // As etcd has it: a write that changes nothing leaves the version as it was.
    if (!isChanged) return existing;
    const { uid, creationTimestamp, generation = 1 } = existing.metadata;
    const metadata = {
      ...after.metadata,
      uid: uid ?? '',
      creationTimestamp: creationTimestamp ?? '',
      generation: isSpecChanged ? generation + 1 : generation,
      resourceVersion: String(this.#nextRevision()),
    };
    const isReleased = metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;
    const stored = { ...after, metadata };
    if (isReleased) {
      this.#remove(by, type, stored);
      return stored;
    }
    return this.#put(by, type, existing, stored);
  }

  #put(by: string, type: ResourceType, before: KubeObject | undefined, after: KubeObject): KubeObject {
    const objects = this.#objectsOf(type);
    const { namespace = '', name } = after.metadata;
    const named = objects.get(namespace) ?? new Map<string, KubeObject>();
    objects.set(namespace, named.set(name, after));
    this.#publish(by, type, before, { type: before === undefined ? 'ADDED' : 'MODIFIED', object: after });
    return after;
  }

  #remove(by: string, type: ResourceType, object: KubeObject): void {
    this.#objectsOf(type)
      .get(object.metadata.namespace ?? '')
      ?.delete(object.metadata.name);
    const metadata = { ...object.metadata, resourceVersion: String(this.#nextRevision()) };
    this.#publish(by, type, object, { type: 'DELETED', object: { ...object, metadata } });
  }

  #publish(by: string, type: ResourceType, before: KubeObject | undefined, event: WatchEvent<KubeObject>): void {
    this.#onWrite({ by, type, before, after: event.type === 'DELETED' ? undefined : event.object });
    this.#history.push({ type, revision: this.#revision, event });
    for (const watcher of [...this.#watchers]) {
      if (watcher.type.plural === type.plural && watcher.matches(event.object)) watcher.send(event);
    }
  }

  #objectsOf(type: ResourceType): ObjectsOfType {
    const known = this.#objectsByType.get(type);
    if (known !== undefined) return known;
    const key = `${type.group}/${type.plural}`;
    const objects: ObjectsOfType = this.#objects.get(key) ?? new Map<string, Map<string, KubeObject>>();
    this.#objects.set(key, objects);
    this.#objectsByType.set(type, objects);
    return objects;
  }

  #precondition(existing: KubeObject, resourceVersion: string | undefined): void {
    if (resourceVersion !== undefined && resourceVersion !== existing.metadata.resourceVersion) {
      throw refusal(`write ${existing.metadata.name}`, 409, 'Conflict');
    }
  }

  #nextRevision(): number {
    this.#revision += 1;
    return this.#revision;
  }
}

export function refusal(what: string, code: number, reason: string): Error {
  return apiErrorFrom(what, code, { kind: 'Status', code, reason, message: reason });
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

function patched(object: KubeObject, operation: JsonPatchOperation): KubeObject {
  const names = operation.path.split('/').slice(1);
  const found = names.reduce<unknown>((value, name) => (isPlainObject(value) ? value[name] : undefined), object);
  if (operation.op === 'test') {
    if (!isEqual(found, operation.value)) throw refusal(`patch ${object.metadata.name}`, 409, 'Conflict');
    return object;
  }
  if (operation.op !== 'replace' || found === undefined) throw refusal(`patch ${operation.path}`, 422, 'Invalid');
  return merge(
    object,
    names.reduceRight<unknown>((value, name) => ({ [name]: value }), operation.value),
  ) as KubeObject;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const NOTHING: readonly string[] = [];
const VERSION: readonly string[] = ['resourceVersion'];
const COMPARED_BEFORE: readonly string[] = ['metadata', 'status', 'spec'];

/** @param except properties of these two themselves that do not count */
function isEqual(one: unknown, other: unknown, except = NOTHING): boolean {
  if (one === other) return true;
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) && one.length === other.length && one.every((item, index) => isEqual(item, other[index]))
    );
  }
  if (!isPlainObject(one) || !isPlainObject(other)) return false;
  let more = 0;
  for (const name of Object.keys(one)) {
    if (one[name] === undefined || except.includes(name)) continue;
    if (other[name] === undefined || !isEqual(one[name], other[name])) return false;
    more += 1;
  }
  for (const name of Object.keys(other)) if (other[name] !== undefined && !except.includes(name)) more -= 1;
  return more === 0;
}
