import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Watchdog } from '../control-plane/watchdog.ts';
import { DemoError } from './checks.ts';

/** An object as kubectl showed it, and when. */
export interface Version<T> {
  /** When this process read it, milliseconds since the epoch: at most a moment after the API server told it. */
  readonly at: number;
  readonly object: T;
}

export interface KubectlWatchProps {
  /** Path of kubectl. */
  readonly program: string;
  /** What to watch, as for `kubectl get`: flags that reach the server included. */
  readonly args: readonly string[];
  readonly watchdog: Watchdog;
}

/** `kubectl get --watch` as a child process: every version of an object, as a user would see it. */
export class KubectlWatch<T> {
  readonly #process: ChildProcess;
  readonly #versions: Version<T>[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #watchdog: Watchdog;
  #complaint = '';

  constructor({ program, args, watchdog }: KubectlWatchProps) {
    this.#watchdog = watchdog;
    this.#process = spawn(program, ['get', ...args, '--watch', '--output', 'json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, KUBERC: 'off' },
      detached: true,
    });
    if (this.#process.pid !== undefined) {
      watchdog.watch(this.#process.pid);
    }
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint += text;
    });
    this.#process.on('error', (error) => {
      this.#complaint += error.message;
    });
    this.#process.on('close', () => this.#notify());
    void this.#read();
  }

  get versions(): readonly Version<T>[] {
    return this.#versions;
  }

  get newest(): Version<T> | undefined {
    return this.#versions.at(-1);
  }

  /**
   * The first version that fulfils the condition, beginning with the newest one known. Undefined when none came in time,
   * or before `signal` aborted.
   *
   * @throws DemoError when kubectl ended
   */
  async until(
    isWanted: (object: T) => boolean,
    timeoutMilliseconds: number,
    signal: AbortSignal,
  ): Promise<Version<T> | undefined> {
    const deadline = performance.now() + timeoutMilliseconds;
    for (let next = Math.max(0, this.#versions.length - 1); ;) {
      for (; next < this.#versions.length; next += 1) {
        const version = this.#versions[next];
        if (version !== undefined && isWanted(version.object)) {
          return version;
        }
      }
      const remaining = deadline - performance.now();
      if (remaining <= 0 || signal.aborted) {
        return undefined;
      }
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
        throw new DemoError(`cannot watch with kubectl: it ended: ${this.#complaint.trim()}`);
      }
      await this.#change(remaining, signal);
    }
  }

  async stop(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid === undefined) {
      return;
    }
    if (exitCode === null && signalCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await ended;
    }
    this.#watchdog.forget(pid);
  }

  /** kubectl prints one indented document after the other: a closing brace in the first column ends each. */
  async #read(): Promise<void> {
    const { stdout } = this.#process;
    if (stdout === null) {
      return;
    }
    let lines: string[] = [];
    for await (const line of createInterface({ input: stdout })) {
      lines.push(line);
      if (line === '}') {
        this.#versions.push({ at: Date.now(), object: JSON.parse(lines.join('\n')) as T });
        lines = [];
        this.#notify();
      }
    }
  }

  #notify(): void {
    for (const listener of this.#listeners) {
      listener();
    }
  }

  /** Resolves at the next version, when the time is over, or when the signal aborts. */
  async #change(timeoutMilliseconds: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const listener = (): void => resolve(undefined);
    const timer = setTimeout(listener, timeoutMilliseconds);
    this.#listeners.add(listener);
    signal.addEventListener('abort', listener);
    await promise;
    signal.removeEventListener('abort', listener);
    clearTimeout(timer);
    this.#listeners.delete(listener);
  }
}
