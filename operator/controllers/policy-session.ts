import { findCondition } from '../api/v1alpha1/conditions.ts';
import type {
  DisasterRecoveryPolicy,
  DisasterRecoveryPolicyStatus,
  FenceState,
} from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { DriftReport } from '../crossplane/drift-report.ts';
import { assess, type Assessment } from '../failover/assess.ts';
import { defined } from '../failover/defined.ts';
import { EMPTY_FOLLOW_MEMORY, readEffect, rememberEffect, type FollowMemory } from '../failover/follow.ts';
import type { Memory } from '../failover/memory.ts';
import type { Instant, Round } from '../failover/observation.ts';
import type { Settings } from '../failover/settings.ts';
import { NotificationGate } from '../notifications/notification-gate.ts';
import type { PublicationReport } from './conditions-of.ts';
import type { DigestedRound } from './decision-log.ts';
import type { OldPrimaryFinding } from './old-primary.ts';
import { primarySince, type PolicyRecord } from './policy-record.ts';
import type { RescueFinding } from './rescue-keeper.ts';
import type { SplitBrainEnd } from './split-brain.ts';
import { memoryFrom } from './status-codec.ts';

/** More rounds than this wait only when reconciling is stuck; then the oldest say nothing worth keeping. */
const MAXIMUM_WAITING_ROUNDS = 16;

/** A condition that flaps is notified once in this time, for each of its reasons. */
const NOTIFICATION_REST_MILLISECONDS = 60_000;

/** What a process before this one has told of the publication holds until this one has tried itself. */
function publicationFrom(status: DisasterRecoveryPolicyStatus | undefined): PublicationReport {
  const told = findCondition(status?.conditions, 'EndpointPublished');
  return told === undefined
    ? { isPublished: false, reason: 'EndpointUnknown', message: 'nothing published yet' }
    : { isPublished: told.status === 'True', reason: told.reason, message: told.message };
}

/** A place among those whose calls are due. */
export interface AwaitedTurn {
  /** Why, for people; it stays the same as the queue moves. */
  readonly message: string;
  /** Since when there is a reason for the call. */
  readonly since: Instant;
  /** A person asked for it by an annotation that is still there. */
  readonly isRequested: boolean;
}

/** A region that rounds in a row, not counting those in which no region described the cluster, called the writer. */
interface Claim {
  readonly region: string;
  readonly rounds: number;
  /** When the first of them ended. */
  readonly since: Instant;
}

/** What this process holds in memory about one policy. Losing it at any point costs time, never correctness. */
export class PolicySession {
  readonly uid: string;
  memory: Memory;
  assessment: Assessment | undefined;
  #isSpent = false;
  /** How many of the waiting rounds, the oldest, are older than what spent the assessment. */
  #spentRounds = 0;
  /** Of the spec by which the assessment was made. */
  #generation: number | undefined;
  /** Of another region than the recorded one. */
  claim: Claim | undefined;
  follow: FollowMemory = EMPTY_FOLLOW_MEMORY;
  /** The operation that this process registered and for which it certainly has not called AWS. */
  uncalledOperation: string | undefined;
  /** Monotonic time before which AWS is not called again, and how often it certainly took no notice. */
  retryNotBefore = 0;
  fruitlessCalls = 0;
  /** Whether the last such call failed for what it asked, or of what, and not because there were too many. */
  isDeclined = false;
  /** What AWS said when it would not take the call of the operation in flight. */
  refusal: string | undefined;
  /** What a person is told about an operation that waits. */
  waiting: string | undefined;
  /** The call to AWS that is due and waits for its turn among others'; undefined when none does. */
  awaitedTurn: AwaitedTurn | undefined;
  publication: PublicationReport;
  /** What is known of Crossplane managed resources; undefined until they were looked at. */
  drift: DriftReport | undefined;
  /** What was published last and until when that needs no check, monotonic. */
  published: { readonly key: string; readonly checkAt: number } | undefined;
  /** The withdrawal of the old writer's name: whatever is published next comes after it. */
  withdrawal: Promise<void> | undefined;
  /** What RDS said about the fencing of an operation's old primary. */
  fence: { readonly operationId: string; readonly state: FenceState; readonly at: Instant } | undefined;
  /** Why RDS does not let its events be read, by region. */
  readonly fenceRefusals = new Map<string, string>();
  readonly gate = new NotificationGate(NOTIFICATION_REST_MILLISECONDS);
  /** What the last rounds in a row showed of an outstanding old primary. */
  oldPrimary: { readonly finding: OldPrimaryFinding; readonly rounds: number; readonly sequence: number } | undefined;
  /** How the last risk of a split brain ended. */
  splitBrainEnd: SplitBrainEnd | undefined;
  /** What was last found out about rescue snapshots and is not persisted yet, by operation. */
  readonly rescueFindings = new Map<string, RescueFinding>();
  /** When RDS is asked next about a rescue snapshot, monotonic, by operation; infinite while it is being asked. */
  readonly rescueSchedule = new Map<string, { readonly at: number; readonly delay: number }>();
  /** The last read of RDS events about the fence, by region, monotonic. */
  readonly fenceReads = new Map<string, { readonly at: number; readonly isReading: boolean }>();
  /** The last put of the routing metric, monotonic; without a key only the heartbeat was put. */
  routing: { readonly key?: string; readonly putAt: number } | undefined;
  /** Monotonic time after which figures in status are refreshed although nothing changed; at first nobody knows it. */
  refreshAt: number | undefined;
  /** The status that people heard of last, where a write since then may have been persisted although it failed. */
  untold: { readonly status: DisasterRecoveryPolicyStatus | undefined } | undefined;
  /** Another process acts for the policy: this one only observes. */
  readonly isObserving: boolean;
  #waitingRounds: Round[] = [];
  #digestedRounds = 0;

