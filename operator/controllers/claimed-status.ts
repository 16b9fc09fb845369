import { boundedText } from '../api/v1alpha1/bounded-text.ts';
import type {
  Condition,
  DisasterRecoveryPolicy,
  DisasterRecoveryPolicyStatus,
  LastRequest,
} from '../api/v1alpha1/disaster-recovery-policy.ts';
import { defined } from '../failover/defined.ts';
import type { Instant } from '../failover/observation.ts';
import { keyOf } from '../runtime/resource.ts';
import { isSameRequest, nextRequest } from './pending-request.ts';
import { hasSameContent } from '../failover/same-content.ts';
import { timestamp } from './status-codec.ts';

function lastRequestOf(policy: DisasterRecoveryPolicy, message: string, now: Instant): LastRequest | undefined {
  const last = policy.status?.lastRequest;
  const request = nextRequest(policy.metadata.annotations, last, undefined);
  if (request === undefined) {
    return last?.annotationsRemoved === false ? { ...last, annotationsRemoved: true } : last;
  }
  if (isSameRequest(request, last, undefined)) {
    return last;
  }
  return {
    action: request.action,
    value: request.value,
    forceType: request.forceType,
    acceptDataLoss: request.hasAcceptedDataLoss,
    observedAt: timestamp(now),
    result: 'Refused',
    reason: 'NotReady',
    message,
    annotationsRemoved: false,
  };
}

/**
 * The status of a policy whose global cluster is left to an older one: it says so, protects nothing, and refuses what
 * people ask. Undefined when that is what it says already.
 */
export function claimedStatus(
  policy: DisasterRecoveryPolicy,
  holder: DisasterRecoveryPolicy,
  now: Instant,
): DisasterRecoveryPolicyStatus | undefined {
  const cluster = policy.spec.globalClusterIdentifier;
  const message = boundedText(
    `global cluster ${cluster} is left to ${keyOf(holder)}, which is older: two policies would undo each other's work; ` +
      'delete one of the two, or correct its globalClusterIdentifier by creating it anew',
  );
  const before = policy.status?.conditions ?? [];
  const condition = (type: string, reason: string): Condition => {
    const previous = before.find((candidate) => candidate.type === type);
    const lastTransitionTime = previous?.status === 'False' ? previous.lastTransitionTime : timestamp(now);
    return defined({
      type,
      status: 'False' as const,
      reason,
      message,
      lastTransitionTime,
      observedGeneration: policy.metadata.generation,
    });
  };
  // Two writers that may have taken writes are no less a danger for it, and nobody else's policy tells of them.
  const risk = before.filter(({ type, status }) => type === 'SplitBrainRisk' && status === 'True');
  const status: DisasterRecoveryPolicyStatus = defined({
    ...policy.status,
    observedGeneration: policy.metadata.generation,
    phase: 'Unprotected' as const,
    // What was observed before the older policy came is not true any more.
    signals: undefined,
    conditions: [condition('Ready', 'GlobalClusterClaimed'), condition('FailoverReady', 'NotReady'), ...risk],
    lastRequest: lastRequestOf(policy, message, now),
  });
  return hasSameContent(policy.status, status) ? undefined : status;
}
