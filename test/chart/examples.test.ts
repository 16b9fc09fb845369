import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { ignoredDifferences } from '../../cdk8s/gitops/ignored-differences.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { waitUntilServed } from '../control-plane/serve-crd.ts';
import { serveArgoSchemas } from '../infrastructure/argo-schemas.ts';
import { Helm, objectOf, type KubernetesObject } from './helm.ts';
import { servePrometheusSchemas } from './prometheus-schemas.ts';

/** The first run builds Helm and the API server, and fetches the kinds of others. */
const START_TIMEOUT_MS = 20 * 60_000;
const TIMEOUT_MS = 120_000;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const APPS = join(ROOT, 'examples/argocd/apps');
const POLICIES = join(ROOT, 'examples/policies');
const REPOSITORY = 'https://git.example.com/platform/aurora-dr.git';

interface Source {
  readonly repoURL: string;
  readonly path: string;
  readonly directory?: { readonly include?: string };
  readonly helm?: {
    readonly releaseName: string;
    readonly valueFiles: readonly string[];
    readonly parameters: readonly { readonly name: string; readonly value: string }[];
  };
}

interface ApplicationSpec {
  readonly source: Source;
  readonly destination: { readonly name: string; readonly namespace: string };
  readonly syncPolicy: { readonly automated: { readonly prune: boolean }; readonly syncOptions: readonly string[] };
  readonly ignoreDifferences?: readonly { readonly jsonPointers: readonly string[] }[];
}

interface Element {
  readonly cluster: string;
  readonly region: string;
}

interface SetSpec {
  readonly generators: readonly { readonly list: { readonly elements: readonly Element[] } }[];
  readonly template: { readonly spec: ApplicationSpec };
  readonly syncPolicy: object;
}

function objectsInFile(path: string): readonly KubernetesObject[] {
  return parseAllDocuments(readFileSync(path, 'utf8')).map((document) => document.toJS() as KubernetesObject);
}

const filesIn = (folder: string): string[] => readdirSync(folder).map((name) => join(folder, name));
const generated = objectsInFile(join(ROOT, 'examples/infrastructure/argocd/applications.yaml'));
const apps = [
  ...objectsInFile(join(ROOT, 'examples/argocd/root.yaml')),
  ...filesIn(APPS).flatMap(objectsInFile),
  ...generated,
];
const policies = [
  ...filesIn(POLICIES).flatMap(objectsInFile),
  ...objectsInFile(join(ROOT, 'examples/infrastructure/80-policy.yaml')),
];

const specOf = (app: KubernetesObject): ApplicationSpec =>
  app.kind === 'ApplicationSet' ? (app['spec'] as SetSpec).template.spec : (app['spec'] as ApplicationSpec);
const operatorApp = objectOf(apps, 'ApplicationSet', 'aurora-dr-operator');
const elementsOf = (app: KubernetesObject): readonly Element[] =>
  (app['spec'] as SetSpec).generators.flatMap(({ list }) => list.elements);

/** The operator as Argo CD renders it for one cluster. */
function operatorIn(helm: Helm, { region }: Element): Promise<readonly KubernetesObject[]> {
  const { helm: chart, path } = specOf(operatorApp).source;
  const files = chart?.valueFiles.map((file) => resolve(ROOT, path, file)) ?? [];
  const values = files.map((file) => parse(readFileSync(file, 'utf8')) as object);
  const parameters = chart?.parameters.map(({ name, value }) => [name, value.replace('{{.region}}', region)]) ?? [];
  return helm.template(
    Object.assign({}, ...values, Object.fromEntries(parameters)) as Record<string, unknown>,
    join(ROOT, path),
  );
}

describe('the paths of the tree', () => {
  it.each(apps.map((app) => [`${app.kind} ${app.metadata.name}`, app] as const))(
    '%s leads to what is there',
    (_, app) => {
      const { source } = specOf(app);
      expect(source.repoURL).toBe(REPOSITORY);
      const folder = join(ROOT, source.path);
      expect(existsSync(folder)).toBe(true);
      if (source.directory?.include !== undefined)
        expect(existsSync(join(folder, source.directory.include))).toBe(true);
      for (const file of source.helm?.valueFiles ?? []) expect(existsSync(resolve(folder, file))).toBe(true);
    },
  );

  it('lead from the root to everything: no file is left behind', () => {
    const reached = new Set(
      apps.flatMap((app) => {
        const { path, directory, helm } = specOf(app).source;
        const folder = join(ROOT, path);
        const files = directory?.include === undefined ? readdirSync(folder) : [directory.include];
        return [
          ...files.map((file) => join(folder, file)),
          ...(helm?.valueFiles ?? []).map((file) => resolve(folder, file)),
        ];
      }),
    );
    const byHand = [
      'README.md',
      'argocd/root.yaml',
      'infrastructure/config.yaml',
      'infrastructure/argocd/root.yaml',
      'infrastructure/argocd/argocd-cm.yaml',
    ];
    const all = readdirSync(join(ROOT, 'examples'), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !byHand.some((name) => file === join(ROOT, 'examples', name)));
    expect(all.filter((file) => !reached.has(file))).toEqual([]);
  });
});

