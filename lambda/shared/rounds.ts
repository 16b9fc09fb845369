import type { AwsGateway } from '../../operator/aws/aws-gateway.ts';
import type { Round } from '../../operator/failover/observation.ts';
import type { RegionSettings } from '../../operator/failover/settings.ts';
import { writerIn } from '../../operator/failover/topology.ts';
import { TcpEndpointProber } from '../../operator/observation/endpoint-prober.ts';
import { ObservationService } from '../../operator/observation/observation-service.ts';
import type { ObservationTarget, TargetEndpoint } from '../../operator/observation/observation-target.ts';
import { defaultObservationSettings } from '../../operator/observation/settings.ts';
import type { Clock } from '../../operator/runtime/clock.ts';
import type { FunctionEnvironment } from './environment.ts';

/** MySQL's own port, where nobody says another. */
const DEFAULT_PORT = 3306;

export interface RoundsProps {
  readonly environment: FunctionEnvironment;
  readonly gateway: AwsGateway;
  readonly clock: Clock;
}

/** Rounds of the operator's own observers, for one invocation. */
export class Rounds {
  readonly #environment: FunctionEnvironment;
  readonly #service: ObservationService;
  readonly #listeners = new Map<string, (round: Round) => void>();
  readonly #failures = new Map<string, (error: unknown) => void>();

  constructor({ environment, gateway, clock }: RoundsProps) {
    this.#environment = environment;
    this.#service = new ObservationService({
      gateway,
      clock,
      random: Math.random,
      prober: new TcpEndpointProber(clock),
      fetchWitness: () => Promise.resolve({ attempt: { kind: 'answered' } }),
      settings: { ...defaultObservationSettings, metricPeriodMilliseconds: environment.metricPeriodMilliseconds },
      onRound: (key, round) => this.#listeners.get(key)?.(round),
      listener: { roundFailed: ({ key, error }) => this.#failures.get(key)?.(error) },
    });
  }

  /**
   * One complete round. It starts with a look for the writer's address, which nobody remembers here; what RDS said to
   * that serves the round as well.
   */
  async take(): Promise<Round> {
    const look = await this.#one('look', { endpoints: [], isReplicationWatched: false });
    const { endpoints, isCertain } = this.#writerEndpoints(look);
    const round = await this.#one('round', { endpoints, isReplicationWatched: true });
    return isCertain ? round : { ...round, endpoints: acceptingOnly(round) };
  }

  /** Rounds one after the other until the returned function is called. */
  follow(
    endpoints: readonly TargetEndpoint[],
    intervalMilliseconds: number,
    onRound: (round: Round) => void,
  ): () => void {
    const timeoutMilliseconds = Math.min(this.#environment.timeoutMilliseconds, intervalMilliseconds * 0.9);
    this.#watch(
      'follow',
      { endpoints, isReplicationWatched: false, intervalMilliseconds, timeoutMilliseconds },
      onRound,
    );
    return () => this.#service.unwatch('follow');
  }

  close(): Promise<void> {
    return this.#service.close();
  }

  /**
   * Where the writer accepts: as its own region says, else the name that a surviving region gives for it. Nobody says the
   * port to that name, so that only its accepting proves anything.
   */
  #writerEndpoints(round: Round): { readonly endpoints: readonly TargetEndpoint[]; readonly isCertain: boolean } {
    const { region: own, regions } = this.#environment;
    for (const name of [own, ...regions.map((region) => region.name)]) {
      const { globalCluster, cluster } = round.regions[name] ?? {};
      const region = writerIn(globalCluster, { regions });
      if (region !== undefined) {
        const host = globalCluster?.endpoint;
        const guess = host === undefined ? [] : [{ region, host, port: cluster?.port ?? DEFAULT_PORT }];
        const endpoints = endpointOf(round, region);
        return { endpoints: endpoints ?? guess, isCertain: endpoints !== undefined };
      }
    }
    return { endpoints: [], isCertain: true };
  }

  async #one(key: string, what: Partial<ObservationTarget>): Promise<Round> {
    const { promise, resolve, reject } = Promise.withResolvers<Round>();
    this.#failures.set(key, reject);
    this.#watch(key, what, resolve);
    const round = await promise;
    // Paused instead of forgotten, so that the next look shares what this one was told.
    this.#service.watch({ ...this.#target(key, what), isPaused: true });
    return round;
  }

  #watch(key: string, what: Partial<ObservationTarget>, onRound: (round: Round) => void): void {
    this.#listeners.set(key, onRound);
    this.#service.watch(this.#target(key, what));
  }

  #target(key: string, what: Partial<ObservationTarget>): ObservationTarget {
    const { globalClusterIdentifier, unreachedRegions, timeoutMilliseconds } = this.#environment;
    // A region that is not asked is not observed: whatever is read of it is Unknown.
    const regions = this.#environment.regions.filter(({ name }) => !unreachedRegions.has(name));
    return {
      key,
      account: {},
      globalClusterIdentifier,
      regions: regions.map(({ name, clusterIdentifier }: RegionSettings) => ({ name, clusterIdentifier })),
      intervalMilliseconds: timeoutMilliseconds * 3,
      timeoutMilliseconds,
      endpoints: [],
      isReplicationWatched: false,
      isUnderSuspicion: false,
      ...what,
    };
  }
}

function acceptingOnly({ endpoints }: Round): Round['endpoints'] {
  return Object.fromEntries(Object.entries(endpoints).filter(([, { attempt }]) => attempt.kind === 'answered'));
}

/** Where a region's own cluster accepts, as that region says. */
export function endpointOf(round: Round, region: string): readonly TargetEndpoint[] | undefined {
  const { endpoint: host, port } = round.regions[region]?.cluster ?? {};
  return host === undefined || port === undefined ? undefined : [{ region, host, port }];
}
