/**
 * `npm run mutate:report`: writes docs/evidence/mutation.md from the last `npm run mutate` and the explanations of its
 * survivors in docs/evidence/mutation-survivors.yaml. Fails when a survivor has no explanation, when an explanation has
 * no survivor, when a file is below 90 %, when the run left files out, or when a
 * file has changed since.
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

function tableOf(tallies: readonly FileTally[]): string {
  return [
    '| file | killed % | mutants | killed | timeout | survived | not covered | broken | sha-256 of source and tests |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |',
    ...tallies.map((tally) => row(tally, `\`${evidenceHash(root, tally.file)}\``)),
    row({ ...totalOf(tallies), file: '**all**' }, ''),
  ].join('\n');
}

function survivorsOf(explained: readonly ExplainedSurvivor[]): string {
  const byFile = Map.groupBy(explained, ({ file }) => file);
  return [...byFile]
    .map(([file, survivors]) => {
      const byReason = Map.groupBy(survivors, ({ why }) => why);
      const reasons = [...byReason].map(([why, mutants]) => {
        const lines = mutants.map((mutant) => `  - line ${mutant.line}: ${code(mutant.code)} → ${code(mutant.by)}`);
        return [`- ${why}`, ...lines].join('\n');
      });
      return [`### ${file}`, reasons.join('\n')].join('\n\n');
    })
    .join('\n\n');
}

function documentOf(
  result: schema.MutationTestResult,
  tallies: readonly FileTally[],
  explained: readonly ExplainedSurvivor[],
) {
  const date = statSync(resultPath).mtime.toISOString().slice(0, 10);
  const total = totalOf(tallies);
  return `<!-- Written by \`npm run mutate:report\`. Do not edit. -->

# Mutation testing of the pure rooms

Stryker changes the code in one place at a time, and a test has to notice: each such change is a mutant, killed or
survived. ${mutantsOf(total)} mutants in ${tallies.length} files, **${percent(total)} %** killed; every file is at ${LOWEST_SCORE} % or
above. Run on ${date} with \`npm run mutate\` (Stryker ${result.framework?.version ?? 'of an unknown version'}), written by \`npm run mutate:report\`.

Only unit tests may kill: the random worlds of safety.property.test.ts and policy-status.property.test.ts and the
simulation are left out.
Not mutated: texts for people (string literals). A timeout counts as killed: the mutant never ended. A broken
mutant keeps a whole test file from being loaded, and does not count.

${tableOf(tallies)}

## Survivors

Each one is explained in [mutation-survivors.yaml](mutation-survivors.yaml); the report is not written while one is not.

${survivorsOf(explained)}
`;
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

const result = readResult();
const tallies = talliesOf(result);
const missing = pureModules(root).filter((file) => result.files[file] === undefined && hasCode(root, file));
const stale = tallies.filter(({ file }) => result.files[file]?.source !== readFileSync(join(root, file), 'utf8'));
const low = tallies.filter((tally) => (scoreOf(tally) ?? 100) < LOWEST_SCORE);
const { explained, unexplained, needless } = joinExplanations(
  survivorsIn(result),
  parseExplanations(readFileSync(explanationsPath, 'utf8')),
);
const problems = [
  ...missing.map((file) => `${file} was not mutated: run \`npm run mutate\` for all of it`),
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
    `cannot write docs/evidence/mutation.md:\n${problems.map((problem) => `- ${problem}\n`).join('')}`,
  );
  process.exit(1);
}
const document = await format(documentOf(result, tallies, explained), { parser: 'markdown', printWidth: 120 });
writeFileSync(reportPath, document);
process.stdout.write(
  `wrote docs/evidence/mutation.md: ${percent(totalOf(tallies))} % of ${mutantsOf(totalOf(tallies))} mutants killed\n`,
);
