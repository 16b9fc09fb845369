import { EXIT_CODES, type ExitCode } from './exit-codes.ts';

/** Why a command could not do what it was asked for; the message is for the user, the exit code for scripts. */
export class PluginError extends Error {
  override name = 'PluginError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT_CODES.failed, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
