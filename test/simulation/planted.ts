/**
 * `node test/simulation/planted.ts [--only PART-OF-A-NAME] [--report FILE.md]` prints for each planted mistake how many seeds,
 * from 0 on, it takes to find it, and which invariant it violates; with a report as a table too.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { findPlantedBug, type Found } from './find-planted-bug.ts';
import { PLANTED_BUGS, type PlantedBug } from './planted-bugs.ts';
import { readSources } from './sources.ts';

/** No mistake of these hides for longer. */
const MOST_SEEDS = 4_000;

Error.stackTraceLimit = 0;

/** The first seed whose violation is one that the mistake is there for: a lie about everything violates others, too. */
async function findMeant(bug: PlantedBug): Promise<Found | undefined> {
  for (let from = 0; from < MOST_SEEDS;) {
    const found = await findPlantedBug(bug, from, MOST_SEEDS - from);
    if (found === undefined || bug.violates.includes(found.violation.invariant)) return found;
    from = found.seed + 1;
  }
  return undefined;
}

async function writeReport(path: string, rows: readonly string[]): Promise<void> {
  const { hash } = readSources();
  const text = [
    '# Evidence: planted mistakes',
    'Mistakes put into the operator on purpose, at least one for each invariant of the ' +
      '[simulation](../../test/simulation/README.md), and how many seeds, from 0 on, it takes until one violates an ' +
      'invariant that it is meant to violate. Written by `node test/simulation/planted.ts --report ' +
      `docs/evidence/planted.md\` (SHA-256 of the files that a run depends on: \`${hash}\`). The test of the simulator ` +
      'plants them all.',
    ['| mistake | invariant | seeds |', '| --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n');
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), parser: 'markdown' }));
}

const { values } = parseArgs({ options: { only: { type: 'string', default: '' }, report: { type: 'string' } } });
const rows: string[] = [];
for (const bug of PLANTED_BUGS.filter(({ name }) => name.includes(values.only))) {
  const found = await findMeant(bug);
  const seeds = found === undefined ? '—' : String(found.seed + 1);
  const invariant = found?.violation.invariant ?? 'nothing';
  process.stdout.write(
    `${found === undefined ? '!' : ' '} ${seeds.padStart(5)}  ${invariant.padEnd(18)}  ${bug.name}\n`,
  );
  rows.push(`| ${bug.name} | \`${invariant}\` | ${seeds} |`);
  if (found === undefined) process.exitCode = 1;
}
if (values.report !== undefined && process.exitCode === undefined) await writeReport(values.report, rows);
