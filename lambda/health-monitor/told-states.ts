import type { AwsGateway, MetricDatum, MetricSample } from '../../operator/aws/aws-gateway.ts';
import { defined } from '../../operator/failover/defined.ts';
import type { FunctionEnvironment } from '../shared/environment.ts';
import { regionMetricDatum, regionMetricSeries, type RegionMetric } from '../shared/monitor-metrics.ts';
import type { EarlierState } from './findings.ts';
import { HEALTH, type RegionState } from './region-state.ts';

/** The resolution of the metrics that remember. */
const RESOLUTION_MILLISECONDS = 1_000;
/** What was told longer ago is not known any more. */
const MEMORY_MILLISECONDS = 15 * 60_000;

const METRICS: readonly RegionMetric[] = ['HealthCheck', 'ClusterState', 'ReplicationLagHigh'];

/** Invocations are a minute apart: nobody else has told anything since. */
const RECENT_MILLISECONDS = 90_000;

/** What was told of every region, and when. */
export interface Told {
  readonly at: number;
  readonly states: ReadonlyMap<string, EarlierState>;
}

const NOTHING_TOLD: Told = { at: -Infinity, states: new Map() };

function stateFrom([health, clusterState, isLagHigh]: readonly (MetricSample | undefined)[]): EarlierState {
  const known = Object.values(HEALTH).find((value) => value === health?.value);
  return defined({
    health: known,
    clusterState: clusterState?.value,
    isLagHigh: isLagHigh === undefined ? undefined : isLagHigh.value > 0,
  });
}

/** What the metrics in the function's own region say was told last: the memory of a function that has none. */
export async function readTold(gateway: AwsGateway, environment: FunctionEnvironment, now: number): Promise<Told> {
  const { region: own, regions, globalClusterIdentifier, metricNamespace, timeoutMilliseconds } = environment;
  const series = regions.flatMap(({ name }) =>
    METRICS.map((metric) => regionMetricSeries(metricNamespace, globalClusterIdentifier, metric, name)),
  );
  const query = { series, periodMilliseconds: RESOLUTION_MILLISECONDS, from: now - MEMORY_MILLISECONDS, to: now + 1 };
  const samples = await gateway.getMetricSamples({}, own, query, { timeoutMilliseconds });
  const newest = samples.map((each) => each.at(-1));
  const states = regions.map(({ name }, index) => {
    const first = index * METRICS.length;
    return [name, stateFrom(newest.slice(first, first + METRICS.length))] as const;
  });
  return {
    at: Math.max(-Infinity, ...newest.map((sample) => sample?.periodStart ?? -Infinity)),
    states: new Map(states),
  };
}

/** Whether what this process remembers is from the invocation before, so that the metrics, which cost, need not be read. */
export function isRecent(remembered: Told | undefined, now: number): boolean {
  return remembered !== undefined && now - remembered.at <= RECENT_MILLISECONDS;
}

/** The newer of what this process remembers and what the metrics say, which come late and are shared with others. */
export function newestTold(remembered: Told | undefined, read: Told | undefined, now: number): Told {
  const isFresh = remembered !== undefined && now - remembered.at <= MEMORY_MILLISECONDS;
  if (!isFresh || (read !== undefined && read.at > remembered.at)) {
    return read ?? NOTHING_TOLD;
  }
  return remembered;
}

/** What is known after these states were told: what a state does not say stays as it was. */
export function toldNow(states: readonly RegionState[], earlier: Told, at: number): Told {
  const merged = states.map(({ region, health, clusterState, isLagHigh }) => {
    const before = earlier.states.get(region) ?? {};
    return [region, { ...before, ...defined({ health, clusterState, isLagHigh }) }] as const;
  });
  return { at: Math.floor(at / RESOLUTION_MILLISECONDS) * RESOLUTION_MILLISECONDS, states: new Map(merged) };
}

/** The metrics that remember what was told. */
export function toldData({ states }: Told, globalCluster: string, at: number): readonly MetricDatum[] {
  return [...states].flatMap(([region, { health, clusterState, isLagHigh }]) => {
    const values: readonly (readonly [RegionMetric, number | undefined])[] = [
      ['HealthCheck', health],
      ['ClusterState', clusterState],
      ['ReplicationLagHigh', isLagHigh === undefined ? undefined : Number(isLagHigh)],
    ];
    return values.flatMap(([metric, value]) =>
      value === undefined ? [] : [regionMetricDatum(globalCluster, metric, region, value, at)],
    );
  });
}
