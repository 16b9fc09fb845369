import { describe, expect, it } from '@jest/globals';
import { switchoverObjection } from './switchover-fitness.ts';
import { FAILED_OVER, failbackSettings, see, watchAway } from './testing/a-failback.ts';
import { MINUTE, type RoundProps } from './testing/a-round.ts';
import { aRegion, CENTRAL, EAST, signalsNamed, WEST } from './testing/a-settings.ts';
import { noAnswer, rejected } from './testing/attempts.ts';
import { Watch } from './testing/watch.ts';
import type { Settings } from './settings.ts';

interface Case {
  readonly settings?: Partial<Settings>;
  readonly last?: RoundProps;
  readonly region?: string;
  readonly isFresh?: boolean;
}

function objection({ settings = {}, last = {}, region = EAST, isFresh = false }: Case = {}): string | undefined {
  const watch = watchAway(failbackSettings(settings));
  if (!isFresh) {
    see(watch, FAILED_OVER, MINUTE);
  }
  const { assessment } = see(watch, FAILED_OVER + 2 * MINUTE, 0, last);
  const found = switchoverObjection(assessment, watch.settings, region);
  return found === undefined ? undefined : `${found.isProven ? 'is' : 'unseen'} ${found.reason}: ${found.message}`;
}

const silent = { rds: noAnswer('timeout') };

describe('switchoverObjection', () => {
  it('given both sides well, when asked, then there is none', () => {
    expect(objection()).toBeUndefined();
    expect(objection({ settings: { recoveryPointMilliseconds: 100 } })).toBeUndefined();
  });

  it.each<[string, Case, string]>([
    [
      'no region that answers',
      { last: { regions: { [EAST]: silent, [WEST]: silent } } },
      'unseen RolesNotObserved: no region described the global cluster in this round',
    ],
    [
      'regions that disagree',
      { last: { regions: { [EAST]: { writer: EAST } } } },
      'is RolesDisputed: it is not clear who the writer is: ',
    ],
    [
      'a role change in AWS',
      { last: { regions: { [EAST]: { failoverState: { status: 'switching-over' } } } } },
      'is OperationInFlight: a switchover or failover is in flight in AWS',
    ],
    [
      'an incident',
      { last: { endpoint: noAnswer('refused'), witness: 503 } },
      `is PrimaryUnhealthy: the primary in ${WEST} is not seen serving`,
    ],
    ['one signal that fails while the endpoint serves', { last: { witness: 503 } }, 'is SignalsFailing: http: '],
    [
      'a primary that is modified',
      { last: { regions: { [WEST]: { status: 'modifying' } } } },
      `is PrimaryNotAvailable: the cluster in ${WEST} is "modifying", not "available"`,
    ],
    [
      'a primary whose cluster nobody describes',
      { settings: { signals: signalsNamed('http') }, last: { regions: { [WEST]: { clusters: noAnswer('timeout') } } } },
      `unseen PrimaryNotObserved: RDS in ${WEST} did not describe the cluster`,
    ],
    ['a direct signal that cannot tell', { last: { endpoint: 'none' } }, 'unseen PrimaryNotObserved: endpoint: '],
    ['a region of nobody', { region: CENTRAL }, `unseen NotObserved: ${CENTRAL} was not looked at`],
    [
      'a target out of sight',
      { last: { regions: { [EAST]: silent } } },
      `unseen NotObserved: ${EAST}: RDS in ${EAST} did not answer`,
    ],
    [
      'a target that throttles',
      { last: { regions: { [EAST]: { clusters: rejected('throttled') } } } },
      `unseen NotObserved: ${EAST}: `,
    ],
    [
      'a target that is modified',
      { last: { regions: { [EAST]: { status: 'modifying' } } } },
      `is NotAvailable: ${EAST}: the cluster is "modifying"`,
    ],
    ['the primary itself', { region: WEST }, `is IsPrimary: ${WEST}: it is the primary`],
    [
      'a lag of nobody knows',
      { settings: { maximumLagAgeMilliseconds: 1 } },
      `unseen LagUnknown: ${EAST}: its lag is unknown`,
    ],
    [
      'a lag above the recovery point',
      { settings: { recoveryPointMilliseconds: 99 } },
      `is LagHigh: ${EAST}: its lag of 100 ms is above objectives.recoveryPoint of 99 ms`,
    ],
  ])('given %s, when asked, then it says so, and whether it was seen', (_what, props, message) => {
    expect(objection(props)).toContain(message);
  });

  it('given another vantage that cannot tell, when both sides are seen well, then there is none', () => {
    const watch = watchAway();
    see(watch, FAILED_OVER, MINUTE, { witness: 404 });
    expect(watch.assessment.signals).toContainEqual(expect.objectContaining({ name: 'http', state: 'Unknown' }));
    expect(switchoverObjection(watch.assessment, watch.settings, EAST)).toBeUndefined();
  });

  it('given a global cluster that names no writer, when asked, then nobody is known to be moved', () => {
    const watch = new Watch(failbackSettings(), undefined, {});
    watch.seeAlike(1, FAILED_OVER, { writer: 'nobody', witness: 200 });
    expect(watch.assessment.topology).toMatchObject({ isObserved: true });
    expect(switchoverObjection(watch.assessment, watch.settings, EAST)).toMatchObject({
      isProven: false,
      reason: 'RolesNotObserved',
    });
  });

  it('given a recorded primary that the policy no longer names, when asked, then it was not seen', () => {
    const settings = failbackSettings({ regions: [aRegion(EAST), aRegion(CENTRAL)], signals: signalsNamed('http') });
    const watch = watchAway(settings);
    watch.seeAlike(3, FAILED_OVER, { writer: 'nobody', members: [EAST, CENTRAL], witness: 200 });
    expect(watch.assessment.topology.primaryRegion).toBe(WEST);
    expect(switchoverObjection(watch.assessment, settings, EAST)).toEqual({
      isProven: false,
      reason: 'PrimaryNotObserved',
      message: `RDS in ${WEST} did not describe the cluster`,
    });
  });

  it('given several that fail, when told, then each is named', () => {
    const settings = { signals: signalsNamed('controlPlane', 'endpoint', 'http', 'replication') };
    expect(objection({ settings, last: { witness: 503 } })).toMatch(/^is SignalsFailing: http: [^;]*$/);
  });
});
