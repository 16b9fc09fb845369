/** What these tests look at of an object. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly forProvider?: Parameters;
    readonly initProvider?: Parameters;
    readonly managementPolicies?: readonly string[];
    readonly [field: string]: unknown;
  };
  readonly data?: unknown;
  readonly stringData?: unknown;
}

export type Parameters = Readonly<Record<string, unknown>>;

/** A value somewhere in an object. */
export interface Field {
  /** The last part of the path; items of a list have their list's. */
  readonly key: string;
  readonly path: string;
  readonly value: unknown;
}

/** Everything in a value, at any depth. */
export function* fieldsOf(value: unknown, path: string, key = ''): Generator<Field> {
  yield { key, path, value };
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* fieldsOf(item, `${path}[${index}]`, key);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, field] of Object.entries(value)) yield* fieldsOf(field, `${path}.${name}`, name);
  }
}

/** `sns.Topic`: kind with the service, the same in both scopes; undefined for what no provider manages. */
export function managedKindOf({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): string | undefined {
  const service = /^(?<service>[a-z0-9]+)\.aws\.(m\.)?upbound\.io\//.exec(apiVersion)?.groups?.['service'];
  return service === undefined ? undefined : `${service}.${kind}`;
}

/** What AWS is told: at creation, and what it is kept to. */
export function parametersOf({ spec }: Manifest): Parameters {
  return { ...spec?.initProvider, ...spec?.forProvider };
}

/** For messages. */
export function titleOf(manifest: Manifest): string {
  return `${managedKindOf(manifest) ?? manifest.kind} ${manifest.metadata.name}`;
}
