import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Writes a Markdown document that is made from the code; with `--check` on the command line fails if it differs.
 *
 * @param file its path in this repository
 * @param source what it is made from, in words
 */
export async function writeGeneratedDocument(file: string, text: string, source: string): Promise<void> {
  const path = join(root, file);
  const wanted = await format(text, { ...(await resolveConfig(path)), parser: 'markdown' });
  if (readIfPresent(path) === wanted) return;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${file} differs from ${source}: run \`npm run generate\` and commit it\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, wanted);
    process.stdout.write(`wrote ${file}\n`);
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
