import { describe, expect, it, jest } from '@jest/globals';
import { unzipSync } from 'fflate';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  bundleFunction,
  bundleFunctionSync,
  bundleSource,
  FUNCTION_NAMES,
  LARGEST_ZIP_BYTES,
  sizedZip,
  zipOf,
} from './bundle-functions.ts';

jest.setTimeout(30_000);

const sha256 = (zip: Uint8Array): string => createHash('sha256').update(zip).digest('hex');

/** Client-side `kubectl apply` copies an object into one annotation; all of an object's may have 256 KiB together. */
const ANNOTATION_LIMIT = 262_144;
/** For what the object says besides the zip, and for other annotations. */
const MARGIN = 16 * 1024;

describe.each(FUNCTION_NAMES)('the bundle of %s', (name) => {
  it('is small enough to travel in an object', async () => {
    const { zipBase64, size } = await bundleFunction(name);
    expect(size).toBeLessThanOrEqual(LARGEST_ZIP_BYTES);
    expect(Buffer.from(zipBase64, 'base64')).toHaveLength(size);
  });

  it('is the same, bundled again', async () => {
    const first = await bundleFunction(name);
    const second = await bundleFunction(name);
    expect(second.sha256).toBe(first.sha256);
    expect(first.sha256).toBe(sha256(Buffer.from(first.zipBase64, 'base64')));
  });

  it('is one module that asks for nothing but Node itself', async () => {
    const source = await bundleSource(name);
    const imports = Array.from(source.matchAll(/(?:\bfrom|\bimport)\s*\(?"([^"./][^"]*)"/g), ([, module]) => module);
    expect(imports.length).toBeGreaterThan(0);
    for (const module of imports) expect(module).toMatch(/^(node:)?[a-z_]+(\/promises)?$/);
  });

  it('holds nothing of where it was bundled', async () => {
    expect(await bundleSource(name)).not.toContain(process.cwd());
  });
});

describe('zipOf', () => {
  it('given the same source, gives the same bytes; given another, other ones', () => {
    expect(sha256(zipOf('export const a = 1;'))).toBe(sha256(zipOf('export const a = 1;')));
    expect(sha256(zipOf('export const a = 1;'))).not.toBe(sha256(zipOf('export const a = 2;')));
  });

  it.each(['Asia/Tokyo', 'America/Los_Angeles'])('gives the same bytes in %s', (zone) => {
    const script = `
      import { zipOf } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'bundle-functions.ts')).href)};
      process.stdout.write(Buffer.from(zipOf('export const a = 1;')).toString('base64'));`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, TZ: zone, NODE_OPTIONS: '' },
      encoding: 'utf8',
    });
    expect(run.stdout).toBe(Buffer.from(zipOf('export const a = 1;')).toString('base64'));
  });

  it('holds the module under the name that the handler is found by', () => {
    const files = unzipSync(zipOf('export const handler = 1;'));
    expect(Object.keys(files)).toEqual(['index.mjs']);
    expect(Buffer.from(files['index.mjs']!).toString()).toBe('export const handler = 1;');
  });
});

describe('bundleFunctionSync', () => {
  it('bundles the same bytes for those who cannot wait', async () => {
    expect(bundleFunctionSync('failover')).toEqual(await bundleFunction('failover'));
  });
});

describe('sizedZip', () => {
  const noise = (bytes: number): string => {
    let hash = createHash('sha256').update('seed').digest();
    const parts: string[] = [];
    for (let length = 0; length < bytes; length += 32) {
      hash = createHash('sha256').update(hash).digest();
      parts.push(
        hash.toString('latin1').replaceAll(/[^\x20-\x7e]/g, (character) => character.charCodeAt(0).toString(36)),
      );
    }
    return parts.join('');
  };

  it('given a zip above the limit, fails instead of making an object that cannot be applied', () => {
    expect(() => sizedZip('failover', noise(400_000))).toThrow(/cannot bundle failover: its zip has \d+ bytes/);
  });

  it('has a limit that leaves room in the annotation, and would not with half as much again', () => {
    expect(Math.ceil(LARGEST_ZIP_BYTES / 3) * 4).toBeLessThan(ANNOTATION_LIMIT - MARGIN);
    expect(Math.ceil((LARGEST_ZIP_BYTES * 1.5) / 3) * 4).toBeGreaterThan(ANNOTATION_LIMIT);
  });
});
