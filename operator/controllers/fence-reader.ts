import type { FenceState } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { accountKey } from '../aws/account.ts';
import { AwsCallError } from '../aws/errors.ts';
import type { FailoverEvent } from '../aws/aws-gateway.ts';
import type { Instant } from '../failover/observation.ts';
import type { Operation } from '../failover/operation.ts';
import { regionSettings } from '../failover/settings.ts';
import { promotedAt, type PolicyRecord } from './policy-record.ts';
import type { PolicyTurn } from './policy-turn.ts';

/** RDS tells of the fence within seconds to minutes of the call; it is asked this often meanwhile. */
const READ_MILLISECONDS = 2_000;
/** After an operation has ended without a word of the fence, RDS is asked on for this long, less often. */
const AFTERWARDS_MILLISECONDS = 15 * 60 * 1000;
const AFTERWARDS_READ_MILLISECONDS = 30_000;
/** Somebody else's failover may be seen this much after it began. */
const LATE_MILLISECONDS = 15 * 60 * 1000;

/**
 * RDS-EVENT-0390: writes to the old primary's storage are blocked. RDS-EVENT-0391: that timed out.
 * Source: "Amazon RDS event categories and event messages for Aurora".
 */
const FENCE_EVENTS: Readonly<Record<string, FenceState>> = {
  'RDS-EVENT-0390': 'Succeeded',
  'RDS-EVENT-0391': 'TimedOut',
};

interface Question {
  readonly operationId: string;
  readonly since: Instant;
  /** The old primary, whose fence is asked for. */
  readonly from: string;
  readonly every: number;
}

/**
 * From when on an event can be of this failover. Somebody else's began before it was seen, perhaps by more than RDS took
 * for the fence; but never before the old primary became the primary.
 */
function sinceOf(
  { trigger, startedAt, from }: Pick<Operation, 'trigger' | 'startedAt' | 'from'>,
  { history }: PolicyRecord,
): Instant {
  const earliest = promotedAt(history, from) ?? -Infinity;
  return trigger === 'External' ? Math.min(startedAt, Math.max(startedAt - LATE_MILLISECONDS, earliest)) : startedAt;
}

/** An operation whose call may have been made, and whose fence nobody has told yet. */
function runningQuestion({ record }: PolicyTurn): Question | undefined {
  const { operation } = record;
  const isOpen = operation?.type === 'Failover' && operation.fence === 'Unknown' && operation.step !== 'Accepted';
  return isOpen
    ? {
        operationId: operation.id,
        since: sinceOf(operation, record),
        from: operation.from,
        every: READ_MILLISECONDS,
      }
    : undefined;
}

/** A failover that has ended without a word of the fence. */
function outstandingQuestion({ record, now }: PolicyTurn): Question | undefined {
  const { splitBrain } = record;
  if (splitBrain?.fence !== 'Unknown' || now - splitBrain.since >= AFTERWARDS_MILLISECONDS) {
    return undefined;
  }
  const entry = record.history.find((candidate) => candidate.id === splitBrain.operationId);
  return entry === undefined
    ? undefined
    : {
        operationId: entry.id,
        since: sinceOf({ ...entry, startedAt: Date.parse(entry.startedAt) }, record),
        from: splitBrain.region,
        every: AFTERWARDS_READ_MILLISECONDS,
      };
}

interface Answer {
  readonly events: readonly FailoverEvent[];
  /** Why AWS does not let this operator read them: only a person can end that. */
  readonly refusal?: string;
}

/** RDS tells all events of a region at once: when a region is lost, one read serves every policy that leaves it. */
interface SharedRead {
  readonly since: Instant;
  /** Monotonic. */
  readonly startedAt: number;
  readonly answer: Promise<Answer>;
}

/** Reads from RDS, in the background, whether the old primary of a failover was fenced. */
export class FenceReader {
  /** By account and region: the newest read, which all policies there share. */
  readonly #reads = new Map<string, SharedRead>();

