import type { ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal/terminal.ts';

/** What a command is given to be built with. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Runs a command's work and keeps what the process is to end with. */
  readonly run: (work: () => Promise<ExitCode>) => Promise<void>;
}
