import { describe, expect, it } from '@jest/globals';
import { createConfiguration } from '../configuration/configuration.ts';
import type { ConfigurationInput } from '../configuration/schema.ts';
import { createApp } from '../infrastructure.ts';
import { PolicyChart } from './policy-chart.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: Readonly<Record<string, unknown>>;
}

function synthesize(input: Partial<ConfigurationInput> = {}): Manifest[] {
  const configuration = createConfiguration({ suffix: 'test', accountId: '123456789012', ...input });
  const topics = new Map(
    configuration.regions.map(({ name }) => [
      name,
      { topicArn: `arn:aws:sns:${name}:123456789012:topic-${name}-test` },
    ]),
  );
  return new PolicyChart(createApp(configuration), { configuration, topics }).toJson() as Manifest[];
}

describe('the policy chart', () => {
  it('makes the policy that goes with the set-up', () => {
    expect(synthesize()).toMatchSnapshot();
  });

  it('given another declared primary, changes nothing: the operator sees who writes', () => {
    expect(synthesize({ primary: 'us-west-2' })).toEqual(synthesize());
  });

  it('given a witness, adds it to the usual signals; given a role, takes it on', () => {
    const roleArn = 'arn:aws:iam::123456789012:role/aurora-dr';
    const [policy] = synthesize({ policy: { witnessUrl: 'https://witness.example.com/', roleArn } });
    expect(policy?.spec).toMatchObject({
      aws: { roleArn },
      detection: {
        signals: { controlPlane: {}, endpoint: {}, replication: {}, http: { url: 'https://witness.example.com/' } },
      },
    });
  });

  it('given a namespace of its own, makes that; given cluster-scoped resources, is namespaced still', () => {
    const manifests = synthesize({ policy: { namespace: 'payments' }, scope: 'cluster' });
    expect(manifests.map(({ kind, metadata }) => [kind, metadata.namespace ?? metadata.name])).toEqual([
      ['Namespace', 'payments'],
      ['DisasterRecoveryPolicy', 'payments'],
    ]);
  });

  it('given two environments, gives their policies two names', () => {
    const names = ['one', 'two'].map((suffix) => synthesize({ suffix })[0]?.metadata.name);
    expect(names).toEqual(['transactions-one', 'transactions-two']);
  });

  it('given no policy, makes nothing', () => {
    expect(synthesize({ policy: { enabled: false } })).toEqual([]);
  });
});
