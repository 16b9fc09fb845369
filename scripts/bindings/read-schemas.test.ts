import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesOf } from './files-of.ts';
import { readSchemas } from './read-schemas.ts';

const CRD = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: queues.sqs.aws.upbound.io }
`;
const PACKAGE = `apiVersion: meta.pkg.crossplane.io/v1
kind: Provider
metadata: { name: provider-aws-sqs }
---
${CRD}`;

let folder: string;
const inFolder = (name: string) => join(folder, name);

function tar(name: string, flags: string, ...entries: string[]): string {
  expect(spawnSync('tar', [flags, inFolder(name), '-C', folder, ...entries]).status).toBe(0);
  return inFolder(name);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-schemas-'));
  mkdirSync(inFolder('crds/nested'), { recursive: true });
  mkdirSync(inFolder('empty'));
  writeFileSync(inFolder('crds/nested/queues.yaml'), CRD);
  writeFileSync(inFolder('crds/kustomization.yml'), 'kind: Kustomization\n');
  writeFileSync(inFolder('package.yaml'), PACKAGE);
});
afterAll(() => rmSync(folder, { recursive: true }));

const kinds = (file: string) => readSchemas(file).map((found) => (found as unknown as { kind: string }).kind);

describe('reading schemas', () => {
  it('given a folder, finds CRDs at any depth and leaves other kinds out', () => {
    expect(filesOf(inFolder('crds')).flatMap(kinds)).toEqual(['CustomResourceDefinition']);
  });

  it('given an exported provider package, plain or compressed, reads package.yaml', () => {
    expect(kinds(tar('exported.tar', '-cf', 'package.yaml'))).toEqual(['CustomResourceDefinition']);
    expect(kinds(tar('exported.tar.gz', '-czf', 'package.yaml'))).toEqual(['CustomResourceDefinition']);
  });

  it('given a saved image, finds the layer that holds the package', () => {
    tar('layer.tar.gz', '-czf', 'package.yaml');
    expect(kinds(tar('image.tar', '-cf', 'layer.tar.gz'))).toEqual(['CustomResourceDefinition']);
  });

  it('given nothing to read, says what would be', () => {
    expect(() => filesOf(inFolder('empty'))).toThrow(/cannot read schemas from .*: no YAML file is there/);
    expect(() => filesOf(inFolder('absent'))).toThrow(/no YAML file is there/);
    expect(() => readSchemas(tar('other.tar', '-cf', 'crds'))).toThrow(/it holds no package.yaml/);
  });

  it('given broken YAML, names the file', () => {
    writeFileSync(inFolder('broken.yaml'), 'a: [');
    expect(() => readSchemas(inFolder('broken.yaml'))).toThrow(
      /cannot read schemas from .*broken.yaml: it is not YAML/,
    );
  });
});
