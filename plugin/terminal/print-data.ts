import { stringify } from 'yaml';
import type { OutputFormat } from '../command-flags.ts';
import type { Terminal } from './terminal.ts';

/** Prints a result for programs. */
export function printData(terminal: Terminal, format: OutputFormat, data: unknown): void {
  terminal.stdout.write(format === 'json' ? `${JSON.stringify(data, null, 2)}\n` : stringify(data));
}

/** Prints one of many results, of a watch: a line of JSON each, or a YAML document. */
export function printOneOfMany(terminal: Terminal, format: OutputFormat, data: unknown): void {
  terminal.stdout.write(format === 'json' ? `${JSON.stringify(data)}\n` : `---\n${stringify(data)}`);
}
