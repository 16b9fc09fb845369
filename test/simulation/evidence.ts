import { LOSS_SHARES, type SummaryData } from './summary.ts';
import { quantile, type LossData } from './loss-figures.ts';
import type { SeedRange } from './seed-worker.ts';
import type { Sources } from './sources.ts';
import { INVARIANTS, type Invariant } from './violation.ts';

/** Where a run took place. */
export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
}

/** What a run of many seeds came to, and all that it takes to repeat it. */
export interface Evidence {
  readonly sources: Sources;
  readonly machine: Machine;
  /** The seeds that were run, ascending. */
  readonly slices: readonly SeedRange[];
  /** What the run was held against: code that came later may know more. */
  readonly invariants: readonly Invariant[];
  readonly jobs: number;
  readonly finishedAt: string;
  readonly elapsedMilliseconds: number;
  readonly summary: SummaryData;
}

type Row = readonly (string | number)[];

/** The report of a run, as Markdown: nothing but the figures of the evidence and what they mean. */
export function renderEvidence(evidence: Evidence): string {
  const { summary } = evidence;
  return [
    '# Evidence: the simulation',
    'The real operator against a simulated world, seed by seed: [how it works](../../test/simulation/README.md). Written by' +
      ' `npm run simulate -- --report`, from the figures beside it (`simulation.json`).',
    table(['', ''], runRows(evidence)),
    '## Violations',
    table(['invariant', 'meaning', 'violations'], invariantRows(evidence)),
    ...violationLines(summary),
    '## Data lost by automatic failovers',
    'What was lost in truth, against what status said when the decision was made. Milliseconds, rounded to three digits.',
    'Primaries that were lost with their region:',
    table(LOSS_HEAD, lossRows(summary.lost)),
    'Primaries that lived on where no vantage could see them, or came back as AWS was called. What such a primary wrote ' +
      'after the decision is no part of what could be said before:',
    table(LOSS_HEAD, lossRows(summary.unseen)),
    '## Faults injected',
    table(['fault', 'times'], countRows(summary.faults)),
    '## Several operators, several policies',
    'What observers disagreed about, and what came of it.',
    table(['', 'times'], countRows(summary.disagreements)),
    '## Branches reached',
    'Conditions and reasons, steps, answers and ends, each time that it came about.',
    table(['branch', 'times'], countRows(summary.branches)),
  ].join('\n\n');
}

function runRows({ sources, machine, slices, jobs, finishedAt, elapsedMilliseconds, summary }: Evidence): Row[] {
  const { seeds, incidents, steps, simulatedMilliseconds } = summary;
  const code = `commit \`${sources.commit}\`${sources.isCommitted ? '' : ', with changes that are not in it'}`;
  return [
    ['seeds', `${grouped(seeds)} (${describeSlices(slices)})`],
    ['incidents (seeds whose primary was harmed or seemed so)', grouped(incidents)],
    ['faults injected', grouped(Object.values(summary.faults).reduce((sum, count) => sum + count, 0))],
    ['violations', grouped(summary.violations.length)],
    ['steps', grouped(steps)],
    ['simulated time', `${grouped(Math.round(simulatedMilliseconds / 3_600_000))} hours`],
    ['real time', `${(elapsedMilliseconds / 60_000).toFixed(1)} minutes`],
    ['seeds a second', `${((seeds / elapsedMilliseconds) * 1000).toFixed(1)}, by ${jobs} workers`],
    ['code', `${code}; SHA-256 of the ${sources.files} files that a run depends on: \`${sources.hash}\``],
    ['finished', finishedAt.slice(0, 10)],
    [
      'machine',
      `${machine.processors} × ${machine.processor}, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB, ` +
        `${machine.platform}, Node.js ${machine.node}`,
    ],
    ['repeat with', slices.map(commandFor).join('; ')],
  ];
}

/** Which seeds these are, such as `0 to 999`. */
export function describeSlices(slices: readonly SeedRange[]): string {
  return slices.map(({ from, to }) => `${grouped(from)} to ${grouped(to - 1)}`).join('; ');
}

function commandFor({ from, to }: SeedRange): string {
  return `\`npm run simulate -- --seeds ${to - from} --from ${from} --report docs/evidence/simulation.md\``;
}

function invariantRows({ invariants, summary: { violations } }: Evidence): Row[] {
  return invariants.map((name) => {
    return [`\`${name}\``, INVARIANTS[name], violations.filter(({ invariant }) => invariant === name).length];
  });
}

function violationLines({ violations }: SummaryData): string[] {
  if (violations.length === 0) return [];
  return [violations.map(({ seed, invariant, message }) => `- seed ${seed}: ${invariant}: ${message}`).join('\n')];
}

const LOSS_HEAD = ['', 'median', '90 %', '99 %', 'most', 'below the true loss'];

function lossRows(losses: LossData): Row[] {
  const at = (name: 'trueLoss' | 'estimate' | 'worstCase'): Row =>
    LOSS_SHARES.map((share) => grouped(quantile(losses[name], share)));
  const times = (count: number): string => `${grouped(count)} of ${grouped(losses.count)}`;
  return [
    ['true loss', ...at('trueLoss'), ''],
    ['estimate', ...at('estimate'), times(losses.aboveEstimate)],
    ['worst case', ...at('worstCase'), times(losses.aboveWorstCase)],
  ];
}

const countRows = (counts: Readonly<Record<string, number>>): Row[] =>
  Object.entries(counts).map(([name, count]) => [name, grouped(count)]);

function table(head: readonly string[], rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const grouped = (value: number): string => value.toLocaleString('en-US');
