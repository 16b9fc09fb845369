import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/**
 * Ends when its standard input does, which the kernel closes however its owner dies, also by SIGKILL: then it kills the
 * processes that it was told of and removes the directory. A "done" makes it leave everything alone.
 */
const SCRIPT = `
pids=' '
while read -r verb pid; do
  case $verb in
    watch) pids="$pids$pid " ;;
    forget) pids=$(printf %s "$pids" | sed "s/ $pid / /") ;;
    done) exit 0 ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
for pid in $pids; do
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
done
[ -n "$1" ] && rm -rf -- "$1"
`;

/** Cleans up after an owner that died without stopping what it started. */
export class Watchdog {
  readonly #shell: ChildProcessByStdio<Writable, null, null>;

  /** @param directory removed with the processes; undefined keeps every file. */
  constructor(directory: string | undefined) {
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'watchdog', directory ?? ''], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // A session of its own, so that a signal to the owner's group leaves it to do its work.
      detached: true,
    });
    this.#shell.unref();
    // A watchdog that somebody killed must not take its owner along.
    this.#shell.on('error', () => undefined);
    this.#shell.stdin.on('error', () => undefined);
    // The pipe must not keep the owner alive either: Node makes it a socket, which its types do not tell.
    if (this.#shell.stdin instanceof Socket) this.#shell.stdin.unref();
  }

  watch(pid: number): void {
    this.#shell.stdin.write(`watch ${pid}\n`);
  }

  /** To be called once the process has ended: its id may go to a stranger. */
  forget(pid: number): void {
    this.#shell.stdin.write(`forget ${pid}\n`);
  }

  /** Ends the watchdog itself; nothing is killed or removed. */
  async dismiss(): Promise<void> {
    if (this.#shell.exitCode !== null || this.#shell.signalCode !== null) return;
    this.#shell.ref();
    const ended = once(this.#shell, 'exit');
    this.#shell.stdin.end('done\n');
    await ended;
  }
}
