import type {
  DisasterRecoveryPolicy,
  DisasterRecoveryPolicySpec,
} from '../../api/v1alpha1/disaster-recovery-policy.ts';
import { EAST, WEST } from '../../failover/testing/a-settings.ts';

export const KEY = 'payments/orders';

/**
 * A spec as the API server returns it, defaults applied. Detection rests on the control plane, the endpoint and a
 * witness, so that a loss is confirmed within three rounds of 10 s.
 */
export function aSpec(overrides: Partial<DisasterRecoveryPolicySpec> = {}): DisasterRecoveryPolicySpec {
  return {
    globalClusterIdentifier: 'orders-global',
    regions: [
      { name: EAST, clusterIdentifier: 'orders', promotion: 'Prefer' },
      { name: WEST, clusterIdentifier: 'orders', promotion: 'Allow' },
    ],
    objectives: { recoveryTime: '10m', recoveryPoint: '1s' },
    detection: {
      interval: '10s',
      timeout: '3s',
      failureThreshold: 3,
      successThreshold: 2,
      quorum: 2,
      signals: { controlPlane: {}, endpoint: { type: 'TCP' }, http: { url: 'https://witness.example/' } },
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
    publish: { service: { name: 'orders-writer' }, configMap: { name: 'orders-writer' } },
    notifications: { snsTopicArns: ['arn:aws:sns:us-west-2:111122223333:alerts'] },
    crossplane: { mode: 'Auto' },
    suspend: false,
    ...overrides,
  };
}

/** A policy that nobody has looked at yet. */
export function aPolicy(spec: Partial<DisasterRecoveryPolicySpec> = {}): DisasterRecoveryPolicy {
  return {
    apiVersion: 'aurora-dr.io/v1alpha1',
    kind: 'DisasterRecoveryPolicy',
    metadata: {
      name: 'orders',
      namespace: 'payments',
      uid: 'uid-1',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: aSpec(spec),
  };
}
