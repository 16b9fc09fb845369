import { beforeEach, describe, expect, it } from '@jest/globals';
import { apiErrorFrom } from '../runtime/kube-errors.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { FakeKubeClient } from '../runtime/testing/fake-kube-client.ts';
import { ManagedResourceIndex, type ResourceQuery } from './managed-resource-index.ts';
import { readManagedResource, type ManagedKind, type ManagedResource } from './managed-resource.ts';
import { arnOf, managedObject, managedResource, managedType } from './testing/managed-objects.ts';

const CLUSTER_SCOPED = 'rds.aws.upbound.io';
const KINDS: readonly ManagedKind[] = ['Cluster', 'ClusterInstance', 'GlobalCluster'];
const MINUTE = 60_000;
const query: ResourceQuery = {
  globalClusterIdentifier: 'global',
  members: [
    { region: 'us-east-1', clusterIdentifier: 'prod' },
    { region: 'us-west-2', clusterIdentifier: 'prod' },
  ],
  account: '123456789012',
};

let clock: ManualClock;
let kube: FakeKubeClient;
let index: ManagedResourceIndex;
let errors: unknown[];

beforeEach(() => {
  clock = new ManualClock();
  kube = new FakeKubeClient(clock);
  errors = [];
  index = new ManagedResourceIndex({ kube, clock, onError: (error) => errors.push(error) });
});

const names = (found: readonly ManagedResource[]): string[] => found.map(({ name }) => name).sort();

function serve(...groups: readonly string[]): void {
  kube.served.push(...groups.flatMap((group) => KINDS.map((kind) => managedType(kind, group))));
}

async function listed(): Promise<void> {
  index.freshen(false);
  await clock.settle();
}

