import { describe, expect, it } from '@jest/globals';
import { defined } from './defined.ts';
import {
  drillNotes,
  judgeDrillStart,
  nextDrillAction,
  RETURN_LIMIT_MILLISECONDS,
  simulateFailover,
  type Drill,
  type DrillAction,
  type DrillFacts,
  type EndedOperation,
  type LastDrill,
} from './drill.ts';
import type { Settings } from './settings.ts';
import { MINUTE, SECOND, T0, type RoundProps } from './testing/a-round.ts';
import { aRegion, aSettings, EAST, signalsNamed, WEST } from './testing/a-settings.ts';
import { noAnswer } from './testing/attempts.ts';
import { Watch } from './testing/watch.ts';

const calm = (overrides: Partial<DrillFacts> = {}): DrillFacts => ({
  hasOperation: false,
  hasSplitBrainRisk: false,
  isLeaving: false,
  hasDrill: false,
  canCall: true,
  ...overrides,
});

interface Scene {
  readonly settings?: Partial<Settings>;
  readonly facts?: Partial<DrillFacts>;
  readonly writer?: string;
  readonly last?: RoundProps;
  readonly isFresh?: boolean;
}

function scene({ settings = {}, facts = {}, writer = EAST, last = {}, isFresh = false }: Scene = {}) {
  const own = aSettings({ signals: signalsNamed('controlPlane', 'endpoint', 'http'), ...settings });
  const watch = new Watch(own, undefined, { primaryRegion: writer });
  if (!isFresh) {
    watch.seeAlike(3, 10 * MINUTE, { writer, witness: 200 });
  }
  watch.seeAlike(1, 11 * MINUTE, { writer, witness: 200, ...last });
  const { assessment } = watch;
  return { assessment, settings: own, facts: calm(facts), now: assessment.round.completedAt };
}

const LOST: RoundProps = { endpoint: noAnswer('refused'), witness: 503 };

