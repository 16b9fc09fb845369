import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { createConfiguration } from '../../cdk8s/configuration/configuration.ts';
import type { ConfigurationInput } from '../../cdk8s/configuration/schema.ts';
import { createInfrastructure, manifestFiles } from '../../cdk8s/infrastructure.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { startControlPlane } from '../control-plane/control-plane.ts';
import type { Manifest } from './manifest.ts';
import { followReferences } from './references.ts';
import { serveSchemas } from './serve-schemas.ts';

/** The first run builds the programs. */
const START_TIMEOUT_MS = 20 * 60_000;
const TIMEOUT_MS = 300_000;

const SCOPES = ['namespaced', 'cluster'] as const;
const EXAMPLES = ['default', 'three-regions', 'minimal-development'] as const;
const CASES = EXAMPLES.flatMap((example) => SCOPES.map((scope) => ({ example, scope })));

function manifestsOf(example: (typeof EXAMPLES)[number], scope: (typeof SCOPES)[number]): Manifest[] {
  const file = fileURLToPath(new URL(`../../cdk8s/examples/${example}.yaml`, import.meta.url));
  const input = parse(readFileSync(file, 'utf8')) as ConfigurationInput;
  const charts = createInfrastructure(createConfiguration({ ...input, scope }));
  return manifestFiles(charts).flatMap(({ manifests }) => manifests) as Manifest[];
}

function listOf(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

describe('Given an API server with the schemas of Crossplane and of the operator', () => {
  let plane: ControlPlane;

  const apply = (items: readonly object[]): Promise<string> =>
    plane.kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], { input: listOf(items) });

  beforeAll(async () => {
    plane = await startControlPlane();
    await serveSchemas(plane);
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await plane.stop();
  }, TIMEOUT_MS);

  it.each(CASES)(
    'when $example is applied in scope $scope, then every field is known, required ones are there and rules hold',
    async ({ example, scope }) => {
      const manifests = manifestsOf(example, scope);
      const output = await apply(manifests);
      expect(output.trim().split('\n')).toHaveLength(manifests.length);
    },
    TIMEOUT_MS,
  );

  describe('when a manifest is wrong, then it is refused', () => {
    const subnet = (): { spec: { forProvider: Record<string, unknown> } } => {
      const found = manifestsOf('default', 'cluster').find(({ kind }) => kind === 'Subnet');
      return structuredClone(found) as unknown as { spec: { forProvider: Record<string, unknown> } };
    };

    it(
      'for an unknown field',
      async () => {
        const manifest = subnet();
        manifest.spec.forProvider['vpcIdReference'] = { name: 'vpc' };
        await expect(apply([manifest])).rejects.toThrow(/vpcIdReference/);
      },
      TIMEOUT_MS,
    );

    it(
      'for a missing field',
      async () => {
        const manifest = subnet();
        delete manifest.spec.forProvider['region'];
        // Another name: what the first one has already would be kept.
        Object.assign(manifest, { metadata: { name: 'without-region' } });
        await expect(apply([manifest])).rejects.toThrow(/region/);
      },
      TIMEOUT_MS,
    );

    it(
      'for a broken rule',
      async () => {
        const rule = manifestsOf('default', 'cluster').find(({ kind }) => kind === 'SecurityGroupIngressRule');
        const { ipProtocol: _left, ...forProvider } = rule?.spec?.forProvider ?? {};
        const manifest = { ...rule, metadata: { name: 'without-protocol' }, spec: { ...rule?.spec, forProvider } };
        await expect(apply([manifest])).rejects.toThrow(/ipProtocol is a required parameter/);
      },
      TIMEOUT_MS,
    );
  });
});

describe.each(CASES)('Given the manifests of $example in scope $scope', ({ example, scope }) => {
  it('then every reference leads to a resource of the set-up', () => {
    const { problems, count } = followReferences(manifestsOf(example, scope));
    expect(problems).toEqual([]);
    expect(count).toBeGreaterThan(0);
  });

  it('then no two objects have the same kind and name', () => {
    const names = manifestsOf(example, scope).map(
      ({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`,
    );
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('Given manifests with a reference that leads nowhere', () => {
  const [vpc, subnet] = ['VPC', 'Subnet'].map((kind) =>
    manifestsOf('default', 'namespaced').find((manifest) => manifest.kind === kind),
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
