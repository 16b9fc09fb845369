import { DISASTER_RECOVERY_POLICY } from '../api/v1alpha1/group-version.ts';
import type { DisasterRecoveryPolicy, DisasterRecoveryPolicyStatus } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { AwsAccount } from '../aws/account.ts';
import type { Assessment } from '../failover/assess.ts';
import { judgeAutomatic, type AutomaticVerdict } from '../failover/automatic.ts';
import { defined } from '../failover/defined.ts';
import type { Settings } from '../failover/settings.ts';
import { buildNotification } from '../notifications/notification.ts';
import { jitter } from '../runtime/random.ts';
import type { ReconcileContext } from '../runtime/controller.ts';
import { keyOf } from '../runtime/resource.ts';
import { isConflict } from '../runtime/kube-errors.ts';
import { announcementsOf } from './announcements.ts';
import type { Dependencies } from './dependencies.ts';
import type { LatestObjects } from './latest-objects.ts';
import { recordFrom, type PolicyRecord } from './policy-record.ts';
import type { PolicySession } from './policy-session.ts';
import { hasSignificantChange, statusOf } from './policy-status.ts';
import { planOf } from './plan-of.ts';

/**
 * Figures in status are refreshed this often when nothing else changes, jittered. Each costs the API server some ten
 * milliseconds of a core: of ten thousand policies, every four minutes, it would take nearly half of one all the time.
 */
const REFRESH_MILLISECONDS = 10 * 60 * 1000;
const REBASE_ATTEMPTS = 3;

/** Changes to the record; an explicit undefined removes the field. */
export type RecordChanges = { readonly [K in keyof PolicyRecord]?: PolicyRecord[K] | undefined };

export interface PolicyTurnProps {
  readonly policy: DisasterRecoveryPolicy;
  readonly session: PolicySession;
  readonly settings: Settings;
  readonly assessment: Assessment;
  /** The assessment's round has ended since the turn before. */
  readonly isRoundNew: boolean;
  readonly dependencies: Dependencies;
  readonly objects: LatestObjects<DisasterRecoveryPolicy>;
  readonly leaveWorker: ReconcileContext['leaveWorker'];
}

/** One reconcile of one observed policy: its newest object, what the brain says, and the only way to persist anything. */
export class PolicyTurn {
  readonly key: string;
  readonly session: PolicySession;
  readonly settings: Settings;
  readonly assessment: Assessment;
  readonly isRoundNew: boolean;
  readonly dependencies: Dependencies;
  /** From here on others need not wait for this turn: it waits for AWS. How many do so at once is bounded by a budget. */
  readonly leaveWorker: () => void;
  /** In this turn a call to AWS was found to be due. */
  hasDueCall = false;
  #policy: DisasterRecoveryPolicy;
  #record: PolicyRecord;
  readonly #objects: LatestObjects<DisasterRecoveryPolicy>;

  constructor(props: PolicyTurnProps) {
    this.key = keyOf(props.policy);
    this.session = props.session;
    this.settings = props.settings;
    this.assessment = props.assessment;
    this.isRoundNew = props.isRoundNew;
    this.dependencies = props.dependencies;
    this.leaveWorker = props.leaveWorker;
    this.#policy = props.policy;
    this.#objects = props.objects;
    this.#record = recordFrom(props.policy.status);
  }

  get policy(): DisasterRecoveryPolicy {
    return this.#policy;
  }

  get record(): PolicyRecord {
    return this.#record;
  }

  get now(): number {
    return this.dependencies.clock.now();
  }

  get account(): AwsAccount {
    return this.#policy.spec.aws ?? {};
  }

