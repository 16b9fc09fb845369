import type { KubeObject, ObjectReference, ResourceType } from './resource.ts';

export interface CallOptions {
  /** Bounds the whole call, credentials and body included. @default - the client's own, 10 s for HttpKubeClient */
  readonly timeoutMilliseconds?: number | undefined;
  /** Aborting rejects the call with `signal.reason`. A mutating call may still take effect. */
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOptions extends CallOptions {
  /** Whose name the API server puts on the written fields. @default - derived from the user agent */
  readonly fieldManager?: string | undefined;
}

export interface SubresourceOptions extends WriteOptions {
  /** Everything is checked, rights and admission too, and nothing is written. @default false */
  readonly isDryRun?: boolean | undefined;
  readonly subresource?: 'status' | undefined;
}

export interface ApplyOptions extends SubresourceOptions {
  readonly fieldManager: string;
  /** Takes fields over from other managers instead of failing with a ConflictError. */
  readonly force?: boolean | undefined;
}

export interface DeleteOptions extends CallOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground' | undefined;
}

export interface Selection {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  /** Such as `metadata.name=x`. */
  readonly fieldSelector?: string | undefined;
}

export interface ListQuery extends Selection {
  /** Page size. Absent: everything in one answer. */
  readonly limit?: number | undefined;
  /** Where the previous page ended. */
  readonly continue?: string | undefined;
  /** Absent: as new as etcd; `'0'`: whatever the API server has at hand. */
  readonly resourceVersion?: string | undefined;
}

export interface KubeList<T> {
  readonly items: T[];
  /** Where a watch continues. */
  readonly resourceVersion: string;
  /** Present when there is another page. */
  readonly continue?: string;
}

export interface WatchQuery extends Selection {
  /** Only changes after this one are sent. */
  readonly resourceVersion: string;
  /** The server ends the watch after this time. */
  readonly timeoutSeconds: number;
  readonly allowBookmarks: true;
}

/** A BOOKMARK's object has nothing but its kind and `metadata.resourceVersion`. */
export interface WatchEvent<T extends KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Bounds the time until the server accepts the watch. */
  readonly timeoutMilliseconds?: number | undefined;
  /** Called for every sign of life of the connection, the acceptance included. */
  readonly onActivity?: (() => void) | undefined;
}

/** One operation of an RFC 6902 patch. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly from: string; readonly path: string };

/**
 * The Kubernetes API as the operator needs it. Every call is bounded in time, mutates none of its arguments, and fails
 * with a KubeError: KubeApiError (ConflictError for preconditions), KubeTimeoutError or KubeConnectionError. After the
 * last two a mutating call may have taken effect.
 */
export interface KubeClient {
  get<T extends KubeObject>(type: ResourceType, reference: ObjectReference, options?: CallOptions): Promise<T>;

  list<T extends KubeObject>(type: ResourceType, query?: ListQuery, options?: CallOptions): Promise<KubeList<T>>;

  /**
   * Resolves when the server ends the watch in order; rejects with `signal.reason` when aborted, with a KubeApiError for
   * an ERROR event, and with what `onEvent` throws.
   */
  watch<T extends KubeObject>(
    type: ResourceType,
    query: WatchQuery,
    onEvent: (event: WatchEvent<T>) => void,
    options: WatchOptions,
  ): Promise<void>;

  create<T extends KubeObject>(type: ResourceType, object: T, options?: WriteOptions): Promise<T>;

  /** RFC 7386 merge patch. A `metadata.resourceVersion` in the patch is a precondition. */
  mergePatch<T extends KubeObject>(
    type: ResourceType,
    reference: ObjectReference,
    patch: object,
    options?: SubresourceOptions,
  ): Promise<T>;

  /** RFC 6902 JSON patch. A failed `test` is a ConflictError. */
  jsonPatch<T extends KubeObject>(
    type: ResourceType,
    reference: ObjectReference,
    patch: readonly JsonPatchOperation[],
    options?: SubresourceOptions,
  ): Promise<T>;

  /** Server-side apply: creates the object or makes the given fields this manager's own. */
  apply<T extends KubeObject>(type: ResourceType, object: T, options: ApplyOptions): Promise<T>;

  /** Replaces the whole object (PUT). */
  update<T extends KubeObject>(type: ResourceType, object: T, options?: SubresourceOptions): Promise<T>;

  delete(type: ResourceType, reference: ObjectReference, options?: DeleteOptions): Promise<void>;
}
