import type { Output } from './actions/action.ts';
import { Agenda } from './agenda.ts';
import type { AwsError } from './aws-error.ts';
import { rdsFaults } from './aws-error.ts';
import { CallLog } from './call-log.ts';
import type { Clock } from './clock.ts';
import { FaultBoard } from './fault-board.ts';
import { Journal } from './journal.ts';
import { emitMetrics } from './metric-emitter.ts';
import { MetricStore, metricRetention } from './metric-store.ts';
import type {
  ClusterSnapshot,
  DbCluster,
  GlobalCluster,
  GlobalMember,
  OperationPlan,
  RdsEvent,
  Region,
  RoleChange,
} from './model.ts';
import { resumeResynchronization } from './rejoin.ts';
import { freezeOrThaw } from './replication.ts';
import { SessionStore } from './session-store.ts';
import type { PartialPlan, WorldSettings } from './settings.ts';
import { completePlan, defaultSettings } from './settings.ts';
import { TopicStore } from './topic-store.ts';

/**
 * A small AWS: accounts, regions, Aurora global databases, their metrics, SNS topics and STS sessions.
 *
 * Pure and deterministic: no I/O, no timers, no randomness. Time comes from the injected clock; whatever was to happen by
 * then happens when somebody looks (`settle`, called by every public entry). So it serves behind HTTP listeners in real
 * time and inside a simulation alike.
 */
export class World {
  readonly clock: Clock;
  readonly settings: WorldSettings;
  readonly regions = new Map<string, Region>();
  readonly globalClusters = new Map<string, GlobalCluster>();
  readonly clusters = new Map<string, DbCluster>();
  readonly metrics = new MetricStore();
  readonly topics = new TopicStore();
  readonly sessions: SessionStore;
  readonly calls = new CallLog();
  readonly faults = new FaultBoard();
  readonly events: RdsEvent[] = [];
  readonly snapshots: ClusterSnapshot[] = [];
  /** Every switchover and failover that was accepted, oldest first. */
  readonly operations: RoleChange[] = [];
  readonly agenda = new Agenda();
  private readonly plans = new Map<string, PartialPlan>();
  private readonly globalJournal = new Journal<GlobalCluster>();
  private readonly clusterJournal = new Journal<DbCluster>();
  private readonly lists = new Map<string, (GlobalCluster | DbCluster)[]>();
  private descriptions = new WeakMap<GlobalCluster | DbCluster, Output>();
  private settledTo: number;
  private tickedTo: number;
  private counter = 0;

  constructor(clock: Clock, regions: readonly string[], settings: Partial<WorldSettings> = {}) {
    this.clock = clock;
    this.settings = { ...defaultSettings, ...settings };
    this.sessions = new SessionStore(this.settings.accountId);
    this.settledTo = clock.now();
    this.tickedTo = this.settledTo;
    for (const name of regions) {
      this.regions.set(name, { name, lostAt: undefined, isCutOff: false, metricDelay: undefined });
    }
  }

  /** Lets everything happen that was due by now, in order of time; returns now. */
  settle(): number {
    const now = this.clock.now();
    for (;;) {
      const tick = this.nextTick();
      const due = this.agenda.nextAt();
      if (Math.min(tick, due) > now) {
        break;
      }
      if (due <= tick) {
        this.descriptions = new WeakMap();
        this.agenda.runNext();
        this.settledTo = Math.max(this.settledTo, due);
      } else {
        emitMetrics(this, tick);
        this.tickedTo = tick;
        this.settledTo = Math.max(this.settledTo, tick);
      }
    }
    this.settledTo = Math.max(this.settledTo, now);
    return now;
  }

  region(name: string): Region {
    const region = this.regions.get(name);
    if (region === undefined) {
      throw new RangeError(`cannot find region ${name}: the world has ${[...this.regions.keys()].join(', ')}`);
    }
    return region;
  }

  isAlive(regionName: string): boolean {
    return this.region(regionName).lostAt === undefined;
  }

  /** Whether clients (the operator) can reach the region. */
  isReachable(regionName: string): boolean {
    return this.isAlive(regionName) && !this.region(regionName).isCutOff;
  }

  /**
   * Takes a region away: its services answer nobody, its clusters write and replicate nothing. Global services that live
   * there (in us-east-1: Route 53's control plane, IAM, the global STS endpoint) go with it.
   */
  loseRegion(name: string): void {
    const now = this.settle();
    const region = this.region(name);
    region.lostAt ??= now;
    freezeOrThaw(this, now);
  }

  /** Brings a lost region back, and makes one reachable that was cut off. Old primaries re-join from here. */
  restoreRegion(name: string): void {
    const now = this.settle();
    const region = this.region(name);
    const wasLost = region.lostAt !== undefined;
    region.lostAt = undefined;
    region.isCutOff = false;
    if (wasLost) {
      resumeResynchronization(this, name, now);
      freezeOrThaw(this, now);
    }
  }

  /** Makes a region unreachable for clients while it lives on: replication goes on, its primary goes on writing. */
  cutOff(name: string): void {
    this.settle();
    this.region(name).isCutOff = true;
  }

  /** How the next operation goes; without an identifier, whichever global cluster it is for. */
  planNextOperation(plan: PartialPlan, globalClusterIdentifier = '*'): void {
    this.plans.set(globalClusterIdentifier.toLowerCase(), plan);
  }

  takePlan(globalClusterIdentifier: string): OperationPlan {
    const key = [globalClusterIdentifier.toLowerCase(), '*'].find((name) => this.plans.has(name)) ?? '';
    const plan = this.plans.get(key) ?? {};
    this.plans.delete(key);
    return completePlan(this.settings.operation, plan);
  }

