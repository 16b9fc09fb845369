import { describe, expect, it } from '@jest/globals';
import { EMPTY_FOLLOW_MEMORY, followOperation, readEffect, type FollowAction } from './follow.ts';
import type { Operation } from './operation.ts';
import type { Settings } from './settings.ts';
import { FAILED_OVER, failbackSettings, see, watchAway } from './testing/a-failback.ts';
import { MINUTE, SECOND, T0, type RoundProps } from './testing/a-round.ts';
import { EAST, WEST } from './testing/a-settings.ts';
import { noAnswer } from './testing/attempts.ts';

const NOW = FAILED_OVER + 5 * MINUTE;
/** At midnight, when the history begins, for an hour: it is open at the time of these rounds. */
const OPEN = { schedule: '0 0 * * *', timeZone: 'UTC', durationMilliseconds: 60 * MINUTE };
const CLOSED = { ...OPEN, durationMilliseconds: MINUTE };
const FAILBACK: Operation = {
  id: 'switchover-1',
  type: 'Switchover',
  trigger: 'Failback',
  from: WEST,
  to: EAST,
  step: 'Accepted',
  isDataLossAllowed: false,
  detectedAt: T0 + NOW,
  startedAt: T0 + NOW,
  attempts: 1,
  fence: 'Unknown',
  automatic: true,
};
const DRILL: Operation = { ...FAILBACK, trigger: 'Drill' };
const { automatic: _, ...ASKED } = FAILBACK;
const ASKED_DRILL: Operation = { ...ASKED, trigger: 'Drill' };
const BEHIND: RoundProps = { lag: { [EAST]: { lags: [5000, 5000, 5000] } } };

interface Case {
  readonly operation?: Operation;
  readonly settings?: Partial<Settings>;
  readonly last?: RoundProps;
  readonly later?: number;
}

function next({ operation = FAILBACK, settings = {}, last = {}, later = 0 }: Case): FollowAction {
  const watch = watchAway(failbackSettings(settings));
  see(watch, FAILED_OVER, MINUTE);
  const { assessment, memory, now } = see(watch, NOW + SECOND, 0, last);
  return followOperation({
    operation,
    assessment,
    memory,
    follow: EMPTY_FOLLOW_MEMORY,
    effect: readEffect(operation, assessment, watch.settings),
    settings: watch.settings,
    now: now + later,
    isCertainlyUncalled: true,
  });
}

const ELSEWHERE: Partial<Settings> = { operatorRegion: WEST };

/** What follows when the writer has been seen unchanged for so long since a call whose answer was lost. */
function afterQuiet({ operation = FAILBACK, settings = {} }: Case, milliseconds: number): FollowAction {
  const watch = watchAway(failbackSettings({ unconfirmedReadWindowMilliseconds: MINUTE, ...settings }));
  see(watch, FAILED_OVER, MINUTE);
  const { assessment, memory, now } = see(watch, NOW + SECOND, 0);
  const { startedAt } = assessment.round;
  return followOperation({
    operation: { ...operation, step: 'Unconfirmed' },
    assessment,
    memory,
    follow: { ...EMPTY_FOLLOW_MEMORY, quietReads: 9, quietSince: startedAt - milliseconds },
    effect: 'Unchanged',
    settings: watch.settings,
    now,
    isCertainlyUncalled: false,
  });
}

const said = (action: FollowAction): string =>
  action.kind === 'Finish' ? `${action.outcome} ${action.reason}: ${action.message}` : action.kind;

