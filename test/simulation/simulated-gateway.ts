import type { DBCluster, DBClusterSnapshot, Event as RdsEvent, GlobalCluster } from '@aws-sdk/client-rds';
import type { Metric, MetricDataResult } from '@aws-sdk/client-cloudwatch';
import type { AwsAccount } from '../../operator/aws/account.ts';
import type {
  AwsGateway,
  CallOptions,
  ClusterSnapshotView,
  EventsQuery,
  FailoverEvent,
  MetricDataInput,
  MetricSample,
  MetricSamplesQuery,
  MetricSeries,
  NotificationInput,
  OnPage,
  RoleChangeInput,
  SnapshotCopyInput,
} from '../../operator/aws/aws-gateway.ts';
import { AwsCallError } from '../../operator/aws/errors.ts';
import { GatewayCall } from '../../operator/aws/gateway-call.ts';
import { toMetricDataQueries, toMetricSamples, toMetricSeries } from '../../operator/aws/metrics.ts';
import { Slots } from '../../operator/aws/slots.ts';
import {
  toClusterSnapshotView,
  toClusterView,
  toFailoverEvent,
  toGlobalClusterView,
} from '../../operator/aws/views.ts';
import type { ClusterView, GlobalClusterView } from '../../operator/failover/observation.ts';
import type { Input, Output, Service } from '../aws/world/actions/action.ts';
import { answer, type Answer } from '../aws/world/answer.ts';
import type { World } from '../aws/world/world.ts';
import type { CallHooks, RoleChangeCall } from './call-hooks.ts';
import { LinkError, type Network, type Served } from './network.ts';
import type { SimulatedProcess } from './simulated-process.ts';

const credentials = Promise.resolve({ accessKeyId: 'AKIASIMULATED', secretAccessKey: 'simulated' });
/** More calls than this at once do not come up for one policy. */
const SLOTS = 1_000;

export interface SimulatedGatewayProps {
  readonly process: SimulatedProcess;
  readonly network: Network;
  readonly world: World;
  readonly hooks: CallHooks;
  /** How often AWS carries the next call of this action out; beyond once, its last answer is what is heard. */
  readonly repetitions: (region: string, action: string) => number;
}

interface Request {
  readonly region: string;
  readonly service: Service;
  readonly action: string;
  readonly input: Input;
}

/** What is answered is never changed: the same answer is seen the same. */
const globalClusterView = remembering(toGlobalClusterView);
const clusterView = remembering(toClusterView);

function remembering<K extends object, V>(viewOf: (answered: K) => V): (answered: K) => V {
  const seen = new WeakMap<K, V>();
  return (answered) => {
    const known = seen.get(answered) ?? viewOf(answered);
    seen.set(answered, known);
    return known;
  };
}

/** What the SDK would throw for an error that AWS answers. */
class AnsweredError extends Error {
  readonly $fault = 'client';
  readonly $metadata: { readonly httpStatusCode: number };

  constructor(code: string, status: number, message: string) {
    super(message);
    this.name = code;
    this.$metadata = { httpStatusCode: status };
  }
}

/** AWS as one process reaches it: the shared world behind the simulated network, through the gateway's own handling of calls. */
export class SimulatedGateway implements AwsGateway {
  readonly #props: SimulatedGatewayProps;
  readonly #slots = new Slots(SLOTS);

  constructor(props: SimulatedGatewayProps) {
    this.#props = props;
  }

  async describeGlobalClusters(
    _account: AwsAccount,
    region: string,
    options: CallOptions,
    onPage?: OnPage<GlobalClusterView>,
  ): Promise<readonly GlobalClusterView[]> {
    const output = await this.#call(options, { region, service: 'rds', action: 'DescribeGlobalClusters', input: {} });
    const page = (output['GlobalClusters'] as GlobalCluster[]).map(globalClusterView);
    onPage?.(page);
    return page;
  }

  async describeGlobalCluster(
    _account: AwsAccount,
    region: string,
    identifier: string,
    options: CallOptions,
  ): Promise<GlobalClusterView | undefined> {
    const input = { GlobalClusterIdentifier: identifier };
    try {
      const output = await this.#call(options, { region, service: 'rds', action: 'DescribeGlobalClusters', input });
      return (output['GlobalClusters'] as GlobalCluster[]).map(toGlobalClusterView)[0];
    } catch (error) {
      if (error instanceof AwsCallError && error.code === 'GlobalClusterNotFoundFault') return undefined;
      throw error;
    }
  }

