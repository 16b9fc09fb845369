import { describe, expect, it } from '@jest/globals';
import { App, Chart, Testing } from 'cdk8s';
import { Key } from '../imports/kms.ts';
import { VPCPeeringConnectionAccepter, VPC } from '../imports/ec2.ts';
import { Cluster } from '../imports/rds.ts';
import { testChart } from './test-chart.ts';

describe('a managed resource', () => {
  it('given the namespaced scope, is of the modern group, in the namespace, with the kind of its provider configuration', () => {
    const chart = testChart();
    new VPC(chart, 'vpc', {
      name: 'vpc-us-east-1-test',
      forProvider: { region: 'us-east-1', cidrBlock: '10.0.0.0/16' },
    });
    expect(Testing.synth(chart)).toEqual([
      {
        apiVersion: 'ec2.aws.m.upbound.io/v1beta1',
        kind: 'VPC',
        metadata: {
          name: 'vpc-us-east-1-test',
          namespace: 'aurora',
        },
        spec: {
          managementPolicies: ['Observe', 'Create', 'Update', 'Delete'],
          providerConfigRef: { kind: 'ClusterProviderConfig', name: 'default' },
          forProvider: {
            region: 'us-east-1',
            cidrBlock: '10.0.0.0/16',
            tags: { Environment: 'test', Name: 'vpc-us-east-1-test' },
          },
        },
      },
    ]);
  });

  it('given the cluster scope, is of the old group, without a namespace, and names its provider configuration alone', () => {
    const chart = testChart({ scope: 'cluster' });
    new VPC(chart, 'vpc', { name: 'vpc', forProvider: { region: 'us-east-1' } });
    expect(Testing.synth(chart)).toMatchObject([
      {
        apiVersion: 'ec2.aws.upbound.io/v1beta1',
        metadata: { name: 'vpc' },
        spec: { providerConfigRef: { name: 'default' } },
      },
    ]);
    expect(JSON.stringify(Testing.synth(chart))).not.toMatch(/"namespace"|ClusterProviderConfig/);
  });

  it('given data behind it, is not deleted with its object, and never pruned', () => {
    const chart = testChart();
    new Key(chart, 'key', { name: 'key', forProvider: { region: 'us-east-1' }, holdsData: true });
    expect(Testing.synth(chart)).toMatchObject([
      {
        metadata: { annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' } },
        spec: { managementPolicies: ['Observe', 'Create', 'Update'] },
      },
    ]);
  });

  it('given that data may be deleted, is deleted with its object and still never pruned', () => {
    const chart = testChart({ isDataDeletable: true });
    new Key(chart, 'key', { name: 'key', forProvider: { region: 'us-east-1' }, holdsData: true });
    expect(Testing.synth(chart)).toMatchObject([
      {
        metadata: { annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' } },
        spec: { managementPolicies: ['Observe', 'Create', 'Update', 'Delete'] },
      },
    ]);
  });

  it('keeps what is for creation alone apart, and hands secrets to a Secret of the scope', () => {
    const [manifest] = Testing.synth(
      (() => {
        const chart = testChart({ scope: 'cluster' });
        new Cluster(chart, 'cluster', {
          name: 'aurora',
          externalName: 'aurora-in-aws',
          forProvider: { region: 'us-east-1', engine: 'aurora-mysql' },
          initProvider: { sourceRegion: 'us-west-2' },
          managementPolicies: ['Observe', 'Create'],
          connectionSecretName: 'aurora-connection',
          labels: { tier: 'data' },
        });
        return chart;
      })(),
    ) as [unknown];
    expect(manifest).toMatchObject({
      metadata: { annotations: { 'crossplane.io/external-name': 'aurora-in-aws' }, labels: { tier: 'data' } },
      spec: {
        managementPolicies: ['Observe', 'Create'],
        initProvider: { sourceRegion: 'us-west-2' },
        writeConnectionSecretToRef: { name: 'aurora-connection', namespace: 'aurora' },
      },
    });
  });

  it("lets a resource's own tags win over those of all, and puts none on what AWS cannot tag", () => {
    const chart = testChart();
    const tags = { Environment: 'special' };
    const peering = new VPCPeeringConnectionAccepter(chart, 'accepter', {
      name: 'peering',
      forProvider: { region: 'us-west-2', tags },
    });
    expect(peering.reference).toEqual({ name: 'peering' });
    expect(Testing.synth(chart)).toMatchObject([
      { spec: { forProvider: { tags: { Environment: 'special', Name: 'peering' } } } },
    ]);
  });

  it('given no settings above it, says what to call', () => {
    const chart = new Chart(new App(), 'bare');
    expect(() => new VPC(chart, 'vpc', { name: 'vpc', forProvider: { region: 'us-east-1' } })).toThrow(
      /cannot create bare: there are no settings; call ManagedSettings.set/,
    );
  });
});
