import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { RDSClient } from '@aws-sdk/client-rds';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** The real clients of the SDK for one region, with one attempt a call. */
export interface SdkClients {
  readonly rds: RDSClient;
  readonly cloudWatch: CloudWatchClient;
  readonly sns: SNSClient;
  readonly sts: STSClient;
  destroy(): void;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface ClientOptions {
  /** Milliseconds after which a call is given up. */
  readonly timeout?: number;
  readonly credentials?: Credentials;
}

const testCredentials: Credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'test' };

export function sdkClients(
  region: string,
  endpoint: string,
  { timeout = 2000, credentials = testCredentials }: ClientOptions = {},
): SdkClients {
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: timeout,
    requestTimeout: timeout,
    throwOnRequestTimeout: true,
  });
  const configuration = { region, endpoint, credentials, maxAttempts: 1, requestHandler };
  const clients = {
    rds: new RDSClient(configuration),
    cloudWatch: new CloudWatchClient(configuration),
    sns: new SNSClient(configuration),
    sts: new STSClient(configuration),
  };
  return {
    ...clients,
    destroy: () => {
      for (const client of Object.values(clients)) {
        client.destroy();
      }
    },
  };
}
