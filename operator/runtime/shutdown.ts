import type { Clock } from './clock.ts';

/** How the stop of one component went. */
export interface StopReport {
  readonly name: string;
  readonly outcome: 'stopped' | 'failed' | 'timed-out';
  readonly milliseconds: number;
  readonly error?: unknown;
}

interface Component {
  readonly name: string;
  readonly stop: () => void | Promise<void>;
  readonly boundMilliseconds: number;
}

/** Stops components one after the other, the last added first, each within its own bound. */
export class Shutdown {
  readonly #clock: Clock;
  readonly #components: Component[] = [];
  #stopping: Promise<StopReport[]> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param boundMilliseconds after which the next component's turn comes, whatever this one does */
  add(name: string, boundMilliseconds: number, stop: () => void | Promise<void>): void {
    this.#components.push({ name, stop, boundMilliseconds });
  }

  /** Stops everything, once, however often it is called. Never rejects. */
  run(): Promise<StopReport[]> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<StopReport[]> {
    const reports: StopReport[] = [];
    for (const component of this.#components.toReversed()) reports.push(await this.#stop(component));
    return reports;
  }

  async #stop({ name, stop, boundMilliseconds }: Component): Promise<StopReport> {
    const start = this.#clock.monotonic();
    const finished = new AbortController();
    const timeout = this.#clock.sleep(boundMilliseconds, finished.signal).then(
      () => ({ outcome: 'timed-out' as const }),
      () => ({ outcome: 'stopped' as const }),
    );
    const result = await Promise.race([attempt(stop), timeout]);
    finished.abort();
    return { name, ...result, milliseconds: this.#clock.monotonic() - start };
  }
}

async function attempt(stop: () => void | Promise<void>): Promise<Pick<StopReport, 'outcome' | 'error'>> {
  try {
    await stop();
    return { outcome: 'stopped' };
  } catch (error) {
    return { outcome: 'failed', error };
  }
}
