import { describe, expect, it } from '@jest/globals';
import type { Finding } from './assess.ts';
import { leadObstacle, plannedObstacles, type PlannedFacts } from './planned-switchover.ts';
import type { Settings } from './settings.ts';
import { FAILED_OVER, failbackSettings, see, watchAway } from './testing/a-failback.ts';
import { MINUTE, SECOND, type RoundProps } from './testing/a-round.ts';
import { aSettings, EAST, WEST } from './testing/a-settings.ts';

interface Case {
  readonly settings?: Partial<Settings>;
  /** Given the moment of the question. */
  readonly facts?: (now: number) => Partial<PlannedFacts>;
  readonly last?: RoundProps;
  /** Between the end of the last round and the question. */
  readonly age?: number;
}

function obstacles({ settings = {}, facts = () => ({}), last = {}, age = SECOND }: Case = {}): readonly Finding[] {
  const watch = watchAway(failbackSettings(settings));
  see(watch, FAILED_OVER, MINUTE);
  const { assessment } = see(watch, FAILED_OVER + 2 * MINUTE, 0, last);
  const now = assessment.round.completedAt + age;
  return plannedObstacles({
    assessment,
    settings: watch.settings,
    facts: { hasOperation: false, hasSplitBrainRisk: false, isLeaving: false, ...facts(now) },
    target: EAST,
    now,
  });
}

describe('plannedObstacles', () => {
  it('given both sides well and a record at rest, when asked, then nothing is in the way', () => {
    expect(obstacles()).toEqual([]);
  });

  it.each<[string, Case, Finding]>([
    [
      'an operation in flight',
      { facts: () => ({ hasOperation: true }) },
      { reason: 'OperationInFlight', message: 'an operation is in flight' },
    ],
    [
      'a policy that is being deleted',
      { facts: () => ({ isLeaving: true }) },
      { reason: 'PolicyDeleted', message: 'the policy is being deleted' },
    ],
    ['suspend', { settings: { isSuspended: true } }, { reason: 'Suspended', message: 'spec.suspend is true' }],
    [
      'an old primary outstanding',
      { facts: () => ({ hasSplitBrainRisk: true }) },
      { reason: 'SplitBrainRisk', message: 'an old primary has not re-joined: see SplitBrainRisk' },
    ],
    [
      'resources that drift',
      { facts: () => ({ drift: { reason: 'RolesDiffer', message: 'orders-west would be detached' } }) },
      { reason: 'ResourceDrift', message: 'managed resources: orders-west would be detached' },
    ],
    [
      'a target that is not fit',
      { last: { regions: { [EAST]: { status: 'modifying' } } } },
      { reason: 'NotAvailable', message: `${EAST}: the cluster is "modifying"` },
    ],
  ])('given %s, when asked, then that alone is in the way', (_what, props, obstacle) => {
    expect(obstacles(props)).toEqual([{ ...obstacle, message: expect.stringContaining(obstacle.message) }]);
  });

  it('given a cooldown, when asked, then it is in the way until its last millisecond, and says when it ends', () => {
    let end = '';
    const waits = obstacles({
      facts: (now) => {
        end = new Date(now + 1).toISOString();
        return { cooldownUntil: now + 1 };
      },
    });
    expect(waits).toEqual([{ reason: 'CooldownActive', message: `cooldown until ${end}` }]);
    expect(obstacles({ facts: (now) => ({ cooldownUntil: now }) })).toEqual([]);
    expect(obstacles({ facts: (now) => ({ cooldownUntil: now - MINUTE }) })).toEqual([]);
  });

  it('given a round, when its age exceeds an interval and a timeout, then it is nothing to act on', () => {
    const { intervalMilliseconds, timeoutMilliseconds } = failbackSettings();
    const longest = intervalMilliseconds + timeoutMilliseconds;
    expect(obstacles({ age: longest })).toEqual([]);
    expect(obstacles({ age: longest + 1 })).toEqual([
      { reason: 'StaleObservation', message: 'the last round is too old to act on' },
    ]);
  });

  it('given everything at once, when asked, then all is said: the record first, then what was seen, then its age', () => {
    const found = obstacles({
      settings: { isSuspended: true },
      facts: (now) => ({
        hasOperation: true,
        isLeaving: true,
        hasSplitBrainRisk: true,
        cooldownUntil: now + MINUTE,
        drift: { reason: 'RolesDiffer', message: 'x' },
      }),
      last: { witness: 503 },
      age: MINUTE,
    });
    expect(found.map(({ reason }) => reason)).toEqual([
      'OperationInFlight',
      'PolicyDeleted',
      'Suspended',
      'CooldownActive',
      'SplitBrainRisk',
      'ResourceDrift',
      'SignalsFailing',
      'StaleObservation',
    ]);
  });
});

describe('leadObstacle', () => {
  it.each<[string, string | undefined, string | undefined]>([
    ['one operator for all regions', undefined, WEST],
    ['the operator of the primary’s region', WEST, WEST],
    ['one operator, and no known primary', undefined, undefined],
  ])('given %s, when asked, then it leads', (_what, operatorRegion, primary) => {
    const settings = operatorRegion === undefined ? aSettings() : aSettings({ operatorRegion });
    expect(leadObstacle(settings, primary)).toBeUndefined();
  });

  it.each([
    [WEST, `this operator lives in ${EAST}: the one in ${WEST} starts switchovers that nobody asked for`],
    [
      undefined,
      `this operator lives in ${EAST}: the one in the primary’s region starts switchovers that nobody asked for`,
    ],
  ])('given the operator of another region than %s, when asked, then it says who leads', (primary, message) => {
    expect(leadObstacle(aSettings({ operatorRegion: EAST }), primary)).toEqual({
      reason: 'WrongOperatorRegion',
      message,
    });
  });
});
