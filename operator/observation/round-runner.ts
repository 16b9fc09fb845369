import { Slots } from '../aws/slots.ts';
import type {
  Attempt,
  EndpointObservation,
  GlobalClusterView,
  LagObservation,
  RegionObservation,
  Round,
  WitnessObservation,
} from '../failover/observation.ts';
import { parseClusterArn } from '../failover/topology.ts';
import { addAbortListener, removeAbortListener } from '../runtime/abort-listeners.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { Deadlines } from './deadlines.ts';
import { settleLocally } from './local-trouble.ts';
import type { LoopMonitor } from './loop-monitor.ts';
import type { ObservationListener } from './observation-listener.ts';
import type { ObservationTarget, TargetEndpoint, TargetRegion } from './observation-target.ts';
import type { DatabaseLagObserver } from './database-lag-observer.ts';
import type {
  DatabaseClient,
  DatabaseLag,
  DatabaseLogin,
  EndpointProber,
  FetchWitness,
  ProbeOptions,
  WitnessAnswer,
} from './probes.ts';
import type { RegionObserver } from './region-observer.ts';
import type { Tick } from './schedule.ts';

/** Probes are spread over this share of the interval at most, and over half of what the timeout leaves of it. */
const SPREAD_FRACTION = 0.1;

/** So many probes start at once without a spread. */
const COMPANY_AT_ONCE = 64;

/**
 * The spread of more than that has this much for each: about what a round costs, so that others get their turn, and no
 * more, since whatever a round has read is held until its last probe has ended.
 */
const SPREAD_EACH_MILLISECONDS = 2;

export interface RoundRunnerProps {
  readonly clock: Clock;
  readonly random: Random;
  readonly monitor: LoopMonitor;
  readonly deadlines: Deadlines;
  readonly prober: EndpointProber;
  readonly fetchWitness: FetchWitness;
  readonly database?: DatabaseClient;
  readonly listener: ObservationListener;
  readonly signal: AbortSignal;
}

export interface RoundInput {
  readonly target: ObservationTarget;
  readonly observers: ReadonlyMap<string, RegionObserver>;
  readonly tick: Tick;
  readonly sequence: number;
  /** How the regions described the global cluster when they last did. */
  readonly lastViews: readonly GlobalClusterView[];
  readonly databaseLag: DatabaseLagObserver;
}

export interface RoundOutput {
  readonly round: Round;
  /** The views to take the roles from in the next round. */
  readonly views: readonly GlobalClusterView[];
  readonly isDisturbed: boolean;
}

/** One attempt at a time and place: what a probe needs to know about its round. */
interface Timing {
  readonly target: ObservationTarget;
  readonly startedAt: number;
  readonly deadline: number;
  /** How long a probe may wait, for its turn in the spread and for a free slot. */
  readonly patience: number;
  /** Over how long the probes of the rounds that start together are spread. */
  readonly spread: number;
}

/** Observes everything of one policy once: regions, endpoints, witness and lag, all at the same time. */
export class RoundRunner {
  readonly #props: RoundRunnerProps;
  /** For probes. */
  readonly #slots = new Slots(0);

  constructor(props: RoundRunnerProps) {
    this.#props = props;
  }

  /** So many probes may be in flight at once: none before this is said. */
  allowProbes(count: number): void {
    this.#slots.resize(count);
  }

