import { formatDuration } from '../api/v1alpha1/duration.ts';
import type { RescueSnapshot } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { defined } from '../failover/defined.ts';
import type { SplitBrain } from '../failover/operation.ts';
import { findOldPrimary, type OldPrimaryFinding } from './old-primary.ts';
import type { PolicyTurn, RecordChanges } from './policy-turn.ts';
import { outstandingRescues, withGrace } from './rescue-record.ts';

/** One round may be stale; so many in a row that say the same are believed. */
const BELIEVED_ROUNDS = 2;
/** That a cluster does not exist is believed later: Aurora creates an old primary anew when it re-joins. */
const BELIEVED_ABSENCE_ROUNDS = 6;

/** How the risk ended. */
export interface SplitBrainEnd {
  readonly reason: 'NoRisk' | 'OldPrimaryDeleted' | 'OldPrimaryNotInPolicy';
  readonly message: string;
}

const nameOf = ({ region, clusterIdentifier }: SplitBrain): string => `${region}/${clusterIdentifier}`;

/** Counts the rounds in a row that show the same; a reconcile without a new round counts nothing. */
function isBelieved({ session, assessment }: PolicyTurn, finding: OldPrimaryFinding): boolean {
  const { sequence } = assessment.round;
  const known = session.oldPrimary;
  if (known?.finding !== finding) {
    session.oldPrimary = { finding, rounds: 1, sequence };
  } else if (known.sequence !== sequence) {
    session.oldPrimary = { finding, rounds: known.rounds + 1, sequence };
  }
  const needed = finding === 'Deleted' ? BELIEVED_ABSENCE_ROUNDS : BELIEVED_ROUNDS;
  return finding === 'NotInPolicy' || (session.oldPrimary?.rounds ?? 0) >= needed;
}

/**
 * With `fencing.mode: Required` the word on the old primary is what keeps the new one from being published. That of an
 * earlier failover, to which the risk goes back once the later one's is over, was given before its writer was published.
 */
export function isFenceOutstanding({ settings, record }: Pick<PolicyTurn, 'settings' | 'record'>): boolean {
  const { splitBrain, published, history, primaryRegion } = record;
  const failover = history.find(({ id }) => id === splitBrain?.operationId);
  return (
    settings.fencing === 'Required' &&
    splitBrain !== undefined &&
    splitBrain.fence !== 'Succeeded' &&
    failover?.publishedAt === undefined &&
    published?.primaryRegion !== primaryRegion
  );
}

function endOf(turn: PolicyTurn, splitBrain: SplitBrain, finding: OldPrimaryFinding): SplitBrainEnd | undefined {
  const name = nameOf(splitBrain);
  switch (finding) {
    case 'Connected':
      return { reason: 'NoRisk', message: `old primary ${name} has re-joined as a connected secondary` };
    case 'Deleted':
      return {
        reason: 'OldPrimaryDeleted',
        message: `old primary ${name} does not exist any more: it was deleted before it was seen re-joined`,
      };
    case 'NotInPolicy':
      return isFenceOutstanding(turn)
        ? undefined
        : {
            reason: 'OldPrimaryNotInPolicy',
            message: `spec.regions does not name old primary ${name} any more: it was not seen re-joined, and whether it still takes writes is not followed here`,
          };
    default:
      return undefined;
  }
}

/** An earlier failover's old primary that the one that is over had taken the place of. */
function earlierRisk({ record }: PolicyTurn, rescues: readonly RescueSnapshot[] | undefined): SplitBrain | undefined {
  const [next] = outstandingRescues(rescues);
  if (next === undefined) {
    return undefined;
  }
  const { operationId, region, clusterIdentifier, since } = next;
  const entry = record.history.find(({ id }) => id === operationId);
  return { operationId, region, clusterIdentifier, since: Date.parse(entry?.completedAt ?? since), fence: 'Unknown' };
}

async function end(turn: PolicyTurn, splitBrain: SplitBrain, ending: SplitBrainEnd): Promise<void> {
  const rescueSnapshots = withGrace(turn.record.rescueSnapshots, splitBrain.operationId, turn.now);
  turn.session.splitBrainEnd = ending;
  turn.session.oldPrimary = undefined;
  await turn.save({ splitBrain: earlierRisk(turn, rescueSnapshots), rescueSnapshots });
}

