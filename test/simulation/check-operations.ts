import { problemsOf } from '../../operator/api/v1alpha1/guards.ts';
import type {
  DisasterRecoveryPolicy,
  DisasterRecoveryPolicyStatus,
  HistoryEntry,
  OperationStatus,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { ACCEPT_DATA_LOSS, REQUEST_ANNOTATIONS } from '../../operator/api/v1alpha1/annotations.ts';
import type { RoleChange } from '../aws/world/model.ts';
import type { World } from '../aws/world/world.ts';
import { RequestChecks } from './check-requests.ts';
import { RestChecks } from './check-rest.ts';
import { SuccessChecks } from './check-success.ts';
import type { PolicyNames } from './policy-of.ts';
import type { Action, Scenario } from './scenario.ts';
import { EPOCH } from './scheduler.ts';
import type { Accuse } from './violation.ts';

/** Between a process's clock and the true time, milliseconds. */
const CLOCK_SKEW = 500;

/** What an operation is from its registration to its end, whatever becomes of it; a change makes another one of it. */
const FIXED = ['type', 'trigger', 'from', 'to', 'targetClusterArn', 'dataLossAllowed', 'automatic'] as const;

type Status = DisasterRecoveryPolicyStatus | undefined;

/** A role change that AWS began on an operator's word. */
interface Effect {
  readonly operation: OperationStatus;
  readonly roleChange: RoleChange;
  /** Since when the old primary's region was gone as AWS took the call, unless the primary was missed before that. */
  readonly lostAt: number | undefined;
}

export interface OperationChecksProps {
  readonly scenario: Scenario;
  readonly names: PolicyNames;
  readonly world: World;
  readonly accuse: Accuse;
}

/** Follows operations from their registration to their place in history, and what AWS makes of them. */
export class OperationChecks {
  readonly #world: World;
  readonly #accuse: Accuse;
  readonly effects: Effect[] = [];
  /** Operations that were ever registered, by id. */
  readonly registered = new Map<string, OperationStatus>();
  /** By operation: when it was registered, and how often AWS took up a call of it. */
  readonly #calls = new Map<string, { readonly registeredAt: number; count: number }>();
  readonly #scenario: Scenario;
  readonly #requests: RequestChecks;
  readonly #rest: RestChecks;
  readonly #successes: SuccessChecks;

  constructor({ scenario, names: { globalCluster }, world, accuse }: OperationChecksProps) {
    this.#scenario = scenario;
    this.#world = world;
    this.#accuse = accuse;
    this.#requests = new RequestChecks(accuse);
    this.#rest = new RestChecks(accuse);
    const isStale = scenario.events.some(({ action }) => action.kind === 'awsFault' && action.fault.kind === 'stale');
    const roleChangesOf = (id: string): readonly RoleChange[] =>
      this.effects.filter(({ operation }) => operation.id === id).map(({ roleChange }) => roleChange);
    this.#successes = new SuccessChecks({ world, globalCluster, roleChangesOf, isStale, accuse });
  }

  /** AWS is about to take up a call; the caller sees to {@link OperationChecks.noteEffect}. */
  onCall(action: string, targetArn: string, policy: DisasterRecoveryPolicy | undefined): OperationStatus | undefined {
    const operation = policy?.status?.operation;
    if (operation === undefined) {
      if (policy !== undefined) this.#accuse('one-effect', `${action} was called without a registered operation`);
      return undefined;
    }
    const calls = this.#calls.get(operation.id);
    if (calls !== undefined) calls.count += 1;
    // As it was registered: the record may have been changed since, and must not be.
    const { type, targetClusterArn } = this.registered.get(operation.id) ?? operation;
    const expected = type === 'Failover' ? 'FailoverGlobalCluster' : 'SwitchoverGlobalCluster';
    if (action !== expected) this.#accuse('switchover-stays', `${operation.id}, a ${type}, called ${action}`);
    if (targetClusterArn !== targetArn) {
      this.#accuse('one-effect', `${operation.id} called for ${targetArn}, not its target`);
    }
    if (operation.step !== 'Accepted' && operation.step !== 'Unconfirmed') {
      this.#accuse('one-effect', `${operation.id} called AWS at step ${operation.step}`);
    }
    return operation;
  }

  noteEffect(operation: OperationStatus, roleChange: RoleChange): void {
    const earlier = this.effects.filter((effect) => effect.operation.id === operation.id);
    if (earlier.some(({ roleChange: { phase } }) => phase !== 'cancelled' && phase !== 'failed')) {
      this.#accuse('one-effect', `${operation.id} took effect a second time`);
    }
    this.#checkIncident(operation);
    const { lostAt } = this.#world.region(operation.from);
    const isFirstMissed = lostAt !== undefined && Date.parse(operation.detectedAt ?? '') >= lostAt - CLOCK_SKEW;
    this.effects.push({ operation, roleChange, lostAt: isFirstMissed ? lostAt : undefined });
  }

  /** A policy's status went from one to the other by an operator's write. */
  onStatus(before: DisasterRecoveryPolicy, after: DisasterRecoveryPolicy): void {
    const [was, is] = [before.status, after.status];
    const operation = is?.operation;
    this.#requests.onStatus(before, after);
    this.#rest.onStatus(before, after);
    if (operation !== undefined) this.#successes.onOperation(operation);
    if (operation !== undefined && operation.id !== was?.operation?.id) this.#onRegistered(operation, before, after);
    else if (operation !== undefined) this.#checkSame(operation);
    if (was?.operation !== undefined && operation?.id !== was.operation.id) this.#checkArchived(was.operation, is);
    this.#checkHistory(was?.history ?? [], is?.history ?? []);
    this.#successes.onHistory(was?.history ?? [], is?.history ?? []);
  }

  onRequest(before: DisasterRecoveryPolicy | undefined, after: DisasterRecoveryPolicy): void {
    this.#requests.onAsked(before, after);
  }

  onAnnotationsRemoved(after: DisasterRecoveryPolicy, removed: readonly string[]): void {
    this.#requests.onRemoved(after, removed);
  }

  /** Nobody knows any more what there was: the policy itself is gone. */
  forget(): void {
    this.#requests.forget();
    this.#rest.forget();
    this.#successes.forget();
  }

  checkSchema(policy: DisasterRecoveryPolicy): void {
    const problems = problemsOf(policy);
    if (problems.length > 0) this.#accuse('record', `the status is not valid: ${problems.join('; ')}`);
  }

  #onRegistered(operation: OperationStatus, before: DisasterRecoveryPolicy, after: DisasterRecoveryPolicy): void {
    if (operation.from === operation.to)
      this.#accuse('record', `${operation.id} leads from ${operation.from} to itself`);
    if (this.registered.has(operation.id)) this.#accuse('one-effect', `${operation.id} was registered again`);
    this.registered.set(operation.id, operation);
    this.#calls.set(operation.id, { registeredAt: this.#world.settle(), count: 0 });
    const request = after.status?.lastRequest;
    const isOwnIdea = operation.automatic === true;
    if (operation.trigger === 'Annotation' || (operation.trigger === 'Failback' && !isOwnIdea)) {
      if (request?.operationId !== operation.id)
        this.#accuse('forced-request', `${operation.id} has no request on record`);
      const isAccepted = before.metadata.annotations?.[ACCEPT_DATA_LOSS]?.trim() === 'true';
      if (operation.type === 'Failover' && !(isAccepted && request?.acceptDataLoss === true)) {
        this.#accuse('permitted-loss', `${operation.id} may lose data that nobody accepted to lose`);
      }
    }
    if (operation.trigger === 'Failback' && operation.type === 'Failover') {
      this.#accuse('switchover-stays', `${operation.id} is a failback by failover`);
    }
    this.#rest.onRegistered(operation);
  }

  #checkSame(operation: OperationStatus): void {
    const registered = this.registered.get(operation.id);
    const changed = FIXED.find((name) => registered !== undefined && registered[name] !== operation[name]);
    if (changed === undefined) return;
    const [was, is] = [registered?.[changed], operation[changed]].map((value) => String(value));
    this.#accuse(
      changed === 'type' ? 'switchover-stays' : 'record',
      `${operation.id} was registered with ${changed} ${was ?? ''}, and has ${is ?? ''} now`,
    );
  }

  #checkArchived(operation: OperationStatus, is: Status): void {
    const entry = is?.history?.find(({ id }) => id === operation.id);
    if (entry === undefined) this.#accuse('record', `${operation.id} vanished without an entry in history`);
    else if (entry.type !== operation.type || entry.to !== operation.to) {
      this.#accuse('record', `${operation.id}, a ${operation.type} to ${operation.to}, is told as another operation`);
    } else this.#checkSent(operation, entry);
  }

  /** What was accepted reaches AWS in its time while nothing is in the way, whether AWS then takes it or not. */
  #checkSent({ id, trigger }: OperationStatus, { outcome, message }: HistoryEntry): void {
    const calls = this.#calls.get(id);
    const isWanted = trigger === 'Annotation' || trigger === 'Failback' || trigger === 'Drill';
    if (calls === undefined || calls.count > 0 || !isWanted || outcome !== 'TimedOut') return;
    if (isHindered(this.#scenario, { from: calls.registeredAt - EPOCH, to: this.#world.settle() - EPOCH })) return;
    this.#accuse('forced-request', `${id} was accepted and timed out, and AWS never heard of it: ${message ?? ''}`);
  }

  #checkHistory(was: readonly HistoryEntry[], is: readonly HistoryEntry[]): void {
    if (was === is) return;
    const ids = new Set(is.map(({ id }) => id));
    const isRenewed = is[0]?.type === 'Simulation';
    // The newest simulation stands for those before it.
    const lost = was.find(({ id, type }) => !ids.has(id) && !(isRenewed && type === 'Simulation'));
    if (lost !== undefined && is.length < 10) this.#accuse('record', `${lost.id} vanished from history`);
  }

  /** One loss of a region: from when it is lost until somebody else holds the writer, or the region is back. */
  #checkIncident(operation: OperationStatus): void {
    if (operation.trigger !== 'Automatic') return;
    const { lostAt } = this.#world.region(operation.from);
    const again = this.effects.find(
      ({ operation: { id, trigger, from }, roleChange: { requestedAt, phase } }) =>
        id !== operation.id &&
        trigger === 'Automatic' &&
        from === operation.from &&
        phase === 'completed' &&
        requestedAt >= (lostAt ?? Infinity),
    );
    if (again !== undefined) {
      this.#accuse('one-incident', `${operation.id} answers the loss that ${again.operation.id} has answered`);
    }
  }
}

