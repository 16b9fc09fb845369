import type { DisasterRecoveryPolicy } from '../../api/v1alpha1/disaster-recovery-policy.ts';
import type { CallOptions, RoleChangeInput } from '../../aws/aws-gateway.ts';
import type { GlobalClusterView } from '../../failover/observation.ts';
import { aRound, arnOf, SECOND, T0 } from '../../failover/testing/a-round.ts';
import { EAST, WEST } from '../../failover/testing/a-settings.ts';
import { noAnswer } from '../../failover/testing/attempts.ts';
import { stoppedLag } from '../../failover/testing/losses.ts';
import { Controller } from '../../runtime/controller.ts';
import { ManualClock } from '../../runtime/manual-clock.ts';
import { ExponentialRateLimiter } from '../../runtime/rate-limiter.ts';
import { WorkQueue } from '../../runtime/work-queue.ts';
import type { Dependencies, ReconcilerSettings } from '../dependencies.ts';
import { PolicyReconciler } from '../policy-reconciler.ts';
import { aPolicy } from './a-policy.ts';
import { backgroundOf } from '../urgency.ts';
import { FakePolicyApi } from './fake-policy-api.ts';

const WORKERS = 8;
const INTERVAL = 10 * SECOND;
const nothing = (): undefined => undefined;

/** A call that a policy's operation made. */
export interface FleetCall {
  readonly policy: string;
  readonly priority: number;
  /** Milliseconds after the loss. */
  readonly at: number;
}

export interface FleetProps {
  /** Priorities of the policies whose primaries are in the region that is lost. */
  readonly priorities: readonly number[];
  /** Policies whose region is not lost. */
  readonly calm?: number;
  readonly settings?: Partial<ReconcilerSettings>;
  /** What a call waits for before it is answered. */
  readonly answer?: () => Promise<void>;
  /** What a policy's call fails with, without an effect. */
  readonly refuse?: (policy: string) => Error | undefined;
}

/**
 * Many policies, the real reconciler, controller and queue, and everything around them in memory. AWS takes every call that a
 * test does not refuse, and is at it for as long as a test lasts.
 */
export class Fleet {
  readonly clock = new ManualClock(T0);
  readonly calls: FleetCall[] = [];
  readonly errors: unknown[] = [];
  readonly queue: WorkQueue<string>;
  readonly controller: Controller;
  readonly reconciler: PolicyReconciler;
  readonly reconciled = new Map<string, number>();
  readonly #api = new FakePolicyApi();
  readonly #props: FleetProps;
  readonly #inFlight = new Set<string>();
  readonly #lost: ReadonlySet<string>;
  readonly #stop = new AbortController();
  readonly #finished: Promise<number>;
  #lostAt: number | undefined;

