/** The policy on whose behalf something is published. */
export interface PolicyRef {
  readonly namespace: string;
  readonly name: string;
}

/** Where a policy wants its writer published: the part of `spec.publish` that lives in Kubernetes. */
export interface PublishTargets {
  /** An ExternalName Service in the policy's namespace. */
  readonly service?: { readonly name: string };
  /** A ConfigMap in the policy's namespace. */
  readonly configMap?: { readonly name: string };
}

/** The writer of a global cluster, as clients are to find it. */
export interface Writer {
  /** Host name of the writer endpoint, without a port. */
  readonly host: string;
  readonly port: number;
  readonly region: string;
  readonly clusterIdentifier: string;
  readonly clusterArn: string;
  readonly globalClusterIdentifier: string;
  /** The operation that made it the writer; absent when no operation of this operator did. */
  readonly operationId?: string;
}

/** `published`: clients are sent to the writer. `fenced`: clients are sent nowhere. */
export type PublicationState = 'published' | 'fenced';

/** One Kubernetes object that carries the writer's address. */
export interface PublishedObject {
  readonly kind: 'Service' | 'ConfigMap';
  readonly name: string;
  /** False when the object said all this already and was left alone. */
  readonly isChanged: boolean;
}

/** What clients are told now. */
export interface PublishedState {
  readonly state: PublicationState;
  /** The host that clients get: the writer's, or `fenced.invalid`. */
  readonly host: string;
  readonly port: number;
  /** Empty when the policy publishes nowhere. */
  readonly objects: readonly PublishedObject[];
}
