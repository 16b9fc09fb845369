import type {
  DisasterRecoveryPolicy,
  DisasterRecoveryPolicySpec,
  DisasterRecoveryPolicyStatus,
} from '../../api/v1alpha1/disaster-recovery-policy.ts';
import type { Round } from '../../failover/observation.ts';
import { aRound, SECOND, T0, type RoundProps } from '../../failover/testing/a-round.ts';
import type { Notification } from '../../notifications/notification.ts';
import type { Logger } from '../../observability/logger.ts';
import type { PolicySample } from '../../observability/policy-metrics.ts';
import type { ObservationTarget } from '../../observation/observation-target.ts';
import type { Writer } from '../../publishing/writer.ts';
import type { EventToRecord } from '../../runtime/event-recorder.ts';
import { isConflict } from '../../runtime/kube-errors.ts';
import { ManualClock } from '../../runtime/manual-clock.ts';
import { ClusterClaims } from '../cluster-claims.ts';
import type { Dependencies, ReconcilerSettings } from '../dependencies.ts';
import { PolicyReconciler } from '../policy-reconciler.ts';
import type { Readiness } from '../readiness.ts';
import { aPolicy, KEY } from './a-policy.ts';
import { FakeAurora } from './fake-aurora.ts';
import { FakePolicyApi } from './fake-policy-api.ts';

/** A queue that still has work after this many reconciles has found a way to keep itself busy. */
const MAXIMUM_RECONCILES = 40;
const INTERVAL = 10 * SECOND;
const nothing = (): undefined => undefined;
const silentLogger = { info: nothing, warn: nothing, error: nothing } as unknown as Logger;

export class Crash extends Error {
  override name = 'Crash';
}

/** One policy, one reconciler, and everything around them in memory; time passes only when a test says so. */
export class Bench {
  readonly clock = new ManualClock(T0);
  readonly api = new FakePolicyApi();
  readonly aurora = new FakeAurora();
  readonly events: EventToRecord[] = [];
  readonly notifications: Notification[] = [];
  /** What clients were told, in order: `us-east-1`, or `fenced`. */
  readonly published: string[] = [];
  readonly puts: string[] = [];
  /** What a put of the routing metric in a region fails with. */
  putFails: (region: string) => Error | undefined = nothing;
  /** How often the operator's heartbeat was put. */
  heartbeats = 0;
  readonly watched = new Map<string, ObservationTarget>();
  /** Whose round was asked for between two of them. */
  readonly looks: string[] = [];
  /** What the policy's gauges are made from. */
  sample: PolicySample | undefined;
  /** What reconciling failed with, conflicts aside. */
  readonly errors: unknown[] = [];
  leaseRemaining = Infinity;
  /** Another process acts for the policy: this one only observes. */
  isObserving = false;
  /** Whether it has observed enough to act next. */
  readiness: Readiness | undefined;
  /** The watch tells nothing new while true. */
  isCacheFrozen = false;
  publishFails: () => Error | undefined = nothing;
  /** A withdrawal takes as long as this. */
  holdWithdrawal: Promise<void> = Promise.resolve();
  publishings = 0;
  /** Told of each thing done to the outside, just before and just after; may throw a {@link Crash}. */
  probe: (what: string, when: 'before' | 'after') => void = nothing;
  readonly #claims = new ClusterClaims();
  #cache = new Map<string, DisasterRecoveryPolicy>();
  #queue = new Set<string>();
  #isDead = false;
  #delayed: number | undefined;
  reconciler: PolicyReconciler;

  readonly #settings: Partial<ReconcilerSettings>;

