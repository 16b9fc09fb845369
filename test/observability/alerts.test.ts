import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { loadAlerts } from './alerts.ts';
import { knownMetrics, unknownNames } from './known-metrics.ts';

const alerts = loadAlerts();
const runbooks = fileURLToPath(new URL('../../docs/runbooks/', import.meta.url));
const runbookUrl = /^https:\/\/aurora-dr\.io\/docs\/runbooks\/([a-z-]+)$/;
const pageOf = (url = ''): string => `${runbookUrl.exec(url)?.[1] ?? ''}.md`;

describe.each(alerts)('$alert', ({ alert, expr, labels, annotations }) => {
  let known: ReadonlyMap<string, readonly string[]>;
  beforeAll(async () => {
    known = await knownMetrics();
  });

  it('given its expression, then all that it names exists', () => {
    expect(unknownNames(expr, known)).toEqual([]);
  });

  it('given its annotations, then the queries in them ask for what exists', () => {
    for (const [, query = ''] of JSON.stringify(annotations).matchAll(/printf \\"(.*?)\\"/g)) {
      expect(unknownNames(query.replaceAll("'%s'", "'x'"), known)).toEqual([]);
    }
  });

  it('given whoever is woken by it, then it says how bad it is, what happens, and where to read on', () => {
    expect(alert).toMatch(/^AuroraDr[A-Z]/);
    expect(['critical', 'warning']).toContain(labels['severity']);
    for (const key of ['summary', 'description']) expect(annotations[key]).toMatch(/\S/);
    const page = readFileSync(`${runbooks}${pageOf(annotations['runbook_url'])}`, 'utf8');
    expect(page.startsWith(`# ${alert}\n`)).toBe(true);
  });
});

it('given the runbooks, then each belongs to one alert, and the index names them all', () => {
  const pages = readdirSync(runbooks).filter((page) => page !== 'README.md');
  expect(alerts.map(({ annotations }) => pageOf(annotations['runbook_url'])).toSorted()).toEqual(pages.toSorted());
  const index = readFileSync(`${runbooks}README.md`, 'utf8');
  expect(Array.from(index.matchAll(/\]\(([a-z-]+\.md)\)/g), ([, page]) => page).toSorted()).toEqual(pages.toSorted());
});
