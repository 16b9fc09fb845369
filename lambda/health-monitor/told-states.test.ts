import { describe, expect, it } from '@jest/globals';
import { HEALTH } from './region-state.ts';
import { isRecent, newestTold, toldData, toldNow, type Told } from './told-states.ts';

const MINUTE = 60_000;
const NOW = 1_000 * MINUTE;

const toldAt = (at: number, clusterState = 1001): Told => ({
  at,
  states: new Map([['us-east-1', { health: HEALTH.passing, clusterState }]]),
});

describe('newestTold', () => {
  it('given a process that told last, goes by it: the metrics come late', () => {
    const remembered = toldAt(NOW - MINUTE);
    expect(newestTold(remembered, toldAt(NOW - 2 * MINUTE, 2001), NOW)).toBe(remembered);
  });

  it('given another process that told since, goes by the metrics', () => {
    const read = toldAt(NOW - MINUTE, 2001);
    expect(newestTold(toldAt(NOW - 3 * MINUTE), read, NOW)).toBe(read);
  });

  it('given a process that was frozen for long, forgets what it knew', () => {
    expect(newestTold(toldAt(NOW - 16 * MINUTE), undefined, NOW).states.size).toBe(0);
  });
});

describe('isRecent', () => {
  it.each([
    [MINUTE, true],
    [2 * MINUTE, false],
  ])('given something told %d ms ago, is %s', (age, expected) => {
    expect(isRecent(toldAt(NOW - age), NOW)).toBe(expected);
  });

  it('given nothing told, is false', () => {
    expect(isRecent(undefined, NOW)).toBe(false);
  });
});

describe('toldNow and toldData', () => {
  it('given a region that does not say its status, keep what was told of it', () => {
    const states = [{ region: 'us-east-1', health: HEALTH.failing, healthMessage: 'silent' }];
    const told = toldNow(states, toldAt(NOW - MINUTE), NOW);
    const data = toldData(told, 'g', NOW).map(({ name, value, at }) => [name, value, at]);
    expect(data).toEqual([
      ['HealthCheck', 0, NOW],
      ['ClusterState', 1001, NOW],
    ]);
  });
});
