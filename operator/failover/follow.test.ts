import { describe, expect, it } from '@jest/globals';
import type { OperationStep } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Assessment } from './assess.ts';
import {
  EMPTY_FOLLOW_MEMORY,
  followOperation,
  publicationObstacle,
  readEffect,
  rememberEffect,
  type Effect,
  type FollowAction,
  type FollowMemory,
} from './follow.ts';
import { EMPTY_MEMORY } from './memory.ts';
import type { Operation } from './operation.ts';
import type { Settings } from './settings.ts';
import { arnOf, aRound, MINUTE, SECOND, T0, type RegionProps, type RoundProps } from './testing/a-round.ts';
import { aRegion, aSettings, CENTRAL, EAST, signalsNamed, THREE_REGIONS, WEST } from './testing/a-settings.ts';
import { noAnswer } from './testing/attempts.ts';
import { Watch } from './testing/watch.ts';

const members = [EAST, WEST, CENTRAL];
const STARTED = MINUTE;
const SILENT: RegionProps = { rds: noAnswer() };

const anOperation = (overrides: Partial<Operation> = {}): Operation => ({
  id: 'op-1',
  type: 'Failover',
  trigger: 'Automatic',
  from: EAST,
  to: WEST,
  step: 'Accepted',
  isDataLossAllowed: true,
  detectedAt: T0 + STARTED,
  startedAt: T0 + STARTED,
  attempts: 0,
  fence: 'Unknown',
  ...overrides,
});

const inFlight = (status: string, to = WEST): RegionProps => ({
  failoverState: { status, fromClusterArn: arnOf(EAST), toClusterArn: arnOf(to) },
});

/** Rounds in the middle of a failover: the old region is silent. */
const ROUNDS: Readonly<Record<Effect, RoundProps>> = {
  InFlight: { regions: { [EAST]: SILENT, [WEST]: inFlight('failing-over') } },
  Cancelling: { regions: { [EAST]: SILENT, [WEST]: inFlight('cancelling') } },
  Foreign: { regions: { [EAST]: SILENT, [WEST]: inFlight('pending', CENTRAL) } },
  Promoted: { writer: WEST, endpoints: { [WEST]: { kind: 'answered' } }, regions: { [EAST]: SILENT } },
  Unchanged: { regions: { [EAST]: SILENT } },
  Unseen: { regions: { [EAST]: SILENT, [WEST]: SILENT } },
};

/** Somebody has failed over to the target, and the old primary has yet to be synchronized anew. */
const FAILED_OVER: RoundProps = {
  writer: WEST,
  regions: { [WEST]: { synchronization: { [EAST]: 'pending-resync' } } },
};

interface Given {
  readonly round?: RoundProps;
  readonly at?: number;
  readonly settings?: Partial<Settings>;
  readonly isCertainlyUncalled?: boolean;
  readonly follow?: FollowMemory;
  readonly hasEndpointWorked?: boolean;
  /** What the round says of the loss; left out: it goes on. */
  readonly loss?: Partial<Assessment>;
}

/** One round alone has no votes: these are what the rounds before it have left. */
const STILL_LOST: Partial<Assessment> = {
  isQuorumFailing: true,
  quorumRounds: 3,
  incident: { startedAt: T0 + STARTED },
};

function effectOf(operation: Operation, round: RoundProps): Effect {
  const settings = aSettings({ regions: THREE_REGIONS });
  const { assessment } = new Watch(settings).see(aRound({ members, ...round }));
  return readEffect(operation, assessment, settings);
}

function follow(operation: Operation, given: Given): FollowAction {
  const { at = 2 * MINUTE, follow: memory = EMPTY_FOLLOW_MEMORY, isCertainlyUncalled = false } = given;
  const settings = aSettings({ regions: THREE_REGIONS, ...given.settings });
  const { veto: _, hold: __, ...seen } = new Watch(settings).see(aRound({ members, at, ...given.round })).assessment;
  const assessment: Assessment = { ...seen, ...(given.loss ?? STILL_LOST) };
  const effect = readEffect(operation, assessment, settings);
  return followOperation({
    operation,
    assessment,
    memory: { ...EMPTY_MEMORY, endpointPassed: given.hasEndpointWorked === true ? { [WEST]: T0 } : {} },
    follow: rememberEffect(memory, effect, assessment.round.startedAt, operation),
    effect,
    settings,
    now: assessment.round.completedAt,
    isCertainlyUncalled,
  });
}