  async run(input: RoundInput): Promise<RoundOutput> {
    const { clock } = this.#props;
    const { target, tick, sequence } = input;
    const startedAt = clock.now();
    const monotonicStart = clock.monotonic();
    const timing = timingOf(target, tick);

    const pendingRegions = target.regions.map((region) => this.#observeRegion(region, input, timing));
    const [regions, endpoints, witness, lag] = await Promise.all([
      Promise.all(pendingRegions),
      Promise.all(target.endpoints.map((endpoint) => this.#probe(endpoint, timing))),
      target.witness && this.#askWitness(target.witness.url, timing),
      this.#observeLag(input, timing, pendingRegions),
    ]);

    for (const region of regions) input.databaseLag.noteReader(region);
    const completedAt = clock.now();
    const trouble = {
      jumpMilliseconds: completedAt - startedAt - (clock.monotonic() - monotonicStart),
      lateMilliseconds: tick.lateMilliseconds,
      intervalMilliseconds: target.intervalMilliseconds,
    };
    const round: Round = {
      sequence,
      startedAt,
      completedAt,
      regions: byRegion(regions),
      endpoints: byRegion(endpoints),
      lag: byRegion(lag),
      ...(witness && { witness }),
    };
    const settled = settleLocally(round, trouble);
    const views = regions.flatMap(({ globalCluster }) => globalCluster ?? []);
    return { round: settled, views: views.length > 0 ? views : input.lastViews, isDisturbed: settled !== round };
  }

  async #observeRegion(region: TargetRegion, input: RoundInput, timing: Timing): Promise<RegionObservation> {
    const observer = input.observers.get(region.name);
    if (observer === undefined)
      throw new Error(`cannot observe ${region.name}: it has no observer; report this as a bug`);
    const request = {
      deadline: timing.deadline,
      timeoutMilliseconds: timing.target.timeoutMilliseconds,
      maxAgeMilliseconds: observer.maxWalkAgeMilliseconds,
      // Of the round before at the earliest, whichever came later in it: the list, or the end of that round's patience.
      maxSightingAgeMilliseconds: timing.target.intervalMilliseconds + timing.target.timeoutMilliseconds,
    };
    const [globalClusters, clusters] = await Promise.all([
      observer.globalClusters.observe({ ...request, key: timing.target.globalClusterIdentifier }),
      observer.clusters.observe({ ...request, key: region.clusterIdentifier }),
    ]);
    return {
      region: region.name,
      globalClusters: globalClusters.attempt,
      clusters: clusters.attempt,
      ...(globalClusters.item && { globalCluster: globalClusters.item }),
      ...(clusters.item && { cluster: clusters.item }),
    };
  }

  async #probe(endpoint: TargetEndpoint, timing: Timing): Promise<EndpointObservation> {
    const { attempt } = await this.#attempt('endpoint', timing, this.#delay(timing), async (options) => {
      return { attempt: await this.#ask(endpoint, options) };
    });
    const { region, host, port, login } = endpoint;
    return { region, target: `${host}:${port}`, ...(login && { type: 'MySQL' }), attempt };
  }

