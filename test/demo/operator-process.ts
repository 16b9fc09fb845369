import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Watchdog } from '../control-plane/watchdog.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const KEPT_LINES = 2_000;
const TAIL_LINES = 15;
/** Longer than the operator's own patience with its parts, see operator/main.ts. */
const STOP_MILLISECONDS = 30_000;

/** The operator's log line about an automatic decision: the round and the signals that it rests on. */
const decisionLine = z.object({
  action: z.literal('failover'),
  time: z.string(),
  target: z.string(),
  quorumRounds: z.number(),
  round: z.object({ startedAt: z.string(), completedAt: z.string() }),
  signals: z.record(z.string(), z.string()),
});

export type Decision = z.infer<typeof decisionLine>;

export interface OperatorProps {
  /** The operator's flags. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly watchdog: Watchdog;
}

/** The operator as a real child process. */
export class OperatorProcess {
  readonly #process: ChildProcess;
  readonly #watchdog: Watchdog;
  readonly #lines: string[] = [];
  readonly #ended = new AbortController();
  /** Every automatic decision, oldest first. */
  readonly decisions: Decision[] = [];

  constructor({ flags, environment, watchdog }: OperatorProps) {
    this.#watchdog = watchdog;
    const { AURORA_DR_AWS_ENDPOINTS: _told, ...inherited } = process.env;
    this.#process = spawn(process.execPath, ['operator/main.ts', ...flags], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...inherited, ...environment },
      // A session of its own: a Ctrl-C reaches the demo, which stops what it started in order.
      detached: true,
    });
    if (this.#process.pid !== undefined) {
      watchdog.watch(this.#process.pid);
    }
    this.#process.once('exit', () => this.#ended.abort());
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream !== null) {
        createInterface({ input: stream }).on('line', (line) => this.#take(line));
      }
    }
  }

  /** How it ended; undefined while it runs. */
  get end(): number | NodeJS.Signals | undefined {
    return this.#process.exitCode ?? this.#process.signalCode ?? undefined;
  }

  /** Aborts when it ends. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The end of its log. */
  get tail(): readonly string[] {
    return this.#lines.slice(-TAIL_LINES);
  }

  /** Asks it to end (SIGTERM); kills it after half a minute. Gives how it ended. */
  async stop(): Promise<number | NodeJS.Signals | undefined> {
    if (this.end === undefined && this.#process.pid !== undefined) {
      const ended = once(this.#process, 'exit');
      const impatience = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MILLISECONDS);
      this.#process.kill('SIGTERM');
      await ended;
      clearTimeout(impatience);
    }
    if (this.#process.pid !== undefined) {
      this.#watchdog.forget(this.#process.pid);
    }
    return this.end;
  }

  #take(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) {
      this.#lines.splice(0, KEPT_LINES / 2);
    }
    // Lines without a decision are for people; a killed process may leave half of one.
    const decision = line.startsWith('{') && line.endsWith('}') ? decisionLine.safeParse(JSON.parse(line)) : undefined;
    if (decision?.success === true) {
      this.decisions.push(decision.data);
    }
  }
}