  globalCluster(accountId: string, identifier: string): GlobalCluster {
    return (
      this.globalClusters.get(globalKey(accountId, identifier)) ?? raise(rdsFaults.globalClusterNotFound(identifier))
    );
  }

  addGlobalCluster(globalCluster: GlobalCluster): void {
    this.globalClusters.set(globalKey(globalCluster.accountId, globalCluster.identifier), globalCluster);
    this.lists.clear();
    this.changed(globalCluster);
  }

  cluster(arn: string): DbCluster {
    return this.clusters.get(arn) ?? raise(rdsFaults.clusterNotFound(arn));
  }

  findCluster(region: string, identifier: string, accountId = this.settings.accountId): DbCluster {
    const wanted = identifier.toLowerCase();
    for (const each of this.clusters.values()) {
      if (each.region === region && each.accountId === accountId && each.identifier === wanted) {
        return each;
      }
    }
    return raise(rdsFaults.clusterNotFound(identifier));
  }

  addCluster(cluster: DbCluster): void {
    this.clusters.set(cluster.arn, cluster);
    this.lists.clear();
    this.clusterChanged(cluster);
  }

  /** Lets a DB cluster be no more, in answers about the past too. */
  removeCluster({ arn }: DbCluster): void {
    this.clusters.delete(arn);
    this.descriptions = new WeakMap();
    this.lists.clear();
  }

  /** Lets a global cluster be no more, in answers about the past too. */
  removeGlobalCluster({ accountId, identifier }: GlobalCluster): void {
    this.globalClusters.delete(globalKey(accountId, identifier));
    this.descriptions = new WeakMap();
    this.lists.clear();
  }

  /** The global cluster that a cluster belongs to, as it is or as it was at `at`. */
  globalClusterOf(cluster: DbCluster, at = Infinity): GlobalCluster | undefined {
    if (cluster.globalClusterIdentifier === undefined) {
      return undefined;
    }
    const key = globalKey(cluster.accountId, cluster.globalClusterIdentifier);
    return at >= this.settledTo ? this.globalClusters.get(key) : this.globalJournal.asOf(key, at);
  }

  memberOf(cluster: DbCluster): GlobalMember | undefined {
    return this.globalClusterOf(cluster)?.members.find((member) => member.clusterArn === cluster.arn);
  }

  /** The writer of a global cluster, if it has one. */
  writerOf(globalCluster: GlobalCluster): DbCluster | undefined {
    const writer = globalCluster.members.find((member) => member.isWriter);
    return writer && this.clusters.get(writer.clusterArn);
  }

  /** To be called after every change of a global cluster, so that stale answers know what it was. */
  changed(globalCluster: GlobalCluster, at = this.settledTo): void {
    this.descriptions = new WeakMap();
    this.globalJournal.record(globalKey(globalCluster.accountId, globalCluster.identifier), at, globalCluster);
  }

  /** To be called after every change of a DB cluster. */
  clusterChanged(cluster: DbCluster, at = this.settledTo): void {
    this.descriptions = new WeakMap();
    this.clusterJournal.record(cluster.arn, at, cluster);
  }

  /** The global clusters of an account as they were at `at`, by identifier. */
  globalClustersAt(accountId: string, at: number): GlobalCluster[] {
    const own = this.listed(accountId, () =>
      [...this.globalClusters.values()].filter((each) => each.accountId === accountId).toSorted(byIdentifier),
    );
    return at >= this.settledTo
      ? own
      : own.flatMap((each) => this.globalJournal.asOf(globalKey(accountId, each.identifier), at) ?? []);
  }

  /** The DB clusters of an account in a region as they were at `at`, by identifier. */
  clustersAt(accountId: string, region: string, at: number): DbCluster[] {
    const own = this.listed(`${accountId}/${region}`, () =>
      [...this.clusters.values()]
        .filter((each) => each.accountId === accountId && each.region === region)
        .toSorted(byIdentifier),
    );
    return at >= this.settledTo ? own : own.flatMap((each) => this.clusterJournal.asOf(each.arn, at) ?? []);
  }

  /** How something is described at `at`; what is still as it was may be the very description of before. */
  described(one: GlobalCluster | DbCluster, at: number, describe: () => Output): Output {
    if (!this.settings.isKeepingDescriptions || at < this.settledTo) {
      return describe();
    }
    const kept = this.descriptions.get(one) ?? describe();
    this.descriptions.set(one, kept);
    return kept;
  }

  /** A number that no other thing of this world has, for identifiers. */
  nextNumber(): number {
    this.counter += 1;
    return this.counter;
  }

  /** A sorted list, kept until something is added: thousands of clusters are listed page by page. */
  private listed<T extends GlobalCluster | DbCluster>(key: string, list: () => T[]): T[] {
    const kept = (this.lists.get(key) as T[] | undefined) ?? list();
    this.lists.set(key, kept);
    return kept;
  }

  /** When the next round of samples ends; rounds older than what is kept are skipped. */
  private nextTick(): number {
    const period = this.settings.metricPeriod;
    const from = Math.max(this.tickedTo, this.clock.now() - metricRetention);
    return (Math.floor(from / period) + 1) * period;
  }
}

function globalKey(accountId: string, identifier: string): string {
  return `${accountId}/${identifier.toLowerCase()}`;
}

function byIdentifier(a: { identifier: string }, b: { identifier: string }): number {
  return a.identifier < b.identifier ? -1 : 1;
}

function raise(error: AwsError): never {
  throw error;
}
