import { hanging } from './layout.ts';
import type { ViewStyle } from './status-view.ts';

/** A line as it is shown; what it says is for `preflight/` to judge. */
export interface CheckLine {
  readonly area: string;
  readonly what: string;
  readonly verdict: 'ok' | 'warning' | 'failed' | 'unknown';
  readonly message: string;
}

const MARKS = { ok: '✓ ok  ', warning: '! warn', failed: '✗ FAIL', unknown: '? ----' } as const;

/** All lines, by area, and the verdict at the end. */
export function checkLines(
  lines: readonly CheckLine[],
  notTried: readonly string[],
  { paint, width }: ViewStyle,
): string[] {
  const marks = { ok: paint.good, warning: paint.warning, failed: paint.bad, unknown: paint.warning };
  const nameWidth = Math.max(0, ...lines.map(({ what }) => what.length));
  const areas = [...new Set(lines.map(({ area }) => area))];
  const count = (verdict: CheckLine['verdict']): number => lines.filter((each) => each.verdict === verdict).length;
  const failed = count('failed') + count('unknown');
  const verdict =
    failed === 0
      ? paint.good('A failover would work, as far as this machine can see.')
      : paint.bad('A failover would NOT work, or nobody can tell, as far as this machine can see.');
  return [
    ...areas.flatMap((area) => [
      paint.bold(area),
      ...lines
        .filter((each) => each.area === area)
        .flatMap(({ what, verdict: found, message }) =>
          hanging(`  ${MARKS[found]}  ${what.padEnd(nameWidth)}  `, message, width, marks[found]),
        ),
      '',
    ]),
    paint.bold('Not tried, because it would change something'),
    ...notTried.flatMap((each) => hanging('  - ', each, width)),
    '',
    `${verdict} ${count('ok')} ok, ${count('warning')} warnings, ${count('failed')} failed, ${count('unknown')} unknown`,
  ];
}
