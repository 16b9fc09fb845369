import type {
  DisasterRecoveryPolicyStatus,
  HistoryEntry,
  LastRequest,
  PublishedStatus,
} from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Instant } from '../failover/observation.ts';
import type { Operation, SplitBrain } from '../failover/operation.ts';
import { defined } from '../failover/defined.ts';
import { operationFrom, splitBrainFrom } from './status-codec.ts';

/**
 * The part of a policy's status that is a record and not a reading: what was done, is being done and must not be done
 * again. Everything else in status can be observed anew; this cannot.
 */
export interface PolicyRecord {
  readonly primaryRegion?: string;
  readonly operation?: Operation;
  readonly lastRequest?: LastRequest;
  readonly cooldownUntil?: Instant;
  /** Newest first. */
  readonly history: readonly HistoryEntry[];
  readonly splitBrain?: SplitBrain;
  readonly published?: PublishedStatus;
}

/** Reads the record out of the persisted status. */
export function recordFrom(status: DisasterRecoveryPolicyStatus | undefined): PolicyRecord {
  return defined({
    primaryRegion: status?.primaryRegion,
    operation: status?.operation === undefined ? undefined : operationFrom(status.operation),
    lastRequest: status?.lastRequest,
    cooldownUntil: status?.cooldownUntil === undefined ? undefined : Date.parse(status.cooldownUntil),
    history: status?.history ?? [],
    splitBrain: status?.splitBrain === undefined ? undefined : splitBrainFrom(status.splitBrain),
    published: status?.published,
  });
}

/** When the recorded primary became it, by the newest role change on record that made it so; undefined without one. */
export function primarySince({ primaryRegion, operation, history }: PolicyRecord): Instant | undefined {
  if (operation?.to === primaryRegion && operation?.promotedAt !== undefined) {
    return operation.promotedAt;
  }
  const change = history.find(
    ({ to, outcome, promotedAt }) => to === primaryRegion && (promotedAt !== undefined || outcome === 'Succeeded'),
  );
  return change === undefined ? undefined : Date.parse(change.promotedAt ?? change.completedAt);
}
