import { addAbortListener, removeAbortListener } from '../runtime/abort-listeners.ts';

/** A bounded number of places, handed out in the order of asking. */
export class Slots {
  #count: number;
  #taken = 0;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#count = count;
  }

  /** From now on there are so many places; where fewer are than are taken, nobody is given one until enough came back. */
  resize(count: number): void {
    this.#count = count;
    this.#giveOut();
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
    const next = (): void => give(this.#takeOne());
    this.#waiting.add(next);
    return () => this.#waiting.delete(next);
  }

  /** The function that gives a place back, of a place that is free at once; undefined when none is. */
  takeFree(): (() => void) | undefined {
    return this.#taken < this.#count ? this.#takeOne() : undefined;
  }

  #takeOne(): () => void {
    this.#taken += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#taken -= 1;
      this.#giveOut();
    };
  }

  #giveOut(): void {
    for (const next of this.#waiting) {
      if (this.#taken >= this.#count) return;
      this.#waiting.delete(next);
      next();
    }
  }
}
