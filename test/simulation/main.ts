/**
 * `npm run simulate -- --seeds N [--from S] [--jobs J] [--out FILE]` runs N seeds and prints what they came to;
 * `npm run simulate -- --seed S [--trace] [--shrink]` runs one, as a readable story, or made as small as it goes.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { generateScenario } from './generate-scenario.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { Summary, type SummaryData } from './summary.ts';

/** Seeds that a worker runs before it tells what they came to. */
const BATCH = 200;

interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** Traces of the many errors that are part of a simulation cost more than everything else. */
Error.stackTraceLimit = 0;

async function runRange({ from, to, step }: Range, onBatch: (data: SummaryData) => void): Promise<void> {
  let summary = new Summary();
  for (let seed = from; seed < to; seed += step) {
    summary.add(await simulate(generateScenario(seed)));
    if (summary.data.seeds >= BATCH) {
      onBatch(summary.data);
      summary = new Summary();
    }
  }
  onBatch(summary.data);
}

function runWorker(range: Range, onBatch: (data: SummaryData) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: range });
    worker.on('message', onBatch);
    worker.once('error', reject);
    worker.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`cannot simulate on: a worker ended with code ${code}`));
    });
  });
}

async function runMany(seeds: number, from: number, jobs: number): Promise<Summary> {
  const summary = new Summary();
  const startedAt = performance.now();
  const onBatch = (data: SummaryData): void => {
    summary.merge(data);
    const { seeds: done, violations } = summary.data;
    const rate = (done / (performance.now() - startedAt)) * 1000;
    process.stderr.write(`\r${done} of ${seeds} seeds, ${rate.toFixed(0)} a second, ${violations.length} violations `);
  };
  await Promise.all(
    Array.from({ length: jobs }, (_, index) =>
      runWorker({ from: from + index, to: from + seeds, step: jobs }, onBatch),
    ),
  );
  process.stderr.write('\n');
  return summary;
}

async function runOne(seed: number, isTraced: boolean, isShrunk: boolean): Promise<boolean> {
  const whole = generateScenario(seed);
  const first = await simulate(whole);
  const small =
    isShrunk && first.violation !== undefined ? await shrink(whole, first.violation) : { scenario: whole, attempts: 0 };
  const { scenario } = small;
  process.stdout.write(`${JSON.stringify({ ...scenario, events: undefined })}\n`);
  for (const event of scenario.events) process.stdout.write(`  ${JSON.stringify(event)}\n`);
  const options = isTraced ? { onLine: (line: string) => void process.stdout.write(`${line}\n`) } : {};
  const { violation } = await simulate(scenario, options);
  process.stdout.write(violation === undefined ? 'no violation\n' : `${violation.invariant}: ${violation.message}\n`);
  return violation === undefined;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '0' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      out: { type: 'string' },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      shrink: { type: 'boolean', default: false },
    },
  });
  if (values.seed !== undefined) return runOne(Number(values.seed), values.trace, values.shrink);
  const summary = await runMany(Number(values.seeds), Number(values.from), Number(values.jobs));
  process.stdout.write(`${summary.text()}\n`);
  if (values.out !== undefined) writeFileSync(values.out, `${summary.text()}\n`);
  return summary.data.violations.length === 0;
}

if (isMainThread) {
  process.exitCode = (await main()) ? 0 : 1;
} else {
  await runRange(workerData as Range, (data) => parentPort?.postMessage(data));
}