  constructor(spec: Partial<DisasterRecoveryPolicySpec> = {}, settings: Partial<ReconcilerSettings> = {}) {
    this.#settings = settings;
    this.api.onChange = (key) => {
      if (!this.isCacheFrozen) {
        this.syncCache(key);
      }
    };
    this.api.before = (write) => this.#touch(`${write.kind} ${write.step}`, 'before');
    this.api.after = (write) => this.#touch(`${write.kind} ${write.step}`, 'after');
    this.api.put(aPolicy(spec));
    this.reconciler = new PolicyReconciler(this.#dependencies());
  }

  get policy(): DisasterRecoveryPolicy {
    return this.api.read(KEY);
  }

  get status(): DisasterRecoveryPolicyStatus {
    const { status } = this.policy;
    if (status === undefined) {
      throw new Error('the policy has no status yet; let it see a round');
    }
    return status;
  }

  get now(): number {
    return this.clock.now() - T0;
  }

  get target(): ObservationTarget | undefined {
    return this.watched.get(KEY);
  }

  condition(type: string): string {
    const condition = this.status.conditions?.find((candidate) => candidate.type === type);
    return `${condition?.status ?? 'absent'} ${condition?.reason ?? ''}`;
  }

  eventReasons(): string[] {
    return this.events.map((event) => event.reason);
  }

  statusWrites(): number {
    return this.api.writes.filter((write) => write.kind === 'status').length;
  }

  annotate(annotations: Record<string, string>): void {
    this.api.edit(KEY, ({ metadata }) => {
      metadata.annotations = Object.fromEntries(
        Object.entries(annotations).map(([name, value]) => [`aurora-dr.io/${name}`, value]),
      );
    });
  }

  /** The watch catches up. */
  syncCache(key: string = KEY): void {
    const policy = this.api.objects.get(key);
    const before = this.#cache.get(key);
    this.#claims.note(before, policy);
    if (policy === undefined) {
      this.#cache.delete(key);
    } else {
      this.#cache.set(key, policy);
    }
    this.#queue.add(key);
    this.#claims.concernedBy(before, policy).forEach((rival) => this.#queue.add(rival));
  }

  /** Reconciles until nothing asks for it any more. */
  async settle(): Promise<void> {
    for (let count = 0; this.#queue.size > 0 && !this.#isDead; count += 1) {
      if (count === MAXIMUM_RECONCILES) {
        throw new Error('cannot settle: each reconcile asks for another one');
      }
      const [key = KEY] = this.#queue;
      this.#queue.delete(key);
      await this.#reconcile(key);
      await this.clock.settle();
    }
  }

  /** Whether the work queue would be told that the policy's next reconcile matters, and how much. */
  get urgency(): number {
    return this.reconciler.orderOf(KEY).urgency;
  }

  /** A round of what the world is like now. */
  roundNow(): Round {
    return aRound({ ...this.aurora.round(), at: this.now });
  }

  /** Rounds of what the world is like now, one interval apart; with `props` instead where a test knows better. */
  async see(count = 1, props: RoundProps = {}): Promise<void> {
    for (let index = 0; index < count && !this.#isDead; index += 1) {
      const round = aRound({ ...this.aurora.round(), ...props, at: this.now });
      await this.clock.advance(SECOND);
      for (const key of this.api.objects.keys()) {
        this.reconciler.receive(key, round);
      }
      await this.settle();
      await this.pass(INTERVAL - SECOND);
    }
  }

  /** Time passes without a round; what asked to be looked at again in the meantime is. */
  async pass(milliseconds: number): Promise<void> {
    const due = this.#delayed;
    const end = this.clock.monotonic() + milliseconds;
    if (due !== undefined && due <= end) {
      this.#delayed = undefined;
      await this.clock.advance(Math.max(0, due - this.clock.monotonic()));
      this.#queue.add(KEY);
      await this.settle();
      await this.pass(end - this.clock.monotonic());
      return;
    }
    await this.clock.advance(milliseconds);
  }

  /** A policy that is Protected, with votes and a published writer. */
  static async protected(
    spec: Partial<DisasterRecoveryPolicySpec> = {},
    settings: Partial<ReconcilerSettings> = {},
  ): Promise<Bench> {
    const bench = new Bench(spec, settings);
    await bench.settle();
    // Until the first minute's lag sample is there, and a minute more.
    await bench.see(18);
    return bench;
  }

  /** The process dies, and another one starts with what the API server holds. */
  restart(): void {
    this.#isDead = false;
    this.#delayed = undefined;
    this.probe = nothing;
    this.reconciler = new PolicyReconciler(this.#dependencies());
    this.syncCache();
  }

  async #reconcile(key: string): Promise<void> {
    if (this.isObserving) {
      this.readiness = this.reconciler.observe(key);
      return;
    }
    try {
      const { requeueAfterMilliseconds } = await this.reconciler.reconcile(key);
      if (requeueAfterMilliseconds !== undefined) {
        this.#delayed = this.clock.monotonic() + requeueAfterMilliseconds;
      }
    } catch (error) {
      if (isConflict(error)) {
        this.syncCache(key);
      } else if (!this.#isDead) {
        this.errors.push(error);
      }
    }
  }

  #touch(what: string, when: 'before' | 'after'): void {
    if (this.#isDead) {
      throw new Crash('this process is dead');
    }
    try {
      this.probe(what, when);
    } catch (error) {
      this.#isDead = error instanceof Crash;
      throw error;
    }
  }

