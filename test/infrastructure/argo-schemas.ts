import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ControlPlane } from '../control-plane/control-plane.ts';
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

/** Where Argo CD's sources are: in the cache of Go modules, fetched when they are not there yet. */
export async function ensureArgoSources(): Promise<string> {
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
    return Dir;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Installs Argo CD's kinds and waits until they are served. */
export async function serveArgoSchemas(plane: ControlPlane): Promise<void> {
  const sources = await ensureArgoSources();
  for (const [plural, file] of Object.entries(CRDS)) {
    await plane.kubectl(['apply', '--server-side', '-f', join(sources, 'manifests', 'crds', file)]);
    await waitUntilServed(plane, `${plural}.argoproj.io`);
  }
}
