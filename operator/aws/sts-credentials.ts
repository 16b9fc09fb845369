import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { AwsAccount } from './account.ts';
import type { Credentials } from './credential-pool.ts';
import { AwsError } from './errors.ts';
import { clientConfig, createHttpHandler } from './region-clients.ts';
import { defined } from '../failover/defined.ts';

const SESSION_NAME = 'aurora-dr-operator';
const TIMEOUT_MILLISECONDS = 5000;

export interface StsCredentialsProps {
  /** Endpoint overrides by region. */
  readonly endpoints: ReadonlyMap<string, string>;
  /** The operator's own credentials as they serve in a region: what roles are assumed with. */
  readonly ownCredentials: (region: string) => Promise<Credentials>;
}

/**
 * Assumes roles through the STS of the region that the credentials are for. The global STS endpoint lives in us-east-1
 * and is lost with it; every region's own does not.
 */
export class StsCredentials {
  readonly #props: StsCredentialsProps;
  readonly #clients = new Map<string, STSClient>();

  constructor(props: StsCredentialsProps) {
    this.#props = props;
  }

  async assumeRole(account: AwsAccount & { roleArn: string }, region: string): Promise<Credentials> {
    const command = new AssumeRoleCommand({
      RoleArn: account.roleArn,
      RoleSessionName: SESSION_NAME,
      ...(account.externalId !== undefined && { ExternalId: account.externalId }),
    });
    const abortSignal = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
    const answer = await this.#client(region).send(command, { abortSignal, requestTimeout: TIMEOUT_MILLISECONDS });
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {};
    if (AccessKeyId === undefined || SecretAccessKey === undefined) {
      throw new AwsError(
        `cannot assume role ${account.roleArn} in ${region}: STS answered without credentials; check what answers at its endpoint`,
      );
    }
    return defined({
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration,
    });
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
  }

  #client(region: string): STSClient {
    const existing = this.#clients.get(region);
    if (existing !== undefined) return existing;
    const client = new STSClient({
      ...clientConfig(region, this.#props.endpoints.get(region), createHttpHandler('report')),
      credentials: async () => ({ ...(await this.#props.ownCredentials(region)), expiration: new Date(0) }),
    });
    this.#clients.set(region, client);
    return client;
  }
}

/**
 * The operator's own credentials from the SDK's default chain (environment, web identity, Pod Identity, …); where the
 * chain itself asks STS, it asks the given region's.
 */
export async function readOwnCredentials(region: string, endpoint: string | undefined): Promise<Credentials> {
  const identity = await fromNodeProviderChain({
    clientConfig: { region, maxAttempts: 1, ...(endpoint !== undefined && { endpoint }) },
    maxRetries: 0,
    timeout: 1000,
  })();
  return defined({
    accessKeyId: identity.accessKeyId,
    secretAccessKey: identity.secretAccessKey,
    sessionToken: identity.sessionToken,
    expiration: identity.expiration,
  });
}
