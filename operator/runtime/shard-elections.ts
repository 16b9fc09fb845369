import type { Clock } from './clock.ts';
import type { KubeClient } from './kube-client.ts';
import { isConflict, isNotFound } from './kube-errors.ts';
import { LeaderElector, type StoppedLeading } from './leader-elector.ts';
import { LeaseDirectory, type SeenLease } from './lease-directory.ts';
import { LEASES, type Lease } from './lease.ts';
import { MemberLease, memberLeaseName } from './member-lease.ts';
import { Pause } from './pause.ts';
import type { Random } from './random.ts';
import { shardOrders } from './rendezvous.ts';
import { nextShardStep, type ShardStep } from './shard-step.ts';

/** What is done for shards. Every method but `lead` returns at once. */
export interface ShardWork {
  /** Begins to observe a shard that somebody else owns, without acting. Called again without effect. */
  prepare(shard: number): void;
  /** Ends what {@link ShardWork.prepare} began, unless the shard is owned by now. */
  leave(shard: number): void;
  /** Whether a shard that is being prepared was observed for long enough to take it over without a gap. */
  isPrepared(shard: number): boolean;
  /** Whether nothing is under way in a shard that is better brought to its end before it is handed over. */
  isAtRest(shard: number): boolean;
  /** Owns a shard until the signal aborts; resolves once nothing is done for it any more. */
  lead(shard: number, leadership: AbortSignal): Promise<void>;
}

/** What elections tell their observers. */
export interface ShardElectionsListener {
  onOwned?(shard: number): void;
  onLost?(shard: number, reason: StoppedLeading): void;
  /** A shard that somebody else owns is observed, to take it over. */
  onPrepare?(shard: number): void;
  /** The lease is about to be given up for another process that is ready. */
  onHandOver?(shard: number, successor: string): void;
  onMembers?(members: readonly string[]): void;
  onError?(error: unknown): void;
}

export interface ShardElectionsOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Names of shards' leases are `<name>-<shard>-of-<shards>`, those of members' `<name>-member-…`. */
  readonly name: string;
  /** More than one; the same for all members. */
  readonly shards: number;
  /** Unique for each run of a process. */
  readonly identity: string;
  /** Label of all leases, by which they are found; its key is also where members' annotations begin. */
  readonly label: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly leaseDurationMilliseconds: number;
  readonly renewDeadlineMilliseconds: number;
  readonly retryPeriodMilliseconds: number;
  readonly work: ShardWork;
  readonly listener?: ShardElectionsListener;
}

/** One shard's election, for as long as this process takes part in it. */
interface Candidacy {
  readonly elector: LeaderElector;
  readonly stop: AbortController;
  isOwner: boolean;
  /** Its successor is being asked whether it is ready indeed. */
  isConfirming: boolean;
}

/** A member that did not renew for so many durations is gone for good: its lease is litter. */
const LITTER_AFTER = 20;

/** The name of a shard's lease. */
export function shardLeaseName(name: string, shard: number, shards: number): string {
  return `${name}-${shard}-of-${shards}`;
}

/**
 * Spreads shards over processes. Who acts for a shard is who holds its lease, and nothing else; everything here only decides
 * who tries to get which lease, and when it is given up. Each process says in a lease of its own that it is there; all
 * order them alike (rendezvous hashing), and a shard moves to the first of its order once that one has observed for long
 * enough. A wrong idea of who is there costs moves, never a second owner.
 */
export class ShardElections {
  readonly #options: ShardElectionsOptions;
  readonly #clock: Clock;
  readonly #directory: LeaseDirectory;
  readonly #member: MemberLease;
  readonly #candidacies = new Map<number, Candidacy>();
  readonly #endings = new Set<Promise<void>>();
  readonly #preparing = new Set<number>();
  /** Shards that this process has let go of, and whose leases the watch may still show as its own. */
  readonly #letGo = new Set<number>();
  #orders: readonly (readonly string[])[] = [];
  #members: readonly string[] = [];
  /** Versions of leases whose removal was asked for. */
  readonly #removed = new Set<string>();
  /** Shards' leases as they were seen last, and since when they are not there any more. */
  readonly #lastSeen = new Map<number, { readonly seen: SeenLease; readonly goneAt?: number }>();
  #syncedAt = 0;
  readonly #pause: Pause;

