import { boundedText } from '../api/v1alpha1/bounded-text.ts';
import type { LastRequest } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { defined } from '../failover/defined.ts';
import { judgeDrillStart } from '../failover/drill.ts';
import { judgeForce } from '../failover/force.ts';
import type { OperationRunner } from './operation-runner.ts';
import { drillFacts } from './planned-facts.ts';
import type { PlannedOperations } from './planned-operations.ts';
import { isSameRequest, nextRequest, type PendingRequest } from './pending-request.ts';
import type { PolicyTurn, RecordChanges } from './policy-turn.ts';
import { areRolesSettled } from './roles.ts';
import { timestamp } from './status-codec.ts';

interface Answer {
  readonly result: LastRequest['result'];
  readonly reason: string;
  readonly message: string;
  readonly changes?: RecordChanges;
  readonly operationId?: string;
}

const refuse = (reason: string, message: string): Answer => ({ result: 'Refused', reason, message });
const accept = (message: string, changes: RecordChanges = {}): Answer => ({
  result: 'Accepted',
  reason: 'Accepted',
  message,
  changes,
});

function lastRequestOf(turn: PolicyTurn, request: PendingRequest, answer: Answer): LastRequest {
  return defined({
    action: request.action,
    value: request.value,
    forceType: request.forceType,
    acceptDataLoss: request.hasAcceptedDataLoss,
    observedAt: timestamp(turn.now),
    result: answer.result,
    reason: answer.reason,
    message: boundedText(answer.message),
    // An operation's own step tells whether its annotations may still be there.
    annotationsRemoved: answer.operationId === undefined ? false : undefined,
    operationId: answer.operationId,
  });
}

/** Ends the cooldown early: the person names the operation, so that nobody acknowledges what they have not seen. */
function acknowledge({ record, now }: PolicyTurn, { value }: PendingRequest): Answer {
  if (!record.history.some((entry) => entry.id === value)) {
    return refuse('UnknownOperation', `"${value}" is not in status.history: name the operation to acknowledge`);
  }
  return record.cooldownUntil !== undefined && now < record.cooldownUntil
    ? accept('the cooldown is over', { cooldownUntil: undefined })
    : refuse('NoCooldown', 'no cooldown is active: there is nothing to end');
}

function confirmFenced({ record, now }: PolicyTurn, { value }: PendingRequest): Answer {
  const { operation, splitBrain } = record;
  if (operation?.id === value) {
    return accept('the old primary is fenced', { operation: { ...operation, fence: 'Succeeded', fenceTime: now } });
  }
  return splitBrain?.operationId === value
    ? accept('the old primary is fenced', { splitBrain: { ...splitBrain, fence: 'Succeeded' } })
    : refuse('UnknownOperation', `"${value}" is neither in flight nor the operation whose old primary is outstanding`);
}

/** An operation that AWS refuses would be asked for until its timeout: a person with another target need not wait. */
const wayOut = ({ session }: PolicyTurn): string =>
  session.refusal === undefined ? 'wait for its end' : 'AWS refuses it so far; end it with spec.suspend: true';

/** Answers what people ask by annotation: records the answer first, removes the annotations, and only then acts. */
export class RequestHandler {
  readonly #operations: OperationRunner;
  readonly #planned: PlannedOperations;

  constructor(operations: OperationRunner, planned: PlannedOperations) {
    this.#operations = operations;
    this.#planned = planned;
  }

  /** Handles the next pending request, if there is one. */
  async handle(turn: PolicyTurn): Promise<void> {
    const { lastRequest, operation } = turn.record;
    const request = nextRequest(turn.policy.metadata.annotations, lastRequest, operation);
    if (request === undefined) {
      await this.#noteRemoval(turn);
      return;
    }
    if (isSameRequest(request, lastRequest, operation)) {
      await this.#finishAnswered(turn, request);
      return;
    }
    if (turn.session.isAssessmentSpent || (operation === undefined && !areRolesSettled(turn))) {
      // The roles have just changed, or seem to: the next rounds, soon, tell what the request means now.
      return;
    }
    if (request.action === 'force-failover' || request.action === 'failback') {
      await (operation === undefined
        ? this.#force(turn, request, request.action)
        : this.#answer(
            turn,
            request,
            refuse(
              'OperationInFlight',
              `${operation.type} ${operation.id} is in flight: ${wayOut(turn)}, then ask again`,
            ),
          ));
      return;
    }
    await (request.action === 'drill' && operation === undefined
      ? this.#drill(turn, request)
      : this.#answer(turn, request, this.#judge(turn, request)));
  }

