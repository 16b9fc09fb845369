import { describe, expect, it } from '@jest/globals';
import {
  aCondition,
  after,
  aWatchedPolicy,
  before,
  conditions,
  NOW_MILLISECONDS,
  type WatchedPolicyProps,
} from '../testing/a-watched-policy.ts';
import { readinessOf, STALE_MILLISECONDS, type Readiness } from './readiness.ts';

function readiness(props: WatchedPolicyProps = {}, writtenAt: string | undefined = before(1_000)): Readiness {
  return readinessOf({ policy: aWatchedPolicy(props), writtenAt, now: NOW_MILLISECONDS });
}

describe('readinessOf', () => {
  it('given a protected policy, says that a failover would work and start by itself', () => {
    expect(readiness()).toMatchObject({
      wouldWork: 'yes',
      reason: 'Protected',
      startsByItself: true,
      holds: [],
      remarks: [],
    });
  });

  it('given a policy that nobody has looked at, says that nobody can tell', () => {
    const { status: _none, ...policy } = aWatchedPolicy();
    expect(readinessOf({ policy, writtenAt: undefined, now: NOW_MILLISECONDS })).toMatchObject({
      wouldWork: 'unknown',
      reason: 'NotObserved',
      startsByItself: false,
    });
  });

  it('given a status that an operator would have refreshed long ago, believes none of it', () => {
    expect(readiness({}, before(STALE_MILLISECONDS))).toMatchObject({ wouldWork: 'yes' });
    const stale = readiness({}, before(STALE_MILLISECONDS + 1));
    expect(stale).toMatchObject({ wouldWork: 'unknown', reason: 'StatusStale', startsByItself: false });
    expect(stale.message).toContain('15 min old');
  });

  it('given no target, says no, and why', () => {
    const noCandidate = aCondition('FailoverReady', 'False', 'NoCandidate', 'no region can be promoted');
    expect(readiness({ status: { conditions: conditions(noCandidate) } })).toMatchObject({
      wouldWork: 'no',
      reason: 'NoCandidate',
      message: 'no region can be promoted',
      startsByItself: false,
    });
  });

  it('given a condition that cannot tell, says that nobody can', () => {
    const unknown = aCondition('FailoverReady', 'Unknown', 'NotReady');
    expect(readiness({ status: { conditions: conditions(unknown) } })).toMatchObject({
      wouldWork: 'unknown',
      reason: 'NotReady',
    });
  });

  it.each<[string, WatchedPolicyProps, RegExp]>([
    ['suspended', { spec: { suspend: true } }, /spec\.suspend/],
    ['of mode Manual', { spec: { failover: { ...aWatchedPolicy().spec.failover, mode: 'Manual' } } }, /Manual/],
    ['in a cooldown', { status: { cooldownUntil: after(90_000) } }, /cooldown until 14:01:30Z \(1 min 30 s left\)/],
    [
      'that is held in an incident',
      {
        status: {
          incident: { startedAt: before(30_000) },
          conditions: conditions(aCondition('Progressing', 'False', 'InRegionRecovery', 'Aurora recovers')),
        },
      },
      /InRegionRecovery: Aurora recovers/,
    ],
  ])('given a policy %s, says that it would work and not start by itself', (_what, props, hold) => {
    const found = readiness(props);
    expect(found).toMatchObject({ wouldWork: 'yes', startsByItself: false });
    expect(found.holds).toHaveLength(1);
    expect(found.holds[0]).toMatch(hold);
  });

  it('given a cooldown that is over, holds nothing', () => {
    expect(readiness({ status: { cooldownUntil: before(1) } }).startsByItself).toBe(true);
  });

  it('given a spec that is newer than the status, and a policy that is not ready, remarks on both', () => {
    const notReady = aCondition('Ready', 'False', 'AccessDenied', 'denied');
    expect(readiness({ status: { observedGeneration: 0, conditions: conditions(notReady) } }).remarks).toEqual([
      'the newest change of the spec is not worked in yet',
      'AccessDenied: denied',
    ]);
  });

  it('given a failover that would not work just now, or is not known to, says all the same that it is suspended', () => {
    for (const status of ['False', 'Unknown'] as const) {
      const found = readiness({
        spec: { suspend: true },
        status: { conditions: conditions(aCondition('FailoverReady', status, 'LagUnknown', 'no lag is known')) },
      });
      expect(found).toMatchObject({ startsByItself: false, holds: [] });
      expect(found.remarks).toContain('spec.suspend is true');
    }
  });
});
