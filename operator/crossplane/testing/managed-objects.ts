import type { KubeObject, ResourceType } from '../../runtime/resource.ts';
import { readManagedResource, type ManagedKind, type ManagedResource } from '../managed-resource.ts';
import type { ObservedRoles } from '../role-drift.ts';

/** A namespaced managed kind, as Crossplane 2 serves it. */
export function managedType(kind: ManagedKind, group = 'rds.aws.m.upbound.io', version = 'v1beta1'): ResourceType {
  return { group, version, plural: `${kind.toLowerCase()}s`, kind, namespaced: group.includes('.m.') };
}

export interface ManagedObjectProps {
  readonly kind?: ManagedKind;
  readonly name?: string;
  readonly namespace?: string;
  readonly annotations?: Record<string, string>;
  readonly deletionTimestamp?: string;
  readonly spec?: object;
  readonly forProvider?: object;
  readonly initProvider?: object;
  readonly atProvider?: object;
}

/** A managed resource as the API server stores it: by default a Cluster in us-east-1 that is a member of `global`. */
export function managedObject(props: ManagedObjectProps = {}): KubeObject {
  const { kind = 'Cluster', name = 'east', namespace = 'databases', deletionTimestamp } = props;
  const membership = kind === 'Cluster' ? { globalClusterIdentifier: 'global' } : {};
  const object = {
    apiVersion: 'rds.aws.m.upbound.io/v1beta1',
    kind,
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      resourceVersion: '1',
      annotations: {
        'crossplane.io/external-name': kind === 'GlobalCluster' ? 'global' : 'prod',
        ...props.annotations,
      },
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    spec: {
      forProvider: { region: 'us-east-1', ...membership, ...props.forProvider },
      ...(props.initProvider === undefined ? {} : { initProvider: props.initProvider }),
      ...props.spec,
    },
    status: { atProvider: props.atProvider ?? {} },
  };
  return object;
}

/** The same, as the operator sees it. */
export function managedResource(props: ManagedObjectProps = {}): ManagedResource {
  const resource = readManagedResource(managedType(props.kind ?? 'Cluster'), managedObject(props));
  if (resource === undefined) {
    throw new TypeError('cannot read the managed resource of a test');
  }
  return resource;
}

export const arnOf = (region: string, identifier = 'prod'): string =>
  `arn:aws:rds:${region}:123456789012:cluster:${identifier}`;

/** Two members called `prod`; the given region is the primary. */
export function rolesWith(primary: 'us-east-1' | 'us-west-2'): ObservedRoles {
  const secondary = primary === 'us-east-1' ? 'us-west-2' : 'us-east-1';
  return {
    globalClusterIdentifier: 'global',
    primary: { region: primary, clusterIdentifier: 'prod' },
    secondaries: [{ region: secondary, clusterIdentifier: 'prod' }],
  };
}
