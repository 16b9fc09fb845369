import { accountKey, type AwsAccount } from '../aws/account.ts';
import type { Operation } from '../failover/operation.ts';
import type { Logger } from '../observability/logger.ts';
import type { RoleChangeFigures } from '../observability/metrics.ts';
import { CallBudget, type Permit, type Standing } from '../runtime/call-budget.ts';
import type { Clock } from '../runtime/clock.ts';

/** How fast role changes are asked of AWS, for each account, region and action. */
export interface RoleChangeLimits {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * AWS throttles the RDS API for each account and region: by default a burst of 300 requests, and 12 per second for as long
 * as it goes on, whoever makes them (Amazon RDS User Guide, "Request throttling for the Amazon RDS API"). A role change
 * is two requests, the read before it and itself, and observation needs some too.
 */
export const DEFAULT_ROLE_CHANGE_LIMITS: RoleChangeLimits = { perSecond: 5, burst: 100 };

/** A call that is due, of the policy `key`. */
export interface DueCall {
  readonly key: string;
  readonly account: AwsAccount;
  readonly operation: Operation;
  /** `spec.failover.priority`. */
  readonly priority: number;
  /** The operation is on record already: AWS did not take its call before. */
  readonly isRegistered: boolean;
  /** AWS did not take its last call, for the state that the policy's own clusters are in, and may not take the next one. */
  readonly isDeclined: boolean;
  /** How long its turn lasts once it has come, milliseconds. */
  readonly claimMilliseconds: number;
  /** Milliseconds since the epoch: of those of the same standing, who has had its reason for longest goes first. */
  readonly since: number;
}

/** Too many calls for their rate, from the first that waited until none has for a while. */
interface Rush {
  readonly startedAt: number;
  readonly keys: Set<string>;
  most: number;
}

interface Lane {
  readonly region: string;
  readonly action: string;
  readonly budget: CallBudget;
  rush: Rush | undefined;
}

export interface RoleChangeBudgetProps {
  readonly limits: RoleChangeLimits;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** Told whose turn it is: the policy is to be reconciled now. */
  readonly onTurn: (key: string) => void;
}

/** How often it is looked whether a rush is over. */
const RUSH_CHECK_MILLISECONDS = 10_000;

/**
 * Who goes first: what is lost before what is planned; the higher priority; of the same, what a person asked for and what is
 * on record already before what automation would start now; and then whoever has had its reason for longest. What AWS
 * has declined waits apart.
 */
function standingOf({ operation, priority, since, isRegistered }: DueCall): Standing {
  const { automatic, trigger } = operation;
  const isFirst = isRegistered || trigger !== 'Automatic';
  return [automatic === true ? 1 : 0, -priority, isFirst ? 0 : 1, since];
}

/** A failover is asked of the target's region, since the lost one does not answer; a switchover of the primary's. */
function calledOf({ type, from, to }: Operation): { readonly region: string; readonly action: string } {
  return type === 'Failover'
    ? { region: to, action: 'FailoverGlobalCluster' }
    : { region: from, action: 'SwitchoverGlobalCluster' };
}

/** Lets role changes go to AWS at the rate that it takes them, the most important first, when more are due than that. */
export class RoleChangeBudget {
  readonly #props: RoleChangeBudgetProps;
  readonly #lanes = new Map<string, Lane>();
  /** Where a policy waits, or has its turn. */
  readonly #places = new Map<string, Lane>();
  readonly #stop = new AbortController();

  constructor(props: RoleChangeBudgetProps) {
    this.#props = props;
  }

  get figures(): readonly RoleChangeFigures[] {
    return Array.from(this.#lanes.values(), ({ region, action, budget }) => ({
      region,
      action,
      waiting: budget.waiting,
      tokens: budget.tokens,
      perSecond: budget.rate,
    }));
  }

  /** Whether the policy waits for its turn, or has it after it has waited. */
  isAwaiting(key: string): boolean {
    return this.#places.has(key);
  }

  /** Whether the policy's call may be made now, after it has waited. */
  hasTurn(key: string): boolean {
    return this.#places.get(key)?.budget.hasTurn(key) === true;
  }

  /** Why the call waits, for people; it does not change while it does. */
  waitingMessage(operation: Operation): string {
    const { region, action } = calledOf(operation);
    return `${action} in ${region} waits for its turn: more role changes are due there than AWS takes at once`;
  }

  /** The permit to make the call now; without one the policy has a place, and its turn is told to `onTurn`. */
  ask(due: DueCall): Permit | undefined {
    const { key, account, operation } = due;
    const lane = this.#laneOf(account, operation);
    if (this.#places.get(key) !== lane) {
      this.leave(key);
    }
    const permit = lane.budget.ask(key, standingOf(due), {
      claimMilliseconds: due.claimMilliseconds,
      isRetry: due.isDeclined,
    });
    if (permit === undefined) {
      this.#places.set(key, lane);
      this.#noteWait(lane, key);
    } else {
      this.#places.delete(key);
    }
    return permit;
  }

  /** Changes where a policy that waits stands, by its priority of now, say. */
  move(due: DueCall): void {
    this.#places.get(due.key)?.budget.move(due.key, standingOf(due));
  }

  /** The policy has no call to make any more. */
  leave(key: string): void {
    const lane = this.#places.get(key);
    if (lane !== undefined) {
      this.#places.delete(key);
      lane.budget.leave(key);
    }
  }

  /** Nobody's turn comes any more. */
  close(): void {
    this.#stop.abort(new Error('role changes are not made any more'));
    for (const { budget } of this.#lanes.values()) {
      budget.close();
    }
    this.#lanes.clear();
    this.#places.clear();
  }

  #laneOf(account: AwsAccount, operation: Operation): Lane {
    const { region, action } = calledOf(operation);
    const name = `${accountKey(account)} ${region} ${action}`;
    const known = this.#lanes.get(name);
    if (known !== undefined) {
      return known;
    }
    const { clock, limits, onTurn } = this.#props;
    const budget = new CallBudget({ clock, rate: limits.perSecond, burst: limits.burst, onTurn });
    const lane: Lane = { region, action, budget, rush: undefined };
    this.#lanes.set(name, lane);
    return lane;
  }

  /** One line when a rush begins and one when it is over, however many policies wait. */
  #noteWait(lane: Lane, key: string): void {
    const { clock, logger } = this.#props;
    const { region, action, budget } = lane;
    if (lane.rush === undefined) {
      lane.rush = { startedAt: clock.monotonic(), keys: new Set(), most: 0 };
      const message = 'role changes wait for their turns: more are due than AWS takes at once';
      logger.warn({ region, action, rush: { perSecond: budget.rate } }, message);
      void this.#watchRush(lane, lane.rush);
    }
    lane.rush.keys.add(key);
    lane.rush.most = Math.max(lane.rush.most, budget.waiting);
  }

  async #watchRush(lane: Lane, rush: Rush): Promise<void> {
    const { clock, logger } = this.#props;
    try {
      do {
        await clock.sleep(RUSH_CHECK_MILLISECONDS, this.#stop.signal);
      } while (lane.budget.waiting > 0);
    } catch {
      return;
    }
    lane.rush = undefined;
    const { region, action } = lane;
    const milliseconds = clock.monotonic() - rush.startedAt;
    const figures = { policies: rush.keys.size, mostAtOnce: rush.most, milliseconds };
    logger.info({ region, action, rush: figures }, 'no role change waits for its turn any more');
  }
}
