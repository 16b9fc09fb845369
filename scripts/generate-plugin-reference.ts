/**
 * Writes docs/reference/kubectl-plugin.md from the plugin's command definitions; with `--check` fails if it differs.
 */
import type { Command, Option } from 'commander';
import { SystemClock } from '../operator/runtime/clock.ts';
import { EXIT_CODE_MEANINGS, EXIT_CODES } from '../plugin/exit-codes.ts';
import { PROGRAM_NAME, visibleProgram } from '../plugin/program.ts';
import { writeGeneratedDocument } from './generated-document.ts';

const program = visibleProgram({
  terminal: {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: {},
    clock: new SystemClock(),
    interrupted: new AbortController().signal,
  },
  run: () => Promise.resolve(),
});

/** Keeps Markdown from reading mark-up into plain text. */
const escape = (text: string): string => text.replaceAll(/([*_<>|[\]])/g, '\\$1');

function usageOf(command: Command): string {
  const words = command.registeredArguments.map((argument) => {
    const name = argument.name().toUpperCase();
    return argument.required ? name : `[${name}]`;
  });
  return [PROGRAM_NAME, command.name(), ...words].join(' ');
}

function rowOf({ flags, description, argChoices, defaultValue, negate }: Option): string {
  const notes = [
    argChoices === undefined ? '' : `one of ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`,
    defaultValue === undefined || negate ? '' : `default \`${shown(defaultValue)}\``,
  ].filter((note) => note !== '');
  return `| \`${flags}\` | ${[escape(description), ...notes].join('; ')} |`;
}

/** Durations are kept in milliseconds. */
const shown = (value: unknown): string => (typeof value === 'number' ? `${value / 1000}s` : String(value));

function describe(command: Command): string {
  const described = command.registeredArguments.filter(({ description }) => description !== '');
  const values = described.map(
    (argument) => `| \`${argument.name().toUpperCase()}\` | ${escape(argument.description)} |`,
  );
  const rows = [...values, ...command.options.map(rowOf)];
  const summary = command.summary();
  const table = rows.length === 0 ? [] : ['| | |', '| --- | --- |', ...rows];
  return [
    `## ${command.name()}`,
    '',
    `\`${usageOf(command)}\`: ${escape(summary)}.`,
    '',
    escape(command.description()),
    '',
    ...table,
    '',
  ].join('\n');
}

const exitCodes = Object.entries(EXIT_CODES).map(
  ([name, code]) => `| ${code} | ${EXIT_CODE_MEANINGS[name as keyof typeof EXIT_CODES]} |`,
);

const text = `<!-- Generated from the command definitions in plugin/: change them and run \`npm run generate\`. -->

# ${PROGRAM_NAME}

The same is printed by \`${PROGRAM_NAME} help COMMAND\`. How to install it and what it is for:
[use the kubectl plugin](../how-to/use-the-kubectl-plugin.md).

| exit code | meaning |
| --- | --- |
${exitCodes.join('\n')}

Results go to the standard output; questions, warnings and errors to the standard error. Colours only on a terminal, and not
with \`NO_COLOR\`. All times are UTC.

${program.commands.map(describe).join('\n')}`;

await writeGeneratedDocument('docs/reference/kubectl-plugin.md', text, 'what the command definitions in plugin/ say');
