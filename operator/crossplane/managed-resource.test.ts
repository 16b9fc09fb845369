import { describe, expect, it } from '@jest/globals';
import { describeResource, readManagedResource } from './managed-resource.ts';
import { arnOf, managedObject, managedResource, managedType } from './testing/managed-objects.ts';

describe('readManagedResource', () => {
  it('given a member cluster, then names, stated fields and marks are read', () => {
    const resource = managedResource({
      annotations: {
        'crossplane.io/paused': 'true',
        'aurora-dr.io/paused-by': 'payments/tx',
        'aurora-dr.io/paused-for': 'failover-1',
        'aurora-dr.io/paused-from': 'us-east-1',
      },
      forProvider: { sourceRegion: 'us-west-2', replicationSourceIdentifier: '' },
      initProvider: { replicationSourceIdentifier: arnOf('us-west-2') },
      atProvider: { arn: arnOf('us-east-1') },
    });
    expect(resource).toEqual({
      type: managedType('Cluster'),
      kind: 'Cluster',
      namespace: 'databases',
      name: 'east',
      uid: 'uid-east',
      resourceVersion: '1',
      region: 'us-east-1',
      externalName: 'prod',
      arn: arnOf('us-east-1'),
      // An empty source states none.
      forProvider: { globalClusterIdentifier: 'global', sourceRegion: 'us-west-2' },
      initProvider: { replicationSourceIdentifier: arnOf('us-west-2') },
      canUpdate: true,
      isBeingDeleted: false,
      isPaused: true,
      pausedBy: 'payments/tx',
      pausedFor: 'failover-1',
      pausedFrom: 'us-east-1',
    });
    expect(describeResource(resource)).toBe('Cluster databases/east (us-east-1)');
  });

  it.each([
    ['stated nowhere', {}, true],
    ['empty', { managementPolicies: [] }, true],
    ['everything', { managementPolicies: ['*'] }, true],
    ['with Update', { managementPolicies: ['Observe', 'Update'] }, true],
    ['without Update', { managementPolicies: ['Observe', 'Create', 'Delete'] }, false],
  ])('given managementPolicies %s, then they decide whether the provider may update', (_, spec, canUpdate) => {
    expect(managedResource({ spec }).canUpdate).toBe(canUpdate);
  });

  it.each([
    ['may be carried out', {}, true],
    ['orphans the cluster', { deletionPolicy: 'Orphan' }, false],
    ['is not among the policies', { managementPolicies: ['Observe', 'Update'] }, false],
  ])('given a deletion that %s, then it counts or not', (_, spec, isBeingDeleted) => {
    const resource = managedResource({ spec, deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(resource.isBeingDeleted).toBe(isBeingDeleted);
  });

  it.each([
    ['its own statement', { forProvider: { clusterIdentifier: 'prod' } }, { clusterIdentifier: 'prod' }],
    ['its creation', { initProvider: { clusterIdentifier: 'prod' } }, { clusterIdentifier: 'prod' }],
    ['what AWS said', { atProvider: { clusterIdentifier: 'prod' } }, { clusterIdentifier: 'prod' }],
    ['a reference', { forProvider: { clusterIdentifierRef: { name: 'east' } } }, { clusterReference: 'east' }],
    ['a first reference', { initProvider: { clusterIdentifierRef: { name: 'east' } } }, { clusterReference: 'east' }],
  ])('given an instance, then its cluster is known by %s', (_, props, expected) => {
    expect(managedResource({ kind: 'ClusterInstance', ...props })).toMatchObject(expected);
  });

  it('given a paused annotation that is not "true", a resource without a region or another kind, then each is what it is', () => {
    expect(managedResource({ annotations: { 'crossplane.io/paused': 'false' } }).isPaused).toBe(false);
    const nowhere = managedObject({ forProvider: { region: undefined } });
    expect(readManagedResource(managedType('Cluster'), nowhere)).toBeUndefined();
    const numbered = managedObject({ forProvider: { region: 1 } });
    expect(readManagedResource(managedType('Cluster'), numbered)).toBeUndefined();
    const proxy = { ...managedType('Cluster'), kind: 'Proxy' };
    expect(readManagedResource(proxy, managedObject())).toBeUndefined();
  });

  it('given an object without annotations, namespace or status, then it is read all the same', () => {
    const object = managedObject();
    const bare = { ...object, metadata: { name: object.metadata.name }, status: undefined };
    const resource = readManagedResource(managedType('Cluster', 'rds.aws.upbound.io'), bare);
    expect(resource).toMatchObject({ name: 'east', isPaused: false });
    expect(resource).not.toHaveProperty('externalName');
    expect(resource && describeResource(resource)).toBe('Cluster east (us-east-1)');
  });

  it('given parts that are null, a text or empty, then they state nothing', () => {
    const object = managedObject({ namespace: '', spec: { initProvider: null } });
    const resource = readManagedResource(managedType('Cluster'), { ...object, status: null } as typeof object);
    expect(resource).toMatchObject({ name: 'east', initProvider: {} });
    expect(resource).not.toHaveProperty('namespace');
    const unstated = { ...object, spec: { forProvider: null } };
    expect(readManagedResource(managedType('Cluster'), unstated)).toBeUndefined();
    const text = { ...object, spec: 'text' };
    expect(readManagedResource(managedType('Cluster'), text)).toBeUndefined();
  });

  it('given an instance whose creation named another cluster, then its present statement counts', () => {
    const props = {
      kind: 'ClusterInstance' as const,
      forProvider: { clusterIdentifier: 'now', clusterIdentifierRef: { name: 'now' } },
      initProvider: { clusterIdentifier: 'first', clusterIdentifierRef: { name: 'first' } },
      atProvider: { clusterIdentifier: 'seen' },
    };
    expect(managedResource(props)).toMatchObject({ clusterIdentifier: 'now', clusterReference: 'now' });
  });
});
