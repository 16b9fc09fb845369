import { CommanderError } from 'commander';
import { SystemClock } from '../operator/runtime/clock.ts';
import { KubeError } from '../operator/runtime/kube-errors.ts';
import { EXIT_CODES, type ExitCode } from './exit-codes.ts';
import { PluginError } from './plugin-error.ts';
import { buildProgram } from './program.ts';
import { errorPaint, type Terminal } from './terminal/terminal.ts';

/** Ctrl-C ends what waits in order, so that a request that nobody answered is taken back; a second one ends at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT_CODES.interrupted);
      controller.abort(new PluginError('interrupted', EXIT_CODES.interrupted));
    });
  }
  return controller.signal;
}

/** A reader that has gone, as `| head` does, is no mistake. */
function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT_CODES.done : EXIT_CODES.failed),
  );
}

function exitCodeOf(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    // It has said what it has to say.
    return error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
  }
  if (terminal.interrupted.aborted && error === terminal.interrupted.reason) {
    return EXIT_CODES.interrupted;
  }
  const isExpected = error instanceof PluginError || error instanceof KubeError;
  const message = isExpected
    ? error.message
    : `cannot go on: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  terminal.stderr.write(`${errorPaint(terminal).bad('error:')} ${message}\n`);
  return error instanceof PluginError ? error.exitCode : EXIT_CODES.failed;
}

/** Runs the plugin with the process's own arguments, and ends the process. */
export async function main(args: readonly string[]): Promise<never> {
  const { stdin, stdout, stderr, env } = process;
  endWithReader(stdout);
  endWithReader(stderr);
  const terminal: Terminal = {
    stdin,
    stdout,
    stderr,
    environment: env,
    clock: new SystemClock(),
    interrupted: interruption(),
  };
  let exitCode: ExitCode = EXIT_CODES.done;
  const program = buildProgram({
    terminal,
    run: async (work) => {
      exitCode = await work();
    },
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    exitCode = exitCodeOf(error, terminal);
  }
  await drained(stdout);
  process.exit(exitCode);
}

/** What was written to a pipe is not through when the process ends. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
