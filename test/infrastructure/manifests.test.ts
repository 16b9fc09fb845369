import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { startControlPlane } from '../control-plane/control-plane.ts';
import type { Manifest } from './manifest.ts';
import { serveSchemas } from './serve-schemas.ts';
import { SET_UPS } from './set-ups.ts';

/** The first run builds the programs. */
const START_TIMEOUT_MS = 20 * 60_000;
const TIMEOUT_MS = 300_000;

/** One of the default set-up in scope cluster. */
function anyOf(kind: string): Manifest {
  const setUp = SET_UPS.find(({ title }) => title === 'default.yaml, cluster');
  return setUp!.manifests.find((manifest) => manifest.kind === kind)!;
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

  it.each(SET_UPS)(
    'when the set-up $title is applied, then every field is known, required ones are there and rules hold',
    async ({ manifests }) => {
      const output = await apply(manifests);
      expect(output.trim().split('\n')).toHaveLength(manifests.length);
    },
    TIMEOUT_MS,
  );

  describe('when a manifest is wrong, then it is refused', () => {
    const subnet = (): { spec: { forProvider: Record<string, unknown> } } => {
      return structuredClone(anyOf('Subnet')) as unknown as { spec: { forProvider: Record<string, unknown> } };
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
        const rule = anyOf('SecurityGroupIngressRule');
        const { ipProtocol: _left, ...forProvider } = rule.spec?.forProvider ?? {};
        const manifest = { ...rule, metadata: { name: 'without-protocol' }, spec: { ...rule.spec, forProvider } };
        await expect(apply([manifest])).rejects.toThrow(/ipProtocol is a required parameter/);
      },
      TIMEOUT_MS,
    );
  });
});
