import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PAUSED_BY, PAUSED_FOR, PAUSED_FROM } from '../../operator/crossplane/managed-resource.ts';
import { createConfiguration } from '../configuration/configuration.ts';
import type { ConfigurationInput } from '../configuration/schema.ts';
import { WAVES } from '../charts/waves.ts';
import { createInfrastructure, manifestFiles } from '../infrastructure.ts';
import { gitopsFiles } from './gitops-files.ts';
import { ignoredDifferences } from './ignored-differences.ts';

const repository = 'https://git.example.com/payments/infrastructure.git';
const clusters = [
  { region: 'us-east-1', name: 'east' },
  { region: 'us-west-2', name: 'west' },
];

interface ArgoObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string>; finalizers?: string[] };
  readonly spec: {
    readonly source: { readonly path: string; readonly directory: { readonly include: string } };
    readonly destination: { readonly name: string };
    readonly syncPolicy: { readonly automated: { readonly prune: boolean }; readonly syncOptions: string[] };
    readonly ignoreDifferences?: { group: string; kind: string; jsonPointers: string[] }[];
  };
}

function synthesize(gitops: ConfigurationInput['gitops'] = { repository }) {
  const configuration = createConfiguration({ suffix: 'test', accountId: '123456789012', gitops });
  const charts = createInfrastructure(configuration);
  return { files: gitopsFiles(configuration, charts), manifests: manifestFiles(charts) };
}

const objectsOf = (files: ReturnType<typeof gitopsFiles>, name: string): ArgoObject[] =>
  files.filter((file) => file.name === `argocd/${name}`).flatMap(({ manifests }) => manifests as ArgoObject[]);

describe('what Argo CD needs', () => {
  it('given no repository, is nothing', () => {
    expect(synthesize({}).files).toEqual([]);
  });

  it('given a repository, is an app of apps and settings', () => {
    const { files } = synthesize();
    expect(files.map(({ name }) => name)).toEqual([
      'argocd/applications.yaml',
      'argocd/argocd-cm.yaml',
      'argocd/root.yaml',
    ]);
    const database = objectsOf(files, 'applications.yaml').filter(({ metadata }) =>
      metadata.name.includes('-database-'),
    );
    expect([...objectsOf(files, 'root.yaml'), ...database]).toMatchSnapshot();
  });

  it('has one Application for each file of manifests, in the order of the waves', () => {
    const { files, manifests } = synthesize();
    const applications = objectsOf(files, 'applications.yaml');
    expect(applications.map(({ spec }) => spec.source.directory.include)).toEqual(manifests.map(({ name }) => name));
    const waves = applications.map(({ metadata }) => Number(metadata.annotations?.['argocd.argoproj.io/sync-wave']));
    expect(waves).toEqual(waves.toSorted((one, other) => one - other));
    expect(waves).toContain(WAVES.database);
  });

  it('given a cluster in each region, has one that manages AWS, and the policy in both', () => {
    const applications = objectsOf(synthesize({ repository, clusters }).files, 'applications.yaml');
    const single = applications.filter(({ kind }) => kind === 'Application');
    expect(new Set(single.map(({ spec }) => spec.destination.name))).toEqual(new Set(['east']));
    expect(applications.filter(({ kind }) => kind !== 'Application')).toMatchSnapshot();
    expect(applications.filter(({ kind }) => kind !== 'Application')).toMatchObject([
      {
        kind: 'ApplicationSet',
        metadata: { name: 'aurora-policy-test' },
        spec: {
          generators: [
            {
              list: {
                elements: [
                  { cluster: 'east', region: 'us-east-1' },
                  { cluster: 'west', region: 'us-west-2' },
                ],
              },
            },
          ],
          template: { spec: { destination: { name: '{{.cluster}}' } } },
        },
      },
    ]);
  });

  it('prunes nothing, and has no finalizer that would delete what it applied', () => {
    const { files } = synthesize({ repository, clusters });
    for (const { kind, metadata, spec } of [
      ...objectsOf(files, 'applications.yaml'),
      ...objectsOf(files, 'root.yaml'),
    ]) {
      expect(metadata.finalizers).toBeUndefined();
      if (kind === 'Application') expect(spec.syncPolicy.automated.prune).toBe(false);
      else expect(spec).toMatchObject({ syncPolicy: { preserveResourcesOnDeletion: true } });
    }
  });

  it('never writes what it ignores', () => {
    for (const { kind, spec } of objectsOf(synthesize().files, 'applications.yaml')) {
      if (kind !== 'Application' || spec.ignoreDifferences === undefined) continue;
      expect(spec.syncPolicy.syncOptions).toContain('RespectIgnoreDifferences=true');
    }
  });

  it('reads its own folder at the root alone', () => {
    const [root] = objectsOf(synthesize({ repository, path: 'clusters/prod/' }).files, 'root.yaml');
    expect(root?.spec.source).toMatchObject({
      path: 'clusters/prod/argocd',
      directory: { include: 'applications.yaml' },
    });
  });

  it('has the health checks that are tested, a key for each kind', () => {
    const [settings] = synthesize().files.find(({ name }) => name.endsWith('argocd-cm.yaml'))?.manifests as [
      { data: Record<string, string> },
    ];
    const file = 'resource_customizations/aurora-dr.io/DisasterRecoveryPolicy/health.lua';
    expect(settings.data['resource.customizations.health.aurora-dr.io_DisasterRecoveryPolicy']).toBe(
      readFileSync(join(import.meta.dirname, file), 'utf8'),
    );
    expect(Object.keys(settings.data)).toHaveLength(8);
  });
});

