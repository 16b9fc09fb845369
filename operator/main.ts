import type { KubeConfig } from '@kubernetes/client-node';

import { DISASTER_RECOVERY_POLICY } from './api/v1alpha1/group-version.ts';
import type { DisasterRecoveryPolicy } from './api/v1alpha1/disaster-recovery-policy.ts';
import type { OnAwsRequest } from './aws/request-report.ts';
import { SdkAwsGateway } from './aws/sdk-aws-gateway.ts';
import { StsCredentials } from './aws/sts-credentials.ts';
import { ConfigError, loadConfig, operatorVersion, type Config } from './config.ts';
import { ClusterClaims } from './controllers/cluster-claims.ts';
import { DecisionRecorder, type DecisionSink } from './controllers/decision-recorder.ts';
import { DecisionFiles, decisionsInLog } from './controllers/decision-sinks.ts';
import type { Dependencies } from './controllers/dependencies.ts';
import { PolicyReconciler } from './controllers/policy-reconciler.ts';
import { runFleet, ShardedFleet } from './controllers/sharded-fleet.ts';
import { backgroundOf } from './controllers/urgency.ts';
import { ManagedResourceIndex } from './crossplane/managed-resource-index.ts';
import { ResourceGuard } from './crossplane/resource-guard.ts';
import { MysqlDatabase } from './database/mysql-database.ts';
import { SecretLogins } from './database/secret-logins.ts';
import { loadKubeConfig, KubeConfigError } from './load-kube-config.ts';
import { Notifier } from './notifications/notifier.ts';
import { healthRoutes } from './observability/health-routes.ts';
import { HttpServer } from './observability/http-server.ts';
import { createLogger, type Logger } from './observability/logger.ts';
import { noTracing, startTracing, type Tracing } from './observability/tracing.ts';
import { metricsRoute } from './observability/metrics-route.ts';
import { OperatorMetrics } from './observability/metrics.ts';
import { TcpEndpointProber } from './observation/endpoint-prober.ts';
import type { ObservationListener } from './observation/observation-listener.ts';
import { ObservationService } from './observation/observation-service.ts';
import { defaultObservationSettings } from './observation/settings.ts';
import { WitnessClient } from './observation/witness-client.ts';
import { MetricBatches } from './publishing/metric-batches.ts';
import { RoutingMetricPublisher } from './publishing/routing-metric.ts';
import { WriterPublisher } from './publishing/writer-publisher.ts';
import { SystemClock } from './runtime/clock.ts';
import { Controller, type Result } from './runtime/controller.ts';
import { EventRecorder } from './runtime/event-recorder.ts';
import { Health } from './runtime/health.ts';
import { HttpKubeClient } from './runtime/http-kube-client.ts';
import { LeaderElector } from './runtime/leader-elector.ts';
import { ExponentialRateLimiter } from './runtime/rate-limiter.ts';
import { Reflector } from './runtime/reflector.ts';
import { HostNames } from './runtime/host-names.ts';
import { keyOf } from './runtime/resource.ts';
import { shareStrings } from './runtime/share-strings.ts';
import { Shutdown } from './runtime/shutdown.ts';
import { Store, withoutManagedFields } from './runtime/store.ts';
import { Turns } from './runtime/turns.ts';
import { WorkQueue } from './runtime/work-queue.ts';
import { endedOperation } from './operation-trace.ts';
import { spanOfAwsRequest, spanOfKubeRequest } from './request-spans.ts';
import { watchAdvice } from './watch-advice.ts';

const CONTROLLER = 'disasterrecoverypolicy';
const LEASE_NAME = 'aurora-dr-operator';
/** On the leases of shards and of those who share them. */
const LEASE_LABEL = 'aurora-dr.io/lease';
/** Bounds a mutating AWS call. */
const AWS_CALL_TIMEOUT_MILLISECONDS = 5_000;
/** A watch without any sign of life for this long means that this process is blind to what people ask. */
const STALE_WATCH_MILLISECONDS = 5 * 60_000;
const SHUTDOWN_STEP_MILLISECONDS = 5_000;

/**
 * Well below what a lease that has just been renewed has left (15 s less 2 s), so that the check of the lease before a
 * call does not refuse in ordinary times; a shorter lease leaves less time for a call.
 */
