import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { RDSClient } from '@aws-sdk/client-rds';
import { SNSClient } from '@aws-sdk/client-sns';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Credentials } from './credential-pool.ts';
import { endpointOf, type AwsEndpoints, type AwsService } from './endpoints.ts';
import { LeanQueryProtocol } from './lean-query-protocol.ts';
import { Slots } from './slots.ts';
import { TransportKeepingHandler } from './transport-keeping-handler.ts';
import { withoutLogging } from './without-logging.ts';

/**
 * What a call is for. Each purpose has connections of its own, so that none waits behind another: reads of observation,
 * changes of roles, and reports (metrics, notifications, and what is kept of a failover).
 */
export type Purpose = 'read' | 'change' | 'report';

/** Shorter than what servers commonly allow, so that a request does not meet a connection that is just being closed. */
const IDLE_CONNECTION_MILLISECONDS = 4000;
const CONNECTION_TIMEOUT_MILLISECONDS = 5000;

/** Requests in flight at once. Role changes are not limited: nothing may make one wait. */
const concurrency: Readonly<Record<Purpose, number>> = { read: 32, change: Infinity, report: 16 };

export interface RegionClientsProps {
  readonly region: string;
  readonly endpoints: AwsEndpoints;
  readonly purpose: Purpose;
  readonly credentials: () => Promise<Credentials>;
  /** How names become addresses. @default - Node's own way, two names at a time */
  readonly lookup?: LookupFunction | undefined;
}

/** The SDK's clients of one account, region and purpose, which share connections. */
export class RegionClients {
  readonly rds: RDSClient;
  readonly cloudWatch: CloudWatchClient;
  readonly sns: SNSClient;
  /**
   * Requests wait here rather than in the agent, so that a request that found no free connection in time is known not
   * to have been sent.
   */
  readonly slots: Slots;

  constructor(props: RegionClientsProps) {
    this.slots = new Slots(concurrency[props.purpose]);
    const handler = createHttpHandler(props.purpose, props.lookup);
    const config = (service: AwsService) => ({
      ...clientConfig(props.region, endpointOf(props.endpoints, props.region, service), handler),
      // Dated in the past, so that the SDK asks for every request and never signs with what has been replaced.
      credentials: async () => ({ ...(await props.credentials()), expiration: new Date(0) }),
    });
    this.rds = withoutLogging(new RDSClient({ ...config('rds'), protocol: LeanQueryProtocol }));
    this.cloudWatch = withoutLogging(
      new CloudWatchClient({ ...config('monitoring'), disableRequestCompression: true }),
    );
    this.sns = withoutLogging(new SNSClient(config('sns')));
  }

  close(): void {
    for (const client of [this.rds, this.cloudWatch, this.sns]) client.destroy();
  }
}

/** One attempt, and nothing that reads another region's state. */
export function clientConfig(region: string, endpoint: string | undefined, requestHandler: NodeHttpHandler) {
  return { region, maxAttempts: 1, requestHandler, ...(endpoint !== undefined && { endpoint }) };
}

/**
 * A role change gets a fresh connection: on one that the far side has just dropped, its outcome would be unknown and
 * would have to be waited for.
 */
export function createHttpHandler(purpose: Purpose, lookup?: LookupFunction): NodeHttpHandler {
  const options = {
    ...(lookup !== undefined && { lookup }),
    keepAlive: purpose !== 'change',
    maxSockets: concurrency[purpose],
    maxFreeSockets: 8,
    timeout: IDLE_CONNECTION_MILLISECONDS,
  };
  return new TransportKeepingHandler({
    httpAgent: new HttpAgent(options),
    httpsAgent: new HttpsAgent(options),
    connectionTimeout: CONNECTION_TIMEOUT_MILLISECONDS,
    throwOnRequestTimeout: true,
  });
}
