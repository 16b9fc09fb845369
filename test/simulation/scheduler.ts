/** When the simulated time begins: Thursday, 1 January 2026, 00:00 UTC. */
export const EPOCH = Date.UTC(2026, 0, 1);

/** Ordinary runs take some thousands; beyond this, something goes round in circles. */
const MOST_STEPS = 200_000;

/** Something that happens later, unless it is cancelled before. */
export interface Scheduled {
  cancel(): void;
}

class Entry implements Scheduled {
  readonly at: number;
  readonly order: number;
  readonly isPassive: boolean;
  run: (() => void) | undefined;

  constructor(at: number, order: number, isPassive: boolean, run: () => void) {
    this.at = at;
    this.order = order;
    this.isPassive = isPassive;
    this.run = run;
  }

  cancel(): void {
    this.run = undefined;
  }
}

/**
 * The simulated time, and the only thing that moves it. Entries run one at a time, in the order of their times and, for
 * equal times, of their creation; everything that promises set off runs to its end before the next.
 */
export class Scheduler {
  readonly #heap: Entry[] = [];
  #time = 0;
  #created = 0;
  #isStopped = false;
  /** Entries that ran. */
  steps = 0;

  /** Milliseconds since the simulation began. */
  get time(): number {
    return this.#time;
  }

  /** Milliseconds since the Unix epoch: the true time, which no clock of a process need show. */
  now(): number {
    return EPOCH + this.#time;
  }

  /** @param at milliseconds since the simulation began; a time that has passed means now */
  at(at: number, run: () => void): Scheduled {
    return this.#enter(at, run, false);
  }

  after(milliseconds: number, run: () => void): Scheduled {
    return this.at(this.#time + milliseconds, run);
  }

  /** Like {@link Scheduler.after}, for what settles no promise as it runs: the next entry may follow at once. */
  afterPassively(milliseconds: number, run: () => void): void {
    this.#enter(this.#time + milliseconds, run, true);
  }

  /** Ends {@link Scheduler.runUntil} after the entry that runs now. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Lets time pass up to `end`.
   * @throws RangeError when something happens again and again
   */
  runUntil(end: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const next = (): void => {
      try {
        for (;;) {
          const step = this.#step(end);
          if (step === 'passive') continue;
          if (step === 'active') afterMicrotasks(next);
          else resolve(undefined);
          return;
        }
      } catch (error) {
        reject(error);
      }
    };
    afterMicrotasks(next);
    return promise;
  }

  #enter(at: number, run: () => void, isPassive: boolean): Entry {
    this.#created += 1;
    const entry = new Entry(Math.max(at, this.#time), this.#created, isPassive, run);
    this.#push(entry);
    return entry;
  }

  /** Runs the next entry; `over`: there is none by `end`, or it is stopped. */
  #step(end: number): 'active' | 'passive' | 'over' {
    const next = this.#isStopped ? undefined : this.#next(end);
    if (next === undefined) {
      if (!this.#isStopped) this.#time = Math.max(this.#time, end);
      return 'over';
    }
    this.#time = next.at;
    const { run, isPassive } = next;
    next.run = undefined;
    this.steps += 1;
    if (this.steps > MOST_STEPS) throw new RangeError(`cannot simulate on: ${MOST_STEPS} steps by ${this.#time} ms`);
    run?.();
    return isPassive ? 'passive' : 'active';
  }

  /** The earliest entry that was not cancelled, taken out, if it is due by `end`. */
  #next(end: number): Entry | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || (first.run !== undefined && first.at > end)) return undefined;
      this.#pop();
      if (first.run !== undefined) return first;
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || isBefore(parent, entry)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let childIndex = index * 2 + 1;
      let child = heap[childIndex];
      if (child === undefined) break;
      const right = heap[childIndex + 1];
      if (right !== undefined && isBefore(right, child)) {
        childIndex += 1;
        child = right;
      }
      if (isBefore(last, child)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/**
 * Goes on when no microtask is left. Node runs what `nextTick` was given only after the microtasks; given from within a
 * microtask, that is after all of them, those that they set off included, without a turn of the event loop.
 */
function afterMicrotasks(goOn: () => void): void {
  // Cheaper than queueMicrotask, which keeps an async resource for each.
  void settled.then(() => process.nextTick(goOn));
}

const settled = Promise.resolve();
