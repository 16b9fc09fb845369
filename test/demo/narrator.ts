import { styleText } from 'node:util';
import type { Check } from './checks.ts';

type Style = Parameters<typeof styleText>[0];

/** Where a person follows the demo: standard output, or standard error when the former is for machines. */
export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const LABEL_WIDTH = 16;
const PROGRESS_MILLISECONDS = 5_000;
const TICK_MILLISECONDS = 200;

/** Writes what happens for a person: plain text, colours and a moving line only on a terminal. */
export class Narrator {
  readonly #screen: Screen;
  readonly #isTerminal: boolean;
  readonly #isColoured: boolean;

  constructor(screen: Screen, environment: NodeJS.ProcessEnv = process.env) {
    this.#screen = screen;
    this.#isTerminal = screen.isTTY === true;
    this.#isColoured = this.#isTerminal && (environment['NO_COLOR'] ?? '') === '';
  }

  heading(text: string): void {
    this.line(`\n${this.paint('bold', text)}`);
  }

  /** A fact about a part of the demo. */
  fact(label: string, text: string): void {
    this.line(`  ${label.padEnd(LABEL_WIDTH)} ${text}`);
  }

  /** A command that a user would type. */
  command(text: string): void {
    this.line(`  ${this.paint('cyan', `$ ${text}`)}`);
  }

  check({ title, expected, actual, hasPassed }: Check): void {
    if (hasPassed) {
      this.line(`  ${this.paint('green', 'ok')}    ${title}: ${actual}`);
      return;
    }
    this.line(`  ${this.paint('red', 'FAIL')}  ${title}`);
    this.line(`          expected  ${expected}`);
    this.line(`          found     ${actual}`);
  }

  line(text: string): void {
    this.#screen.write(`${text}\n`);
  }

  paint(style: Style, text: string): string {
    return this.#isColoured ? styleText(style, text, { validateStream: false }) : text;
  }

  /** Says that something goes on: a moving line on a terminal, otherwise a line now and then. */
  async during<T>(what: string, work: Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const seconds = (): string => ((performance.now() - startedAt) / 1000).toFixed(0);
    const timer = this.#isTerminal
      ? setInterval(() => this.#screen.write(`\r  … ${what} ${seconds()} s`), TICK_MILLISECONDS)
      : setInterval(() => this.line(`  … ${what} ${seconds()} s`), PROGRESS_MILLISECONDS);
    try {
      return await work;
    } finally {
      clearInterval(timer);
      if (this.#isTerminal) {
        // Erases the moving line (ECMA-48, EL).
        this.#screen.write('\r\u001B[2K');
      }
    }
  }
}
