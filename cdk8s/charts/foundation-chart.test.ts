import { describe, expect, it } from '@jest/globals';
import type { ConfigurationInput } from '../configuration/schema.ts';
import { createConfiguration } from '../configuration/configuration.ts';
import { createApp } from '../infrastructure.ts';
import { FoundationChart } from './foundation-chart.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly managementPolicies: readonly string[];
    readonly forProvider: Readonly<Record<string, unknown>>;
  };
}

function synth(input: Partial<ConfigurationInput> = {}): Manifest[] {
  const configuration = createConfiguration({ suffix: 'test', accountId: '123456789012', ...input });
  return new FoundationChart(createApp(configuration), { configuration }).toJson() as Manifest[];
}

describe('the foundation', () => {
  it('given another primary, stays as it is: a key and a secret cannot move', () => {
    expect(synth({ primary: 'us-west-2' })).toEqual(synth());
  });

  it('given three regions, has a key, an alias and a copy of the secret in each', () => {
    const regions = ['us-east-1', 'us-west-2', 'eu-west-1'].map((name) => ({ name }));
    const manifests = synth({ regions });
    const regionsOf = (...kinds: string[]) =>
      manifests.filter(({ kind }) => kinds.includes(kind)).map(({ spec }) => spec?.forProvider['region']);
    expect(regionsOf('Key', 'ReplicaKey')).toEqual(regions.map(({ name }) => name));
    expect(regionsOf('Alias')).toEqual(regions.map(({ name }) => name));
    const secret = manifests.find(({ kind, spec }) => kind === 'Secret' && spec !== undefined);
    expect(secret?.spec?.forProvider['replica']).toEqual([
      { region: 'us-west-2', kmsKeyId: 'alias/key-us-west-2-test' },
      { region: 'eu-west-1', kmsKeyId: 'alias/key-eu-west-1-test' },
    ]);
  });

  it('mirrors the password only once the database has one: in its wave', () => {
    const waves = synth().map(({ kind, metadata }) => [kind, metadata.annotations['argocd.argoproj.io/sync-wave']]);
    expect(waves.filter(([kind]) => kind === 'SecretVersion')).toEqual([['SecretVersion', '40']]);
    expect(new Set(waves.filter(([kind]) => kind !== 'SecretVersion').map(([, wave]) => wave))).toEqual(
      new Set(['10']),
    );
  });

  it('given what the configuration says of deletion, waits as long and deletes as little', () => {
    const kept = synth({ deletion: { keyWindowDays: 7, secretWindowDays: 14 } });
    expect(kept.flatMap(({ spec }) => spec?.forProvider['deletionWindowInDays'] ?? [])).toEqual([7, 7]);
    expect(kept.flatMap(({ spec }) => spec?.forProvider['recoveryWindowInDays'] ?? [])).toEqual([14]);
    expect(kept.flatMap(({ spec }) => spec?.managementPolicies ?? [])).not.toContain('Delete');
    const thrownAway = synth({ deletion: { data: 'Allowed' } });
    expect(thrownAway.every(({ spec }) => spec?.managementPolicies.includes('Delete') !== false)).toBe(true);
  });
});
