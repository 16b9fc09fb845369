import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { ControlPlaneError } from './control-plane-error.ts';

/** How a child ended: its exit code, or the signal that ended it. */
export type ChildEnd = number | NodeJS.Signals;

const LOG_TAIL_LINES = 25;

/** A server process of our own, signalled through its handle only, so that a reused process id is never hit. */
export class Child {
  readonly name: string;
  readonly logFile: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(name: string, logFile: string, process: ChildProcess) {
    this.name = name;
    this.logFile = logFile;
    this.#process = process;
    this.#ended = process.exitCode === null && process.signalCode === null ? once(process, 'exit') : Promise.resolve();
  }

  /**
   * Starts a program in `directory`; its output goes to the end of `logFile`.
   *
   * The child has a session of its own: a Ctrl-C in the terminal reaches its owner, who stops what it started in order.
   *
   * @throws ControlPlaneError if the program cannot be executed.
   */
  static async start(
    name: string,
    program: string,
    args: readonly string[],
    { logFile, directory }: { readonly logFile: string; readonly directory: string },
  ): Promise<Child> {
    const log = await open(logFile, 'a', 0o600);
    try {
      const process = spawn(program, args, { stdio: ['ignore', log.fd, log.fd], detached: true, cwd: directory });
      await once(process, 'spawn');
      return new Child(name, logFile, process);
    } catch (error) {
      throw new ControlPlaneError(
        `cannot start ${name}: cannot run ${program}: ${messageOf(error)}; check that it is built for this machine`,
        { cause: error },
      );
    } finally {
      await log.close();
    }
  }

  get pid(): number {
    // A process that has spawned has an id.
    return this.#process.pid ?? 0;
  }

  /** How it ended, or undefined while it runs. */
  get end(): ChildEnd | undefined {
    return this.#process.exitCode ?? this.#process.signalCode ?? undefined;
  }

  /** Sends a signal; nothing happens to a child that has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.end === undefined) this.#process.kill(signal);
  }

  /** Lets this process end although the child still runs. */
  unref(): void {
    this.#process.unref();
  }

  /** Sends the signal and waits until the child has ended; after `patienceMs` it is killed. */
  async stop(signal: NodeJS.Signals, patienceMs: number): Promise<void> {
    this.#process.ref();
    this.signal(signal);
    const impatience = setTimeout(() => {
      this.signal('SIGKILL');
    }, patienceMs);
    try {
      await this.#ended;
    } finally {
      clearTimeout(impatience);
    }
  }

  /** The end of what it wrote, for an error message. */
  async logTail(): Promise<string> {
    const text = await readFile(this.logFile, 'utf8').catch(() => '');
    const lines = text.trimEnd().split('\n').slice(-LOG_TAIL_LINES);
    return `last lines of the ${this.name} log:\n${lines.join('\n')}`;
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  // Not instanceof: in jest's sandbox, the errors of Node's modules are not of the sandbox's class.
  const hasMessage = typeof error === 'object' && error !== null && 'message' in error;
  return hasMessage ? String(error.message) : String(error);
}
