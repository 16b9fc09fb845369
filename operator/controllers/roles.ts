import type { HistoryEntry } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { isTooOld } from '../failover/automatic.ts';
import { defined } from '../failover/defined.ts';
import { hasAnswered } from '../failover/direct-signals.ts';
import type { Instant } from '../failover/observation.ts';
import type { InFlightOperation } from '../failover/topology.ts';
import { historyEntry, timestamp, wholeMilliseconds } from './status-codec.ts';
import { operationId } from './operation-id.ts';
import type { OperationRunner } from './operation-runner.ts';
import { newestRoleChange } from './policy-record.ts';
import type { PolicyTurn, RecordChanges } from './policy-turn.ts';
import { splitBrainOf, withHistory } from './finish-operation.ts';
import { missedObjective } from './recovery-time.ts';
import { withRescue } from './rescue-record.ts';
import { settleSplitBrain } from './split-brain.ts';

/** One stale answer of a single region must not move the writer; two rounds in a row are no accident. */
const CLAIM_ROUNDS = 2;

/** AWS is not at one operation for longer: what comes later is somebody else's, and not the success of that one. */
const LATEST_MILLISECONDS = 24 * 60 * 60 * 1000;

/** The newest operation, if it ended without a proof and this is its late proof. */
function lateEntry({ record, now }: PolicyTurn, primary: string): HistoryEntry | undefined {
  const newest = newestRoleChange(record.history);
  // What AWS never took cannot come late: somebody else did this.
  const isOpen = newest?.outcome === 'TimedOut' && newest.reason !== 'NotTakenByAws';
  if (!isOpen || newest.to !== primary) {
    return undefined;
  }
  // What was promoted in time may wait for a person's word on the fence for as long as it takes.
  const isYoung = now - Date.parse(newest.completedAt) < LATEST_MILLISECONDS;
  return isYoung || newest.promotedAt !== undefined ? newest : undefined;
}

/** A failover that came late, or was somebody else's, leaves the same doubt about its old primary as any other. */
function unexpectedSplitBrain({ settings, record, now }: PolicyTurn, entry: HistoryEntry): RecordChanges {
  const splitBrain = splitBrainOf(entry, settings, { since: now, fence: 'Unknown' });
  // Promoted in time and only published late: the end of the operation has recorded it.
  return splitBrain === undefined || record.primaryRegion === entry.to
    ? {}
    : { splitBrain, rescueSnapshots: withRescue(record, entry, splitBrain.clusterIdentifier) };
}

/**
 * When the writer that the record does not name yet was first seen. It is believed later, and somebody may be failing over
 * from it by then: what tells of that, a fence or a snapshot, is of later. The end of that round, which cannot be before
 * the promotion: lag from before that would pass for lag behind this writer.
 */
const firstSeen = ({ session, now }: PolicyTurn): Instant => Math.min(session.claim?.since ?? now, now);

async function recordLateSuccess(turn: PolicyTurn, entry: HistoryEntry): Promise<void> {
  turn.session.spendAssessment();
  const now = timestamp(turn.now);
  const milliseconds = turn.now - Date.parse(entry.detectedAt ?? entry.startedAt);
  const late: HistoryEntry = defined({
    ...entry,
    outcome: 'Succeeded' as const,
    reason: 'SucceededLate',
    promotedAt: entry.promotedAt ?? timestamp(firstSeen(turn)),
    completedAt: now,
    recoveryTimeMilliseconds: wholeMilliseconds(milliseconds),
    message: `${entry.to} became the writer, or came into service, after failover.timeout had passed${missedObjective(milliseconds, turn.settings)}`,
  });
  await turn.save({
    primaryRegion: entry.to,
    history: turn.record.history.map((known) => (known.id === entry.id ? late : known)),
    cooldownUntil: turn.now + turn.settings.cooldownMilliseconds,
    ...unexpectedSplitBrain(turn, entry),
  });
}

/** Without having seen it in flight only the old primary's state can tell: an orderly switchover leaves it healthy. */
const isOrderly = ({ assessment: { topology, round } }: PolicyTurn, from: string): boolean =>
  hasAnswered(round.regions[from]) && topology.members[from]?.synchronizationStatus === 'connected';

