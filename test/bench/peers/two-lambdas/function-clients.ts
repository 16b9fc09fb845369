import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { RDSClient } from '@aws-sdk/client-rds';
import { NodeHttpHandler } from '@smithy/node-http-handler';

export interface FunctionClientsProps {
  /** URL of the local AWS by region. */
  readonly awsEndpoints: Readonly<Record<string, string>>;
  /** With `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
  /** Told of every request that is sent. */
  readonly onRequest: (action: string, region: string) => void;
}

const TIMEOUT_MILLISECONDS = 3_000;

/** The clients that one function keeps from one invocation to the next. One attempt a call, so that calls can be counted. */
export class FunctionClients {
  readonly #props: FunctionClientsProps;
  readonly #rds = new Map<string, RDSClient>();
  readonly #cloudWatch = new Map<string, CloudWatchClient>();

  constructor(props: FunctionClientsProps) {
    this.#props = props;
  }

  now(): number {
    return (this.#props.now ?? Date.now)();
  }

  rds(region: string): RDSClient {
    const known = this.#rds.get(region);
    if (known !== undefined) return known;
    const client = new RDSClient(this.#configOf(region));
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        (args) => {
          this.#props.onRequest(commandName.replace(/Command$/, ''), region);
          return next(args);
        },
      { step: 'finalizeRequest', name: 'count' },
    );
    this.#rds.set(region, client);
    return client;
  }

  cloudWatch(region: string): CloudWatchClient {
    const known = this.#cloudWatch.get(region);
    if (known !== undefined) return known;
    const client = new CloudWatchClient({ ...this.#configOf(region), disableRequestCompression: true });
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        (args) => {
          this.#props.onRequest(commandName.replace(/Command$/, ''), region);
          return next(args);
        },
      { step: 'finalizeRequest', name: 'count' },
    );
    this.#cloudWatch.set(region, client);
    return client;
  }

  close(): void {
    for (const client of [...this.#rds.values(), ...this.#cloudWatch.values()]) client.destroy();
  }

  #configOf(region: string) {
    const { awsEndpoints, environment } = this.#props;
    const endpoint = awsEndpoints[region];
    return {
      region,
      maxAttempts: 1,
      credentials: {
        accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
      },
      requestHandler: new NodeHttpHandler({
        connectionTimeout: TIMEOUT_MILLISECONDS,
        requestTimeout: TIMEOUT_MILLISECONDS,
        throwOnRequestTimeout: true,
      }),
      ...(endpoint !== undefined && { endpoint }),
    };
  }
}