  /** Starts a read when one is due. What it finds comes with the next reconcile, which it asks for. */
  readIfDue(turn: PolicyTurn): void {
    const question = turn.record.operation === undefined ? outstandingQuestion(turn) : runningQuestion(turn);
    if (question === undefined) {
      return;
    }
    // The events are kept in the old primary's region while that can be reached, otherwise in the new one's: ask all, each
    // at its own pace. The lost one's silence lasts for the whole timeout, or longer, and must not keep others from a word.
    for (const { name } of turn.settings.regions) {
      this.#readRegionIfDue(turn, name, question);
    }
  }

  #readRegionIfDue(turn: PolicyTurn, region: string, question: Question): void {
    const { session, dependencies } = turn;
    const now = dependencies.clock.monotonic();
    const last = session.fenceReads.get(region);
    if (last?.isReading === true || now - (last?.at ?? -Infinity) < question.every) {
      return;
    }
    session.fenceReads.set(region, { at: now, isReading: true });
    void this.#readRegion(turn, region, question).then(() => {
      session.fenceReads.set(region, { at: now, isReading: false });
    });
  }

  async #readRegion(turn: PolicyTurn, region: string, question: Question): Promise<void> {
    const { session, dependencies, settings } = turn;
    const cluster = regionSettings(settings, question.from)?.clusterIdentifier ?? '';
    const { events, refusal } = await this.#eventsIn(turn, region, question.since);
    noteRefusal(turn, region, refusal);
    const state = events
      // An event's time is told in whole seconds.
      .filter(({ at }) => at >= Math.floor(question.since / 1000) * 1000)
      .filter(({ about }) => about?.region === question.from && about.clusterIdentifier === cluster)
      .map((event) => FENCE_EVENTS[event.eventId ?? ''])
      .find((known) => known !== undefined);
    if (state !== undefined && session.fence?.operationId !== question.operationId) {
      session.fence = { operationId: question.operationId, state, at: dependencies.clock.now() };
      dependencies.enqueue(turn.key);
    }
  }

  #eventsIn(turn: PolicyTurn, region: string, wanted: Instant): Promise<Answer> {
    const { clock } = turn.dependencies;
    const key = JSON.stringify([accountKey(turn.account), region]);
    const known = this.#reads.get(key);
    const startedAt = clock.monotonic();
    if (known !== undefined && known.since <= wanted && startedAt - known.startedAt < READ_MILLISECONDS) {
      return known.answer;
    }
    const since = Math.min(wanted, clock.now() - AFTERWARDS_MILLISECONDS);
    const answer = this.#ask(turn, region, since);
    this.#reads.set(key, { since, startedAt, answer });
    return answer;
  }

  async #ask(turn: PolicyTurn, region: string, since: Instant): Promise<Answer> {
    const { gateway, settings } = turn.dependencies;
    try {
      const events = await gateway.describeFailoverEvents(
        turn.account,
        region,
        { clusterIdentifiers: [], since },
        { timeoutMilliseconds: settings.awsCallTimeoutMilliseconds },
      );
      return { events };
    } catch (error) {
      // The lost region does not answer, and any other says the same a read later.
      return { events: [], ...(isDenied(error) ? { refusal: error.message } : {}) };
    }
  }
}

const isDenied = (error: unknown): error is AwsCallError =>
  error instanceof AwsCallError && error.classification.kind === 'rejected' && error.classification.cause === 'denied';

/** A word that cannot be read never comes: who waits for it has to hear why. */
function noteRefusal({ key, session, dependencies }: PolicyTurn, region: string, refusal: string | undefined): void {
  if (refusal === undefined) {
    session.fenceRefusals.delete(region);
    return;
  }
  if (session.fenceRefusals.get(region) !== refusal) {
    dependencies.logger.warn({ policy: key, region }, refusal);
    dependencies.enqueue(key);
  }
  session.fenceRefusals.set(region, refusal);
}
