import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { adoptSchemas } from './adopt-schemas.ts';
import type { CustomResourceDefinition } from './custom-resource-definition.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'adopt-schemas-'));
  mkdirSync(join(folder, 'namespaced'));
  mkdirSync(join(folder, 'cluster'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function definition(group: string, plural: string): CustomResourceDefinition {
  return {
    kind: 'CustomResourceDefinition',
    spec: { group, scope: 'Cluster', names: { kind: 'Any', plural }, versions: [] },
  } as unknown as CustomResourceDefinition;
}

describe('adopting a release', () => {
  it('given kinds in use, puts the new schemas in place of the old, and leaves other kinds out', () => {
    writeFileSync(join(folder, 'namespaced/sqs.aws.m.upbound.io_queues.yaml'), 'old');
    writeFileSync(join(folder, 'cluster/sqs.aws.upbound.io_queues.yaml'), 'old');
    const release = [
      definition('sqs.aws.m.upbound.io', 'queues'),
      definition('sqs.aws.upbound.io', 'queues'),
      definition('sqs.aws.upbound.io', 'queuepolicies'),
    ];
    expect(adoptSchemas(folder, release)).toEqual({
      adopted: ['namespaced/sqs.aws.m.upbound.io_queues.yaml', 'cluster/sqs.aws.upbound.io_queues.yaml'],
      unused: 1,
    });
    expect(parse(readFileSync(join(folder, 'cluster/sqs.aws.upbound.io_queues.yaml'), 'utf8'))).toEqual(release[1]);
  });

  it('given nothing that is in use, says so', () => {
    expect(() => adoptSchemas(folder, [definition('sqs.aws.upbound.io', 'queues')])).toThrow(
      /cannot adopt schemas: none of the 1 CRDs is in use/,
    );
  });
});