  constructor(policy: DisasterRecoveryPolicy, isObserving = false) {
    this.uid = policy.metadata.uid;
    this.memory = memoryFrom(policy.status);
    this.publication = publicationFrom(policy.status);
    this.isObserving = isObserving;
  }

  /**
   * The session of the process that acts for the policy from now on, after it has only observed. What the rounds showed
   * goes on counting; whatever rests on an older state of the policy, the last assessment too, is made anew.
   */
  takeOver(policy: DisasterRecoveryPolicy): PolicySession {
    const session = new PolicySession(policy);
    session.memory = this.memory;
    session.#waitingRounds = this.#waitingRounds;
    return session;
  }

  /** How many rounds the brain has seen. */
  get digestedRounds(): number {
    return this.#digestedRounds;
  }

  /** Nothing is concluded from the assessment any more: the next round that ends decides. */
  get isAssessmentSpent(): boolean {
    return this.#isSpent;
  }

  /** The roles that the assessment was made for have changed since, or it took too long to act on it. */
  spendAssessment(): void {
    this.#isSpent = true;
    this.#spentRounds = this.#waitingRounds.length;
  }

  /**
   * Notes which spec counts from now on. An assessment that was made by another one may have chosen what the policy forbids
   * by now; rounds that wait are judged by the new one.
   */
  noteGeneration(generation: number | undefined): void {
    this.#isSpent ||= this.#generation !== undefined && generation !== this.#generation;
    this.#generation = generation;
  }

  /** Rounds that the brain has not seen. */
  get waitingRounds(): number {
    return this.#waitingRounds.length;
  }

  /** The newest round, while it waits for the next reconcile. */
  get newestRound(): Round | undefined {
    return this.#waitingRounds.at(-1);
  }

  /** Takes a round until the next reconcile. */
  receive(round: Round): void {
    this.#waitingRounds.push(round);
    if (this.#waitingRounds.length > MAXIMUM_WAITING_ROUNDS) {
      this.#waitingRounds.shift();
      this.#spentRounds = Math.max(0, this.#spentRounds - 1);
    }
  }

  /**
   * Lets the brain see every waiting round, oldest first: each counts once.
   *
   * @param onRound hears of each with what the brain made of it
   * @returns whether there was one
   */
  digest(settings: Settings, record: PolicyRecord, onRound?: (round: DigestedRound) => void): boolean {
    const rounds = this.#waitingRounds;
    this.#waitingRounds = [];
    for (const [index, round] of rounds.entries()) {
      const recorded = defined({
        primaryRegion: record.primaryRegion,
        primarySince: primarySince(record),
        distrustedRegion: record.splitBrain?.region,
        hasOperation: record.operation === undefined ? undefined : true,
      });
      const memoryBefore = this.memory;
      const { memory, assessment } = assess(memoryBefore, round, settings, recorded);
      const { cooldownUntil, operation } = record;
      onRound?.(defined({ settings, memoryBefore, memory, assessment, recorded, cooldownUntil, operation }));
      this.memory = memory;
      this.assessment = assessment;
      this.#digestedRounds += 1;
      this.#isSpent = this.#isSpent && index < this.#spentRounds;
      this.claim = nextClaim(this.claim, assessment, record.primaryRegion);
      if (record.operation !== undefined) {
        const effect = readEffect(record.operation, assessment, settings);
        this.follow = rememberEffect(this.follow, effect, round.startedAt, record.operation);
      }
    }
    this.#spentRounds = 0;
    return rounds.length > 0;
  }

  /** Why RDS does not let its events be read; undefined while it does, or nobody has asked. */
  get fenceRefusal(): string | undefined {
    return this.fenceRefusals.size === 0 ? undefined : [...this.fenceRefusals.values()].join('; ');
  }

  /** Forgets what belonged to an operation that is over, or to one before the present. */
  resetOperation(): void {
    this.follow = EMPTY_FOLLOW_MEMORY;
    this.uncalledOperation = undefined;
    this.retryNotBefore = 0;
    this.fruitlessCalls = 0;
    this.isDeclined = false;
    this.refusal = undefined;
    this.waiting = undefined;
  }
}

function nextClaim(
  claim: Claim | undefined,
  { topology: { primaryRegion: observed, isObserved }, round }: Assessment,
  recorded: string | undefined,
): Claim | undefined {
  if (!isObserved) {
    // No region has described the cluster: that speaks neither for a claim nor against it.
    return claim;
  }
  if (observed === undefined || observed === recorded) {
    return undefined;
  }
  return claim?.region === observed
    ? { ...claim, rounds: claim.rounds + 1 }
    : { region: observed, rounds: 1, since: round.completedAt };
}
