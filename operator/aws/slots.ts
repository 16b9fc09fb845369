import { addAbortListener, removeAbortListener } from '../runtime/abort-listeners.ts';

/** A bounded number of places, handed out in the order of asking. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves to the function that gives the place back; rejects with the signal's reason when aborted before. */
  take(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    const free = this.takeFree();
    if (free !== undefined) return Promise.resolve(free);
    return new Promise((resolve, reject) => {
      const leave = this.queue((release) => {
        removeAbortListener(signal, giveUp);
        resolve(release);
      });
      const giveUp = (): void => {
        leave();
        reject(signal.reason as Error);
      };
      addAbortListener(signal, giveUp);
    });
  }

  /**
   * Queues for a place, of which none is free.
   *
   * @param give is called once, with the function that gives the place back
   * @returns leaves the queue
   */
  queue(give: (release: () => void) => void): () => void {
    const next = (): void => give(this.#release());
    this.#waiting.add(next);
    return () => this.#waiting.delete(next);
  }

  /** The function that gives a place back, of a place that is free at once; undefined when none is. */
  takeFree(): (() => void) | undefined {
    if (this.#free === 0) return undefined;
    this.#free -= 1;
    return this.#release();
  }

  #release(): () => void {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const [next] = this.#waiting;
      if (next === undefined) {
        this.#free += 1;
      } else {
        this.#waiting.delete(next);
        next();
      }
    };
  }
}