  #judge(turn: PolicyTurn, request: PendingRequest): Answer {
    switch (request.action) {
      case 'acknowledge':
        return acknowledge(turn, request);
      case 'confirm-fenced':
        return confirmFenced(turn, request);
      case 'drill':
        return refuse('OperationInFlight', 'an operation is in flight: wait for its end, then ask again');
      default:
        return refuse(
          'RequiresForceFailover',
          `${request.keys.join(' and ')} counts only together with aurora-dr.io/force-failover: removed, so that it cannot arm a later request`,
        );
    }
  }

  async #force(turn: PolicyTurn, request: PendingRequest, action: 'force-failover' | 'failback'): Promise<void> {
    const { assessment, settings } = turn;
    const question = { request: { ...request, action }, assessment, settings };
    const verdict = judgeForce(question);
    turn.dependencies.decisions?.answered(turn.policy, question, verdict);
    if (verdict.kind === 'Refuse') {
      await this.#answer(turn, request, refuse(verdict.reason, verdict.message));
      return;
    }
    const { type, target } = verdict;
    const message = `${type} to ${target.region}`;
    await this.#operations.start(turn, {
      type,
      target,
      trigger: action === 'failback' ? 'Failback' : 'Annotation',
      request: {
        keys: request.keys,
        record: (operationId) => lastRequestOf(turn, request, { ...accept(message), operationId }),
      },
    });
  }

  async #drill(turn: PolicyTurn, request: PendingRequest): Promise<void> {
    switch (request.value) {
      case 'Simulate':
        await this.#simulate(turn, request);
        return;
      case 'Switchover':
        await this.#drillBySwitchover(turn, request);
        return;
      default: {
        const message = `aurora-dr.io/drill is "${request.value}": use "Simulate" or "Switchover"`;
        await this.#answer(turn, request, refuse('InvalidValue', message));
      }
    }
  }

  /** A drill that calls nothing: would a failover find, right now, everything it needs? */
  async #simulate(turn: PolicyTurn, request: PendingRequest): Promise<void> {
    const changes = this.#planned.simulated(turn);
    const { result, message } = changes.lastDrill;
    const answer = result === 'Succeeded' ? accept(message) : refuse('NotReady', message);
    await this.#answer(turn, request, { ...answer, changes }, () => {
      turn.dependencies.metrics.countDrill(changes.lastDrill);
    });
  }

  async #drillBySwitchover(turn: PolicyTurn, request: PendingRequest): Promise<void> {
    const { assessment, settings, now } = turn;
    const facts = drillFacts(turn);
    const verdict = judgeDrillStart({ assessment, settings, facts, now, isScheduled: false });
    const decision = { kind: 'DrillStart' as const, facts, isScheduled: false, verdict };
    turn.dependencies.decisions?.planned(turn.policy, { assessment, settings, now }, decision);
    if (verdict.kind === 'Wait') {
      const why = verdict.obstacles.map(({ message }) => message).join('; ');
      await this.#answer(turn, request, refuse(verdict.obstacles[0]?.reason ?? 'NotReady', why));
      return;
    }
    const message = `the writer goes to ${verdict.target} and comes back`;
    await this.#planned.startDrill(turn, {
      target: verdict.target,
      request: {
        keys: request.keys,
        record: (operationId) => lastRequestOf(turn, request, { ...accept(message), operationId }),
      },
    });
  }

  async #answer(turn: PolicyTurn, request: PendingRequest, answer: Answer, onRecorded?: () => void): Promise<void> {
    await turn.save({ ...answer.changes, lastRequest: lastRequestOf(turn, request, answer) });
    onRecorded?.();
    await turn.removeAnnotations(request.keys);
    await this.#noteRemoval(turn);
  }

  /** The answer is on record, and a crash or a conflict kept the annotations from being removed: no new request. */
  async #finishAnswered(turn: PolicyTurn, request: PendingRequest): Promise<void> {
    await turn.removeAnnotations(request.keys);
    await this.#noteRemoval(turn);
  }

  /** From here on annotations that say the same are a new request. */
  async #noteRemoval(turn: PolicyTurn): Promise<void> {
    const { lastRequest } = turn.record;
    if (lastRequest?.annotationsRemoved === false) {
      await turn.saveAfterwards({ lastRequest: { ...lastRequest, annotationsRemoved: true } });
    }
  }
}
