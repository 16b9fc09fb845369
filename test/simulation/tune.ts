/**
 * `npm run tune [-- --samples N] [--report FILE.md]` prints what interval, threshold, quorum and witness mean for detection
 * time and false alarms: the real operator in the simulated world. With --report it writes the figures as a document.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { measure, renderTuning, TUNINGS, type TuningFigures } from './tuning.ts';

/** Traces of the many errors that are part of a simulation cost more than everything else. */
Error.stackTraceLimit = 0;

const { values } = parseArgs({ options: { samples: { type: 'string', default: '8' }, report: { type: 'string' } } });
const samples = Number(values.samples);
if (!Number.isInteger(samples) || samples < 1) {
  process.stderr.write(`cannot measure with --samples ${values.samples}: give a whole number above 0\n`);
  process.exit(1);
}

const figures: TuningFigures[] = [];
for (const tuning of TUNINGS) {
  process.stderr.write(`${tuning.name} …\n`);
  figures.push(await measure(tuning, samples));
}
const table = renderTuning(figures);
process.stdout.write(`${table}\n`);

if (values.report !== undefined) {
  const text = `<!-- Written by \`npm run tune -- --samples ${samples} --report ${values.report}\`. -->

# Detection and false alarms

The real operator in the [simulated world](../../test/simulation/README.md), each situation at ${samples} moments spread over the
interval. Without other words: interval 10 s, threshold 3, quorum 2. CloudWatch's samples cover a minute and arrive a
minute late. Times count from the loss to AWS taking up the failover.

${table}

Outages are those of a whole region that end by themselves: the share that was failed over although it would have ended.
"Own link": the operator does not reach the primary's region, and the primary serves. "Both links": replication is cut as well.
Links stay cut for a quarter of an hour.
`;
  writeFileSync(values.report, await format(text, { ...(await resolveConfig(values.report)), parser: 'markdown' }));
  process.stdout.write(`wrote ${values.report}\n`);
}
