import type { LastRequest, OperationTrigger, OperationType } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { RegionAssessment } from '../failover/candidates.ts';
import { isTooOld } from '../failover/automatic.ts';
import { defined } from '../failover/defined.ts';
import {
  followOperation,
  publicationObstacle,
  readEffect,
  type FollowAction,
  type FollowQuestion,
} from '../failover/follow.ts';
import type { Operation } from '../failover/operation.ts';
import type { Dependencies } from './dependencies.ts';
import { finishChanges, type Ending } from './finish-operation.ts';
import { tendManagedResources } from './managed-resources.ts';
import { operationId } from './operation-id.ts';
import type { PolicyTurn, RecordChanges } from './policy-turn.ts';
import type { Publication } from './publication.ts';
import type { RoleChangeBudget } from './role-change-budget.ts';
import type { CallOutcome, Precheck, RoleChanger } from './role-changer.ts';
import type { Permit } from '../runtime/call-budget.ts';
import { wholeMilliseconds } from './status-codec.ts';

/** Steps that one round may take at most; each persists something, so this only guards against a mistake of ours. */
const MAXIMUM_STEPS = 8;
const FRUITLESS_BASE_MILLISECONDS = 250;
const FRUITLESS_MAXIMUM_MILLISECONDS = 5_000;
/** A refusal lasts until somebody does something about it, a right granted, say. */
const REFUSED_BASE_MILLISECONDS = 5_000;
const REFUSED_MAXIMUM_MILLISECONDS = 60_000;
/** How long a turn that has come is kept, beyond the round that decides. */
const CLAIM_MILLISECONDS = 3_000;
/** Of a turn whose call is not made: the read before it was, which is half of the requests that a turn stands for. */
const SHARE_OF_THE_CALL = 0.5;

/** What is to be started, on whose behalf. */
export interface NewOperation {
  readonly type: OperationType;
  readonly trigger: OperationTrigger;
  readonly target: RegionAssessment;
  /** Called once the call's turn has come, before anything is written. */
  readonly onStart?: () => void;
  /** The operator's own idea, and neither a declared loss nor a person's request. */
  readonly isAutomatic?: boolean;
  /** What else goes on record with it, in the same write. */
  readonly alongside?: (operationId: string) => RecordChanges;
  /** The person's request that this answers, and its annotations. */
  readonly request?: {
    readonly record: (operationId: string) => LastRequest;
    readonly keys: readonly string[];
  };
}

/** A call that certainly took no effect. */
type Declined = Extract<CallOutcome, { readonly kind: 'Fruitless' | 'Refused' }>;

/**
 * Takes a role change from its registration to a proven end. Exactly once: (1) persist the operation, (2) remove the
 * annotations that asked for it, (3) only then call AWS; every write carries a precondition, and after an ambiguous
 * answer only reads decide.
 */
export class OperationRunner {
  readonly #dependencies: Dependencies;
  readonly #roleChanger: RoleChanger;
  readonly #publication: Publication;
  readonly #budget: RoleChangeBudget;

  constructor(
    dependencies: Dependencies,
    roleChanger: RoleChanger,
    publication: Publication,
    budget: RoleChangeBudget,
  ) {
    this.#dependencies = dependencies;
    this.#roleChanger = roleChanger;
    this.#publication = publication;
    this.#budget = budget;
  }

  /**
   * Registers an operation and calls AWS; while more calls are due than AWS takes at once, only once it is this one's turn.
   * Nothing is on record before, so that a wait costs none of the operation's time, and all is judged anew at its end.
   *
   * @throws ConflictError when somebody changed the policy meanwhile: nothing was called, the next turn judges anew
   */
  async start(turn: PolicyTurn, wish: NewOperation): Promise<void> {
    const operation = this.#register(turn, wish);
    if (!this.#roleChanger.hasTimeToCall(turn.key)) {
      // Registering what may not be called would only cost the next leader the doubt whether it was.
      throw new Error(`cannot start ${operation.type} ${operation.id}: the lease ends before the call could`);
    }
    const permit = this.#permit(turn, operation, wish.request !== undefined);
    if (permit === undefined) {
      return;
    }
    try {
      await this.#startNow(turn, wish, operation, permit);
    } finally {
      // Does nothing once AWS was called.
      permit.giveBack(SHARE_OF_THE_CALL);
    }
  }

