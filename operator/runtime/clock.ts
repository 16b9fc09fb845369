import { addAbortListener, removeAbortListener } from './abort-listeners.ts';

/** A pending callback. */
export interface Timer {
  /** Does nothing when the callback has run already. */
  cancel(): void;
}

/**
 * Time as the operator sees it. Everything that reads time or waits takes one of these, so that tests and simulations
 * decide how time passes.
 */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. May jump: only for what people read. */
  now(): number;
  /** Monotonic milliseconds from an arbitrary origin: for durations, timeouts and leases. */
  monotonic(): number;
  setTimeout(callback: () => void, milliseconds: number): Timer;
  /** Resolves after the time; rejects with `signal.reason` when aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** Node fires longer timers at once, with a warning: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const LONGEST_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** The real time of this process. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  setTimeout(callback: () => void, milliseconds: number): Timer {
    let handle: NodeJS.Timeout;
    const arm = (remaining: number): void => {
      const step = Math.min(Math.max(remaining, 0), LONGEST_TIMER_MILLISECONDS);
      handle = setTimeout(() => {
        if (step < remaining) arm(remaining - step);
        else callback();
      }, step);
    };
    arm(milliseconds);
    return { cancel: () => clearTimeout(handle) };
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, milliseconds, signal);
  }
}

/** {@link Clock.sleep} in terms of {@link Clock.setTimeout}, for those who implement a clock. */
export function sleepOn(clock: Pick<Clock, 'setTimeout'>, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = clock.setTimeout(() => {
      removeAbortListener(signal, fail);
      resolve();
    }, milliseconds);
    if (signal?.aborted === true) fail();
    else if (signal !== undefined) addAbortListener(signal, fail);
  });
}