  async describeClusters(
    _account: AwsAccount,
    region: string,
    options: CallOptions,
    onPage?: OnPage<ClusterView>,
  ): Promise<readonly ClusterView[]> {
    const output = await this.#call(options, { region, service: 'rds', action: 'DescribeDBClusters', input: {} });
    const page = (output['DBClusters'] as DBCluster[]).map(clusterView);
    onPage?.(page);
    return page;
  }

  async failoverGlobalCluster(
    _account: AwsAccount,
    region: string,
    { globalClusterIdentifier, targetClusterArn }: RoleChangeInput,
    options: CallOptions,
  ): Promise<void> {
    const input = {
      GlobalClusterIdentifier: globalClusterIdentifier,
      TargetDbClusterIdentifier: targetClusterArn,
      AllowDataLoss: true,
    };
    await this.#call(options, { region, service: 'rds', action: 'FailoverGlobalCluster', input });
  }

  async switchoverGlobalCluster(
    _account: AwsAccount,
    region: string,
    { globalClusterIdentifier, targetClusterArn }: RoleChangeInput,
    options: CallOptions,
  ): Promise<void> {
    const input = { GlobalClusterIdentifier: globalClusterIdentifier, TargetDbClusterIdentifier: targetClusterArn };
    await this.#call(options, { region, service: 'rds', action: 'SwitchoverGlobalCluster', input });
  }

  async describeFailoverEvents(
    _account: AwsAccount,
    region: string,
    query: EventsQuery,
    options: CallOptions,
  ): Promise<readonly FailoverEvent[]> {
    const input = { StartTime: new Date(query.since) };
    const output = await this.#call(options, { region, service: 'rds', action: 'DescribeEvents', input });
    const wanted = new Set(query.clusterIdentifiers);
    return (output['Events'] as RdsEvent[])
      .flatMap((event) => toFailoverEvent(event) ?? [])
      .filter(({ sourceIdentifier, about }) => {
        return wanted.size === 0 || wanted.has(sourceIdentifier) || wanted.has(about?.clusterIdentifier ?? '');
      })
      .toSorted((a, b) => a.at - b.at);
  }

  async describeClusterSnapshots(
    _account: AwsAccount,
    region: string,
    clusterIdentifier: string,
    options: CallOptions,
  ): Promise<readonly ClusterSnapshotView[]> {
    const input = { DBClusterIdentifier: clusterIdentifier };
    const output = await this.#call(options, { region, service: 'rds', action: 'DescribeDBClusterSnapshots', input });
    return (output['DBClusterSnapshots'] as DBClusterSnapshot[]).map(toClusterSnapshotView);
  }

  async copyClusterSnapshot(
    _account: AwsAccount,
    region: string,
    { sourceIdentifier, targetIdentifier }: SnapshotCopyInput,
    options: CallOptions,
  ): Promise<ClusterSnapshotView> {
    const input = {
      SourceDBClusterSnapshotIdentifier: sourceIdentifier,
      TargetDBClusterSnapshotIdentifier: targetIdentifier,
      CopyTags: true,
    };
    const output = await this.#call(options, { region, service: 'rds', action: 'CopyDBClusterSnapshot', input });
    return toClusterSnapshotView(output['DBClusterSnapshot'] as DBClusterSnapshot);
  }

  async listMetricSeries(
    _account: AwsAccount,
    region: string,
    { namespace, metricName }: { readonly namespace: string; readonly metricName: string },
    options: CallOptions,
  ): Promise<readonly MetricSeries[]> {
    const input = { Namespace: namespace, MetricName: metricName };
    const output = await this.#call(options, { region, service: 'monitoring', action: 'ListMetrics', input });
    return (output['Metrics'] as Metric[]).flatMap((metric) => toMetricSeries(metric) ?? []);
  }

