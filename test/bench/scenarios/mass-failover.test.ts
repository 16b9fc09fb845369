import { describe, expect, test } from '@jest/globals';
import { clusterName, type RoleChangeCall } from '../rig/aws-commands.ts';
import { priorityOf } from '../rig/fleet.ts';
import { overtakingCalls, overdraft } from './mass-failover.ts';

/** Calls for these policies, one every 100 ms from 10 s on. */
const callsFor = (...numbers: readonly number[]): RoleChangeCall[] =>
  numbers.map((number, index) => ({
    number: index + 1,
    at: 10_000 + 100 * index,
    action: 'FailoverGlobalCluster',
    region: 'us-west-2',
    globalClusterIdentifier: clusterName(number),
    result: 'ok',
    accessKeyId: 'AKIA',
  }));

const completedAt = (at: number, ...numbers: readonly number[]) => new Map(numbers.map((number) => [number, at]));

describe('the order of a mass failover', () => {
  test('policies 4, 3 and 2 have falling priorities', () => {
    expect([4, 3, 2].map(priorityOf)).toEqual([40, 30, 20]);
  });

  test('given the highest priority first, nobody overtakes', () => {
    expect(overtakingCalls(callsFor(4, 9, 3, 2), completedAt(0, 4, 9, 3, 2))).toBe(0);
  });

  test('given calls while a higher priority waits, each of them overtakes', () => {
    expect(overtakingCalls(callsFor(2, 3, 4), completedAt(0, 4, 3, 2))).toBe(2);
  });

  test('given a higher priority that was decided only just now, nobody overtakes', () => {
    const decided = new Map([...completedAt(0, 3, 2), [4, 9_900]]);
    expect(overtakingCalls(callsFor(3, 2, 4), decided)).toBe(0);
  });
});

describe('the rate of a mass failover', () => {
  test('given ten requests a second, a bucket of ten a second is not overdrawn', () => {
    expect(overdraft(callsFor(1, 2, 3, 4, 5), { perSecond: 10, burst: 1 })).toBeCloseTo(0, 9);
  });

  test('given a bucket of five a second with a burst of two, seven requests exceed it by two', () => {
    expect(overdraft(callsFor(1, 2, 3, 4, 5, 6, 7), { perSecond: 5, burst: 2 })).toBeCloseTo(2, 9);
  });
});