describe('a failback or a drill that AWS has not taken yet', () => {
  it.each<[string, Case, RegExp]>([
    ['all is well', {}, /^Call$/],
    [
      'its window is open',
      { settings: { failback: { stabilizationMilliseconds: MINUTE, windows: [OPEN] } } },
      /^Call$/,
    ],
    [
      'its window has closed',
      { settings: { failback: { stabilizationMilliseconds: MINUTE, windows: [CLOSED] } } },
      /^Cancelled NoLongerNeeded: its window has closed: what AWS has not taken is given up$/,
    ],
    ['the policy is suspended', { settings: { isSuspended: true } }, /^Cancelled NoLongerNeeded: spec.suspend is true/],
    ['the lag has risen', { last: BEHIND }, /^Cancelled NoLongerFit: what AWS has not taken is given up: .*5000 ms/],
    ['the primary fails', { last: { endpoint: noAnswer('refused'), witness: 503 } }, /^Cancelled NoLongerFit/],
    ['the target is out of sight', { last: { regions: { [EAST]: { rds: noAnswer('timeout') } } } }, /^Wait$/],
    ['the round is too old', { later: MINUTE }, /^Wait$/],
    ['a drill is well', { operation: DRILL }, /^Call$/],
    ['a drill is suspended', { operation: DRILL, settings: { isSuspended: true } }, /^Cancelled NoLongerNeeded/],
    ['a drill lags', { operation: DRILL, last: BEHIND }, /^Cancelled NoLongerFit/],
    ['a drill that a person asked for is well', { operation: ASKED_DRILL }, /^Call$/],
    ['a drill that a person asked for lags', { operation: ASKED_DRILL, last: BEHIND }, /^Cancelled NoLongerFit/],
    [
      'a drill is outside of the windows of failback',
      { operation: DRILL, settings: { failback: { stabilizationMilliseconds: MINUTE, windows: [CLOSED] } } },
      /^Call$/,
    ],
    ['a person asked', { operation: ASKED, last: BEHIND, settings: { isSuspended: true } }, /^Call$/],
  ])('given that %s, when it is judged again, then it is called, waits or is given up', (_what, props, action) => {
    expect(said(next(props))).toMatch(action);
  });

  it('given that failback is by hand by now, when judged again, then it is given up', () => {
    const { failback: _failback, ...byHand } = failbackSettings();
    const watch = watchAway(byHand);
    const { assessment, memory, now } = see(watch, NOW, 0);
    const action = followOperation({
      operation: FAILBACK,
      assessment,
      memory,
      follow: EMPTY_FOLLOW_MEMORY,
      effect: 'Unchanged',
      settings: byHand,
      now,
      isCertainlyUncalled: true,
    });
    expect(said(action)).toMatch(/^Cancelled NoLongerNeeded: failback.mode is Manual/);
  });

  it('given a wait, when told, then it says what AWS is not called for', () => {
    const silent = next({ last: { regions: { [EAST]: { rds: noAnswer('timeout') } } } });
    expect(silent).toMatchObject({ message: expect.stringMatching(/^AWS is not called: us-east-1: RDS in us-east-1/) });
    expect(next({ later: MINUTE })).toEqual({
      kind: 'Wait',
      message: 'AWS is not called: the last round is too old to act on',
    });
  });
});

describe('a planned call of unknown effect that shows none', () => {
  it.each<[string, Case, RegExp]>([
    ['a failback', { operation: FAILBACK, settings: ELSEWHERE }, /^Cancelled NotRepeated: AWS may have been called/],
    ['a drill', { operation: DRILL, settings: ELSEWHERE }, /^Cancelled NotRepeated/],
    ['a drill that a person asked for', { operation: ASKED_DRILL, settings: ELSEWHERE }, /^Cancelled NotRepeated/],
    ['a failback that a person asked for', { operation: ASKED, settings: ELSEWHERE }, /^Call$/],
    ['a failback of the only operator', { operation: FAILBACK }, /^Call$/],
    ['a drill of the only operator', { operation: ASKED_DRILL }, /^Call$/],
  ])(
    'given %s, when read for long enough, then it is repeated only where nobody elsewhere operates',
    (_what, props, action) => {
      expect(said(afterQuiet(props, MINUTE))).toMatch(action);
      expect(said(afterQuiet(props, MINUTE - 1))).toBe('Wait');
    },
  );
});
