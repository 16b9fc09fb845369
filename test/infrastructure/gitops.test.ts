import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { createConfiguration } from '../../cdk8s/configuration/configuration.ts';
import type { ConfigurationInput } from '../../cdk8s/configuration/schema.ts';
import { gitopsFiles } from '../../cdk8s/gitops/gitops-files.ts';
import { createInfrastructure } from '../../cdk8s/infrastructure.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { startControlPlane } from '../control-plane/control-plane.ts';
import { serveArgoSchemas } from './argo-schemas.ts';
import type { Manifest } from './manifest.ts';
import { serveSchemas } from './serve-schemas.ts';

/** The first run builds the programs and fetches Argo CD's sources. */
const START_TIMEOUT_MS = 20 * 60_000;
const TIMEOUT_MS = 120_000;

const repository = 'https://git.example.com/payments/infrastructure.git';
const base: ConfigurationInput = { suffix: 'test', accountId: '123456789012' };
const INPUTS: Readonly<Record<string, ConfigurationInput>> = {
  'one cluster, the one of Argo CD': { ...base, gitops: { repository } },
  'a cluster in each region': {
    ...base,
    gitops: {
      repository,
      clusters: [
        { region: 'us-east-1', name: 'east' },
        { region: 'us-west-2', name: 'west' },
      ],
    },
  },
  'the example with three regions': parse(
    readFileSync(join(import.meta.dirname, '../../cdk8s/examples/three-regions.yaml'), 'utf8'),
  ) as ConfigurationInput,
};

const filesOf = (input: ConfigurationInput) => {
  const configuration = createConfiguration(input);
  return gitopsFiles(configuration, createInfrastructure(configuration));
};

