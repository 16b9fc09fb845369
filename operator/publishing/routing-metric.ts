import type { AwsAccount } from '../aws/account.ts';
import type { AwsGateway, MetricDatum } from '../aws/aws-gateway.ts';
import type { Clock } from '../runtime/clock.ts';
import type { MetricBatches } from './metric-batches.ts';
import { operatorHeartbeatDatum } from './operator-heartbeat.ts';

/** Health checks prepared in Route 53 follow alarms on this metric (`spec.publish.routing`). */
export interface RoutingTarget {
  readonly namespace: string;
  readonly metric: string;
}

/** The facts that the metric tells. */
export interface RoutingFacts {
  readonly globalClusterIdentifier: string;
  /** Every region of the policy. */
  readonly regions: readonly string[];
  /** Absent while clients must not be told of a writer: a role change is in flight, or a fence is awaited. */
  readonly writerRegion?: string;
  /** Whether an operator's heartbeat goes along, in the same call. @default false */
  readonly hasHeartbeat?: boolean;
  /** Regions not worth a call: the lost one. @default - none */
  readonly lostRegions?: readonly string[];
  /** Clients are to be sent elsewhere than before: not to be held back for others. @default false */
  readonly isNews?: boolean;
}

/** What is to be put in one region. */
export interface RoutingMetricPut {
  readonly region: string;
  readonly namespace: string;
  readonly metrics: readonly MetricDatum[];
}

/** How the put in one region ended. */
export type RoutingMetricResult =
  | { readonly region: string; readonly isPut: true }
  | { readonly region: string; readonly isPut: false; readonly error: unknown };

/**
 * The metric's values: 1 for the writer's region, 0 for every other, put in every configured region except the lost ones,
 * so that alarms of any surviving region see the change; and the operator's heartbeat, wherever one is to be heard.
 *
 * @param at milliseconds since the epoch
 */
export function routingMetricPuts(target: RoutingTarget, facts: RoutingFacts, at: number): readonly RoutingMetricPut[] {
  const { globalClusterIdentifier, writerRegion, hasHeartbeat = false } = facts;
  const told = writerRegion === undefined ? [] : facts.regions;
  const metrics: readonly MetricDatum[] = [
    ...told.map((region) => ({
      name: target.metric,
      dimensions: [
        { name: 'GlobalCluster', value: globalClusterIdentifier },
        { name: 'Region', value: region },
      ],
      value: region === writerRegion ? 1 : 0,
      at,
    })),
    ...(hasHeartbeat ? [operatorHeartbeatDatum(globalClusterIdentifier, at)] : []),
  ];
  if (metrics.length === 0) {
    return [];
  }
  const lost = new Set(facts.lostRegions);
  return facts.regions
    .filter((region) => !lost.has(region))
    .map((region) => ({ region, namespace: target.namespace, metrics }));
}

export interface RoutingMetricPublisherProps {
  readonly gateway: Pick<AwsGateway, 'putMetricData'>;
  /** For whoever puts for many policies. @default - each put is a call of its own */
  readonly batches?: Pick<MetricBatches, 'put'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Bounds the put of each region. @default 5000 */
  readonly timeoutMilliseconds?: number;
}

/** Puts the routing metric in every region that is left, side by side. */
export class RoutingMetricPublisher {
  readonly #props: RoutingMetricPublisherProps;

  constructor(props: RoutingMetricPublisherProps) {
    this.#props = props;
  }

  /**
   * One attempt for each region; the caller repeats it every 60 s and on change. Never rejects: a region that fails shows
   * in its own result.
   *
   * @param options.signal ends the calls; not those that others' metrics share
   * @param options.onResult called as soon as a region's put has ended, so that nobody has to wait for the slowest
   */
  async publish(
    account: AwsAccount,
    target: RoutingTarget,
    facts: RoutingFacts,
    options: { readonly signal?: AbortSignal; readonly onResult?: (result: RoutingMetricResult) => void } = {},
  ): Promise<readonly RoutingMetricResult[]> {
    const puts = routingMetricPuts(target, facts, this.#props.clock.now());
    return Promise.all(
      puts.map(async (put) => {
        const result = await this.#put(account, put, facts.isNews === true, options.signal);
        options.onResult?.(result);
        return result;
      }),
    );
  }

  async #put(
    account: AwsAccount,
    put: RoutingMetricPut,
    isUrgent: boolean,
    signal?: AbortSignal,
  ): Promise<RoutingMetricResult> {
    const { region, namespace, metrics } = put;
    const { gateway, batches, timeoutMilliseconds = 5_000 } = this.#props;
    try {
      await (batches === undefined
        ? gateway.putMetricData(
            account,
            region,
            { namespace, metrics },
            { timeoutMilliseconds, ...(signal === undefined ? {} : { signal }) },
          )
        : batches.put({ account, region, namespace, metrics, isUrgent, timeoutMilliseconds }));
      return { region, isPut: true };
    } catch (error) {
      return { region, isPut: false, error };
    }
  }
}
