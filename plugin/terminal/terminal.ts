import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../operator/runtime/clock.ts';
import type { Paint } from '../views/paint.ts';
import { paintFor } from './paint-for.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

interface MaybeTty {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** The user's end of a command: what it reads from and writes to, its time, and Ctrl-C. */
export interface Terminal {
  readonly stdin: Readable & Pick<MaybeTty, 'isTTY'>;
  readonly stdout: Writable & MaybeTty;
  readonly stderr: Writable & MaybeTty;
  readonly environment: Environment;
  readonly clock: Clock;
  /** Aborts on Ctrl-C (SIGINT) and SIGTERM. */
  readonly interrupted: AbortSignal;
}

export function print(terminal: Terminal, lines: readonly string[]): void {
  terminal.stdout.write(`${lines.join('\n')}\n`);
}

/** A remark beside the result: progress, warnings, hints. */
export function remark(terminal: Terminal, line: string): void {
  terminal.stderr.write(`${line}\n`);
}

export function outPaint(terminal: Terminal): Paint {
  return paintFor(terminal.stdout, terminal.environment);
}

export function errorPaint(terminal: Terminal): Paint {
  return paintFor(terminal.stderr, terminal.environment);
}

/** Where to break lines: at the edge of a terminal, and nowhere in a file or a pipe. */
export function widthOf(stream: MaybeTty): number {
  return stream.isTTY === true ? Math.max(60, stream.columns ?? 100) : Infinity;
}
