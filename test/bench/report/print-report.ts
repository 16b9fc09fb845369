import type { Report } from './report.ts';
import { asText, describe, figureRows, growthRows } from './tables.ts';

/** The whole report for a terminal. */
export function printReport(
  { machine, command, durationSeconds, figures, growth, violations }: Report,
  titles: readonly { readonly name: string; readonly title: string }[],
): string {
  const parts = titles.flatMap(({ name, title }) => {
    const own = figures.filter(({ scenario }) => scenario === name);
    if (own.length === 0) return [];
    const grown = growth.filter(({ scenario }) => scenario === name);
    const growing =
      grown.length === 0
        ? ''
        : `\n  median by number of policies, and exponent of its growth\n\n${asText(growthRows(grown))}`;
    return [`${name}: ${title}\n\n${asText(figureRows(own))}${growing}`];
  });
  const wrong = violations.map(
    ({ scenario, contestant, policies, message }) => `  ${scenario}, ${contestant}, ${policies} policies: ${message}\n`,
  );
  const verdict = wrong.length === 0 ? 'Everything that has to hold held.\n' : `Does not hold:\n${wrong.join('')}`;
  return `${command}\n${describe(machine)}\nin ${durationSeconds} s\n\n${parts.join('\n')}\n${verdict}`;
}