describe('simulateFailover', () => {
  const failed = (props: Scene): string[] =>
    simulateFailover(scene(props))
      .checks.filter(({ passed }) => !passed)
      .map(({ name, message }) => `${name}: ${message}`);

  it('given all is well, when simulated, then every check passes and says what was found', () => {
    const found = simulateFailover(scene());
    expect(found).toMatchObject({
      target: WEST,
      estimatedDataLossMilliseconds: 100,
      worstCaseDataLossMilliseconds: 61_100,
    });
    expect(found.checks).toEqual([
      { name: 'Roles', passed: true, message: `the writer is in ${EAST}` },
      { name: 'AtRest', passed: true, message: 'nothing is in flight, and the primary serves' },
      { name: 'Votes', passed: true, message: 'a quorum of 2 classes can vote for a loss' },
      { name: 'Target', passed: true, message: `${WEST} can take over` },
      { name: 'Loss', passed: true, message: 'estimated 100 ms, at worst 61100 ms' },
      { name: 'Address', passed: true, message: `clients would be sent to orders.${WEST}.example` },
      { name: 'Publication', passed: true, message: 'clients are sent to the writer' },
      { name: 'Call', passed: true, message: 'AWS may be called' },
      { name: 'Automation', passed: true, message: 'a confirmed loss is failed over automatically' },
    ]);
  });

  it.each<[string, Scene, string]>([
    ['no votes', { isFresh: true }, 'Votes: a quorum of 2 from two vantages cannot be met: '],
    [
      'a target that is modified',
      { last: { regions: { [WEST]: { status: 'modifying' } } } },
      'Target: no region can be promoted: ',
    ],
    ['an operation in flight', { facts: { hasOperation: true } }, 'AtRest: a switchover or failover is in flight'],
    [
      'one in AWS',
      { last: { regions: { [WEST]: { failoverState: { status: 'switching-over' } } } } },
      'AtRest: a switchover or failover is in flight',
    ],
    ['an incident', { last: LOST }, 'AtRest: the primary is not seen serving: this is no time for a drill'],
    [
      'a dispute',
      { last: { regions: { [WEST]: { writer: WEST }, [EAST]: { writer: EAST } } } },
      'Roles: it is not clear who the writer is: ',
    ],
    ['a publication that failed', { facts: { publicationProblem: 'NameTaken: x' } }, 'Publication: NameTaken: x'],
    ['a lease that ends', { facts: { canCall: false } }, 'Call: this process may not lead for as long as a call takes'],
  ])('given %s, when simulated, then that check fails', (_what, props, problem) => {
    expect(failed(props)).toContainEqual(expect.stringContaining(problem));
  });

  it('given no region that describes the cluster, when simulated, then roles are not known', () => {
    const silent = { rds: noAnswer('timeout') };
    expect(failed({ last: { regions: { [EAST]: silent, [WEST]: silent } } })).toContain(
      'Roles: no region describes the writer',
    );
  });

  it('given a global cluster that names no writer, when simulated, then roles are not known', () => {
    const watch = new Watch(aSettings({ signals: signalsNamed('controlPlane', 'endpoint', 'http') }), undefined, {});
    watch.seeAlike(1, 0, { writer: 'nobody', witness: 200 });
    const { assessment, settings } = watch;
    expect(assessment.topology.isObserved).toBe(true);
    const { checks } = simulateFailover({ assessment, settings, facts: calm(), now: assessment.round.completedAt });
    expect(checks[0]).toEqual({ name: 'Roles', passed: false, message: 'no region describes the writer' });
  });

  it('given no target, when simulated where two operators live, then it is not this one that fails over', () => {
    const settings = { operatorRegion: WEST, regions: [aRegion(EAST), aRegion(WEST, 'Never')] };
    const found = simulateFailover(scene({ settings }));
    expect(found).not.toHaveProperty('target');
    expect(found.checks.at(-1)?.message).toBe(
      `this operator lives in ${WEST}: the one in the target’s region fails over`,
    );
  });

  it('given a cooldown that ends now, when simulated, then it limits nothing any more', () => {
    const question = scene();
    const facts = calm({ cooldownUntil: question.now });
    expect(simulateFailover({ ...question, facts }).checks.at(-1)?.message).toBe(
      'a confirmed loss is failed over automatically',
    );
  });

  it('given nothing to publish, when simulated, then publication is not asked for', () => {
    const props = { settings: { isPublishing: false }, facts: { publicationProblem: 'NotConfigured' } };
    expect(failed(props)).toEqual([]);
  });

  it('given a target whose address nobody knows, when simulated, then that fails', () => {
    const { assessment, ...rest } = scene();
    const { endpoint: _, ...target } = assessment.target ?? ({} as never);
    const found = simulateFailover({ ...rest, assessment: { ...assessment, target } });
    expect(found.checks.find(({ name }) => name === 'Address')).toEqual({
      name: 'Address',
      passed: false,
      message: `the writer endpoint of ${WEST} is not known`,
    });
  });

  it('given a target of unknown loss, when simulated, then that fails', () => {
    const { assessment, ...rest } = scene();
    const { loss: _, ...target } = assessment.target ?? ({} as never);
    const found = simulateFailover({ ...rest, assessment: { ...assessment, target } });
    expect(found.checks.find(({ name }) => name === 'Loss')).toMatchObject({
      passed: false,
      message: 'the loss is not known',
    });
    expect(found).not.toHaveProperty('estimatedDataLossMilliseconds');
  });

  it.each<[string, Scene, string]>([
    ['suspended', { settings: { isSuspended: true } }, 'spec.suspend holds automation'],
    ['by hand', { settings: { mode: 'Manual' } }, 'failover.mode is Manual: a person starts a failover'],
    ['resting', { facts: { cooldownUntil: T0 + 20 * MINUTE } }, 'cooldown until 2026-01-01T00:20:00.000Z'],
    [
      'elsewhere',
      { settings: { operatorRegion: EAST } },
      `this operator lives in ${EAST}: the one in the target’s region fails over`,
    ],
    ['where it should be', { settings: { operatorRegion: WEST } }, 'a confirmed loss is failed over automatically'],
    ['rested', { facts: { cooldownUntil: T0 } }, 'a confirmed loss is failed over automatically'],
  ])('given automation that is %s, when simulated, then it is said and is no failure', (_what, props, note) => {
    expect(failed(props)).toEqual([]);
    expect(simulateFailover(scene(props)).checks.at(-1)).toEqual({ name: 'Automation', passed: true, message: note });
  });
});

