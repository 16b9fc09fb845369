/**
 * `node test/simulation/sharded.ts [--seeds N] [--from S]` runs seeds in which the replicas of each operator share the
 * policies, and prints what their shards did and each violation; `--seed S [--trace]` runs one.
 */
import { parseArgs } from 'node:util';
import { generateShardedScenario } from './sharded-scenario.ts';
import { simulate } from './simulate.ts';
import { Tally } from './statistics.ts';

Error.stackTraceLimit = 0;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});
const isOne = values.seed !== undefined;
const from = Number(values.seed ?? values.from);
const seeds = isOne ? 1 : Number(values.seeds);
const told = new Tally();
let violations = 0;
for (let seed = from; seed < from + seeds; seed += 1) {
  const scenario = generateShardedScenario(seed);
  if (isOne) {
    process.stdout.write(`${JSON.stringify({ ...scenario, events: undefined })}\n`);
    for (const event of scenario.events) process.stdout.write(`  ${JSON.stringify(event)}\n`);
  }
  const onLine = (line: string): void => void process.stdout.write(`${line}\n`);
  const { violation, branches } = await simulate(scenario, isOne && values.trace ? { onLine } : {});
  for (const [name, count] of branches.entries()) {
    if (/shard|liveness/.test(name)) told.add(name, count);
  }
  if (violation === undefined) continue;
  violations += 1;
  process.stdout.write(`seed ${seed}: ${violation.invariant}: ${violation.message}\n`);
}
for (const [name, count] of told.entries()) process.stdout.write(`${String(count).padStart(8)}  ${name}\n`);
process.stdout.write(`${seeds} seeds, ${violations} violations\n`);
process.exitCode = violations === 0 ? 0 : 1;