  constructor(options: ShardElectionsOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#pause = new Pause(options.clock);
    const { client, namespace, name, label, identity, clock, random, leaseDurationMilliseconds, listener } = options;
    const onError = (error: unknown): void => listener?.onError?.(error);
    const shared = { client, namespace, clock, leaseDurationMilliseconds, onError };
    this.#directory = new LeaseDirectory({
      ...shared,
      labelSelector: label,
      prefix: `${name}-`,
      random,
      onChange: () => this.#pause.wake(),
    });
    const prefix = `${name}-member-`;
    const labels = { [label]: 'member' };
    const member = { ...shared, prefix, labels, identity, renewMilliseconds: options.retryPeriodMilliseconds };
    this.#member = new MemberLease(member, this.#announcement([]));
  }

  /** Shards whose lease this process holds. */
  get owned(): readonly number[] {
    return [...this.#candidacies].flatMap(([shard, { isOwner }]) => (isOwner ? [shard] : []));
  }

  /** Live processes with as many shards, this one included, as far as is seen. */
  get members(): readonly string[] {
    return this.#members;
  }

  /** Shards that nobody is seen to hold. */
  get orphans(): readonly number[] {
    return this.#all().filter((shard) => !this.#isOwner(shard) && this.#lease(shard)?.isHeld !== true);
  }

  /** For how much longer nobody else can own the shard; 0 for one that this process does not own. */
  leaseRemainingMilliseconds(shard: number): number {
    return this.#candidacies.get(shard)?.elector.leaseRemainingMilliseconds() ?? 0;
  }

  /** Takes part until the signal aborts; resolves once every shard is given up. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const watching = new AbortController();
    const directory = this.#directory.run(watching.signal);
    const member = this.#member.run(signal);
    await this.#directory.waitForSync(signal).catch(() => undefined);
    this.#syncedAt = this.#clock.monotonic();
    while (!signal.aborted) {
      if (this.#member.isTold) this.#plan();
      await this.#pause.wait(this.#options.retryPeriodMilliseconds / 2, signal);
    }
    for (const { stop } of this.#candidacies.values()) stop.abort(signal.reason);
    await Promise.all([...this.#endings, member]);
    for (const shard of this.#all()) this.#options.work.leave(shard);
    watching.abort(signal.reason);
    await directory;
  }

  #plan(): void {
    this.#noteMembers();
    this.#removeLitter();
    const prepared: number[] = [];
    for (const shard of this.#all()) {
      try {
        if (this.#planShard(shard)) prepared.push(shard);
      } catch (error) {
        // What cannot be done for one shard is no reason to give up the others.
        this.#options.listener?.onError?.(error);
      }
    }
    this.#member.announce(this.#announcement(prepared));
  }

  /** @returns whether the shard was observed for long enough to take it over */
  #planShard(shard: number): boolean {
    this.#noteLease(shard);
    const step = this.#stepOf(shard);
    // A lease that is free for a moment ends no preparation.
    if (step !== 'prepare' && step !== 'campaign') this.#preparing.delete(shard);
    this.#take(shard, step);
    return step === 'prepare' && this.#options.work.isPrepared(shard);
  }

  #noteLease(shard: number): void {
    const lease = this.#lease(shard);
    const known = this.#lastSeen.get(shard);
    if (lease !== undefined && lease.holder !== this.#options.identity) this.#letGo.delete(shard);
    if (lease !== undefined) this.#lastSeen.set(shard, { seen: lease });
    else if (known?.goneAt === undefined && known !== undefined) {
      this.#lastSeen.set(shard, { ...known, goneAt: this.#clock.monotonic() });
    }
  }

  #stepOf(shard: number): ShardStep {
    const { identity, retryPeriodMilliseconds, work } = this.#options;
    const order = this.#orderOf(shard);
    const lease = this.#lease(shard);
    const isOwner = this.#isOwner(shard);
    const successor = order[0] ?? identity;
    const isSuccessorReady = isOwner && successor !== identity && this.#isPreparedBy(successor, shard);
    return nextShardStep(
      {
        rank: order.indexOf(identity),
        isOwner,
        isSuccessorReady,
        isAtRest: isSuccessorReady && work.isAtRest(shard),
        isHeldByOther: lease?.isHeld === true && lease.holder !== identity,
        freeMilliseconds: this.#freeMilliseconds(shard, lease),
      },
      3 * retryPeriodMilliseconds,
    );
  }

  #freeMilliseconds(shard: number, lease: SeenLease | undefined): number {
    if (lease === undefined) return this.#absentMilliseconds(shard);
    // The watch may be faster than the answer: what was got just now is not to be let go of. It may be slower as well: what
    // was let go of just now is its successor's.
    const isOwn = lease.holder === this.#options.identity && !this.#letGo.has(shard);
    return isOwn ? Infinity : lease.freeMilliseconds;
  }

  /** Whoever held a lease that was deleted may act until it would have expired. */
  #absentMilliseconds(shard: number): number {
    const { identity, leaseDurationMilliseconds } = this.#options;
    const { seen, goneAt } = this.#lastSeen.get(shard) ?? {};
    if (seen?.holder === identity && !this.#letGo.has(shard)) return Infinity;
    const since = goneAt ?? this.#syncedAt;
    return this.#clock.monotonic() - since - (seen?.isHeld === true ? leaseDurationMilliseconds : 0);
  }

  #take(shard: number, step: ShardStep): void {
    const { work } = this.#options;
    const candidacy = this.#candidacies.get(shard);
    if (step === 'handOver') {
      this.#handOver(shard, candidacy);
    } else if (step === 'standBy') {
      candidacy?.stop.abort(new Error('others come first'));
      work.leave(shard);
    } else {
      if (step === 'prepare') this.#prepare(shard);
      if (candidacy === undefined) this.#campaign(shard);
    }
  }

  #prepare(shard: number): void {
    if (!this.#preparing.has(shard)) this.#options.listener?.onPrepare?.(shard);
    this.#preparing.add(shard);
    this.#options.work.prepare(shard);
  }

  #handOver(shard: number, candidacy: Candidacy | undefined): void {
    if (candidacy === undefined || candidacy.stop.signal.aborted || candidacy.isConfirming) return;
    const { listener, identity } = this.#options;
    const successor = this.#orderOf(shard)[0] ?? identity;
    candidacy.isConfirming = true;
    void this.#confirm(shard, successor).then((isPrepared) => {
      candidacy.isConfirming = false;
      if (!isPrepared || candidacy.stop.signal.aborted) return;
      listener?.onHandOver?.(shard, successor);
      this.#letGo.add(shard);
      candidacy.stop.abort(new Error('handed over'));
    });
  }

  /** Reads what the watch has shown, perhaps late: the successor may have begun anew since. Never rejects. */
  async #confirm(shard: number, successor: string): Promise<boolean> {
    const { client, namespace, name, renewDeadlineMilliseconds, listener } = this.#options;
    const reference = { namespace, name: memberLeaseName(`${name}-member-`, successor) };
    try {
      const timeoutMilliseconds = renewDeadlineMilliseconds / 2;
      const lease = await client.get<Lease>(LEASES, reference, { timeoutMilliseconds });
      return lease.spec?.holderIdentity === successor && this.#saysPrepared(lease, shard);
    } catch (error) {
      if (!isNotFound(error)) listener?.onError?.(error);
      return false;
    }
  }

  #campaign(shard: number): void {
    const { client, namespace, name, shards, identity, label, clock, random, work, listener } = this.#options;
    const stop = new AbortController();
    const elector = new LeaderElector({
      client,
      namespace,
      name: shardLeaseName(name, shard, shards),
      identity,
      labels: { [label]: 'shard' },
      seen: this.#lastSeen.get(shard)?.seen,
      clock,
      random,
      leaseDurationMilliseconds: this.#options.leaseDurationMilliseconds,
      renewDeadlineMilliseconds: this.#options.renewDeadlineMilliseconds,
      retryPeriodMilliseconds: this.#options.retryPeriodMilliseconds,
      onStartedLeading: async (leadership) => {
        candidacy.isOwner = true;
        listener?.onOwned?.(shard);
        await work.lead(shard, leadership);
      },
      onStoppedLeading: (reason) => {
        candidacy.isOwner = false;
        listener?.onLost?.(shard, reason);
        this.#pause.wake();
      },
      onError: (error) => listener?.onError?.(error),
    });
    const candidacy: Candidacy = { elector, stop, isOwner: false, isConfirming: false };
    this.#candidacies.set(shard, candidacy);
    this.#letGo.delete(shard);
    const ending = elector.run(stop.signal).finally(() => {
      this.#candidacies.delete(shard);
      this.#endings.delete(ending);
      this.#pause.wake();
    });
    this.#endings.add(ending);
  }

  #isOwner(shard: number): boolean {
    return this.#candidacies.get(shard)?.isOwner === true;
  }

  #lease(shard: number): SeenLease | undefined {
    return this.#directory.get(shardLeaseName(this.#options.name, shard, this.#options.shards));
  }

  #memberLeases(): readonly SeenLease[] {
    return this.#directory
      .list()
      .filter(({ lease }) => lease.metadata.name.startsWith(`${this.#options.name}-member-`));
  }

  #noteMembers(): void {
    const { identity, shards, label, listener } = this.#options;
    const live = this.#memberLeases()
      .filter(({ isHeld, lease }) => isHeld && lease.metadata.annotations?.[`${label}-shards`] === String(shards))
      .map(({ holder }) => holder);
    const members = [...new Set([...live, identity])].toSorted();
    if (members.join() === this.#members.join()) return;
    this.#members = members;
    this.#orders = shardOrders(shards, members);
    listener?.onMembers?.(members);
  }

  #orderOf(shard: number): readonly string[] {
    return this.#orders[shard] ?? [];
  }

  #isPreparedBy(member: string, shard: number): boolean {
    const seen = this.#memberLeases().find(({ holder, isHeld }) => isHeld && holder === member);
    return seen !== undefined && this.#saysPrepared(seen.lease, shard);
  }

  #saysPrepared({ metadata }: Lease, shard: number): boolean {
    const prepared = metadata.annotations?.[`${this.#options.label}-prepared`] ?? '';
    return prepared.split(',').includes(String(shard));
  }

  #announcement(prepared: readonly number[]): Readonly<Record<string, string>> {
    const { label, shards } = this.#options;
    return { [`${label}-shards`]: String(shards), [`${label}-prepared`]: prepared.join() };
  }

  /** Whoever died could not delete its lease. */
  #removeLitter(): void {
    const { client, namespace, identity, leaseDurationMilliseconds, listener } = this.#options;
    for (const { lease, holder, freeMilliseconds } of this.#memberLeases()) {
      if (holder === identity || freeMilliseconds < LITTER_AFTER * leaseDurationMilliseconds) continue;
      const { name, resourceVersion } = lease.metadata;
      const version = `${name} ${resourceVersion ?? ''}`;
      if (this.#removed.has(version)) continue;
      this.#removed.add(version);
      const preconditions = resourceVersion === undefined ? {} : { preconditions: { resourceVersion } };
      client.delete(LEASES, { namespace, name }, preconditions).catch((error: unknown) => {
        // Somebody else was faster, or its member is back.
        if (!isNotFound(error) && !isConflict(error)) listener?.onError?.(error);
      });
    }
  }

  #all(): readonly number[] {
    return Array.from({ length: this.#options.shards }, (_, shard) => shard);
  }
}