  constructor(props: FleetProps) {
    this.#props = props;
    const { clock } = this;
    const rateLimiter = new ExponentialRateLimiter<string>({ random: () => 0.5, baseMilliseconds: 20 });
    this.queue = new WorkQueue<string>({
      clock,
      rateLimiter,
      orderOf: (key) => this.reconciler.orderOf(key),
      background: backgroundOf(WORKERS),
    });
    this.reconciler = new PolicyReconciler(this.#dependencies());
    this.controller = new Controller<string>({
      name: 'fleet',
      queue: this.queue,
      clock,
      workers: WORKERS,
      reconcile: (key, context) => {
        this.reconciled.set(key, (this.reconciled.get(key) ?? 0) + 1);
        return this.reconciler.reconcile(key, context);
      },
      listener: { onError: (_key, error) => this.errors.push(error) },
    });
    this.#finished = this.controller.run(this.#stop.signal);
    this.#api.onChange = (key) => this.queue.add(key);
    this.#lost = new Set(props.priorities.map((priority, index) => this.#put(`lost-${index}`, priority)));
    for (let index = 0; index < (props.calm ?? 0); index += 1) this.#put(`calm-${index}`, 0);
  }

  /** Until all are protected. */
  async settle(): Promise<void> {
    await this.clock.advance(130 * SECOND);
    await this.see(3);
  }

  lose(): void {
    this.#lostAt = this.clock.now() - T0;
  }

  /** A person's edit of `spec.failover.priority`. */
  prioritize(key: string, priority: number): void {
    this.#api.edit(key, ({ spec }) => (spec.failover.priority = priority));
  }

  policy(key: string): DisasterRecoveryPolicy {
    return this.#api.read(key);
  }

  /** Rounds of all policies, spread over the interval as the operator spreads them. */
  async see(rounds: number): Promise<void> {
    const keys = [...this.#api.objects.keys()];
    // The same spread that a hash of the name would give, whatever the order of the priorities.
    const spread = keys.map((key, index) => ({ key, at: (index * 7_919) % INTERVAL })).sort((a, b) => a.at - b.at);
    for (let round = 0; round < rounds; round += 1) {
      const begin = this.clock.monotonic();
      for (const { key, at } of spread) {
        await this.#until(begin + at);
        this.reconciler.receive(key, this.#roundOf(key));
      }
      await this.#until(begin + INTERVAL);
    }
  }

  async stop(): Promise<number> {
    this.#stop.abort();
    await this.clock.advance(60 * SECOND);
    this.reconciler.close();
    return this.#finished;
  }

  async #until(time: number): Promise<void> {
    const left = time - this.clock.monotonic();
    if (left > 0) await this.clock.advance(left);
  }

  #put(name: string, priority: number): string {
    const policy = aPolicy({ globalClusterIdentifier: name });
    const { metadata, spec } = policy;
    const failover = { ...spec.failover, priority, dataLoss: 'Allow' as const };
    const { notifications: _, publish: _published, ...rest } = spec;
    this.#api.put({ ...policy, metadata: { ...metadata, name, uid: name }, spec: { ...rest, failover } });
    return `payments/${name}`;
  }

  /** A round that takes no time. */
  #look(key: string): void {
    this.clock.setTimeout(() => this.reconciler.receive(key, this.#roundOf(key)), 1);
  }

  #roundOf(key: string): ReturnType<typeof aRound> {
    const at = this.clock.now() - T0 - SECOND;
    if (this.#lostAt === undefined || !this.#lost.has(key)) return aRound({ at, witness: 200 });
    const failoverState = this.#stateOf(key.split('/')[1] ?? '');
    return aRound({
      at,
      witness: 503,
      endpoint: noAnswer(),
      lag: { [WEST]: stoppedLag(Math.floor(this.#lostAt / 60_000) * 60_000) },
      regions: { [EAST]: { rds: noAnswer() }, [WEST]: failoverState === undefined ? {} : { failoverState } },
    });
  }

  #stateOf(identifier: string): GlobalClusterView['failoverState'] {
    return this.#inFlight.has(identifier)
      ? { status: 'failing-over', fromClusterArn: arnOf(EAST), toClusterArn: arnOf(WEST), isDataLossAllowed: true }
      : undefined;
  }

  async #describe(identifier: string): Promise<GlobalClusterView> {
    await this.#props.answer?.();
    const failoverState = this.#stateOf(identifier);
    const members = [EAST, WEST].map((region) => ({
      clusterArn: arnOf(region),
      isWriter: region === EAST,
      readers: [],
    }));
    return { identifier, status: 'available', members, ...(failoverState === undefined ? {} : { failoverState }) };
  }

  async #failover({ globalClusterIdentifier: identifier }: RoleChangeInput, _options: CallOptions): Promise<void> {
    const policy = `payments/${identifier}`;
    const { priority } = this.policy(policy).spec.failover;
    this.calls.push({ policy, priority, at: this.clock.now() - T0 - (this.#lostAt ?? 0) });
    const refusal = this.#props.refuse?.(policy);
    if (refusal !== undefined) throw refusal;
    this.#inFlight.add(identifier);
    await this.#props.answer?.();
  }

  #dependencies(): Dependencies {
    const gateway = {
      describeGlobalCluster: (_account: unknown, _region: string, identifier: string) => this.#describe(identifier),
      failoverGlobalCluster: (_account: unknown, _region: string, input: RoleChangeInput, options: CallOptions) =>
        this.#failover(input, options),
      describeFailoverEvents: () => Promise.resolve([]),
      describeClusterSnapshots: () => Promise.resolve([]),
    };
    return {
      kube: this.#api.client,
      cached: (key) => this.#api.objects.get(key),
      observation: { watch: nothing, unwatch: nothing, look: (key) => this.#look(key) },
      gateway: gateway as unknown as Dependencies['gateway'],
      publisher: { publishWriter: nothing, publishFenced: nothing } as unknown as Dependencies['publisher'],
      routing: { publish: () => Promise.resolve([]) },
      notifier: { send: nothing },
      events: { record: nothing },
      metrics: { observePolicy: nothing, removePolicy: nothing, countOperation: nothing, countDrill: nothing },
      logger: { info: nothing, warn: nothing, error: nothing } as unknown as Dependencies['logger'],
      clock: this.clock,
      random: () => 0.5,
      leaseRemainingMilliseconds: () => Infinity,
      enqueue: (key) => this.queue.add(key),
      settings: {
        identity: 'operator-0',
        followIntervalMilliseconds: 1_000,
        metricPeriodMilliseconds: 60_000,
        unconfirmedReadWindowMilliseconds: 60_000,
        awsCallTimeoutMilliseconds: 5_000,
        ...this.#props.settings,
      },
    };
  }
}
