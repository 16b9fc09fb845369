/**
 * Writes the manifests in examples/infrastructure/ from the configuration beside them, by the same command that people use;
 * with `--check` fails if they differ.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'examples/infrastructure');
const CONFIGURATION = 'config.yaml';

/** The files under a folder, by path: their texts. */
function textsIn(directory: string): Map<string, string> {
  const entries = readdirSync(directory, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== CONFIGURATION);
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(directory, path), readFileSync(path, 'utf8')];
    }),
  );
}

const made = mkdtempSync(join(tmpdir(), 'aurora-dr-examples-'));
try {
  const args = ['cdk8s/main.ts', '--config', join(folder, CONFIGURATION), '--out', made];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`cannot make the examples: ${stderr.trim()}; correct ${folder}/${CONFIGURATION}`);
  const [wanted, present] = [textsIn(made), textsIn(folder)];
  const names = [...new Set([...wanted.keys(), ...present.keys()])].toSorted();
  const different = names.filter((name) => wanted.get(name) !== present.get(name));
  if (process.argv.includes('--check')) {
    for (const name of different) {
      process.stderr.write(`examples/infrastructure/${name} differs from its source: run \`npm run generate\`\n`);
      process.exitCode = 1;
    }
  } else if (different.length > 0) {
    for (const name of present.keys()) rmSync(join(folder, name));
    cpSync(made, folder, { recursive: true });
    process.stdout.write(`wrote ${String(different.length)} files in examples/infrastructure\n`);
  }
} finally {
  rmSync(made, { recursive: true, force: true });
}
