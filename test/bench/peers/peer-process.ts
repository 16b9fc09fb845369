import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Watchdog } from '../../control-plane/watchdog.ts';
import type { RunningPeer } from './peer.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const KEPT_LINES = 5_000;
const TAIL_LINES = 15;
const POLL_MILLISECONDS = 5;
const STOP_MILLISECONDS = 30_000;
const PATIENCE_MILLISECONDS = 120_000;
/** A port that was picked by the system, as each peer logs it. */
const listening = z.object({ server: z.string(), port: z.number() });

export interface PeerProcessProps {
  readonly command: string;
  readonly args: readonly string[];
  /** @default - this repository */
  readonly workingDirectory?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly watchdog: Watchdog;
  /** Whether it campaigns for a lease, and so logs `leading`. */
  readonly hasLease: boolean;
  /** Told of every line of its log. @default - nobody is told */
  readonly onLine?: ((line: string) => void) | undefined;
}

/**
 * A process that logs lines of JSON, among them `{"msg": "listening", "server": "health", "port": …}`, the same for
 * `metrics`, and `{"msg": "leading"}`; that answers `/readyz` with 200 once it is synced.
 */
export class PeerProcess implements RunningPeer {
  readonly lines: string[] = [];
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #watchdog: Watchdog;
  readonly #hasLease: boolean;
  readonly #heard = new EventEmitter();
  readonly #ports = new Map<string, number>();
  readonly #onLine: ((line: string) => void) | undefined;
  #isLeading = false;

  private constructor(process: ChildProcess, pid: number, { watchdog, hasLease, onLine }: PeerProcessProps) {
    this.#process = process;
    this.pid = pid;
    this.#watchdog = watchdog;
    this.#hasLease = hasLease;
    this.#onLine = onLine;
    watchdog.watch(pid);
    for (const stream of [process.stdout, process.stderr]) {
      if (stream !== null) {
        createInterface({ input: stream }).on('line', (line) => this.#take(line));
      }
    }
    process.once('exit', () => this.#heard.emit('news'));
  }

  /** @throws Error if the program cannot be run. */
  static async start(props: PeerProcessProps): Promise<PeerProcess> {
    const { AURORA_DR_AWS_ENDPOINTS: _told, KUBECONFIG: _own, NODE_OPTIONS: _options, ...inherited } = process.env;
    const child = spawn(props.command, props.args, {
      cwd: props.workingDirectory ?? root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...inherited, ...props.environment },
      // A session of its own: a Ctrl-C reaches the harness, which stops what it started in order.
      detached: true,
    });
    await once(child, 'spawn');
    return new PeerProcess(child, child.pid ?? 0, props);
  }

  get end(): number | NodeJS.Signals | undefined {
    return this.#process.exitCode ?? this.#process.signalCode ?? undefined;
  }

  async untilSynced(timeoutMilliseconds = PATIENCE_MILLISECONDS): Promise<void> {
    const deadline = performance.now() + timeoutMilliseconds;
    const port = await this.#portOf('health', timeoutMilliseconds);
    const isReady = (): Promise<boolean> =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        async (response) => {
          await response.body?.cancel();
          return response.ok;
        },
        () => false,
      );
    while (!(await isReady())) {
      if (this.end !== undefined || performance.now() > deadline) throw this.#missed('its policies in its cache');
      await delay(POLL_MILLISECONDS);
    }
  }

  async untilLeading(timeoutMilliseconds = PATIENCE_MILLISECONDS): Promise<void> {
    if (!this.#hasLease) return this.untilSynced(timeoutMilliseconds);
    await this.#until('the lease in its hands', timeoutMilliseconds, () => this.#isLeading || undefined);
  }

  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const port = await this.#portOf('metrics', PATIENCE_MILLISECONDS);
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return (await response.text())
      .split('\n')
      .filter((line) => /^[^{ ]*/.exec(line)?.[0] === name && wanted.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals | undefined> {
    if (this.end === undefined) {
      // Not `exit`: the last lines of its log may still be on their way then.
      const ended = once(this.#process, 'close');
      const impatience = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MILLISECONDS);
      this.#process.kill(signal);
      await ended;
      clearTimeout(impatience);
    }
    this.#watchdog.forget(this.pid);
    return this.end;
  }

  /** Waits until it has logged which port one of its servers has. */
  #portOf(server: string, timeoutMilliseconds: number): Promise<number> {
    return this.#until(`the port of its ${server} server`, timeoutMilliseconds, () => this.#ports.get(server));
  }

  async #until<T>(what: string, timeoutMilliseconds: number, look: () => T | undefined): Promise<T> {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.end !== undefined || signal.aborted) throw this.#missed(what);
      await once(this.#heard, 'news', { signal }).catch(() => undefined);
    }
  }

  #missed(what: string): Error {
    const why = this.end === undefined ? 'it did not come in time' : `the process ended (${this.end})`;
    return new Error(`cannot see ${what}: ${why}; its log ends with\n${this.lines.slice(-TAIL_LINES).join('\n')}`);
  }

  #take(line: string): void {
    this.#onLine?.(line);
    this.lines.push(line);
    if (this.lines.length > KEPT_LINES) this.lines.splice(0, KEPT_LINES / 2);
    // Only these two lines are read: to parse all would cost the harness as much as the peer's own log.
    if (line.includes('"listening"') && line.endsWith('}')) {
      const { server, port } = listening.parse(JSON.parse(line));
      this.#ports.set(server, port);
    } else if (line.includes('"msg":"leading"')) {
      this.#isLeading = true;
    }
    this.#heard.emit('news');
  }
}
