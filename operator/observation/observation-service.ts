import { accountKey } from '../aws/account.ts';
import type { AwsGateway } from '../aws/aws-gateway.ts';
import { WITNESS_SEES_LOSS } from '../failover/direct-signals.ts';
import type { GlobalClusterView, Round } from '../failover/observation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { Turns } from '../runtime/turns.ts';
import { Deadlines } from './deadlines.ts';
import { LoopMonitor } from './loop-monitor.ts';
import type { ObservationListener } from './observation-listener.ts';
import type { ObservationTarget } from './observation-target.ts';
import type { Observation } from './observation.ts';
import { DatabaseLagObserver } from './database-lag-observer.ts';
import type { DatabaseClient, EndpointProber, FetchWitness } from './probes.ts';
import { RegionObserver } from './region-observer.ts';
import { RoundRunner, type RoundOutput } from './round-runner.ts';
import { Schedule, type Tick } from './schedule.ts';
import type { ObservationSettings } from './settings.ts';

/** With so few policies it is not they who keep the process from its work. */
const LARGE_FLEET = 64;
/**
 * Rounds that should have started this long ago, and this share of their interval, are more than the process can do. Less may
 * be a burst: of policies that lose their region together, each round that is left out is an interval later.
 */
const BEHIND_MILLISECONDS = 1_000;
const BEHIND_FRACTION = 0.1;

export interface ObservationServiceProps {
  readonly gateway: AwsGateway;
  readonly clock: Clock;
  readonly random: Random;
  readonly prober: EndpointProber;
  readonly fetchWitness: FetchWitness;
  /** @default - what asks for a login to a database is not attempted */
  readonly database?: DatabaseClient;
  readonly settings: ObservationSettings;
  /** Called at once when a round of the target with this key is complete. */
  readonly onRound: (key: string, round: Round) => void;
  readonly listener?: ObservationListener;
  /** Shared with whatever else takes long. @default - rounds that start together start in one go */
  readonly turns?: Turns;
}

interface Watched {
  target: ObservationTarget;
  /** By region name. */
  observers: ReadonlyMap<string, RegionObserver>;
  sequence: number;
  /** Start of the last round, by the monotonic clock. */
  startedAt: number;
  /** Which ticks it may miss: every other one, and with it half of the fleet. */
  isTurnToWait: boolean;
  /** Whether its last round hints at a loss. */
  isDoubtful: boolean;
  lastViews: readonly GlobalClusterView[];
  readonly databaseLag: DatabaseLagObserver;
  running: Promise<void> | undefined;
}

/** Observes for all policies at once: reads are shared by account and region, rounds are delivered by policy. */
export class ObservationService implements Observation {
  readonly #props: ObservationServiceProps;
  readonly #listener: ObservationListener;
  readonly #runner: RoundRunner;
  readonly #monitor: LoopMonitor;
  readonly #deadlines: Deadlines;
  readonly #controller = new AbortController();
  readonly #watched = new Map<string, Watched>();
  readonly #observers = new Map<string, RegionObserver>();
  readonly #schedules = new Map<string, Schedule>();
  readonly #running = new Set<Promise<void>>();
  /** Rounds under way of targets that are watched no more. */
  #left = 0;