describe('judgeDrillStart', () => {
  const start = (props: Scene = {}, isScheduled = true) => judgeDrillStart({ ...scene(props), isScheduled });
  const said = (props: Scene, isScheduled = true): string => {
    const verdict = start(props, isScheduled);
    return verdict.kind === 'Start'
      ? `Start ${verdict.target}`
      : verdict.obstacles.map(({ reason }) => reason).join(' ');
  };

  it('given all is well, when judged, then it goes where a failover would', () => {
    expect(start()).toEqual({ kind: 'Start', target: WEST });
  });

  it.each<[string, Scene, string]>([
    ['another drill', { facts: { hasDrill: true } }, 'DrillInProgress'],
    ['suspend', { settings: { isSuspended: true } }, 'Suspended'],
    ['a cooldown', { facts: { cooldownUntil: T0 + 20 * MINUTE } }, 'CooldownActive'],
    ['an old primary outstanding', { facts: { hasSplitBrainRisk: true } }, 'SplitBrainRisk'],
    ['an incident', { last: LOST }, 'PrimaryUnhealthy NotReady'],
    ['no target', { settings: { regions: [aRegion(EAST), aRegion(WEST, 'Never')] } }, 'NotReady'],
    ['a lag above the recovery point', { settings: { dataLoss: 'Allow', recoveryPointMilliseconds: 50 } }, 'LagHigh'],
    ['an operation in flight', { facts: { hasOperation: true } }, 'OperationInFlight NotReady'],
  ])('given %s, when judged, then it waits', (_what, props, reasons) => {
    expect(said(props)).toBe(reasons);
    expect(said(props, false)).toBe(reasons);
  });

  it('given an operator elsewhere, when a schedule asks, then it is not the one; when a person asks, it is', () => {
    const props = { settings: { operatorRegion: WEST } };
    expect(said(props)).toBe('WrongOperatorRegion');
    expect(said(props, false)).toBe(`Start ${WEST}`);
    expect(said({ settings: { operatorRegion: EAST } })).toBe(`Start ${WEST}`);
  });

  it('given a check that fails, when judged, then its name and words are said', () => {
    const verdict = start({ facts: { canCall: false } });
    expect(verdict).toEqual({
      kind: 'Wait',
      obstacles: [{ reason: 'NotReady', message: 'Call: this process may not lead for as long as a call takes' }],
    });
  });
});

