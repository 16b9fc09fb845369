import type { Clock } from './clock.ts';

/** A wait that ends after its time, when the signal aborts, or when somebody wakes it; once a loop, again and again. */
export class Pause {
  readonly #clock: Pick<Clock, 'setTimeout'>;
  #finish: (() => void) | undefined;

  constructor(clock: Pick<Clock, 'setTimeout'>) {
    this.#clock = clock;
  }

  /** Ends the wait under way; without one, nothing happens. */
  wake(): void {
    this.#finish?.();
  }

  /** Resolves however it ends. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', finish);
        this.#finish = undefined;
        resolve();
      };
      const timer = this.#clock.setTimeout(finish, Math.max(0, milliseconds));
      signal.addEventListener('abort', finish, { once: true });
      this.#finish = finish;
    });
  }
}