  async getMetricSamples(
    _account: AwsAccount,
    region: string,
    query: MetricSamplesQuery,
    options: CallOptions,
  ): Promise<readonly (readonly MetricSample[])[]> {
    const input = {
      MetricDataQueries: toMetricDataQueries(query),
      StartTime: new Date(query.from),
      EndTime: new Date(query.to),
      ScanBy: 'TimestampAscending',
    };
    const output = await this.#call(options, { region, service: 'monitoring', action: 'GetMetricData', input });
    return toMetricSamples(query, output['MetricDataResults'] as MetricDataResult[]);
  }

  async putMetricData(
    _account: AwsAccount,
    region: string,
    { namespace, metrics }: MetricDataInput,
    options: CallOptions,
  ): Promise<void> {
    this.#props.hooks.onMetrics(this.#props.process, metrics);
    const input = {
      Namespace: namespace,
      MetricData: metrics.map(({ name, dimensions, value, at }) => ({
        MetricName: name,
        Dimensions: dimensions.map((dimension) => ({ Name: dimension.name, Value: dimension.value })),
        Value: value,
        Timestamp: new Date(at),
      })),
    };
    await this.#call(options, { region, service: 'monitoring', action: 'PutMetricData', input });
  }

  async publishNotification(
    _account: AwsAccount,
    region: string,
    { topicArn, subject, body }: NotificationInput,
    options: CallOptions,
  ): Promise<void> {
    const input = { TopicArn: topicArn, Subject: subject, Message: body };
    await this.#call(options, { region, service: 'sns', action: 'Publish', input });
  }

  close(): void {
    // Nothing is open.
  }

  #call(options: CallOptions, request: Request): Promise<Output> {
    const { process, network, hooks } = this.#props;
    const { region, action } = request;
    return new GatewayCall({ clock: process, region, action, options }).run({
      slots: this.#slots,
      credentials: () => credentials,
      send: () =>
        new Promise((resolve, reject) => {
          if (!hooks.beforeCall(process, `aws ${action} ${region}`)) return;
          const sentAt = process.scheduler.time;
          const roleChange = this.#roleChangeOf(request);
          const succeed = (output: Output): void => {
            hooks.onEvidence(process, { kind: 'aws', region, action, output }, sentAt);
            resolve(output);
          };
          const fail = (error: Error): void => {
            const isSignOfLife = error instanceof AnsweredError && error.$metadata.httpStatusCode < 500;
            if (isSignOfLife) hooks.onEvidence(process, { kind: 'aws', region, action, output: undefined }, sentAt);
            reject(error);
          };
          network.send(process, `rds:${region}`, () => this.#serve(request, roleChange), succeed, fail);
        }),
      onExpired: () => undefined,
    });
  }

  #roleChangeOf({ region, action, input }: Request): RoleChangeCall | undefined {
    if (action !== 'FailoverGlobalCluster' && action !== 'SwitchoverGlobalCluster') return undefined;
    const { process, hooks } = this.#props;
    const targetArn = String(input['TargetDbClusterIdentifier']);
    return { action, region, targetArn, sentAt: process.scheduler.time, policy: hooks.policyOf(process, targetArn) };
  }

  /** AWS's side. */
  #serve(request: Request, roleChange: RoleChangeCall | undefined): Served<Output> {
    const { process, world, hooks, repetitions } = this.#props;
    const { region, action } = request;
    if (roleChange !== undefined) hooks.onRoleChange(process, roleChange);
    const times = repetitions(region, action);
    let result = answer(world, request);
    for (let repetition = 1; repetition < times; repetition += 1) result = answer(world, request);
    const isAnswered = hooks.afterEffect(process, `aws ${action} ${region}`);
    return isAnswered ? servedFrom(result) : undefined;
  }
}

function servedFrom(result: Answer): Served<Output> {
  switch (result.kind) {
    case 'output':
      return { value: result.output, afterMilliseconds: result.delayMilliseconds };
    case 'error': {
      const { code, httpStatus, message } = result.error;
      return { error: new AnsweredError(code, httpStatus, message), afterMilliseconds: result.delayMilliseconds };
    }
    case 'garbage':
      return { error: Object.assign(new Error('no XML'), { $metadata: { httpStatusCode: 200 } }) };
    case 'drop':
      return { error: new LinkError('ECONNRESET') };
    case 'hang':
      return undefined;
  }
}
