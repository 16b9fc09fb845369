import type { Clock } from './clock.ts';
import type { KubeClient } from './kube-client.ts';
import { isAlreadyExists, isConflict, isForbidden, isNotFound } from './kube-errors.ts';
import { LEASES, type Lease, type LeaseSpec } from './lease.ts';
import { microTime } from './micro-time.ts';
import { Pause } from './pause.ts';
import { jitter, type Random } from './random.ts';
import { apiVersionOf } from './resource.ts';
import { RuntimeError } from './runtime-error.ts';

export interface LeaderElectorOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Unique for each run of a process: a restarted process with the old name would take the old one's lease for its own. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Of a Lease that is created here. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Several processes hold the lease together, each under the same identity: it is theirs as long as one of them renews
   * it, and nobody releases it, since the others still count on it. @default false
   */
  readonly isShared?: boolean;
  /**
   * What this process has seen of the lease before, by the same clock: a lease that does not change from then on expires
   * that much sooner. @default - nothing
   */
  readonly seen?: { readonly lease: Lease; readonly changedAt: number } | undefined;
  /** After so long without a renewal others may take over. @default - 15 s */
  readonly leaseDurationMilliseconds?: number;
  /** After so long without a successful renewal the leader gives up. Below the lease's duration. @default - 10 s */
  readonly renewDeadlineMilliseconds?: number;
  /** Between attempts, to renew and to acquire. Well below the renew deadline. @default - 2 s */
  readonly retryPeriodMilliseconds?: number;
  /**
   * Runs while leading. The signal aborts when leadership is lost or {@link LeaderElector.run} is told to stop; in the
   * second case the lease is kept until the returned promise settles, and released then.
   */
  readonly onStartedLeading: (leadership: AbortSignal) => void | Promise<void>;
  readonly onStoppedLeading?: (reason: StoppedLeading) => void;
  /** The lease's holder, as observed, changed; `''`: released. */
  readonly onNewLeader?: (identity: string) => void;
  /** An attempt failed in another way than by a conflict; it is repeated. */
  readonly onError?: (error: unknown) => void;
  /** How long a stop waits for what runs while leading; afterwards the lease is left to expire. @default - 30 s */
  readonly stopMilliseconds?: number;
}

/** `released`: stopped in order; `lost`: not renewed in time, or taken over by somebody else. */
export type StoppedLeading = 'released' | 'lost';

/** The reason of the leadership signal's abort. */
export class LeadershipEnded extends RuntimeError {
  override name = 'LeadershipEnded';
}

/** What was seen last of the lease, and when, by the local monotonic clock. */
interface Observation {
  readonly lease: Lease;
  readonly at: number;
  /** Somebody deleted it while another held it, who may not know yet; then `at` is when that was seen. */
  readonly isGone?: boolean;
}

/** The moment of a successful renewal, taken before the request was sent, by both clocks. */
interface Renewal {
  readonly monotonic: number;
  readonly wall: number;
}

