import type { Clock } from './clock.ts';
import type { KubeClient } from './kube-client.ts';
import { LEASES, type Lease } from './lease.ts';
import type { Random } from './random.ts';
import { Reflector } from './reflector.ts';
import { Store } from './store.ts';

export interface LeaseDirectoryOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Only leases with these labels are asked for. */
  readonly labelSelector?: string;
  /** What the names of the leases that count begin with. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Of a lease that does not say for how long it holds. */
  readonly leaseDurationMilliseconds: number;
  /** Something else than a renewal: a lease came, went, changed hands, or says something else. */
  readonly onChange?: () => void;
  readonly onError?: (error: unknown) => void;
}

/** A lease as it was seen last. */
export interface SeenLease {
  readonly lease: Lease;
  /** `''`: nobody. */
  readonly holder: string;
  /** Since when it is as it is, by the local monotonic clock. */
  readonly changedAt: number;
  /** It was renewed within its duration, as far as was seen; false when nobody holds it. */
  readonly isHeld: boolean;
  /** For how long it has been nobody's, as far as was seen; 0 while it is held. */
  readonly freeMilliseconds: number;
}

interface Entry {
  readonly lease: Lease;
  readonly record: string;
  readonly changedAt: number;
}

/** What of a lease is not mere renewal. */
function meaningOf({ metadata, spec }: Lease): string {
  return JSON.stringify([metadata.uid, spec?.holderIdentity, metadata.annotations]);
}

/**
 * All leases of one kind, watched. Nobody's clock is compared with anybody else's: what did not change for its duration,
 * by the local clock, has expired. A watch that is late shows the past: whoever acts on a lease has to hold it.
 */
export class LeaseDirectory {
  readonly #options: LeaseDirectoryOptions;
  readonly #store: Store<Lease>;
  readonly #reflector: Reflector<Lease>;
  readonly #entries = new Map<string, Entry>();

  constructor(options: LeaseDirectoryOptions) {
    this.#options = options;
    const { client, namespace, labelSelector, clock, random, leaseDurationMilliseconds, onError } = options;
    this.#store = new Store<Lease>({ onError: (error) => onError?.(error) });
    this.#store.subscribe((_change, before, now) => this.#note(before, now));
    this.#reflector = new Reflector<Lease>({
      client,
      type: LEASES,
      namespace,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      store: this.#store,
      clock,
      random,
      // Members renew all the time: silence means that the watch is dead.
      silenceMilliseconds: 3 * leaseDurationMilliseconds,
      listener: { onError: (error) => onError?.(error) },
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#reflector.run(signal);
  }

  /** Resolves once all leases are known; rejects with `signal.reason`. */
  waitForSync(signal: AbortSignal): Promise<void> {
    return this.#reflector.waitForSync(signal);
  }

  get(name: string): SeenLease | undefined {
    const entry = this.#entries.get(name);
    return entry === undefined ? undefined : this.#seen(entry);
  }

  list(): readonly SeenLease[] {
    return [...this.#entries.values()].map((entry) => this.#seen(entry));
  }

  #seen({ lease, changedAt }: Entry): SeenLease {
    const holder = lease.spec?.holderIdentity ?? '';
    const seconds = lease.spec?.leaseDurationSeconds;
    const duration = seconds === undefined ? this.#options.leaseDurationMilliseconds : seconds * 1000;
    const freeSince = holder === '' ? changedAt : changedAt + duration;
    const freeMilliseconds = Math.max(0, this.#options.clock.monotonic() - freeSince);
    const isHeld = holder !== '' && this.#options.clock.monotonic() < freeSince;
    return { lease, holder, changedAt, isHeld, freeMilliseconds };
  }

  #note(before: Lease | undefined, now: Lease | undefined): void {
    const name = (now ?? before)?.metadata.name ?? '';
    if (!name.startsWith(this.#options.prefix)) return;
    if (now === undefined) this.#entries.delete(name);
    else this.#entries.set(name, this.#entryOf(now, this.#entries.get(name)));
    const isSame = before !== undefined && now !== undefined && meaningOf(before) === meaningOf(now);
    if (!isSame) this.#options.onChange?.();
  }

  #entryOf(lease: Lease, known: Entry | undefined): Entry {
    const record = JSON.stringify([meaningOf(lease), lease.spec?.renewTime]);
    const changedAt = known?.record === record ? known.changedAt : this.#options.clock.monotonic();
    return { lease, record, changedAt };
  }
}