/** The action in short: its kind with the step or the outcome. */
function short(action: FollowAction): string {
  switch (action.kind) {
    case 'Advance':
      return `Advance ${action.operation.step}`;
    case 'Finish':
      return `Finish ${action.outcome}`;
    default:
      return action.kind;
  }
}

describe('readEffect', () => {
  it.each([
    ['Switchover', true, 'Foreign'],
    ['Switchover', false, 'InFlight'],
    ['Switchover', undefined, 'InFlight'],
    ['Failover', true, 'InFlight'],
    ['Failover', false, 'InFlight'],
  ] as const)(
    'given a %s, when AWS is at one to its target with isDataLossAllowed %s, then it is %s',
    (type, isDataLossAllowed, effect) => {
      const loss = isDataLossAllowed === undefined ? {} : { isDataLossAllowed };
      const failoverState = { status: 'pending', fromClusterArn: arnOf(EAST), toClusterArn: arnOf(WEST), ...loss };
      expect(effectOf(anOperation({ type }), { regions: { [WEST]: { failoverState } } })).toBe(effect);
    },
  );

  it.each(Object.entries(ROUNDS) as [Effect, RoundProps][])(
    'Given a round of %s, then it is read so',
    (effect, round) => {
      expect(effectOf(anOperation(), round)).toBe(effect);
    },
  );

  it.each<[string, Partial<Operation>, RoundProps, Effect]>([
    ['a status in flight without a target', {}, { regions: { [WEST]: { globalStatus: 'failing-over' } } }, 'InFlight'],
    ['the target says so, the old region disagrees', {}, { regions: { [WEST]: { writer: WEST } } }, 'Promoted'],
    ['an unseen failover instead of a switchover', { type: 'Switchover' }, FAILED_OVER, 'Foreign'],
    ['an unseen failover before ours', {}, FAILED_OVER, 'Promoted'],
    ['a resynchronisation after a promotion', { type: 'Switchover', promotedAt: T0 }, FAILED_OVER, 'Promoted'],
    [
      'a third region that is synchronized anew',
      { type: 'Switchover' },
      { writer: WEST, regions: { [WEST]: { synchronization: { [CENTRAL]: 'pending-resync' } } } },
      'Promoted',
    ],
    [
      'only the old region calls the target the writer',
      { type: 'Switchover' },
      { writer: WEST, regions: { [WEST]: SILENT } },
      'Unseen',
    ],
    ['only the old region answers a switchover', { type: 'Switchover' }, { regions: { [WEST]: SILENT } }, 'Unchanged'],
    ['only the old region answers a failover', {}, { regions: { [WEST]: SILENT } }, 'Unseen'],
    [
      'the target calls a third region the writer',
      {},
      { regions: { [EAST]: SILENT, [WEST]: { writer: CENTRAL } } },
      'Foreign',
    ],
    ['the target knows two writers', {}, { regions: { [EAST]: SILENT, [WEST]: { writer: [EAST, WEST] } } }, 'Unseen'],
    ['the target knows no writer', {}, { regions: { [EAST]: SILENT, [WEST]: { writer: [] } } }, 'Unseen'],
    ['a failover’s target was not observed', {}, { members: [EAST, CENTRAL] }, 'Unseen'],
    ['neither region of a switchover was observed', { type: 'Switchover' }, { members: [CENTRAL] }, 'Unseen'],
    [
      'the target lost the global cluster',
      {},
      { regions: { [EAST]: SILENT, [WEST]: { isWithoutCluster: true } } },
      'Unseen',
    ],
  ])('Given %s, then the effect is as listed', (_, operation, round, effect) => {
    expect(effectOf(anOperation(operation), round)).toBe(effect);
  });
});

describe('rememberEffect', () => {
  const called = anOperation({ step: 'Unconfirmed', calledAt: T0 + 2 * MINUTE });
  const quietOnce: FollowMemory = {
    quietSince: T0 + 2 * MINUTE,
    quietReads: 1,
    hasSeenCancelling: false,
    calledAt: T0 + 2 * MINUTE,
  };

  it.each<[string, Operation, number, number]>([
    ['after the registration and before the call', called, 2 * MINUTE - 1, 0],
    ['at the call', called, 2 * MINUTE, 1],
    ['before the registration, never called', anOperation(), STARTED - 1, 0],
    ['at the registration, never called', anOperation(), STARTED, 1],
  ])('Given a round that began %s, then it counts only if it can tell of the operation', (_, operation, at, reads) => {
    expect(rememberEffect(EMPTY_FOLLOW_MEMORY, 'Unchanged', T0 + at, operation).quietReads).toBe(reads);
  });

  it('Given a round that cannot see, then the quiet reads before it stand, and are no more than they were', () => {
    expect(rememberEffect(quietOnce, 'Unseen', T0 + 3 * MINUTE, called)).toEqual(quietOnce);
  });

  it('Given a round at work, then the quiet begins anew', () => {
    expect(rememberEffect(quietOnce, 'InFlight', T0 + 3 * MINUTE, called)).toEqual({
      quietReads: 0,
      hasSeenCancelling: false,
      calledAt: T0 + 2 * MINUTE,
    });
  });
});

