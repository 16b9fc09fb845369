/** A cell of a table: its text, and how to mark it once it has been padded. */
export interface Cell {
  readonly text: string;
  readonly mark?: (text: string) => string;
}

export const cell = (text: string, mark?: (text: string) => string): Cell =>
  mark === undefined ? { text } : { text, mark };

const asCell = (entry: Cell | string): Cell => (typeof entry === 'string' ? { text: entry } : entry);
const GAP = '   ';

/** Lines of a table as kubectl prints one: columns as wide as their widest cell, three spaces between them. */
export function table(header: readonly string[], rows: readonly (readonly (Cell | string)[])[]): string[] {
  const all = [header, ...rows].map((row) => row.map(asCell));
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.text.length ?? 0)));
  return all.map((row) =>
    row
      .map(({ text, mark = (same: string) => same }, column) => {
        const padding = column === row.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - text.length);
        return mark(text) + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/**
 * Breaks a text into lines of at most `width` characters at its spaces; a word that is longer has a line of its own.
 *
 * @param width Infinity breaks nothing
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}

/** A text behind a label: the lines after the first are indented as far as the first one's text. */
export function hanging(label: string, text: string, width: number, mark = (same: string) => same): string[] {
  const indent = ' '.repeat(label.length);
  return wrap(text, Math.max(20, width - label.length)).map(
    (line, index) => `${index === 0 ? mark(label) : indent}${line}`,
  );
}

/** Cut to `length` characters, saying so with an ellipsis. */
export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`;
}
