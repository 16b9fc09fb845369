import { describe, expect, it } from '@jest/globals';
import type { SignalName } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { detectionWindow, isQuorum } from './detection-window.ts';
import { aSettings, signalsNamed } from './testing/a-settings.ts';

/** 10 s × (3 + 1) + 3 s. */
const ROUNDS = 43_000;
/** Of CloudWatch, in the settings builder. */
const LATE = 600_000;

describe('detectionWindow', () => {
  it.each<[SignalName[], number, number | undefined]>([
    [['controlPlane', 'endpoint'], 2, undefined],
    [['controlPlane', 'replication'], 2, LATE + ROUNDS],
    [['endpoint', 'http'], 2, ROUNDS],
    [['replication', 'http'], 2, LATE + ROUNDS],
    [['controlPlane', 'endpoint', 'replication'], 2, LATE + ROUNDS],
    [['controlPlane', 'endpoint', 'replication'], 3, LATE + ROUNDS],
    [['controlPlane', 'endpoint', 'http'], 3, ROUNDS],
    [['controlPlane', 'endpoint', 'replication', 'http'], 2, ROUNDS],
    [['controlPlane', 'endpoint', 'replication', 'http'], 3, ROUNDS],
    [['controlPlane', 'endpoint', 'replication', 'http'], 4, LATE + ROUNDS],
    [['controlPlane', 'endpoint', 'http'], 4, undefined],
    [['replication'], 2, undefined],
    [[], 2, undefined],
  ])('Given signals %j and a quorum of %i, then it is %s ms', (names, quorum, expected) => {
    expect(detectionWindow(aSettings({ signals: signalsNamed(...names), quorum }))).toBe(expected);
  });

  it('Given other rounds, then the formula follows: D + interval × (threshold + 1) + timeout', () => {
    const settings = aSettings({ intervalMilliseconds: 1000, failureThreshold: 5, timeoutMilliseconds: 400 });

    expect(detectionWindow(settings)).toBe(LATE + 6400);
  });
});

describe('isQuorum', () => {
  it.each<[SignalName[], number, boolean]>([
    [['controlPlane', 'endpoint'], 2, false],
    [['controlPlane', 'replication'], 2, true],
    [['replication', 'http'], 2, true],
    [['endpoint', 'http'], 3, false],
    [['controlPlane', 'endpoint', 'http'], 3, true],
    [['http'], 2, false],
    [[], 2, false],
  ])('Given %j failing and a quorum of %i, then it is one: %s', (names, quorum, expected) => {
    expect(
      isQuorum(
        names.map((name) => ({ name })),
        quorum,
      ),
    ).toBe(expected);
  });
});