describe('what a person is told of an operation', () => {
  const called = (step: OperationStep) => anOperation({ step, calledAt: T0 + STARTED, attempts: 1 });
  const told = (action: FollowAction): string | undefined =>
    action.kind === 'Advance' ? action.operation.message : 'message' in action ? action.message : undefined;

  it.each<[string, Operation, Given, string]>([
    ['at work', called('Promoting'), { round: ROUNDS.InFlight }, 'waiting for AWS'],
    ['being cancelled', called('Promoting'), { round: ROUNDS.Cancelling }, 'AWS is cancelling the operation'],
    ['first seen at work', called('Requested'), { round: ROUNDS.InFlight }, 'AWS is at work'],
    [
      'first seen being cancelled',
      called('Requested'),
      { round: ROUNDS.Cancelling },
      'AWS is cancelling the operation',
    ],
    [
      'of another process',
      anOperation({ acceptedBy: 'operator-2' }),
      { round: ROUNDS.Unchanged },
      'registered by operator-2, which may have called AWS',
    ],
    [
      'of a process without a name',
      anOperation(),
      { round: ROUNDS.Unchanged },
      'registered by another process, which may have called AWS',
    ],
    [
      'promoted, the fence unknown',
      called('Promoted'),
      { round: ROUNDS.Promoted, settings: { fencing: 'Required' } },
      'the new writer is not published: waiting for RDS to confirm that the old primary is fenced (event RDS-EVENT-0390), or for aurora-dr.io/confirm-fenced',
    ],
    [
      'promoted, the fence timed out',
      anOperation({ step: 'Promoted', fence: 'TimedOut' }),
      { round: ROUNDS.Promoted, settings: { fencing: 'Required' } },
      'the new writer is not published: RDS could not fence the old primary (event RDS-EVENT-0391): confirm with the annotation aurora-dr.io/confirm-fenced once it is fenced',
    ],
    [
      'published, the cluster not available',
      called('Published'),
      { round: { ...ROUNDS.Promoted, regions: { [EAST]: SILENT, [WEST]: { status: 'modifying' } } } },
      `the new writer's cluster is "modifying", not yet "available"`,
    ],
    [
      'published, the cluster not described',
      called('Published'),
      { round: { ...ROUNDS.Promoted, regions: { [EAST]: SILENT, [WEST]: { clusters: noAnswer() } } } },
      `the new writer's cluster is "not described", not yet "available"`,
    ],
    [
      'that AWS cancelled',
      called('Promoting'),
      { round: ROUNDS.Unchanged, follow: { quietReads: 0, hasSeenCancelling: true, calledAt: T0 + STARTED } },
      'AWS ended the failover without a new writer: us-east-1 still is the writer',
    ],
  ])('Given one %s, then it says so', (_, operation, given, message) => {
    expect(told(follow(operation, given))).toBe(message);
  });

  it('Given no promotion was seen, then no time of promotion is on record', () => {
    const action = follow(called('Requested'), { round: ROUNDS.InFlight });

    expect(action).toMatchObject({ kind: 'Advance', operation: { step: 'Promoting' } });
    expect(action.kind === 'Advance' && action.operation).not.toHaveProperty('promotedAt');
  });
});

