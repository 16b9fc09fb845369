import type { AwsAccount } from '../../aws/account.ts';
import type {
  AwsGateway,
  CallOptions,
  MetricSample,
  MetricSamplesQuery,
  MetricSeries,
  OnPage,
} from '../../aws/aws-gateway.ts';
import { abortable } from '../../aws/abortable.ts';
import { CallTimeoutError } from '../../aws/call-timeout-error.ts';
import { classify } from '../../aws/classify.ts';
import { AwsCallError } from '../../aws/errors.ts';
import type { ClusterView, GlobalClusterView } from '../../failover/observation.ts';
import type { Clock } from '../../runtime/clock.ts';

export interface FakeCall {
  readonly action: string;
  readonly region: string;
  readonly account: AwsAccount;
  readonly at: number;
  readonly query?: MetricSamplesQuery;
}

/** What an action does in a region: answers by default. `hang` answers nothing; an error is thrown as it is. */
export type FakeBehaviour = 'hang' | Error | { readonly afterMilliseconds: number };

export const PERIOD = 60_000;

/** Two regions' RDS and CloudWatch in memory, on the test's clock. */
export class FakeGateway implements AwsGateway {
  readonly calls: FakeCall[] = [];
  readonly globalClusters = new Map<string, GlobalClusterView>();
  readonly clusters = new Map<string, ClusterView[]>();
  /** Samples by {@link seriesKey} of region and series. */
  readonly samples = new Map<string, MetricSample[]>();
  readonly listed = new Map<string, MetricSeries[]>();
  pageSize = 100;
  readonly #behaviours = new Map<string, FakeBehaviour>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param action an action's name, or `*` */
  behave(region: string, action: string, behaviour: FakeBehaviour | undefined): void {
    if (behaviour === undefined) this.#behaviours.delete(`${region}/${action}`);
    else this.#behaviours.set(`${region}/${action}`, behaviour);
  }

  /** A global cluster with its primary in the first region and equally named clusters in each. */
  add(identifier: string, clusterIdentifier: string, regions: readonly string[] = ['east', 'west']): void {
    const arn = (region: string): string => `arn:aws:rds:${region}:1:cluster:${clusterIdentifier}`;
    this.globalClusters.set(identifier, {
      identifier,
      status: 'available',
      members: regions.map((region, index) => ({ clusterArn: arn(region), isWriter: index === 0, readers: [] })),
    });
    for (const region of regions) {
      const view = {
        arn: arn(region),
        identifier: clusterIdentifier,
        status: 'available',
        readerEndpoint: `${clusterIdentifier}.reader.${region}`,
        port: 3306,
        instanceCount: 1,
      };
      this.clusters.set(region, [...(this.clusters.get(region) ?? []), view]);
    }
  }

  swap(identifier: string): void {
    const view = this.globalClusters.get(identifier);
    if (view === undefined) throw new Error(`no global cluster ${identifier}`);
    const members = view.members.map((member) => ({ ...member, isWriter: !member.isWriter }));
    this.globalClusters.set(identifier, { ...view, members });
  }

  callsOf(action: string, region?: string): FakeCall[] {
    return this.calls.filter((call) => call.action === action && (region === undefined || call.region === region));
  }

  describeGlobalClusters(
    account: AwsAccount,
    region: string,
    options: CallOptions,
    onPage?: OnPage<GlobalClusterView>,
  ) {
    return this.#walk(
      'DescribeGlobalClusters',
      account,
      region,
      options,
      () => [...this.globalClusters.values()],
      onPage,
    );
  }

  describeClusters(account: AwsAccount, region: string, options: CallOptions, onPage?: OnPage<ClusterView>) {
    return this.#walk('DescribeDBClusters', account, region, options, () => this.clusters.get(region) ?? [], onPage);
  }

  async listMetricSeries(account: AwsAccount, region: string, metric: { metricName: string }, options: CallOptions) {
    await this.#request({ action: 'ListMetrics', account, region, at: this.#clock.monotonic() }, options);
    return (this.listed.get(region) ?? []).filter(({ metricName }) => metricName === metric.metricName);
  }

  async getMetricSamples(account: AwsAccount, region: string, query: MetricSamplesQuery, options: CallOptions) {
    await this.#request({ action: 'GetMetricData', account, region, at: this.#clock.monotonic(), query }, options);
    return query.series.map((series) => {
      const samples = this.samples.get(seriesKey(region, series)) ?? [];
      return samples.filter(({ periodStart }) => periodStart >= query.from && periodStart < query.to);
    });
  }

  describeGlobalCluster(): never {
    throw new Error('observation does not describe a single global cluster');
  }
  failoverGlobalCluster(): never {
    throw new Error('observation changes nothing');
  }
  switchoverGlobalCluster(): never {
    throw new Error('observation changes nothing');
  }
  describeFailoverEvents(): never {
    throw new Error('observation reads no events');
  }

  describeClusterSnapshots(): never {
    throw new Error('observation reads no snapshots');
  }

  copyClusterSnapshot(): never {
    throw new Error('observation copies nothing');
  }
  putMetricData(): never {
    throw new Error('observation writes nothing');
  }
  publishNotification(): never {
    throw new Error('observation notifies nobody');
  }
  close(): void {
    this.#behaviours.clear();
  }

  async #walk<T>(
    action: string,
    account: AwsAccount,
    region: string,
    options: CallOptions,
    items: () => readonly T[],
    onPage: OnPage<T> | undefined,
  ): Promise<readonly T[]> {
    const result: T[] = [];
    do {
      await this.#request({ action, account, region, at: this.#clock.monotonic() }, options);
      const page = items().slice(result.length, result.length + this.pageSize);
      result.push(...page);
      onPage?.(page);
    } while (result.length < items().length);
    return result;
  }

  async #request(call: FakeCall, options: CallOptions): Promise<void> {
    const controller = new AbortController();
    options.signal?.addEventListener('abort', () => controller.abort(new Error('given up')), { once: true });
    await options.beforeRequest?.(controller.signal);
    this.calls.push(call);
    const { action, region } = call;
    const behaviour = this.#behaviours.get(`${region}/${action}`) ?? this.#behaviours.get(`${region}/*`);
    const timer = this.#clock.setTimeout(
      () => controller.abort(new CallTimeoutError(options.timeoutMilliseconds)),
      options.timeoutMilliseconds,
    );
    try {
      if (behaviour instanceof Error) throw behaviour;
      if (behaviour === 'hang') await abortable(new Promise(() => undefined), controller.signal);
      else if (behaviour !== undefined) await this.#clock.sleep(behaviour.afterMilliseconds, controller.signal);
    } catch (error) {
      if (error instanceof AwsCallError) throw error;
      throw new AwsCallError({ action, region, ...classify(error), advice: 'none', cause: error });
    } finally {
      timer.cancel();
    }
  }
}

export function seriesKey(region: string, series: MetricSeries): string {
  return JSON.stringify([region, series.metricName, series.dimensions.map(({ name, value }) => `${name}=${value}`)]);
}

/** A series of one cluster in one of the two shapes that are seen. */
export function lagSeriesOf(metricName: string, clusterIdentifier: string, sourceRegion?: string): MetricSeries {
  const cluster = { name: 'DBClusterIdentifier', value: clusterIdentifier };
  const source = sourceRegion === undefined ? [] : [{ name: 'SourceRegion', value: sourceRegion }];
  return { namespace: 'AWS/RDS', metricName, dimensions: [cluster, ...source] };
}
