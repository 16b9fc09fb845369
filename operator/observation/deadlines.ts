import type { Clock, Timer } from '../runtime/clock.ts';

interface Deadline {
  readonly timer: Timer;
  readonly callbacks: Set<() => void>;
}

/** Many callbacks on few timers: a thousand policies that start together also end together. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #deadlines = new Map<number, Deadline>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param at by the monotonic clock */
  add(at: number, callback: () => void): Timer {
    const deadline = this.#deadlines.get(at) ?? this.#create(at);
    deadline.callbacks.add(callback);
    return {
      cancel: () => {
        deadline.callbacks.delete(callback);
        if (deadline.callbacks.size > 0 || this.#deadlines.get(at) !== deadline) return;
        deadline.timer.cancel();
        this.#deadlines.delete(at);
      },
    };
  }

  #create(at: number): Deadline {
    const callbacks = new Set<() => void>();
    const timer = this.#clock.setTimeout(
      () => {
        this.#deadlines.delete(at);
        for (const callback of callbacks) callback();
      },
      Math.max(0, at - this.#clock.monotonic()),
    );
    const deadline = { timer, callbacks };
    this.#deadlines.set(at, deadline);
    return deadline;
  }
}
