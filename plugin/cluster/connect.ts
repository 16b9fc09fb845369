import type { KubeConfig } from '@kubernetes/client-node';
import { operatorVersion } from '../../operator/config.ts';
import { KubeConfigError, loadKubeConfig } from '../../operator/load-kube-config.ts';
import type { Clock } from '../../operator/runtime/clock.ts';
import { defined } from '../../operator/failover/defined.ts';
import { HttpKubeClient } from '../../operator/runtime/http-kube-client.ts';
import type { KubeClient } from '../../operator/runtime/kube-client.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { PluginError } from '../plugin-error.ts';

/** Where to look, with kubectl's flags and meanings. */
export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  /** Bounds every call. @default - the client's own */
  readonly timeoutMilliseconds?: number;
}

/** The API server that the user means, and the namespace. */
export interface Cluster {
  readonly client: KubeClient;
  readonly namespace: string;
}

function configOf({ kubeconfig, context }: ClusterFlags): KubeConfig {
  try {
    return loadKubeConfig(kubeconfig, context);
  } catch (error) {
    if (error instanceof KubeConfigError) {
      throw new PluginError(error.message, EXIT_CODES.failed, { cause: error });
    }
    throw error;
  }
}

/**
 * Runs `work` with a connection, and closes it.
 *
 * @throws PluginError when the kubeconfig does not name an API server
 */
export async function withCluster<T>(
  flags: ClusterFlags,
  clock: Clock,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const config = configOf(flags);
  const userAgent = `kubectl-aurora_dr/${operatorVersion}`;
  const { timeoutMilliseconds } = flags;
  const client = new HttpKubeClient(defined({ config, userAgent, clock, timeoutMilliseconds }));
  const { namespace = 'default' } = config.getContextObject(config.getCurrentContext()) ?? {};
  try {
    return await work({ client, namespace: flags.namespace ?? namespace });
  } finally {
    await client.close();
  }
}