  async #startNow(turn: PolicyTurn, wish: NewOperation, registered: Operation, permit: Permit): Promise<void> {
    const { request } = wish;
    wish.onStart?.();
    // Not before what told of the decision, by whatever clock people read the two.
    const operation: Operation = { ...registered, startedAt: turn.now };
    // The read before the call does not depend on the write before the call: both at once.
    const precheck = this.#roleChanger.precheck(turn.account, operation, turn.settings.globalClusterIdentifier);
    turn.session.resetOperation();
    // Known before the write: it may be persisted although its answer is lost.
    turn.session.uncalledOperation = operation.id;
    await turn.save(
      defined({
        ...wish.alongside?.(operation.id),
        operation,
        lastRequest: request === undefined ? undefined : request.record(operation.id),
      }),
    );
    this.#note(turn, 'Registered', operation, `${operation.type} to ${operation.to} (${operation.trigger})`);
    if (request !== undefined) {
      await turn.removeAnnotations(request.keys);
    }
    turn.leaveWorker();
    const check = await precheck;
    if (isTooOld(turn.assessment.round, turn.settings, turn.now)) {
      // The writes took so long that neither the round nor this read says how things are: the next round does.
      turn.session.waiting = 'registered late: the next round decides about the call';
      return;
    }
    await this.#callAfter(turn, operation, check, permit);
  }

  /**
   * Asks for the call's turn; without a permit the turn is over, and the next one comes by a round or with the permit.
   *
   * @param isRequested a person asked for it by an annotation that is still there
   */
  #permit(turn: PolicyTurn, operation: Operation, isRequested: boolean): Permit | undefined {
    const { session, key, account, policy, settings } = turn;
    turn.hasDueCall = true;
    const since = session.awaitedTurn?.since ?? operation.detectedAt;
    const { priority } = policy.spec.failover;
    const isRegistered = turn.record.operation !== undefined;
    const isAutomatic = operation.trigger === 'Automatic';
    const claimMilliseconds = settings.timeoutMilliseconds + CLAIM_MILLISECONDS;
    const isDeclined = isRegistered && session.isDeclined;
    const due = { key, account, operation, priority, since, isRegistered, isDeclined, claimMilliseconds };
    let permit: Permit | undefined;
    if (isAutomatic && this.#isBetweenRounds(turn)) {
      this.#budget.move(due);
    } else {
      permit = this.#budget.ask(due);
    }
    const message = this.#budget.waitingMessage(operation);
    session.awaitedTurn = permit === undefined ? { message, since, isRequested } : undefined;
    return permit;
  }

  /**
   * Whether a call that has waited would be decided now on what a round showed that may be long over: a primary that serves
   * again would be given up although this process is just about to see it. Its turn lasts until a round, begun now, ends.
   */
  #isBetweenRounds({ key, isRoundNew }: PolicyTurn): boolean {
    if (isRoundNew || !this.#budget.isAwaiting(key)) {
      return false;
    }
    if (this.#budget.hasTurn(key)) {
      this.#dependencies.observation.look(key);
    }
    return true;
  }

  /** Does what this round's observations call for, step after step, until there is something to wait for. */
  async follow(turn: PolicyTurn): Promise<void> {
    turn.session.waiting = undefined;
    turn.session.awaitedTurn = undefined;
    await this.#recordFence(turn);
    for (let step = 0; step < MAXIMUM_STEPS; step += 1) {
      const { operation } = turn.record;
      if (operation === undefined || !(await this.#take(turn, operation, this.#nextAction(turn, operation)))) {
        return;
      }
    }
  }

  /** Follows an operation that somebody else started, so that its end is published and recorded too. */
  async adopt(turn: PolicyTurn): Promise<void> {
    const { inFlight, members } = turn.assessment.topology;
    const from = inFlight?.fromRegion ?? turn.record.primaryRegion;
    const to = inFlight?.toRegion;
    if (inFlight === undefined || from === undefined || to === undefined || members[to] === undefined) {
      return;
    }
    const now = turn.now;
    const operation: Operation = defined({
      id: operationId('external', now, this.#dependencies.random),
      type: inFlight.isSwitchover ? ('Switchover' as const) : ('Failover' as const),
      trigger: 'External' as const,
      from,
      to,
      fromClusterArn: inFlight.fromClusterArn,
      targetClusterArn: inFlight.toClusterArn,
      step: 'Promoting' as const,
      isDataLossAllowed: !inFlight.isSwitchover,
      detectedAt: turn.assessment.incident?.startedAt ?? now,
      startedAt: now,
      calledAt: now,
      attempts: 0,
      fence: 'Unknown' as const,
      message: `seen in flight in ${inFlight.seenIn}, not started by this operator`,
      ...this.#lossOf(turn, to),
    });
    turn.session.resetOperation();
    await turn.save({ operation });
    this.#note(turn, 'Adopted', operation, operation.message ?? '');
  }

  #note(turn: PolicyTurn, what: string, operation: Operation, message: string): void {
    this.#dependencies.decisions?.happened(turn.policy, { what, message, operation });
  }

  #lossOf(turn: PolicyTurn, region: string): Partial<Operation> {
    const loss = turn.assessment.regions.find((candidate) => candidate.region === region)?.loss;
    return defined({
      estimatedDataLossMilliseconds: wholeMilliseconds(loss?.lastKnownMilliseconds),
      worstCaseDataLossMilliseconds: wholeMilliseconds(loss?.worstCaseMilliseconds),
    });
  }

  #register(turn: PolicyTurn, { type, trigger, target, isAutomatic }: NewOperation): Operation {
    const { assessment, record, now } = turn;
    const from = record.primaryRegion ?? assessment.topology.primaryRegion ?? '';
    const isLossy = type === 'Failover';
    return defined({
      id: operationId(type.toLowerCase(), now, this.#dependencies.random),
      type,
      trigger,
      from,
      to: target.region,
      fromClusterArn: assessment.topology.members[from]?.clusterArn,
      targetClusterArn: target.clusterArn,
      step: 'Accepted' as const,
      isDataLossAllowed: isLossy,
      detectedAt: assessment.incident?.startedAt ?? now,
      startedAt: now,
      attempts: 0,
      fence: 'Unknown' as const,
      acceptedBy: this.#dependencies.settings.identity,
      automatic: isAutomatic === true ? true : undefined,
      ...(isLossy ? this.#lossOf(turn, target.region) : {}),
    });
  }

  #nextAction(turn: PolicyTurn, operation: Operation): FollowAction {
    const { assessment, settings, session, now } = turn;
    const question: FollowQuestion = {
      operation,
      assessment,
      settings,
      now,
      memory: session.memory,
      follow: session.follow,
      effect: readEffect(operation, assessment, settings),
      isCertainlyUncalled: session.uncalledOperation === operation.id,
    };
    const action = followOperation(question);
    this.#dependencies.decisions?.followed(turn.policy, question, action);
    return action;
  }

  /** @returns whether to look for another step at once */
  async #take(turn: PolicyTurn, operation: Operation, action: FollowAction): Promise<boolean> {
    switch (action.kind) {
      case 'Wait':
        await this.#wait(turn, operation, action.message);
        return false;
      case 'Call':
        await this.#call(turn, operation);
        return false;
      case 'Advance':
        await this.#advance(turn, action.operation);
        return true;
      case 'Publish':
        return this.#publish(turn, operation);
      case 'Finish':
        await this.finish(turn, operation, action);
        return false;
    }
  }

  /**
   * What RDS said of the fence is persisted as soon as it is known; and what keeps a promoted writer from its clients is
   * told where people look, for they may have to do something about it.
   */
  async #wait(turn: PolicyTurn, operation: Operation, why: string): Promise<void> {
    const { record, session, settings } = turn;
    const isWithheld =
      settings.isPublishing && operation.step === 'Promoted' && publicationObstacle(operation, settings) !== undefined;
    const refusal = isWithheld ? session.fenceRefusal : undefined;
    const message = refusal === undefined ? why : `${why}; ${refusal}`;
    session.waiting = message;
    if (isWithheld) {
      session.publication = { isPublished: false, reason: 'AwaitingFence', message };
    }
    const told = isWithheld ? message : record.operation?.message;
    if (record.operation?.fence !== operation.fence || record.operation.message !== told) {
      await turn.saveAfterwards({ operation: defined({ ...operation, message: told }) });
    }
  }

  async #advance(turn: PolicyTurn, operation: Operation): Promise<void> {
    // From the moment a demotion is observed, nothing may take the old primary for the writer again.
    await turn.saveAfterwards({
      operation,
      ...(operation.promotedAt === undefined ? {} : { primaryRegion: operation.to }),
    });
  }

  async #publish(turn: PolicyTurn, operation: Operation): Promise<boolean> {
    if (!(await this.#publication.publish(turn, operation.to))) {
      turn.session.waiting = turn.session.publication.message;
      return false;
    }
    await turn.saveAfterwards({
      operation: { ...operation, step: 'Published', publishedAt: turn.now, message: 'the new writer is published' },
      ...this.#publication.publishedChanges(turn, operation.to),
    });
    return true;
  }

  /** Records the end of an operation, whatever it is. */
  async finish(turn: PolicyTurn, operation: Operation, ending: Ending): Promise<void> {
    const { record, settings, now } = turn;
    await turn.saveAfterwards(finishChanges(operation, ending, { record, settings, now }));
    turn.session.resetOperation();
    turn.session.spendAssessment();
    // What was withdrawn alongside the call has to come back, or the new writer be checked.
    turn.session.published = undefined;
    this.#dependencies.metrics.countOperation(
      defined({
        type: operation.type,
        trigger: operation.trigger,
        outcome: ending.outcome,
        detectionMilliseconds:
          operation.trigger === 'Automatic' ? operation.startedAt - operation.detectedAt : undefined,
        recoveryMilliseconds: ending.outcome === 'Succeeded' ? now - operation.detectedAt : undefined,
      }),
    );
  }

  /** What the background read said of the fence belongs into the operation: it decides, and people wait for it. */
  async #recordFence(turn: PolicyTurn): Promise<void> {
    const { operation } = turn.record;
    const { fence } = turn.session;
    if (operation?.fence === 'Unknown' && fence?.operationId === operation.id) {
      await turn.saveAfterwards({ operation: { ...operation, fence: fence.state, fenceTime: fence.at } });
    }
  }

  async #call(turn: PolicyTurn, operation: Operation): Promise<void> {
    if (this.#dependencies.clock.monotonic() < turn.session.retryNotBefore) {
      return;
    }
    if (turn.session.isAssessmentSpent) {
      turn.session.waiting = 'AWS is not called: the next round decides, by the policy as it is now';
      return;
    }
    const permit = this.#permit(turn, operation, false);
    if (permit === undefined) {
      turn.session.waiting = turn.session.awaitedTurn?.message;
      return;
    }
    const identifier = turn.settings.globalClusterIdentifier;
    turn.leaveWorker();
    const check = await this.#roleChanger.precheck(turn.account, operation, identifier);
    try {
      await this.#callAfter(turn, operation, check, permit);
    } finally {
      permit.giveBack(SHARE_OF_THE_CALL);
    }
  }

  async #callAfter(turn: PolicyTurn, operation: Operation, precheck: Precheck, permit: Permit): Promise<void> {
    switch (precheck.kind) {
      case 'InFlight':
        await this.#advance(turn, { ...operation, step: 'Promoting', message: 'found in flight before the call' });
        return;
      case 'AlreadyWriter':
        await this.#advance(turn, {
          ...operation,
          step: 'Promoted',
          promotedAt: turn.now,
          message: 'found to be the writer before the call',
        });
        return;
      case 'MovedByOthers':
        // The next round finds the same and ends the operation, or finds it to be a stale answer.
        this.#backOff(turn, `AWS is not called: ${precheck.message}`, {});
        return;
      case 'Unreadable':
        permit.report(precheck.isThrottled === true);
        this.#backOff(turn, `cannot read the global cluster before the call: ${precheck.message}`, precheck);
        return;
      case 'Clear':
        await this.#callNow(turn, operation, permit);
    }
  }

  async #callNow(turn: PolicyTurn, operation: Operation, permit: Permit): Promise<void> {
    const { session } = turn;
    const isRepeated = operation.step === 'Unconfirmed';
    const counted: Operation = { ...operation, attempts: operation.attempts + 1, calledAt: turn.now };
    if (isRepeated) {
      // A second call is announced before it is made: whoever comes after counts its own reads from here.
      await turn.save({ operation: counted });
    }
    if (!this.#roleChanger.hasTimeToCall(turn.key)) {
      session.waiting = 'the lease ends before the call could: the next leader decides';
      return;
    }
    session.uncalledOperation = undefined;
    // A switchover that AWS did not take before may not be taken now either: its clients keep their writer until it is.
    const isWithdrawnLate = operation.type === 'Switchover' && session.fruitlessCalls > 0;
    const call = this.#roleChanger.call(turn.account, counted, turn.settings.globalClusterIdentifier);
    if (!isWithdrawnLate) {
      this.#publication.withdraw(turn, counted.from);
    }
    tendManagedResources(turn);
    const result = await call;
    permit.report(result.isThrottled === true);
    if (isWithdrawnLate && (result.kind === 'Accepted' || result.kind === 'Ambiguous')) {
      this.#publication.withdraw(turn, counted.from);
    }
    await this.#conclude(turn, defined({ ...counted, requestId: result.requestId }), result);
  }

  async #conclude(turn: PolicyTurn, operation: Operation, result: CallOutcome): Promise<void> {
    const { session } = turn;
    this.#note(turn, 'Called', operation, 'message' in result ? `${result.kind}: ${result.message}` : result.kind);
    switch (result.kind) {
      case 'Accepted':
        session.refusal = undefined;
        await turn.saveAfterwards({ operation: { ...operation, step: 'Requested', message: 'AWS accepted the call' } });
        return;
      case 'Ambiguous':
        session.refusal = undefined;
        await turn.saveAfterwards({ operation: { ...operation, step: 'Unconfirmed', message: result.message } });
        return;
      case 'Fruitless':
        await this.#retryLater(turn, operation, result);
        return;
      case 'Refused':
        if (operation.trigger === 'Automatic') {
          await this.#retryLater(turn, operation, result);
        } else {
          await this.finish(turn, operation, { outcome: 'Failed', reason: 'RefusedByAws', message: result.message });
        }
    }
  }

  /**
   * The call certainly had no effect: it costs nothing but time. What automation started goes on after a refusal as well,
   * since the primary is still lost and only a person can end the refusal; whoever asked by hand is told, and asks again.
   */
  async #retryLater(turn: PolicyTurn, operation: Operation, declined: Declined): Promise<void> {
    const { kind, message } = declined;
    const { session } = turn;
    if (operation.step === 'Accepted') {
      session.uncalledOperation = operation.id;
    }
    session.refusal = kind === 'Refused' ? message : undefined;
    this.#backOff(turn, message, declined);
    await turn.saveAfterwards({ operation: { ...operation, message } });
    if (operation.type === 'Switchover' && session.published === undefined) {
      // The old primary goes on serving until AWS takes the call: its clients get its name back meanwhile.
      await this.#publication.publish(turn, operation.from);
    }
  }

  #backOff(turn: PolicyTurn, message: string, { isThrottled }: { readonly isThrottled?: true }): void {
    const { session } = turn;
    const [base, maximum] =
      session.refusal === undefined
        ? [FRUITLESS_BASE_MILLISECONDS, FRUITLESS_MAXIMUM_MILLISECONDS]
        : [REFUSED_BASE_MILLISECONDS, REFUSED_MAXIMUM_MILLISECONDS];
    const delay = Math.min(maximum, base * 2 ** session.fruitlessCalls);
    session.fruitlessCalls += 1;
    session.isDeclined = isThrottled !== true;
    session.retryNotBefore = this.#dependencies.clock.monotonic() + delay;
    session.waiting = message;
    this.#dependencies.logger.warn({ policy: turn.key, operation: turn.record.operation?.id }, message);
  }
}
