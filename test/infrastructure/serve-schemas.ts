import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { ControlPlane } from '../control-plane/control-plane.ts';

const SCHEMAS = fileURLToPath(new URL('../../cdk8s/schemas', import.meta.url));
const CRDS = fileURLToPath(new URL('../../crds', import.meta.url));
const POLICY_CRD = 'aurora-dr.io_disasterrecoverypolicies.yaml';

const ATTEMPTS = 300;
const PAUSE_MS = 100;

/** `vpcs.ec2.aws.upbound.io`: what the file ec2.aws.upbound.io_vpcs.yaml defines. */
function resourceOf(file: string): string {
  const [group = '', plural = ''] = file.replace('.yaml', '').split('_');
  return `${plural}.${group}`;
}

/** Installs the kinds of Crossplane's AWS provider in both scopes, and the operator's own; waits until all are served. */
export async function serveSchemas(plane: ControlPlane): Promise<void> {
  const folders = [`${SCHEMAS}/namespaced`, `${SCHEMAS}/cluster`];
  await plane.kubectl(['apply', '--server-side', ...folders.flatMap((folder) => ['-f', folder])]);
  await plane.kubectl(['apply', '--server-side', '-f', `${CRDS}/${POLICY_CRD}`]);
  const files = await Promise.all(folders.map((folder) => readdir(folder)));
  const wanted = [...files.flat(), POLICY_CRD].map(resourceOf);
  for (let attempt = 1; ; attempt += 1) {
    const served = new Set((await plane.kubectl(['api-resources', '--cached=false', '-o', 'name'])).split('\n'));
    const missing = wanted.filter((resource) => !served.has(resource));
    if (missing.length === 0) return;
    if (attempt >= ATTEMPTS)
      throw new Error(`cannot serve the schemas: the API server does not list ${missing.join(', ')}`);
    await delay(PAUSE_MS);
  }
}