describe('differences that are ignored', () => {
  const kinds = (apiVersion: string, ...names: string[]) => names.map((kind) => ({ apiVersion, kind }));
  const pointers = (differences: ReturnType<typeof ignoredDifferences>, group: string, kind: string) =>
    differences.filter((one) => one.group === group && one.kind === kind).flatMap((one) => one.jsonPointers ?? []);

  it.each(['rds.aws.m.upbound.io', 'rds.aws.upbound.io'])('given databases of %s, are their pauses', (group) => {
    const found = ignoredDifferences(kinds(`${group}/v1beta1`, 'Cluster', 'ClusterInstance', 'GlobalCluster'));
    for (const kind of ['Cluster', 'ClusterInstance', 'GlobalCluster']) {
      expect(pointers(found, group, kind)).toEqual(
        expect.arrayContaining(
          ['crossplane.io/paused', PAUSED_BY, PAUSED_FOR, PAUSED_FROM].map(
            (key) => `/metadata/annotations/${key.replace('/', '~1')}`,
          ),
        ),
      );
    }
  });

  it('given what Crossplane manages, are the names that it writes, and none of the fields that Git decides', () => {
    const found = ignoredDifferences(kinds('ec2.aws.m.upbound.io/v1beta1', 'VPC', 'Subnet'));
    expect(found).toHaveLength(1);
    expect(pointers(found, 'ec2.aws.m.upbound.io', '*')).toContain(
      '/metadata/annotations/crossplane.io~1external-name',
    );
    for (const pointer of pointers(found, 'ec2.aws.m.upbound.io', '*')) {
      expect(pointer).toMatch(
        /^\/(status|metadata\/annotations\/crossplane\.io~1.+|spec\/forProvider\/tags\/crossplane-.+)$/,
      );
    }
  });

  it('given a policy, are its status and the requests of people, never its spec', () => {
    const found = ignoredDifferences(kinds('aurora-dr.io/v1alpha1', 'DisasterRecoveryPolicy'));
    const ignored = pointers(found, 'aurora-dr.io', 'DisasterRecoveryPolicy');
    expect(ignored).toContain('/metadata/annotations/aurora-dr.io~1force-failover');
    expect(ignored.filter((pointer) => pointer.startsWith('/spec'))).toEqual([]);
  });

  it('given what neither writes, are none', () => {
    expect(ignoredDifferences(kinds('v1', 'Namespace'))).toEqual([]);
  });
});
