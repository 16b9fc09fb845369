import type { IncidentResult } from './incidents.ts';

/** A run of incidents, for people and for machines. */
export interface DatabaseReport {
  readonly command: string;
  readonly finished: string;
  readonly machine: string;
  readonly versions: string;
  readonly results: readonly IncidentResult[];
}

export const hasPassed = ({ findings }: IncidentResult): boolean => findings.every(({ hasHeld }) => hasHeld);

const ms = (value: number | undefined): string => (value === undefined ? '' : `${Math.round(value)}`);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function figuresOf(result: IncidentResult): string {
  const { name, data, outage, estimate } = result;
  return `| ${[
    `\`${name}\``,
    hasPassed(result) ? 'held' : '**not held**',
    data.acknowledged,
    data.lost.length,
    ms(data.lossMilliseconds),
    estimate === undefined ? '' : `${ms(estimate.lastKnown)} / ${ms(estimate.worstCase)}`,
    data.splitBrain.length,
    data.brokenInvariants.length,
    ms(outage.unavailable),
    outage.promotion === undefined
      ? ''
      : [outage.detection, outage.decision, outage.promotion, outage.publication, outage.reconnection]
          .map(ms)
          .join(' + '),
  ].join(' | ')} |`;
}

const HEAD = `| incident | expectations | acknowledged | lost | lost, ms | estimate / at worst, ms | on both sides | broken invariants | no payments, ms | detection + decision + promotion + publication + reconnection, ms |
| -------- | ------------ | -----------: | ---: | -------: | ----------------------: | ------------: | ----------------: | --------------: | ------------------------------------------------------------- |`;

/** The report as a document. */
export function formatReport({ results, ...run }: DatabaseReport, chart: string): string {
  const named = results.filter(({ seed }) => seed === undefined);
  const random = results.filter(({ seed }) => seed !== undefined);
  const moved = results.filter(({ estimate }) => estimate !== undefined);
  const unmet = results.flatMap((result) =>
    result.findings
      .filter(({ hasHeld }) => !hasHeld)
      .map(({ what, found }) => `- \`${result.name}\`: ${what}: ${found}`),
  );
  const within = moved.filter(({ data, estimate }) => data.lossMilliseconds <= (estimate?.worstCase ?? -1)).length;
  const under = moved.filter(({ data, estimate }) => data.lossMilliseconds <= (estimate?.lastKnown ?? -1)).length;
  return `# Evidence: two real databases

Two MariaDB servers play the two regions' clusters behind the local AWS, under a payments service: [how it works](../../test/database/README.md). Written by \`${run.command}\` (\`--results\` lets it go on where it was interrupted), from the figures beside it (\`database.json\`).

|                                                                  |     |
| ---------------------------------------------------------------- | --- |
| incidents                                                        | ${results.length}: ${named.length} by name, ${random.length} by seed |
| expectations that did not hold                                   | ${unmet.length} |
| payments acknowledged                                            | ${sum(results.map(({ data }) => data.acknowledged))} |
| broken invariants                                                | ${sum(results.map(({ data }) => data.brokenInvariants.length))} |
| failovers                                                        | ${moved.length} |
| of these, true loss at most the operator's last known figure     | ${under} |
| of these, true loss at most the operator's worst case            | ${within} |
| lost or accepted by both sides; found in the data kept aside     | ${sum(results.map(({ data }) => data.lost.length + data.splitBrain.length))}; ${sum(results.map(({ data }) => data.rescued))} |
| finished                                                         | ${run.finished} |
| machine                                                          | ${run.machine} |
| versions                                                         | ${run.versions} |

![Payments a second and replication lag through the loss of a region](${chart})

"Lost, ms" counts from the first lost acknowledgement to the incident: what an isolated primary took afterwards adds to "lost", not to the milliseconds. "On both sides" counts payments that an isolated old primary took after the new one did; only clients that never hear of another address make any. Where automation is to hold, the incident lasts at least fifteen seconds. Times are of a two-core machine that ran all of it, with rounds of a second and promotions of a replica; Aurora's promotions take minutes.

${unmet.length === 0 ? 'Every expectation held.' : `Expectations that did not hold:\n\n${unmet.join('\n')}`}

## By name

${named.map(({ name, title }) => `- \`${name}\`: ${title}`).join('\n')}