describe('every step and effect', () => {
  const TABLE: Record<OperationStep, Record<Effect, string>> = {
    Accepted: {
      InFlight: 'Advance Promoting',
      Cancelling: 'Advance Promoting',
      Foreign: 'Finish Failed',
      Promoted: 'Advance Promoted',
      Unchanged: 'Advance Unconfirmed',
      Unseen: 'Advance Unconfirmed',
    },
    Requested: {
      InFlight: 'Advance Promoting',
      Cancelling: 'Advance Promoting',
      Foreign: 'Finish Failed',
      Promoted: 'Advance Promoted',
      Unchanged: 'Wait',
      Unseen: 'Wait',
    },
    Unconfirmed: {
      InFlight: 'Advance Promoting',
      Cancelling: 'Advance Promoting',
      Foreign: 'Finish Failed',
      Promoted: 'Advance Promoted',
      Unchanged: 'Wait',
      Unseen: 'Wait',
    },
    Promoting: {
      InFlight: 'Wait',
      Cancelling: 'Wait',
      Foreign: 'Finish Failed',
      Promoted: 'Advance Promoted',
      Unchanged: 'Wait',
      Unseen: 'Wait',
    },
    Promoted: {
      InFlight: 'Wait',
      Cancelling: 'Wait',
      Foreign: 'Finish Failed',
      Promoted: 'Publish',
      Unchanged: 'Wait',
      Unseen: 'Publish',
    },
    Published: {
      InFlight: 'Wait',
      Cancelling: 'Wait',
      Foreign: 'Finish Failed',
      Promoted: 'Finish Succeeded',
      Unchanged: 'Wait',
      Unseen: 'Wait',
    },
  };
  const cases = Object.entries(TABLE).flatMap(([step, row]) =>
    Object.entries(row).map(([effect, expected]) => [step, effect, expected] as [OperationStep, Effect, string]),
  );

  it.each(cases)('Given step %s and effect %s in one round, then %s', (step, effect, expected) => {
    const operation = anOperation({ step, ...(step === 'Accepted' ? {} : { calledAt: T0 + STARTED, attempts: 1 }) });

    expect(short(follow(operation, { round: ROUNDS[effect] }))).toBe(expected);
  });

  it.each(cases.filter(([step]) => step !== 'Accepted'))(
    'Given step %s and effect %s, then AWS is not called at once',
    (step, effect) => {
      const operation = anOperation({ step, calledAt: T0 + STARTED, attempts: 1 });

      expect(follow(operation, { round: ROUNDS[effect], isCertainlyUncalled: true }).kind).not.toBe('Call');
    },
  );

  it.each<[Effect, string]>([
    ['Unchanged', 'Call'],
    ['Unseen', 'Finish Cancelled'],
    ['InFlight', 'Advance Promoting'],
    ['Cancelling', 'Advance Promoting'],
    ['Promoted', 'Advance Promoted'],
    ['Foreign', 'Finish Failed'],
  ])('Given step Accepted, certainly not called, and effect %s, then %s', (effect, expected) => {
    expect(short(follow(anOperation(), { round: ROUNDS[effect], isCertainlyUncalled: true }))).toBe(expected);
  });

  it('Given the promotion is seen, then its first moment is kept', () => {
    const first = follow(anOperation({ step: 'Promoting' }), { round: ROUNDS.Promoted });
    const again = follow(anOperation({ step: 'Promoting', promotedAt: T0 }), { round: ROUNDS.Promoted });

    expect(first).toMatchObject({ operation: { promotedAt: T0 + 2 * MINUTE + SECOND } });
    expect(again).toMatchObject({ operation: { promotedAt: T0 } });
  });
});

/** Feeds rounds to an operation that does not change, and tells the last action. */
function followRounds(
  operation: Operation,
  rounds: readonly [number, RoundProps][],
  settings: Partial<Settings> = {},
): string {
  let memory = EMPTY_FOLLOW_MEMORY;
  let last = '';
  for (const [at, props] of rounds) {
    const { assessment } = new Watch(aSettings({ regions: THREE_REGIONS })).see(aRound({ members, at, ...props }));
    last = short(follow(operation, { at, round: props, follow: memory, settings }));
    const effect = readEffect(operation, assessment, aSettings({ regions: THREE_REGIONS }));
    memory = rememberEffect(memory, effect, assessment.round.startedAt, operation);
  }
  return last;
}

const quiet = (...times: number[]): [number, RoundProps][] => times.map((at) => [at, ROUNDS.Unchanged]);

