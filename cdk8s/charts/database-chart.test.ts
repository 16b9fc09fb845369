import { describe, expect, it } from '@jest/globals';
import { createConfiguration } from '../configuration/configuration.ts';
import type { ConfigurationInput } from '../configuration/schema.ts';
import { createInfrastructure } from '../infrastructure.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly forProvider: Readonly<Record<string, unknown>>;
    readonly managementPolicies: readonly string[];
  };
}

function manifestsOf(input: Partial<ConfigurationInput> = {}): readonly Manifest[] {
  const charts = createInfrastructure(createConfiguration({ suffix: 'prod', accountId: '123456789012', ...input }));
  return (charts.find(({ fileName }) => fileName === '40-database.yaml')?.toJson() ?? []) as readonly Manifest[];
}

const ofKind = (manifests: readonly Manifest[], kind: string) => manifests.filter((manifest) => manifest.kind === kind);

describe('the database chart', () => {
  it('by default, is a serverless global database of two regions, protected, with everything that both need', () => {
    const manifests = manifestsOf();
    const names = (kind: string) => ofKind(manifests, kind).map(({ metadata }) => metadata.name);
    expect(names('GlobalCluster')).toEqual(['aurora-global-prod']);
    expect(names('Cluster')).toEqual(['aurora-us-east-1-prod', 'aurora-us-west-2-prod']);
    expect(names('SubnetGroup')).toEqual(['subnet-group-us-east-1-prod', 'subnet-group-us-west-2-prod']);
    expect(ofKind(manifests, 'GlobalCluster')[0]?.spec.forProvider).toMatchObject({
      engine: 'aurora-mysql',
      databaseName: 'transactions',
      storageEncrypted: true,
      deletionProtection: true,
    });
    for (const { spec } of ofKind(manifests, 'Cluster')) {
      expect(spec.managementPolicies).toEqual(['Observe', 'Create']);
      expect(spec.forProvider).toMatchObject({
        engine: 'aurora-mysql',
        engineVersion: expect.stringMatching(/^8\.0\.mysql_aurora\.3\./),
        serverlessv2ScalingConfiguration: { minCapacity: 0.5, maxCapacity: 1 },
        backupRetentionPeriod: 7,
        preferredBackupWindow: '03:00-04:00',
        preferredMaintenanceWindow: 'mon:04:00-mon:05:00',
        enabledCloudwatchLogsExports: ['audit', 'error', 'general', 'slowquery'],
        storageEncrypted: true,
        iamDatabaseAuthenticationEnabled: true,
        deletionProtection: true,
        skipFinalSnapshot: false,
      });
    }
    const parameters = ofKind(manifests, 'ClusterParameterGroup').map(({ spec }) => spec.forProvider);
    expect(parameters.map(({ region }) => region)).toEqual(['us-east-1', 'us-west-2']);
    for (const { parameter } of parameters) {
      expect(parameter).toMatchObject([
        { name: 'binlog_format', value: 'ROW' },
        { name: 'character_set_server', value: 'utf8mb4' },
        // What makes Aurora write the logs that it exports.
        { name: 'log_output', value: 'FILE' },
        { name: 'server_audit_events', value: 'CONNECT,QUERY_DCL,QUERY_DDL' },
        { name: 'server_audit_logging', value: '1' },
        { name: 'slow_query_log', value: '1' },
      ]);
    }
  });

  it('given a capacity of one region, gives it to that region alone', () => {
    const regions = [{ name: 'us-east-1' }, { name: 'us-west-2', capacity: { minimum: 2, maximum: 8 } }];
    const capacities = ofKind(manifestsOf({ regions }), 'Cluster').map(
      ({ spec }) => spec.forProvider['serverlessv2ScalingConfiguration'],
    );
    expect(capacities).toEqual([
      { minCapacity: 0.5, maxCapacity: 1 },
      { minCapacity: 2, maxCapacity: 8 },
    ]);
  });

  it('given that updates and deletion are allowed on purpose, lets Crossplane do both', () => {
    const manifests = manifestsOf({ database: { updates: 'Allowed' }, deletion: { data: 'Allowed' } });
    for (const kind of ['GlobalCluster', 'Cluster']) {
      for (const { spec } of ofKind(manifests, kind)) {
        expect(spec.managementPolicies).toEqual(['Observe', 'Create', 'Update', 'Delete']);
      }
    }
  });
});
