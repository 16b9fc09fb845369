import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** What a simulated run depends on: the same sources and the same seed make the same run. */
export interface Sources {
  /** SHA-256 over Node's version, the files and the versions of the packages that they use. */
  readonly hash: string;
  readonly files: number;
  readonly commit: string;
  /** Whether these very files are what the commit holds. */
  readonly isCommitted: boolean;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Everything that a seed sets off is imported from here; what only counts and prints has no part in it. */
const ENTRY = fileURLToPath(new URL('./seed-worker.ts', import.meta.url));

/** @throws Error when a file that is imported cannot be read */
export function readSources(entry = ENTRY): Sources {
  const { files, packages } = closureOf(entry);
  const hash = createHash('sha256').update(`node ${process.version}\n`);
  for (const [path, text] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${relative(root, path)} ${createHash('sha256').update(text).digest('hex')}\n`);
  }
  for (const name of [...packages].toSorted()) hash.update(`${name} ${versionOf(name)}\n`);
  const paths = [...files.keys()];
  return {
    hash: hash.digest('hex'),
    files: paths.length,
    commit: git('rev-parse', 'HEAD'),
    isCommitted: git('status', '--porcelain', '--', ...paths) === '',
  };
}

/** The files that a module imports when it runs, itself included, and the packages that these use. */
function closureOf(entry: string): { readonly files: Map<string, string>; readonly packages: Set<string> } {
  const files = new Map<string, string>();
  const packages = new Set<string>();
  const open = [entry];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (files.has(path)) continue;
    const text = readFileSync(path, 'utf8');
    files.set(path, text);
    for (const { fileName } of ts.preProcessFile(withoutTypes(text)).importedFiles) {
      if (fileName.startsWith('.')) open.push(join(dirname(path), fileName));
      else if (!fileName.startsWith('node:')) packages.add(packageOf(fileName));
    }
  }
  return { files, packages };
}

/** What Node runs of it: imports of types are none. */
const withoutTypes = (text: string): string =>
  ts.transpileModule(text, { compilerOptions: { module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true } })
    .outputText;

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

function versionOf(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      return (JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { version: string }).version;
    } catch {
      // Looked for further up, as Node does.
    }
  }
  throw new Error(`cannot find ${name}, which the simulation imports: run npm ci`);
}

function git(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`cannot tell which code this is: git ${args[0] ?? ''} failed: ${stderr}`);
  return stdout.trim();
}
