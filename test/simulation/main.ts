/**
 * `npm run simulate -- --seeds N [--from S] [--jobs J] [--out FILE]` runs N seeds and prints what they came to;
 * `--report FILE.md [--chunk C] [--progress FILE]` does so in chunks, goes on where it was stopped, adds up with what the
 * same code did before (in `FILE-progress.jsonl`, unless told otherwise), and writes a report with its figures beside it as
 * JSON;
 * `npm run simulate -- --seed S [--trace] [--shrink]` runs one, as a readable story, or made as small as it goes.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { generateScenario } from './generate-scenario.ts';
import { runLong, writeEvidence } from './long-run.ts';
import { ProgressError } from './progress-file.ts';
import { SeedWorkers } from './seed-workers.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { Summary } from './summary.ts';

/** Traces of the many errors that are part of a simulation cost more than everything else. */
Error.stackTraceLimit = 0;

interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly jobs: number;
}

async function runMany({ seeds, from, jobs }: Options): Promise<Summary> {
  const summary = new Summary();
  const startedAt = performance.now();
  const workers = await SeedWorkers.start(jobs);
  try {
    await workers.run({ from, to: from + seeds }, (data) => {
      summary.merge(data);
      const { seeds: done, violations } = summary.data;
      tellProgress(`${done} of ${seeds} seeds`, done / (performance.now() - startedAt), violations.length);
    });
  } finally {
    await workers.close();
  }
  process.stderr.write('\n');
  return summary;
}

function tellProgress(done: string, perMillisecond: number, violations: number): void {
  const rate = (perMillisecond * 1000).toFixed(0);
  process.stderr.write(`\r${done}, ${rate} a second, ${violations} violations `);
}

async function runReported(
  options: Options,
  report: string,
  { progress, chunk }: { readonly progress: string; readonly chunk: number },
): Promise<Summary> {
  const evidence = await runLong({
    ...options,
    chunk,
    progressPath: progress,
    onProgress: (done, own, milliseconds, violations) => {
      tellProgress(`${done} seeds on file`, own / milliseconds, violations);
    },
  });
  process.stderr.write('\n');
  await writeEvidence(report, evidence);
  const summary = new Summary();
  summary.merge(evidence.summary);
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

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(`cannot take --${name} ${text}: give it a whole number, ${least} or more`);
}

function isMistakeOfCaller(error: unknown): error is Error {
  const isFlag = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
  return isFlag || error instanceof RangeError || error instanceof ProgressError;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '0' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      out: { type: 'string' },
      report: { type: 'string' },
      progress: { type: 'string' },
      chunk: { type: 'string', default: '1000' },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      shrink: { type: 'boolean', default: false },
    },
  });
  if (values.seed !== undefined) return runOne(wholeNumber('seed', values.seed, 0), values.trace, values.shrink);
  const options = {
    // With a report, 0 asks for what is on file.
    seeds: wholeNumber('seeds', values.seeds, values.report === undefined ? 1 : 0),
    from: wholeNumber('from', values.from, 0),
    jobs: wholeNumber('jobs', values.jobs, 1),
  };
  const { report } = values;
  const progress = values.progress ?? report?.replace(/\.md$/, '-progress.jsonl') ?? '';
  const summary =
    report === undefined
      ? await runMany(options)
      : await runReported(options, report, { progress, chunk: wholeNumber('chunk', values.chunk, 1) });
  process.stdout.write(`${summary.text()}\n`);
  if (values.out !== undefined) writeFileSync(values.out, `${summary.text()}\n`);
  return summary.data.violations.length === 0;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  // Of a run that failed the cause tells; of a mistake in how it was asked for the message says all.
  if (!isMistakeOfCaller(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
