import type { FailedAttempt } from '../aws/errors.ts';
import type { Attempt } from '../failover/observation.ts';
import type { Clock, Timer } from '../runtime/clock.ts';

/** How often the event loop is looked at while something is being observed. */
const BEAT_MILLISECONDS = 100;
/** Timers are never exact: less than this is not lateness. */
const TOLERANCE_MILLISECONDS = 10;
/** Silence that was listened to for less than half of its timeout proves nothing. */
const LATE_FRACTION = 0.5;

/** One attempt's time, as far as the event loop is concerned. */
export interface LoopSpan {
  /**
   * Turns silence into local trouble when the event loop stood still for half of the timeout or more: the answer may
   * have been there, unread. Answers and refusals remain what they are.
   */
  judge<A extends Attempt>(attempt: A, timeoutMilliseconds: number): A | FailedAttempt;
  end(): void;
}

/** Measures for how long the event loop did not turn. Beats only while a span is open. */
export class LoopMonitor {
  readonly #clock: Clock;
  #openSpans = 0;
  #totalLateness = 0;
  #expectedAt = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(): LoopSpan {
    if (this.#openSpans === 0) this.#arm();
    this.#openSpans += 1;
    const before = this.#lateness();
    let isOpen = true;
    return {
      judge: (attempt, timeout) => {
        const isSilence = attempt.kind === 'noAnswer' && attempt.cause === 'timeout';
        const lateness = Math.round(this.#lateness() - before);
        if (!isSilence || lateness < timeout * LATE_FRACTION) return attempt;
        const message = `the event loop stood still for ${lateness} ms of ${timeout} ms: the answer may have been missed`;
        return { kind: 'local', cause: 'eventLoopLate', message };
      },
      end: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#openSpans -= 1;
        if (this.#openSpans === 0) this.#timer?.cancel();
      },
    };
  }

  #arm(): void {
    this.#expectedAt = this.#clock.monotonic() + BEAT_MILLISECONDS;
    this.#timer = this.#clock.setTimeout(() => {
      this.#totalLateness = this.#lateness();
      this.#arm();
    }, BEAT_MILLISECONDS);
  }

  /** Of the past beats, and of the one that should have come by now. */
  #lateness(): number {
    const late = this.#clock.monotonic() - this.#expectedAt;
    return this.#totalLateness + (this.#openSpans > 0 && late > TOLERANCE_MILLISECONDS ? late : 0);
  }
}
