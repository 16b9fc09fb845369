import { FINALIZER } from '../api/v1alpha1/annotations.ts';
import { findCondition } from '../api/v1alpha1/conditions.ts';
import type { Condition, DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { formatDuration } from '../api/v1alpha1/duration.ts';
import { DISASTER_RECOVERY_POLICY } from '../api/v1alpha1/group-version.ts';
import { problemsOf } from '../api/v1alpha1/guards.ts';
import { boundedText } from '../api/v1alpha1/bounded-text.ts';
import { defined } from '../failover/defined.ts';
import { detectionWindow } from '../failover/detection-window.ts';
import type { Round } from '../failover/observation.ts';
import type { Settings } from '../failover/settings.ts';
import type { RoleChangeFigures } from '../observability/metrics.ts';
import { done, type ReconcileContext, type Result } from '../runtime/controller.ts';
import { isInvalid, isNotFound } from '../runtime/kube-errors.ts';
import type { KeyOrder } from '../runtime/ready-keys.ts';
import { keyOf, referenceOf } from '../runtime/resource.ts';
import { TerminalError } from '../runtime/terminal-error.ts';
import { announcementsOf } from './announcements.ts';
import { claimedStatus } from './claimed-status.ts';
import type { Dependencies } from './dependencies.ts';
import { recordFrom } from './policy-record.ts';
import { FenceReader } from './fence-reader.ts';
import { LatestObjects } from './latest-objects.ts';
import { tendManagedResources } from './managed-resources.ts';
import { observationTargetOf } from './observation-target-of.ts';
import { OperationRunner } from './operation-runner.ts';
import { nextRequest } from './pending-request.ts';
import { policySampleOf, unobservedSampleOf } from './policy-sample-of.ts';
import { PolicySession } from './policy-session.ts';
import { PolicyTurn } from './policy-turn.ts';
import { PlannedOperations } from './planned-operations.ts';
import { Publication } from './publication.ts';
import { readinessOf, type Readiness } from './readiness.ts';
import { RequestHandler } from './request-handler.ts';
import { RescueKeeper } from './rescue-keeper.ts';
import { DEFAULT_ROLE_CHANGE_LIMITS, RoleChangeBudget } from './role-change-budget.ts';
import { RoleChanger } from './role-changer.ts';
import { areRolesSettled, settleRoles } from './roles.ts';
import { settingsOf } from './settings-of.ts';
import { timestamp } from './status-codec.ts';
import { URGENCY, urgencyOf } from './urgency.ts';

/** For whoever reconciles without a controller. */
const WITHOUT_WORKER: Pick<ReconcileContext, 'leaveWorker'> = { leaveWorker: () => undefined };

/** An object that got past the schema (an older CRD, say) has none of its defaults, and is queued to be told so. */
function priorityOf({ failover }: { readonly failover?: { readonly priority?: number } }): number {
  return failover?.priority ?? 0;
}

/**
 * Reconciles DisasterRecoveryPolicies: lets the brain see each round, and does what it says. One instance per time of
 * leadership; everything in it can be lost at any point without losing a decision.
 */
export class PolicyReconciler {
  readonly #dependencies: Dependencies;
  readonly #objects: LatestObjects<DisasterRecoveryPolicy>;
  readonly #sessions = new Map<string, PolicySession>();
  readonly #settings = new WeakMap<DisasterRecoveryPolicy['spec'], Settings>();
  readonly #publication = new Publication();
  readonly #fenceReader = new FenceReader();
  readonly #rescueKeeper = new RescueKeeper();
  readonly #budget: RoleChangeBudget;
  readonly #operations: OperationRunner;
  readonly #planned: PlannedOperations;
  readonly #requests: RequestHandler;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
    this.#objects = new LatestObjects(dependencies.cached);
    const { clock, logger, enqueue, settings } = dependencies;
    const limits = settings.roleChanges ?? DEFAULT_ROLE_CHANGE_LIMITS;
    this.#budget = new RoleChangeBudget({ limits, clock, logger, onTurn: enqueue });
    const roleChanger = new RoleChanger(dependencies);
    this.#operations = new OperationRunner(dependencies, roleChanger, this.#publication, this.#budget);
    this.#planned = new PlannedOperations(this.#operations);
    this.#requests = new RequestHandler(this.#operations, this.#planned);
  }

  /** Role changes that wait for their turn, and how many AWS takes. */
  get roleChangeFigures(): readonly RoleChangeFigures[] {
    return this.#budget.figures;
  }

  /** Whose reconcile goes first: for the work queue, which asks it whenever a key enters. */
  orderOf(key: string): KeyOrder {
    const policy = this.#objects.get(key);
    if (policy === undefined) {
      return { urgency: URGENCY.Routine, priority: 0 };
    }
    return {
      urgency: urgencyOf(policy, this.#sessions.get(key), this.#budget.hasTurn(key)),
      priority: priorityOf(policy.spec),
    };
  }

  /** Takes a round of a policy and asks for its reconcile. */
  receive(key: string, round: Round): void {
    const session = this.#sessions.get(key);
    if (session !== undefined) {
      session.receive(round);
      this.#dependencies.enqueue(key);
    }
  }

  /** Stops observing everything: this process leads no more. */
  close(): void {
    for (const key of [...this.#sessions.keys()]) {
      this.#forget(key);
    }
    this.#budget.close();
  }

  /**
   * Observes a policy that another process acts for: its rounds go through the brain, nothing is written and nobody is
   * called. Once this process reconciles the policy, what the rounds have shown counts.
   *
   * @returns whether it could reconcile the policy next; `ready` also where there is nothing to observe
   */
  observe(key: string): Readiness {
    const policy = this.#objects.get(key);
    if (policy === undefined || !this.#isToBeObserved(policy)) {
      this.#forget(key);
      return 'ready';
    }
    const session = this.#sessionOf(key, policy, true);
    const settings = this.#knownSettings(policy);
    session.noteGeneration(policy.metadata.generation);
    session.digest(settings, recordFrom(policy.status));
    this.#observe(policy, settings, session);
    const needed = Math.max(settings.failureThreshold, settings.successThreshold);
    return readinessOf(session.assessment, session.digestedRounds >= needed, policy.status);
  }

  #isToBeObserved(policy: DisasterRecoveryPolicy): boolean {
    const isLeaving = policy.metadata.deletionTimestamp !== undefined;
    const isValid = this.#settings.has(policy.spec) || problemsOf(policy).length === 0;
    return !isLeaving && isValid && this.#holderOf(policy) === undefined;
  }

  /** Stops observing a policy, and forgets what was seen of it. */
  forget(key: string): void {
    this.#forget(key);
  }

  /** Brings one policy forward by whatever its observations, its annotations and its operation call for. */
  async reconcile(key: string, context: Pick<ReconcileContext, 'leaveWorker'> = WITHOUT_WORKER): Promise<Result> {
    const policy = this.#objects.get(key);
    if (policy === undefined) {
      this.#forget(key);
      return done;
    }
    if (policy.metadata.deletionTimestamp !== undefined && !this.#holdsDeletion(policy)) {
      await this.#release(policy);
      return done;
    }
    const holder = this.#holderOf(policy);
    if (holder !== undefined) {
      await this.#leaveTo(holder, policy);
      return done;
    }
    return this.#reconcile(await this.#withFinalizer(policy), context);
  }

  async #reconcile(
    policy: DisasterRecoveryPolicy,
    { leaveWorker }: Pick<ReconcileContext, 'leaveWorker'>,
  ): Promise<Result> {
    const key = keyOf(policy);
    const session = this.#sessionOf(key, policy);
    const settings = await this.#settingsFor(policy);
    const turn = this.#turnOf(policy, session, settings, leaveWorker);
    if (turn === undefined) {
      const observed = await this.#announcePending(policy, settings);
      this.#observe(observed, settings, session);
      return done;
    }
    try {
      await this.#act(turn);
    } finally {
      // What was just registered, or is already known of the writer's address, decides what the next round looks at.
      this.#observe(turn.policy, settings, session);
    }
    this.#dependencies.metrics.observePolicy(
      { namespace: policy.metadata.namespace, name: policy.metadata.name },
      policySampleOf(turn),
    );
    return this.#next(turn);
  }

  /** What is in flight is followed to its end, whoever else names the cluster by now. */
  #holderOf(policy: DisasterRecoveryPolicy): DisasterRecoveryPolicy | undefined {
    return policy.status?.operation === undefined ? this.#dependencies.claims?.holderOf(policy) : undefined;
  }

  /** Does nothing for a policy whose cluster is another's, and says so. */
  async #leaveTo(holder: DisasterRecoveryPolicy, policy: DisasterRecoveryPolicy): Promise<void> {
    const { clock, events, kube } = this.#dependencies;
    this.#forget(keyOf(policy));
    let newest = policy;
    const status = claimedStatus(policy, holder, clock.now());
    if (status !== undefined) {
      newest = await this.#writeStatus(policy, status);
      for (const { type, reason, action, note } of announcementsOf(policy.status, status)) {
        events.record({ regarding: newest, type, reason, action, note });
      }
    }
    const { keys = [] } = nextRequest(newest.metadata.annotations, newest.status?.lastRequest, undefined) ?? {};
    if (keys.length > 0) {
      const { resourceVersion } = newest.metadata;
      const annotations = Object.fromEntries(keys.map((annotation) => [annotation, null]));
      const patch = { metadata: { resourceVersion, annotations } };
      const reference = referenceOf(keyOf(policy));
      const written = await kube.mergePatch<DisasterRecoveryPolicy>(DISASTER_RECOVERY_POLICY, reference, patch);
      this.#objects.noteWrite(newest, written);
    }
    this.#observeUnobserved(newest);
  }

  /** A policy that protects nothing has to be seen in metrics, too: alerts about it are written on these. */
  #observeUnobserved(policy: DisasterRecoveryPolicy): void {
    if (this.#settings.has(policy.spec) || problemsOf(policy).length === 0) {
      const { namespace, name } = policy.metadata;
      const sample = unobservedSampleOf(policy, this.#knownSettings(policy));
      this.#dependencies.metrics.observePolicy({ namespace, name }, sample);
    }
  }

  async #act(turn: PolicyTurn): Promise<void> {
    await settleRoles(turn, this.#operations);
    await this.#requests.handle(turn);
    await this.#operate(turn);
    this.#giveUpTurn(turn);
    this.#fenceReader.readIfDue(turn);
    await this.#publication.keepPublished(turn);
    this.#publication.route(turn);
    tendManagedResources(turn);
    this.#rescueKeeper.runIfDue(turn);
    await this.#rescueKeeper.settle(turn);
    await turn.saveObservations();
  }

  async #operate(turn: PolicyTurn): Promise<void> {
    if (turn.record.operation !== undefined) {
      await this.#operations.follow(turn);
      return;
    }
    if (turn.hasDueCall) {
      // A person's request waits for its turn: nothing else is started in its place.
      return;
    }
    const { verdict } = turn;
    const isLeaving = turn.policy.metadata.deletionTimestamp !== undefined;
    if (verdict.kind === 'FailOver' && !isLeaving && areRolesSettled(turn)) {
      const { target } = verdict;
      const onStart = (): void => this.#logDecision(turn, target.region);
      await this.#operations.start(turn, { type: 'Failover', trigger: 'Automatic', target, onStart });
    } else if (verdict.kind === 'Calm' && areRolesSettled(turn)) {
      await this.#planned.run(turn);
    }
  }

  /** What was due at an earlier turn is not any more: others need not wait for it. */
  #giveUpTurn({ key, session, hasDueCall }: PolicyTurn): void {
    if (!hasDueCall) {
      session.awaitedTurn = undefined;
      this.#budget.leave(key);
    }
  }

  /** The decision with what it rests on: the round that completed it and every signal's word in that round. */
  #logDecision({ key, assessment }: PolicyTurn, target: string): void {
    const { round, quorumRounds, signals } = assessment;
    this.#dependencies.logger.warn(
      {
        policy: key,
        action: 'failover',
        target,
        quorumRounds,
        round: { startedAt: timestamp(round.startedAt), completedAt: timestamp(round.completedAt) },
        signals: Object.fromEntries(signals.map(({ name, state }) => [name, state])),
      },
      'the primary region is lost: an automatic failover starts',
    );
  }

  /** Rounds drive everything; only a call that waits for its next attempt needs a time of its own. */
  #next({ session, record }: PolicyTurn): Result {
    const remaining = session.retryNotBefore - this.#dependencies.clock.monotonic();
    return record.operation !== undefined && remaining > 0 ? { requeueAfterMilliseconds: remaining } : done;
  }

  #sessionOf(key: string, policy: DisasterRecoveryPolicy, isObserving = false): PolicySession {
    const known = this.#sessions.get(key);
    const isSame = known?.uid === policy.metadata.uid;
    if (isSame && known.isObserving === isObserving) {
      return known;
    }
    if (isSame && known.isObserving) {
      const session = known.takeOver(policy);
      this.#sessions.set(key, session);
      return session;
    }
    // Deleted and created anew under the same name: nothing of the old one may count for it.
    this.#forget(key);
    const session = new PolicySession(policy, isObserving);
    this.#sessions.set(key, session);
    return session;
  }

  #turnOf(
    policy: DisasterRecoveryPolicy,
    session: PolicySession,
    settings: Settings,
    leaveWorker: () => void,
  ): PolicyTurn | undefined {
    const dependencies = this.#dependencies;
    const objects = this.#objects;
    session.noteGeneration(policy.metadata.generation);
    const isRoundNew = session.digest(settings, recordFrom(policy.status), (round) =>
      dependencies.decisions?.digested(policy, round),
    );
    const { assessment } = session;
    return assessment === undefined
      ? undefined
      : new PolicyTurn({ policy, session, settings, assessment, isRoundNew, dependencies, objects, leaveWorker });
  }

  async #settingsFor(policy: DisasterRecoveryPolicy): Promise<Settings> {
    const known = this.#settings.get(policy.spec);
    if (known !== undefined) {
      return known;
    }
    const problems = problemsOf(policy);
    if (problems.length > 0) {
      this.#forget(keyOf(policy));
      await this.#refuse(policy, problems);
    }
    return this.#knownSettings(policy);
  }

  /** Of a policy that is valid. */
  #knownSettings({ spec }: DisasterRecoveryPolicy): Settings {
    const settings = this.#settings.get(spec) ?? settingsOf(spec, this.#dependencies.settings);
    this.#settings.set(spec, settings);
    return settings;
  }

  /** An object that got past the schema (an older CRD, say) is not worked on, and says why. */
  async #refuse(policy: DisasterRecoveryPolicy, problems: readonly string[]): Promise<never> {
    const message = `the policy is not valid: ${problems.join('; ')}`;
    const conditions = this.#withReady(policy, { status: 'False', reason: 'InvalidPolicy', message });
    const before = findCondition(policy.status?.conditions, 'Ready');
    if (before?.message !== boundedText(message)) {
      await this.#writeStatus(policy, { ...policy.status, conditions }).catch((error: unknown) => {
        // An API server that checks the whole object refuses its status too: then only the log says why.
        if (!isInvalid(error)) {
          throw error;
        }
      });
    }
    throw new TerminalError(`cannot reconcile ${keyOf(policy)}: ${message}; correct its spec`);
  }

  /** Until the first round is complete, status says that the policy was seen and what it is waiting for. */
  async #announcePending(policy: DisasterRecoveryPolicy, settings: Settings): Promise<DisasterRecoveryPolicy> {
    if (policy.status?.phase !== undefined) {
      return policy;
    }
    const window = detectionWindow(settings);
    const message = 'waiting for the first round of observation';
    return this.#writeStatus(
      policy,
      defined({
        ...policy.status,
        phase: 'Pending' as const,
        observedGeneration: policy.metadata.generation,
        detectionWindow: window === undefined ? undefined : formatDuration(window),
        conditions: this.#withReady(policy, { status: 'Unknown', reason: 'NotObserved', message }),
      }),
    );
  }

  #withReady(policy: DisasterRecoveryPolicy, ready: Pick<Condition, 'status' | 'reason' | 'message'>): Condition[] {
    const others = (policy.status?.conditions ?? []).filter((condition) => condition.type !== 'Ready');
    const lastTransitionTime = timestamp(this.#dependencies.clock.now());
    return [{ type: 'Ready', lastTransitionTime, ...ready, message: boundedText(ready.message) }, ...others];
  }

  async #writeStatus(
    policy: DisasterRecoveryPolicy,
    status: NonNullable<DisasterRecoveryPolicy['status']>,
  ): Promise<DisasterRecoveryPolicy> {
    const written = await this.#dependencies.kube.update<DisasterRecoveryPolicy>(
      DISASTER_RECOVERY_POLICY,
      { ...policy, status },
      { subresource: 'status' },
    );
    this.#objects.noteWrite(policy, written);
    return written;
  }

  #observe(policy: DisasterRecoveryPolicy, settings: Settings, session: PolicySession): void {
    const { observation, settings: own } = this.#dependencies;
    observation.watch(observationTargetOf(policy, settings, session, own.followIntervalMilliseconds));
  }

  /** Before anything is done for a policy, its deletion must not be able to cut it short. */
  async #withFinalizer(policy: DisasterRecoveryPolicy): Promise<DisasterRecoveryPolicy> {
    const finalizers = policy.metadata.finalizers ?? [];
    return policy.metadata.deletionTimestamp !== undefined || finalizers.includes(FINALIZER)
      ? policy
      : this.#patchFinalizers(policy, [...finalizers, FINALIZER]);
  }

  /** Deletion waits for an operation in flight, at most for `failover.timeout`; a policy that is not valid follows none. */
  #holdsDeletion(policy: DisasterRecoveryPolicy): boolean {
    const { metadata, status, spec } = policy;
    const isOurs = metadata.finalizers?.includes(FINALIZER) === true;
    if (!isOurs || status?.operation === undefined || problemsOf(policy).length > 0) {
      return false;
    }
    const timeout = settingsOf(spec, this.#dependencies.settings).operationTimeoutMilliseconds;
    return this.#dependencies.clock.now() - Date.parse(metadata.deletionTimestamp ?? '') < timeout;
  }

  async #release(policy: DisasterRecoveryPolicy): Promise<void> {
    this.#forget(keyOf(policy));
    const finalizers = policy.metadata.finalizers ?? [];
    if (!finalizers.includes(FINALIZER)) {
      return;
    }
    try {
      await this.#patchFinalizers(
        policy,
        finalizers.filter((finalizer) => finalizer !== FINALIZER),
      );
    } catch (error) {
      // With its last finalizer gone the object may be gone before the answer is.
      if (!isNotFound(error)) {
        throw error;
      }
    }
  }

  async #patchFinalizers(policy: DisasterRecoveryPolicy, finalizers: string[]): Promise<DisasterRecoveryPolicy> {
    const { resourceVersion } = policy.metadata;
    const written = await this.#dependencies.kube.mergePatch<DisasterRecoveryPolicy>(
      DISASTER_RECOVERY_POLICY,
      referenceOf(keyOf(policy)),
      { metadata: { resourceVersion, finalizers } },
    );
    this.#objects.noteWrite(policy, written);
    return written;
  }

  #forget(key: string): void {
    if (this.#sessions.delete(key)) {
      const { namespace = '', name } = referenceOf(key);
      this.#budget.leave(key);
      this.#dependencies.observation.unwatch(key);
      this.#dependencies.managedResources?.forget(key);
      this.#dependencies.metrics.removePolicy({ namespace, name });
      this.#dependencies.decisions?.forget(key);
    }
  }
}
