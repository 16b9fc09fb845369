import { expect, it } from '@jest/globals';
import { checkLines, type CheckLine } from './check-view.ts';
import { PLAIN } from './paint.ts';

const LINES: readonly CheckLine[] = [
  { area: 'Regions', what: 'us-east-1 RDS', verdict: 'warning', message: 'refused' },
  { area: 'Regions', what: 'us-west-2 RDS', verdict: 'ok', message: 'available' },
  { area: 'DNS', what: 'writer', verdict: 'failed', message: 'does not resolve' },
  { area: 'DNS', what: 'other', verdict: 'unknown', message: 'no answer' },
];

it('given lines, shows them by area with a verdict each, what was not tried, and the whole', () => {
  expect(checkLines(LINES, ['rds:FailoverGlobalCluster'], { paint: PLAIN, width: 100 })).toEqual([
    'Regions',
    '  ! warn  us-east-1 RDS  refused',
    '  ✓ ok    us-west-2 RDS  available',
    '',
    'DNS',
    '  ✗ FAIL  writer         does not resolve',
    '  ? ----  other          no answer',
    '',
    'Not tried, because it would change something',
    '  - rds:FailoverGlobalCluster',
    '',
    'A failover would NOT work, or nobody can tell, as far as this machine can see. 1 ok, 1 warnings, 1 failed, 1 unknown',
  ]);
});

it('given nothing that failed, says that a failover would work', () => {
  expect(checkLines(LINES.slice(0, 2), [], { paint: PLAIN, width: 100 }).at(-1)).toMatch(
    /^A failover would work, as far as this machine can see\./,
  );
});
