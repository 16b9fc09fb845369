import type { AwsGateway, MetricSample } from '../../operator/aws/aws-gateway.ts';
import { defined } from '../../operator/failover/defined.ts';
import { EMPTY_MEMORY, type Memory } from '../../operator/failover/memory.ts';
import type { Instant } from '../../operator/failover/observation.ts';
import type { FunctionEnvironment } from '../shared/environment.ts';
import { regionMetricSeries } from '../shared/monitor-metrics.ts';

const PERIOD_MILLISECONDS = 60_000;
/** Lag samples are kept shorter than this: an earlier loss has no estimate anyway. */
const LOOK_BACK_MILLISECONDS = 60 * PERIOD_MILLISECONDS;

/** By region: the start of the first failing check after the last passing one; absent where the last one passed. */
export type LossTimes = ReadonlyMap<string, Instant>;

function lossTime(samples: readonly MetricSample[]): Instant | undefined {
  const passed = samples.findLast(({ value }) => value === 1)?.periodStart ?? Infinity;
  return samples.find(({ periodStart, value }) => periodStart > passed && value === 0)?.periodStart;
}

/**
 * When each region was lost, by what the health monitor of this region put: the estimate of a loss speaks of that moment,
 * and of the moment of the request where nobody knows better.
 */
export async function readLossTimes(
  gateway: Pick<AwsGateway, 'getMetricSamples'>,
  environment: FunctionEnvironment,
  now: Instant,
): Promise<LossTimes> {
  const { region, regions, globalClusterIdentifier, metricNamespace, timeoutMilliseconds } = environment;
  const series = regions.map(({ name }) =>
    regionMetricSeries(metricNamespace, globalClusterIdentifier, 'HealthCheck', name),
  );
  const query = { series, periodMilliseconds: PERIOD_MILLISECONDS, from: now - LOOK_BACK_MILLISECONDS, to: now + 1 };
  const samples = await gateway.getMetricSamples({}, region, query, { timeoutMilliseconds });
  return new Map(
    regions.flatMap(({ name }, index) => {
      const at = lossTime(samples[index] ?? []);
      return at === undefined ? [] : [[name, at] as const];
    }),
  );
}

/** The brain's memory as far as metrics tell it: since when the primary is lost. */
export function memoryOf(primaryRegion: string | undefined, losses: LossTimes): Memory {
  const startedAt = losses.get(primaryRegion ?? '');
  return defined({ ...EMPTY_MEMORY, incident: startedAt === undefined ? undefined : { startedAt } });
}
