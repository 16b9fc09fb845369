import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { evidenceHash, hasCode, hashesIn } from './standing-evidence.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'evidence-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (file: string, text: string): void => writeFileSync(join(root, file), text);

describe('evidenceHash', () => {
  it.each([
    ['the module', 'a.ts'],
    ['its test', 'a.test.ts'],
    ['its properties', 'a.property.test.ts'],
  ])('given a change of %s, then the evidence stands no more', (_what, file) => {
    write('a.ts', 'one');
    const before = evidenceHash(root, 'a.ts');
    expect(evidenceHash(root, 'a.ts')).toBe(before);
    write(file, 'two');
    expect(evidenceHash(root, 'a.ts')).not.toBe(before);
  });

  it('given a change of another module, then the evidence stands', () => {
    write('a.ts', 'one');
    const before = evidenceHash(root, 'a.ts');
    write('b.ts', 'two');
    expect(evidenceHash(root, 'a.ts')).toBe(before);
  });
});

describe('hasCode', () => {
  it('given types and plain values alone, then there is nothing to mutate; given a function, there is', () => {
    write('types.ts', 'export interface A { readonly f: () => void }\nexport const LIMIT = 10;\n');
    write('code.ts', 'export const f = (n: number): number => n + 1;\n');
    expect([hasCode(root, 'types.ts'), hasCode(root, 'code.ts')]).toEqual([false, true]);
  });
});

describe('hashesIn', () => {
  it('given a report, then each row of a module has its hash, and the sum has none', () => {
    const report = [
      '| file | killed % | sha-256 |',
      '| operator/failover/a.ts |    100.0 | `caa207f82f9b` |',
      '| operator/b.ts          |     98.7 | `805dd16eaf64`        |',
      '| **all**                |     98.1 |  |',
    ].join('\n');
    expect([...hashesIn(report)]).toEqual([
      ['operator/failover/a.ts', 'caa207f82f9b'],
      ['operator/b.ts', '805dd16eaf64'],
    ]);
  });
});
