import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { bundleFunction, FUNCTION_NAMES, LARGEST_ZIP_BYTES } from '../../scripts/bundle-functions.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/control-plane.ts';
import { waitUntilServed } from '../control-plane/serve-crd.ts';

/** The first run builds the API server. */
const BUILD_TIMEOUT_MS = 20 * 60_000;
const TIMEOUT_MS = 60_000;

const CRD = join(import.meta.dirname, '../../cdk8s/schemas/namespaced/s3.aws.m.upbound.io_objects.yaml');

let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane();
  await plane.kubectl(['apply', '--server-side', '-f', CRD]);
  await waitUntilServed(plane, 'objects.s3.aws.m.upbound.io');
}, BUILD_TIMEOUT_MS);

afterAll(() => plane.stop(), TIMEOUT_MS);

/** A zip as it travels: the object that Crossplane's provider makes a file in a bucket of. */
function manifest(name: string, contentBase64: string): string {
  return JSON.stringify({
    apiVersion: 's3.aws.m.upbound.io/v1beta1',
    kind: 'Object',
    metadata: { name, namespace: 'default', labels: { 'app.kubernetes.io/part-of': 'aurora-dr' } },
    spec: {
      forProvider: {
        region: 'us-west-2',
        bucketRef: { name: 'functions-us-west-2-prod' },
        key: `${name}.zip`,
        contentType: 'application/zip',
        contentBase64,
      },
    },
  });
}

/** As people do it: client-side, which keeps a copy of the whole object in one of its annotations. */
const apply = (name: string, contentBase64: string): Promise<string> =>
  plane.kubectl(['apply', '--validate=strict', '-f', '-'], { input: manifest(name, contentBase64) });

describe('given a bundled function in an S3 Object', () => {
  it.each(FUNCTION_NAMES)(
    'when %s is applied, and applied again changed, then kubectl needs no other step',
    async (name) => {
      const { zipBase64 } = await bundleFunction(name);
      expect(await apply(name, zipBase64)).toContain('created');
      expect(await apply(name, zipBase64)).toContain('unchanged');
      const other = Buffer.from(zipBase64, 'base64');
      other.writeUInt8(other.readUInt8(other.length >> 1) ^ 1, other.length >> 1);
      expect(await apply(name, other.toString('base64'))).toContain('configured');
      const path = 'jsonpath={.spec.forProvider.contentBase64}';
      const kept = await plane.kubectl(['get', 'objects.s3.aws.m.upbound.io', name, '-n', 'default', '-o', path]);
      expect(kept).toBe(other.toString('base64'));
    },
    TIMEOUT_MS,
  );

  it(
    'when a zip is as large as is allowed, then it still fits',
    async () => {
      expect(await apply('largest', randomBytes(LARGEST_ZIP_BYTES).toString('base64'))).toContain('created');
    },
    TIMEOUT_MS,
  );

  it(
    'when a zip is larger than the annotation can hold, then the API server refuses: the limit is there for a reason',
    async () => {
      const larger = randomBytes(192 * 1024).toString('base64');
      await expect(apply('larger', larger)).rejects.toThrow(/metadata\.annotations: Too long/);
    },
    TIMEOUT_MS,
  );
});
