import { describe, expect, it } from '@jest/globals';
import { declaredRoleOf, judgeRoleDrift } from './role-drift.ts';
import { arnOf, managedResource, rolesWith, type ManagedObjectProps } from './testing/managed-objects.ts';

const EAST = arnOf('us-east-1');
const WEST = arnOf('us-west-2');

const findings = (props: ManagedObjectProps, primary: 'us-east-1' | 'us-west-2'): string[] =>
  judgeRoleDrift([managedResource(props)], rolesWith(primary)).map(({ effect, field }) => `${effect} ${field}`);

describe('declaredRoleOf', () => {
  it.each([
    ['no source', {}, { role: 'Primary' }],
    ['a source', { forProvider: { replicationSourceIdentifier: WEST } }, { role: 'Secondary', source: WEST }],
    [
      'a source at creation',
      { initProvider: { replicationSourceIdentifier: WEST } },
      { role: 'Neutral', source: WEST },
    ],
    [
      'both',
      { forProvider: { replicationSourceIdentifier: WEST }, initProvider: { replicationSourceIdentifier: EAST } },
      { role: 'Secondary', source: WEST },
    ],
  ])('given %s, then that is its role', (_, props, expected) => {
    expect(declaredRoleOf(managedResource(props))).toEqual(expected);
  });
});

