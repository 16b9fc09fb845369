import type { FileTally } from './mutation-result.ts';

/** What a report that was written before says of one file. */
export interface StandingFile {
  readonly tally: FileTally;
  /** Of the source and the tests that it was measured on. */
  readonly hash: string;
  /** Its survivors and their explanations, in Markdown; empty without any. */
  readonly survivors: string;
}

const ROW = /^\| (?<file>\S+\.ts) +\|(?<cells>.*)\| `(?<hash>[0-9a-f]{12})` *\|$/gm;
const SECTION = /^### (?<file>\S+\.ts)\n\n(?<survivors>[^]*?)(?=\n*^### |\n*$(?![^]))/gm;

/** Columns of the table after the share: that of all mutants is their sum. */
function tallyOf(file: string, cells: string): FileTally {
  const [mutants, ...counts] = cells.split('|').slice(1).map(Number);
  const [killed = NaN, timeout = NaN, survived = NaN, noCoverage = NaN, broken = NaN] = counts;
  if (killed + timeout + survived + noCoverage !== mutants || Number.isNaN(broken)) {
    throw new Error(
      `cannot read the row of ${file} in docs/evidence/mutation.md: its figures do not add up; run \`npm run mutate\` for all of it`,
    );
  }
  return { file, killed, timeout, survived, noCoverage, broken };
}

/**
 * Reads docs/evidence/mutation.md: what a run on some files leaves out stands as it was written, as long as neither the
 * file nor its tests have changed.
 *
 * @throws Error when a row of the table is none of `npm run mutate:report`
 */
export function standingIn(report: string): ReadonlyMap<string, StandingFile> {
  const sections = new Map(
    [...report.matchAll(SECTION)].map(({ groups }) => [groups?.['file'] ?? '', groups?.['survivors'] ?? '']),
  );
  return new Map(
    [...report.matchAll(ROW)].map(({ groups }) => {
      const { file = '', cells = '', hash = '' } = groups ?? {};
      return [file, { tally: tallyOf(file, cells), hash, survivors: sections.get(file)?.trimEnd() ?? '' }];
    }),
  );
}
