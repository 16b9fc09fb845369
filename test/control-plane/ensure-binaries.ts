import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ControlPlaneError } from './control-plane-error.ts';
import { ensureGoTool, isExecutable } from './go-tool.ts';
import type { GoTool, GoToolOptions } from './go-tool.ts';

const run = promisify(execFile);

/** Where the control plane of the tests comes from. */
export type ControlPlaneSource =
  | { readonly kind: 'cluster'; readonly kubeconfig: string }
  | { readonly kind: 'assets'; readonly directory: string }
  | { readonly kind: 'modules' };

/** Programs of a control plane on this machine. */
export interface ControlPlaneBinaries {
  readonly etcd: string;
  readonly kubeApiserver: string;
}

/**
 * Chooses the control plane: `AURORA_DR_TEST_KUBECONFIG` (a cluster that the caller declares fit for tests), then
 * `KUBEBUILDER_ASSETS` (a folder with etcd and kube-apiserver), then a build from the pinned Go modules.
 *
 * `KUBECONFIG` and the default kubeconfig are never looked at: they may lead to production.
 */
export function resolveControlPlaneSource(env: NodeJS.ProcessEnv): ControlPlaneSource {
  const kubeconfig = env['AURORA_DR_TEST_KUBECONFIG'];
  if (kubeconfig) return { kind: 'cluster', kubeconfig };
  const directory = env['KUBEBUILDER_ASSETS'];
  if (directory) return { kind: 'assets', directory };
  return { kind: 'modules' };
}

/**
 * Paths of etcd and kube-apiserver: from `KUBEBUILDER_ASSETS` if it is set, otherwise built once from the Go modules
 * that `go/` pins.
 *
 * @throws ControlPlaneError if `KUBEBUILDER_ASSETS` lacks one of them, or it cannot be built.
 */
export async function ensureControlPlaneBinaries(options: GoToolOptions = {}): Promise<ControlPlaneBinaries> {
  const assets = (options.env ?? process.env)['KUBEBUILDER_ASSETS'];
  if (assets) {
    return { etcd: await assetPath(assets, 'etcd'), kubeApiserver: await assetPath(assets, 'kube-apiserver') };
  }
  // One after the other: each build alone keeps a small machine busy.
  const etcd = await ensureGoTool(ETCD, options);
  const kubeApiserver = await ensureGoTool(KUBE_APISERVER, options);
  return { etcd, kubeApiserver };
}

/**
 * Path of a kubectl that runs: in `KUBEBUILDER_ASSETS`, on `PATH`, otherwise built once from the same Go module as the
 * API server.
 *
 * @throws ControlPlaneError if there is none and it cannot be built.
 */
export async function ensureKubectl(options: GoToolOptions = {}): Promise<string> {
  const env = options.env ?? process.env;
  const assets = env['KUBEBUILDER_ASSETS'];
  const candidates = [...(assets ? [join(assets, 'kubectl')] : []), 'kubectl'];
  for (const candidate of candidates) {
    if (await doesKubectlRun(candidate, env)) return candidate;
  }
  return ensureGoTool(KUBECTL, options);
}

/**
 * Path of Helm, built once from the Go module that `go/helm` pins.
 *
 * Not the one on `PATH`: what a chart renders to depends on Helm's version.
 *
 * @throws ControlPlaneError if it cannot be built.
 */
export function ensureHelm(options: GoToolOptions = {}): Promise<string> {
  return ensureGoTool(HELM, options);
}

async function doesKubectlRun(path: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    await run(path, ['version', '--client'], { env: { ...env, KUBECONFIG: '/dev/null' }, timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

async function assetPath(directory: string, name: string): Promise<string> {
  const path = join(directory, name);
  if (await isExecutable(path)) return path;
  throw new ControlPlaneError(
    `cannot use KUBEBUILDER_ASSETS=${directory}: it has no executable ${name}; ` +
      `install it there, or unset KUBEBUILDER_ASSETS to build it from Go modules`,
  );
}

function moduleDirectory(name: string): string {
  return fileURLToPath(new URL(`./go/${name}`, import.meta.url));
}

/** A module build knows no git tag: without these the server reports v0.0.0, and clients refuse or misjudge it. */
function kubernetesVersion(version: string): Record<string, string> {
  const [major = '', minor = ''] = version.slice(1).split('.');
  const variables = 'k8s.io/component-base/version';
  return {
    [`${variables}.gitVersion`]: version,
    [`${variables}.gitMajor`]: major,
    [`${variables}.gitMinor`]: minor,
    [`${variables}.gitTreeState`]: 'clean',
  };
}

const ETCD: GoTool = {
  name: 'etcd',
  moduleDirectory: moduleDirectory('etcd'),
  module: 'go.etcd.io/etcd/server/v3',
  package: 'go.etcd.io/etcd/server/v3',
  firstBuild: 'about half a minute',
};

const KUBE_APISERVER: GoTool = {
  name: 'kube-apiserver',
  moduleDirectory: moduleDirectory('kubernetes'),
  module: 'k8s.io/kubernetes',
  package: 'k8s.io/kubernetes/cmd/kube-apiserver',
  variables: kubernetesVersion,
  firstBuild: 'about 3 min',
};

const KUBECTL: GoTool = {
  name: 'kubectl',
  moduleDirectory: moduleDirectory('kubernetes'),
  module: 'k8s.io/kubernetes',
  package: 'k8s.io/kubernetes/cmd/kubectl',
  variables: kubernetesVersion,
  firstBuild: 'about 1 min',
};

const HELM: GoTool = {
  name: 'helm',
  moduleDirectory: moduleDirectory('helm'),
  module: 'helm.sh/helm/v4',
  package: 'helm.sh/helm/v4/cmd/helm',
  variables: (version) => ({ 'helm.sh/helm/v4/internal/version.version': version }),
  firstBuild: 'about 2 min',
};