function awsCallTimeoutMilliseconds({ leaderElection }: Config): number {
  const { isEnabled, leaseDurationMilliseconds } = leaderElection;
  return isEnabled
    ? Math.min(AWS_CALL_TIMEOUT_MILLISECONDS, leaseDurationMilliseconds / 3)
    : AWS_CALL_TIMEOUT_MILLISECONDS;
}

function namespaceOf(kubeConfig: KubeConfig): string {
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  return context?.namespace ?? 'default';
}

/** Counts rounds and probes; the gateway itself counts what is asked of AWS. */
function observationMetrics(metrics: OperatorMetrics, logger: Logger): ObservationListener {
  return {
    probed: ({ kind, attempt }) => {
      metrics.countProbe({ kind, result: attempt.kind === 'answered' ? 'answered' : attempt.cause });
    },
    roundCompleted: (round) => metrics.countRound(round),
    roundSkipped: () => metrics.countSkippedRound(),
    roundFailed: ({ key, error }) => {
      metrics.countLostRound();
      logger.error({ policy: key, error }, 'a round was lost');
    },
  };
}

/** The end of a component that should not have ended. */
interface Failure {
  readonly component: string;
  readonly error: unknown;
}

/** Everything that lives as long as the process. */
class Operator {
  readonly #config: Config;
  readonly #logger: Logger;
  readonly #clock = new SystemClock();
  readonly #random = Math.random;
  readonly #health = new Health();
  readonly #metrics: OperatorMetrics;
  readonly #kubeConfig: KubeConfig;
  readonly #kube: HttpKubeClient;
  readonly #gateway: SdkAwsGateway;
  readonly #metricBatches: MetricBatches;
  readonly #store: Store<DisasterRecoveryPolicy>;
  readonly #reflector: Reflector<DisasterRecoveryPolicy>;
  readonly #events: EventRecorder;
  readonly #notifier: Notifier;
  readonly #shutdown: Shutdown;
  readonly #failure = Promise.withResolvers<Failure>();
  readonly #decisions: DecisionRecorder;
  #tracing: Tracing = noTracing;
  readonly #claims = new ClusterClaims();
  readonly #turns = new Turns({ clock: this.#clock });