  /** The verdict at this moment; it is taken down. */
  get verdict(): AutomaticVerdict {
    const { assessment, settings, now } = this;
    const question = defined({ assessment, settings, now, cooldownUntil: this.#record.cooldownUntil });
    const verdict = judgeAutomatic(question);
    this.dependencies.decisions?.judged(this.#policy, question, verdict);
    return verdict;
  }

  /**
   * Persists changes of the record, and everything observed along with them, on the very version this turn knows.
   *
   * @throws ConflictError when somebody wrote in between: nothing was persisted
   */
  async save(changes: RecordChanges): Promise<void> {
    const record = defined({ ...this.#record, ...changes }) as PolicyRecord;
    await this.#write(record, this.#compose(record));
  }

  /**
   * Like `save`, for what has already happened and must not be lost to somebody's edit in between: takes the newer object
   * and writes again, as long as the operation in it is still ours.
   */
  async saveAfterwards(changes: RecordChanges): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.save(changes);
        return;
      } catch (error) {
        if (!isConflict(error) || attempt >= REBASE_ATTEMPTS || !(await this.#rebase())) {
          throw error;
        }
      }
    }
  }

  /** Persists what was observed, if anything significant changed or the figures are old. */
  async saveObservations(): Promise<void> {
    const status = this.#compose(this.#record);
    const { clock, random } = this.dependencies;
    // A new leader has all policies before it at once: it refreshes them spread over the time that they have.
    this.session.refreshAt ??= clock.monotonic() + REFRESH_MILLISECONDS * random();
    const isDue = clock.monotonic() >= this.session.refreshAt || this.session.untold !== undefined;
    if (isDue || hasSignificantChange(this.#policy.status, status)) {
      await this.#write(this.#record, status);
    }
  }

  /** Removes annotations from the very version this turn knows. */
  async removeAnnotations(keys: readonly string[]): Promise<void> {
    const { name, namespace, resourceVersion } = this.#policy.metadata;
    const annotations = Object.fromEntries(keys.map((key) => [key, null]));
    const written = await this.dependencies.kube.mergePatch<DisasterRecoveryPolicy>(
      DISASTER_RECOVERY_POLICY,
      { name, namespace },
      { metadata: { resourceVersion, annotations } },
    );
    this.#take(written);
  }

  /** Tells people: an event on the policy, and a notification where one is meant. */
  announce(announcements: ReturnType<typeof announcementsOf>): void {
    const { events, notifier } = this.dependencies;
    const { policy, now, session, key } = this;
    const topics = policy.spec.notifications?.snsTopicArns ?? [];
    for (const { type, reason, action, note, notification, isOver, operation } of announcements) {
      events.record({ regarding: policy, type, reason, action, note });
      const isWanted = notification !== undefined && topics.length > 0;
      if (isWanted && session.gate.shouldNotify(key, notification, operation?.id ?? note.split(':')[0] ?? '', now)) {
        const { name, namespace } = policy.metadata;
        const input = defined({
          kind: notification,
          policy: { name, namespace },
          globalClusterIdentifier: policy.spec.globalClusterIdentifier,
          time: now,
          message: note,
          isOver,
          operation,
        });
        notifier.send(this.account, topics, buildNotification(input));
      }
    }
  }

  #compose(record: PolicyRecord): DisasterRecoveryPolicyStatus {
    const { session, settings, assessment, now } = this;
    const cooldownUntil = record.cooldownUntil;
    return statusOf({
      settings,
      record,
      assessment,
      now,
      verdict: judgeAutomatic(defined({ assessment, settings, now, cooldownUntil })),
      publication: session.publication,
      waiting: session.waiting,
      awaitedTurn: session.awaitedTurn?.message,
      refusal: session.refusal,
      fenceRefusal: session.fenceRefusal,
      splitBrainEnd: session.splitBrainEnd,
      drift: session.drift,
      plan: planOf(this, record),
      createdAt: Date.parse(this.#policy.metadata.creationTimestamp),
      memory: session.memory,
      previous: this.#policy.status?.conditions ?? [],
      previousStatus: this.#policy.status,
      generation: this.#policy.metadata.generation,
    });
  }

  async #write(record: PolicyRecord, status: DisasterRecoveryPolicyStatus): Promise<void> {
    const { clock, random, logger } = this.dependencies;
    const previous = this.session.untold ?? { status: this.#policy.status };
    const written = await this.#update(status, previous);
    this.#record = record;
    this.#take(written);
    this.session.refreshAt = clock.monotonic() + jitter(REFRESH_MILLISECONDS, 0.25, random);
    const announcements = announcementsOf(previous.status, status);
    for (const { type, reason, note } of announcements) {
      logger[type === 'Warning' ? 'warn' : 'info']({ policy: this.key, reason, operation: record.operation?.id }, note);
    }
    this.announce(announcements);
  }

  async #update(
    status: DisasterRecoveryPolicyStatus,
    told: NonNullable<PolicySession['untold']>,
  ): Promise<DisasterRecoveryPolicy> {
    try {
      const written = await this.dependencies.kube.update<DisasterRecoveryPolicy>(
        DISASTER_RECOVERY_POLICY,
        { ...this.#policy, status },
        { subresource: 'status' },
      );
      this.session.untold = undefined;
      return written;
    } catch (error) {
      // Without an answer it may be persisted all the same: then the next write announces what it says.
      if (!isConflict(error)) {
        this.session.untold = told;
        // A write that took its whole time to fail has outlived this round: nothing more is decided on it.
        this.session.spendAssessment();
      }
      throw error;
    }
  }

  #take(written: DisasterRecoveryPolicy): void {
    this.#objects.noteWrite(this.#policy, written);
    this.#policy = written;
  }

  async #rebase(): Promise<boolean> {
    const { name, namespace } = this.#policy.metadata;
    const newest = await this.dependencies.kube.get<DisasterRecoveryPolicy>(DISASTER_RECOVERY_POLICY, {
      name,
      namespace,
    });
    const isOurs =
      newest.metadata.uid === this.#policy.metadata.uid &&
      newest.status?.operation?.id === this.#policy.status?.operation?.id &&
      newest.status?.operation?.step === this.#policy.status?.operation?.step;
    if (isOurs) {
      this.#objects.noteWrite(this.#policy, newest);
      this.#policy = newest;
    }
    return isOurs;
  }
}