/** The writer changed, and nobody of us did it: the incident is over, automation rests, and the history says so. */
async function recordExternalChange(turn: PolicyTurn, from: string, to: string): Promise<void> {
  const { now } = turn;
  const seenAt = firstSeen(turn);
  turn.session.spendAssessment();
  const entry = historyEntry({
    id: operationId('external', now, turn.dependencies.random),
    type: isOrderly(turn, from) ? 'Switchover' : 'Failover',
    trigger: 'External',
    from,
    to,
    outcome: 'Succeeded',
    reason: 'External',
    startedAt: seenAt,
    promotedAt: seenAt,
    completedAt: now,
    message: `${to} was found to be the writer: somebody else moved it from ${from}`,
  });
  await turn.save({
    primaryRegion: to,
    history: withHistory(turn.record, entry),
    cooldownUntil: now + turn.settings.cooldownMilliseconds,
    ...unexpectedSplitBrain(turn, entry),
  });
}

/** Published, its cluster available, its endpoint accepting where that is probed. */
function isInService({ assessment, session }: PolicyTurn, region: string): boolean {
  const { regions, endpoints } = assessment.round;
  const probe = endpoints[region]?.attempt.kind ?? 'answered';
  return session.publication.isPublished && regions[region]?.cluster?.status === 'available' && probe === 'answered';
}

async function settlePrimary(turn: PolicyTurn, recorded: string | undefined, observed: string): Promise<void> {
  const newest = lateEntry(turn, observed);
  // Where the old primary is not well, somebody has failed over since: as a late switchover its loss would go unnoticed.
  const isSuperseded =
    newest?.type === 'Switchover' && observed !== recorded && recorded !== undefined && !isOrderly(turn, recorded);
  const late = isSuperseded ? undefined : newest;
  if (recorded === undefined) {
    await turn.save({ primaryRegion: observed });
  } else if (late !== undefined) {
    // Promoted in time, and timed out before clients could use it: a success once that is made up for.
    if (observed !== recorded || isInService(turn, observed)) {
      await recordLateSuccess(turn, late);
    }
  } else if (observed !== recorded) {
    await recordExternalChange(turn, recorded, observed);
  }
}

/**
 * Whether what was observed and what is on record agree on the primary. While they do not, a role change would start from
 * the one and be judged by the other.
 */
export function areRolesSettled(turn: PolicyTurn): boolean {
  const { assessment, session, record } = turn;
  const observed = assessment.topology.primaryRegion;
  const isAgreed = observed === undefined || observed === record.primaryRegion;
  return !session.isAssessmentSpent && isAgreed && !isRecordOutdated(turn);
}

/** Whether another region than the recorded one is known to be the writer, and that could not be put on record yet. */
export function isRecordOutdated({ session, record }: PolicyTurn): boolean {
  const { claim } = session;
  return claim !== undefined && claim.region !== record.primaryRegion && claim.rounds >= CLAIM_ROUNDS;
}

/** Whether what is in flight is no late work of an operation of ours that timed out. */
function isSomebodyElses(turn: PolicyTurn, inFlight: InFlightOperation | undefined): boolean {
  if (inFlight?.toRegion === undefined) {
    return false;
  }
  const late = lateEntry(turn, inFlight.toRegion);
  // A failover is never the late end of a switchover.
  return late === undefined || (late.type === 'Switchover' && !inFlight.isSwitchover);
}

/**
 * Whether what was observed may be over. After a pause a process has the round from before it; what that shows in flight may
 * have ended since, and be on record as what it was, by another process's hand.
 */
function isOverPerhaps({ assessment: { round }, settings, record, now }: PolicyTurn): boolean {
  const newest = newestRoleChange(record.history);
  const end = newest === undefined ? -Infinity : Date.parse(newest.completedAt);
  // An end in the future is one by a clock that was set back since: it says nothing about this round.
  return isTooOld(round, settings, now) || (round.startedAt < end && end <= now);
}

/** Brings the record in line with the roles that were observed, whoever changed them. */
export async function settleRoles(turn: PolicyTurn, operations: OperationRunner): Promise<void> {
  if (isOverPerhaps(turn)) {
    return;
  }
  const { topology } = turn.assessment;
  const observed = topology.primaryRegion;
  const { primaryRegion: recorded, operation } = turn.record;
  if (operation !== undefined || turn.session.isAssessmentSpent) {
    return;
  }
  const isSettled = recorded === undefined || observed === recorded || isRecordOutdated(turn);
  if (observed !== undefined && isSettled) {
    await settlePrimary(turn, recorded, observed);
  }
  if (isSomebodyElses(turn, topology.inFlight)) {
    await operations.adopt(turn);
  }
  await settleSplitBrain(turn);
}