describe('what the Applications do', () => {
  it.each(apps.map((app) => [`${app.kind} ${app.metadata.name}`, app] as const))(
    '%s deletes nothing by itself',
    (_, app) => {
      const { syncPolicy } = specOf(app);
      expect(syncPolicy.automated.prune).toBe(false);
      expect(syncPolicy.syncOptions).toEqual(
        expect.arrayContaining(['ServerSideApply=true', 'RespectIgnoreDifferences=true', 'FailOnSharedResource=true']),
      );
      expect(app.metadata).not.toHaveProperty('finalizers');
      if (app.kind === 'ApplicationSet') {
        expect((app['spec'] as SetSpec).syncPolicy).toMatchObject({ preserveResourcesOnDeletion: true });
      }
    },
  );

  it('leave alone what the operator and people write on policies', () => {
    const sets = apps.filter((app) => ['aurora-dr-policies', 'aurora-policy-prod'].includes(app.metadata.name));
    expect(sets).toHaveLength(2);
    for (const app of sets) {
      expect(specOf(app).ignoreDifferences).toEqual(ignoredDifferences(policies));
    }
  });

  it('bring the operator before the policies', () => {
    const waves = filesIn(APPS)
      .flatMap(objectsInFile)
      .map(({ metadata }) => [metadata.name, Number(metadata.annotations?.['argocd.argoproj.io/sync-wave'])]);
    expect(waves.toSorted(([, one], [, other]) => Number(one) - Number(other)).map(([name]) => name)).toEqual([
      'aurora-dr-operator',
      'aurora-dr-infrastructure',
      'aurora-dr-policies',
    ]);
  });

  it('bring each policy to every cluster that has an operator, and name each global cluster once', () => {
    const clusters = elementsOf(operatorApp);
    expect(elementsOf(objectOf(apps, 'ApplicationSet', 'aurora-dr-policies'))).toEqual(clusters);
    const identifiers = policies.map(
      ({ spec }) => (spec as { globalClusterIdentifier: string }).globalClusterIdentifier,
    );
    expect(new Set(identifiers).size).toBe(policies.length);
  });
});

describe('on a real API server with Argo CD’s kinds', () => {
  let plane: ControlPlane;
  let helm: Helm;
  const apply = (items: readonly object[]): Promise<string> =>
    plane.kubectl(
      [
        'apply',
        '--server-side',
        '--force-conflicts',
        '--validate=strict',
        '--field-manager=argocd-controller',
        '-f',
        '-',
      ],
      { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) },
    );

  beforeAll(async () => {
    plane = await startControlPlane();
    helm = await Helm.create();
    await serveArgoSchemas(plane);
    await servePrometheusSchemas(plane);
    for (const namespace of ['argocd', 'aurora-dr', 'payments'])
      await plane.kubectl(['create', 'namespace', namespace]);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await plane.stop();
    await helm[Symbol.asyncDispose]();
  });

  it(
    'every Application is taken, every field of it known',
    async () => {
      expect((await apply(apps)).trim().split('\n')).toHaveLength(apps.length);
    },
    TIMEOUT_MS,
  );

  it(
    'the operator is taken in each cluster, is told its region, and takes the policies by its admission',
    async () => {
      for (const element of elementsOf(operatorApp)) {
        const objects = await operatorIn(helm, element);
        expect(JSON.stringify(objectOf(objects, 'Deployment'))).toContain(`--region=${element.region}`);
        const [crd, others] = [
          [objectOf(objects, 'CustomResourceDefinition')],
          objects.filter(({ kind }) => kind !== 'CustomResourceDefinition'),
        ];
        expect(crd[0]?.metadata.annotations).toMatchObject({
          'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
        });
        await apply(crd);
        await waitUntilServed(plane, 'drp');
        await apply(others);
        expect((await apply(policies)).trim().split('\n')).toHaveLength(policies.length);
      }
    },
    TIMEOUT_MS,
  );
});
