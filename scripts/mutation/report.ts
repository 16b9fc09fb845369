/**
 * `npm run mutate:report`: writes docs/evidence/mutation.md from the last `npm run mutate` and the explanations of its
 * survivors in docs/evidence/mutation-survivors.yaml. What that run left out stands as the report has it, as long as
 * neither the file nor its tests have changed. Fails when a survivor has no explanation, when an explanation has no
 * survivor, when a file is below 90 %, when a file has changed since it was mutated, or was never mutated. With `--partial`
 * what has such a problem is left as it stood, and the report names it as not measured.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { schema } from '@stryker-mutator/api/core';
import { format } from 'prettier';
import { joinExplanations, parseExplanations, type ExplainedSurvivor } from './explanations.ts';
import {
  mutantsOf,
  scoreOf,
  survivorsIn,
  talliesOf,
  totalOf,
  type FileTally,
  type Survivor,
} from './mutation-result.ts';
import { LOWEST_SCORE, pureModules } from './pure-modules.ts';
import { evidenceHash, hasCode } from './standing-evidence.ts';
import { standingIn, type StandingFile } from './standing-report.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const resultPath = join(root, 'reports/mutation/mutation.json');
const explanationsPath = join(root, 'docs/evidence/mutation-survivors.yaml');
const reportPath = join(root, 'docs/evidence/mutation.md');

function readResult(): schema.MutationTestResult {
  try {
    return JSON.parse(readFileSync(resultPath, 'utf8')) as schema.MutationTestResult;
  } catch (cause) {
    throw new Error('cannot read reports/mutation/mutation.json: run `npm run mutate` first', { cause });
  }
}

const percent = (tally: FileTally): string => scoreOf(tally)?.toFixed(1) ?? 'no mutant';
function code(text: string): string {
  const shown = text.length > 160 ? `${text.slice(0, 160)}…` : text;
  return shown.includes('`') ? `\`\` ${shown} \`\`` : `\`${shown}\``;
}

function row(tally: FileTally, hash: string): string {
  const counts = [mutantsOf(tally), tally.killed, tally.timeout, tally.survived, tally.noCoverage, tally.broken];
  return `| ${tally.file} | ${[percent(tally), ...counts, hash].join(' | ')} |`;
}

function tableOf(tallies: readonly FileTally[], standing: ReadonlyMap<string, StandingFile>): string {
  return [
    '| file | killed % | mutants | killed | timeout | survived | not covered | broken | sha-256 of source and tests |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |',
    ...tallies.map((tally) => row(tally, `\`${standing.get(tally.file)?.hash ?? evidenceHash(root, tally.file)}\``)),
    row({ ...totalOf(tallies), file: '**all**' }, ''),
  ].join('\n');
}

function reasonsOf(survivors: readonly ExplainedSurvivor[]): string {
  const byReason = Map.groupBy(survivors, ({ why }) => why);
  return [...byReason]
    .map(([why, mutants]) => {
      const lines = mutants.map((mutant) => `  - line ${mutant.line}: ${code(mutant.code)} → ${code(mutant.by)}`);
      return [`- ${why}`, ...lines].join('\n');
    })
    .join('\n');
}

function survivorsOf(explained: readonly ExplainedSurvivor[], standing: ReadonlyMap<string, StandingFile>): string {
  const measured = [...Map.groupBy(explained, ({ file }) => file)].map(
    ([file, survivors]) => [file, reasonsOf(survivors)] as const,
  );
  const others = [...standing].map(([file, { survivors }]) => [file, survivors] as const);
  return [...measured, ...others]
    .filter(([, reasons]) => reasons !== '')
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([file, reasons]) => `### ${file}\n\n${reasons}`)
    .join('\n\n');
}

function documentOf(
  result: schema.MutationTestResult,
  measured: readonly FileTally[],
  explained: readonly ExplainedSurvivor[],
  standing: ReadonlyMap<string, StandingFile>,
  open: readonly string[],
) {
  const tallies = [...measured, ...[...standing.values()].map(({ tally }) => tally)].toSorted((a, b) =>
    a.file.localeCompare(b.file),
  );
  const date = statSync(resultPath).mtime.toISOString().slice(0, 10);
  const total = totalOf(tallies);
  return `<!-- Written by \`npm run mutate:report\`. Do not edit. -->

# Mutation testing of the pure rooms

Stryker changes the code in one place at a time, and a test has to notice: each such change is a mutant, killed or
survived. ${mutantsOf(total)} mutants in ${tallies.length} files, **${percent(total)} %** killed; every file is at ${LOWEST_SCORE} % or
above. Last run on ${date} with \`npm run mutate\` (Stryker ${result.framework?.version ?? 'of an unknown version'}), written by \`npm run mutate:report\`.
The figures of a file are those of the source and the tests that its hash is of: what has not changed is not measured anew.

Only unit tests may kill: the random worlds of safety.property.test.ts and policy-status.property.test.ts and the
simulation are left out.
Not mutated: texts for people (string literals). A timeout counts as killed: the mutant never ended. A broken
mutant keeps a whole test file from being loaded, and does not count.

${tableOf(tallies, standing)}
${openOf(open)}
## Survivors

Each one is explained in [mutation-survivors.yaml](mutation-survivors.yaml); the report is not written while one is not.

${survivorsOf(explained, standing)}
`;
}

/** What the report does not know, or knows of an earlier state. */
function openOf(files: readonly string[]): string {
  return files.length === 0
    ? ''
    : `\n## Not measured as they are now\n\nNew, or changed since: \`npm run mutate\` measures them.\n\n${files.map((file) => `- ${file}`).join('\n')}\n`;
}

