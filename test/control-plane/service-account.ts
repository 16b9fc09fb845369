import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ControlPlaneError } from './control-plane-error.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { runKubectl } from './kubectl.ts';
import type { KubectlOptions } from './kubectl.ts';

/** What a kubeconfig says of its current cluster and user. */
export interface ClusterAccess {
  readonly server: string;
  /** PEM. */
  readonly certificateAuthority: string | undefined;
  readonly token: string | undefined;
}

/** Reads the current context of a kubeconfig, with kubectl, which knows every way to write one. */
export async function readClusterAccess(kubeconfig: string, options: KubectlOptions): Promise<ClusterAccess> {
  const view = ['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json'];
  const config = JSON.parse(await runKubectl(kubeconfig, view, options)) as {
    clusters?: { cluster?: { server?: string; 'certificate-authority-data'?: string } }[];
    users?: { user?: { token?: string; tokenFile?: string } }[] | null;
  };
  const cluster = config.clusters?.[0]?.cluster;
  if (cluster?.server === undefined) {
    throw new ControlPlaneError(`cannot read ${kubeconfig}: its current context names no server; set current-context`);
  }
  const user = config.users?.[0]?.user;
  const authority = cluster['certificate-authority-data'];
  return {
    server: cluster.server,
    certificateAuthority: authority === undefined ? undefined : Buffer.from(authority, 'base64').toString(),
    token:
      user?.tokenFile === undefined
        ? user?.token
        : (await readFile(resolve(dirname(kubeconfig), user.tokenFile), 'utf8')).trim(),
  };
}

/** Creates the service account if it is missing, and writes a kubeconfig with a token of it that lives eight hours. */
export async function writeServiceAccountKubeconfig(
  path: string,
  adminKubeconfig: string,
  identity: { readonly serviceAccount: string; readonly namespace: string },
  options: KubectlOptions,
): Promise<void> {
  const { serviceAccount, namespace } = identity;
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccount, namespace } };
  // Server-side apply, because an account that is there already is as good.
  await runKubectl(adminKubeconfig, ['apply', '--server-side', '-f', '-'], {
    ...options,
    input: JSON.stringify(account),
  });
  const token = await runKubectl(
    adminKubeconfig,
    ['create', 'token', serviceAccount, '--namespace', namespace, '--duration=8h'],
    options,
  );
  const { server, certificateAuthority } = await readClusterAccess(adminKubeconfig, options);
  await writeKubeconfig(path, {
    server,
    certificateAuthority,
    user: `system:serviceaccount:${namespace}:${serviceAccount}`,
    credentials: { token: token.trim() },
  });
}
