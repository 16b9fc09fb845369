import type {
  DisasterRecoveryPolicy,
  DrillStatus,
  OperationStatus,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { parseDuration } from '../../operator/api/v1alpha1/duration.ts';
import { windowState } from '../../operator/failover/maintenance-window.ts';
import type { Accuse } from './violation.ts';

/** What the operator may do by itself while nothing is lost: automatic failbacks and drills. */
export class PlannedChecks {
  readonly #accuse: Accuse;

  constructor(accuse: Accuse) {
    this.#accuse = accuse;
  }

  /** A policy's status went from one to the other by an operator's write. */
  onStatus(before: DisasterRecoveryPolicy, after: DisasterRecoveryPolicy): void {
    const operation = after.status?.operation;
    if (operation !== undefined && operation.id !== before.status?.operation?.id) {
      this.#onRegistered(operation, before, after);
    }
    this.#checkDrill(before.status?.drill, after);
  }

  #onRegistered(operation: OperationStatus, before: DisasterRecoveryPolicy, after: DisasterRecoveryPolicy): void {
    const isFailback = operation.trigger === 'Failback' && operation.automatic === true;
    const isDrill = operation.trigger === 'Drill';
    if (!isFailback && !isDrill) return;
    if (operation.type !== 'Switchover' || operation.dataLossAllowed) {
      this.#accuse('switchover-stays', `${operation.id} (${operation.trigger}) is no switchover`);
    }
    this.#checkRest(operation, before, after);
    if (isFailback) this.#checkFailback(operation, before);
    if (isDrill) this.#checkLeg(operation, after);
  }

  /** As it stood when the operator decided: an edit in between would have been a conflict. */
  #checkRest(
    { id, startedAt }: OperationStatus,
    { spec, status }: DisasterRecoveryPolicy,
    after: DisasterRecoveryPolicy,
  ): void {
    const held = [
      spec.suspend ? 'suspended' : '',
      Date.parse(status?.cooldownUntil ?? startedAt) > Date.parse(startedAt) ? 'in a cooldown' : '',
      status?.splitBrain === undefined ? '' : 'with an old primary outstanding',
      // An incident that has just ended is on record until this very write.
      after.status?.incident === undefined ? '' : 'in an incident',
    ].filter((why) => why !== '');
    if (held.length > 0) this.#accuse('held-automation', `${id} was registered ${held.join(', ')}`);
  }

  #checkFailback({ id, to, startedAt }: OperationStatus, { spec, status }: DisasterRecoveryPolicy): void {
    const windows = (spec.failback.windows ?? []).map(({ duration, ...schedule }) => ({
      ...schedule,
      durationMilliseconds: parseDuration(duration),
    }));
    const isPreferred = spec.regions.some(({ name, promotion }) => name === to && promotion === 'Prefer');
    if (spec.failback.mode !== 'Automatic') this.#accuse('planned', `${id} fails back by itself in mode Manual`);
    if (!isPreferred) this.#accuse('planned', `${id} fails back to ${to}, which is not preferred`);
    if (status?.drill !== undefined) this.#accuse('planned', `${id} fails back in the middle of a drill`);
    if (windowState(windows, Date.parse(startedAt)).kind === 'Closed') {
      this.#accuse('planned', `${id} fails back outside of its windows`);
    }
  }

  #checkLeg({ id, from, to }: OperationStatus, { status }: DisasterRecoveryPolicy): void {
    const drill = status?.drill;
    if (drill?.operationId !== id) {
      this.#accuse('planned', `${id} is a drill’s and no drill is on record with it`);
      return;
    }
    const [start, end] = drill.leg === 'Back' ? [drill.away, drill.home] : [drill.home, drill.away];
    if (from !== start || to !== end) this.#accuse('planned', `${id} leads from ${from} to ${to} on leg ${drill.leg}`);
  }

  /** One drill at a time, and its end is on record. */
  #checkDrill(was: DrillStatus | undefined, { status }: DisasterRecoveryPolicy): void {
    const { drill, lastDrill, history = [] } = status ?? {};
    if (was === undefined || was.id === drill?.id) return;
    if (drill !== undefined) this.#accuse('planned', `${drill.id} began before ${was.id} had ended`);
    if (lastDrill?.id !== was.id) this.#accuse('planned', `${was.id} ended without a record`);
    if (lastDrill?.result !== 'Succeeded') return;
    const back = history.find(({ id }) => id === was.operationId);
    if (back?.outcome !== 'Succeeded' || back.to !== was.home) {
      this.#accuse('planned', `${was.id} succeeded and its writer did not come home`);
    }
  }
}
