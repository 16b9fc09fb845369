import { sleepOn, type Clock, type Timer } from './clock.ts';

interface PendingTimer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands still until {@link ManualClock.advance} moves it: for tests and simulations. */
export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 0;
  /** In firing order: by due time, then by creation. */
  readonly #timers: PendingTimer[] = [];

  /** @param start what {@link ManualClock.now} answers first, milliseconds since the epoch */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#wall = start;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** Timers that wait to fire; what has been stopped properly leaves none. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  setTimeout(callback: () => void, milliseconds: number): Timer {
    const timer: PendingTimer = { due: this.#monotonic + Math.max(0, milliseconds), callback };
    this.#timers.splice(this.#positionAfter(timer.due), 0, timer);
    return {
      cancel: () => {
        const index = this.#timers.indexOf(timer);
        if (index >= 0) this.#timers.splice(index, 1);
      },
    };
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, milliseconds, signal);
  }

  /**
   * Moves both clocks forward, firing every timer at its own time and letting everything that promises set off finish
   * before the next one.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#monotonic + milliseconds;
    await this.settle();
    for (let next = this.#timers[0]; next !== undefined && next.due <= end; next = this.#timers[0]) {
      this.#timers.shift();
      this.#moveTo(next.due);
      next.callback();
      await this.settle();
    }
    this.#moveTo(end);
    await this.settle();
  }

  /** Steps the wall clock alone, as NTP or an administrator does. */
  jumpWallClock(milliseconds: number): void {
    this.#wall += milliseconds;
  }

  /** Lets all microtasks run, without time passing. A macrotask starts only after the microtask queue is empty. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  #moveTo(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }

  #positionAfter(due: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle]?.due ?? Infinity) <= due) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