/**
 * Leader election on a Lease. Nobody's clock is compared with anybody else's: a standby takes over when the lease did not
 * change for its whole duration, by its own monotonic clock; the leader counts from before its last successful renewal
 * was sent, so that it always stops first.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #clock: Clock;
  readonly #leaseDuration: number;
  readonly #renewDeadline: number;
  readonly #retryPeriod: number;
  readonly #waiting: Pause;
  #observation: Observation | undefined;
  #renewal: Renewal | undefined;
  #isLeader = false;
  /** The watch saw the lease become free, and no attempt followed yet. */
  #isFree = false;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#waiting = new Pause(options.clock);
    const { seen } = options;
    this.#observation = seen === undefined ? undefined : { lease: seen.lease, at: seen.changedAt };
    this.#leaseDuration = options.leaseDurationMilliseconds ?? 15_000;
    this.#renewDeadline = options.renewDeadlineMilliseconds ?? 10_000;
    this.#retryPeriod = options.retryPeriodMilliseconds ?? 2_000;
    if (!(this.#leaseDuration > this.#renewDeadline && this.#renewDeadline > this.#retryPeriod * 1.2)) {
      throw new RuntimeError(
        `cannot elect a leader with lease ${this.#leaseDuration} ms, deadline ${this.#renewDeadline} ms and retry ` +
          `${this.#retryPeriod} ms: a leader could outlive its lease; choose lease > deadline > 1.2 × retry`,
      );
    }
    if (this.#leaseDuration % 1000 !== 0) {
      throw new RuntimeError(
        `cannot elect a leader with a lease of ${this.#leaseDuration} ms: the API counts whole seconds; use some`,
      );
    }
  }

  get identity(): string {
    return this.#options.identity;
  }

  /** The holder seen last; `''` when released, `undefined` before the first look. */
  get observedLeader(): string | undefined {
    return this.#observation === undefined ? undefined : holderOf(this.#observation.lease);
  }

  /** Also false as soon as the lease ran out, however late this process is to notice. */
  isLeader(): boolean {
    return this.#isLeader && this.#untilDeadline() > this.#renewDeadline - this.#leaseDuration;
  }

  /**
   * For how much longer nobody else can become leader; 0 when not leading. A mutating call whose timeout is below this
   * ends before another leader's first call. Time during which the machine was suspended stops the monotonic clock but
   * not the wall clock, so the faster of the two counts.
   */
  leaseRemainingMilliseconds(): number {
    if (!this.#isLeader || this.#renewal === undefined) return 0;
    return Math.max(0, this.#leaseDuration - this.#sinceRenewal(this.#renewal));
  }

  /** Takes part until the signal aborts, releases the lease then, and resolves. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (!(await this.#acquire(signal))) continue;
      if (isAborted(signal)) await this.#release();
      else await this.#lead(signal);
    }
  }

  /** Tries until the lease is ours; `false` when aborted. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    // The watch goes on from what this one sees: a leader may let go at any time.
    if (await this.#attempt(signal)) return true;
    const standby = new AbortController();
    const watching = this.#watchLease(standby.signal);
    try {
      while (!signal.aborted) {
        const period = jitter(this.#retryPeriod, 0.2, this.#options.random);
        const untilExpiry = this.#untilExpiry();
        await this.#pause(untilExpiry > 0 ? Math.min(period, untilExpiry) : period, signal);
        if (!isAborted(signal) && (await this.#attempt(signal))) return true;
      }
      return false;
    } finally {
      standby.abort(new LeadershipEnded('no longer on standby'));
      await watching;
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const leadership = new AbortController();
    this.#isLeader = true;
    const work = this.#startWork(leadership.signal);
    const isStopping = await this.#renewWhile(() => !signal.aborted, signal);
    if (!isStopping) {
      this.#stepDown(leadership, 'lost', 'leadership was lost');
      // What ran as leader has to end before this process may lead again.
      await Promise.race([work, aborted(signal)]);
      return;
    }
    leadership.abort(new LeadershipEnded('the process stops'));
    await this.#stop(work, leadership);
  }

  /** Keeps the lease until the work has ended, then lets go of it. */
  async #stop(work: Promise<void>, leadership: AbortController): Promise<void> {
    const ended = new AbortController();
    const timer = this.#clock.setTimeout(() => ended.abort('timeout'), this.#options.stopMilliseconds ?? 30_000);
    void work.then(() => ended.abort('done'));
    const isStillLeader = await this.#renewWhile(() => !ended.signal.aborted, ended.signal);
    timer.cancel();
    if (isStillLeader && ended.signal.reason === 'done') {
      // Not leading from here on, whether or not the release arrives.
      this.#isLeader = false;
      await this.#release();
      this.#options.onStoppedLeading?.('released');
    } else {
      this.#stepDown(leadership, 'lost', 'the work did not end in time');
    }
  }

  #stepDown(leadership: AbortController, reason: StoppedLeading, why: string): void {
    this.#isLeader = false;
    this.#renewal = undefined;
    leadership.abort(new LeadershipEnded(why));
    this.#options.onStoppedLeading?.(reason);
  }

  async #startWork(leadership: AbortSignal): Promise<void> {
    try {
      await this.#options.onStartedLeading(leadership);
    } catch (error) {
      if (!leadership.aborted) this.#report(error);
    }
  }

  /** Renews while `isWanted`; `false` as soon as the lease is lost. */
  async #renewWhile(isWanted: () => boolean, signal: AbortSignal): Promise<boolean> {
    while (isWanted()) {
      await this.#pause(Math.min(this.#retryPeriod, this.#untilDeadline()), signal);
      if (!isWanted()) break;
      if (this.#untilDeadline() <= 0) return false;
      if (!(await this.#attempt()) && (this.#isTakenOver() || this.#untilDeadline() <= 0)) return false;
    }
    return this.#untilDeadline() > 0;
  }

  #untilDeadline(): number {
    return this.#renewal === undefined ? 0 : this.#renewDeadline - (this.#clock.monotonic() - this.#renewal.monotonic);
  }

  #sinceRenewal({ monotonic, wall }: Renewal): number {
    return Math.max(this.#clock.monotonic() - monotonic, this.#clock.now() - wall);
  }

  #isTakenOver(): boolean {
    const leader = this.observedLeader;
    return leader !== undefined && leader !== this.identity;
  }

  /** One attempt to acquire or renew. Conflicts are somebody else being faster; other errors are reported. */
  async #attempt(signal?: AbortSignal): Promise<boolean> {
    try {
      return await this.#tryAcquireOrRenew(signal);
    } catch (error) {
      if (signal?.aborted === true) return false;
      // What was seen is outdated, and what was sent may have arrived: look before writing again.
      if (isConflict(error) || isAlreadyExists(error)) await this.#refresh(signal);
      else this.#report(error);
      if (isNotFound(error) && this.#isLeader && this.#options.isShared !== true) this.#giveUp();
      return false;
    }
  }

  /** The lease was deleted while this process led: whoever sees no lease at all may have one of its own by now. */
  #giveUp(): void {
    this.#renewal = undefined;
    this.#observation = undefined;
  }

  async #refresh(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#read(signal);
    } catch (error) {
      if (signal?.aborted !== true) this.#report(error);
    }
  }

  async #tryAcquireOrRenew(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#isLeader && this.#options.isShared === true) {
      await this.#renewShared();
      return true;
    }
    // The holder knows its lease and writes at once; anybody else looks first.
    const lease = this.#isLeader ? this.#observation?.lease : await this.#read(signal);
    const renewal: Renewal = { monotonic: this.#clock.monotonic(), wall: this.#clock.now() };
    if (lease === undefined) {
      if (this.#observation !== undefined) return false;
      this.#accept(await this.#create(renewal), renewal);
      return true;
    }
    if (!this.#mayTake(lease)) return false;
    if (this.#options.isShared === true && holderOf(lease) === this.identity) {
      await this.#renewShared();
      return true;
    }
    const spec = this.#specFrom(lease.spec ?? {}, renewal);
    const updated = await this.#options.client.update<Lease>(LEASES, { ...lease, spec }, this.#callOptions());
    this.#accept(updated, renewal);
    return true;
  }

  /** On whatever version there is, as long as it is ours: those who hold it together must not be in each other's way. */
  async #renewShared(): Promise<void> {
    const { client, namespace, name, random } = this.#options;
    const renewal: Renewal = { monotonic: this.#clock.monotonic(), wall: this.#clock.now() };
    // Others look for a change of this text: two clocks that differ must not make the same of it.
    const time = microTime(renewal.wall).replace(/000Z$/, `${String(Math.floor(random() * 1000)).padStart(3, '0')}Z`);
    const written = await client.jsonPatch<Lease>(
      LEASES,
      { namespace, name },
      [
        { op: 'test', path: '/spec/holderIdentity', value: this.identity },
        { op: 'replace', path: '/spec/renewTime', value: time },
      ],
      this.#callOptions(),
    );
    this.#accept(written, renewal);
  }

  #accept(lease: Lease, renewal: Renewal): void {
    this.#observe(lease);
    this.#renewal = renewal;
  }

  #mayTake(lease: Lease): boolean {
    const holder = holderOf(lease);
    return holder === '' || holder === this.identity || this.#untilExpiry() <= 0;
  }

  /** How long the observed lease stays somebody else's unless it changes. */
  #untilExpiry(): number {
    const observation = this.#observation;
    if (observation === undefined) return 0;
    const seconds = observation.lease.spec?.leaseDurationSeconds;
    const duration = seconds === undefined ? this.#leaseDuration : seconds * 1000;
    return observation.at + duration - this.#clock.monotonic();
  }

  #specFrom(old: LeaseSpec, renewal: Renewal): LeaseSpec {
    const time = microTime(renewal.wall);
    const isOurs = old.holderIdentity === this.identity;
    const transitions = old.leaseTransitions ?? 0;
    return {
      ...old,
      holderIdentity: this.identity,
      leaseDurationSeconds: this.#leaseDuration / 1000,
      acquireTime: isOurs ? (old.acquireTime ?? time) : time,
      renewTime: time,
      leaseTransitions: isOurs ? transitions : transitions + 1,
    };
  }

  /** Writes are not bound to a signal: one that is given up half-way could hold the lease for nobody. */
  #create(renewal: Renewal): Promise<Lease> {
    const { client, namespace, name, labels } = this.#options;
    const lease: Lease = {
      apiVersion: apiVersionOf(LEASES),
      kind: LEASES.kind,
      metadata: { namespace, name, ...(labels === undefined ? {} : { labels: { ...labels } }) },
      spec: { ...this.#specFrom({}, renewal), leaseTransitions: 0 },
    };
    return client.create(LEASES, lease, this.#callOptions());
  }

  async #read(signal: AbortSignal | undefined): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#options;
    try {
      const lease = await client.get<Lease>(LEASES, { namespace, name }, { ...this.#callOptions(), signal });
      this.#observe(lease);
      return lease;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#noteAbsence();
      return undefined;
    }
  }

  /** Whoever held a lease that is gone goes by its own clock until it notices: for others it expires from now on. */
  #noteAbsence(): void {
    const known = this.#observation;
    const isOthers = known !== undefined && ![this.identity, ''].includes(holderOf(known.lease));
    if (!isOthers || this.#untilExpiry() <= 0) this.#observation = undefined;
    else if (known.isGone !== true) this.#observation = { ...known, at: this.#clock.monotonic(), isGone: true };
  }

  #observe(lease: Lease): void {
    const previous = this.#observation?.lease;
    if (isSameRecord(previous, lease)) {
      this.#observation = { lease, at: this.#observation?.at ?? this.#clock.monotonic() };
      return;
    }
    const leader = this.observedLeader;
    this.#observation = { lease, at: this.#clock.monotonic() };
    const holder = holderOf(lease);
    if (leader !== holder) this.#options.onNewLeader?.(holder);
  }

  async #release(): Promise<void> {
    const observation = this.#observation;
    this.#renewal = undefined;
    if (observation === undefined || this.#options.isShared === true) return;
    const spec: LeaseSpec = {
      ...observation.lease.spec,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      renewTime: microTime(this.#clock.now()),
    };
    try {
      this.#observe(
        await this.#options.client.update<Lease>(LEASES, { ...observation.lease, spec }, this.#callOptions()),
      );
    } catch (error) {
      // Somebody has it already, or will when it expires.
      if (!isConflict(error)) this.#report(error);
    }
  }

  /** Notices a release at once; the regular attempts would notice it, too, only later. */
  async #watchLease(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const resourceVersion = this.#observation?.lease.metadata.resourceVersion;
      try {
        if (resourceVersion !== undefined) await this.#watchOnce(resourceVersion, signal);
      } catch (error) {
        if (!isAborted(signal)) this.#report(error);
        // Not allowed to watch: regular attempts do, and one complaint is enough.
        if (isForbidden(error)) return;
      }
      await this.#clock.sleep(jitter(this.#retryPeriod, 0.2, this.#options.random), signal).catch(() => undefined);
    }
  }

  #watchOnce(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, namespace, name } = this.#options;
    return client.watch<Lease>(
      LEASES,
      { namespace, fieldSelector: `metadata.name=${name}`, resourceVersion, timeoutSeconds: 300, allowBookmarks: true },
      ({ type, object }) => {
        if (type === 'BOOKMARK') return;
        if (type !== 'DELETED' && holderOf(object) !== '') return;
        this.#isFree = true;
        this.#waiting.wake();
      },
      { signal, timeoutMilliseconds: this.#renewDeadline / 2 },
    );
  }

  /** Two attempts fit into the renew deadline even when the first hangs. */
  #callOptions(): { readonly timeoutMilliseconds: number } {
    const half = this.#renewDeadline / 2;
    return { timeoutMilliseconds: this.#isLeader ? Math.max(1, Math.min(half, this.#untilDeadline())) : half };
  }

  /** Waits; ends early when the lease is free or the signal aborts. */
  async #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.#isFree) await this.#waiting.wait(milliseconds, signal);
    this.#isFree = false;
  }

  #report(error: unknown): void {
    this.#options.onError?.(error);
  }
}

/** A function, because the type checker takes a property that was false once for false forever. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function holderOf(lease: Lease): string {
  return lease.spec?.holderIdentity ?? '';
}

/** Whether the holder did not write in between; edits of labels and the like are no sign of life of the holder. */
function isSameRecord(one: Lease | undefined, { metadata, spec }: Lease): boolean {
  return (
    one !== undefined &&
    one.metadata.uid === metadata.uid &&
    one.spec?.holderIdentity === spec?.holderIdentity &&
    one.spec?.renewTime === spec?.renewTime &&
    one.spec?.leaseTransitions === spec?.leaseTransitions
  );
}