describe('a call whose answer was lost', () => {
  const CALLED = 2 * MINUTE;
  const unconfirmed = anOperation({ step: 'Unconfirmed', calledAt: T0 + CALLED, attempts: 1 });

  it.each<[string, [number, RoundProps][], string]>([
    ['reads over 60 s', quiet(CALLED, CALLED + 30 * SECOND, CALLED + MINUTE), 'Call'],
    ['reads over a little less', quiet(CALLED, CALLED + 30 * SECOND, CALLED + MINUTE - 1), 'Wait'],
    ['one read only, long after', quiet(CALLED + 5 * MINUTE), 'Wait'],
    ['reads from before the call', quiet(0, CALLED - 1, CALLED + 59 * SECOND), 'Wait'],
    [
      'blindness for long',
      [
        [CALLED, ROUNDS.Unseen],
        [CALLED + 5 * MINUTE, ROUNDS.Unseen],
      ],
      'Wait',
    ],
    [
      'quiet for nearly the window, then blindness beyond it',
      [...quiet(CALLED, CALLED + MINUTE - 1), [CALLED + 2 * MINUTE, ROUNDS.Unseen]],
      'Wait',
    ],
    [
      'a region with two writers',
      [[CALLED, { regions: { [WEST]: { writer: [EAST, WEST] } } }], ...quiet(CALLED + MINUTE)],
      'Wait',
    ],
    [
      'quiet, then at work',
      [...quiet(CALLED, CALLED + MINUTE - 1), [CALLED + MINUTE, ROUNDS.InFlight]],
      'Advance Promoting',
    ],
    [
      'at work, then quiet for less than the window',
      [[CALLED, ROUNDS.InFlight], ...quiet(CALLED + SECOND, CALLED + MINUTE)],
      'Wait',
    ],
    [
      'cancelled in between',
      [[CALLED, ROUNDS.Cancelling], ...quiet(CALLED + SECOND, CALLED + 5 * MINUTE)],
      'Finish Cancelled',
    ],
  ])('Given %s, then the last action is as listed', (_, rounds, expected) => {
    expect(followRounds(unconfirmed, rounds)).toBe(expected);
  });

  it('Given a second call whose answer was lost too, then the reads before it do not justify a third', () => {
    const first = { quietSince: T0 + CALLED, quietReads: 9, hasSeenCancelling: false, calledAt: T0 + CALLED };
    const again = anOperation({ step: 'Unconfirmed', calledAt: T0 + CALLED + MINUTE, attempts: 2 });

    for (const at of [CALLED + MINUTE - SECOND, CALLED + MINUTE, CALLED + 90 * SECOND]) {
      expect(short(follow(again, { at, round: ROUNDS.Unchanged, follow: first }))).toBe('Wait');
    }
  });

  it('Given a second call was accepted and no round has followed it, then the reads before it do not make it vanish', () => {
    const settings = aSettings({ regions: THREE_REGIONS });
    const { assessment } = new Watch(settings).see(aRound({ members, at: 2 * MINUTE, ...ROUNDS.Unchanged }));
    const before = { quietSince: T0 + STARTED, quietReads: 60, hasSeenCancelling: false, calledAt: T0 + STARTED };
    const action = followOperation({
      operation: anOperation({ step: 'Requested', calledAt: T0 + 2 * MINUTE + SECOND, attempts: 2 }),
      assessment,
      memory: EMPTY_MEMORY,
      follow: before,
      effect: 'Unchanged',
      settings,
      now: T0 + 2 * MINUTE + SECOND,
      isCertainlyUncalled: false,
    });
    expect(action.kind).toBe('Wait');
  });

  it.each([
    [1, 'Wait'],
    [2, 'Call'],
  ])('Given no window at all, then %i reads mean %s: one is never enough', (reads, expected) => {
    const rounds = quiet(CALLED, CALLED + SECOND).slice(0, reads);

    expect(followRounds(unconfirmed, rounds, { unconfirmedReadWindowMilliseconds: 0 })).toBe(expected);
  });

  it('Given a shorter window, then it is used', () => {
    const rounds = quiet(CALLED, CALLED + SECOND, CALLED + 2 * SECOND);

    expect(followRounds(unconfirmed, rounds, { unconfirmedReadWindowMilliseconds: 2 * SECOND })).toBe('Call');
  });
});

