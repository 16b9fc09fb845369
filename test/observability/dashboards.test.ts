import { beforeAll, describe, expect, it } from '@jest/globals';
import { filledIn, loadDashboards, queriesOf, type Panel } from './dashboards.ts';
import { knownMetrics, unknownNames } from './known-metrics.ts';

const dashboards = loadDashboards();
const values = { namespace: 'payments', policy: 'transactions' };

function doOverlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

it('there is one for the fleet and one for a policy', () => {
  expect(dashboards.map(({ uid }) => uid).toSorted()).toEqual(['aurora-dr-fleet', 'aurora-dr-policy']);
});

describe.each(dashboards)('$file', (dashboard) => {
  let known: ReadonlyMap<string, readonly string[]>;
  beforeAll(async () => {
    known = await knownMetrics();
  });

  it.each(queriesOf(dashboard))('given the query of $where, then all that it names exists', ({ text }) => {
    const query = filledIn(text, values);
    expect(query).not.toContain('$');
    expect(unknownNames(query, known)).toEqual([]);
  });

  it('given its variables, then they are used, and what they read exists', () => {
    const text = JSON.stringify(dashboard);
    for (const { name, type, query } of dashboard.templating.list) {
      expect(text.split(`$${name}`).length + text.split(`\${${name}}`).length).toBeGreaterThan(2);
      if (type !== 'query' || typeof query === 'string') continue;
      const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query.query) ?? [];
      expect(unknownNames(`sum by (${label}) (${filledIn(selector, values)})`, known)).toEqual([]);
    }
  });

  it('given its panels, then each has an id, a title, a place and the data source that the user chose', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const panel of panels) {
      const { title, gridPos, targets = [], type } = panel;
      expect(title).not.toBe('');
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      expect(panels.filter((other) => other !== panel && doOverlap(panel, other)).map((other) => other.title)).toEqual(
        [],
      );
      expect([type, targets.length > 0]).toEqual([type, type !== 'row']);
      expect(targets.every(({ datasource }) => datasource.uid === '${datasource}')).toBe(true);
    }
  });
});

it('given the dashboards together, then every metric of policies is on one of them', async () => {
  const shown = dashboards
    .flatMap(queriesOf)
    .map(({ text }) => text)
    .join('\n');
  const known = [...(await knownMetrics())].filter(
    ([name, labels]) => name.startsWith('aurora_dr_') && labels.includes('name'),
  );
  const hidden = known.map(([name]) => name).filter((name) => !shown.includes(name));
  expect(hidden).toEqual(['aurora_dr_created_timestamp_seconds']);
});
