import { LinkedFifo, type Place } from './linked-fifo.ts';

/** Which of the keys that are ready a worker takes first: the more urgent, of these the one of the higher priority. */
export interface KeyOrder {
  /** Higher first. */
  readonly urgency: number;
  /** Among keys of the same urgency; higher first. */
  readonly priority: number;
}

/** Keys of the same order, the one that has waited longest first. */
interface Rank<K> extends KeyOrder {
  readonly keys: LinkedFifo<K>;
}

interface Entry<K> {
  /** Monotonic: when it became ready. */
  readonly since: number;
  readonly inAge: Place<K>;
  rank: Rank<K>;
  inRank: Place<K>;
}

/** A key that was taken, since when it was ready, and how urgent it was in the end. */
export interface Taken<K> {
  readonly key: K;
  /** Monotonic. */
  readonly since: number;
  readonly urgency: number;
}

/** One take in so many serves the key that has waited longest, however little it matters: nothing waits for ever. */
const TAKES_PER_OLDEST = 4;

function isBefore(one: KeyOrder, other: KeyOrder): boolean {
  return one.urgency === other.urgency ? one.priority > other.priority : one.urgency > other.urgency;
}

/**
 * Keys that wait for a worker: by their order, those of the same order first in, first out; every fourth take serves the
 * one that has waited longest. Adding costs the logarithm of the number of different orders, taking nothing that grows.
 */
export class ReadyKeys<K extends string> {
  readonly #entries = new Map<K, Entry<K>>();
  readonly #ages = new LinkedFifo<K>();
  /** Those that have keys, the first to be served at the end. */
  readonly #ranks: Rank<K>[] = [];
  #takes = 0;

  get size(): number {
    return this.#entries.size;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /** Adds a key that is not among them. */
  add(key: K, order: KeyOrder, now: number): void {
    const rank = this.#rankOf(order);
    this.#entries.set(key, { since: now, inAge: this.#ages.push(key), rank, inRank: rank.keys.push(key) });
  }

  /** Moves a key that is among them forward, if it matters more by now; it never moves back. */
  raise(key: K, order: KeyOrder): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || !isBefore(order, entry.rank)) return;
    this.#leaveRank(entry);
    entry.rank = this.#rankOf(order);
    entry.inRank = entry.rank.keys.push(key);
  }

  /**
   * Takes the next one out; undefined when there is none.
   *
   * @param leastUrgency those of less urgency stay. @default - none has to
   */
  take(leastUrgency = -Infinity): Taken<K> | undefined {
    const foremost = this.#ranks.at(-1);
    if (foremost === undefined || foremost.urgency < leastUrgency) return undefined;
    this.#takes = (this.#takes + 1) % TAKES_PER_OLDEST;
    return (
      (this.#takes === 0 ? this.#takeOut(this.#ages.first, leastUrgency) : undefined) ??
      this.#takeOut(foremost.keys.first)
    );
  }

  #takeOut(key: K | undefined, leastUrgency = -Infinity): Taken<K> | undefined {
    const entry = key === undefined ? undefined : this.#entries.get(key);
    if (key === undefined || entry === undefined || entry.rank.urgency < leastUrgency) return undefined;
    this.#entries.delete(key);
    this.#ages.remove(entry.inAge);
    const { urgency } = entry.rank;
    this.#leaveRank(entry);
    return { key, since: entry.since, urgency };
  }

  clear(): void {
    while (this.take() !== undefined);
  }

  #leaveRank({ rank, inRank }: Entry<K>): void {
    rank.keys.remove(inRank);
    if (rank.keys.isEmpty) this.#ranks.splice(this.#positionOf(rank), 1);
  }

  #rankOf(order: KeyOrder): Rank<K> {
    const position = this.#positionOf(order);
    const known = this.#ranks[position];
    if (known?.urgency === order.urgency && known.priority === order.priority) return known;
    const rank: Rank<K> = { urgency: order.urgency, priority: order.priority, keys: new LinkedFifo<K>() };
    this.#ranks.splice(position, 0, rank);
    return rank;
  }

  /** Where a rank of this order is or belongs: behind all that are served after it. */
  #positionOf(order: KeyOrder): number {
    let low = 0;
    let high = this.#ranks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const rank = this.#ranks[middle];
      if (rank !== undefined && isBefore(order, rank)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
