import { RoleChanger, type CallResult } from '../../operator/controllers/role-changer.ts';
import { assess, type Assessment } from '../../operator/failover/assess.ts';
import { defined } from '../../operator/failover/defined.ts';
import {
  EMPTY_FOLLOW_MEMORY,
  followOperation,
  readEffect,
  rememberEffect,
  type FollowAction,
  type FollowMemory,
} from '../../operator/failover/follow.ts';
import type { Memory } from '../../operator/failover/memory.ts';
import type { Round } from '../../operator/failover/observation.ts';
import type { Operation } from '../../operator/failover/operation.ts';
import type { Settings } from '../../operator/failover/settings.ts';
import { endpointOf } from '../shared/rounds.ts';
import type { Session } from '../shared/session.ts';

/** Bounds a call that changes roles, as in the operator. */
export const CALL_TIMEOUT_MILLISECONDS = 5_000;
/** Steps that one round may take at most: this only guards against a mistake of ours. */
const MAXIMUM_STEPS = 8;
const FRUITLESS_BASE_MILLISECONDS = 250;
const FRUITLESS_MAXIMUM_MILLISECONDS = 5_000;

/** How a role change ended, and what was seen last. */
export interface RoleChangeEnd {
  readonly operation: Operation;
  /** The last two: somebody else came first, and nothing was called. */
  readonly outcome: 'Succeeded' | 'Failed' | 'TimedOut' | 'Cancelled' | 'InProgress' | 'AlreadyPrimary';
  readonly reason: string;
  readonly message: string;
  readonly round: Round;
}

export interface RoleChangeProps {
  readonly session: Session;
  readonly settings: Settings;
  readonly memory: Memory;
  /** What the decision rests on. */
  readonly assessment: Assessment;
  readonly followIntervalMilliseconds: number;
  /** Milliseconds that are left for calls. */
  readonly remainingMilliseconds: () => number;
  /** Told once, right before the first call. */
  readonly onCalling: (operation: Operation) => void;
  /** Told once, as soon as the target is the writer. */
  readonly onPromoted: (round: Round) => void;
}

/**
 * Takes one role change from the first call to a proven end, by the brain's own rules of what a round proves and when a
 * call may be made again. What the operator persists this keeps for the time of an invocation: whoever comes after reads
 * AWS first.
 */
export class RoleChange {
  readonly #props: RoleChangeProps;
  readonly #roleChanger: RoleChanger;
  #operation: Operation;
  #memory: Memory;
  #assessment: Assessment;
  #follow: FollowMemory = EMPTY_FOLLOW_MEMORY;
  #isCertainlyUncalled = true;
  #fruitlessCalls = 0;
  #retryNotBefore = -Infinity;
  /** What a call came to that had no effect. */
  #obstacle: string | undefined;

