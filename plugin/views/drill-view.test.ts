import { expect, it } from '@jest/globals';
import { NOW } from '../testing/a-watched-policy.ts';
import { drillLines } from './drill-view.ts';
import { PLAIN } from './paint.ts';

const style = { paint: PLAIN, width: 100 };

it('given a simulation that failed, has a line for each check and says what was missing', () => {
  expect(
    drillLines(
      {
        id: 'drill-1',
        mode: 'Simulate',
        result: 'Failed',
        completedAt: NOW,
        from: 'us-east-1',
        message: 'a failover would not work now',
        checks: [
          { name: 'Roles', passed: true, message: 'the writer is in us-east-1' },
          { name: 'Target', passed: false, message: 'no region can be promoted' },
        ],
      },
      style,
    ),
  ).toEqual([
    '✓ ok  Roles   the writer is in us-east-1',
    '✗ NO  Target  no region can be promoted',
    'Simulate Failed: us-east-1 → nowhere; a failover would not work now',
  ]);
});

it('given a drill by switchover, says how long each way took', () => {
  const drill = { id: 'drill-2', mode: 'Switchover', result: 'Succeeded', completedAt: NOW } as const;
  expect(
    drillLines({ ...drill, from: 'a', to: 'b', thereMilliseconds: 61_000, backMilliseconds: 59_000 }, style),
  ).toEqual(['Switchover Succeeded: a → b; there in 1 min 1 s; back in 59 s']);
});
