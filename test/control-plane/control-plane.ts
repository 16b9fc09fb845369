import { resolveControlPlaneSource } from './ensure-binaries.ts';
import type { GoToolOptions } from './go-tool.ts';
import { attachToCluster } from './external-cluster.ts';
import { startLocalControlPlane } from './local-control-plane.ts';

/** Who a kubeconfig is for. */
export type Identity =
  /** A user by client certificate, in these groups; a control plane of our own only. */
  | { readonly user: string; readonly groups?: readonly string[] }
  /** A service account by token (eight hours); it is created if it is missing, in a namespace that must exist. */
  | { readonly serviceAccount: string; readonly namespace: string };

export interface ControlPlaneOptions extends GoToolOptions {
  /**
   * Added to the API server's flags; the last of equal flags wins.
   * @default - none
   */
  readonly apiServerArguments?: readonly string[];
  /**
   * How long the API server may take until it is ready, in milliseconds.
   * @default 120000
   */
  readonly readyTimeoutMs?: number;
  /**
   * Keep data and logs of a control plane of our own after it has stopped.
   * @default false
   */
  readonly keepFiles?: boolean;
}

export interface KubectlCall {
  /** Text for its standard input, for `-f -`. */
  readonly input?: string;
  /**
   * Whom it acts for.
   * @default - the administrator
   */
  readonly kubeconfig?: string;
}

/**
 * A Kubernetes API server with RBAC for tests. One of our own has no controllers: no garbage collection, no deletion of
 * namespaces, no role aggregation, no Deployments.
 */
export interface ControlPlane extends AsyncDisposable {
  /** Path of the administrator's kubeconfig, which holds everything itself. */
  readonly kubeconfig: string;
  /** Base URL of the API server; it stays the same over restarts. */
  readonly url: string;
  /** PEM file with the authority of the server's certificate; undefined if the cluster given has a public one. */
  readonly caFile: string | undefined;
  /** Bearer token of an administrator; undefined if the cluster given knows its administrator otherwise. */
  readonly adminToken: string | undefined;
  /** Folder for logs and data, removed by `stop()`. */
  readonly directory: string;
  /** Whether the operations on the API server's process work: only for a control plane of our own. */
  readonly supportsRestart: boolean;
  /** Process id of etcd; undefined while it does not run or is not ours. */
  readonly etcdPid: number | undefined;
  /** Process id of the API server; undefined while it does not run or is not ours. */
  readonly apiserverPid: number | undefined;

  /**
   * Path of a new kubeconfig for the identity. It has no rights but those that RBAC grants.
   *
   * @throws ControlPlaneError for a user on a cluster that is not ours, or a service account in a missing namespace.
   */
  kubeconfigFor(identity: Identity): Promise<string>;
  /**
   * Runs kubectl, by default as the administrator, and gives its standard output.
   *
   * @throws ControlPlaneError with what it wrote to stderr if it fails.
   */
  kubectl(args: readonly string[], call?: KubectlCall): Promise<string>;

  /** Ends the API server in order (SIGTERM; after 20 s SIGKILL) and waits until it is gone. Its data stay. */
  stopApiServer(): Promise<void>;
  /** Kills the API server (SIGKILL) and waits until it is gone. Its data stay. */
  killApiServer(): Promise<void>;
  /** Starts the API server again, on the same port with the same data, and waits until it is ready. */
  startApiServer(): Promise<void>;
  /** Makes the API server unresponsive (SIGSTOP): connections are accepted by the kernel, nothing is answered. */
  pauseApiServer(): void;
  /** Ends a pause (SIGCONT). */
  resumeApiServer(): void;
  /**
   * Ends everything that was started, by process id, and removes its files. A cluster that was given is left alone.
   * Calling it again does nothing.
   */
  stop(): Promise<void>;
}

/**
 * Gives an API server for tests: the cluster of `AURORA_DR_TEST_KUBECONFIG` if that is set, otherwise a new etcd and
 * kube-apiserver on loopback, from `KUBEBUILDER_ASSETS` or built once from pinned Go modules.
 *
 * Several can run at once. If this process dies, whatever way, its control planes are killed and their files removed.
 *
 * @throws ControlPlaneError if it is not ready in time, with the end of the log of whichever process failed.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const source = resolveControlPlaneSource(options.env ?? process.env);
  if (source.kind === 'cluster') return attachToCluster(source.kubeconfig, options);
  return startLocalControlPlane(options);
}
