import { REQUEST_ANNOTATIONS } from '../../operator/api/v1alpha1/annotations.ts';

/** What an Application does not compare, and with RespectIgnoreDifferences does not write: an item of `ignoreDifferences`. */
export interface IgnoredDifference {
  /** May hold wildcards. */
  readonly group: string;
  readonly kind: string;
  readonly jsonPointers?: readonly string[];
  readonly managedFieldsManagers?: readonly string[];
}

/** RFC 6901: a slash within a key. */
const annotationPointer = (key: string): string => `/metadata/annotations/${key.replaceAll('/', '~1')}`;
const tagPointer = (key: string): string => `/spec/forProvider/tags/${key}`;

/**
 * What Crossplane writes into an object besides its status: names that AWS gave, how far creation got (losing that makes it
 * create a second time), and the tags by which it knows its own. Nothing is late-initialised here. Finalizers are left out: a sync
 * would copy them into what it applies, and hold on to them.
 */
const WRITTEN_BY_CROSSPLANE = [
  '/status',
  ...['external-name', 'external-create-pending', 'external-create-succeeded', 'external-create-failed'].map((key) =>
    annotationPointer(`crossplane.io/${key}`),
  ),
  ...['crossplane-kind', 'crossplane-name', 'crossplane-providerconfig'].map(tagPointer),
];

/**
 * Ids that stand beside each reference once it is resolved: crossplane-runtime's field manager for them. It owns whole lists where
 * references stand in items, `vpc` of a zone: by pointers to ids alone, Argo CD and Crossplane would write it in turn for ever.
 */
const REFERENCE_RESOLVER = 'managed.crossplane.io/api-simple-reference-resolver';

/** The pause of a database during and after a role change, and the mark of who paused it. */
const PAUSES = [
  'crossplane.io/paused',
  'aurora-dr.io/paused-by',
  'aurora-dr.io/paused-for',
  'aurora-dr.io/paused-from',
];

const PAUSED_KINDS = ['Cluster', 'ClusterInstance', 'GlobalCluster'];

/** An object, as far as it matters here. */
interface TypedObject {
  readonly apiVersion: string;
  readonly kind: string;
}

function groupOf({ apiVersion }: TypedObject): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

const isManaged = (group: string): boolean => /\.aws\.(m\.)?upbound\.io$/.test(group);

/** Everything that the operator and Crossplane write into objects of these kinds. */
export function ignoredDifferences(objects: readonly TypedObject[]): IgnoredDifference[] {
  const groups = [...new Set(objects.map(groupOf))].toSorted();
  const has = (group: string, kind: string): boolean =>
    objects.some((object) => groupOf(object) === group && object.kind === kind);
  const managed = groups.filter(isManaged).map((group) => ({
    group,
    kind: '*',
    jsonPointers: WRITTEN_BY_CROSSPLANE,
    managedFieldsManagers: [REFERENCE_RESOLVER],
  }));
  const paused = groups
    .filter((group) => group.startsWith('rds.'))
    .flatMap((group) => PAUSED_KINDS.filter((kind) => has(group, kind)).map((kind) => ({ group, kind })))
    .map((one) => ({ ...one, jsonPointers: PAUSES.map(annotationPointer) }));
  const policies = has('aurora-dr.io', 'DisasterRecoveryPolicy')
    ? [
        {
          group: 'aurora-dr.io',
          kind: 'DisasterRecoveryPolicy',
          // Requests of people, which the operator takes away; they are never in Git.
          jsonPointers: ['/status', ...REQUEST_ANNOTATIONS.map(annotationPointer)],
        },
      ]
    : [];
  return [...managed, ...paused, ...policies];
}
