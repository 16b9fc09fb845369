import { sleepOn, type Clock, type Timer } from '../../operator/runtime/clock.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * What a run of an operator has of its own: a clock, and a life that can end at any moment. Once it is killed nothing
 * comes back to it, neither a timer nor an answer, and nothing leaves it: its continuations stay where they are.
 */
export class SimulatedProcess implements Clock {
  readonly name: string;
  /** Which of the replicas it is a run of. */
  readonly replica: number;
  readonly random: SeededRandom;
  readonly scheduler: Scheduler;
  readonly #startedAt: number;
  #isAlive = true;
  /** By how much its wall clock is ahead of the true time. */
  #wallOffset: number;
  /** For how long its monotonic clock stood still so far. */
  #suspended = 0;
  /** Until when it does nothing, in true time. */
  #stalledUntil = 0;

  constructor(props: {
    name: string;
    replica: number;
    scheduler: Scheduler;
    random: SeededRandom;
    wallOffset: number;
  }) {
    this.name = props.name;
    this.replica = props.replica;
    this.scheduler = props.scheduler;
    this.random = props.random;
    this.#wallOffset = props.wallOffset;
    this.#startedAt = props.scheduler.time;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get wallOffset(): number {
    return this.#wallOffset;
  }

  now(): number {
    return Math.floor(this.scheduler.now() + this.#wallOffset);
  }

  monotonic(): number {
    return this.scheduler.time - this.#startedAt - this.#suspended;
  }

  setTimeout(callback: () => void, milliseconds: number): Timer {
    const due = this.monotonic() + Math.max(0, milliseconds);
    let isCancelled = false;
    const fire = (): void => {
      if (isCancelled) return;
      // The monotonic clock may have stood still meanwhile; fractions are rounding.
      const remaining = due - this.monotonic();
      if (remaining > 0.001) pending = this.deliver(remaining, fire);
      else callback();
    };
    let pending = this.deliver(milliseconds, fire);
    return {
      cancel: () => {
        isCancelled = true;
        pending.cancel();
      },
    };
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, milliseconds, signal);
  }

  /** Runs something of this process after a time, or when it goes on after a stall; never when it is dead by then. */
  deliver(milliseconds: number, run: () => void): Timer {
    if (!this.#isAlive) return { cancel: () => undefined };
    const arrive = (): void => {
      if (!this.#isAlive) return;
      if (this.scheduler.time < this.#stalledUntil) pending = this.scheduler.at(this.#stalledUntil, arrive);
      else run();
    };
    let pending = this.scheduler.after(Math.max(0, milliseconds), arrive);
    return { cancel: () => pending.cancel() };
  }

  kill(): void {
    this.#isAlive = false;
  }

  /** Stops it for a while: `pause` as a busy event loop does, `suspend` as a host that sleeps, monotonic clock and all. */
  stall(milliseconds: number, kind: 'pause' | 'suspend'): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.scheduler.time + milliseconds);
    if (kind === 'suspend') this.#suspended += milliseconds;
  }

  jumpWallClock(milliseconds: number): void {
    this.#wallOffset += milliseconds;
  }
}
