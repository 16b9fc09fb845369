import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureKubectl } from '../control-plane/ensure-binaries.ts';
import { ensurePrograms } from './ensure-programs.ts';
import { INCIDENTS, playIncident, type Incident, type IncidentResult } from './incidents.ts';
import { randomIncident } from './random-incident.ts';
import { chartOf, formatReport, hasPassed, type DatabaseReport } from './report.ts';
import { DatabaseStage } from './scene.ts';

const USAGE = `Plays incidents on two real databases behind the local AWS, under load, and judges them by the data.

usage: npm run test:database [-- FLAGS]

  --only NAMES    incidents by name, with commas; random ones as random-SEED
  --random N      how many random incidents follow those by name (50)
  --seed S        the first random seed (1)
  --results FILE  keep results there, and do not play again what it has: an interrupted run goes on
  --minutes N     begin no incident after so long
  --report        write docs/evidence/database.md, .json and .svg, with --only too
  --help          print this text

Names: ${INCIDENTS.map(({ name }) => name).join(', ')}.
Exit codes: 0 every expectation held; 1 one did not, or an incident could not be played.
`;

const root = fileURLToPath(new URL('../..', import.meta.url));
const REPORT = 'docs/evidence/database';

interface Options {
  readonly only: string | undefined;
  readonly random: number;
  readonly seed: number;
  readonly isReporting: boolean;
  readonly results: string | undefined;
  readonly minutes: number;
}

function chosen({ only, random, seed }: Options): readonly (Incident & { readonly seed?: number })[] {
  const seeded = (number: number): Incident & { readonly seed: number } => ({
    ...randomIncident(number),
    seed: number,
  });
  if (only === undefined) return [...INCIDENTS, ...Array.from({ length: random }, (_, index) => seeded(seed + index))];
  return only.split(',').map((name) => {
    const number = /^random-(\d+)$/.exec(name)?.[1];
    const found = number === undefined ? INCIDENTS.find((incident) => incident.name === name) : seeded(Number(number));
    if (found === undefined) throw new Error(`cannot play ${name}: there is no such incident\n\n${USAGE}`);
    return found;
  });
}

/** An incident that cannot be played to its end has not held: it is told as such, with what is known. */
async function play(stage: DatabaseStage, incident: Incident & { readonly seed?: number }): Promise<IncidentResult> {
  const scene = await stage.scene(incident.options);
  try {
    return await playIncident(scene, incident, incident.seed);
  } catch (error) {
    process.stderr.write(`${scene.report()}\n`);
    const found = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const now = Date.now();
    return {
      ...{ name: incident.name, title: incident.title },
      ...(incident.seed === undefined ? {} : { seed: incident.seed }),
      findings: [{ what: 'it is played to its end', hasHeld: false, found }],
      data: { acknowledged: 0, lost: [], splitBrain: [], lossMilliseconds: 0, brokenInvariants: [], rescued: 0 },
      outage: { unavailable: 0 },
      paymentsPerSecond: 0,
      ...{ timeline: [], incidentAt: now, startedAt: now, throughput: [] },
    };
  } finally {
    await scene[Symbol.asyncDispose]();
  }
}

function knownResults(file: string | undefined): readonly IncidentResult[] {
  return file === undefined || !existsSync(file) ? [] : (JSON.parse(readFileSync(file, 'utf8')) as IncidentResult[]);
}

function tell(result: IncidentResult): void {
  const { name, data, outage, estimate, findings } = result;
  const loss = `${data.lost.length} lost (${Math.round(data.lossMilliseconds)} ms)`;
  const said =
    estimate === undefined
      ? ''
      : `, estimated ${Math.round(estimate.lastKnown)} to ${Math.round(estimate.worstCase)} ms`;
  process.stdout.write(
    `${hasPassed(result) ? 'ok  ' : 'FAIL'} ${name}: ${data.acknowledged} payments, ${loss}${said}, ` +
      `${data.splitBrain.length} on both sides, ${data.brokenInvariants.length} broken, ${outage.unavailable} ms without\n`,
  );
  for (const { what, found } of findings.filter(({ hasHeld }) => !hasHeld))
    process.stdout.write(`     ${what}: ${found}\n`);
  if (!hasPassed(result)) {
    for (const { at, what } of result.timeline) {
      process.stdout.write(`     ${((at - result.incidentAt) / 1000).toFixed(3).padStart(8)} s  ${what}\n`);
    }
  }
}

function write(report: DatabaseReport): void {
  const shown = report.results.find(({ name }) => name === 'region-loss') ?? report.results[0];
  const path = (extension: string): string => join(root, `${REPORT}.${extension}`);
  if (shown !== undefined) writeFileSync(path('svg'), chartOf(shown));
  const figures = report.results.map((result) => {
    const { data, timeline: _timeline, throughput: _throughput, ...others } = result;
    return { ...others, data: { ...data, lost: data.lost.length, splitBrain: data.splitBrain.length } };
  });
  writeFileSync(path('json'), `${JSON.stringify({ ...report, results: figures }, undefined, 1)}\n`);
  writeFileSync(path('md'), formatReport(report, 'database.svg'));
  const prettier = [join(root, 'node_modules/prettier/bin/prettier.cjs'), '--write', path('json'), path('md')];
  spawnSync(process.execPath, prettier, { cwd: root, stdio: 'ignore' });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      random: { type: 'string', default: '50' },
      seed: { type: 'string', default: '1' },
      report: { type: 'boolean', default: false },
      results: { type: 'string' },
      minutes: { type: 'string', default: 'Infinity' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const options: Options = {
    only: values.only,
    random: Number(values.random),
    seed: Number(values.seed),
    // The whole run is the evidence.
    isReporting: values.report || values.only === undefined,
    results: values.results,
    minutes: Number(values.minutes),
  };
  const incidents = chosen(options);
  const programs = await ensurePrograms();
  const known = knownResults(options.results);
  const left = incidents.filter(({ name }) => !known.some((result) => result.name === name));
  const results = [...known];
  if (left.length > 0) {
    await ensureKubectl();
    await using stage = await DatabaseStage.start();
    const end = performance.now() + options.minutes * 60_000;
    for (const incident of left) {
      if (performance.now() > end) break;
      const result = await play(stage, incident);
      tell(result);
      results.push(result);
      if (options.results !== undefined) writeFileSync(options.results, JSON.stringify(results));
    }
  }
  if (options.isReporting) {
    const version = spawnSync(programs.mariadbd, ['--version'], { encoding: 'utf8' }).stdout.trim();
    write({
      command: 'npm run test:database',
      finished: new Date().toISOString().slice(0, 10),
      machine: `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
      versions: `${version.replace(/^\S+\s+/, 'MariaDB ')}; Node.js ${process.version}`,
      results,
    });
  }
  const failed = results.filter((result) => !hasPassed(result));
  const missing = incidents.filter(({ name }) => !results.some((result) => result.name === name));
  if (missing.length > 0) process.stdout.write(`not played: ${missing.map(({ name }) => name).join(', ')}\n`);
  process.stdout.write(
    `${results.length - failed.length} of ${results.length} incidents held what is expected of them\n`,
  );
  return failed.length + missing.length === 0 ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
