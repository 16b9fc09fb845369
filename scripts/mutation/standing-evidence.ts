import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

/** Of a pure module and the tests beside it: what its score was measured on. */
export function evidenceHash(root: string, module: string): string {
  const tests = ['.test.ts', '.property.test.ts'].map((ending) => module.replace(/\.ts$/, ending));
  const hash = createHash('sha256');
  for (const file of [module, ...tests].filter((each) => existsSync(join(root, each)))) {
    hash.update(`${file}\0${readFileSync(join(root, file), 'utf8')}\0`);
  }
  return hash.digest('hex').slice(0, 12);
}

/** Whether there is anything in a module to mutate: Stryker does not name a file of types and plain values alone. */
export function hasCode(root: string, module: string): boolean {
  return /=>|\bfunction\b/.test(stripTypeScriptTypes(readFileSync(join(root, module), 'utf8')));
}

/** The hash of each module in the table of docs/evidence/mutation.md. */
export function hashesIn(report: string): ReadonlyMap<string, string> {
  const rows = report.matchAll(/^\| (?<file>\S+\.ts) .*\| `(?<hash>[0-9a-f]{12})` *\|$/gm);
  return new Map([...rows].map(({ groups }) => [groups?.['file'] ?? '', groups?.['hash'] ?? '']));
}
