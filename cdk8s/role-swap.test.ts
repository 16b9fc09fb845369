import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
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