/** As the file of explanations wants it. */
function skeletonOf(survivors: readonly Survivor[]): string {
  const byFile = Map.groupBy(survivors, ({ file }) => file);
  const content = [...byFile].map(([file, mutants]) => [
    file,
    [{ why: '', mutants: mutants.map((mutant) => ({ in: mutant.in, code: mutant.code, by: mutant.by })) }],
  ]);
  return stringify(Object.fromEntries(content), { lineWidth: 0 });
}

const isPartial = process.argv.includes('--partial');
const result = readResult();
const all = talliesOf(result);
const modules = pureModules(root).filter((file) => hasCode(root, file));
const isMeasured = (file: string): boolean => result.files[file] !== undefined;
const before = [...standingIn(readFileSync(reportPath, 'utf8'))].filter(([file]) => modules.includes(file));
const isCurrent = ([file, { hash }]: readonly [string, StandingFile]): boolean => hash === evidenceHash(root, file);
const current = new Set(before.filter((entry) => !isMeasured(entry[0]) && isCurrent(entry)).map(([file]) => file));
const missing = modules.filter((file) => !isMeasured(file) && !current.has(file));
const stale = all.filter(({ file }) => result.files[file]?.source !== readFileSync(join(root, file), 'utf8'));
const low = all.filter((tally) => (scoreOf(tally) ?? 100) < LOWEST_SCORE);
const joined = joinExplanations(
  survivorsIn(result),
  // Those of a file that was not measured now were held against its survivors when it was.
  parseExplanations(readFileSync(explanationsPath, 'utf8')).filter(
    ({ file }) => isMeasured(file) || !modules.includes(file),
  ),
);
const { unexplained, needless } = joined;
const problems = [
  ...missing.map((file) => `${file} was not mutated as it is now: run \`npm run mutate -- --mutate ${file}\``),
  ...stale.map(({ file }) => `${file} has changed since it was mutated: run \`npm run mutate\` again`),
  ...low.map((tally) => `${tally.file}: ${percent(tally)} % killed, below ${LOWEST_SCORE} %: write the missing tests`),
  ...needless.map(
    (mutant) => `${mutant.file}: no survivor any more, remove its explanation: ${mutant.in} → ${mutant.by}`,
  ),
  ...(unexplained.length === 0
    ? []
    : [`${unexplained.length} survivors without an explanation; kill or explain them:\n\n${skeletonOf(unexplained)}`]),
];
if (problems.length > 0) {
  process.stderr.write(
    `cannot ${isPartial ? 'renew all of' : 'write'} docs/evidence/mutation.md:\n${problems.map((problem) => `- ${problem}\n`).join('')}`,
  );
  if (!isPartial) process.exit(1);
}
const troubled = new Set([...missing, ...[...stale, ...low, ...needless, ...unexplained].map(({ file }) => file)]);
const isRenewed = (file: string): boolean => isMeasured(file) && !troubled.has(file);
const standing = new Map(before.filter(([file]) => !isRenewed(file)));
const document = await format(
  documentOf(
    result,
    all.filter(({ file }) => isRenewed(file)),
    joined.explained.filter(({ file }) => isRenewed(file)),
    standing,
    modules.filter((file) => troubled.has(file)),
  ),
  { parser: 'markdown', printWidth: 120 },
);
writeFileSync(reportPath, document);
process.stdout.write('wrote docs/evidence/mutation.md\n');
