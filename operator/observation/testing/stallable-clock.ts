import { ManualClock } from '../../runtime/manual-clock.ts';

/** A manual clock whose event loop can stand still: time passes, and everything that waits fires that much later. */
export class StallableClock extends ManualClock {
  #stalled = 0;

  stall(milliseconds: number): void {
    this.#stalled += milliseconds;
  }

  override now(): number {
    return super.now() + this.#stalled;
  }

  override monotonic(): number {
    return super.monotonic() + this.#stalled;
  }
}
