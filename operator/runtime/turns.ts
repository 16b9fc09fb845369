import type { Clock } from './clock.ts';

export interface TurnsProps {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** How long those who share may work before everybody else gets a turn. @default 4 */
  readonly milliseconds?: number;
  /** Resolves after the event loop went round once. @default - Node's setImmediate */
  readonly next?: () => Promise<void>;
}

const roundTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Keeps long work from holding the event loop: thousands of policies come up at once, and what resolves at once never
 * lets a socket be read. Who shares asks between two pieces of work, and waits only once the turn is used up.
 */
export class Turns {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #milliseconds: number;
  readonly #next: () => Promise<void>;
  #began = -Infinity;
  #pending: Promise<void> | undefined;

  constructor({ clock, milliseconds = 4, next = roundTheLoop }: TurnsProps) {
    this.#clock = clock;
    this.#milliseconds = milliseconds;
    this.#next = next;
  }

  /** What to wait for before the next piece of work; undefined while the turn goes on. */
  share(): Promise<void> | undefined {
    if (this.#pending !== undefined) return this.#pending;
    if (this.#clock.monotonic() - this.#began < this.#milliseconds) return undefined;
    this.#pending = this.#next().then(() => {
      this.#pending = undefined;
      this.#began = this.#clock.monotonic();
    });
    return this.#pending;
  }
}
