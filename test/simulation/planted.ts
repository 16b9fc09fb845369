/** `node test/simulation/planted.ts [PART OF A NAME]` prints for each planted mistake the seed, of those from 0 on, that finds it first. */
import { findPlantedBug } from './find-planted-bug.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

/** No mistake of these hides for longer. */
const MOST_SEEDS = 2_000;

Error.stackTraceLimit = 0;

const [wanted = ''] = process.argv.slice(2);
for (const bug of PLANTED_BUGS.filter(({ name }) => name.includes(wanted))) {
  const found = await findPlantedBug(bug, 0, MOST_SEEDS);
  const isMeant = found !== undefined && bug.violates.includes(found.violation.invariant);
  const seed = String(found?.seed ?? '—').padStart(5);
  process.stdout.write(
    `${isMeant ? ' ' : '!'} ${seed}  ${(found?.violation.invariant ?? 'nothing').padEnd(18)}  ${bug.name}\n`,
  );
  if (!isMeant) process.exitCode = 1;
}
