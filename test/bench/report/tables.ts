import type { Figure, Growth, Machine, Unit } from './report.ts';

/** A table as rows of cells, the head first. */
export type Rows = readonly (readonly string[])[];

/** Three significant digits, and no more decimals than a unit deserves. */
export function formatFigure(value: number, unit: Unit): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const number = Number(value.toFixed(digits)).toLocaleString('en-US', { maximumFractionDigits: digits });
  return unit === '' ? number : `${number} ${unit}`;
}

/** One row for each figure. */
export function figureRows(figures: readonly Figure[]): Rows {
  return [
    ['policies', 'contestant', 'measure', 'minimum', 'median', 'p99', 'maximum', 'of'],
    ...figures.map(({ policies, contestant, measure, unit, summary }) => [
      policies.toLocaleString('en-US'),
      contestant,
      measure,
      ...[summary.minimum, summary.median, summary.p99, summary.maximum].map((value) => formatFigure(value, unit)),
      String(summary.count),
    ]),
  ];
}

/** Median, and in brackets what there is around it; a single measurement stands alone. */
export function cellOf({ unit, summary }: Figure): string {
  const median = formatFigure(summary.median, unit);
  if (summary.count === 1) return median;
  const [minimum, p99, maximum] = [summary.minimum, summary.p99, summary.maximum].map((value) =>
    formatFigure(value, ''),
  );
  return `${median} (${minimum} to ${maximum}, p99 ${p99}, of ${summary.count})`;
}

/**
 * One row for each thing that was measured with several numbers of policies.
 *
 * @param isNamed whether a column names the scenario
 */
export function growthRows(growth: readonly Growth[], isNamed = false): Rows {
  const sizes = [...new Set(growth.flatMap(({ points }) => points.map(({ policies }) => policies)))].toSorted(
    (a, b) => a - b,
  );
  return [
    [
      ...(isNamed ? ['scenario'] : []),
      'contestant',
      'measure',
      ...sizes.map((size) => size.toLocaleString('en-US')),
      'exponent',
    ],
    ...growth.map(({ scenario, contestant, measure, unit, points, exponent }) => [
      ...(isNamed ? [scenario] : []),
      contestant,
      measure,
      ...sizes.map((size) => {
        const point = points.find(({ policies }) => policies === size);
        return point === undefined ? '' : formatFigure(point.median, unit);
      }),
      exponent.toFixed(2),
    ]),
  ];
}

export function describe({ cpu, cores, memoryGigabytes, kernel, node, date, commit, loadBefore }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGigabytes} GB, ${kernel}, Node ${node}, ${date}, commit ${commit}, load before ${loadBefore}`;
}

/** For a terminal: columns padded to their widest cell. */
export function asText(rows: Rows): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `  ${line.trimEnd()}\n`)
    .join('');
}

/** For a document. */
export function asMarkdown([head = [], ...rows]: Rows): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
