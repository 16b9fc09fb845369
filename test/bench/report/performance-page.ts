import type { Figure, Report } from './report.ts';
import { asMarkdown, cellOf, growthRows, type Rows } from './tables.ts';

/** The reports that `docs/performance.md` quotes, by file name without its ending. */
export type Reports = ReadonlyMap<string, Report>;

/** Scenarios with a table of their own on the page, in its order. */
const quoted = ['onboarding', 'reaction', 'mass', 'steady', 'start', 'takeover', 'floor', 'lambdas', 'soak'] as const;

/** What stands in the blocks of the page, by name: every figure that it has. */
export function performanceBlocks(reports: Reports): ReadonlyMap<string, string> {
  const all = [...reports.values()];
  const figures = all.flatMap((report) => report.figures);
  const tables = quoted.map((scenario) => {
    const own = figures.filter((figure) => figure.scenario === scenario);
    return [`${scenario} figures`, own.length === 0 ? 'Not measured.' : asMarkdown(comparisonRows(own))] as const;
  });
  const growth = all.flatMap((report) => report.growth);
  return new Map([
    ['runs', asMarkdown(runRows(reports))],
    ['contestants', asMarkdown(contestantRows(all))],
    ...tables,
    ['growth figures', growth.length === 0 ? 'Not measured.' : asMarkdown(growthRows(growth, true))],
  ]);
}

/** One row for each thing measured with so many policies, one column for each contestant. */
export function comparisonRows(figures: readonly Figure[]): Rows {
  const contestants = [...new Set(figures.map(({ contestant }) => contestant))];
  const groups = Map.groupBy(figures, ({ measure, policies }) => JSON.stringify([measure, policies]));
  const rows = [...groups.values()].map((group) => {
    const [first] = group;
    const cells = contestants.map((name) => {
      const figure = group.find(({ contestant }) => contestant === name);
      return figure === undefined ? '' : cellOf(figure);
    });
    return [first?.measure ?? '', first?.policies.toLocaleString('en-US') ?? '', ...cells];
  });
  return [['measure', 'policies', ...contestants], ...rows];
}

function runRows(reports: Reports): Rows {
  return [
    ['report', 'command', 'took', 'machine', 'date', 'commit', 'what did not hold'],
    ...[...reports].map(([name, { command, durationSeconds, machine, violations }]) => [
      `[${name}](evidence/performance/${name}.json)`,
      `\`${command}\``,
      `${Math.ceil(durationSeconds / 60)} min`,
      `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGigabytes} GB, ${machine.kernel}, Node ${machine.node}`,
      machine.date.slice(0, 10),
      machine.commit,
      violations.length === 0
        ? 'nothing'
        : violations.map(({ scenario, contestant, message }) => `${scenario}, ${contestant}: ${message}`).join('; '),
    ]),
  ];
}

function contestantRows(reports: readonly Report[]): Rows {
  const scopes = new Map(reports.flatMap(({ contestants }) => Object.entries(contestants)));
  return [['contestant', 'what it does'], ...[...scopes].map(([name, scope]) => [name, scope])];
}
