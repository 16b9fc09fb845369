import { execFile } from 'node:child_process';
import { access, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { ControlPlaneError } from './control-plane-error.ts';
import { cacheDirectory } from './go-tool.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 300_000;

/** Files of a Go module that are wanted for what they are, such as CRDs: nothing is built. */
export interface ModuleFiles {
  /** Of the folder that they are kept in. */
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** What go.sum would say of it. */
  readonly sum: string;
  /** Paths in the module; each file has a name of its own. */
  readonly files: readonly string[];
}

interface Downloaded {
  readonly Dir?: string;
  readonly Sum?: string;
  readonly Error?: string;
}

/**
 * Folder with the files: kept where the programs of the control plane are, so that Go is needed only once.
 *
 * @throws ControlPlaneError if the module cannot be had, or is not what the sum says.
 */
export async function ensureModuleFiles(wanted: ModuleFiles): Promise<string> {
  const directory = join(cacheDirectory(process.env), `${wanted.name}-${wanted.version}`);
  const isThere = await access(directory).then(
    () => true,
    () => false,
  );
  if (isThere) return directory;
  const partial = `${directory}.${String(process.pid)}`;
  await withSources(wanted, async (sources) => {
    await mkdir(partial, { recursive: true });
    for (const file of wanted.files) await copyFile(join(sources, file), join(partial, basename(file)));
  });
  // Somebody else may have been faster: theirs is the same.
  await rename(partial, directory).catch(() => rm(partial, { recursive: true, force: true }));
  return directory;
}

/** Runs `use` with the module's sources: in the cache of Go modules, fetched when they are not there yet. */
async function withSources(
  { module, version, sum }: ModuleFiles,
  use: (directory: string) => Promise<void>,
): Promise<void> {
  // Outside of any module: which other modules it needs does not matter here.
  const folder = await mkdtemp(join(tmpdir(), 'aurora-dr-module-'));
  try {
    const { stdout } = await run('go', ['mod', 'download', '-json', `${module}@${version}`], {
      cwd: folder,
      // The pin replaces the question to the checksum database.
      env: { ...process.env, GOFLAGS: '', GOWORK: 'off', GONOSUMDB: module },
      timeout: TIMEOUT_MS,
    });
    const { Dir, Sum, Error: why } = JSON.parse(stdout) as Downloaded;
    if (Dir === undefined || Sum !== sum) {
      const found = why ?? `its sum is ${Sum ?? 'unknown'}, not ${sum}`;
      throw new ControlPlaneError(`cannot use ${module}@${version}: ${found}; look at its pin`);
    }
    await use(Dir);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