describe('judgeRoleDrift', () => {
  describe('the replication source of a cluster in us-east-1', () => {
    const stated = (source: string): ManagedObjectProps => ({ forProvider: { replicationSourceIdentifier: source } });
    const atCreation = (source: string): ManagedObjectProps => ({
      initProvider: { replicationSourceIdentifier: source },
    });

    it.each<[string, ManagedObjectProps, 'us-east-1' | 'us-west-2', string[]]>([
      ['primary, none stated', {}, 'us-east-1', []],
      ['secondary, none stated', {}, 'us-west-2', ['Promote forProvider.replicationSourceIdentifier']],
      ['secondary, the primary stated', stated(WEST), 'us-west-2', []],
      ['secondary, another stated', stated(EAST), 'us-west-2', ['Replace forProvider.replicationSourceIdentifier']],
      [
        'secondary, another cluster of the primary’s region stated',
        stated(arnOf('us-west-2', 'other')),
        'us-west-2',
        ['Replace forProvider.replicationSourceIdentifier'],
      ],
      ['primary, one stated', stated(WEST), 'us-east-1', ['Replace forProvider.replicationSourceIdentifier']],
      ['primary, one at creation', atCreation(WEST), 'us-east-1', []],
      ['secondary, the primary at creation', atCreation(WEST), 'us-west-2', []],
      [
        'secondary, another at creation',
        atCreation(EAST),
        'us-west-2',
        ['Replace initProvider.replicationSourceIdentifier'],
      ],
      [
        'secondary, a bare identifier, which means its own region',
        stated('prod'),
        'us-west-2',
        ['Replace forProvider.replicationSourceIdentifier'],
      ],
    ])('given %s, when judged, finds what a provider would do', (_, props, primary, expected) => {
      expect(findings(props, primary)).toEqual(expected);
    });
  });

  it.each<[string, object, object, string[]]>([
    ['stated', { globalClusterIdentifier: 'global' }, {}, []],
    ['at creation', { globalClusterIdentifier: undefined }, { globalClusterIdentifier: 'global' }, []],
    ['nowhere', { globalClusterIdentifier: undefined }, {}, ['Detach forProvider.globalClusterIdentifier']],
    ['another', { globalClusterIdentifier: 'other' }, {}, ['Detach forProvider.globalClusterIdentifier']],
    [
      'another at creation',
      { globalClusterIdentifier: undefined },
      { globalClusterIdentifier: 'other' },
      ['Detach initProvider.globalClusterIdentifier'],
    ],
  ])(
    'given the global cluster %s, when judged, a member that would leave is found',
    (_, forProvider, initProvider, expected) => {
      expect(findings({ forProvider, initProvider }, 'us-east-1')).toEqual(expected);
    },
  );

  it.each<[string, 'us-east-1' | 'us-west-2', string[]]>([
    ['us-west-2', 'us-west-2', []],
    ['us-west-2', 'us-east-1', ['Replace forProvider.sourceRegion']],
    ['us-east-1', 'us-east-1', ['Replace forProvider.sourceRegion']],
    ['eu-west-1', 'us-west-2', ['Replace forProvider.sourceRegion']],
  ])(
    'given source region %s in a us-east-1 cluster and primary %s, when judged, a swapped region is found',
    (sourceRegion, primary, expected) => {
      const initProvider = { replicationSourceIdentifier: arnOf(primary) };
      expect(findings({ forProvider: { sourceRegion }, initProvider }, primary)).toEqual(expected);
    },
  );

  it.each<[string, object, string[]]>([
    ['nothing', {}, []],
    ['the primary', { sourceDbClusterIdentifier: EAST }, []],
    ['the primary by its identifier alone', { sourceDbClusterIdentifier: 'prod' }, []],
    ['the old primary', { sourceDbClusterIdentifier: WEST }, ['Replace forProvider.sourceDbClusterIdentifier']],
  ])('given a global cluster that states %s as its source, when judged, then so', (_, forProvider, expected) => {
    expect(findings({ kind: 'GlobalCluster', forProvider }, 'us-east-1')).toEqual(expected);
  });

  it('given an instance, or a cluster that is no member, when judged, neither has a role to contradict', () => {
    expect(findings({ kind: 'ClusterInstance', forProvider: { clusterIdentifier: 'prod' } }, 'us-west-2')).toEqual([]);
    expect(findings({ forProvider: { region: 'eu-west-1', globalClusterIdentifier: 'x' } }, 'us-west-2')).toEqual([]);
  });

  it('given another cluster in the region of a member, when judged, then it has no role to contradict', () => {
    const annotations = { 'crossplane.io/external-name': 'other' };
    expect(findings({ annotations }, 'us-west-2')).toEqual([]);
  });

  it('given two secondaries, when judged, then each has its role', () => {
    const roles = rolesWith('us-west-2');
    const secondaries = [...roles.secondaries, { region: 'eu-west-1', clusterIdentifier: 'prod' }];
    const drifts = judgeRoleDrift([managedResource()], { ...roles, secondaries });
    expect(drifts).toMatchObject([{ effect: 'Promote' }]);
  });

  it('given a cluster that is being deleted, when judged, it would leave', () => {
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(findings({ deletionTimestamp }, 'us-east-1')).toEqual(['Detach metadata.deletionTimestamp']);
    const armed = judgeRoleDrift([managedResource({ deletionTimestamp })], rolesWith('us-east-1'));
    expect(armed).toMatchObject([{ isArmed: true }]);
    expect(findings({ kind: 'ClusterInstance', deletionTimestamp }, 'us-east-1')).toEqual([]);
  });

  it('given a layout in which the roles’ fields are stated at creation and each names the other, when roles swap, nothing differs', () => {
    const east = managedResource({ initProvider: { replicationSourceIdentifier: WEST } });
    const west = managedResource({
      name: 'west',
      forProvider: { region: 'us-west-2' },
      initProvider: { replicationSourceIdentifier: EAST },
    });
    expect(judgeRoleDrift([east, west], rolesWith('us-east-1'))).toEqual([]);
    expect(judgeRoleDrift([east, west], rolesWith('us-west-2'))).toEqual([]);
  });

  it('given a resource without Update, when judged, the difference is told and is not armed', () => {
    const [drift] = judgeRoleDrift(
      [managedResource({ spec: { managementPolicies: ['Observe', 'Create'] } })],
      rolesWith('us-west-2'),
    );
    expect(drift).toMatchObject({ effect: 'Promote', isArmed: false });
    expect(drift?.message).toBe(
      'Cluster databases/east (us-east-1) is a secondary and states no replication source, as only the primary may: ' +
        'managementPolicies keep the provider from acting on it',
    );
    const [armed] = judgeRoleDrift([managedResource()], rolesWith('us-west-2'));
    expect(armed).toMatchObject({ isArmed: true });
    expect(armed?.message).toContain('would promote it to a standalone cluster');
  });
});
