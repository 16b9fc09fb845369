import { describe, expect, it } from '@jest/globals';
import type { Manifest } from './manifest.ts';
import { fieldsOf, managedKindOf, parametersOf, titleOf } from './manifest.ts';
import { followReferences } from './references.ts';
import { SET_UPS } from './set-ups.ts';

/** What the API server takes as all annotations of an object together. */
const LARGEST_ANNOTATION_BYTES = 262_144;

describe.each(SET_UPS)('Given $title', ({ manifests, configuration }) => {
  const values = manifests.flatMap((manifest) =>
    [...fieldsOf(manifest.spec, 'spec')].map((field) => ({ ...field, manifest })),
  );

  it('then every reference leads to a resource of the set-up', () => {
    const { problems, count } = followReferences(manifests);
    expect(problems).toEqual([]);
    expect(count).toBeGreaterThan(0);
  });

  it('then no two objects have the same kind and name', () => {
    const names = manifests.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('then nothing waits for what Argo CD applies only later: it would wait for ever', () => {
    const { links } = followReferences(manifests);
    const stuck = links.filter(({ from, to }) => waveOf(from) < waveOf(to));
    expect(stuck.map(({ from, to }) => `${titleOf(from)} waits for ${titleOf(to)}`)).toEqual([]);
    expect(new Set(manifests.map(waveOf)).size).toBeGreaterThan(3);
  });

  it('then each object fits into the annotation in which a client-side apply keeps it', () => {
    const large = manifests.filter((manifest) => JSON.stringify(manifest).length > LARGEST_ANNOTATION_BYTES);
    expect(large.map(titleOf)).toEqual([]);
  });

  it('then every Secret that a resource reads is declared', () => {
    const secrets = new Set(
      manifests.filter(({ kind, apiVersion }) => kind === 'Secret' && apiVersion === 'v1').map(placeOf),
    );
    const read = values
      .filter(({ key, value }) => key.endsWith('SecretRef') && typeof value === 'object')
      .map(({ value, manifest }) => {
        const { name, namespace } = value as { name: string; namespace?: string };
        return `${namespace ?? manifest.metadata.namespace ?? ''}/${name}`;
      });
    expect(read.filter((place) => !secrets.has(place))).toEqual([]);
    expect(read.length).toBeGreaterThan(0);
  });

  it('then every key that is named by alias has that alias, and in the region of who names it', () => {
    const aliases = new Set(
      manifests
        .filter((manifest) => managedKindOf(manifest) === 'kms.Alias')
        .map((manifest) => `${String(parametersOf(manifest)['region'])} alias/${manifest.metadata.name}`),
    );
    const named = values.flatMap(({ value, manifest }) => {
      if (typeof value !== 'string') return [];
      return Array.from(
        value.matchAll(
          /(?:arn:aws:kms:(?<region>[a-z0-9-]+):\d+:)?(?<alias>alias\/key-(?<home>[a-z]+-[a-z]+-\d)-[a-z0-9-]+)/g,
        ),
        ({ groups = {} }) => ({
          alias: `${groups['region'] ?? groups['home'] ?? ''} ${groups['alias'] ?? ''}`,
          region: groups['region'] ?? groups['home'],
          manifest,
        }),
      );
    });
    expect(named.map(({ alias }) => alias).filter((alias) => !aliases.has(alias))).toEqual([]);
    expect(aliases.size).toBe(configuration.regions.length);
    const abroad = named.filter(({ region, manifest }) => {
      // The secret says which key encrypts its copy in each other region.
      const isReplica = managedKindOf(manifest) === 'secretsmanager.Secret';
      const { region: own } = parametersOf(manifest);
      // A role's policy is in no region; its name says where the role is at work.
      const isHere = own === undefined ? manifest.metadata.name.includes(`-${region ?? ''}-`) : region === own;
      return !isReplica && !isHere;
    });
    expect(abroad.map(({ manifest, alias }) => `${manifest.kind} ${manifest.metadata.name}: ${alias}`)).toEqual([]);
  });

  it('then no two resources of a kind and region have one name in AWS', () => {
    const names = manifests.flatMap((manifest) => {
      const { region, name } = parametersOf(manifest);
      const kind = managedKindOf(manifest);
      // The records of one name differ in their set identifiers.
      const hasOwnName = typeof name === 'string' && kind !== 'route53.Record';
      return hasOwnName ? [`${kind ?? manifest.kind} ${String(region)} ${name}`] : [];
    });
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.length).toBeGreaterThan(0);
  });
});

describe('Given manifests with a reference that leads nowhere', () => {
  const [vpc, subnet] = ['VPC', 'Subnet'].map((kind) =>
    SET_UPS.find(({ title }) => title === 'default.yaml, namespaced')?.manifests.find(
      (manifest) => manifest.kind === kind,
    ),
  ) as [Manifest, Manifest];

  it('when the target is missing, then it is found out', () => {
    expect(followReferences([subnet]).problems).toHaveLength(1);
    expect(followReferences([vpc, subnet]).problems).toEqual([]);
  });

  it('when the target is in another namespace, then it is found out', () => {
    const elsewhere = { ...vpc, metadata: { ...vpc.metadata, namespace: 'elsewhere' } };
    expect(followReferences([elsewhere, subnet]).problems).toHaveLength(1);
  });

  it('when the target is in another region, then it is found out', () => {
    const elsewhere = { ...vpc, spec: { forProvider: { ...vpc.spec?.forProvider, region: 'eu-west-1' } } };
    expect(followReferences([elsewhere, subnet]).problems).toEqual([expect.stringContaining('another region')]);
  });

  it('when a selector matches nothing, then it is found out', () => {
    const selecting = (matchLabels: Record<string, string>): Manifest => ({
      ...subnet,
      spec: { forProvider: { vpcIdSelector: { matchLabels } } },
    });
    const labelled = { ...vpc, metadata: { ...vpc.metadata, labels: { tier: 'data' } } };
    expect(followReferences([labelled, selecting({ tier: 'data' })]).problems).toEqual([]);
    expect(followReferences([labelled, selecting({ tier: 'web' })]).problems).toHaveLength(1);
  });
});

function placeOf({ metadata }: Manifest): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function waveOf({ metadata }: Manifest): number {
  return Number(metadata.annotations?.['argocd.argoproj.io/sync-wave']);
}
