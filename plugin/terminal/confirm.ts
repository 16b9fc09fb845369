import { createInterface } from 'node:readline/promises';
import { EXIT_CODES } from '../exit-codes.ts';
import { PluginError } from '../plugin-error.ts';
import type { Terminal } from './terminal.ts';

/** What is asked before something dangerous is done. */
export interface Question {
  /** Ends in a colon: `Type the name of the policy to go on:`. */
  readonly prompt: string;
  readonly isAffirmed: (answer: string) => boolean;
}

export const byName = (name: string): Question => ({
  prompt: `Type the name of the policy (${name}) to go on:`,
  isAffirmed: (answer) => answer === name,
});

export const byYes: Question = { prompt: 'Go on? [y/N]:', isAffirmed: (answer) => /^y(es)?$/i.test(answer) };

/**
 * Asks on the terminal.
 *
 * @throws PluginError unless the answer affirms, and where nobody can be asked
 */
export async function confirm(terminal: Terminal, question: Question): Promise<void> {
  const { stdin, stderr, interrupted } = terminal;
  if (stdin.isTTY !== true) {
    throw new PluginError(
      'cannot ask for confirmation: the standard input is no terminal; add --yes if you are sure',
      EXIT_CODES.unconfirmed,
    );
  }
  const answer = await ask(terminal, `${question.prompt} `).catch((error: unknown) => {
    stderr.write('\n');
    interrupted.throwIfAborted();
    throw new PluginError('not confirmed: nothing was asked for', EXIT_CODES.unconfirmed, { cause: error });
  });
  if (!question.isAffirmed(answer.trim())) {
    throw new PluginError('not confirmed: nothing was asked for', EXIT_CODES.unconfirmed);
  }
}

/** Rejects on Ctrl-C and at the end of the input. */
async function ask({ stdin, stderr, interrupted }: Terminal, prompt: string): Promise<string> {
  const reader = createInterface({ input: stdin, output: stderr });
  const ended = new AbortController();
  // On a terminal Ctrl-C is a key, which the reader gets instead of the process a signal.
  reader.once('SIGINT', () => ended.abort());
  reader.once('close', () => ended.abort());
  try {
    return await reader.question(prompt, { signal: AbortSignal.any([interrupted, ended.signal]) });
  } finally {
    reader.close();
  }
}