  constructor(props: ObservationServiceProps) {
    this.#props = props;
    this.#listener = props.listener ?? {};
    this.#monitor = new LoopMonitor(props.clock);
    this.#deadlines = new Deadlines(props.clock);
    this.#runner = new RoundRunner({
      ...props,
      monitor: this.#monitor,
      deadlines: this.#deadlines,
      listener: this.#listener,
      signal: this.#controller.signal,
    });
  }

  watch(target: ObservationTarget): void {
    if (this.#controller.signal.aborted) return;
    const before = this.#watched.get(target.key);
    const isSameCluster = before !== undefined && clusterKey(before.target) === clusterKey(target);
    if (before !== undefined && !isSameCluster) this.unwatch(target.key);
    const watched = isSameCluster ? before : this.#newcomer(target, before?.sequence ?? 0);
    const wasRunning = isSameCluster && before.target.isPaused !== true;
    watched.target = target;
    this.#watched.set(target.key, watched);
    this.#fitProbes();
    this.#share(watched);
    this.#plan(watched, wasRunning);
  }

  /** Begins a round of a target now, unless one is under way: what it saw last may be over. */
  look(key: string): void {
    const watched = this.#watched.get(key);
    if (watched === undefined || watched.target.isPaused === true) return;
    // Whoever looks has a few seconds for what the round shows, and bounds how many look: it is not spread.
    this.#start(watched, this.#tickNow(1));
  }

  unwatch(key: string): void {
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    this.#watched.delete(key);
    if (watched.running !== undefined) {
      this.#left += 1;
      void watched.running.finally(() => {
        this.#left -= 1;
        this.#fitProbes();
      });
    }
    this.#fitProbes();
    this.#unschedule(watched.target);
    for (const [region, observer] of watched.observers) this.#leave(watched.target, region, observer);
  }

  async close(): Promise<void> {
    this.#controller.abort(new Error('observation ends'));
    this.#watched.clear();
    for (const schedule of this.#schedules.values()) schedule.close();
    for (const observer of this.#observers.values()) observer.close();
    await Promise.all(this.#running);
  }

  /** Whoever has left holds the places of its probes until its round has ended: those who stay need theirs meanwhile. */
  #fitProbes(): void {
    const { leastProbes, probesPerPolicy } = this.#props.settings;
    const holders = this.#watched.size + this.#left;
    this.#runner.allowProbes(Math.max(leastProbes, probesPerPolicy * holders));
  }

  /** Takes the observers of the target's regions, and leaves those of regions that it has no more. */
  #share(watched: Watched): void {
    const { target } = watched;
    const observers = new Map(target.regions.map(({ name }) => [name, this.#observerOf(target, name)]));
    for (const observer of observers.values()) observer.use(target);
    for (const [region, observer] of watched.observers) {
      if (!observers.has(region)) this.#leave(target, region, observer);
    }
    watched.observers = observers;
  }

  #leave(target: ObservationTarget, region: string, observer: RegionObserver): void {
    observer.leave(target.key);
    if (!observer.isUnused) return;
    observer.close();
    this.#observers.delete(observerKey(target, region));
  }

  #observerOf(target: ObservationTarget, region: string): RegionObserver {
    const key = observerKey(target, region);
    const existing = this.#observers.get(key);
    if (existing !== undefined) return existing;
    const observer = new RegionObserver({
      ...this.#props,
      account: target.account,
      region,
      monitor: this.#monitor,
      deadlines: this.#deadlines,
      listener: this.#listener,
    });
    this.#observers.set(key, observer);
    return observer;
  }

  #plan(watched: Watched, wasRunning: boolean): void {
    const { target } = watched;
    if (target.isPaused === true) {
      this.#unschedule(target);
      return;
    }
    this.#scheduleOf(target).set(target.key, target.intervalMilliseconds, target.priority);
    // Whoever is new comes with all others, as a rule: at a start, or when somebody else's are taken over.
    if (!wasRunning) this.#start(watched, this.#tickNow(this.#watched.size));
  }

  #tickNow(company: number): Tick {
    return { startedAt: this.#props.clock.monotonic(), lateMilliseconds: 0, company };
  }

  #unschedule(target: ObservationTarget): void {
    const account = accountKey(target.account);
    const schedule = this.#schedules.get(account);
    schedule?.delete(target.key);
    if (schedule?.isEmpty === true) this.#schedules.delete(account);
  }

  #scheduleOf(target: ObservationTarget): Schedule {
    const account = accountKey(target.account);
    const existing = this.#schedules.get(account);
    if (existing !== undefined) return existing;
    const { clock, random, turns } = this.#props;
    const schedule = new Schedule({ clock, random, turns, onTick: (key, tick) => this.#tick(key, tick) });
    this.#schedules.set(account, schedule);
    return schedule;
  }

  #tick(key: string, tick: Tick): void {
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    // The first round of a target starts at once, its second with everybody else's, but not right after the first:
    // consecutive rounds are evidence over time.
    const isTooSoon = tick.startedAt - watched.startedAt < watched.target.intervalMilliseconds / 2;
    if (isTooSoon || watched.running !== undefined) return;
    watched.isTurnToWait = !watched.isTurnToWait;
    if (this.#mayWait(watched, tick)) this.#listener.roundSkipped?.({ key });
    else this.#start(watched, tick);
  }

  /**
   * Whether to leave a round out: more work than the process can do would make every round late, and what is late proves
   * nothing, about a lost primary neither. Whoever seems to be lost is not what is left out, and nobody twice in a row.
   */
  #mayWait({ target, isDoubtful, isTurnToWait }: Watched, tick: Tick): boolean {
    const isSuspect = target.isUnderSuspicion || isDoubtful;
    if (isSuspect || !isTurnToWait || this.#watched.size <= LARGE_FLEET) return false;
    const behind = tick.lateMilliseconds + this.#props.clock.monotonic() - tick.startedAt;
    return behind > Math.max(BEHIND_MILLISECONDS, BEHIND_FRACTION * target.intervalMilliseconds);
  }

  #start(watched: Watched, tick: Tick): void {
    if (watched.running !== undefined) return;
    watched.startedAt = tick.startedAt;
    watched.sequence += 1;
    const running = this.#run(watched, tick).finally(() => {
      watched.running = undefined;
      this.#running.delete(running);
    });
    watched.running = running;
    this.#running.add(running);
  }

  async #run(watched: Watched, tick: Tick): Promise<void> {
    const { target, observers, sequence, lastViews, databaseLag } = watched;
    try {
      const output = await this.#runner.run({ target, observers, tick, sequence, lastViews, databaseLag });
      watched.lastViews = output.views;
      watched.isDoubtful = probesHintAtLoss(output.round) ?? watched.isDoubtful;
      if (this.#watched.get(target.key) === watched) this.#deliver(target.key, output, tick);
    } catch (error) {
      this.#listener.roundFailed?.({ key: target.key, error });
    }
  }

  #newcomer(target: ObservationTarget, sequence: number): Watched {
    const { clock, settings } = this.#props;
    return {
      target,
      observers: new Map(),
      sequence,
      startedAt: -Infinity,
      isTurnToWait: this.#watched.size % 2 === 0,
      isDoubtful: false,
      lastViews: [],
      databaseLag: new DatabaseLagObserver({ clock, retentionMilliseconds: settings.lagRetentionMilliseconds }),
      running: undefined,
    };
  }

  #deliver(key: string, output: RoundOutput, tick: Tick): void {
    const durationMilliseconds = this.#props.clock.monotonic() - tick.startedAt;
    this.#props.onRound(key, output.round);
    this.#listener.roundCompleted?.({ key, durationMilliseconds, isDisturbed: output.isDisturbed });
  }
}

/**
 * By what speaks for this policy alone: RDS, or a witness that many policies share, may be silent for all of them, because
 * this process reads the answers too late for one. Undefined when nothing was really asked.
 */
function probesHintAtLoss({ endpoints, witness }: Round): boolean | undefined {
  const kinds = Object.values(endpoints).map(({ attempt }) => attempt.kind);
  if (kinds.includes('noAnswer') || witness?.statusCode === WITNESS_SEES_LOSS) return true;
  return kinds.length > 0 && kinds.every((kind) => kind === 'local') ? undefined : false;
}

/** A target of another cluster has nothing but its key in common with its predecessor. */
function clusterKey(target: ObservationTarget): string {
  return JSON.stringify([accountKey(target.account), target.globalClusterIdentifier]);
}

function observerKey(target: ObservationTarget, region: string): string {
  return JSON.stringify([accountKey(target.account), region]);
}
