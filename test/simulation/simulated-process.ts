import { sleepOn, type Clock, type Timer } from '../../operator/runtime/clock.ts';
import type { Sender } from './network.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Scheduled, Scheduler } from './scheduler.ts';

/**
 * What a run of an operator has of its own: a clock, and a life that can end at any moment. Once it is killed nothing
 * comes back to it, neither a timer nor an answer, and nothing leaves it: its continuations stay where they are.
 */
export class SimulatedProcess implements Clock {
  readonly name: string;
  /** Which of the replicas it is a run of. */
  readonly replica: number;
  /** As whom the network knows it. */
  readonly sender: Sender;
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
    this.sender = `operator-${props.replica}`;
    this.scheduler = props.scheduler;
    this.random = props.random;
    this.#wallOffset = props.wallOffset;
    this.#startedAt = props.scheduler.time;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Until when it does nothing, milliseconds since the simulation began. */
  get stalledUntil(): number {
    return this.#stalledUntil;
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
    const timer = new Timeout(this, callback, this.monotonic() + Math.max(0, milliseconds));
    timer.arm(milliseconds);
    return timer;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, milliseconds, signal);
  }

  /** Runs something of this process after a time, or when it goes on after a stall; never when it is dead by then. */
  deliver(milliseconds: number, run: () => void): Timer {
    const delivery = new Delivery(this, run);
    delivery.arm(milliseconds);
    return delivery;
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

/** Something on its way to a process. One object for all of it: there are thousands in a run. */
class Delivery implements Timer {
  protected readonly process: SimulatedProcess;
  readonly #callback: () => void;
  #pending: Scheduled | undefined;

  constructor(process: SimulatedProcess, callback: () => void) {
    this.process = process;
    this.#callback = callback;
  }

  arm(milliseconds: number): void {
    const { isAlive, scheduler } = this.process;
    if (isAlive) this.#pending = scheduler.after(Math.max(0, milliseconds), this.#arrive);
  }

  cancel(): void {
    this.#pending?.cancel();
  }

  protected run(): void {
    this.#callback();
  }

  readonly #arrive = (): void => {
    const { isAlive, scheduler, stalledUntil } = this.process;
    if (!isAlive) return;
    if (scheduler.time < stalledUntil) this.#pending = scheduler.at(stalledUntil, this.#arrive);
    else this.run();
  };
}

/** A timer of a process, by its monotonic clock. */
class Timeout extends Delivery {
  readonly #due: number;

  constructor(process: SimulatedProcess, callback: () => void, due: number) {
    super(process, callback);
    this.#due = due;
  }

  protected override run(): void {
    // The monotonic clock may have stood still meanwhile; fractions are rounding.
    const remaining = this.#due - this.process.monotonic();
    if (remaining > 0.001) this.arm(remaining);
    else super.run();
  }
}
