import { KubeConfig } from '@kubernetes/client-node';

/** No usable way to an API server. */
export class KubeConfigError extends Error {
  override name = 'KubeConfigError';
}

const ADVICE = 'name a kubeconfig with --kubeconfig or KUBECONFIG';

/**
 * Reads the way to the API server: from the file, else as kubectl does, else as the Pod that this is.
 *
 * @param context which of the file's contexts to use; its current one when undefined
 * @throws KubeConfigError when there is none: the client would go on with an address that nobody gave it
 */
export function loadKubeConfig(file: string | undefined, context?: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    if (file === undefined) {
      kubeConfig.loadFromDefault();
    } else {
      kubeConfig.loadFromFile(file);
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new KubeConfigError(`cannot load the kubeconfig: ${why}; ${ADVICE}`, { cause: error });
  }
  if (context !== undefined) {
    choose(kubeConfig, context);
  }
  const server = kubeConfig.getCurrentCluster()?.server;
  if (server === undefined) {
    throw new KubeConfigError(`cannot use the kubeconfig: its current context names no cluster; set one, or ${ADVICE}`);
  }
  // What the client makes up where it finds nothing.
  if (kubeConfig.getCurrentContext() === 'loaded-context' && server === 'http://localhost:8080') {
    throw new KubeConfigError(`cannot find an API server: there is no kubeconfig, and this is no Pod; ${ADVICE}`);
  }
  return kubeConfig;
}

function choose(kubeConfig: KubeConfig, context: string): void {
  if (kubeConfig.getContextObject(context) === null) {
    const known = kubeConfig.getContexts().map(({ name }) => name);
    throw new KubeConfigError(
      `cannot use context "${context}": the kubeconfig has no such context; it has ${known.join(', ') || 'none'}`,
    );
  }
  kubeConfig.setCurrentContext(context);
}
