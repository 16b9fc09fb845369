import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from './child.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import type { ControlPlane, ControlPlaneOptions, Identity, KubectlCall } from './control-plane.ts';
import { runKubectl } from './kubectl.ts';
import { readClusterAccess, writeServiceAccountKubeconfig } from './service-account.ts';

/**
 * A cluster that the caller declares fit for tests; nothing of it is started or stopped.
 *
 * @throws ControlPlaneError if the kubeconfig cannot be read or the cluster is not ready.
 */
export async function attachToCluster(kubeconfig: string, options: ControlPlaneOptions): Promise<ControlPlane> {
  const unusable = `cannot use the cluster of AURORA_DR_TEST_KUBECONFIG=${kubeconfig}`;
  const remedy = 'point it at the kubeconfig of a running test cluster, or unset it to start a control plane here';
  await access(kubeconfig).catch((error: unknown) => {
    throw new ControlPlaneError(`${unusable}: ${messageOf(error)}; ${remedy}`, { cause: error });
  });
  const directory = await mkdtemp(join(tmpdir(), 'aurora-dr-cluster-'));
  const kubectlOptions = {
    cacheDirectory: join(directory, 'kubectl-cache'),
    ...(options.env === undefined ? {} : { env: options.env }),
  };
  try {
    const readyTimeoutMs = options.readyTimeoutMs ?? 30_000;
    await runKubectl(kubeconfig, ['get', '--raw', '/readyz'], { ...kubectlOptions, timeoutMs: readyTimeoutMs });
    const reach = await readClusterAccess(kubeconfig, kubectlOptions);
    let caFile: string | undefined;
    if (reach.certificateAuthority !== undefined) {
      caFile = join(directory, 'ca.crt');
      await writeFile(caFile, reach.certificateAuthority);
    }
    return clusterHandle({ kubeconfig, directory, caFile, kubectlOptions, url: reach.server, adminToken: reach.token });
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw new ControlPlaneError(`${unusable}: ${messageOf(error)}; ${remedy}`, { cause: error });
  }
}

interface ClusterHandleFields extends Pick<ControlPlane, 'kubeconfig' | 'url' | 'caFile' | 'adminToken' | 'directory'> {
  readonly kubectlOptions: { readonly cacheDirectory: string; readonly env?: NodeJS.ProcessEnv };
}

function clusterHandle({ kubectlOptions, ...fields }: ClusterHandleFields): ControlPlane {
  const { kubeconfig, directory } = fields;
  const refuse = (what: string): ControlPlaneError =>
    new ControlPlaneError(
      `cannot ${what} the API server: the cluster of AURORA_DR_TEST_KUBECONFIG is not ours (supportsRestart is ` +
        `false); skip this test there, or unset AURORA_DR_TEST_KUBECONFIG`,
    );
  const stop = (): Promise<void> => rm(directory, { recursive: true, force: true });
  let kubeconfigs = 0;
  return {
    ...fields,
    supportsRestart: false,
    etcdPid: undefined,
    apiserverPid: undefined,
    async kubeconfigFor(identity: Identity): Promise<string> {
      if ('user' in identity) {
        throw new ControlPlaneError(
          `cannot make a kubeconfig for user ${identity.user}: the cluster of AURORA_DR_TEST_KUBECONFIG has an ` +
            `authority of its own; ask for a service account, or unset AURORA_DR_TEST_KUBECONFIG`,
        );
      }
      kubeconfigs += 1;
      const path = join(directory, `${kubeconfigs}.kubeconfig`);
      await writeServiceAccountKubeconfig(path, kubeconfig, identity, kubectlOptions);
      return path;
    },
    kubectl: (args: readonly string[], call: KubectlCall = {}) =>
      runKubectl(call.kubeconfig ?? kubeconfig, args, {
        ...kubectlOptions,
        ...(call.input === undefined ? {} : { input: call.input }),
      }),
    stopApiServer: () => Promise.reject(refuse('stop')),
    killApiServer: () => Promise.reject(refuse('kill')),
    startApiServer: () => Promise.reject(refuse('start')),
    pauseApiServer: () => {
      throw refuse('pause');
    },
    resumeApiServer: () => {
      throw refuse('resume');
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
