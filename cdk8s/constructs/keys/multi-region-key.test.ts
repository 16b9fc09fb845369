import { describe, expect, it } from '@jest/globals';
import { Testing } from 'cdk8s';
import { Names } from '../../configuration/names.ts';
import { testChart } from '../../managed/test-chart.ts';
import { MultiRegionKey } from './multi-region-key.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly managementPolicies: readonly string[];
    readonly forProvider: Readonly<Record<string, unknown>> & { readonly policy?: string };
  };
}

function synthesize(settings: Parameters<typeof testChart>[0] = {}) {
  const chart = testChart(settings);
  const key = new MultiRegionKey(chart, 'key', {
    names: new Names('test'),
    accountId: '123456789012',
    home: 'us-east-1',
    replicas: ['us-west-2', 'eu-west-1'],
    deletionWindowDays: 7,
  });
  return { key, manifests: Testing.synth(chart) as Manifest[] };
}

describe('a multi-region key', () => {
  it.each(['namespaced', 'cluster'] as const)(
    'given the %s scope, is a key, its replicas and an alias each',
    (scope) => {
      expect(synthesize({ scope }).manifests).toMatchSnapshot();
    },
  );

  it('keeps every key when its object is deleted, because data die with their key', () => {
    for (const { metadata, spec } of synthesize().manifests) {
      expect(spec.managementPolicies).not.toContain('Delete');
      expect(metadata.annotations).toMatchObject({ 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' });
    }
  });

  it('is named by alias, which each region has', () => {
    const { key, manifests } = synthesize();
    const aliases = manifests.filter(({ kind }) => kind === 'Alias').map(({ metadata }) => `alias/${metadata.name}`);
    expect(aliases).toEqual(['us-east-1', 'us-west-2', 'eu-west-1'].map((region) => key.aliasName(region)));
    expect(key.aliasArn('us-west-2')).toBe('arn:aws:kms:us-west-2:123456789012:alias/key-us-west-2-test');
  });

  it('is open to this account alone', () => {
    const policies = synthesize().manifests.flatMap(({ spec }) => spec.forProvider.policy ?? []);
    expect(policies).toHaveLength(3);
    for (const policy of policies) {
      const { Statement } = JSON.parse(policy) as { Statement: { Principal: { AWS?: string }; Condition?: unknown }[] };
      for (const { Principal, Condition } of Statement) {
        const isThisAccount = Principal.AWS === 'arn:aws:iam::123456789012:root';
        expect(isThisAccount ? undefined : Condition).toEqual(
          isThisAccount ? undefined : { StringEquals: { 'aws:SourceAccount': '123456789012' } },
        );
      }
    }
  });
});