describe('a call that comes late', () => {
  const CALLED = 2 * MINUTE;
  const unconfirmed: FollowMemory = {
    quietSince: T0 + CALLED,
    quietReads: 9,
    hasSeenCancelling: false,
    calledAt: T0 + CALLED,
  };
  const moments: readonly [string, Partial<Operation>, Given][] = [
    ['never made', {}, { at: CALLED, isCertainlyUncalled: true }],
    [
      'without an answer',
      { step: 'Unconfirmed', calledAt: T0 + CALLED, attempts: 1 },
      { at: CALLED + MINUTE, follow: unconfirmed },
    ],
  ];
  const finding = { reason: 'Found', message: 'found' };
  const states: readonly [string, Partial<Assessment>, string][] = [
    ['the loss goes on', STILL_LOST, 'Call'],
    ['the loss is not confirmed again yet', { ...STILL_LOST, quorumRounds: 2 }, 'Wait'],
    ['nothing is seen', { ...STILL_LOST, isQuorumFailing: false, quorumRounds: 0 }, 'Wait'],
    ['Aurora recovers it in its region', { ...STILL_LOST, hold: finding }, 'Wait'],
    ['something sees it serve', { ...STILL_LOST, veto: finding }, 'Wait'],
    ['the primary serves again', { isQuorumFailing: false, quorumRounds: 0 }, 'Finish Cancelled'],
  ];
  const cases = moments.flatMap(([when, operation, given]) =>
    states.map(([what, loss, expected]) => ({ when, what, operation, given: { ...given, loss }, expected })),
  );

  it.each(cases)('Given a call $when, when $what, then $expected', ({ operation, given, expected }) => {
    expect(short(follow(anOperation(operation), { round: ROUNDS.Unchanged, ...given }))).toBe(expected);
  });

  it.each(cases)('Given a call $when that a person asked for, when $what, then it is made', ({ operation, given }) => {
    const asked = anOperation({ ...operation, trigger: 'Annotation' });

    expect(short(follow(asked, { round: ROUNDS.Unchanged, ...given }))).toBe('Call');
  });

  it.each<[string, Partial<Settings>, string]>([
    ['the policy is suspended', { isSuspended: true }, 'spec.suspend is true'],
    ['the mode is Manual by now', { mode: 'Manual' }, 'failover.mode is Manual'],
  ])('Given AWS has not taken what automation decided and %s, then it is given up', (_, settings, why) => {
    const given: Given = { round: ROUNDS.Unchanged, at: CALLED, isCertainlyUncalled: true, settings };

    expect(follow(anOperation(), given)).toMatchObject({
      outcome: 'Cancelled',
      reason: 'NoLongerNeeded',
      message: expect.stringMatching(why),
    });
    expect(short(follow(anOperation({ trigger: 'Annotation' }), given))).toBe('Call');
  });

  describe('given the target that automation chose is not what it was', () => {
    const uncalled: Given = { at: CALLED, isCertainlyUncalled: true };
    const modifying = (...regions: string[]): RoundProps => ({
      regions: {
        [EAST]: SILENT,
        ...Object.fromEntries(regions.map((region) => [region, { status: 'modifying' }])),
      },
    });
    const forbidden: Partial<Settings> = { regions: [aRegion(EAST, 'Prefer'), aRegion(WEST, 'Never')] };
    const unnamed: Partial<Settings> = { regions: [aRegion(EAST, 'Prefer'), aRegion(CENTRAL)] };

    it.each<[string, Given, string]>([
      ['it is unfit and another region is fit', { round: modifying(WEST) }, 'Finish Cancelled'],
      ['nobody is fit', { round: modifying(WEST, CENTRAL) }, 'Wait'],
      ['the policy forbids it by now', { round: ROUNDS.Unchanged, settings: forbidden }, 'Finish Cancelled'],
    ])('when %s, then it is not called', (_what, given, expected) => {
      expect(short(follow(anOperation(), { ...uncalled, ...given }))).toBe(expected);
      // What a person asked for needs nobody's permission, and AWS refuses what it cannot do.
      expect(short(follow(anOperation({ trigger: 'Annotation' }), { ...uncalled, ...given }))).toBe('Call');
    });

    it('when the policy does not name it any more, then it is given up', () => {
      const given: Given = { ...uncalled, round: ROUNDS.Unchanged, settings: unnamed };
      expect(follow(anOperation(), given)).toEqual({
        kind: 'Finish',
        outcome: 'Cancelled',
        reason: 'NoLongerFit',
        message: `${WEST}: spec.regions does not name it any more: what AWS has not taken is given up`,
      });
    });

    it('when the policy does not name it any more and nobody else can take over, then it is given up all the same', () => {
      const given: Given = { ...uncalled, round: modifying(CENTRAL), settings: unnamed };
      expect(follow(anOperation(), given)).toMatchObject({ kind: 'Finish', reason: 'NoLongerFit' });
    });

    it('when the call may have taken effect before, then it waits for the target, and says so', () => {
      const operation = anOperation({ step: 'Unconfirmed', calledAt: T0 + CALLED, attempts: 1 });
      const given: Given = { at: CALLED + MINUTE, follow: unconfirmed, round: modifying(WEST) };
      expect(follow(operation, given)).toEqual({
        kind: 'Wait',
        message: `AWS is not called: ${WEST}: the cluster is "modifying", not "available"`,
      });
    });
  });

  it('Given a round that is too old, then the next one decides', () => {
    const settings = aSettings({ regions: THREE_REGIONS });
    const watch = new Watch(settings).see(aRound({ members, at: CALLED, ...ROUNDS.Unchanged }));
    const { veto: _, ...assessment } = watch.assessment;
    const callAt = (now: number): string =>
      followOperation({
        operation: anOperation(),
        assessment: { ...assessment, ...STILL_LOST },
        memory: EMPTY_MEMORY,
        follow: EMPTY_FOLLOW_MEMORY,
        effect: 'Unchanged',
        settings,
        now,
        isCertainlyUncalled: true,
      }).kind;

    expect(callAt(assessment.round.completedAt + 13 * SECOND)).toBe('Call');
    expect(callAt(assessment.round.completedAt + 13 * SECOND + 1)).toBe('Wait');
  });
});

