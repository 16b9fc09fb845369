/** What differs between two sets of manifests, each difference as the object and the path of the field. */
export type Difference = `${string}: ${string}`;

interface Identified {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

function identityOf({ apiVersion, kind, metadata }: Identified): string {
  return [apiVersion, kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join(' ');
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Paths at which two values differ; where one is there and the other is not, the path of the whole. */
function differingPaths(one: unknown, other: unknown, path = ''): string[] {
  if (Object.is(one, other)) return [];
  if (!isContainer(one) || !isContainer(other) || Array.isArray(one) !== Array.isArray(other)) return [path];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].flatMap((key) => differingPaths(one[key], other[key], path === '' ? key : `${path}.${key}`));
}

/** Differences between whole manifests, and manifests that only one side has. */
export function manifestDifferences(one: readonly object[], other: readonly object[]): Difference[] {
  const index = (manifests: readonly object[]) =>
    new Map((manifests as readonly Identified[]).map((manifest) => [identityOf(manifest), manifest]));
  const [left, right] = [index(one), index(other)];
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((identity) =>
    differingPaths(left.get(identity), right.get(identity)).map(
      (path): Difference => `${identity}: ${path || '(whole)'}`,
    ),
  );
}
