import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import type { AwsGateway } from '../../operator/aws/aws-gateway.ts';
import { ClusterClaims } from '../../operator/controllers/cluster-claims.ts';
import { DecisionRecorder, type DecisionSink } from '../../operator/controllers/decision-recorder.ts';
import type { Dependencies } from '../../operator/controllers/dependencies.ts';
import { PolicyReconciler } from '../../operator/controllers/policy-reconciler.ts';
import { runFleet, ShardedFleet } from '../../operator/controllers/sharded-fleet.ts';
import { backgroundOf } from '../../operator/controllers/urgency.ts';
import type { Round } from '../../operator/failover/observation.ts';
import { Notifier } from '../../operator/notifications/notifier.ts';
import type { Logger } from '../../operator/observability/logger.ts';
import { ObservationService } from '../../operator/observation/observation-service.ts';
import type { DatabaseClient, EndpointProber, FetchWitness } from '../../operator/observation/probes.ts';
import { defaultObservationSettings } from '../../operator/observation/settings.ts';
import { MetricBatches } from '../../operator/publishing/metric-batches.ts';
import { RoutingMetricPublisher } from '../../operator/publishing/routing-metric.ts';
import { WriterPublisher } from '../../operator/publishing/writer-publisher.ts';
import { Controller, type Result } from '../../operator/runtime/controller.ts';
import { EventRecorder } from '../../operator/runtime/event-recorder.ts';
import type { KubeClient } from '../../operator/runtime/kube-client.ts';
import { LeaderElector } from '../../operator/runtime/leader-elector.ts';
import type { KeyOrder } from '../../operator/runtime/ready-keys.ts';
import { ExponentialRateLimiter } from '../../operator/runtime/rate-limiter.ts';
import { Reflector } from '../../operator/runtime/reflector.ts';
import { keyOf } from '../../operator/runtime/resource.ts';
import type { ShardWork } from '../../operator/runtime/shard-elections.ts';
import { Store, withoutManagedFields } from '../../operator/runtime/store.ts';
import { WorkQueue } from '../../operator/runtime/work-queue.ts';
import type { SimulatedProcess } from './simulated-process.ts';

const WORKERS = 8;

/** How this installation of the operator is set up; times in milliseconds. */
export interface InstallationProps {
  readonly isElecting: boolean;
  /** `--shards`. @default - 1 */
  readonly shards?: number;
  readonly leaseDurationMilliseconds: number;
  readonly renewDeadlineMilliseconds: number;
  readonly retryPeriodMilliseconds: number;
  readonly followIntervalMilliseconds: number;
  readonly unconfirmedReadWindowMilliseconds: number;
  readonly metricPeriodMilliseconds: number;
  /** How fast role changes go to AWS. @default - the operator's default, which a few policies never use up */
  readonly roleChanges?: { readonly perSecond: number; readonly burst: number };
}

/** Where a test puts a mistake in: each wraps what the operator is given. */
export interface Tampering {
  readonly kube?: (kube: KubeClient, process: SimulatedProcess) => KubeClient;
  readonly gateway?: (gateway: AwsGateway, process: SimulatedProcess) => AwsGateway;
  readonly round?: (round: Round) => Round;
  readonly prober?: (prober: EndpointProber, process: SimulatedProcess) => EndpointProber;
  readonly fetchWitness?: (fetchWitness: FetchWitness, process: SimulatedProcess) => FetchWitness;
  readonly database?: (database: DatabaseClient, process: SimulatedProcess) => DatabaseClient;
  readonly decisions?: (sink: DecisionSink) => DecisionSink;
  readonly dependencies?: (dependencies: Dependencies, process: SimulatedProcess) => Dependencies;
  /** What sharding does. */
  readonly shardWork?: (work: ShardWork) => ShardWork;
  /** Every process leads, whatever the lease says. */
  readonly isElectionIgnored?: boolean;
}

export interface SimulatedOperatorProps {
  readonly process: SimulatedProcess;
  readonly kube: KubeClient;
  readonly gateway: AwsGateway;
  readonly prober: EndpointProber;
  readonly fetchWitness: FetchWitness;
  readonly database: DatabaseClient;
  readonly installation: InstallationProps;
  /** `--region`. */
  readonly region: string | undefined;
  readonly tampering: Tampering;
  /** @default - decisions are not taken down */
  readonly decisions?: DecisionSink;
  readonly onRound: (process: SimulatedProcess, key: string, round: Round) => void;
  readonly onLog: (process: SimulatedProcess, level: string, fields: unknown, message: string) => void;
}

const LEASE_NAME = 'aurora-dr-operator';
/** Bounds a mutating call, as in `operator/main.ts`. */
export const AWS_CALL_TIMEOUT_MILLISECONDS = 5_000;

/** One run of the operator, composed as `operator/main.ts` composes it, of everything but sockets and real time. */
export class SimulatedOperator {
  readonly #props: SimulatedOperatorProps;
  readonly #kube: KubeClient;
  readonly #gateway: AwsGateway;
  readonly #store: Store<DisasterRecoveryPolicy>;
  readonly #reflector: Reflector<DisasterRecoveryPolicy>;
  readonly #events: EventRecorder;
  readonly #notifier: Notifier;
  readonly #logger: Logger;
  readonly #decisions: DecisionRecorder | undefined;
  readonly #claims = new ClusterClaims();
  readonly #stop = new AbortController();

