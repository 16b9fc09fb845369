import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Watchdog } from '../../control-plane/watchdog.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const KEPT_LINES = 5_000;
const POLL_MILLISECONDS = 50;
/** Longer than the operator's own patience with its parts, see operator/main.ts. */
const STOP_MILLISECONDS = 30_000;

/** Node keeps what it compiled here: half of an operator's start is compilation. */
const compileCache = { NODE_COMPILE_CACHE: join(tmpdir(), 'aurora-dr-e2e-compile-cache') };

/** Compiles the operator once. Operators that are killed would never keep what they compiled. */
export async function warmUp(): Promise<void> {
  const env = { ...process.env, NODE_OPTIONS: '', ...compileCache };
  await promisify(execFile)(process.execPath, ['operator/main.ts', '--version'], { cwd: root, env });
}

/** What runs the operator. */
export interface OperatorProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** The operator is the command's only child, and signals are for the child. @default false */
  readonly isChild?: boolean;
  /** It finds the API server without being told. @default false */
  readonly hasOwnKubeconfig?: boolean;
}

const sources: OperatorProgram = { command: process.execPath, args: ['operator/main.ts'] };

export interface OperatorProcessProps {
  /** @default - this repository's sources */
  readonly program?: OperatorProgram | undefined;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Ends the process should this one die. */
  readonly watchdog: Watchdog;
}

/** The operator as a real child process. */
export class OperatorProcess {
  /** The newest lines of its log, stdout and stderr together. */
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #watchdog: Watchdog;
  readonly #heard = new EventEmitter();
  readonly #isChild: boolean;
  readonly #watched: number[] = [];

  constructor({ flags, environment, watchdog, program = sources }: OperatorProcessProps) {
    this.#watchdog = watchdog;
    this.#isChild = program.isChild ?? false;
    const { AURORA_DR_AWS_ENDPOINTS: _told, KUBECONFIG: _own, ...inherited } = process.env;
    this.#process = spawn(program.command, [...program.args, ...flags], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...inherited, NODE_OPTIONS: '', ...compileCache, ...environment },
    });
    if (this.#process.pid !== undefined) {
      this.#watch(this.#process.pid);
    }
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream !== null) {
        createInterface({ input: stream }).on('line', (line) => this.#take(line));
      }
    }
    this.#process.once('exit', () => this.#heard.emit('news'));
  }

  /** Of the operator itself. */
  get pid(): number {
    const own = this.#process.pid ?? 0;
    if (!this.#isChild) return own;
    return Number(readFileSync(`/proc/${own}/task/${own}/children`, 'utf8').trim());
  }

  /** How it ended: its exit code or the signal; undefined while it runs. */
  get end(): number | NodeJS.Signals | undefined {
    return this.#process.exitCode ?? this.#process.signalCode ?? undefined;
  }

  /** Sends a signal and waits for the end. A paused process is resumed, or it could not hear. Gives how it ended. */
  async signalAndWait(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | undefined> {
    if (this.end === undefined && this.#process.pid !== undefined) {
      // Not `exit`: the last lines of its log may still be on their way then.
      const ended = once(this.#process, 'close');
      const { pid } = this;
      const impatience = setTimeout(() => process.kill(pid, 'SIGKILL'), STOP_MILLISECONDS);
      process.kill(pid, signal);
      process.kill(pid, 'SIGCONT');
      await ended;
      clearTimeout(impatience);
    }
    for (const watched of this.#watched.splice(0)) this.#watchdog.forget(watched);
    return this.end;
  }

  /** Asks it to end in order; after half a minute it is killed. */
  stop(): Promise<number | NodeJS.Signals | undefined> {
    return this.signalAndWait('SIGTERM');
  }

  /** Ends it as a crash would. */
  kill(): Promise<number | NodeJS.Signals | undefined> {
    return this.signalAndWait('SIGKILL');
  }

  /** Stands it still (SIGSTOP): it keeps its connections and does nothing. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  /** Ends a pause. */
  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** The first log line that contains `text`, already there or still to come. */
  async waitForLine(text: string, timeoutMilliseconds = 90_000): Promise<string> {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    for (;;) {
      const line = this.lines.find((candidate) => candidate.includes(text));
      if (line !== undefined) {
        return line;
      }
      if (this.end !== undefined || signal.aborted) {
        const why = this.end === undefined ? `not in ${timeoutMilliseconds} ms` : `it ended (${this.end})`;
        throw new Error(`cannot see "${text}" in the operator's log: ${why}\n${this.lines.slice(-15).join('\n')}`);
      }
      await once(this.#heard, 'news', { signal }).catch(() => undefined);
    }
  }

  /** The lines of its log that are JSON: all but what Node itself, or a process that cannot start, has to say. */
  get entries(): Record<string, unknown>[] {
    return this.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** The lines of its /metrics. */
  async scrape(): Promise<readonly string[]> {
    const listening = JSON.parse(await this.waitForLine('"server":"metrics"')) as { readonly port: number };
    const response = await fetch(`http://127.0.0.1:${listening.port}/metrics`);
    return (await response.text()).split('\n');
  }

  /** One series of its /metrics, summed over every label that is not given; 0 while there is none. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return (await this.scrape())
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => wanted.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Waits until it has begun so many more walks of a region, whatever became of them: rounds, as it counts them. */
  async waitForWalks(count: number, region: string, timeoutMilliseconds = 90_000): Promise<void> {
    const walks = (): Promise<number> =>
      this.metric('aurora_dr_aws_calls_total', { action: 'DescribeGlobalClusters', region });
    const start = await walks();
    const deadline = performance.now() + timeoutMilliseconds;
    for (let seen = 0; seen < count; seen = (await walks()) - start) {
      if (performance.now() > deadline) {
        throw new Error(`cannot see ${count} rounds in ${region}: ${seen} in ${timeoutMilliseconds} ms`);
      }
      await delay(POLL_MILLISECONDS);
    }
  }

  #watch(pid: number): void {
    this.#watched.push(pid);
    this.#watchdog.watch(pid);
  }

  #take(line: string): void {
    // A child in a process namespace of its own outlives the command that it was started by.
    if (this.#isChild && this.#watched.length === 1) this.#watch(this.pid);
    this.lines.push(line);
    if (this.lines.length > KEPT_LINES) {
      this.lines.splice(0, KEPT_LINES / 2);
    }
    this.#heard.emit('news');
  }
}
