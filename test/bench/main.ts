import { writeFileSync } from 'node:fs';
import { Bench } from './bench.ts';
import { contestants, type Contestant } from './contestant.ts';
import { parseOptions, usage, type Options } from './options.ts';
import { describeMachine } from './report/machine.ts';
import { growthOf, type Report } from './report/report.ts';
import { printReport } from './report/print-report.ts';
import { onboard, onboarding } from './scenarios/onboarding.ts';
import { scenarios } from './scenarios/scenarios.ts';
import type { Scenario } from './scenario.ts';
import { Session } from './session.ts';

/** All, or those of that name. */
function chosen<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[] | undefined,
): readonly T[] {
  const unknown = names?.find((name) => !all.some((each) => each.name === name));
  if (unknown !== undefined) {
    throw new Error(`cannot run ${unknown}: there is ${all.map(({ name }) => name).join(', ')}`);
  }
  return all.filter(({ name }) => names?.includes(name) ?? true);
}

/** Runs everything, contestants taking turns, from the smallest fleet to the largest. */
async function measure(bench: Bench, policies: number, all: readonly Scenario[]): Promise<void> {
  const wanted = all.filter(({ largest = Infinity }) => policies <= largest);
  const { tell, effort } = bench.props;
  tell(`${policies} policies`);
  await onboard(bench, policies);
  await bench.fleet.grow(policies);
  for (let repetition = 1; repetition <= effort.repetitions; repetition += 1) {
    for (const contestant of bench.props.contestants) await measureInTurn(bench, contestant, policies, wanted);
  }
  for (const scenario of wanted) {
    if (scenario.kind === 'whole') await scenario.run(bench, policies);
  }
}

/** One contestant's turn: the session comes last, since its last scenario leaves the fleet in disorder. */
async function measureInTurn(
  bench: Bench,
  contestant: Contestant,
  policies: number,
  wanted: readonly Scenario[],
): Promise<void> {
  for (const scenario of wanted) {
    if (scenario.kind === 'turn' && bench.alone.includes(contestant)) await scenario.run(bench, policies, contestant);
  }
  const inSession = wanted.filter((scenario) => scenario.kind === 'session');
  if (inSession.length === 0) return;
  await using session = await Session.open(bench, contestant, policies);
  for (const scenario of inSession) await scenario.run(session);
}

/** Contestants that run without being named. */
const usual = contestants.filter(({ isOnRequest }) => !isOnRequest).map(({ name }) => name);

async function run(options: Options): Promise<Report> {
  const started = performance.now();
  const machine = describeMachine();
  const wanted = chosen(scenarios, options.only);
  const tell = (what: string): void => {
    const seconds = ((performance.now() - started) / 1000).toFixed(0).padStart(5);
    process.stderr.write(`${seconds} s  ${what}\n`);
  };
  const { effort, operatorFlags, profiles, roleChanges, workers } = options;
  await using bench = await Bench.start({
    contestants: chosen(contestants, options.contestants ?? usual),
    effort,
    operatorFlags,
    roleChanges,
    workers,
    tell,
    ...(profiles === undefined ? {} : { profiles }),
  });
  const report = (): Report => {
    const figures = bench.measurements.figures();
    return {
      machine,
      command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
      durationSeconds: Math.round((performance.now() - started) / 1000),
      contestants: Object.fromEntries(bench.props.contestants.map(({ name, scope }) => [name, scope])),
      figures,
      growth: growthOf(figures),
      violations: bench.measurements.violations,
    };
  };
  const breakOff = (why: string): void => {
    const place = { scenario: 'all', contestant: 'all', policies: 0 };
    bench.measurements.violate(place, `broken off, so figures are missing: ${why}`);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      breakOff(`it was told to end by ${signal}`);
      publish(report(), options);
      // Whatever was started is watched: it ends with this process.
      process.exit(1);
    });
  }
  try {
    for (const policies of options.policies) await measure(bench, policies, wanted);
  } catch (error) {
    breakOff(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return report();
}

function publish(report: Report, { json }: Options): void {
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
  process.stdout.write(printReport(report, [onboarding, ...scenarios]));
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  if (options === 'list') {
    for (const { name, title } of scenarios) process.stdout.write(`${name.padEnd(14)} ${title}\n`);
    for (const { name, scope } of contestants) process.stdout.write(`${name.padEnd(14)} ${scope}\n`);
    return 0;
  }
  const report = await run(options);
  publish(report, options);
  return report.violations.length === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
