import { beforeAll, describe, expect, it } from '@jest/globals';
import { knownMetrics, unknownNames } from './known-metrics.ts';
import { readQuery } from './promql.ts';

describe('the reader of queries', () => {
  it('given a query, names what it asks for', () => {
    const query = 'sum by (region) (rate(a_total{result=~"x",region="y"}[5m])) / on (region) group_left (v) b unless c';
    expect(readQuery(query)).toEqual({
      selectors: [
        { metric: 'a_total', labels: ['result', 'region'] },
        { metric: 'b', labels: [] },
        { metric: 'c', labels: [] },
      ],
      grouping: ['region', 'region', 'v'],
    });
  });

  it.each(['sum(a', 'a{b=}', 'rate(a[5m)', 'a b', ''])('given %j, which is no PromQL, says so', (query) => {
    expect(() => {
      if (readQuery(query).selectors.length === 0) throw new Error('cannot read the query: it is empty');
    }).toThrow('cannot read the query');
  });
});

describe('the check of names', () => {
  let known: ReadonlyMap<string, readonly string[]>;
  beforeAll(async () => {
    known = await knownMetrics();
  });

  it.each([
    ['aurora_dr_protected{namespace="a"}', []],
    ['sum by (pod, region) (aurora_dr_primary)', []],
    ['aurora_dr_detection_seconds_bucket{le="1"}', []],
    ['aurora_dr_detection_seconds', ['metric aurora_dr_detection_seconds']],
    ['aurora_dr_protectd', ['metric aurora_dr_protectd']],
    ['aurora_dr_protected{region="a"}', ['label region of aurora_dr_protected']],
    ['sum by (regoin) (aurora_dr_primary)', ['label regoin']],
    ['vector(0)', ['it asks for no metric']],
  ])('given %s, finds what does not exist', (query, problems) => {
    expect(unknownNames(query, known)).toEqual(problems);
  });
});
