import type { WatchEvent } from './kube-client.ts';
import { keyOf, type KubeObject } from './resource.ts';

export type StoreChange = 'added' | 'updated' | 'deleted';

/** `previous` is absent for `added`, `current` for `deleted`. A handler only enqueues: it runs inside the watch loop. */
export type StoreHandler<T> = (change: StoreChange, previous: T | undefined, current: T | undefined) => void;

export interface StoreOptions<T extends KubeObject> {
  /** Applied to every object before it is kept: strip, convert or refuse (by throwing). @default - {@link withoutManagedFields} */
  readonly transform?: (object: T) => T;
  /** Told what a handler or the transform threw; the store itself goes on. */
  readonly onError: (error: unknown, key: string) => void;
}

/** The newest known state of every watched object, by {@link keyOf}. Objects in it are shared: never change them. */
export class Store<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #handlers = new Set<StoreHandler<T>>();
  readonly #transform: (object: T) => T;
  readonly #onError: (error: unknown, key: string) => void;

  constructor(options: StoreOptions<T>) {
    this.#transform = options.transform ?? withoutManagedFields;
    this.#onError = options.onError;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  keys(): string[] {
    return [...this.#objects.keys()];
  }

  /** Tells `handler` all that is here already as `added`, and every change from now on. Returns how to end that. */
  subscribe(handler: StoreHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const [key, object] of this.#objects) this.#tell(handler, key, 'added', undefined, object);
    return () => {
      this.#handlers.delete(handler);
    };
  }

  /** Takes over a complete list: what is not in it is gone. */
  replace(items: readonly T[]): void {
    const present = new Set<string>();
    for (const item of items) {
      const key = keyOf(item);
      present.add(key);
      this.#put(key, item);
    }
    for (const key of this.keys()) {
      if (!present.has(key)) this.#remove(key);
    }
  }

  /** Takes over one change. Bookmarks change nothing. */
  apply(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') return;
    const key = keyOf(event.object);
    if (event.type === 'DELETED') this.#remove(key);
    else this.#put(key, event.object);
  }

  #put(key: string, raw: T): void {
    const previous = this.#objects.get(key);
    if (previous !== undefined && isSame(previous, raw)) return;
    let current: T;
    try {
      current = this.#transform(raw);
    } catch (error) {
      // What was known before stays: calling the object deleted would be worse than calling it old.
      this.#onError(error, key);
      return;
    }
    // Deleted and created again while nobody was looking: two objects, not one that changed.
    if (previous !== undefined && previous.metadata.uid !== current.metadata.uid) this.#remove(key);
    const replaced = this.#objects.get(key);
    this.#objects.set(key, current);
    this.#emit(key, replaced === undefined ? 'added' : 'updated', replaced, current);
  }

  #remove(key: string): void {
    const previous = this.#objects.get(key);
    if (previous === undefined) return;
    this.#objects.delete(key);
    this.#emit(key, 'deleted', previous, undefined);
  }

  #emit(key: string, change: StoreChange, previous: T | undefined, current: T | undefined): void {
    for (const handler of this.#handlers) this.#tell(handler, key, change, previous, current);
  }

  #tell(
    handler: StoreHandler<T>,
    key: string,
    change: StoreChange,
    previous: T | undefined,
    current: T | undefined,
  ): void {
    try {
      handler(change, previous, current);
    } catch (error) {
      this.#onError(error, key);
    }
  }
}

/** Drops what a server-side apply leaves behind and nobody here reads: often half of an object's size. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function isSame(one: KubeObject, other: KubeObject): boolean {
  return (
    one.metadata.resourceVersion !== undefined &&
    one.metadata.resourceVersion === other.metadata.resourceVersion &&
    one.metadata.uid === other.metadata.uid
  );
}
