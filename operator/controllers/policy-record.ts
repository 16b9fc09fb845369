import type {
  DisasterRecoveryPolicyStatus,
  HistoryEntry,
  LastRequest,
  PublishedStatus,
  RescueSnapshot,
} from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Instant } from '../failover/observation.ts';
import type { Operation, SplitBrain } from '../failover/operation.ts';
import { defined } from '../failover/defined.ts';
import type { Drill, LastDrill } from '../failover/drill.ts';
import type { NextDrill } from '../failover/drill-schedule.ts';
import { drillFrom, lastDrillFrom, nextDrillFrom, operationFrom, splitBrainFrom } from './status-codec.ts';

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
  /** Newest failover first. */
  readonly rescueSnapshots?: readonly RescueSnapshot[];
  readonly published?: PublishedStatus;
  /** A drill by switchover under way. */
  readonly drill?: Drill;
  readonly lastDrill?: LastDrill;
  readonly nextDrill?: NextDrill;
}

/** Reads the record out of the persisted status. */
export function recordFrom(status: DisasterRecoveryPolicyStatus = {}): PolicyRecord {
  const { primaryRegion, operation, lastRequest, cooldownUntil, splitBrain, rescueSnapshots, published } = status;
  const { drill, lastDrill, nextDrill } = status;
  return defined({
    primaryRegion,
    operation: operation === undefined ? undefined : operationFrom(operation),
    lastRequest,
    cooldownUntil: cooldownUntil === undefined ? undefined : Date.parse(cooldownUntil),
    history: status.history ?? [],
    splitBrain: splitBrain === undefined ? undefined : splitBrainFrom(splitBrain),
    rescueSnapshots,
    published,
    drill: drill === undefined ? undefined : drillFrom(drill),
    lastDrill: lastDrill === undefined ? undefined : lastDrillFrom(lastDrill),
    nextDrill: nextDrill === undefined ? undefined : nextDrillFrom(nextDrill),
  });
}

/** What history says of a role change, unlike a drill that calls nothing. */
export type RoleChangeEntry = HistoryEntry & { readonly type: Operation['type'] };

/** The newest role change on record, however it ended; undefined without one. */
export function newestRoleChange(history: readonly HistoryEntry[]): RoleChangeEntry | undefined {
  return history.find((entry): entry is RoleChangeEntry => entry.type !== 'Simulation');
}

/** When the recorded primary became it, by the newest role change on record that made it so; undefined without one. */
export function primarySince({ primaryRegion, operation, history }: PolicyRecord): Instant | undefined {
  if (operation?.to === primaryRegion && operation?.promotedAt !== undefined) {
    return operation.promotedAt;
  }
  return promotedAt(history, primaryRegion);
}

/** When the newest role change on record made `region` the primary; undefined without one. */
export function promotedAt(history: readonly HistoryEntry[], region: string | undefined): Instant | undefined {
  const change = history.find(
    ({ type, to, outcome, promotedAt: at }) =>
      type !== 'Simulation' && to === region && (at !== undefined || outcome === 'Succeeded'),
  );
  return change === undefined ? undefined : Date.parse(change.promotedAt ?? change.completedAt);
}
