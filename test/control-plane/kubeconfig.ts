import { writeFile } from 'node:fs/promises';

/** How a client proves who it is. */
export type Credentials =
  { readonly token: string } | { readonly clientCertificate: string; readonly clientKey: string };

export interface KubeconfigFields {
  /** Base URL of the API server. */
  readonly server: string;
  /** PEM; undefined leaves the check to the system's authorities. */
  readonly certificateAuthority: string | undefined;
  readonly user: string;
  readonly credentials: Credentials;
}

/** Writes a kubeconfig (as JSON, which is YAML) that holds everything itself and that only its owner can read. */
export async function writeKubeconfig(path: string, fields: KubeconfigFields): Promise<void> {
  const { server, certificateAuthority, user, credentials } = fields;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': CLUSTER,
    clusters: [
      {
        name: CLUSTER,
        cluster: {
          server,
          ...(certificateAuthority === undefined ? {} : { 'certificate-authority-data': base64(certificateAuthority) }),
        },
      },
    ],
    contexts: [{ name: CLUSTER, context: { cluster: CLUSTER, user } }],
    users: [{ name: user, user: userEntry(credentials) }],
  };
  await writeFile(path, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}

const CLUSTER = 'aurora-dr-test';

function userEntry(credentials: Credentials): Record<string, string> {
  if ('token' in credentials) return { token: credentials.token };
  return {
    'client-certificate-data': base64(credentials.clientCertificate),
    'client-key-data': base64(credentials.clientKey),
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