/** What happens without keeping an operator from AWS, nor AWS from what it is asked. */
const UNRELATED: readonly Action['kind'][] = [
  'annotate',
  'lag',
  'metricDelay',
  'metricGap',
  'witness',
  'editService',
  'planOperation',
  'repeatCall',
];
/** What a fault leaves behind is over by then: a lease that has to run out, a watch that backs off, milliseconds. */
const AFTERMATH = 90_000;

/** Whether a fault that may keep a call from AWS fell into a span; milliseconds since the simulation began. */
function isHindered(
  { events, warmUp }: Scenario,
  { from, to }: { readonly from: number; readonly to: number },
): boolean {
  return events.some(({ action: { kind }, at, until }) => {
    // A region stays lost where the scenario does not bring it back, and a clock stays as it was put.
    const isLasting = kind === 'loseRegion' || kind === 'clockJump';
    const end = isLasting ? Infinity : warmUp + (until ?? at) + AFTERMATH;
    return !UNRELATED.includes(kind) && warmUp + at <= to && end >= from;
  });
}

/** Request annotations that one version has and the other has not. */
export function removedRequests(before: DisasterRecoveryPolicy, after: DisasterRecoveryPolicy): readonly string[] {
  const now = after.metadata.annotations ?? {};
  const was = before.metadata.annotations ?? {};
  return REQUEST_ANNOTATIONS.filter((key) => was[key] !== undefined && now[key] === undefined);
}
