import type { HistoryEntry, RescueSnapshot } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { defined } from '../failover/defined.ts';
import type { Instant } from '../failover/observation.ts';
import { promotedAt, type PolicyRecord } from './policy-record.ts';
import { timestamp } from './status-codec.ts';

/** As many as the schema admits. */
const KEPT_RESCUES = 10;
/** The clock of AWS may be behind ours. */
const TOLERANCE_MILLISECONDS = 5 * 60 * 1000;
/** A failover of somebody else's that was found when it was over may be this old. */
const EXTERNAL_MILLISECONDS = 24 * 60 * 60 * 1000;
/** For this long after an old primary has re-joined, or is gone, a snapshot of it may still appear. */
const GRACE_MILLISECONDS = 60 * 60 * 1000;

type RescuedFailover = Pick<
  HistoryEntry,
  'id' | 'trigger' | 'from' | 'to' | 'startedAt' | 'completedAt' | 'detectedAt'
>;

/** Whether something is still to be done or waited for. */
export const isOpenRescue = ({ state }: RescueSnapshot): boolean => state !== 'Kept' && state !== 'GivenUp';

const graced = (rescue: RescueSnapshot, now: Instant): RescueSnapshot =>
  rescue.giveUpAt === undefined ? { ...rescue, giveUpAt: timestamp(now + GRACE_MILLISECONDS) } : rescue;

/**
 * From when on a snapshot can be of this failover: not from before the old primary was the primary, however late somebody
 * else's failover was found. What a failover before that had left is another rescue, and has its copy already.
 */
function sinceOf(entry: RescuedFailover, history: readonly HistoryEntry[]): Instant {
  const began = Date.parse(entry.detectedAt ?? entry.startedAt);
  const tolerance = entry.trigger === 'External' ? EXTERNAL_MILLISECONDS : TOLERANCE_MILLISECONDS;
  return Math.max(began - tolerance, Math.min(promotedAt(history, entry.from) ?? -Infinity, began));
}

/**
 * What to keep of the old primary of a failover that may have lost writes; those that are done go first when it is full.
 *
 * @param history role changes before this one
 */
export function withRescue(
  { rescueSnapshots: rescues = [], history }: Pick<PolicyRecord, 'rescueSnapshots' | 'history'>,
  entry: RescuedFailover,
  clusterIdentifier: string,
): readonly RescueSnapshot[] {
  const rescue: RescueSnapshot = {
    operationId: entry.id,
    region: entry.from,
    clusterIdentifier,
    since: timestamp(sinceOf(entry, history)),
    state: 'Awaited',
  };
  // An old primary that has become the writer again is outstanding no more.
  const others = rescues
    .filter(({ operationId }) => operationId !== entry.id)
    .map((one) => (one.region === entry.to ? graced(one, Date.parse(entry.completedAt)) : one));
  const kept = [rescue, ...others];
  const oldestFirst = kept.toReversed();
  const expendable = [...oldestFirst.filter((one) => !isOpenRescue(one)), ...oldestFirst.filter(isOpenRescue)];
  const dropped = expendable.slice(0, Math.max(0, kept.length - KEPT_RESCUES));
  return kept.filter((one) => !dropped.includes(one));
}

/** The old primary of `operationId` is outstanding no more: what has not appeared some time from now never will. */
export function withGrace(
  rescues: readonly RescueSnapshot[] | undefined,
  operationId: string | undefined,
  now: Instant,
): readonly RescueSnapshot[] | undefined {
  return rescues?.map((rescue) => (rescue.operationId === operationId ? graced(rescue, now) : rescue));
}

/** Those whose old primary has not re-joined, as far as this policy followed it; newest failover first. */
export const outstandingRescues = (rescues: readonly RescueSnapshot[] = []): readonly RescueSnapshot[] =>
  rescues.filter(({ giveUpAt }) => giveUpAt === undefined);

/** One rescue with some of its fields changed; others as they are. */
export const changeRescue = (
  rescues: readonly RescueSnapshot[],
  operationId: string,
  changes: Partial<RescueSnapshot>,
): readonly RescueSnapshot[] =>
  rescues.map((rescue) => (rescue.operationId === operationId ? defined({ ...rescue, ...changes }) : rescue));