function progressOf(turn: PolicyTurn, splitBrain: SplitBrain, finding: OldPrimaryFinding): SplitBrain {
  const { fence } = turn.session;
  const isFenceNews =
    splitBrain.fence === 'Unknown' && fence !== undefined && fence.operationId === splitBrain.operationId;
  const fenced = isFenceNews ? { ...splitBrain, fence: fence.state } : splitBrain;
  const isReported = finding !== 'Connected' && finding !== 'Deleted' && finding !== 'NotInPolicy';
  return isReported && isBelieved(turn, finding) && finding !== (splitBrain.state ?? 'NotObserved')
    ? defined({ ...fenced, state: finding, returnedAt: finding === 'Resynchronizing' ? turn.now : undefined })
    : fenced;
}

/** Follows an old primary until it has re-joined, or certainly never will. */
export async function settleSplitBrain(turn: PolicyTurn): Promise<void> {
  const { assessment, settings, record } = turn;
  const { splitBrain, primaryRegion } = record;
  if (splitBrain === undefined) {
    return;
  }
  if (primaryRegion === splitBrain.region) {
    await end(turn, splitBrain, { reason: 'NoRisk', message: `${nameOf(splitBrain)} is the primary again` });
    return;
  }
  const finding = findOldPrimary({ splitBrain, assessment, settings, primaryRegion });
  const ending = endOf(turn, splitBrain, finding);
  if (ending !== undefined && isBelieved(turn, finding)) {
    await end(turn, splitBrain, ending);
    return;
  }
  const progress = progressOf(turn, splitBrain, finding);
  if (progress !== splitBrain) {
    const changes: RecordChanges = { splitBrain: progress };
    await turn.save(changes);
  }
}

interface RiskFinding {
  readonly reason: string;
  readonly message: string;
}

function stateOf(splitBrain: SplitBrain, now: number): RiskFinding {
  const unfenced = splitBrain.fence === 'Succeeded' ? 'OldPrimaryFenced' : undefined;
  switch (splitBrain.state) {
    case 'Resynchronizing': {
      const since = splitBrain.returnedAt ?? now;
      const lasted = formatDuration(Math.max(0, Math.floor((now - since) / 1000)) * 1000);
      return {
        reason: 'OldPrimaryResynchronizing',
        message: `is back and reads pending-resync: synchronized anew since ${new Date(since).toISOString()} (${lasted})`,
      };
    }
    case 'Detached':
      return {
        reason: 'OldPrimaryDetached',
        message:
          'stands alone, outside the global cluster, and takes writes: delete it once nothing of it is needed, or remove its region from spec.regions',
      };
    case 'StillWriter':
      return {
        reason: unfenced ?? 'OldPrimaryStillWriter',
        message: 'is still called the writer by its own region: keep its clients away from it',
      };
    default:
      return {
        reason: unfenced ?? 'OldPrimaryNotRejoined',
        message: 'has not re-joined: its region does not tell of it',
      };
  }
}

function rescueOf({ operationId }: SplitBrain, rescues: readonly RescueSnapshot[]): string {
  const rescue = rescues.find((one) => one.operationId === operationId);
  if (rescue === undefined) {
    return '';
  }
  const name = rescue.snapshot === undefined ? '' : ` (${rescue.snapshot})`;
  return `; rescue snapshot: ${rescue.state}${name}${rescue.message === undefined ? '' : `, ${rescue.message}`}`;
}

function earlierOnes({ operationId }: SplitBrain, rescues: readonly RescueSnapshot[]): string {
  const others = outstandingRescues(rescues).filter((one) => one.operationId !== operationId);
  const names = others.map(({ region, clusterIdentifier }) => `${region}/${clusterIdentifier}`).join(', ');
  return names === '' ? '' : `; outstanding as well: ${names}`;
}

/** Reason and message of a risk that lasts. */
export function riskOf(splitBrain: SplitBrain, rescues: readonly RescueSnapshot[] = [], now: number): RiskFinding {
  const { reason, message } = stateOf(splitBrain, now);
  const since = new Date(splitBrain.since).toISOString();
  const rest = `${rescueOf(splitBrain, rescues)}${earlierOnes(splitBrain, rescues)}`;
  return {
    reason,
    message: `old primary ${nameOf(splitBrain)} (failed away from at ${since}; fence: ${splitBrain.fence}) ${message}${rest}`,
  };
}
