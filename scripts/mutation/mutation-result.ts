import type { schema } from '@stryker-mutator/api/core';

/** One mutant that no test noticed: it survived, or no test reached it. */
export interface Survivor {
  readonly file: string;
  /** 1-based, in the file as it was mutated. */
  readonly line: number;
  /** The first line of the code that was replaced, without its indent. */
  readonly in: string;
  /** The code that was replaced, on one line. */
  readonly code: string;
  /** What it was replaced by, on one line. */
  readonly by: string;
  readonly isCovered: boolean;
}

export interface FileTally {
  readonly file: string;
  readonly killed: number;
  readonly timeout: number;
  readonly survived: number;
  readonly noCoverage: number;
  /** No test could be run with it, say because a test file fails as it is loaded: neither killed nor alive. */
  readonly broken: number;
}

const onOneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** The text between two places of a source; lines and columns count from 1, as in Stryker's report. */
function textAt(source: string, { start, end }: schema.Location): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  return lines
    .map((line, index) => line.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : undefined))
    .join('\n');
}

/** Every mutant of the run that no test noticed, in the order of files and lines. */
export function survivorsIn(result: schema.MutationTestResult): readonly Survivor[] {
  return Object.entries(result.files)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .flatMap(([file, { source, mutants }]) =>
      mutants
        .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
        .map(({ status, location, replacement = '' }) => ({
          file,
          line: location.start.line,
          in: onOneLine(source.split('\n')[location.start.line - 1] ?? ''),
          code: onOneLine(textAt(source, location)),
          by: onOneLine(replacement),
          isCovered: status === 'Survived',
        }))
        .toSorted((a, b) => a.line - b.line),
    );
}

/**
 * The counts by file.
 * @throws Error when a mutant was not tested at all, for a score without it would be a lie
 */
export function talliesOf(result: schema.MutationTestResult): readonly FileTally[] {
  return Object.entries(result.files)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([file, { mutants }]) => {
      const count = (wanted: schema.MutantStatus) => mutants.filter(({ status }) => status === wanted).length;
      const tally = {
        file,
        killed: count('Killed'),
        timeout: count('Timeout'),
        survived: count('Survived'),
        noCoverage: count('NoCoverage'),
        broken: count('RuntimeError') + count('CompileError'),
      };
      const untested = mutants.length - count('Ignored') - mutantsOf(tally) - tally.broken;
      if (untested > 0) {
        throw new Error(
          `cannot tell the score of ${file}: ${untested} mutants were not tested; run \`npm run mutate\` again`,
        );
      }
      return tally;
    });
}

const detectedOf = ({ killed, timeout }: Pick<FileTally, 'killed' | 'timeout'>): number => killed + timeout;

/** Those that count: what could not be run at all says nothing about the tests. */
export const mutantsOf = (tally: FileTally): number => detectedOf(tally) + tally.survived + tally.noCoverage;

/** Share of mutants that a test noticed, in per cent; undefined for a file without a mutant. */
export function scoreOf(tally: FileTally): number | undefined {
  const all = mutantsOf(tally);
  return all === 0 ? undefined : (100 * detectedOf(tally)) / all;
}

/** All files as one. */
export function totalOf(tallies: readonly FileTally[]): FileTally {
  const sum = (pick: (tally: FileTally) => number) => tallies.reduce((total, tally) => total + pick(tally), 0);
  return {
    file: 'all',
    killed: sum((tally) => tally.killed),
    timeout: sum((tally) => tally.timeout),
    survived: sum((tally) => tally.survived),
    noCoverage: sum((tally) => tally.noCoverage),
    broken: sum((tally) => tally.broken),
  };
}