describe('an operation that vanished', () => {
  const CALLED = 2 * MINUTE;
  const at = (step: OperationStep, type: Operation['type']) =>
    anOperation({ step, type, calledAt: T0 + CALLED, attempts: 1 });

  it.each<[string, Operation, [number, RoundProps][], string]>([
    [
      'a failover at work, quiet for 10 s',
      at('Promoting', 'Failover'),
      quiet(CALLED, CALLED + 5 * SECOND, CALLED + 10 * SECOND),
      'Finish Failed',
    ],
    [
      'a switchover at work, quiet for 10 s',
      at('Promoting', 'Switchover'),
      quiet(CALLED, CALLED + 5 * SECOND, CALLED + 10 * SECOND),
      'Finish Cancelled',
    ],
    ['quiet for less', at('Promoting', 'Failover'), quiet(CALLED, CALLED + 5 * SECOND, CALLED + 9 * SECOND), 'Wait'],
    ['quiet in two reads only', at('Promoting', 'Failover'), quiet(CALLED, CALLED + 30 * SECOND), 'Wait'],
    [
      'requested, quiet for 10 s',
      at('Requested', 'Failover'),
      quiet(CALLED, CALLED + 5 * SECOND, CALLED + 10 * SECOND),
      'Wait',
    ],
    [
      'requested, quiet for 60 s',
      at('Requested', 'Failover'),
      quiet(CALLED, CALLED + 5 * SECOND, CALLED + MINUTE),
      'Finish Failed',
    ],
    [
      'cancelling, then quiet',
      at('Promoting', 'Switchover'),
      [[CALLED, ROUNDS.Cancelling], ...quiet(CALLED + SECOND)],
      'Finish Cancelled',
    ],
    [
      'a failover cancelling, then quiet',
      at('Promoting', 'Failover'),
      [[CALLED, ROUNDS.Cancelling], ...quiet(CALLED + SECOND)],
      'Finish Cancelled',
    ],
    [
      'still cancelling',
      at('Promoting', 'Switchover'),
      [
        [CALLED, ROUNDS.Cancelling],
        [CALLED + MINUTE, ROUNDS.Cancelling],
      ],
      'Wait',
    ],
  ])('Given %s, then the last action is as listed', (_, operation, rounds, expected) => {
    expect(followRounds(operation, rounds)).toBe(expected);
  });

  it('Given somebody moved the writer to a third region, then it is superseded, whether called or not', () => {
    const moved = { regions: { [EAST]: SILENT, [WEST]: { writer: CENTRAL }, [CENTRAL]: { writer: CENTRAL } } };

    expect(follow(anOperation(), { round: moved, isCertainlyUncalled: true })).toMatchObject({ reason: 'Superseded' });
    expect(follow(at('Unconfirmed', 'Failover'), { round: moved })).toMatchObject({ reason: 'Superseded' });
  });
});

describe('publication', () => {
  const promoted = (overrides: Partial<Operation> = {}) => anOperation({ step: 'Promoted', ...overrides });

  it.each<[Settings['fencing'], Operation['type'], Operation['fence'], boolean]>([
    ['Required', 'Failover', 'Unknown', false],
    ['Required', 'Failover', 'TimedOut', false],
    ['Required', 'Failover', 'Succeeded', true],
    ['Required', 'Switchover', 'Unknown', true],
    ['BestEffort', 'Failover', 'Unknown', true],
    ['BestEffort', 'Failover', 'TimedOut', true],
    ['None', 'Failover', 'Unknown', true],
  ])('Given fencing %s, a %s and the fence %s, then it is published: %s', (fencing, type, fence, isPublished) => {
    const operation = promoted({ type, fence });

    expect(publicationObstacle(operation, aSettings({ fencing })) === undefined).toBe(isPublished);
    expect(follow(operation, { round: ROUNDS.Promoted, settings: { fencing } }).kind).toBe(
      isPublished ? 'Publish' : 'Wait',
    );
  });

  it('Given nothing is to be published, then the proof follows at once', () => {
    expect(short(follow(promoted(), { round: ROUNDS.Promoted, settings: { isPublishing: false } }))).toBe(
      'Finish Succeeded',
    );
  });
});