describe('ManagedResourceIndex', () => {
  it('given no such kinds, when listed, then it knows, and looks again only every ten minutes', async () => {
    expect(index.state).toEqual({ isListed: false, isInstalled: false, forbidden: [] });
    await listed();
    expect(index.state).toEqual({ isListed: true, isInstalled: false, forbidden: [] });
    expect(kube.count('discover')).toBe(2);
    expect(kube.count('list')).toBe(0);
    await clock.advance(9 * MINUTE);
    await listed();
    expect(kube.count('discover')).toBe(2);
    await clock.advance(MINUTE);
    await listed();
    expect(kube.count('discover')).toBe(4);
  });

  it('given resources of both groups, when found, then those of the members, their instances and the global cluster are', async () => {
    serve(CLUSTER_SCOPED, 'rds.aws.m.upbound.io');
    const put = (kind: ManagedKind, props: Parameters<typeof managedObject>[0], group?: string): void => {
      kube.put(managedType(kind, group), managedObject({ kind, ...props }));
    };
    put('Cluster', { name: 'east' });
    put('Cluster', { name: 'west', forProvider: { region: 'us-west-2' } }, CLUSTER_SCOPED);
    put('Cluster', { name: 'elsewhere', forProvider: { region: 'eu-west-1' } });
    put('Cluster', { name: 'other', annotations: { 'crossplane.io/external-name': 'other' } });
    put('Cluster', { name: 'unnamed', annotations: { 'crossplane.io/external-name': '' } });
    put('Cluster', {
      name: 'foreign',
      atProvider: { arn: arnOf('us-east-1').replace('123456789012', '999999999999') },
    });
    put('GlobalCluster', { name: 'world', atProvider: { arn: 'arn:aws:rds::123456789012:global-cluster:global' } });
    put('ClusterInstance', { name: 'east-1', forProvider: { clusterIdentifier: 'prod' } });
    put('ClusterInstance', { name: 'east-2', forProvider: { clusterIdentifierRef: { name: 'east' } } });
    put('ClusterInstance', { name: 'other-1', forProvider: { clusterIdentifier: 'other' } });
    put('ClusterInstance', { name: 'lost' });
    await listed();
    expect(names(index.find(query))).toEqual(['east', 'east-1', 'east-2', 'west', 'world']);
    expect(names(index.find({ ...query, globalClusterIdentifier: 'x', members: [] }))).toEqual([]);
    const { account: _, ...anyAccount } = query;
    expect(names(index.find(anyAccount))).toContain('foreign');
  });

  it('given many resources, when listed, then page by page, once for everybody who asks', async () => {
    serve(CLUSTER_SCOPED);
    for (let number = 0; number < 600; number += 1) {
      kube.put(
        managedType('Cluster', CLUSTER_SCOPED),
        managedObject({ name: `c${number}`, annotations: { 'crossplane.io/external-name': `c${number}` } }),
      );
    }
    for (let policy = 0; policy < 10_000; policy += 1) index.freshen(false);
    await clock.settle();
    // Three pages of clusters, one each of the others.
    expect(kube.count('list')).toBe(5);
    const members = [{ region: 'us-east-1', clusterIdentifier: 'c599' }];
    expect(names(index.find({ globalClusterIdentifier: 'x', members }))).toEqual(['c599']);
  });

  it('given a listing, when it is asked for again, then only once it is old: five minutes, or less while resources are held', async () => {
    serve(CLUSTER_SCOPED);
    await listed();
    expect(kube.count('list')).toBe(3);
    await clock.advance(4 * MINUTE);
    await listed();
    expect(kube.count('list')).toBe(3);
    index.freshen(true);
    await clock.settle();
    expect(kube.count('list')).toBe(6);
    await clock.advance(5 * MINUTE);
    await listed();
    expect(kube.count('list')).toBe(9);
  });

  it('given a role change, when thousands ask for a listing that began after it, then one is made, and no two without a rest', async () => {
    serve(CLUSTER_SCOPED);
    await listed();
    await clock.advance(10);
    for (let policy = 0; policy < 1_000; policy += 1) index.freshen(false, clock.monotonic());
    await clock.settle();
    expect(kube.count('list')).toBe(3);
    await clock.advance(1_000);
    for (let policy = 0; policy < 1_000; policy += 1) index.freshen(false, 10);
    await clock.settle();
    expect(kube.count('list')).toBe(6);
    await clock.advance(MINUTE);
    index.freshen(false, 10);
    await clock.settle();
    expect(kube.count('list')).toBe(6);
  });

  it('given a kind that may not be listed, when listed, then the others are known and it is named', async () => {
    serve(CLUSTER_SCOPED, 'rds.aws.m.upbound.io');
    kube.put(managedType('Cluster'), managedObject());
    kube.before = ({ verb, type }) => {
      if (verb === 'list' && type.group === CLUSTER_SCOPED) {
        throw apiErrorFrom('list', 403, { kind: 'Status', reason: 'Forbidden' });
      }
    };
    await listed();
    expect(names(index.find(query))).toEqual(['east']);
    expect(index.state.forbidden).toEqual([
      'clusters.rds.aws.upbound.io',
      'clusterinstances.rds.aws.upbound.io',
      'globalclusters.rds.aws.upbound.io',
    ]);
    expect(errors).toEqual([]);
  });

  it('given an API server in trouble, when listed, then the last listing stays, and the next attempts come ever later', async () => {
    serve(CLUSTER_SCOPED);
    kube.put(managedType('Cluster', CLUSTER_SCOPED), managedObject());
    await listed();
    kube.before = () => {
      throw apiErrorFrom('discover', 500, 'out of order');
    };
    await clock.advance(5 * MINUTE);
    const before = kube.calls.length;
    for (let second = 0; second < 15; second += 1) {
      await listed();
      await clock.advance(1_000);
    }
    // At 0, 1, 3 and 7 seconds; the next is due at 15.
    expect(kube.calls.length - before).toBe(4);
    expect(index.state).toMatchObject({ isListed: true, failure: expect.stringContaining('out of order') });
    expect(names(index.find(query))).toEqual(['east']);
    kube.before = () => undefined;
    await listed();
    expect(index.state).not.toHaveProperty('failure');
  });

  it('given a write, when looked up, then its result is seen at once, also after a listing that had begun before', async () => {
    serve('rds.aws.m.upbound.io');
    kube.put(managedType('Cluster'), managedObject());
    await listed();
    const [known] = index.find(query);
    const paused = managedResource({ annotations: { 'crossplane.io/paused': 'true' } });
    await clock.advance(5 * MINUTE);
    let release = (): void => undefined;
    kube.after = ({ type }) =>
      type.kind === 'Cluster' ? new Promise<void>((resolve) => (release = resolve)) : undefined;
    await listed();
    await clock.advance(1);
    expect(known).toBeDefined();
    index.note(known ?? paused, paused);
    expect(index.find(query)).toEqual([paused]);
    release();
    await clock.settle();
    expect(index.find(query)).toEqual([paused]);
    kube.after = () => undefined;
    await clock.advance(5 * MINUTE);
    await listed();
    const stored = kube.stored(managedType('Cluster'))[0] ?? managedObject();
    expect(index.find(query)).toEqual([readManagedResource(managedType('Cluster'), stored)]);
    index.note(paused, undefined);
    expect(index.find(query)).toEqual([]);
  });

  it('given a namespace, when listed, then only its namespaced resources are asked for', async () => {
    serve(CLUSTER_SCOPED, 'rds.aws.m.upbound.io');
    kube.put(managedType('Cluster'), managedObject({ name: 'here' }));
    kube.put(managedType('Cluster'), managedObject({ name: 'there', namespace: 'elsewhere' }));
    index = new ManagedResourceIndex({ kube, clock, namespace: 'databases', onError: (error) => errors.push(error) });
    await listed();
    expect(names(index.find(query))).toEqual(['here']);
  });
});
