/** When a reference is resolved, and whether it has to be. */
export interface ReferencePolicy {
  /** @default - Required */
  readonly resolution?: 'Required' | 'Optional';
  /** @default - IfNotPresent */
  readonly resolve?: 'Always' | 'IfNotPresent';
}

/** Another managed resource, by the name of its object: Crossplane puts in its id or ARN as soon as it has one. */
export interface Reference {
  readonly name: string;
  /** Namespaced kinds only. @default - the namespace of the object that refers */
  readonly namespace?: string;
  readonly policy?: ReferencePolicy;
}

/** Other managed resources, by their labels. */
export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchControllerRef?: boolean;
  /** Namespaced kinds only. @default - the namespace of the object that refers */
  readonly namespace?: string;
  readonly policy?: ReferencePolicy;
}

/** A key of a Secret. Cluster-scoped kinds need the namespace, see `ManagedSettings.secretKey`. */
export interface SecretKeyReference {
  readonly name: string;
  readonly key: string;
  readonly namespace?: string;
}
