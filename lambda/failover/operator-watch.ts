import type { AwsGateway } from '../../operator/aws/aws-gateway.ts';
import type { Instant } from '../../operator/failover/observation.ts';
import { operatorHeartbeatSeries, PUT_INTERVAL_MILLISECONDS } from '../../operator/publishing/operator-heartbeat.ts';
import type { FunctionEnvironment } from '../shared/environment.ts';

/** Whether an operator looks after the global cluster. */
export type OperatorState =
  | { readonly kind: 'Silent' }
  | { readonly kind: 'Alive'; readonly ageMilliseconds: number }
  /** Its heartbeat could not be read: nobody can tell. */
  | { readonly kind: 'Unreadable'; readonly message: string };

/**
 * Reads the operator's heartbeat in the function's own region, where a living operator puts it whatever happens to
 * another region. A heartbeat is as old as the end of the minute that it was put in. Never rejects.
 */
export async function watchForOperator(
  gateway: Pick<AwsGateway, 'getMetricSamples'>,
  environment: FunctionEnvironment,
  maximumAgeMilliseconds: number,
  now: Instant,
): Promise<OperatorState> {
  const { region, globalClusterIdentifier, metricNamespace, timeoutMilliseconds } = environment;
  const query = {
    series: [operatorHeartbeatSeries(metricNamespace, globalClusterIdentifier)],
    periodMilliseconds: PUT_INTERVAL_MILLISECONDS,
    from: now - maximumAgeMilliseconds - PUT_INTERVAL_MILLISECONDS,
    to: now + 1,
  };
  try {
    const [samples = []] = await gateway.getMetricSamples({}, region, query, { timeoutMilliseconds });
    const newest = samples.at(-1);
    const age = newest === undefined ? Infinity : now - (newest.periodStart + PUT_INTERVAL_MILLISECONDS);
    return age <= maximumAgeMilliseconds ? { kind: 'Alive', ageMilliseconds: Math.max(0, age) } : { kind: 'Silent' };
  } catch (error) {
    return { kind: 'Unreadable', message: error instanceof Error ? error.message : String(error) };
  }
}
