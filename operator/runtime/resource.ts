/** Which kind of Kubernetes object, and where the API server serves it. */
export interface ResourceType {
  /** `''` is the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** The fields of metadata that the operator uses. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  /** Absent on objects that were not created yet. */
  uid?: string;
  /** Absent on objects that were not created yet; in an update it is the precondition. */
  resourceVersion?: string;
  generation?: number;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  /** RFC 3339. */
  creationTimestamp?: string;
  /** RFC 3339; present once somebody asked for deletion and finalizers hold it. */
  deletionTimestamp?: string;
  managedFields?: unknown[];
}

/** What every Kubernetes object has. Kinds extend it with their spec and status. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** Names one object of a {@link ResourceType}. */
export interface ObjectReference {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `namespace/name`, or `name` alone for cluster-scoped objects. */
export function keyOf(object: { readonly metadata: ObjectReference }): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** The inverse of {@link keyOf}. */
export function referenceOf(key: string): ObjectReference {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** `group/version`, as objects spell it in `apiVersion`. */
export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}