const listOf = (items: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

describe('Given an API server with the schemas of Argo CD, of Crossplane and of the operator', () => {
  let plane: ControlPlane;

  const apply = (items: readonly object[], manager = 'argocd-controller'): Promise<string> =>
    plane.kubectl(
      ['apply', '--server-side', '--force-conflicts', '--validate=strict', `--field-manager=${manager}`, '-f', '-'],
      { input: listOf(items) },
    );

  beforeAll(async () => {
    plane = await startControlPlane();
    await serveSchemas(plane);
    await serveArgoSchemas(plane);
    for (const namespace of ['argocd', 'aurora-dr']) await plane.kubectl(['create', 'namespace', namespace]);
  }, START_TIMEOUT_MS);

  afterAll(() => plane.stop(), TIMEOUT_MS);

  it.each(Object.keys(INPUTS))(
    'when what Argo CD needs is applied for %s, then every field is known and required ones are there',
    async (title) => {
      const manifests = filesOf(INPUTS[title] ?? base).flatMap((file) => file.manifests);
      const output = await apply(manifests);
      expect(output.trim().split('\n')).toHaveLength(manifests.length);
    },
    TIMEOUT_MS,
  );

  it(
    'when an Application has an unknown field, then it is refused',
    async () => {
      const [root] = filesOf(INPUTS['a cluster in each region'] ?? base).find(({ name }) => name.endsWith('root.yaml'))
        ?.manifests as [{ spec: object }];
      await expect(apply([{ ...root, spec: { ...root.spec, syncWave: 1 } }])).rejects.toThrow(/syncWave/);
    },
    TIMEOUT_MS,
  );

  it.each(['namespaced', 'cluster'] as const)(
    'when databases of scope %s are applied again after the operator and Crossplane wrote, then nothing of theirs is lost',
    async (scope) => {
      const databases = createInfrastructure(createConfiguration({ ...base, scope }))
        .flatMap((chart) => chart.toJson() as Manifest[])
        .filter(({ kind }) => ['Cluster', 'ClusterInstance', 'GlobalCluster'].includes(kind));
      expect(databases.length).toBeGreaterThan(4);
      await apply(databases);
      for (const { apiVersion, kind, metadata } of databases) {
        const resource = `${kind.toLowerCase()}s.${apiVersion.split('/')[0] ?? ''}`;
        const where = scope === 'namespaced' ? ['-n', metadata.namespace ?? ''] : [];
        const patch = {
          metadata: {
            finalizers: ['finalizer.managedresource.crossplane.io'],
            annotations: {
              'crossplane.io/paused': 'true',
              'aurora-dr.io/paused-by': 'aurora-dr/transactions',
              'crossplane.io/external-name': metadata.name,
              'crossplane.io/external-create-succeeded': '2026-01-05T03:00:00Z',
            },
          },
          spec: { forProvider: kind === 'GlobalCluster' ? {} : { tags: { 'crossplane-name': metadata.name } } },
        };
        await plane.kubectl(['patch', resource, metadata.name, ...where, '--type=merge', '-p', JSON.stringify(patch)]);
      }
      await apply(databases);
      for (const { apiVersion, kind, metadata } of databases) {
        const resource = `${kind.toLowerCase()}s.${apiVersion.split('/')[0] ?? ''}`;
        const where = scope === 'namespaced' ? ['-n', metadata.namespace ?? ''] : [];
        const live = JSON.parse(await plane.kubectl(['get', resource, metadata.name, ...where, '-o', 'json'])) as {
          metadata: { annotations: Record<string, string>; finalizers: string[] };
          spec: { forProvider: { tags?: Record<string, string> } };
        };
        expect(live.metadata.annotations).toMatchObject({
          'crossplane.io/paused': 'true',
          'aurora-dr.io/paused-by': 'aurora-dr/transactions',
          'crossplane.io/external-create-succeeded': '2026-01-05T03:00:00Z',
        });
        expect(live.metadata.finalizers).toEqual(['finalizer.managedresource.crossplane.io']);
        if (kind !== 'GlobalCluster') expect(live.spec.forProvider.tags).toHaveProperty('crossplane-name');
      }
    },
    TIMEOUT_MS,
  );

  it(
    'when references were resolved, then ids beside them stay, but for those in lists: these are the resolver’s or nobody’s',
    async () => {
      const manifests = createInfrastructure(createConfiguration(base)).flatMap(
        (chart) => chart.toJson() as Manifest[],
      );
      const [subnet, zone] = ['Subnet', 'Zone'].map((kind) => manifests.find((one) => one.kind === kind)) as [
        Manifest,
        Manifest,
      ];
      await apply([subnet, zone]);
      const resolved = ({ apiVersion, kind, metadata }: Manifest, forProvider: object): object => ({
        apiVersion,
        kind,
        metadata: { name: metadata.name, namespace: metadata.namespace },
        spec: { forProvider },
      });
      const vpcs = zone.spec?.forProvider?.['vpc'] as object[];
      const [resolver] = filesOf(INPUTS['one cluster, the one of Argo CD'] ?? base)
        .flatMap(
          (file) => file.manifests as { spec?: { ignoreDifferences?: { managedFieldsManagers?: string[] }[] } }[],
        )
        .flatMap(({ spec }) => spec?.ignoreDifferences ?? [])
        .flatMap(({ managedFieldsManagers }) => managedFieldsManagers ?? []);
      await apply(
        [
          resolved(subnet, { region: 'us-east-1', vpcId: 'vpc-1' }),
          resolved(zone, { vpc: vpcs.map((vpc) => ({ ...vpc, vpcId: 'vpc-1' })) }),
        ],
        resolver,
      );
      const read = async ({ apiVersion, kind, metadata }: Manifest, path: string): Promise<string> =>
        plane.kubectl([
          'get',
          `${kind.toLowerCase()}.${apiVersion.split('/')[0] ?? ''}`,
          metadata.name,
          '-n',
          metadata.namespace ?? '',
          '-o',
          `jsonpath={.spec.forProvider.${path}}`,
        ]);
      expect(await read(zone, 'vpc[0].vpcId')).toBe('vpc-1');
      await apply([subnet, zone]);
      expect(await read(subnet, 'vpcId')).toBe('vpc-1');
      expect(await read(zone, 'vpc[0].vpcId')).toBe('');
    },
    TIMEOUT_MS,
  );
});
