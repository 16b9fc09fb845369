import { describeSlices, type Evidence } from '../test/simulation/evidence.ts';
import { quantile, type LossData } from '../test/simulation/loss-figures.ts';
import { INVARIANTS } from '../test/simulation/violation.ts';
import type { FileTally } from './mutation/mutation-result.ts';
import { mutantsOf, scoreOf, totalOf } from './mutation/mutation-result.ts';

type Row = readonly string[];

const grouped = (value: number): string => value.toLocaleString('en-US');
const seconds = (milliseconds: number): string => `${grouped(Number((milliseconds / 1000).toPrecision(3)))} s`;

function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function spread(losses: LossData, name: 'trueLoss' | 'worstCase'): string {
  const at = (share: number): string => seconds(quantile(losses[name], share));
  return `median ${at(0.5)}, 99 % ${at(0.99)}, most ${at(1)}`;
}

/** The invariants of the simulation, as violation.ts names them. */
export function invariantsTable(): string {
  return table(
    ['invariant', 'what has to hold'],
    Object.entries(INVARIANTS).map(([name, meaning]) => [`\`${name}\``, meaning]),
  );
}

/** What the evidence comes to, in one table. */
export function figuresTable({ summary }: Evidence, mutation: readonly FileTally[]): string {
  const { seeds, incidents, faults, branches, lost, violations } = summary;
  const all = totalOf(mutation);
  const injected = Object.values(faults).reduce((sum, count) => sum + count, 0);
  return table(
    ['figure', 'value'],
    [
      [
        'violations of an invariant',
        `${grouped(violations.length)} in ${grouped(incidents)} incidents of ${grouped(seeds)} seeds, ${grouped(injected)} faults`,
      ],
      [
        'automatic failovers that succeeded',
        grouped(
          (branches['Automatic Failover Succeeded Succeeded'] ?? 0) +
            (branches['Automatic Failover Succeeded SucceededLate'] ?? 0),
        ),
      ],
      ['lost with a primary whose region was lost', spread(lost, 'trueLoss')],
      ['worst case that status said before', spread(lost, 'worstCase')],
      ['more lost than that worst case', `${grouped(lost.aboveWorstCase)} of ${grouped(lost.count)} times`],
      ['more lost than the estimate', `${grouped(lost.aboveEstimate)} of ${grouped(lost.count)} times`],
      [
        'mutants of the pure modules that a unit test notices',
        `${(scoreOf(all) ?? 0).toFixed(1)} % of ${grouped(mutantsOf(all))}, in ${mutation.length} files`,
      ],
    ],
  );
}

const OUTCOMES = ['none took effect', 'one took effect', 'both took effect'] as const;

/** What the observers of several operators disagreed about, and what came of it. */
export function disagreementsTable({ summary: { disagreements } }: Evidence): string {
  const count = (name: string): number => disagreements[name] ?? 0;
  const waited = Object.entries(disagreements)
    .filter(([name]) => /^a lost primary was not failed over: WrongOperatorRegion$/.test(name))
    .reduce((sum, [, times]) => sum + times, 0);
  const pairs = ['different targets', 'the same target'].map((what): Row => {
    const registered = `two operators registered for one loss, ${what}`;
    const counts = OUTCOMES.map((outcome) => count(`${registered}: ${outcome}`));
    return [registered, grouped(counts.reduce((sum, one) => sum + one, 0)), ...counts.slice(1).map(grouped)];
  });
  return table(
    ['what', 'times', 'one took effect', 'both took effect'],
    [
      ...pairs,
      ['every operator outside of the lost region waited for another', grouped(waited), '–', '–'],
      [
        'nobody outside of the lost region was left',
        grouped(count('a lost primary was not failed over: nobody there')),
        '–',
        '–',
      ],
      [
        'a call took effect after a role change that its look had missed',
        grouped(count('a call took effect after another role change that began after its last look')),
        '–',
        '–',
      ],
    ],
  );
}

/** Of which seeds {@link disagreementsTable} tells. */
export function disagreementsIntroduction({ summary, slices }: Evidence): string {
  const { disagreements, seeds } = summary;
  const of = (clusters: number): string => grouped(disagreements[`seeds with operators in ${clusters} clusters`] ?? 0);
  return (
    `What observers disagreed about is counted, not forbidden. Of ${grouped(seeds)} seeds, ${describeSlices(slices)} ` +
    `([report](../evidence/simulation.md)), with operators in two clusters in ${of(2)} and in three in ${of(3)}:`
  );
}
