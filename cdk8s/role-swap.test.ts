import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readManagedResource } from '../operator/crossplane/managed-resource.ts';
import { judgeRoleDrift } from '../operator/crossplane/role-drift.ts';
import { managedType } from '../operator/crossplane/testing/managed-objects.ts';
import type { KubeObject } from '../operator/runtime/resource.ts';
import { createConfiguration } from './configuration/configuration.ts';
import type { ConfigurationInput } from './configuration/schema.ts';
import { createInfrastructure, manifestFiles } from './infrastructure.ts';
import { arbitraryConfiguration } from './testing/arbitrary-configuration.ts';
import { manifestDifferences } from './testing/manifest-differences.ts';

const DEFAULTS: ConfigurationInput = { suffix: 'prod', accountId: '123456789012' };

function filesOf(input: ConfigurationInput) {
  return manifestFiles(createInfrastructure(createConfiguration(input)));
}

const manifestsOf = (input: ConfigurationInput): object[] => filesOf(input).flatMap(({ manifests }) => [...manifests]);

/** All that may differ for another declared primary, and why it is harmless. */
const ROLE_FIELDS = [
  // For creation alone: the provider leaves them be afterwards.
  /^rds\S+ Cluster \S*\s?aurora-\S+: spec\.initProvider\.(replicationSourceIdentifier|sourceRegion|masterUsername|databaseName)$/,
  // The same Secret, named by the cluster whose password it is.
  /^rds\S+ Cluster \S*\s?aurora-\S+: spec\.forProvider\.(autoGeneratePassword|masterPasswordSecretRef)$/,
  // Which of the prepared pairs of failover records the writer's name leads to.
  /^route53\S+ Record \S*\s?record-writer-global-\S+: spec\.forProvider\.records\.0$/,
];

const isRoleField = (difference: string): boolean => ROLE_FIELDS.some((field) => field.test(difference));

describe('Given that another region is declared the primary', () => {
  it('when the default configuration is synthesized, then exactly its role fields differ', () => {
    const differences = manifestDifferences(manifestsOf(DEFAULTS), manifestsOf({ ...DEFAULTS, primary: 'us-west-2' }));
    const paths = (region: string, ...fields: string[]) =>
      fields.map((field) => `rds.aws.m.upbound.io/v1beta1 Cluster aurora-dr aurora-${region}-prod: spec.${field}`);
    const fields = [
      'forProvider.autoGeneratePassword',
      'forProvider.masterPasswordSecretRef',
      'initProvider.databaseName',
      'initProvider.masterUsername',
      'initProvider.sourceRegion',
    ];
    expect(differences.toSorted()).toEqual([
      ...paths('us-east-1', ...fields),
      ...paths('us-west-2', ...fields),
      'route53.aws.m.upbound.io/v1beta1 Record aurora-dr record-writer-global-prod: spec.forProvider.records.0',
    ]);
  });

  it('when two regions are synthesized, then each names the other as its source, before and after', () => {
    for (const primary of ['us-east-1', 'us-west-2']) {
      const sources = manifestsOf({ ...DEFAULTS, primary }).flatMap((manifest) => {
        const { spec } = manifest as { readonly spec?: { readonly initProvider?: Readonly<Record<string, unknown>> } };
        const source = spec?.initProvider?.['replicationSourceIdentifier'];
        return source === undefined ? [] : [source];
      });
      expect(sources).toEqual([
        'arn:aws:rds:us-west-2:123456789012:cluster:aurora-us-west-2-prod',
        'arn:aws:rds:us-east-1:123456789012:cluster:aurora-us-east-1-prod',
      ]);
    }
  });

  it('when any configuration is synthesized for each of its regions, then files and names are the same and only role fields differ', () => {
    fc.assert(
      fc.property(arbitraryConfiguration, (input) => {
        const names = (input.regions ?? []).map(({ name }) => name);
        const [first = [], ...others] = names.map((primary) => filesOf({ ...input, primary }));
        const manifests = first.flatMap((file) => [...file.manifests]);
        for (const other of others) {
          expect(other.map(({ name }) => name)).toEqual(first.map(({ name }) => name));
          const differences = manifestDifferences(
            manifests,
            other.flatMap((file) => [...file.manifests]),
          );
          expect(differences.filter((difference) => !isRoleField(difference))).toEqual([]);
          expect(differences.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('when updates are not allowed, then nothing that differs in a cluster is under a policy that lets it reach AWS', () => {
    const clusters = manifestsOf(DEFAULTS).filter((manifest) => (manifest as { kind: string }).kind === 'Cluster');
    expect(clusters).toHaveLength(2);
    for (const cluster of clusters) {
      expect(cluster).toMatchObject({ spec: { managementPolicies: ['Observe', 'Create'] } });
    }
  });
});

/** What the operator, which guards the resources while roles differ, makes of the manifests when a region writes. */
function driftOf(input: ConfigurationInput, writer: string) {
  const { names, regions } = createConfiguration(input);
  const managed = (manifestsOf(input) as KubeObject[]).flatMap((object) => {
    const { kind, apiVersion } = object;
    if ((kind !== 'Cluster' && kind !== 'GlobalCluster') || !apiVersion.startsWith('rds.')) return [];
    // Crossplane names the resource in AWS like the object.
    const annotations = { ...object.metadata.annotations, 'crossplane.io/external-name': object.metadata.name };
    const created = { ...object, metadata: { ...object.metadata, annotations } };
    return readManagedResource(managedType(kind), created) ?? [];
  });
  expect(managed).toHaveLength(regions.length + 1);
  const members = regions.map(({ name }) => ({ region: name, clusterIdentifier: names.of('aurora', name) }));
  const [primary, secondaries] = [
    members.filter(({ region }) => region === writer),
    members.filter(({ region }) => region !== writer),
  ];
  return primary.flatMap((member) =>
    judgeRoleDrift(managed, { globalClusterIdentifier: names.globalCluster, primary: member, secondaries }),
  );
}

describe('Given that a failover has swapped the roles', () => {
  it('when two regions are declared as before, then their manifests contradict nothing', () => {
    for (const writer of ['us-east-1', 'us-west-2']) expect(driftOf(DEFAULTS, writer)).toEqual([]);
  });

  const three = { ...DEFAULTS, regions: ['us-east-1', 'us-west-2', 'eu-west-1'].map((name) => ({ name })) };

  it('when three are declared as before, then what contradicts is for creation alone, and cannot reach AWS', () => {
    const drift = driftOf(three, 'us-west-2');
    expect(drift.map(({ field, isArmed }) => ({ field, isArmed }))).toEqual([
      { field: 'initProvider.replicationSourceIdentifier', isArmed: false },
    ]);
    expect(driftOf({ ...three, database: { updates: 'Allowed' } }, 'us-west-2')).toMatchObject([{ isArmed: true }]);
  });

  it('when the new primary is declared, then nothing contradicts, with any configuration', () => {
    fc.assert(
      fc.property(arbitraryConfiguration, (input) => {
        for (const { name } of input.regions ?? []) expect(driftOf({ ...input, primary: name }, name)).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });
});
