import { join } from 'node:path';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { ensureModuleFiles } from '../control-plane/module-files.ts';
import { waitUntilServed } from '../control-plane/serve-crd.ts';

const PLURALS = ['servicemonitors', 'prometheusrules'] as const;
const fileOf = (plural: string): string => `monitoring.coreos.com_${plural}.yaml`;

/** The Go module that carries the CRDs of the Prometheus operator. */
const PROMETHEUS_OPERATOR = {
  name: 'prometheus-operator-crds',
  module: 'github.com/prometheus-operator/prometheus-operator',
  version: 'v0.92.1',
  sum: 'h1:rHWuFo6SVya4FBSCNg2DCzyc4xAv54zk3eDTzp5mQZc=',
  files: PLURALS.map((plural) => `example/prometheus-operator-crd/${fileOf(plural)}`),
} as const;

/** Installs the Prometheus operator's kinds that the chart has objects of, and waits until they are served. */
export async function servePrometheusSchemas(plane: ControlPlane): Promise<void> {
  const directory = await ensureModuleFiles(PROMETHEUS_OPERATOR);
  for (const plural of PLURALS) {
    await plane.kubectl(['apply', '--server-side', '-f', join(directory, fileOf(plural))]);
    await waitUntilServed(plane, `${plural}.monitoring.coreos.com`);
  }
}
