import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { ManualClock } from '../../operator/runtime/manual-clock.ts';
import { PluginError } from '../plugin-error.ts';
import { byName, byYes, confirm, type Question } from './confirm.ts';
import type { Terminal } from './terminal.ts';

interface Keyboard {
  readonly terminal: Terminal;
  readonly stdin: PassThrough;
  readonly interrupt: () => void;
  readonly shown: () => string;
}

function aKeyboard(isTTY = true): Keyboard {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stderr = new PassThrough();
  const controller = new AbortController();
  const terminal = {
    stdin,
    stdout: new PassThrough(),
    stderr,
    environment: {},
    clock: new ManualClock(),
    interrupted: controller.signal,
  };
  return {
    terminal,
    stdin,
    interrupt: () => controller.abort(new PluginError('interrupted', 130)),
    shown: () => String(stderr.read() ?? ''),
  };
}

describe('confirm', () => {
  it.each<[Question, string, boolean]>([
    [byName('orders'), 'orders', true],
    [byName('orders'), ' orders ', true],
    [byName('orders'), 'order', false],
    [byName('orders'), 'yes', false],
    [byName('orders'), '', false],
    [byYes, 'y', true],
    [byYes, 'YES', true],
    [byYes, '', false],
    [byYes, 'no', false],
  ])('given %j and the answer %j, goes on: %s', async (question, answer, isAffirmed) => {
    const { terminal, stdin, shown } = aKeyboard();
    const confirmed = confirm(terminal, question);
    stdin.write(`${answer}\n`);
    if (isAffirmed) {
      await confirmed;
    } else {
      await expect(confirmed).rejects.toMatchObject({ exitCode: 6 });
    }
    expect(shown()).toContain(question.prompt);
  });

  it('given no terminal, asks nobody and does nothing', async () => {
    const { terminal, stdin } = aKeyboard(false);
    stdin.write('orders\n');
    await expect(confirm(terminal, byName('orders'))).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringContaining('--yes'),
    });
  });

  it('given the end of the input, takes it for no', async () => {
    const { terminal, stdin } = aKeyboard();
    const confirmed = confirm(terminal, byName('orders'));
    stdin.end();
    await expect(confirmed).rejects.toMatchObject({ exitCode: 6 });
  });

  it('given a signal to end, ends as interrupted', async () => {
    const { terminal, interrupt } = aKeyboard();
    const confirmed = confirm(terminal, byName('orders'));
    interrupt();
    await expect(confirmed).rejects.toMatchObject({ exitCode: 130 });
  });
});
