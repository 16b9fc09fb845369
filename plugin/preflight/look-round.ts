import type { DisasterRecoveryPolicySpec } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { parseDuration } from '../../operator/api/v1alpha1/duration.ts';
import type { AwsAccount } from '../../operator/aws/account.ts';
import type { AwsGateway } from '../../operator/aws/aws-gateway.ts';
import { defined } from '../../operator/failover/defined.ts';
import type { Round } from '../../operator/failover/observation.ts';
import { TcpEndpointProber } from '../../operator/observation/endpoint-prober.ts';
import { ObservationService } from '../../operator/observation/observation-service.ts';
import type { ObservationTarget, TargetEndpoint } from '../../operator/observation/observation-target.ts';
import { defaultObservationSettings } from '../../operator/observation/settings.ts';
import { WitnessClient } from '../../operator/observation/witness-client.ts';
import type { Clock } from '../../operator/runtime/clock.ts';

export interface LookProps {
  readonly gateway: AwsGateway;
  readonly clock: Clock;
  readonly account: AwsAccount;
  readonly spec: DisasterRecoveryPolicySpec;
  readonly metricPeriodMilliseconds: number;
  /** Ends the look early. */
  readonly signal: AbortSignal;
}

/** Whoever looks once, from a place that is perhaps far away, has more patience than a round of detection. */
const LEAST_TIMEOUT_MILLISECONDS = 5_000;

/**
 * One round of the operator's own observers, made from here: every region's RDS and CloudWatch, the writer endpoint of
 * every region, the witness. What is logged into is only connected to.
 */
export async function lookRound(props: LookProps): Promise<Round> {
  const { gateway, clock, spec, metricPeriodMilliseconds, signal } = props;
  const witness = new WitnessClient(clock);
  const listeners = new Map<string, (round: Round) => void>();
  const service = new ObservationService({
    gateway,
    clock,
    random: Math.random,
    prober: new TcpEndpointProber(clock),
    fetchWitness: (url, options) => witness.fetch(url, options),
    settings: { ...defaultObservationSettings, metricPeriodMilliseconds },
    onRound: (key, round) => listeners.get(key)?.(round),
  });
  const one = (key: string, changes: Partial<ObservationTarget>): Promise<Round> => {
    const { promise, resolve, reject } = Promise.withResolvers<Round>();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    listeners.set(key, resolve);
    service.watch(targetOf(key, props, changes));
    return promise;
  };
  try {
    signal.throwIfAborted();
    // The first look tells where the endpoints are; what RDS said to it serves the second as well.
    const first = await one('look', {});
    const url = spec.detection.signals.http?.url;
    return await one(
      'round',
      defined({
        endpoints: endpointsOf(first, spec),
        isReplicationWatched: true,
        witness: url === undefined ? undefined : { url },
      }),
    );
  } finally {
    await service.close();
  }
}

function targetOf(key: string, { account, spec }: LookProps, changes: Partial<ObservationTarget>): ObservationTarget {
  const timeoutMilliseconds = Math.max(LEAST_TIMEOUT_MILLISECONDS, parseDuration(spec.detection.timeout));
  return {
    key,
    account,
    globalClusterIdentifier: spec.globalClusterIdentifier,
    regions: spec.regions.map(({ name, clusterIdentifier }) => ({ name, clusterIdentifier })),
    intervalMilliseconds: timeoutMilliseconds * 3,
    timeoutMilliseconds,
    endpoints: [],
    isReplicationWatched: false,
    isUnderSuspicion: false,
    ...changes,
  };
}

function endpointsOf(round: Round, { regions, detection }: DisasterRecoveryPolicySpec): TargetEndpoint[] {
  return regions.flatMap(({ name: region }) => {
    const { endpoint: host, port } = round.regions[region]?.cluster ?? {};
    return host === undefined || port === undefined
      ? []
      : [{ region, host, port: detection.signals.endpoint?.port ?? port }];
  });
}