  constructor(config: Config, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
    const clock = this.#clock;
    const random = this.#random;
    this.#shutdown = new Shutdown(clock);
    this.#metrics = new OperatorMetrics({ clock, version: operatorVersion });
    this.#decisions = new DecisionRecorder({
      sink: this.#decisionSink(),
      clock,
      identity: config.identity,
      program: `aurora-dr-operator ${operatorVersion}`,
      onError: (policy, error) => {
        this.#metrics.countDecisionRecords('lost', 1);
        logger.warn({ policy, error }, 'a decision was not recorded');
      },
    });
    this.#kubeConfig = loadKubeConfig(config.kubeconfig);
    this.#kube = new HttpKubeClient({
      config: this.#kubeConfig,
      userAgent: `aurora-dr-operator/${operatorVersion}`,
      clock,
      onRequest: (request) => {
        this.#metrics.runtime.countRestRequest(request);
        this.#tracing.record(spanOfKubeRequest(request, clock.now()));
      },
    });
    const endpoints = new Map(Object.entries(config.awsEndpoints));
    const onRequest: OnAwsRequest = (request) => {
      this.#metrics.countAwsCall(request);
      this.#tracing.record(spanOfAwsRequest(request, clock.now()));
    };
    // AWS proves who it is, so an address that served before may serve again; apart from databases' names, of which there
    // may be thousands.
    const lookup = new HostNames({ clock }).lookupWithMemory;
    const credentials = new StsCredentials({ clock, endpoints, onRequest, lookup });
    this.#gateway = new SdkAwsGateway({ clock, endpoints, credentials, onRequest, lookup });
    this.#metricBatches = new MetricBatches({ gateway: this.#gateway, clock });
    this.#store = new Store<DisasterRecoveryPolicy>({
      transform: (policy) => shareStrings(withoutManagedFields(policy)),
      onError: (error, policy) => logger.error({ policy, error }, 'a handler of the watch failed'),
    });
    // Before everything else that hears of a change, so that nobody asks it about an older state.
    this.#store.subscribe((_change, before, now) => this.#claims.note(before, now));
    const listener = this.#metrics.runtime.reflectorListener(DISASTER_RECOVERY_POLICY.plural);
    this.#reflector = new Reflector<DisasterRecoveryPolicy>({
      client: this.#kube,
      type: DISASTER_RECOVERY_POLICY,
      namespace: config.namespace,
      store: this.#store,
      clock,
      random,
      listener: {
        ...listener,
        onError: (error, delay) => {
          listener.onError(error, delay);
          logger.warn({ error, delay }, watchAdvice(error));
        },
      },
    });
    this.#metrics.runtime.trackWatch(DISASTER_RECOVERY_POLICY.plural, () => this.#reflector.staleMilliseconds);
    this.#events = new EventRecorder({
      client: this.#kube,
      clock,
      random,
      reportingController: 'aurora-dr.io/operator',
      reportingInstance: config.identity,
      onDrop: (event, error) => {
        this.#metrics.countLostEvent();
        logger.warn({ reason: event.reason, error }, 'an event was lost');
      },
    });
    this.#notifier = new Notifier({
      gateway: this.#gateway,
      clock,
      random,
      onOutcome: ({ kind, topicArn, region, result, error }) => {
        this.#metrics.countNotification({ region, kind, result });
        logger[result === 'delivered' ? 'info' : 'warn']({ kind, topicArn, region, result, error }, 'notification');
      },
    });
  }

  /** Starts everything; rejects when a port is not to be had. */
  async start(): Promise<void> {
    const { identity } = this.#config;
    this.#tracing = await startTracing({
      env: process.env,
      version: operatorVersion,
      identity,
      logger: this.#logger,
      onSpans: (result, spans) => this.#metrics.countSpans(result, spans),
    });
    // Added before everything that makes spans, so stopped after it.
    this.#shutdown.add('tracing', SHUTDOWN_STEP_MILLISECONDS, () => this.#tracing.close());
    await this.#serve();
    this.#run('events', (signal) => this.#events.run(signal));
    this.#run('watch', (signal) => this.#reflector.run(signal));
    this.#health.register('live', 'watch', () => {
      const age = this.#reflector.staleMilliseconds;
      return age < STALE_WATCH_MILLISECONDS || `no sign of life from the API server for ${Math.round(age / 1000)} s`;
    });
    this.#health.register('ready', 'synced', () => this.#reflector.hasSynced || 'policies are not listed yet');
    if (this.#config.leaderElection.isEnabled) {
      this.#campaign();
    } else {
      this.#metrics.runtime.setLeader(true);
      this.#run('controller', (signal) => this.#lead(signal, () => Infinity));
    }
  }

  /** Resolves when something that should last as long as the process has ended: a leader without work protects nobody. */
  get failed(): Promise<Failure> {
    return this.#failure.promise;
  }

  /** Stops in the reverse order of the start: first the work, then the lease, then what told of it. */
  async stop(): Promise<void> {
    for (const { name, outcome, error } of await this.#shutdown.run()) {
      if (outcome !== 'stopped') {
        this.#logger.warn({ component: name, outcome, error }, 'did not stop in order');
      }
    }
    // Side by side: each is bounded, and a region that is lost takes its whole time.
    await Promise.all([this.#notifier.flush(SHUTDOWN_STEP_MILLISECONDS), this.#metricBatches.flush()]);
    this.#gateway.close();
    await this.#kube.close();
  }

  #decisionSink(): DecisionSink {
    const { directory, maximumBytes } = this.#config.decisionLog;
    if (directory === undefined) {
      return decisionsInLog(this.#logger);
    }
    const files = new DecisionFiles({ directory, maximumBytes, metrics: this.#metrics, logger: this.#logger });
    // Added before everything that decides, so stopped after it.
    this.#shutdown.add('decision log', SHUTDOWN_STEP_MILLISECONDS, () => files.flush());
    return files;
  }

  #run(name: string, run: (signal: AbortSignal) => Promise<unknown>): void {
    const controller = new AbortController();
    const running = run(controller.signal);
    running.catch((error: unknown) => this.#failure.resolve({ component: name, error }));
    this.#shutdown.add(name, SHUTDOWN_STEP_MILLISECONDS * 3, async () => {
      controller.abort(new Error('the process ends'));
      await running;
    });
  }

  /**
   * With shards, all who divide the policies alike hold the lease together: as long as one of them does, nobody acts who
   * divides them otherwise. Who acts for what, the leases of the shards say.
   */
  #campaign(): void {
    const { identity, shards } = this.#config;
    const isShared = shards > 1;
    const holder = isShared ? `shards-${shards}` : identity;
    this.#metrics.runtime.setLeader(false, LEASE_NAME);
    const elector: LeaderElector = new LeaderElector({
      ...this.#leaseSettings(),
      name: LEASE_NAME,
      identity: holder,
      isShared,
      onStartedLeading: async (leadership) => {
        // With shards, who owns one leads.
        this.#metrics.runtime.setLeader(!isShared, LEASE_NAME);
        if (isShared) this.#logger.info({ identity, shards }, 'takes part in sharing the policies');
        else this.#logger.info({ identity }, 'leading');
        const work = this.#lead(leadership, () => elector.leaseRemainingMilliseconds());
        await work.catch((error: unknown) => this.#failure.resolve({ component: 'controller', error }));
      },
      onStoppedLeading: (reason) => {
        this.#metrics.runtime.setLeader(false, LEASE_NAME);
        this.#logger.warn({ identity, reason }, 'not leading any more');
      },
      onNewLeader: (leader) => {
        if (leader === '') this.#logger.info('nobody leads: the lease was given back');
        else if (!isShared || leader !== holder) this.#logger.info({ leader }, 'another process leads');
      },
      onError: (error) => this.#logger.warn({ error }, 'cannot keep or get the lease'),
    });
    this.#run('leader election', (signal) => elector.run(signal));
  }

  /** What every election has in common. */
  #leaseSettings() {
    const { namespace, leaseDurationMilliseconds, renewDeadlineMilliseconds, retryPeriodMilliseconds } =
      this.#config.leaderElection;
    return {
      client: this.#kube,
      namespace: namespace ?? namespaceOf(this.#kubeConfig),
      clock: this.#clock,
      random: this.#random,
      leaseDurationMilliseconds,
      renewDeadlineMilliseconds,
      retryPeriodMilliseconds,
    };
  }

  /** The part of this process in a fleet that several share, for as long as it has one. */
  #share(
    reconciler: PolicyReconciler,
    queue: WorkQueue<string>,
    divisionRemainingMilliseconds: () => number,
  ): ShardedFleet {
    const { shards, identity } = this.#config;
    const { shards: metrics, runtime } = this.#metrics;
    const logger = this.#logger;
    const givenUp = new Set<number>();
    const fleet: ShardedFleet = new ShardedFleet({
      elections: {
        ...this.#leaseSettings(),
        name: LEASE_NAME,
        label: LEASE_LABEL,
        shards,
        identity,
        listener: {
          onOwned: (shard) => {
            runtime.setLeader(true);
            metrics.countMove('taken');
            logger.info({ shard }, 'owns a shard');
          },
          onPrepare: (shard) => logger.info({ shard }, 'observes a shard, to take it over'),
          onHandOver: (shard, successor) => {
            givenUp.add(shard);
            logger.info({ shard, successor }, 'hands a shard over');
          },
          onLost: (shard, reason) => {
            runtime.setLeader(fleet.elections.owned.length > 0);
            const isHandedOver = givenUp.delete(shard) && reason === 'released';
            metrics.countMove(isHandedOver ? 'handed-over' : reason);
            logger[reason === 'lost' ? 'warn' : 'info']({ shard, reason }, 'owns a shard no more');
          },
          onMembers: (members) => logger.info({ members }, 'the processes that share the policies'),
          onError: (error) => logger.warn({ error }, 'cannot read or write the leases of shards'),
        },
      },
      store: this.#store,
      reconciler,
      enqueue: (key) => queue.add(key),
      refresh: (signal) => this.#reflector.refresh(signal),
      divisionRemainingMilliseconds,
    });
    metrics.track(() => ({
      shards,
      owned: fleet.elections.owned.length,
      orphans: fleet.elections.orphans.length,
      members: fleet.elections.members.length,
      policies: fleet.ownedPolicies,
    }));
    return fleet;
  }

  /** The work of a leader, from the first reconcile to the last; ends when `signal` aborts. */
  async #lead(signal: AbortSignal, leaseRemainingMilliseconds: () => number): Promise<void> {
    // What another leader, or this process in an earlier term, wrote last is perhaps not in the watch cache yet.
    await this.#reflector.refresh(signal).catch(() => undefined);
    if (signal.aborted) {
      return;
    }
    const clock = this.#clock;
    const { runtime } = this.#metrics;
    const rateLimiter = new ExponentialRateLimiter<string>({ random: this.#random, baseMilliseconds: 20 });
    const queue: WorkQueue<string> = new WorkQueue<string>({
      clock,
      rateLimiter,
      orderOf: (key) => reconciler.orderOf(key),
      background: backgroundOf(this.#config.workers),
      listener: {
        ...runtime.workQueueListener(CONTROLLER),
        onOrderFailed: (policy, error) => {
          this.#logger.error(
            { policy, error },
            'cannot tell how urgent a policy is: it is reconciled after the others',
          );
        },
      },
    });
    runtime.trackWorkQueue(CONTROLLER, queue);
    const observation = this.#observe((key, round) => reconciler.receive(key, round));
    const remaining = (key: string): number =>
      fleet === undefined ? leaseRemainingMilliseconds() : fleet.leaseRemainingMilliseconds(key);
    const reconciler: PolicyReconciler = new PolicyReconciler(this.#dependencies(observation, queue, remaining));
    const isShared = this.#config.shards > 1;
    const fleet = isShared ? this.#share(reconciler, queue, leaseRemainingMilliseconds) : undefined;
    this.#metrics.trackRoleChanges(() => reconciler.roleChangeFigures);
    const controllerListener = runtime.controllerListener(CONTROLLER, this.#config.workers);
    const controller = new Controller<string>({
      name: CONTROLLER,
      queue,
      clock,
      workers: this.#config.workers,
      turns: this.#turns,
      reconcile: (key, context) => {
        const reconcile = (): Promise<Result> => this.#traced(key, () => reconciler.reconcile(key, context));
        return fleet === undefined ? reconcile() : fleet.reconcile(key, reconcile);
      },
      listener: {
        ...controllerListener,
        onError: (policy, error, isTerminal) => {
          controllerListener.onError(policy, error, isTerminal);
          this.#logger.error({ policy, error, isTerminal }, 'reconcile failed');
        },
      },
    });
    const unsubscribe = this.#store.subscribe((_change, before, now) => {
      const object = now ?? before;
      if (object === undefined) return;
      const ended = endedOperation(before, now);
      if (ended !== undefined && remaining(keyOf(object)) > 0) {
        this.#tracing.tell(ended.span, ended.parts);
      }
      queue.add(keyOf(object));
      // Whose cluster it is may be another policy's question, too.
      this.#claims.concernedBy(before, now).forEach((rival) => queue.add(rival));
    });
    try {
      // Running reconciles may finish even when the lease is lost: every write of theirs has a precondition, and no call
      // to AWS begins that the lease would not outlive.
      await (fleet === undefined ? controller.run(signal) : runFleet(controller, fleet, signal));
    } finally {
      unsubscribe();
      reconciler.close();
      await observation.close();
    }
  }

  #traced<T>(policy: string, reconcile: () => Promise<T>): Promise<T> {
    const { phase, operation } = this.#store.get(policy)?.status ?? {};
    const attributes = {
      'aurora_dr.policy': policy,
      'aurora_dr.phase': phase,
      'aurora_dr.operation.id': operation?.id,
      'aurora_dr.operation.step': operation?.step,
    };
    return this.#tracing.run('reconcile', attributes, reconcile);
  }

  #observe(onRound: ConstructorParameters<typeof ObservationService>[0]['onRound']): ObservationService {
    const clock = this.#clock;
    const witness = new WitnessClient(clock, { lookup: new HostNames({ clock }).lookup });
    const { lookup } = new HostNames({ clock });
    return new ObservationService({
      gateway: this.#gateway,
      clock,
      random: this.#random,
      prober: new TcpEndpointProber(clock, { lookup }),
      fetchWitness: (url, options) => witness.fetch(url, options),
      database: new MysqlDatabase({ clock, logins: new SecretLogins({ kube: this.#kube, clock }), lookup }),
      settings: {
        ...defaultObservationSettings,
        metricPeriodMilliseconds: this.#config.metricPeriodMilliseconds,
        readsPerSecond: this.#config.readsPerSecond,
      },
      onRound,
      turns: this.#turns,
      listener: observationMetrics(this.#metrics, this.#logger),
    });
  }

  #dependencies(
    observation: ObservationService,
    queue: WorkQueue<string>,
    leaseRemainingMilliseconds: (policy: string) => number,
  ): Dependencies {
    const { region, identity, followIntervalMilliseconds, metricPeriodMilliseconds } = this.#config;
    return {
      kube: this.#kube,
      cached: (key) => this.#store.get(key),
      claims: this.#claims,
      observation,
      gateway: this.#gateway,
      publisher: new WriterPublisher(this.#kube),
      routing: new RoutingMetricPublisher({
        gateway: this.#gateway,
        batches: this.#metricBatches,
        clock: this.#clock,
      }),
      managedResources: this.#guardResources(leaseRemainingMilliseconds),
      notifier: this.#notifier,
      events: this.#events,
      metrics: this.#metrics,
      logger: this.#logger,
      decisions: this.#decisions,
      clock: this.#clock,
      random: this.#random,
      leaseRemainingMilliseconds,
      enqueue: (key) => queue.add(key),
      settings: {
        identity,
        followIntervalMilliseconds,
        metricPeriodMilliseconds,
        unconfirmedReadWindowMilliseconds: this.#config.unconfirmedReadWindowMilliseconds,
        awsCallTimeoutMilliseconds: awsCallTimeoutMilliseconds(this.#config),
        roleChanges: this.#config.roleChanges,
        ...(region === undefined ? {} : { operatorRegion: region }),
      },
    };
  }

  /** Looks after Crossplane managed resources, for as long as this process leads. */
  #guardResources(leaseRemainingMilliseconds: (policy: string) => number): ResourceGuard {
    const logger = this.#logger;
    const index = new ManagedResourceIndex({
      kube: this.#kube,
      clock: this.#clock,
      namespace: this.#config.namespace,
      onError: (error) => logger.warn({ error }, 'cannot list managed resources'),
    });
    return new ResourceGuard({
      kube: this.#kube,
      index,
      clock: this.#clock,
      mayWrite: (policy) => leaseRemainingMilliseconds(policy) > 0,
      listener: {
        paused: (policy, resource, operation) => logger.info({ policy, resource, operation }, 'paused'),
        resumed: (policy, resource) => logger.info({ policy, resource }, 'resumed'),
        failed: (policy, resource, error) => logger.warn({ policy, resource, error }, 'cannot pause or resume'),
      },
    });
  }

  /** Metrics and health, on one server where they share a port. */
  async #serve(): Promise<void> {
    const { metricsPort, healthPort, bindAddress } = this.#config;
    const health = healthRoutes(this.#health);
    const metrics = metricsRoute(this.#metrics);
    const isShared = metricsPort === healthPort && metricsPort !== 0;
    const servers = isShared
      ? ([['health and metrics', healthPort, { ...health, ...metrics }]] as const)
      : ([
          ['health', healthPort, health],
          ['metrics', metricsPort, metrics],
        ] as const);
    for (const [name, port, routes] of servers) {
      if (port !== 'off') {
        const onError = (error: unknown): void => this.#logger.warn({ error }, `${name} server`);
        const address = bindAddress === undefined ? {} : { address: bindAddress };
        const server = new HttpServer({ port, routes, onError, ...address });
        const bound = await server.start();
        this.#logger.info({ server: name, port: bound }, 'listening');
        this.#shutdown.add(name, SHUTDOWN_STEP_MILLISECONDS, () => server.close());
      }
    }
  }
}

async function main(): Promise<void> {
  const result = loadConfig(process.argv.slice(2), process.env);
  if (result.kind === 'print') {
    process.stdout.write(`${result.text}\n`);
    return;
  }
  const logger = createLogger({ level: result.config.logLevel });
  const operator = new Operator(result.config, logger);
  const ended = new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  process.on('unhandledRejection', (error) => logger.error({ error }, 'unhandled rejection'));
  logger.info({ version: operatorVersion, identity: result.config.identity }, 'starting');
  await operator.start();
  const end = await Promise.race([ended, operator.failed]);
  if (typeof end === 'string') {
    logger.info({ signal: end }, 'stopping');
  } else {
    logger.fatal(end, 'a component ended: stopping, so that another process takes over');
  }
  await operator.stop();
  logger.info('stopped');
  if (typeof end !== 'string') {
    throw new Error(`its ${end.component} ended unexpectedly; see the log`, { cause: end.error });
  }
}

try {
  await main();
  process.exit(0);
} catch (error) {
  const message =
    error instanceof ConfigError || error instanceof KubeConfigError
      ? error.message
      : `cannot run the operator: ${String(error)}`;
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
