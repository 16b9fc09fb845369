import { describe, expect, it } from '@jest/globals';
import { createConfiguration } from '../configuration/configuration.ts';
import type { ConfigurationInput } from '../configuration/schema.ts';
import { createApp } from '../infrastructure.ts';
import { ProviderChart } from './provider-chart.ts';

function synthesize(provider: ConfigurationInput['provider'], scope: ConfigurationInput['scope'] = 'namespaced') {
  const configuration = createConfiguration({ suffix: 'test', accountId: '123456789012', scope, provider });
  return new ProviderChart(createApp(configuration), { configuration }).toJson();
}

describe('the provider chart', () => {
  it('makes the namespace, which nobody deletes by mistake, and no provider configuration unless it is told how', () => {
    expect(synthesize({})).toMatchObject([
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'aurora-dr', annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' } },
      },
    ]);
  });

  it.each([
    [{ source: 'PodIdentity' }, { source: 'PodIdentity' }],
    [{ source: 'IRSA' }, { source: 'IRSA' }],
    [
      { source: 'WebIdentity', roleArn: 'arn:aws:iam::123456789012:role/crossplane' },
      { source: 'WebIdentity', webIdentity: { roleARN: 'arn:aws:iam::123456789012:role/crossplane' } },
    ],
    [
      { source: 'Secret', secret: { name: 'aws', namespace: 'crossplane-system', key: 'credentials' } },
      { source: 'Secret', secretRef: { name: 'aws', namespace: 'crossplane-system', key: 'credentials' } },
    ],
  ] as const)('given credentials %j, names them and holds none', (credentials, wanted) => {
    const [, config] = synthesize({ credentials });
    expect(config).toMatchObject({ metadata: { name: 'default' }, spec: { credentials: wanted } });
  });

  it.each([
    ['namespaced', 'ClusterProviderConfig', 'aws.m.upbound.io/v1beta1', undefined],
    ['namespaced', 'ProviderConfig', 'aws.m.upbound.io/v1beta1', 'aurora-dr'],
    ['cluster', 'ClusterProviderConfig', 'aws.upbound.io/v1beta1', undefined],
  ] as const)('given scope %s and kind %s, is of %s', (scope, kind, apiVersion, namespace) => {
    const [, config] = synthesize({ kind, credentials: { source: 'IRSA' } }, scope);
    expect(config).toMatchObject({ apiVersion, kind: scope === 'cluster' ? 'ProviderConfig' : kind });
    expect((config as { metadata: { namespace?: string } }).metadata.namespace).toBe(namespace);
  });
});
