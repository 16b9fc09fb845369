import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import type { LookupFunction } from 'node:net';
import type { AwsAccount } from './account.ts';
import type { Credentials, CredentialSource } from './credential-pool.ts';
import { endpointOf, type AwsEndpoints } from './endpoints.ts';
import { AwsError } from './errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { clientConfig, createHttpHandler } from './region-clients.ts';
import { reported, type OnAwsRequest } from './request-report.ts';
import { defined } from '../failover/defined.ts';
import { withoutLogging } from './without-logging.ts';

const SESSION_NAME = 'aurora-dr-operator';
const TIMEOUT_MILLISECONDS = 5000;

export interface StsCredentialsProps {
  readonly clock: Clock;
  readonly endpoints: AwsEndpoints;
  /** The operator's own credentials as they serve in a region. @default - the SDK's default chain */
  readonly readOwn?: (region: string, stsEndpoint: string | undefined) => Promise<Credentials>;
  /** How STS's names become addresses. @default - Node's own way, two names at a time */
  readonly lookup?: LookupFunction;
  /** Told of every request that assumes a role, for metrics; must not throw. @default - nobody is told */
  readonly onRequest?: OnAwsRequest;
}

/**
 * The operator's own credentials, and those of roles that are assumed with them: through the STS of the region that the credentials are for. The global STS endpoint lives in us-east-1
 * and is lost with it; every region's own does not.
 */
export class StsCredentials implements CredentialSource {
  readonly #props: StsCredentialsProps;
  readonly #clients = new Map<string, STSClient>();

  constructor(props: StsCredentialsProps) {
    this.#props = props;
  }

  fetch(account: AwsAccount, region: string, own: () => Promise<Credentials>): Promise<Credentials> {
    const { roleArn, ...rest } = account;
    return roleArn === undefined
      ? this.#readOwn(region, endpointOf(this.#props.endpoints, region, 'sts'))
      : this.#assumeRole({ ...rest, roleArn }, region, own);
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
  }

  #readOwn(region: string, endpoint: string | undefined): Promise<Credentials> {
    const { readOwn, lookup } = this.#props;
    return readOwn === undefined ? readOwnCredentials(region, endpoint, lookup) : readOwn(region, endpoint);
  }

  async #assumeRole(
    account: AwsAccount & { roleArn: string },
    region: string,
    own: () => Promise<Credentials>,
  ): Promise<Credentials> {
    const command = new AssumeRoleCommand({
      RoleArn: account.roleArn,
      RoleSessionName: SESSION_NAME,
      ...(account.externalId !== undefined && { ExternalId: account.externalId }),
    });
    const abortSignal = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
    const { clock, onRequest } = this.#props;
    const answer = await reported({ clock, region, action: 'AssumeRole', onRequest }, (begin) => {
      begin();
      return this.#client(region, own).send(command, { abortSignal, requestTimeout: TIMEOUT_MILLISECONDS });
    });
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

  #handler(): NodeHttpHandler {
    return createHttpHandler('report', this.#props.lookup);
  }

  #client(region: string, own: () => Promise<Credentials>): STSClient {
    const existing = this.#clients.get(region);
    if (existing !== undefined) return existing;
    const client = withoutLogging(
      new STSClient({
        ...clientConfig(region, endpointOf(this.#props.endpoints, region, 'sts'), this.#handler()),
        credentials: async () => ({ ...(await own()), expiration: new Date(0) }),
      }),
    );
    this.#clients.set(region, client);
    return client;
  }
}

/**
 * The operator's own credentials from the SDK's default chain (environment, web identity, Pod Identity, …); where the
 * chain itself asks STS, it asks the given region's.
 */
export async function readOwnCredentials(
  region: string,
  endpoint: string | undefined,
  lookup?: LookupFunction,
): Promise<Credentials> {
  const requestHandler = createHttpHandler('report', lookup);
  try {
    const identity = await fromNodeProviderChain({
      clientConfig: { ...clientConfig(region, endpoint, requestHandler) },
      maxRetries: 0,
      timeout: 1000,
    })();
    return defined({
      accessKeyId: identity.accessKeyId,
      secretAccessKey: identity.secretAccessKey,
      sessionToken: identity.sessionToken,
      expiration: identity.expiration,
    });
  } finally {
    requestHandler.destroy();
  }
}