describe('the proof of success', () => {
  const published = anOperation({ step: 'Published' });
  const promoted = ROUNDS.Promoted;

  it.each<[string, Given, string]>([
    ['all is well', { round: promoted, hasEndpointWorked: true }, 'Finish Succeeded'],
    [
      'the cluster is not available yet',
      { round: { ...promoted, regions: { [WEST]: { status: 'modifying' } } } },
      'Wait',
    ],
    ['the cluster is not described', { round: { ...promoted, regions: { [WEST]: { clusters: noAnswer() } } } }, 'Wait'],
    [
      'the endpoint worked once and does not now',
      { round: { ...promoted, endpoint: noAnswer(), endpoints: {} }, hasEndpointWorked: true },
      'Wait',
    ],
    [
      'the endpoint worked once and is not probed',
      { round: { ...promoted, endpoint: 'none', endpoints: {} }, hasEndpointWorked: true },
      'Wait',
    ],
    [
      'the endpoint worked once and is no signal any more',
      {
        round: { ...promoted, endpoint: 'none', endpoints: {} },
        hasEndpointWorked: true,
        settings: { signals: signalsNamed('controlPlane', 'http') },
      },
      'Finish Succeeded',
    ],
    ['the endpoint never worked', { round: { ...promoted, endpoint: noAnswer(), endpoints: {} } }, 'Finish Succeeded'],
    ['AWS still shows it in flight', { round: { ...promoted, regions: { [WEST]: inFlight('failing-over') } } }, 'Wait'],
    ['the target is the writer no more', { round: ROUNDS.Unchanged }, 'Wait'],
  ])('Given %s, then the action is as listed', (_, given, expected) => {
    expect(short(follow(published, given))).toBe(expected);
  });
});

describe('the timeout', () => {
  const LATE = STARTED + 15 * MINUTE;
  const called = (step: OperationStep) => anOperation({ step, calledAt: T0 + STARTED, attempts: 1 });

  it.each<[string, Operation, number, Given, string]>([
    ['at work', called('Promoting'), LATE, { round: ROUNDS.InFlight }, 'Finish TimedOut'],
    ['at work, at the very moment', called('Promoting'), LATE - SECOND, { round: ROUNDS.InFlight }, 'Finish TimedOut'],
    ['at work, a moment before', called('Promoting'), LATE - SECOND - 1, { round: ROUNDS.InFlight }, 'Wait'],
    ['never called', anOperation(), LATE, { round: ROUNDS.Unchanged, isCertainlyUncalled: true }, 'Finish TimedOut'],
    [
      'waiting for the fence',
      called('Promoted'),
      LATE,
      { round: ROUNDS.Promoted, settings: { fencing: 'Required' } },
      'Finish TimedOut',
    ],
    ['promoted in this very round', called('Promoting'), LATE, { round: ROUNDS.Promoted }, 'Advance Promoted'],
    ['to be published in this very round', called('Promoted'), LATE, { round: ROUNDS.Promoted }, 'Publish'],
    ['proven in this very round', called('Published'), LATE, { round: ROUNDS.Promoted }, 'Finish Succeeded'],
  ])('Given an operation %s, then the action is as listed', (_, operation, at, given, expected) => {
    expect(short(follow(operation, { at, ...given }))).toBe(expected);
  });

  it.each<[string, Operation, Given, string]>([
    ['waits', called('Promoting'), { round: ROUNDS.InFlight }, 'waiting for AWS'],
    ['would call', anOperation(), { round: ROUNDS.Unchanged, isCertainlyUncalled: true }, 'the call had no effect'],
  ])('Given an operation that %s, then its end tells what was last', (_, operation, given, last) => {
    expect(follow(operation, { at: LATE, ...given })).toMatchObject({
      message: `no proven end within failover.timeout; last: ${last}`,
    });
  });

  it('Given an ambiguous call proven without effect only after the timeout, then it is not made again', () => {
    const operation = called('Unconfirmed');

    expect(followRounds(operation, quiet(LATE - 2 * MINUTE, LATE - MINUTE, LATE))).toBe('Finish TimedOut');
  });
});
