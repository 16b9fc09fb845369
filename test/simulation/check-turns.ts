import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import type { DisasterRecoveryPolicy, OperationStatus } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { policiesOf, type Scenario } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import type { Accuse } from './violation.ts';

/** From a turn to the registration: the round that decides, of 3 s at most, and what is on its way. */
const TURN_MILLISECONDS = 5_000;

/** How long the last of a scenario's policies may wait for its turn, milliseconds. */
export function turnsTake(scenario: Pick<Scenario, 'installation' | 'policy' | 'otherPolicies'>): number {
  const { roleChanges } = scenario.installation;
  return roleChanges === undefined
    ? 0
    : (policiesOf(scenario as Scenario).length / roleChanges.perSecond) * 1_000 + TURN_MILLISECONDS;
}

export interface TurnChecksProps {
  readonly limits: { readonly perSecond: number; readonly burst: number };
  readonly scheduler: Pick<Scheduler, 'time'>;
  readonly accuse: Accuse;
}

/** A policy whose status says that its call waits for its turn. */
interface Waiting {
  /** The process that said so first. */
  readonly by: string;
  readonly since: number;
  readonly priority: number;
  /** When the loss was noticed that its call answers, and of which nothing is on record yet; milliseconds since the epoch. */
  readonly noticedAt: number | undefined;
  /** Which call it waits for. */
  readonly message: string;
}

/** Somebody of lower priority, or of the same and for a later loss, went before; that is so if it still waits by then, and not only on its way to its own call. */
interface Overtaken {
  readonly policy: string;
  readonly waiting: Waiting;
  readonly by: string;
  readonly until: number;
}

/** Losses that are noticed by rounds that start together count as one, milliseconds. */
const SAME_MOMENT = 1_000;

const isAutomatic = (operation: OperationStatus | undefined): boolean => operation?.trigger === 'Automatic';

/** Holds those who wait for their turns against the rate and the order that they are promised. */
export class TurnChecks {
  readonly #props: TurnChecksProps;
  readonly #waiting = new Map<string, Waiting>();
  #overtaken: Overtaken[] = [];
  /** When AWS took up each call of a process, by process, action and region. */
  readonly #calls = new Map<string, number[]>();

  constructor(props: TurnChecksProps) {
    this.#props = props;
  }

  onPolicy(by: string, before: DisasterRecoveryPolicy | undefined, after: DisasterRecoveryPolicy | undefined): void {
    const name = (after ?? before)?.metadata.name ?? '';
    const operation = after?.status?.operation;
    const isRegistered = operation !== undefined && operation.id !== before?.status?.operation?.id;
    const progressing = findCondition(after?.status?.conditions, 'Progressing');
    if (after === undefined || progressing?.reason !== 'AwaitingTurn') {
      this.#waiting.delete(name);
    } else {
      const { priority } = after.spec.failover;
      const known = this.#waiting.get(name);
      const since = known?.by === by ? known.since : this.#props.scheduler.time;
      const { incident } = after.status ?? {};
      // What AWS has declined is on record, and waits apart.
      const noticedAt = operation === undefined && incident !== undefined ? Date.parse(incident.startedAt) : undefined;
      this.#waiting.set(name, { by, since, priority, noticedAt, message: progressing.message });
    }
    this.#judge();
    if (after !== undefined && isRegistered && isAutomatic(operation)) this.#onTurn(by, after, operation);
  }

  /** AWS takes up a call. */
  onCall(process: string, action: string, region: string): void {
    const { limits, scheduler, accuse } = this.#props;
    const key = `${process} ${action} ${region}`;
    const calls = [...(this.#calls.get(key) ?? []), scheduler.time];
    this.#calls.set(key, calls);
    for (const [index, from] of calls.entries()) {
      const made = calls.length - index;
      // A turn that has come waits for the round that decides: calls may come closer to each other than their turns.
      const milliseconds = scheduler.time - from + TURN_MILLISECONDS;
      const permitted = limits.burst + (milliseconds / 1_000) * limits.perSecond;
      if (made > permitted) {
        accuse('turns', `${process} made ${made} calls of ${action} in ${region} within ${scheduler.time - from} ms`);
        return;
      }
    }
  }

  finish(): void {
    this.#judge();
  }

  #onTurn(by: string, { metadata, spec }: DisasterRecoveryPolicy, { to, detectedAt }: OperationStatus): void {
    const { scheduler } = this.#props;
    const { priority } = spec.failover;
    const noticedAt = detectedAt === undefined ? -Infinity : Date.parse(detectedAt);
    for (const [policy, waiting] of this.#waiting) {
      const isSameCall = waiting.message.startsWith(`FailoverGlobalCluster in ${to} `);
      const isLonger = scheduler.time - waiting.since > TURN_MILLISECONDS;
      const isEarlier = waiting.priority === priority && (waiting.noticedAt ?? Infinity) < noticedAt - SAME_MOMENT;
      if (isSameCall && isLonger && waiting.by === by && (waiting.priority > priority || isEarlier)) {
        const until = scheduler.time + TURN_MILLISECONDS;
        this.#overtaken.push({ policy, waiting, by: metadata.name, until });
      }
    }
  }

  #judge(): void {
    const { scheduler, accuse } = this.#props;
    this.#overtaken = this.#overtaken.filter(({ policy, waiting, by, until }) => {
      const present = this.#waiting.get(policy);
      if (present?.since !== waiting.since) return false;
      if (scheduler.time <= until) return true;
      accuse('turns', `${policy}, of priority ${waiting.priority}, still waits although ${by} had its turn before`);
      return false;
    });
  }
}
