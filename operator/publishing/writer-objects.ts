import { createHash } from 'node:crypto';
import type { KubeObject, ResourceType } from '../runtime/resource.ts';
import type { PolicyRef, PublicationState, Writer } from './writer.ts';

/** Who the API server says wrote the published fields. */
export const fieldManager = 'aurora-dr-operator';
export const managedByLabel = 'app.kubernetes.io/managed-by';
export const policyLabel = 'aurora-dr.io/policy';

/** No resolver may ever find it: RFC 2606 section 2 and RFC 6761 section 6.4 keep `.invalid` empty. */
export const fencedHost = 'fenced.invalid';

export const serviceType: ResourceType = {
  group: '',
  version: 'v1',
  plural: 'services',
  kind: 'Service',
  namespaced: true,
};
export const configMapType: ResourceType = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};

/** The part of a Service that matters here. */
export interface ServiceObject extends KubeObject {
  spec?: { type?: string; externalName?: string };
}

/** The part of a ConfigMap that matters here. */
export interface ConfigMapObject extends KubeObject {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
  immutable?: boolean;
}

/** What clients find in the ConfigMap; every key is always there, `operationId` may be empty. */
export type WriterData = Readonly<
  Record<
    | 'writerEndpoint'
    | 'port'
    | 'primaryRegion'
    | 'clusterIdentifier'
    | 'clusterArn'
    | 'globalClusterIdentifier'
    | 'state'
    | 'operationId',
    string
  >
>;

/** The host that clients are to get in this state. */
export function publishedHost(state: PublicationState, writer: Writer): string {
  return state === 'fenced' ? fencedHost : writer.host;
}

/**
 * The ExternalName Service that leads to the writer. It has no owner reference, and neither has the ConfigMap: deleting
 * the policy ends the automation, it must not take the database's address away from running clients.
 *
 * A host that is an IPv4 address passes the API server's validation but makes a CNAME record that resolves nowhere: fine
 * for local trials that read the field, never for clients that resolve the name
 * (https://kubernetes.io/docs/concepts/services-networking/service/#externalname).
 */
export function writerService(policy: PolicyRef, name: string, state: PublicationState, writer: Writer): ServiceObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: policy.namespace, labels: ownershipLabels(policy) },
    spec: { type: 'ExternalName', externalName: publishedHost(state, writer) },
  };
}

/** The ConfigMap for clients that want more than a name. Fenced, it still says where the writer was last. */
export function writerConfigMap(
  policy: PolicyRef,
  name: string,
  state: PublicationState,
  writer: Writer,
): ConfigMapObject & { data: WriterData } {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: policy.namespace, labels: ownershipLabels(policy) },
    data: {
      writerEndpoint: publishedHost(state, writer),
      port: String(writer.port),
      primaryRegion: writer.region,
      clusterIdentifier: writer.clusterIdentifier,
      clusterArn: writer.clusterArn,
      globalClusterIdentifier: writer.globalClusterIdentifier,
      state,
      operationId: writer.operationId ?? '',
    },
  };
}

/** Why the Service of that name may not be written; undefined when it may. */
export function serviceObstacle(existing: ServiceObject, policy: PolicyRef): string | undefined {
  if (isManaged(existing)) return otherPolicyObstacle(existing, policy);
  const type = existing.spec?.type ?? 'ClusterIP';
  // An ExternalName Service that somebody prepared is exactly what spec.publish asks to be kept up to date.
  return type === 'ExternalName'
    ? undefined
    : `a Service of that name and of type ${type} exists and is not this operator's`;
}

/** Why the ConfigMap of that name may not be written; undefined when it may. */
export function configMapObstacle(
  existing: ConfigMapObject,
  policy: PolicyRef,
  desired: WriterData,
): string | undefined {
  if (isManaged(existing)) return otherPolicyObstacle(existing, policy);
  const foreign = [...Object.keys(existing.data ?? {}), ...Object.keys(existing.binaryData ?? {})].filter(
    (key) => !Object.hasOwn(desired, key),
  );
  if (foreign.length === 0) return undefined;
  return `a ConfigMap of that name exists, is not this operator's and holds other data (${foreign.slice(0, 3).join(', ')})`;
}

/** Whether the object as it is says everything that the desired one says. */
export function isUpToDate(
  existing: ServiceObject & ConfigMapObject,
  desired: ServiceObject & ConfigMapObject,
): boolean {
  return (
    contains(existing.metadata.labels, desired.metadata.labels) &&
    contains(existing.spec, desired.spec) &&
    contains(existing.data, desired.data)
  );
}

function contains(existing: object = {}, desired: object = {}): boolean {
  const present = new Map<string, unknown>(Object.entries(existing));
  return Object.entries(desired).every(([key, value]) => present.get(key) === value);
}

function isManaged(existing: KubeObject): boolean {
  return existing.metadata.labels?.[managedByLabel] === fieldManager;
}

function otherPolicyObstacle(existing: KubeObject, policy: PolicyRef): string | undefined {
  const owner = existing.metadata.labels?.[policyLabel];
  return owner === undefined || owner === policyLabelValue(policy.name)
    ? undefined
    : `it publishes the writer of policy ${owner}, and clients of one name must not be sent to two databases`;
}

function ownershipLabels(policy: PolicyRef): Record<string, string> {
  return { [managedByLabel]: fieldManager, [policyLabel]: policyLabelValue(policy.name) };
}

/** Names have up to 253 characters, label values 63: a longer name is cut and told apart by a hash. */
function policyLabelValue(name: string): string {
  if (name.length <= 63) return name;
  return `${name.slice(0, 50)}-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;
}
