import { stripVTControlCharacters } from 'node:util';
import type { Terminal } from './terminal.ts';

const ENTER = '\u001B[?1049h\u001B[?25l';
const LEAVE = '\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
const CLEAR_LINE_END = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';

/** A terminal's second screen, drawn anew again and again; the first one, and what was on it, comes back at the end. */
export class Screen implements Disposable {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.stdout.write(ENTER);
  }

  /** Draws as many lines as fit; written over what is there, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    const { rows = 24, columns = 80 } = this.#terminal.stdout;
    const room = Math.max(1, rows - 1);
    const cut = lines.length > room ? [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`] : lines;
    const drawn = cut.map((line) => `${fitting(line, columns)}${CLEAR_LINE_END}`);
    this.#terminal.stdout.write(`${HOME}${drawn.join('\r\n')}${CLEAR_BELOW}`);
  }

  [Symbol.dispose](): void {
    this.#terminal.stdout.write(LEAVE);
  }
}

/** A line that is too long would push the others down: it loses its marks and its end. */
function fitting(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= columns ? line : `${plain.slice(0, Math.max(0, columns - 1))}…`;
}
