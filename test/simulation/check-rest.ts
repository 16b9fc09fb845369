import { parseDuration } from '../../operator/api/v1alpha1/duration.ts';
import type {
  DisasterRecoveryPolicy,
  HistoryEntry,
  OperationStatus,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { Accuse } from './violation.ts';

/** Two times that one process reads in one go are no further apart, milliseconds. */
const SKEW = 1_000;

/** Automation's rest after an operation, by history and spec alone: `status.cooldownUntil` is held against it. */
export class RestChecks {
  readonly #accuse: Accuse;
  /** By the clock of whoever ended the operation. */
  #until = 0;

  constructor(accuse: Accuse) {
    this.#accuse = accuse;
  }

  /** A policy's status went from one to the other by an operator's write. */
  onStatus(before: DisasterRecoveryPolicy, after: DisasterRecoveryPolicy): void {
    const [was, is] = [before.status, after.status];
    const newest = is?.history?.find(({ type }) => type !== 'Simulation');
    const known = was?.history?.find(({ id }) => id === newest?.id);
    if (newest !== undefined && newest.outcome !== known?.outcome && startsRest(newest, was?.operation)) {
      this.#onStart(newest, after);
    } else if (isAcknowledged(before, after)) {
      this.#until = 0;
      if (is?.cooldownUntil !== undefined) this.#accuse('held-automation', 'an acknowledged cooldown goes on');
    } else if (is?.cooldownUntil !== was?.cooldownUntil) {
      const [from, to] = [was?.cooldownUntil ?? 'none', is?.cooldownUntil ?? 'none'];
      this.#accuse('held-automation', `the cooldown went from ${from} to ${to}, and nothing ended`);
    }
  }

  /** What the operator starts by itself it does not start in a cooldown. */
  onRegistered({ id, trigger, automatic, startedAt }: OperationStatus): void {
    const isOwnIdea = trigger === 'Automatic' || trigger === 'Drill' || automatic === true;
    if (isOwnIdea && Date.parse(startedAt) < this.#until) {
      this.#accuse('held-automation', `${id} was registered within the cooldown of the operation before it`);
    }
  }

  /** Nobody knows any more what there was: the policy itself is gone. */
  forget(): void {
    this.#until = 0;
  }

  #onStart({ id, outcome, completedAt }: HistoryEntry, { spec, status }: DisasterRecoveryPolicy): void {
    this.#until = Date.parse(completedAt) + parseDuration(spec.failover.cooldown);
    const told = status?.cooldownUntil;
    if (told === undefined || Math.abs(Date.parse(told) - this.#until) > SKEW) {
      const until = new Date(this.#until).toISOString();
      this.#accuse('held-automation', `${id} ${outcome}: automation rests until ${until}, not ${told ?? 'at all'}`);
    }
  }
}

/** @param operation the one in flight until this entry */
function startsRest({ trigger, outcome, reason = '' }: HistoryEntry, operation: OperationStatus | undefined): boolean {
  // Whoever else had a hand in it: what came after the timeout is no drill's success any more.
  if (reason === 'SucceededLate') return true;
  // Both sides were well and have lost nothing.
  if (trigger === 'Drill' && outcome === 'Succeeded') return false;
  // The loss goes on, and AWS never took what was to end it.
  const isUntaken = operation?.step === 'Accepted' && ['NoLongerNeeded', 'NoLongerFit'].includes(reason);
  if (isUntaken || reason === 'NotTakenByAws') return false;
  const isHarmless = outcome === 'Cancelled' || reason === 'RefusedByAws';
  return trigger === 'Automatic' || !isHarmless;
}

function isAcknowledged({ status: was }: DisasterRecoveryPolicy, { status: is }: DisasterRecoveryPolicy): boolean {
  const { action, result, observedAt } = is?.lastRequest ?? {};
  return action === 'acknowledge' && result === 'Accepted' && observedAt !== was?.lastRequest?.observedAt;
}
