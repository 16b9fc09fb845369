import { join } from 'node:path';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { ensureModuleFiles } from '../control-plane/module-files.ts';
import { waitUntilServed } from '../control-plane/serve-crd.ts';

const CRDS = { applications: 'application-crd.yaml', applicationsets: 'applicationset-crd.yaml' } as const;

/** The Go module that carries Argo CD's CRDs: the newest whose `go` line the Go of this project satisfies. */
const ARGO_CD = {
  name: 'argo-cd-crds',
  module: 'github.com/argoproj/argo-cd/v3',
  version: 'v3.5.7',
  sum: 'h1:Xm1BF+I5OgDKUG3SDK49vn2/Y5AMyaNVko+/JT08gj0=',
  files: Object.values(CRDS).map((file) => `manifests/crds/${file}`),
} as const;

/** Installs Argo CD's kinds and waits until they are served. */
export async function serveArgoSchemas(plane: ControlPlane): Promise<void> {
  const directory = await ensureModuleFiles(ARGO_CD);
  for (const [plural, file] of Object.entries(CRDS)) {
    await plane.kubectl(['apply', '--server-side', '-f', join(directory, file)]);
    await waitUntilServed(plane, `${plural}.argoproj.io`);
  }
}