  constructor(props: SimulatedOperatorProps) {
    this.#props = props;
    this.#decisions = recorderFor(props);
    const { process, tampering } = props;
    const random = process.random.next;
    this.#logger = loggerFor(props);
    this.#kube = tampering.kube?.(props.kube, process) ?? props.kube;
    this.#gateway = tampering.gateway?.(props.gateway, process) ?? props.gateway;
    this.#store = new Store<DisasterRecoveryPolicy>({
      transform: withoutManagedFields,
      onError: (error) => {
        throw new Error('cannot go on: a handler of the watch failed', { cause: error });
      },
    });
    this.#store.subscribe((_change, before, now) => this.#claims.note(before, now));
    this.#reflector = new Reflector<DisasterRecoveryPolicy>({
      client: this.#kube,
      type: DISASTER_RECOVERY_POLICY,
      store: this.#store,
      clock: process,
      random,
    });
    this.#events = new EventRecorder({
      client: this.#kube,
      clock: process,
      random,
      reportingController: 'aurora-dr.io/operator',
      reportingInstance: process.name,
    });
    this.#notifier = new Notifier({ gateway: this.#gateway, clock: process, random });
  }

  start(): void {
    const { signal } = this.#stop;
    this.#run(this.#events.run(signal));
    this.#run(this.#reflector.run(signal));
    const { isElecting } = this.#props.installation;
    if (isElecting && this.#props.tampering.isElectionIgnored !== true) this.#campaign(signal);
    else this.#run(this.#lead(signal, () => Infinity));
  }

  /** Asks it to end in order; it may go on for a while. */
  stop(): void {
    this.#stop.abort(new Error('the process ends'));
  }

  #run(running: Promise<unknown>): void {
    running.catch((error: unknown) => {
      this.#props.onLog(this.#props.process, 'fatal', { error }, 'ended');
      throw error;
    });
  }

  #campaign(signal: AbortSignal): void {
    const { shards = 1 } = this.#props.installation;
    const isShared = shards > 1;
    const elector: LeaderElector = new LeaderElector({
      ...this.#leaseSettings(),
      name: LEASE_NAME,
      identity: isShared ? `shards-${shards}` : this.#props.process.name,
      isShared,
      onStartedLeading: async (leadership) => {
        this.#logger.info({}, 'leading');
        await this.#lead(leadership, () => elector.leaseRemainingMilliseconds());
      },
      onStoppedLeading: (reason) => this.#logger.warn({ reason }, 'not leading any more'),
    });
    this.#run(elector.run(signal));
  }

  #leaseSettings() {
    const { process, installation } = this.#props;
    return {
      client: this.#kube,
      namespace: 'operators',
      clock: process,
      random: process.random.next,
      leaseDurationMilliseconds: installation.leaseDurationMilliseconds,
      renewDeadlineMilliseconds: installation.renewDeadlineMilliseconds,
      retryPeriodMilliseconds: installation.retryPeriodMilliseconds,
    };
  }

  #share(reconciler: PolicyReconciler, queue: WorkQueue<string>, remaining: () => number): ShardedFleet | undefined {
    const { process, installation, tampering } = this.#props;
    const { shards = 1, isElecting } = installation;
    if (shards === 1 || !isElecting || tampering.isElectionIgnored === true) return undefined;
    const logger = this.#logger;
    return new ShardedFleet({
      elections: {
        ...this.#leaseSettings(),
        name: LEASE_NAME,
        label: 'aurora-dr.io/lease',
        shards,
        identity: process.name,
        listener: {
          onOwned: (shard) => logger.info({}, `owns shard ${shard}`),
          onPrepare: (shard) => logger.info({}, `prepares shard ${shard}`),
          onHandOver: (shard, successor) => logger.info({}, `hands shard ${shard} over to ${successor}`),
          onLost: (shard, reason) => logger.info({}, `owns shard ${shard} no more: ${reason}`),
          onMembers: (members) => logger.info({}, `members: ${members.join(' ')}`),
        },
      },
      store: this.#store,
      reconciler,
      enqueue: (key) => queue.add(key),
      refresh: (signal) => this.#reflector.refresh(signal),
      divisionRemainingMilliseconds: remaining,
      ...(tampering.shardWork === undefined ? {} : { tamper: tampering.shardWork }),
    });
  }

  async #lead(signal: AbortSignal, leaseRemainingMilliseconds: () => number): Promise<void> {
    await this.#reflector.refresh(signal).catch(() => undefined);
    if (signal.aborted) return;
    const { process, tampering, onRound } = this.#props;
    const rateLimiter = new ExponentialRateLimiter<string>({ random: process.random.next, baseMilliseconds: 20 });
    const orderOf = (key: string): KeyOrder => reconciler.orderOf(key);
    const queue: WorkQueue<string> = new WorkQueue<string>({
      clock: process,
      rateLimiter,
      orderOf,
      background: backgroundOf(WORKERS),
    });
    const observation = this.#observe((key, round) => {
      onRound(process, key, round);
      reconciler.receive(key, tampering.round?.(round) ?? round);
    });
    const own = this.#dependencies(observation, queue, (key) =>
      fleet === undefined ? leaseRemainingMilliseconds() : fleet.leaseRemainingMilliseconds(key),
    );
    const reconciler: PolicyReconciler = new PolicyReconciler(tampering.dependencies?.(own, process) ?? own);
    const fleet = this.#share(reconciler, queue, leaseRemainingMilliseconds);
    const controller = new Controller<string>({
      name: 'disasterrecoverypolicy',
      queue,
      clock: process,
      workers: WORKERS,
      reconcile: (key, context) => {
        const reconcile = (): Promise<Result> => reconciler.reconcile(key, context);
        return fleet === undefined ? reconcile() : fleet.reconcile(key, reconcile);
      },
      listener: {
        onError: (policy, error) => this.#logger.error({ policy, error }, `reconcile failed: ${String(error)}`),
      },
    });
    const unsubscribe = this.#store.subscribe((_change, before, now) => {
      const object = now ?? before;
      if (object === undefined) return;
      queue.add(keyOf(object));
      this.#claims.concernedBy(before, now).forEach((rival) => queue.add(rival));
    });
    try {
      await (fleet === undefined ? controller.run(signal) : runFleet(controller, fleet, signal));
    } finally {
      unsubscribe();
      reconciler.close();
      await observation.close();
    }
  }

  #observe(onRound: (key: string, round: Round) => void): ObservationService {
    const { process, prober, fetchWitness, database, installation, tampering } = this.#props;
    return new ObservationService({
      gateway: this.#gateway,
      clock: process,
      random: process.random.next,
      prober: tampering.prober?.(prober, process) ?? prober,
      fetchWitness: tampering.fetchWitness?.(fetchWitness, process) ?? fetchWitness,
      database: tampering.database?.(database, process) ?? database,
      settings: {
        ...defaultObservationSettings,
        metricPeriodMilliseconds: installation.metricPeriodMilliseconds,
      },
      onRound,
      listener: {
        roundFailed: ({ error }) => {
          throw new Error('cannot go on: a round was lost', { cause: error });
        },
      },
    });
  }

  #dependencies(
    observation: ObservationService,
    queue: WorkQueue<string>,
    leaseRemainingMilliseconds: (policy: string) => number,
  ): Dependencies {
    const { process, installation, region } = this.#props;
    const { isElecting, leaseDurationMilliseconds, roleChanges } = installation;
    const decisions = this.#decisions;
    return {
      kube: this.#kube,
      cached: (key) => this.#store.get(key),
      claims: this.#claims,
      observation,
      gateway: this.#gateway,
      publisher: new WriterPublisher(this.#kube),
      routing: new RoutingMetricPublisher({
        gateway: this.#gateway,
        batches: new MetricBatches({ gateway: this.#gateway, clock: process }),
        clock: process,
      }),
      notifier: this.#notifier,
      events: this.#events,
      metrics: NO_METRICS,
      logger: this.#logger,
      clock: process,
      random: process.random.next,
      leaseRemainingMilliseconds,
      enqueue: (key) => queue.add(key),
      ...(decisions === undefined ? {} : { decisions }),
      settings: {
        ...(region === undefined ? {} : { operatorRegion: region }),
        ...(roleChanges === undefined ? {} : { roleChanges }),
        identity: process.name,
        followIntervalMilliseconds: installation.followIntervalMilliseconds,
        metricPeriodMilliseconds: installation.metricPeriodMilliseconds,
        unconfirmedReadWindowMilliseconds: installation.unconfirmedReadWindowMilliseconds,
        awsCallTimeoutMilliseconds: isElecting
          ? Math.min(AWS_CALL_TIMEOUT_MILLISECONDS, leaseDurationMilliseconds / 3)
          : AWS_CALL_TIMEOUT_MILLISECONDS,
      },
    };
  }
}

const NO_METRICS: Dependencies['metrics'] = {
  observePolicy: () => undefined,
  removePolicy: () => undefined,
  countOperation: () => undefined,
  countDrill: () => undefined,
};

function recorderFor({ process, decisions, tampering }: SimulatedOperatorProps): DecisionRecorder | undefined {
  if (decisions === undefined) return undefined;
  const sink = tampering.decisions?.(decisions) ?? decisions;
  return new DecisionRecorder({
    sink: { append: (...record) => (process.isAlive ? sink.append(...record) : undefined) },
    clock: process,
    identity: process.name,
    program: 'simulated',
    onError: (policy, error) => {
      throw new Error(`cannot go on: a decision about ${policy} was not recorded`, { cause: error });
    },
  });
}

/** The part of a logger that the operator uses, without its formatting. */
function loggerFor({ process, onLog }: SimulatedOperatorProps): Logger {
  const at =
    (level: string) =>
    (fields: unknown, message = ''): void => {
      if (process.isAlive) onLog(process, level, fields, message);
    };
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal') };
  return logger;
}
