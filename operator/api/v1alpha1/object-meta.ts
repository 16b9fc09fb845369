/** The part of a Kubernetes object's metadata that the operator uses, as read from the API server. */
export interface ObjectMeta {
  name: string;
  namespace: string;
  /** Differs for every object that ever existed, also for one that was deleted and created again by the same name. */
  uid: string;
  /** Opaque version of the whole object; a write with an outdated one is refused as a conflict. */
  resourceVersion: string;
  /** Counts changes of the spec, from 1. */
  generation: number;
  /** RFC 3339. */
  creationTimestamp: string;
  /** RFC 3339; set once deletion was requested and finalizers hold it back. */
  deletionTimestamp?: string;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  finalizers?: string[];
}
