import { describe, expect, it } from '@jest/globals';
import { Testing } from 'cdk8s';
import { Names } from '../../configuration/names.ts';
import type { ManagedSettingsProps } from '../../managed/managed-settings.ts';
import { testChart } from '../../managed/test-chart.ts';
import type { GlobalDatabaseProps, MemberRegion } from './global-database.ts';
import { GlobalDatabase } from './global-database.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly managementPolicies: readonly string[];
    readonly forProvider: Readonly<Record<string, unknown>>;
    readonly initProvider?: Readonly<Record<string, unknown>>;
  };
}

const memberRegion = (region: string): MemberRegion => ({
  region,
  zones: [`${region}a`, `${region}b`],
  subnets: [{ name: `subnet-1-${region}-test` }, { name: `subnet-2-${region}-test` }],
  securityGroup: { name: `aurora-sg-${region}-test` },
  keyArn: `arn:aws:kms:${region}:123456789012:alias/key-${region}-test`,
  capacity: { minimum: 0.5, maximum: 1 },
});

const props: GlobalDatabaseProps = {
  names: new Names('test'),
  accountId: '123456789012',
  home: 'us-east-1',
  primary: 'us-east-1',
  regions: [memberRegion('us-east-1'), memberRegion('us-west-2')],
  databaseName: 'transactions',
  masterUser: { name: 'admin', password: { name: 'master-password', key: 'password' } },
  options: {
    engineVersion: '8.0.mysql_aurora.3.10.0',
    instanceClass: 'db.serverless',
    instancesPerRegion: 3,
    port: 3306,
    parameters: { character_set_server: 'utf8mb4', binlog_format: 'ROW' },
    backups: { retentionDays: 7, window: '03:00-04:00' },
    maintenanceWindow: 'mon:04:00-mon:05:00',
    logs: ['audit', 'error'],
    iamAuthentication: true,
  },
  deletion: { protection: true, finalSnapshot: true },
};

function synthesize(
  changes: Partial<GlobalDatabaseProps> = {},
  settings: Partial<ManagedSettingsProps> = {},
): readonly Manifest[] {
  const chart = testChart(settings);
  new GlobalDatabase(chart, 'database', { ...props, ...changes });
  return Testing.synth(chart) as Manifest[];
}

const ofKind = (manifests: readonly Manifest[], ...kinds: readonly string[]): readonly Manifest[] =>
  manifests.filter(({ kind }) => kinds.includes(kind));

describe('a global database', () => {
  it.each(['namespaced', 'cluster'] as const)('given the %s scope, is what the snapshot says', (scope) => {
    expect(synthesize({}, { scope })).toMatchSnapshot();
  });

  it('keeps what AWS or a failover changes out of what it is kept to', () => {
    const clusters = ofKind(synthesize(), 'Cluster');
    expect(clusters).toHaveLength(2);
    for (const { spec } of clusters) {
      expect(spec.forProvider).toMatchObject({ globalClusterIdentifier: 'aurora-global-test' });
      const forCreationAlone = [
        'replicationSourceIdentifier',
        'sourceRegion',
        'masterUsername',
        'databaseName',
        'kmsKeyId',
      ];
      for (const field of forCreationAlone) expect(spec.forProvider).not.toHaveProperty(field);
      expect(spec.initProvider).toHaveProperty('replicationSourceIdentifier', expect.stringMatching(/^arn:aws:rds:/));
    }
    const [globalCluster] = ofKind(synthesize(), 'GlobalCluster');
    expect(globalCluster?.spec.forProvider).not.toHaveProperty('sourceDbClusterIdentifier');
  });

  it.each([
    [false, false, ['Observe', 'Create']],
    [true, false, ['Observe', 'Create', 'Update']],
    [false, true, ['Observe', 'Create', 'Delete']],
    [true, true, ['Observe', 'Create', 'Update', 'Delete']],
  ])(
    'given that updates are allowed: %p, and deletion of data: %p, lets Crossplane %p clusters, and never late-initialise',
    (isUpdatable, isDataDeletable, expected) => {
      const manifests = ofKind(synthesize({ isUpdatable }, { isDataDeletable }), 'GlobalCluster', 'Cluster');
      expect(manifests).toHaveLength(3);
      for (const { spec } of manifests) expect(spec.managementPolicies).toEqual(expected);
    },
  );

  it('is never pruned, instances included', () => {
    const manifests = ofKind(synthesize(), 'GlobalCluster', 'Cluster', 'ClusterInstance');
    expect(manifests).toHaveLength(9);
    for (const { metadata } of manifests) {
      expect(metadata.annotations).toMatchObject({ 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' });
    }
  });

  it('gives secondaries neither user nor password nor database', () => {
    const [, secondary] = ofKind(synthesize(), 'Cluster');
    expect(JSON.stringify(secondary)).not.toMatch(/master|databaseName|autoGenerate/i);
  });

  it('spreads instances over the zones, all patched by hand and the first promoted first', () => {
    const instances = ofKind(synthesize(), 'ClusterInstance').slice(0, 3);
    expect(instances.map(({ spec }) => spec.forProvider['availabilityZone'])).toEqual([
      'us-east-1a',
      'us-east-1b',
      'us-east-1a',
    ]);
    expect(instances.map(({ spec }) => spec.forProvider['promotionTier'])).toEqual([0, 1, 1]);
    expect(instances.map(({ spec }) => spec.forProvider['autoMinorVersionUpgrade'])).toEqual([false, false, false]);
  });

  it('given a class of provisioned instances, states no capacity', () => {
    const options = { ...props.options, instanceClass: 'db.r8g.large' };
    const [cluster] = ofKind(synthesize({ options }), 'Cluster');
    expect(cluster?.spec.forProvider).not.toHaveProperty('serverlessv2ScalingConfiguration');
  });

  it('given that no snapshot is wanted, names none', () => {
    const [cluster] = ofKind(synthesize({ deletion: { protection: false, finalSnapshot: false } }), 'Cluster');
    expect(cluster?.spec.forProvider).toMatchObject({ skipFinalSnapshot: true, deletionProtection: false });
    expect(cluster?.spec.forProvider).not.toHaveProperty('finalSnapshotIdentifier');
  });
});
