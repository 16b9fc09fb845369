import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readSources } from './sources.ts';

describe('readSources', () => {
  let folder: string;
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const hash = (): string => readSources(join(folder, 'entry.ts')).hash;
  // Inside the repository: git is asked about the files.
  beforeEach(() => {
    folder = mkdtempSync(join(import.meta.dirname, 'sources-'));
    write(
      'entry.ts',
      "import { a } from './used.ts';\nimport type { T } from './only-a-type.ts';\nexport const b: T = a;\n",
    );
    write('used.ts', 'export const a = 1;\n');
    write('only-a-type.ts', 'export type T = number;\n');
    write('other.ts', 'export const c = 1;\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('Given the same files, then it is the same', () => {
    expect(hash()).toBe(hash());
    expect(readSources(join(folder, 'entry.ts'))).toMatchObject({ files: 2, isCommitted: false });
  });

  it('Given another text of a file that is imported, then it is another', () => {
    const before = hash();
    write('used.ts', 'export const a = 2;\n');

    expect(hash()).not.toBe(before);
  });

  it.each(['other.ts', 'only-a-type.ts'])(
    'Given another text of %s, which no run touches, then it is the same',
    (name) => {
      const before = hash();
      write(name, 'export type T = 1;\nexport const c = 2;\n');

      expect(hash()).toBe(before);
    },
  );

  it('Given the simulation, then the brain is part of it and what prints its figures is not', () => {
    const { files, commit } = readSources();

    expect(files).toBeGreaterThan(100);
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
  });
});
