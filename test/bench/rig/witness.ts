import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Watchdog } from '../../control-plane/watchdog.ts';

const program = fileURLToPath(new URL('witness-process.ts', import.meta.url));

/** What the witness sees from now on. `clear`: all primaries serve. */
export type WitnessOrder =
  | { readonly kind: 'lose'; readonly numbers: readonly number[] }
  | { readonly kind: 'loseAll' }
  | { readonly kind: 'clear' };

/** The process that plays the witness of every policy. */
export class Witness {
  readonly #child: ChildProcess;
  readonly #watchdog: Watchdog;
  readonly #port: number;

  private constructor(child: ChildProcess, watchdog: Watchdog, port: number) {
    this.#child = child;
    this.#watchdog = watchdog;
    this.#port = port;
  }

  static async start(watchdog: Watchdog): Promise<Witness> {
    const child = fork(program, [], { execArgv: [] });
    if (child.pid !== undefined) watchdog.watch(child.pid);
    const [port] = (await once(child, 'message')) as [number];
    return new Witness(child, watchdog, port);
  }

  urlOf(number: number): string {
    return `http://127.0.0.1:${this.#port}/${number}`;
  }

  /** Resolves when it is so. */
  async see(order: WitnessOrder): Promise<void> {
    const done = once(this.#child, 'message');
    this.#child.send(order);
    await done;
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    this.#watchdog.forget(this.#child.pid ?? 0);
  }
}