${HEAD}
${named.map(figuresOf).join('\n')}

## By seed

${HEAD}
${random.map(figuresOf).join('\n')}

${random.map(({ name, title }) => `- \`${name}\`: ${title}`).join('\n')}
`;
}

const WIDTH = 900;
const HEIGHT = 300;
const MARGIN = { left: 60, right: 60, top: 30, bottom: 40 };

/** Payments a second, and the secondary's lag, through one incident, as an SVG document. */
export function chartOf({ title, throughput, timeline, incidentAt, data, startedAt }: IncidentResult): string {
  const last = Math.max(1, throughput.length - 1);
  const most = Math.max(1, ...throughput.map(({ payments }) => payments));
  const longest = Math.max(1, ...throughput.map(({ lag = 0 }) => lag));
  const [width, height] = [WIDTH - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom];
  const x = (second: number): number => MARGIN.left + (Math.min(second, last) / last) * width;
  const y = (share: number): number => MARGIN.top + (1 - share) * height;
  /** Where nothing is known the line is broken. */
  const path = (points: readonly (readonly [number, number | undefined])[]): string =>
    points
      .flatMap(([px, py], index) => {
        const isNew = points[index - 1]?.[1] === undefined;
        return py === undefined ? [] : [`${isNew ? 'M' : 'L'}${px.toFixed(1)},${py.toFixed(1)}`];
      })
      .join(' ');
  const payments = path(throughput.map((each) => [x(each.second), y(each.payments / most)] as const));
  const lag = path(
    throughput.map((each) => [x(each.second), each.lag === undefined ? undefined : y(each.lag / longest)] as const),
  );
  const marks = timeline
    .filter(({ what }) => /is lost|takes writes|published: published|re-joined|it begins/.test(what))
    .map(({ at, what }, index) => {
      const place = x((at - startedAt) / 1000);
      const top = MARGIN.top + 12 + (index % 5) * 13;
      const isRight = place > WIDTH * 0.7;
      const anchor = isRight ? 'text-anchor="end" dx="-3"' : 'dx="3"';
      const label = `${escape(what)}, ${((at - incidentAt) / 1000).toFixed(1)} s`;
      return (
        `<line x1="${place.toFixed(1)}" y1="${MARGIN.top}" x2="${place.toFixed(1)}" y2="${HEIGHT - MARGIN.bottom}" ` +
        `stroke="#999" stroke-dasharray="3 3"/><text x="${place.toFixed(1)}" ${anchor} y="${top}">${label}</text>`
      );
    });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${MARGIN.left}" y="18" font-size="13">${escape(title)}: ${data.acknowledged} payments, ${data.lost.length} lost</text>
<path d="${lag}" fill="none" stroke="#c60" stroke-width="1.5"/>
<path d="${payments}" fill="none" stroke="#06c" stroke-width="2"/>
${marks.join('\n')}
<line x1="${MARGIN.left}" y1="${HEIGHT - MARGIN.bottom}" x2="${WIDTH - MARGIN.right}" y2="${HEIGHT - MARGIN.bottom}" stroke="#333"/>
<text x="8" y="${MARGIN.top + 10}" fill="#06c">${most} /s</text>
<text x="${WIDTH - MARGIN.right + 6}" y="${MARGIN.top + 10}" fill="#c60">${Math.round(longest)} ms</text>
<text x="${MARGIN.left}" y="${HEIGHT - 12}"><tspan fill="#06c">payments a second</tspan> <tspan dx="10" fill="#c60">lag of the secondary</tspan> <tspan dx="10">${last} seconds</tspan></text>
</svg>
`;
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