describe('nextDrillAction', () => {
  const ARRIVED = T0 + 10 * MINUTE;
  const aDrill = (overrides: Partial<Drill> = {}): Drill => ({
    id: 'drill-1',
    home: EAST,
    away: WEST,
    leg: 'There',
    startedAt: T0,
    operationId: 'switchover-1',
    ...overrides,
  });
  const AWAY = { leg: 'Away', arrivedAt: ARRIVED, thereMilliseconds: 7000 } as const;
  const BACK = { ...AWAY, leg: 'Back', returnAttempts: 1 } as const;

  interface Step extends Scene {
    readonly drill: Partial<Drill>;
    readonly ended?: EndedOperation;
    readonly now?: number;
  }
  const next = ({ drill, ended, now, ...props }: Step): DrillAction => {
    const found = scene({ writer: WEST, ...props });
    return nextDrillAction(defined({ ...found, now: now ?? found.now, drill: aDrill(drill), ended }));
  };
  const said = (action: DrillAction): string => {
    switch (action.kind) {
      case 'Finish':
        return `${action.result} ${action.reason}`;
      case 'Wait':
        return `Wait ${action.obstacles.map(({ reason }) => reason).join(' ')}`;
      default:
        return action.kind;
    }
  };
  const CANCELLED: EndedOperation = { outcome: 'Cancelled', message: 'AWS gave up' };

  it.each(['There', 'Away', 'Back'] as const)('given an operation in flight, when on leg %s, then it waits', (leg) => {
    expect(said(next({ drill: { ...AWAY, leg }, facts: { hasOperation: true } }))).toBe('Wait OperationInFlight');
  });

  it.each(['There', 'Away', 'Back'] as const)(
    'given AWS is still at an operation that timed out, when on leg %s, then its end decides about the drill',
    (leg) => {
      const last = { regions: { [WEST]: { failoverState: { status: 'switching-over' } } } };
      for (const writer of [EAST, WEST]) {
        const ended: EndedOperation = { outcome: 'TimedOut' };
        expect(said(next({ drill: { ...BACK, leg, returnAttempts: 3 }, writer, last, ended }))).toBe(
          'Wait OperationInFlight',
        );
      }
    },
  );

  it.each(['There', 'Back'] as const)('given regions that disagree, when on leg %s, then it waits for them', (leg) => {
    const last = { regions: { [WEST]: { writer: WEST }, [EAST]: { writer: EAST } } };
    const drill = { ...BACK, leg, returnAttempts: 3 };
    for (const writer of [EAST, WEST]) {
      expect(said(next({ drill, writer, last, ended: { outcome: 'TimedOut' } }))).toBe('Wait RolesDisputed');
    }
  });

  it.each(['There', 'Back'] as const)('given nobody who tells the writer, when on leg %s, then it waits', (leg) => {
    const silent = { rds: noAnswer('timeout') };
    const drill = { ...BACK, leg, returnAttempts: 3 };
    const blind = { regions: { [EAST]: silent, [WEST]: silent } };
    expect(said(next({ drill, last: blind, ended: CANCELLED }))).toBe('Wait RolesNotObserved');
    const found = scene({ writer: WEST });
    const { primaryRegion: _, ...topology } = found.assessment.topology;
    const step = { ...found, assessment: { ...found.assessment, topology }, drill: aDrill(drill) };
    expect(said(nextDrillAction({ ...step, ended: CANCELLED }))).toBe('Wait RolesNotObserved');
    expect(said(nextDrillAction({ ...step, ended: { outcome: 'Succeeded', milliseconds: 1 } }))).not.toMatch(/^Wait/);
  });

  describe('there', () => {
    it('given a success, when seen, then the writer has arrived in the time that was measured', () => {
      const ended: EndedOperation = { outcome: 'Succeeded', milliseconds: 7000 };
      expect(next({ drill: {}, ended })).toEqual({ kind: 'Arrive', milliseconds: 7000 });
    });

    it('given no success and a writer that stayed, when seen, then the drill has failed and says why', () => {
      const action = next({ drill: {}, ended: CANCELLED, writer: EAST });
      expect(action).toEqual({
        kind: 'Finish',
        result: 'Failed',
        reason: 'NotMoved',
        message: `the switchover to ${WEST} ended Cancelled: AWS gave up; the writer is in ${EAST}`,
      });
    });

    it('given no success and a writer that moved, when seen, then it has to come home all the same', () => {
      expect(next({ drill: {}, ended: { outcome: 'TimedOut' } })).toEqual({ kind: 'Arrive' });
      expect(next({ drill: {} })).toEqual({ kind: 'Arrive' });
    });

    it('given a record that lost the operation, when the writer stayed, then it says that nothing is known', () => {
      const action = next({ drill: {}, writer: EAST });
      expect(action).toMatchObject({
        message: expect.stringContaining('ended without a record: nothing is known of it'),
      });
    });
  });

  describe('away', () => {
    it('given all is well, when judged, then the writer comes home', () => {
      expect(next({ drill: AWAY })).toEqual({ kind: 'Return' });
    });

    it.each<[string, Omit<Step, 'drill'>, string]>([
      ['a home that is modified', { last: { regions: { [EAST]: { status: 'modifying' } } } }, 'Wait NotAvailable'],
      ['a home that lags', { settings: { recoveryPointMilliseconds: 50 } }, 'Wait LagHigh'],
      ['a home out of sight', { last: { regions: { [EAST]: { rds: noAnswer('timeout') } } } }, 'Wait NotObserved'],
      ['an incident', { last: LOST }, 'Wait PrimaryUnhealthy'],
      ['suspend', { settings: { isSuspended: true } }, 'Wait Suspended'],
      ['a cooldown', { facts: { cooldownUntil: T0 + 20 * MINUTE } }, 'Wait CooldownActive'],
      ['deletion', { facts: { isLeaving: true } }, 'Wait PolicyDeleted'],
      ['no votes for the new primary', { isFresh: true }, 'Wait NeverObservedPassing'],
      ['a rest', { now: T0 + 11 * MINUTE }, 'Wait Resting'],
    ])('given %s, when judged, then it waits', (what, props, action) => {
      const notBefore = what === 'a rest' ? { notBefore: T0 + 11 * MINUTE + 1 } : {};
      expect(said(next({ drill: { ...AWAY, ...notBefore }, ...props }))).toBe(action);
    });

    it('given a rest, when judged, then it says until when', () => {
      expect(next({ drill: { ...AWAY, notBefore: T0 + 20 * MINUTE } })).toEqual({
        kind: 'Wait',
        obstacles: [{ reason: 'Resting', message: 'the return is not tried again before 2026-01-01T00:20:00.000Z' }],
      });
    });

    it('given nobody who is known to be the writer, when judged, then it waits for one', () => {
      const found = scene({ writer: WEST });
      const { primaryRegion: _, ...topology } = found.assessment.topology;
      const step = { ...found, assessment: { ...found.assessment, topology }, drill: aDrill(AWAY) };
      expect(nextDrillAction(step)).toEqual({
        kind: 'Wait',
        obstacles: [{ reason: 'NoPrimary', message: 'no primary is known' }],
      });
    });

    it('given a rest that is over, when judged, then the writer comes home', () => {
      const notBefore = T0 + 11 * MINUTE;
      expect(said(next({ drill: { ...AWAY, notBefore } }))).toBe('Return');
      expect(said(next({ drill: { ...AWAY, notBefore }, now: notBefore }))).toBe('Return');
    });

    it('given a writer that something else has moved, when judged, then the drill has failed', () => {
      expect(said(next({ drill: AWAY, writer: EAST }))).toBe('Failed Interrupted');
    });

    it('given no return in time, when judged, then it fails, says where the writer is and what to do', () => {
      const late = { drill: AWAY, last: { regions: { [EAST]: { status: 'modifying' } } } };
      expect(said(next({ ...late, now: ARRIVED + RETURN_LIMIT_MILLISECONDS - 1 }))).toMatch(/^Wait/);
      const action = next({ ...late, now: ARRIVED + RETURN_LIMIT_MILLISECONDS });
      expect(said(action)).toBe('Failed NotReturned');
      expect(action).toMatchObject({
        message: expect.stringMatching(
          new RegExp(`the writer stays in ${WEST}: .*"modifying".*aurora-dr.io/force-type: Switchover`),
        ),
      });
    });

    it('given no time of arrival, when judged, then the time counts from the start', () => {
      const drill = { leg: 'Away', thereMilliseconds: 7000 } as const;
      expect(said(next({ drill, now: T0 + RETURN_LIMIT_MILLISECONDS }))).toBe('Failed NotReturned');
    });
  });

  describe('back', () => {
    const home = { writer: EAST, ended: { outcome: 'Succeeded', milliseconds: 8000 } } as const;

    it('given a success, when seen, then the drill has succeeded with both times', () => {
      expect(next({ drill: BACK, ...home })).toEqual({
        kind: 'Finish',
        result: 'Succeeded',
        reason: 'Succeeded',
        message: `the writer went to ${WEST} in 7000 ms and came home to ${EAST} in 8000 ms`,
        backMilliseconds: 8000,
      });
    });

    it('given an arrival that was never proven, when home, then the drill has failed', () => {
      const { thereMilliseconds: _, ...unproven } = BACK;
      expect(said(next({ drill: unproven, ...home }))).toBe('Failed NotProven');
    });

    it.each([
      [1, MINUTE],
      [2, 2 * MINUTE],
    ])('given try %d without effect, when seen, then it rests and is tried again', (returnAttempts, rest) => {
      const now = T0 + 12 * MINUTE;
      expect(next({ drill: { ...BACK, returnAttempts }, ended: CANCELLED, now })).toEqual({
        kind: 'Retry',
        notBefore: now + rest,
      });
    });

    it('given the third try without effect, when seen, then it fails and says what to do', () => {
      const action = next({ drill: { ...BACK, returnAttempts: 3 }, ended: CANCELLED });
      expect(said(action)).toBe('Failed NotReturned');
      expect(action).toMatchObject({
        message: expect.stringContaining('the switchover home ended Cancelled: AWS gave up'),
      });
    });

    it('given no count of tries, when one had no effect, then it was the first', () => {
      const { returnAttempts: _, ...uncounted } = BACK;
      expect(said(next({ drill: uncounted, ended: CANCELLED }))).toBe('Retry');
    });

    it('given a record that lost the operation, when seen, then only where the writer is counts', () => {
      expect(next({ drill: BACK, writer: EAST })).toEqual({
        kind: 'Finish',
        result: 'Failed',
        reason: 'BackNotProven',
        message: `the switchover home ended without a record: nothing is known of it; the writer is in ${EAST}`,
      });
      expect(said(next({ drill: BACK }))).toBe('Retry');
    });

    it('given a writer at home without a proof in time, when seen, then the drill has failed', () => {
      expect(said(next({ drill: BACK, writer: EAST, ended: { outcome: 'TimedOut' } }))).toBe('Failed BackNotProven');
    });
  });
});

