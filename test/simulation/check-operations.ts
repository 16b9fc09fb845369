import { problemsOf } from '../../operator/api/v1alpha1/guards.ts';
import type {
  DisasterRecoveryPolicy,
  DisasterRecoveryPolicyStatus,
  HistoryEntry,
  OperationStatus,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import {
  ACCEPT_DATA_LOSS,
  FAILBACK,
  FORCE_FAILOVER,
  REQUEST_ANNOTATIONS,
} from '../../operator/api/v1alpha1/annotations.ts';
import { parseDuration } from '../../operator/api/v1alpha1/duration.ts';
import type { RoleChange } from '../aws/world/model.ts';
import type { World } from '../aws/world/world.ts';
import { SuccessChecks } from './check-success.ts';
import type { PolicyNames } from './policy-of.ts';
import type { Scenario } from './scenario.ts';
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
  /** Requests for a role change that people made and nobody has answered yet. */
  #openRequests = 0;
  /** By the clock of whoever ended it: until when automation rests, as far as history tells. */
  #restsUntil = 0;
  readonly #successes: SuccessChecks;

  constructor({ scenario, names: { globalCluster }, world, accuse }: OperationChecksProps) {
    this.#world = world;
    this.#accuse = accuse;
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
    if (operation !== undefined && operation.id !== was?.operation?.id) this.#onRegistered(operation, before, after);
    else if (operation !== undefined) this.#checkSame(operation);
    if (was?.operation !== undefined && operation?.id !== was.operation.id) this.#checkArchived(was.operation, is);
    this.#checkHistory(was?.history ?? [], is?.history ?? [], after);
    this.#successes.onHistory(was?.history ?? [], is?.history ?? []);
  }

  onRequest(before: DisasterRecoveryPolicy | undefined, after: DisasterRecoveryPolicy): void {
    const asks = (policy: DisasterRecoveryPolicy | undefined): string =>
      JSON.stringify([policy?.metadata.annotations?.[FORCE_FAILOVER], policy?.metadata.annotations?.[FAILBACK]]);
    if (asks(after) !== asks(undefined) && after !== before) this.#openRequests += 1;
  }

  /** Annotations may only go once the answer to them is on record. */
  onAnnotationsRemoved(before: DisasterRecoveryPolicy, removed: readonly string[]): void {
    const request = before.status?.lastRequest;
    const annotations = before.metadata.annotations ?? {};
    const values = removed.map((key) => annotations[key]?.trim());
    if (request === undefined || !values.includes(request.value)) {
      this.#accuse('forced-request', `${removed.join(', ')} went without an answer on record`);
    }
    if (request?.result === 'Refused' && (request.reason === undefined || request.message === undefined)) {
      this.#accuse('forced-request', `${removed.join(', ')} was refused without a reason`);
    }
  }

  /** Nobody knows any more what there was: the policy itself is gone. */
  forget(): void {
    this.#restsUntil = 0;
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
    const request = after.status?.lastRequest;
    const isOwnIdea = operation.automatic === true;
    if (operation.trigger === 'Annotation' || (operation.trigger === 'Failback' && !isOwnIdea)) {
      this.#openRequests -= 1;
      if (this.#openRequests < 0)
        this.#accuse('forced-request', `${operation.id} answers a request for the second time`);
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
    const isResting = Date.parse(operation.startedAt) < this.#restsUntil;
    if (operation.trigger === 'Automatic' && isResting && before.status?.cooldownUntil !== undefined) {
      this.#accuse('held-automation', `${operation.id} was registered within the cooldown of the operation before it`);
    }
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
    }
  }

  #checkHistory(
    was: readonly HistoryEntry[],
    is: readonly HistoryEntry[],
    { spec, status }: DisasterRecoveryPolicy,
  ): void {
    if (was === is) return;
    const ids = new Set(is.map(({ id }) => id));
    const isRenewed = is[0]?.type === 'Simulation';
    // The newest simulation stands for those before it.
    const lost = was.find(({ id, type }) => !ids.has(id) && !(isRenewed && type === 'Simulation'));
    if (lost !== undefined && is.length < 10) this.#accuse('record', `${lost.id} vanished from history`);
    const newest = is.find(({ type }) => type !== 'Simulation');
    if (
      newest !== undefined &&
      newest.id !== was.find(({ type }) => type !== 'Simulation')?.id &&
      status?.cooldownUntil !== undefined
    ) {
      const isHarmless =
        newest.trigger !== 'Automatic' && (newest.outcome === 'Cancelled' || newest.reason === 'RefusedByAws');
      const isDrilled = newest.trigger === 'Drill' && newest.outcome === 'Succeeded';
      // The loss goes on, and AWS never took what was to end it.
      const isUntaken = newest.reason === 'NotTakenByAws' || newest.reason === 'NoLongerNeeded';
      if (!isHarmless && !isDrilled && !isUntaken)
        this.#restsUntil = Date.parse(newest.completedAt) + parseDuration(spec.failover.cooldown);
    }
    if (status?.cooldownUntil === undefined) this.#restsUntil = 0;
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

/** Request annotations that one version has and the other has not. */
export function removedRequests(before: DisasterRecoveryPolicy, after: DisasterRecoveryPolicy): readonly string[] {
  const now = after.metadata.annotations ?? {};
  const was = before.metadata.annotations ?? {};
  return REQUEST_ANNOTATIONS.filter((key) => was[key] !== undefined && now[key] === undefined);
}
