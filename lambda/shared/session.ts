import { SdkAwsGateway } from '../../operator/aws/sdk-aws-gateway.ts';
import { Notifier } from '../../operator/notifications/notifier.ts';
import type { Notification } from '../../operator/notifications/notification.ts';
import type { Clock } from '../../operator/runtime/clock.ts';
import { SystemClock } from '../../operator/runtime/clock.ts';
import type { FunctionEnvironment } from './environment.ts';
import { EnvironmentCredentials } from './environment-credentials.ts';
import type { LambdaContext } from './lambda-context.ts';
import { logOf, type Log } from './log.ts';
import { Rounds } from './rounds.ts';

/**
 * Everything that one invocation uses. Connections live no longer than it: Lambda freezes the process between two
 * invocations, and a connection that the far side closed meanwhile would look like a region that resets it.
 */
export class Session implements AsyncDisposable {
  readonly environment: FunctionEnvironment;
  readonly clock: Clock = new SystemClock();
  readonly gateway: SdkAwsGateway;
  readonly rounds: Rounds;
  readonly log: Log;
  readonly #notifier: Notifier;
  #undelivered = 0;

  constructor(
    environment: FunctionEnvironment,
    variables: Readonly<Record<string, string | undefined>>,
    context: LambdaContext,
  ) {
    this.environment = environment;
    this.log = logOf(context.awsRequestId);
    this.gateway = new SdkAwsGateway({
      clock: this.clock,
      endpoints: environment.endpoints,
      credentials: new EnvironmentCredentials(variables),
      scope: {
        globalClusterIdentifier: environment.globalClusterIdentifier,
        clusterIdentifiers: new Map(
          environment.regions.map(({ name, clusterIdentifier }) => [name, clusterIdentifier]),
        ),
      },
    });
    this.rounds = new Rounds({ environment, gateway: this.gateway, clock: this.clock });
    this.#notifier = new Notifier({
      gateway: this.gateway,
      clock: this.clock,
      random: Math.random,
      timeoutMilliseconds: environment.timeoutMilliseconds,
      retryDelayMilliseconds: 500,
      onOutcome: ({ kind, topicArn, result, error }) => {
        this.#undelivered += result === 'delivered' ? 0 : 1;
        this.log(result === 'delivered' ? 'INFO' : 'ERROR', `notification ${result}`, { kind, topicArn, error });
      },
    });
  }

  /** Returns at once: nothing waits for a notification but {@link delivered}. */
  notify(notification: Notification): void {
    this.log('INFO', notification.subject, { notification: JSON.parse(notification.body) as unknown });
    this.#notifier.send({}, this.environment.topicArns, notification);
  }

  /**
   * Waits for what was notified, at most so long, and takes no more.
   *
   * @returns whether everything was delivered
   */
  async delivered(timeoutMilliseconds: number): Promise<boolean> {
    await this.#notifier.flush(timeoutMilliseconds);
    return this.#undelivered === 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rounds.close();
    this.gateway.close();
  }
}