  constructor(operation: Operation, props: RoleChangeProps) {
    const { session, memory, assessment, remainingMilliseconds } = props;
    this.#props = props;
    this.#operation = operation;
    this.#memory = memory;
    this.#assessment = assessment;
    this.#roleChanger = new RoleChanger({
      gateway: session.gateway,
      leaseRemainingMilliseconds: remainingMilliseconds,
      settings: { awsCallTimeoutMilliseconds: CALL_TIMEOUT_MILLISECONDS },
    });
  }

  /** Never rejects: whatever AWS does is an end. */
  async run(): Promise<RoleChangeEnd> {
    const early = await this.#call();
    if (early !== undefined) {
      return early;
    }
    const { session, followIntervalMilliseconds } = this.#props;
    const rounds = new RoundQueue();
    const watch = (): (() => void) =>
      session.rounds.follow(this.#endpoints(), followIntervalMilliseconds, (round) => rounds.push(round));
    let stop = watch();
    try {
      for (;;) {
        const end = await this.#take(await rounds.next());
        if (end !== undefined) {
          return end;
        }
        // The target says its address in its own time; a change counts from the next round.
        stop = watch();
      }
    } finally {
      stop();
    }
  }

  /** The target's endpoint proves the end where it ever accepted; it is probed as soon as its address is known. */
  #endpoints() {
    return endpointOf(this.#assessment.round, this.#operation.to) ?? [];
  }

  async #take(round: Round): Promise<RoleChangeEnd | undefined> {
    const { settings } = this.#props;
    const { from, to, promotedAt } = this.#operation;
    const recorded = { primaryRegion: promotedAt === undefined ? from : to };
    const { memory, assessment } = assess(this.#memory, round, settings, recorded);
    this.#memory = memory;
    this.#assessment = assessment;
    const effect = readEffect(this.#operation, assessment, settings);
    this.#follow = rememberEffect(this.#follow, effect, round.startedAt, this.#operation);
    for (let step = 0; step < MAXIMUM_STEPS; step += 1) {
      const action = this.#nextAction();
      if (action.kind === 'Finish') {
        return this.#end(action.outcome, action.reason, this.#withObstacle(action.message));
      }
      if (action.kind === 'Call') {
        return this.#call();
      }
      if (action.kind !== 'Advance') {
        this.#props.session.log('INFO', 'waiting', { effect, ...action });
        return undefined;
      }
      this.#advance(action.operation);
    }
    return undefined;
  }

  #nextAction(): FollowAction {
    const { settings, session } = this.#props;
    return followOperation({
      operation: this.#operation,
      assessment: this.#assessment,
      settings,
      memory: this.#memory,
      follow: this.#follow,
      effect: readEffect(this.#operation, this.#assessment, settings),
      now: session.clock.now(),
      isCertainlyUncalled: this.#isCertainlyUncalled,
    });
  }

  #advance(operation: Operation): void {
    const isNews = operation.promotedAt !== undefined && this.#operation.promotedAt === undefined;
    this.#operation = operation;
    this.#props.session.log('INFO', operation.message ?? operation.step, { step: operation.step });
    if (isNews) {
      this.#props.onPromoted(this.#assessment.round);
    }
  }

  /** Reads once more in the target's region, and calls when nothing speaks against it. */
  async #call(): Promise<RoleChangeEnd | undefined> {
    const { session, settings } = this.#props;
    if (session.clock.monotonic() < this.#retryNotBefore) {
      return undefined;
    }
    const precheck = await this.#roleChanger.precheck({}, this.#operation, settings.globalClusterIdentifier);
    switch (precheck.kind) {
      case 'InFlight':
      case 'AlreadyWriter':
        return this.#found(precheck.kind);
      case 'MovedByOthers':
        // The next rounds find the same and end the role change, or find it to be a stale answer.
        this.#backOff(`AWS is not called: ${precheck.message}`);
        return undefined;
      case 'Unreadable':
        this.#backOff(`cannot read the global cluster before the call: ${precheck.message}`);
        return undefined;
      case 'Clear':
        return this.#callNow();
    }
  }

  /** After a call of ours it is our doing, and followed; before it somebody else's, and left alone. */
  #found(kind: 'InFlight' | 'AlreadyWriter'): RoleChangeEnd | undefined {
    const { to, attempts } = this.#operation;
    if (kind === 'InFlight') {
      const message = 'a role change was found in flight right before the call';
      this.#advance({ ...this.#operation, step: 'Promoting', message });
      return attempts === 0 ? this.#end('InProgress', 'OperationInFlight', message) : undefined;
    }
    const message = `${to} was found to be the writer right before the call`;
    if (attempts === 0) {
      return this.#end('AlreadyPrimary', 'AlreadyPrimary', message);
    }
    this.#advance({ ...this.#operation, step: 'Promoted', promotedAt: this.#props.session.clock.now(), message });
    return undefined;
  }

  async #callNow(): Promise<RoleChangeEnd | undefined> {
    const { session, settings } = this.#props;
    if (!this.#roleChanger.hasTimeToCall(settings.globalClusterIdentifier)) {
      return this.#end('TimedOut', 'TimedOut', 'too little of the invocation is left for a call to AWS');
    }
    this.#operation = { ...this.#operation, attempts: this.#operation.attempts + 1, calledAt: session.clock.now() };
    this.#isCertainlyUncalled = false;
    if (this.#operation.attempts === 1) {
      this.#props.onCalling(this.#operation);
    }
    const result = await this.#roleChanger.call({}, this.#operation, settings.globalClusterIdentifier);
    session.log('INFO', 'called AWS', { ...result, type: this.#operation.type, attempts: this.#operation.attempts });
    return this.#conclude(result);
  }

  #conclude(result: CallResult): RoleChangeEnd | undefined {
    switch (result.kind) {
      case 'Accepted':
        this.#obstacle = undefined;
        this.#operation = { ...this.#operation, step: 'Requested', message: 'AWS accepted the call' };
        return undefined;
      case 'Ambiguous':
        this.#obstacle = `the call's answer was lost: ${result.message}`;
        this.#operation = { ...this.#operation, step: 'Unconfirmed', message: result.message };
        return undefined;
      case 'Fruitless':
        this.#isCertainlyUncalled = this.#operation.step === 'Accepted';
        this.#backOff(result.message);
        return undefined;
      case 'Refused':
        return this.#end('Failed', 'RefusedByAws', result.message);
    }
  }

  #backOff(message: string): void {
    const { session } = this.#props;
    const delay = Math.min(FRUITLESS_MAXIMUM_MILLISECONDS, FRUITLESS_BASE_MILLISECONDS * 2 ** this.#fruitlessCalls);
    this.#fruitlessCalls += 1;
    this.#retryNotBefore = session.clock.monotonic() + delay;
    this.#obstacle = message;
    session.log('WARN', message, { retryAfterMilliseconds: delay });
  }

  #withObstacle(message: string): string {
    const isPromoted = this.#operation.promotedAt !== undefined;
    return this.#obstacle === undefined || isPromoted ? message : `${message}; last obstacle: ${this.#obstacle}`;
  }

  #end(outcome: RoleChangeEnd['outcome'], reason: string, message: string): RoleChangeEnd {
    return { operation: defined(this.#operation), outcome, reason, message, round: this.#assessment.round };
  }
}

/** Hands over rounds in their order; of several that wait the newest counts. */
class RoundQueue {
  #waiting: Round | undefined;
  #wake: ((round: Round) => void) | undefined;

  push(round: Round): void {
    const wake = this.#wake;
    this.#wake = undefined;
    if (wake === undefined) {
      this.#waiting = round;
    } else {
      wake(round);
    }
  }

  next(): Promise<Round> {
    const round = this.#waiting;
    this.#waiting = undefined;
    return round === undefined ? new Promise((resolve) => (this.#wake = resolve)) : Promise.resolve(round);
  }
}
