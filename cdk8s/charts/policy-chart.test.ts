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

  it('given more of its spec, says that too, and keeps what follows from the set-up', () => {
    const spec = {
      detection: { interval: '5s', timeout: '1s', failureThreshold: 4 },
      failover: { cooldown: '1h' },
      failback: { mode: 'Automatic', windows: [{ schedule: '0 3 * * 0', duration: '2h', timeZone: 'UTC' }] },
      fencing: { mode: 'Required' },
      suspend: true,
    };
    const [policy] = synthesize({ policy: { mode: 'Manual', spec } });
    expect(policy?.spec).toMatchObject({
      ...spec,
      globalClusterIdentifier: 'aurora-global-test',
      failover: { mode: 'Manual', dataLoss: 'WithinRecoveryPoint', cooldown: '1h' },
    });
  });

  it('given a witness and signals, adds it to those, which are then the only ones', () => {
    const signals = { controlPlane: {}, replication: { maximumAge: '4m' } };
    const witnessUrl = 'https://witness.example.com/';
    const [policy] = synthesize({ policy: { witnessUrl, spec: { detection: { signals } } } });
    expect(policy?.spec?.['detection']).toEqual({ signals: { ...signals, http: { url: witnessUrl } } });
  });

  it('given another name of the routing metric, publishes under that', () => {
    const routing = { namespace: 'Payments/DR', metric: 'Writer' };
    expect(synthesize({ policy: { routing } })[0]?.spec).toMatchObject({ publish: { routing } });
  });

  it('given two environments, gives their policies two names', () => {
    const names = ['one', 'two'].map((suffix) => synthesize({ suffix })[0]?.metadata.name);
    expect(names).toEqual(['transactions-one', 'transactions-two']);
  });

  it('given no policy, makes nothing', () => {
    expect(synthesize({ policy: { enabled: false } })).toEqual([]);
  });
});
