import type { HistoryEntry, Outcome } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { boundedText } from '../api/v1alpha1/bounded-text.ts';
import { defined } from '../failover/defined.ts';
import type { Instant } from '../failover/observation.ts';
import { HISTORY_LENGTH, type Operation, type SplitBrain } from '../failover/operation.ts';
import { regionSettings, type Settings } from '../failover/settings.ts';
import { missedObjective } from './recovery-time.ts';
import type { PolicyRecord } from './policy-record.ts';
import type { RecordChanges } from './policy-turn.ts';
import { withRescue } from './rescue-record.ts';
import { historyEntry } from './status-codec.ts';

export interface Ending {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly message: string;
}

/** Newest first, exactly the newest ten. */
export const withHistory = (record: PolicyRecord, entry: HistoryEntry): readonly HistoryEntry[] =>
  [entry, ...record.history].slice(0, HISTORY_LENGTH);

/**
 * At step Accepted AWS certainly was not asked, or did not take it: whatever happens to the writer later is somebody
 * else's doing, and a loss that goes on must not wait for it.
 */
const isUntaken = (operation: Operation, { reason }: Ending): boolean =>
  operation.step === 'Accepted' && ['NoLongerNeeded', 'NoLongerFit', 'TimedOut'].includes(reason);

/** What AWS said last is what a person has to know of a call that it never took. */
function endingOf(operation: Operation, ending: Ending): Ending {
  if (!isUntaken(operation, ending) || ending.reason !== 'TimedOut') {
    return ending;
  }
  const last = operation.message === undefined ? '' : `; AWS said: ${operation.message}`;
  return { ...ending, reason: 'NotTakenByAws', message: `${ending.message}${last}` };
}

function entryOf(operation: Operation, ending: Ending, settings: Settings, now: Instant): HistoryEntry {
  const recoveryTimeMilliseconds = ending.outcome === 'Succeeded' ? now - operation.detectedAt : undefined;
  return historyEntry(
    defined({
      id: operation.id,
      type: operation.type,
      trigger: operation.trigger,
      from: operation.from,
      to: operation.to,
      outcome: ending.outcome,
      reason: ending.reason,
      message: boundedText(`${ending.message}${missedObjective(recoveryTimeMilliseconds ?? 0, settings)}`),
      detectedAt: operation.detectedAt,
      startedAt: operation.startedAt,
      promotedAt: operation.promotedAt,
      publishedAt: operation.publishedAt,
      completedAt: now,
      recoveryTimeMilliseconds,
      estimatedDataLossMilliseconds: operation.estimatedDataLossMilliseconds,
      worstCaseDataLossMilliseconds: operation.worstCaseDataLossMilliseconds,
      automatic: operation.automatic,
      requestId: operation.requestId,
    }),
  );
}

/**
 * After a lossy role change, whoever led it and however late, the old primary may go on taking writes until it has
 * re-joined. Undefined for a switchover, and for an old primary that the policy does not name.
 */
export function splitBrainOf(
  { id, type, from }: Pick<HistoryEntry, 'id' | 'type' | 'from'>,
  settings: Settings,
  facts: Pick<SplitBrain, 'since' | 'fence'>,
): SplitBrain | undefined {
  const old = regionSettings(settings, from);
  return type === 'Switchover' || old === undefined
    ? undefined
    : { region: old.name, clusterIdentifier: old.clusterIdentifier, operationId: id, ...facts };
}

/** An operation that changed nothing and was not automation's own idea costs automation no rest. */
function startsCooldown(operation: Operation, ending: Ending): boolean {
  const { outcome, reason } = ending;
  if (isUntaken(operation, ending)) {
    return false;
  }
  // Both sides were seen to be well just before and have lost nothing: a rest would only leave the writer unprotected.
  if (operation.trigger === 'Drill' && outcome === 'Succeeded') {
    return false;
  }
  const isHarmless = outcome === 'Cancelled' || reason === 'RefusedByAws';
  return operation.trigger === 'Automatic' || !isHarmless;
}

/** What changes in the record when an operation ends. */
export function finishChanges(
  operation: Operation,
  ending: Ending,
  context: { readonly record: PolicyRecord; readonly settings: Settings; readonly now: Instant },
): RecordChanges {
  const { record, settings, now } = context;
  const { fence, promotedAt } = operation;
  const splitBrain = promotedAt === undefined ? undefined : splitBrainOf(operation, settings, { since: now, fence });
  const entry = entryOf(operation, endingOf(operation, ending), settings, now);
  return {
    operation: undefined,
    history: withHistory(record, entry),
    ...(operation.promotedAt === undefined ? {} : { primaryRegion: operation.to }),
    ...(startsCooldown(operation, ending) ? { cooldownUntil: now + settings.cooldownMilliseconds } : {}),
    ...(splitBrain === undefined
      ? {}
      : { splitBrain, rescueSnapshots: withRescue(record, entry, splitBrain.clusterIdentifier) }),
  };
}