describe('drillNotes', () => {
  const DAY = 24 * 60 * MINUTE;
  const settings = aSettings({ drill: { mode: 'Simulate', maximumAgeMilliseconds: 45 * DAY } });
  const last = (overrides: Partial<LastDrill> = {}): LastDrill => ({
    id: 'drill-1',
    mode: 'Simulate',
    result: 'Succeeded',
    reason: 'Succeeded',
    completedAt: T0,
    lastSucceededAt: T0,
    message: 'why',
    ...overrides,
  });

  it('given a young success, when asked, then there is nothing to say', () => {
    expect(drillNotes(settings, last(), T0 - 90 * DAY, T0 + 45 * DAY)).toEqual([]);
  });

  it('given an old success, when asked, then it says so', () => {
    expect(drillNotes(settings, last(), T0, T0 + 45 * DAY + SECOND)).toEqual([
      'the last successful drill, of 2026-01-01T00:00:00.000Z, is older than drill.maximumAge',
    ]);
  });

  it('given none at all, when the policy itself is old enough, then it says so', () => {
    expect(drillNotes(settings, undefined, T0, T0 + 45 * DAY)).toEqual([]);
    expect(drillNotes(settings, undefined, T0, T0 + 45 * DAY + 1)).toEqual([
      'no drill has ever succeeded, for longer than drill.maximumAge',
    ]);
    expect(drillNotes(aSettings(), undefined, T0, T0 + 400 * DAY)).toEqual([]);
  });

  it.each([
    ['Failed', 'the last drill (Simulate, 2026-01-01T00:00:00.000Z) failed: why'],
    ['Missed', 'the last drill (Simulate, 2026-01-01T00:00:00.000Z) was missed: why'],
  ] as const)('given one that was %s, when asked, then it says why', (result, note) => {
    expect(drillNotes(aSettings(), last({ result }), T0, T0)).toEqual([note]);
  });
});
