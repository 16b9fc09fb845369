import { RuntimeError } from './runtime-error.ts';

/** Thrown by a reconciler when trying again is pointless until the object changes. */
export class TerminalError extends RuntimeError {
  override name = 'TerminalError';
}
