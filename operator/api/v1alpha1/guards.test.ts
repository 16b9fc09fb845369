import { describe, expect, it } from '@jest/globals';
import type { DisasterRecoveryPolicy, DisasterRecoveryPolicyStatus } from './disaster-recovery-policy.ts';
import { isDisasterRecoveryPolicy, problemsOf } from './guards.ts';

/** A policy as the API server returns it, with all defaults. */
function policy(): DisasterRecoveryPolicy {
  return {
    apiVersion: 'aurora-dr.io/v1alpha1',
    kind: 'DisasterRecoveryPolicy',
    metadata: {
      name: 'orders',
      namespace: 'shop',
      uid: '757c0c4b-f732-4062-a963-9ab6dd5ea246',
      resourceVersion: '222',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {
      globalClusterIdentifier: 'orders-global',
      regions: [
        { name: 'eu-west-1', clusterIdentifier: 'orders', promotion: 'Allow' },
        { name: 'eu-central-1', clusterIdentifier: 'orders', promotion: 'Allow' },
      ],
      objectives: { recoveryTime: '10m', recoveryPoint: '1s' },
      detection: {
        interval: '10s',
        timeout: '3s',
        failureThreshold: 3,
        successThreshold: 2,
        quorum: 2,
        signals: {
          controlPlane: {},
          endpoint: { type: 'TCP' },
          replication: { source: 'CloudWatch', maximumAge: '6m' },
        },
      },
      failover: {
        mode: 'Automatic',
        dataLoss: 'WithinRecoveryPoint',
        estimate: 'LastKnown',
        maximumLagAge: '6m',
        cooldown: '30m',
        timeout: '15m',
        priority: 0,
      },
      failback: { mode: 'Manual', stabilization: '30m' },
      fencing: { mode: 'BestEffort' },
      crossplane: { mode: 'Auto' },
      suspend: false,
    },
  };
}

const status: DisasterRecoveryPolicyStatus = {
  phase: 'FailingOver',
  signals: [{ name: 'endpoint', vantage: 'direct', state: 'Failing', since: '2026-01-01T00:00:00.123Z' }],
  operation: {
    id: 'a1',
    type: 'Failover',
    trigger: 'Automatic',
    from: 'eu-west-1',
    to: 'eu-central-1',
    step: 'Accepted',
    dataLossAllowed: true,
    startedAt: '2026-01-01T00:00:00Z',
    attempts: 0,
    fence: 'Unknown',
  },
};

describe('problemsOf', () => {
  it('given a policy with all defaults, with or without a status, it finds nothing', () => {
    expect(problemsOf(policy())).toEqual([]);
    expect(problemsOf({ ...policy(), status })).toEqual([]);
    expect(isDisasterRecoveryPolicy(policy())).toBe(true);
  });

  it('given fields of a newer version, it finds nothing', () => {
    const given = policy();
    expect(problemsOf({ ...given, spec: { ...given.spec, novelty: 1 } })).toEqual([]);
  });

  it.each([undefined, null, 'text', 7, [], [policy()]])('given %j, which is no object, it says so', (value) => {
    expect(problemsOf(value)).toEqual([expect.stringContaining('policy must be an object, and is ')]);
    expect(isDisasterRecoveryPolicy(value)).toBe(false);
  });

  const spec = () => policy().spec;
  it.each<[string, object, string]>([
    ['another kind', { kind: 'Secret' }, 'policy.kind must be one of DisasterRecoveryPolicy, and is "Secret"'],
    ['no name', { metadata: { ...policy().metadata, name: undefined } }, 'policy.metadata.name is missing'],
    ['no spec', { spec: undefined }, 'policy.spec is missing'],
    ['a missing default', { spec: { ...spec(), failover: undefined } }, 'policy.spec.failover is missing'],
    [
      'a list that is none',
      { spec: { ...spec(), regions: 'all' } },
      'policy.spec.regions must be a list, and is "all"',
    ],
    [
      'a number for a string',
      { spec: { ...spec(), regions: [{ name: 5, clusterIdentifier: 'orders', promotion: 'Allow' }] } },
      'policy.spec.regions[0].name must be a string, and is 5',
    ],
    [
      'an unknown choice',
      { spec: { ...spec(), fencing: { mode: 'Maybe' } } },
      'policy.spec.fencing.mode must be one of None, BestEffort, Required, and is "Maybe"',
    ],
    [
      'a text that is no duration',
      { spec: { ...spec(), objectives: { recoveryTime: '10 minutes', recoveryPoint: '1s' } } },
      'policy.spec.objectives.recoveryTime must be a duration such as 1m30s, and is "10 minutes"',
    ],
    [
      'a duration that is too long to read',
      { spec: { ...spec(), objectives: { recoveryTime: '1m'.repeat(9), recoveryPoint: '1s' } } },
      'policy.spec.objectives.recoveryTime must be a duration such as 1m30s, and is "1m1m1m1m1m1m1m1m1m"',
    ],
    [
      'a fraction',
      { spec: { ...spec(), failover: { ...spec().failover, priority: 0.5 } } },
      'policy.spec.failover.priority must be a whole number, and is 0.5',
    ],
    [
      'a number out of range',
      { spec: { ...spec(), detection: { ...spec().detection, quorum: 1 } } },
      'policy.spec.detection.quorum must be between 2 and 4, and is 1',
    ],
    [
      'a text for a boolean',
      { spec: { ...spec(), suspend: 'no' } },
      'policy.spec.suspend must be true or false, and is "no"',
    ],
    [
      'a broken operation',
      { status: { ...status, operation: { ...status.operation, step: 'Perhaps', startedAt: 'soon' } } },
      'policy.status.operation.startedAt must be a time by RFC 3339, and is "soon"',
    ],
  ])('given %s, it names the field', (_name, change, problem) => {
    expect(problemsOf({ ...policy(), ...change })).toContain(problem);
  });

  it('given very many problems, it tells ten', () => {
    const given = policy();
    const regions = Array.from({ length: 11 }, () => ({ name: 1, clusterIdentifier: 2, promotion: 3 }));
    expect(problemsOf({ ...given, spec: { ...given.spec, regions } })).toHaveLength(10);
  });
});
