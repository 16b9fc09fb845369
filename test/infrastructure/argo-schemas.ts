import { execFile } from 'node:child_process';
import { access, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { cacheDirectory } from '../control-plane/go-tool.ts';
import { waitUntilServed } from '../control-plane/serve-crd.ts';

const run = promisify(execFile);

/** The Go module that carries Argo CD's CRDs: the newest whose `go` line the Go of this project satisfies. */
const MODULE = { path: 'github.com/argoproj/argo-cd/v3', version: 'v3.5.7' } as const;
/** What go.sum would say of it. */
const SUM = 'h1:Xm1BF+I5OgDKUG3SDK49vn2/Y5AMyaNVko+/JT08gj0=';

const CRDS = { applications: 'application-crd.yaml', applicationsets: 'applicationset-crd.yaml' } as const;

interface Downloaded {
  readonly Dir?: string;
  readonly Sum?: string;
  readonly Error?: string;
}

/** Runs `use` with Argo CD's sources: in the cache of Go modules, fetched when they are not there yet. */
async function withSources(use: (directory: string) => Promise<void>): Promise<void> {
  // Outside of any module: which other modules Argo CD needs does not matter here.
  const folder = await mkdtemp(join(tmpdir(), 'argo-cd-'));
  try {
    const { stdout } = await run('go', ['mod', 'download', '-json', `${MODULE.path}@${MODULE.version}`], {
      cwd: folder,
      // The pin replaces the question to the checksum database.
      env: { ...process.env, GOFLAGS: '', GOWORK: 'off', GONOSUMDB: MODULE.path },
      timeout: 300_000,
    });
    const { Dir, Sum, Error: why } = JSON.parse(stdout) as Downloaded;
    if (Dir === undefined || Sum !== SUM) {
      const found = why ?? `its sum is ${Sum ?? 'unknown'}, not ${SUM}`;
      throw new Error(
        `cannot use ${MODULE.path}@${MODULE.version}: ${found}; look at its pin in ${import.meta.filename}`,
      );
    }
    await use(Dir);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Folder with Argo CD's CRDs: kept where the programs of the control plane are, so that Go is needed only once. */
async function ensureCrds(): Promise<string> {
  const directory = join(cacheDirectory(process.env), `argo-cd-crds-${MODULE.version}`);
  const isThere = await access(directory).then(
    () => true,
    () => false,
  );
  if (isThere) return directory;
  const partial = `${directory}.${String(process.pid)}`;
  await withSources(async (sources) => {
    await mkdir(partial, { recursive: true });
    for (const file of Object.values(CRDS))
      await copyFile(join(sources, 'manifests', 'crds', file), join(partial, file));
  });
  // Somebody else may have been faster: theirs is the same.
  await rename(partial, directory).catch(() => rm(partial, { recursive: true, force: true }));
  return directory;
}

/** Installs Argo CD's kinds and waits until they are served. */
export async function serveArgoSchemas(plane: ControlPlane): Promise<void> {
  const directory = await ensureCrds();
  for (const [plural, file] of Object.entries(CRDS)) {
    await plane.kubectl(['apply', '--server-side', '-f', join(directory, file)]);
    await waitUntilServed(plane, `${plural}.argoproj.io`);
  }
}
