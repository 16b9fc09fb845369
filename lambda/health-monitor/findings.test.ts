import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findingsOf, type EarlierState } from './findings.ts';
import { HEALTH, type Health, type RegionState } from './region-state.ts';

const REGION = 'us-west-2';

const stateWith = (state: Partial<RegionState>): RegionState => ({
  region: REGION,
  health: HEALTH.passing,
  healthMessage: '',
  ...state,
});

const found = (state: Partial<RegionState>, earlier?: EarlierState): string[] =>
  findingsOf([stateWith(state)], new Map(earlier === undefined ? [] : [[REGION, earlier]]), 500).map(
    ({ kind, isOver }) => `${kind}${isOver ? ' over' : ''}`,
  );

describe('findingsOf', () => {
  it.each<[Health, Health | undefined, string[]]>([
    [HEALTH.passing, undefined, []],
    [HEALTH.passing, HEALTH.passing, []],
    [HEALTH.failing, undefined, ['HealthCheckError']],
    [HEALTH.failing, HEALTH.passing, ['HealthCheckError']],
    [HEALTH.failing, HEALTH.failing, []],
    [HEALTH.failing, HEALTH.unchecked, ['HealthCheckError']],
    [HEALTH.unchecked, HEALTH.passing, ['HealthCheckError']],
    [HEALTH.unchecked, HEALTH.failing, []],
    [HEALTH.passing, HEALTH.failing, ['HealthCheckError over']],
    [HEALTH.passing, HEALTH.unchecked, ['HealthCheckError over']],
  ])('given health %d after %s, finds %j', (health, before, expected) => {
    expect(found({ health }, before === undefined ? undefined : { health: before })).toEqual(expected);
  });

  it.each<[number | undefined, number | undefined, string[]]>([
    [1001, undefined, []],
    [1001, 1001, []],
    [2001, 1001, ['ClusterStatusChange']],
    [undefined, 1001, []],
  ])('given the cluster state %s after %s, finds %j', (clusterState, before, expected) => {
    const state = clusterState === undefined ? {} : { clusterState };
    const earlier: EarlierState = { health: HEALTH.passing, ...(before === undefined ? {} : { clusterState: before }) };
    expect(found(state, earlier)).toEqual(expected);
  });

  it.each<[boolean | undefined, boolean | undefined, string[]]>([
    [true, undefined, ['ReplicationLagHigh']],
    [true, false, ['ReplicationLagHigh']],
    [true, true, []],
    [false, true, ['ReplicationLagHigh over']],
    [false, undefined, []],
    [undefined, true, []],
  ])('given high lag %s after %s, finds %j', (isLagHigh, before, expected) => {
    const state = isLagHigh === undefined ? {} : { isLagHigh, lagMilliseconds: 700 };
    const earlier: EarlierState = { health: HEALTH.passing, ...(before === undefined ? {} : { isLagHigh: before }) };
    expect(found(state, earlier)).toEqual(expected);
  });

  it('given what was told a moment ago, never tells it again', () => {
    const state = fc.record({
      health: fc.constantFrom<Health>(1, 0, -1),
      clusterState: fc.integer({ min: 1001, max: 3999 }),
      isLagHigh: fc.boolean(),
    });
    fc.assert(
      fc.property(state, (now) => {
        expect(found(now, now)).toEqual([]);
      }),
    );
  });
});
