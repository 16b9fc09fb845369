import { describe, expect, it } from '@jest/globals';
import { Testing } from 'cdk8s';
import { Names } from '../../configuration/names.ts';
import { testChart } from '../../managed/test-chart.ts';
import { MasterPassword } from './master-password.ts';
import { MultiRegionKey } from './multi-region-key.ts';

function synthesize(settings: Parameters<typeof testChart>[0] = {}) {
  const chart = testChart(settings);
  const names = new Names('test');
  const regions = { home: 'us-east-1', replicas: ['us-west-2'] };
  const key = new MultiRegionKey(chart, 'key', { names, accountId: '123456789012', ...regions });
  const password = new MasterPassword(chart, 'password', { names, key, generatedInWave: 40, ...regions });
  const manifests = (Testing.synth(chart) as { kind: string }[]).filter(({ kind }) => kind.startsWith('Secret'));
  return { password, manifests };
}

describe('the master password', () => {
  it('given namespaced resources, is declared empty and mirrored into every region', () => {
    const { password, manifests } = synthesize();
    expect(manifests).toMatchSnapshot();
    expect(password.reference).toEqual({ name: 'master-password-us-east-1-test', key: 'password' });
  });

  it('given cluster-scoped resources, is still in a namespace, which references name', () => {
    const { password, manifests } = synthesize({ scope: 'cluster' });
    const reference = { name: 'master-password-us-east-1-test', key: 'password', namespace: 'aurora' };
    expect(password.reference).toEqual(reference);
    expect(manifests).toMatchObject([
      { kind: 'Secret', metadata: { namespace: 'aurora' } },
      { kind: 'Secret', metadata: { name: 'master-password-us-east-1-test' } },
      { kind: 'SecretVersion', spec: { forProvider: { secretStringSecretRef: reference } } },
    ]);
  });

  it('has no value in any manifest', () => {
    const [kubernetesSecret] = synthesize().manifests;
    expect(Object.keys(kubernetesSecret ?? {}).toSorted()).toEqual(['apiVersion', 'kind', 'metadata', 'type']);
  });
});
