import { EnvironmentCredentials } from '../../lambda/shared/environment-credentials.ts';
import { regionMetricDatum } from '../../lambda/shared/monitor-metrics.ts';
import type { LambdaContext } from '../../lambda/shared/lambda-context.ts';
import { SdkAwsGateway } from '../../operator/aws/sdk-aws-gateway.ts';
import { RoutingMetricPublisher } from '../../operator/publishing/routing-metric.ts';
import { SystemClock } from '../../operator/runtime/clock.ts';
import type { GlobalClusterOptions } from '../aws/world/add-global-cluster.ts';
import { startLocalAws, type LocalAws } from '../aws/local-aws.ts';
import type { WorldSettings } from '../aws/world/settings.ts';

export const EAST = 'us-east-1';
export const WEST = 'us-west-2';
export const GLOBAL = 'aurora-global-prod';
export const CLUSTER = 'aurora-prod';

/** A message as SNS got it. */
export interface TopicMessage {
  readonly region: string;
  readonly kind: string;
  readonly message: string;
  readonly isOver: boolean;
  readonly subject: string | undefined;
}

/** A local AWS with a global cluster, and the environment of a function in one of its regions. */
export class LambdaBench implements AsyncDisposable {
  readonly aws: LocalAws;
  readonly #before = process.env;
  readonly #topics: Readonly<Record<string, string>>;

  private constructor(aws: LocalAws) {
    this.aws = aws;
    this.#topics = Object.fromEntries([EAST, WEST].map((region) => [region, aws.addTopic(region, `alerts-${region}`)]));
  }

  static async start(
    cluster: GlobalClusterOptions = {},
    settings: Partial<WorldSettings> = {},
    regions: readonly string[] = [EAST, WEST],
  ): Promise<LambdaBench> {
    const aws = await startLocalAws({ regions, settings: { metricPeriod: 1000, ...settings } });
    await aws.addGlobalCluster({ lag: 120, ...cluster });
    return new LambdaBench(aws);
  }

  /** The variables that a function in that region is deployed with; short times, so that tests need not wait. */
  variables(region: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      ...this.aws.environment,
      AWS_REGION: region,
      AURORA_DR_GLOBAL_CLUSTER: GLOBAL,
      AURORA_DR_REGIONS: `${EAST}=${CLUSTER}:Prefer,${WEST}=${CLUSTER}`,
      AURORA_DR_TOPIC_ARNS: this.#topics[region] ?? '',
      AURORA_DR_TIMEOUT: '800ms',
      AURORA_DR_METRIC_PERIOD: '1s',
      AURORA_DR_FOLLOW_INTERVAL: '100ms',
      AURORA_DR_UNCONFIRMED_READ_WINDOW: '400ms',
      ...more,
    };
  }

  /** Makes this process look like the function's own to its handler. */
  deploy(region: string, more: Readonly<Record<string, string>> = {}): void {
    process.env = { ...this.#before, ...this.variables(region, more) };
  }

  /** The context of an invocation that has so much time. */
  context(milliseconds = 30_000): LambdaContext {
    const end = performance.now() + milliseconds;
    return { awsRequestId: 'request-1', getRemainingTimeInMillis: () => Math.max(0, end - performance.now()) };
  }

  /** What an operator puts every minute: its heartbeat and the routing metric. */
  async beat(minutesAgo = 0): Promise<void> {
    const clock = new SystemClock();
    const then = { now: () => clock.now() - minutesAgo * 60_000 };
    const gateway = new SdkAwsGateway({
      clock,
      endpoints: new Map(Object.entries(this.aws.endpoints)),
      credentials: new EnvironmentCredentials(this.aws.environment),
    });
    const facts = { globalClusterIdentifier: GLOBAL, regions: [EAST, WEST], writerRegion: EAST, hasHeartbeat: true };
    await new RoutingMetricPublisher({ gateway, clock: then }).publish(
      {},
      { namespace: 'AuroraDR', metric: 'WriterRegion' },
      facts,
    );
    gateway.close();
  }

  /** What the health monitor of a region put so many minutes ago: 1 passed, 0 failed. */
  async checked(region: string, about: string, values: readonly (readonly [minutesAgo: number, value: number])[]) {
    const clock = new SystemClock();
    const gateway = new SdkAwsGateway({
      clock,
      endpoints: new Map(Object.entries(this.aws.endpoints)),
      credentials: new EnvironmentCredentials(this.aws.environment),
    });
    const metrics = values.map(([minutesAgo, value]) =>
      regionMetricDatum(GLOBAL, 'HealthCheck', about, value, clock.now() - minutesAgo * 60_000),
    );
    await gateway.putMetricData({}, region, { namespace: 'AuroraDR', metrics }, { timeoutMilliseconds: 1_000 });
    gateway.close();
  }

  /** Calls that change roles, in their order: action and region. */
  get roleCalls(): readonly string[] {
    return this.aws.calls
      .filter(({ action }) => action === 'FailoverGlobalCluster' || action === 'SwitchoverGlobalCluster')
      .map(({ action, region }) => `${action} ${region}`);
  }

  get messages(): readonly TopicMessage[] {
    return this.aws.messages.map(({ region, subject, message }) => {
      const { kind = '', message: text = '', isOver = false } = JSON.parse(message) as Partial<TopicMessage>;
      return { region, subject, kind, message: text, isOver };
    });
  }

  /** The metrics that were put into a region since `after`: name, Region dimension, value. */
  puts(region: string, after = 0): readonly string[] {
    interface Datum {
      readonly MetricName: string;
      readonly Value: number;
      readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
    }
    return this.aws.callsOf({ region, action: 'PutMetricData', after }).flatMap(({ input, result }) =>
      (input['MetricData'] as Datum[]).map(({ MetricName, Value, Dimensions }) => {
        const subject = Dimensions.find(({ Name }) => Name === 'Region')?.Value;
        return [MetricName, subject, Value, result === 'ok' ? undefined : result]
          .filter((part) => part !== undefined)
          .join(' ');
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.env = this.#before;
    await this.aws.stop();
  }
}