  async #publish(what: string): Promise<never> {
    this.publishings += 1;
    await (what === 'fenced' ? this.holdWithdrawal : Promise.resolve());
    this.#touch(`publish ${what}`, 'before');
    const error = this.publishFails();
    if (error !== undefined) {
      throw error;
    }
    if (this.published.at(-1) !== what) {
      this.published.push(what);
    }
    this.#touch(`publish ${what}`, 'after');
    return undefined as never;
  }

  #gateway(): Dependencies['gateway'] {
    const gateway = this.aurora.gateway;
    const around = async (call: string, make: () => Promise<void>): Promise<void> => {
      this.#touch(call, 'before');
      await make();
      this.#touch(call, 'after');
    };
    return {
      ...gateway,
      failoverGlobalCluster: (...input) => around('call', () => gateway.failoverGlobalCluster(...input)),
      switchoverGlobalCluster: (...input) => around('call', () => gateway.switchoverGlobalCluster(...input)),
    };
  }

  #dependencies(): Dependencies {
    return {
      kube: this.api.client,
      cached: (key) => this.#cache.get(key),
      claims: this.#claims,
      observation: {
        watch: (target) => void this.watched.set(target.key, target),
        unwatch: (key) => void this.watched.delete(key),
        look: (key) => void this.looks.push(key),
      },
      gateway: this.#gateway(),
      publisher: {
        publishWriter: (_policy, _targets, writer: Writer) => this.#publish(writer.region),
        publishFenced: () => this.#publish('fenced'),
      },
      routing: {
        publish: (_account, _target, facts, options) => {
          this.heartbeats += facts.hasHeartbeat === true ? 1 : 0;
          if (facts.writerRegion !== undefined) {
            this.puts.push(facts.writerRegion);
          }
          for (const region of facts.regions) {
            const error = this.putFails(region);
            options?.onResult?.({ region, isPut: error === undefined, error });
          }
          return Promise.resolve([]);
        },
      },
      notifier: { send: (_account, _topics, notification) => void this.notifications.push(notification) },
      events: { record: (event) => void this.events.push(event) },
      metrics: {
        observePolicy: (_key, sample) => void (this.sample = sample),
        removePolicy: () => void (this.sample = undefined),
        countOperation: nothing,
        countDrill: nothing,
      },
      logger: silentLogger,
      clock: this.clock,
      random: () => 0.5,
      leaseRemainingMilliseconds: () => this.leaseRemaining,
      enqueue: (key) => void this.#queue.add(key),
      settings: {
        identity: 'operator-0',
        followIntervalMilliseconds: 1_000,
        metricPeriodMilliseconds: 60_000,
        unconfirmedReadWindowMilliseconds: 60_000,
        awsCallTimeoutMilliseconds: 5_000,
        ...this.#settings,
      },
    };
  }
}