  #delay({ spread }: Timing): number {
    return spread === 0 ? 0 : this.#props.random() * spread;
  }

  #ask({ host, port, login, heartbeat }: TargetEndpoint, options: ProbeOptions): Promise<Attempt> {
    const { prober, database } = this.#props;
    if (login === undefined) return prober.probe(host, port, options);
    if (database === undefined) return Promise.resolve(noDatabaseClient);
    return database.probe(host, port, login, { ...options, ...(heartbeat && { heartbeat }) });
  }

  #askWitness(url: string, timing: Timing): Promise<WitnessObservation> {
    return this.#attempt<WitnessAnswer>('witness', timing, 0, (options) => this.#props.fetchWitness(url, options));
  }

  async #attempt<T extends { readonly attempt: Attempt }>(
    kind: 'endpoint' | 'witness' | 'lag',
    timing: Timing,
    delay: number,
    send: (options: Required<ProbeOptions>) => Promise<T>,
  ): Promise<T | { readonly attempt: Attempt }> {
    const { clock, monitor, signal, listener } = this.#props;
    if (delay > 0) await clock.sleep(delay, signal).catch(() => undefined);
    // Nearly always free when probes are spread: then nobody need listen, nor watch the time.
    const free = signal.aborted ? undefined : this.#slots.takeFree();
    const release = free ?? (await this.#slot(timing));
    if (release === undefined) return { attempt: notAttempted };
    const { timeoutMilliseconds } = timing.target;
    const startedAt = clock.monotonic();
    const span = monitor.begin();
    try {
      const answer = await send({ timeoutMilliseconds, signal });
      const attempt: Attempt = span.judge(answer.attempt, timeoutMilliseconds);
      listener.probed?.({ kind, attempt, durationMilliseconds: clock.monotonic() - startedAt });
      return { ...answer, attempt };
    } finally {
      span.end();
      release();
    }
  }

  /** A place among the probes in flight; undefined when none came free while the probe could still end in its round. */
  #slot(timing: Timing): Promise<(() => void) | undefined> {
    const { deadlines, signal } = this.#props;
    if (signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const end = (release?: () => void): void => {
        timer.cancel();
        leave();
        removeAbortListener(signal, giveUp);
        resolve(release);
      };
      const giveUp = (): void => end();
      const leave = this.#slots.queue(end);
      const timer = deadlines.add(timing.startedAt + timing.patience, giveUp);
      addAbortListener(signal, giveUp);
    });
  }

  /** From the secondary's reader, whose name the region's RDS says: in the first round it is waited for. */
  async #readLag(
    { name: region, clusterIdentifier }: TargetRegion,
    login: DatabaseLogin,
    { target, databaseLag }: RoundInput,
    timing: Timing,
    regions: readonly Promise<RegionObservation>[],
  ): Promise<LagObservation> {
    const { database } = this.#props;
    if (databaseLag.readerOf(region) === undefined) {
      databaseLag.noteReader(await regions[target.regions.findIndex(({ name }) => name === region)]);
    }
    const reader = databaseLag.readerOf(region);
    const delay = this.#delay(timing);
    return databaseLag.observe({ region, clusterIdentifier }, async (): Promise<DatabaseLag> => {
      if (database === undefined) return { attempt: noDatabaseClient };
      if (reader === undefined) return { attempt: noReader };
      return this.#attempt('lag', timing, delay, (options) =>
        database.readLag(reader.host, reader.port, login, { ...options, region }),
      );
    });
  }

  async #observeLag(
    input: RoundInput,
    timing: Timing,
    regions: readonly Promise<RegionObservation>[],
  ): Promise<readonly LagObservation[]> {
    const { target } = input;
    if (!target.isReplicationWatched) return [];
    const views = input.lastViews.length > 0 ? input.lastViews : await firstView(regions);
    const { lagLogin } = target;
    if (lagLogin !== undefined) {
      const secondaries = regionsWhere(views, target, false);
      return Promise.all(secondaries.map((region) => this.#readLag(region, lagLogin, input, timing, regions)));
    }
    const sourceRegion = regionsWhere(views, target, true)[0]?.name;
    const request = {
      sourceRegion,
      isUrgent: target.isUnderSuspicion,
      intervalMilliseconds: target.intervalMilliseconds,
      timeoutMilliseconds: target.timeoutMilliseconds,
      deadline: timing.deadline,
    };
    const observations = regionsWhere(views, target, false).flatMap(({ name, clusterIdentifier }) => {
      return input.observers.get(name)?.lag.observe({ ...request, clusterIdentifier }) ?? [];
    });
    return Promise.all(observations);
  }
}

const noDatabaseClient: Attempt = {
  kind: 'local',
  cause: 'notAttempted',
  message: 'this process has no client for databases',
};

const noReader: Attempt = {
  kind: 'local',
  cause: 'notAttempted',
  message: 'RDS has not named its reader endpoint yet',
};

const notAttempted: Attempt = {
  kind: 'local',
  cause: 'notAttempted',
  message: 'too many probes were in flight for this one to start in time',
};

function timingOf(target: ObservationTarget, tick: Tick): Timing {
  const { intervalMilliseconds: interval, timeoutMilliseconds: timeout } = target;
  const patience = Math.max(0, Math.min(interval * SPREAD_FRACTION, (interval - timeout) / 2));
  const spread = tick.company > COMPANY_AT_ONCE ? Math.min(patience, tick.company * SPREAD_EACH_MILLISECONDS) : 0;
  return { target, startedAt: tick.startedAt, deadline: tick.startedAt + timeout, patience, spread };
}

/** Resolves as soon as one region has described the global cluster; empty when none does. */
async function firstView(regions: readonly Promise<RegionObservation>[]): Promise<readonly GlobalClusterView[]> {
  const views = regions.map(async (region) => {
    const { globalCluster } = await region;
    if (globalCluster === undefined) throw new Error('not described');
    return [globalCluster];
  });
  return Promise.any(views).catch(() => []);
}

/**
 * The policy's regions whose member some view calls the writer, or calls a secondary. Regions may disagree for a while:
 * lag of one too many is asked rather than of one too few, and who is what is decided elsewhere.
 */
function regionsWhere(
  views: readonly GlobalClusterView[],
  target: ObservationTarget,
  isWriter: boolean,
): TargetRegion[] {
  const found = views
    .flatMap(({ members }) => members)
    .filter((member) => member.isWriter === isWriter)
    .map(({ clusterArn }) => parseClusterArn(clusterArn));
  return target.regions.filter(({ name, clusterIdentifier }) => {
    return found.some((member) => member?.region === name && member.identifier === clusterIdentifier);
  });
}

function byRegion<T extends { readonly region: string }>(observations: readonly T[]): Record<string, T> {
  return Object.fromEntries(observations.map((observation) => [observation.region, observation]));
}
