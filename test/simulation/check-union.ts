import type { DisasterRecoveryPolicy, OperationStatus } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { parseDuration } from '../../operator/api/v1alpha1/duration.ts';
import type { RoleChange } from '../aws/world/model.ts';
import type { World } from '../aws/world/world.ts';
import { ACCOUNT, type PolicyNames } from './policy-of.ts';
import { clockError, type Action, type PolicyProps, type Scenario } from './scenario.ts';
import { EPOCH, type Scheduler } from './scheduler.ts';
import type { Tally } from './statistics.ts';
import type { Accuse } from './violation.ts';

export interface UnionProps {
  readonly scenario: Scenario;
  readonly names: PolicyNames;
  readonly props: PolicyProps;
  readonly world: World;
  readonly scheduler: Scheduler;
  /** What operators disagreed about, and what came of it. */
  readonly disagreements: Tally;
  readonly accuse: Accuse;
}

interface Registration {
  readonly site: number;
  readonly operation: OperationStatus;
  readonly at: number;
}

interface Effect {
  readonly operation: OperationStatus;
  readonly roleChange: RoleChange;
}

/** As `operator/main.ts` bounds a call that changes roles. */
const CALL_TIMEOUT = 5_000;
/** A second call is announced between the look and the call: so long a write to the API server may take. */
const WRITE_TIMEOUT = 10_000;
/** The most that a message takes one way while nothing slows the network down. */
const USUAL_DELAY = 400;
/** A slow message takes ten times what is usual then. */
const SLOWEST = 10;
const CLOCK_SKEW = 1_000;
/** Later than this a registration is no answer any more to the loss that another one answers. */
const SAME_LOSS = 15 * 60_000;

/** What holds for one global cluster over all operators that look after it, wherever they are. */
export class UnionChecks {
  readonly #props: UnionProps;
  readonly #registrations: Registration[] = [];
  readonly #effects: Effect[] = [];
  readonly #pairs: { readonly first: Registration; readonly second: Registration }[] = [];

  constructor(props: UnionProps) {
    this.#props = props;
  }

  /** An operator has registered an automatic operation; `policy` is what it knew. */
  onRegistered(site: number, operation: OperationStatus, policy: DisasterRecoveryPolicy): void {
    const { scenario, scheduler, accuse } = this.#props;
    const region = scenario.installation.sites[site]?.region;
    if (region !== undefined && region !== operation.to) {
      const where = region === operation.from ? 'the primary’s region' : 'neither region';
      accuse('right-operator', `${operation.id} to ${operation.to} was started by the operator in ${region}, ${where}`);
    }
    this.#checkRest(operation, policy);
    const second = { site, operation, at: scheduler.time };
    const first = this.#registrations.findLast((earlier) => this.#isSameLoss(earlier, second));
    if (first !== undefined) this.#pairs.push({ first, second });
    this.#registrations.push(second);
  }

  /** AWS has begun a role change on an operator's word. */
  onEffect(operation: OperationStatus, roleChange: RoleChange): void {
    const { world, accuse, disagreements } = this.#props;
    const { region } = world.cluster(roleChange.fromArn);
    this.#effects.push({ operation, roleChange });
    if (operation.trigger !== 'Automatic' || region === operation.from) return;
    // Between its last look and AWS's taking up of the call somebody else's role change began, ended and was digested.
    const other = world.operations.findLast(
      ({ toArn, phase }) => phase === 'completed' && world.cluster(toArn) === world.cluster(roleChange.fromArn),
    );
    const gap = roleChange.requestedAt - (other?.requestedAt ?? 0);
    if (gap > this.#longestBlindness()) {
      accuse('one-incident', `${operation.id} moved the writer from ${region}, and had judged ${operation.from}`);
    } else {
      disagreements.add('a call took effect after another role change that began after its last look');
    }
  }

  /**
   * Counts what became of operations that answered one loss twice, and what nobody answered.
   *
   * @param policies the policy in each site at the end; undefined where no operator is left, or no policy
   */
  finish(policies: readonly (DisasterRecoveryPolicy | undefined)[]): void {
    const { disagreements } = this.#props;
    for (const { first, second } of this.#pairs) {
      const what = first.operation.to === second.operation.to ? 'the same target' : 'different targets';
      const effects = [first, second].map(({ operation }) => this.#hasEffect(operation));
      const took =
        effects[0] === true && effects[1] === true
          ? 'both took effect'
          : effects.includes(true)
            ? 'one took effect'
            : 'none took effect';
      disagreements.add(`two operators registered for one loss, ${what}: ${took}`);
      if (took === 'both took effect') this.#checkBoth(first.operation, second.operation);
    }
    this.#countUnanswered(policies);
  }

  /** A primary that nobody failed over: what each operator outside its region was waiting for. */
  #countUnanswered(policies: readonly (DisasterRecoveryPolicy | undefined)[]): void {
    const { scenario, world, names, disagreements } = this.#props;
    const { sites } = scenario.installation;
    const globalCluster = world.globalClusters.get(`${ACCOUNT}/${names.globalCluster}`);
    const writer = globalCluster && world.writerOf(globalCluster);
    if (sites.length < 2 || writer === undefined || world.isAlive(writer.region)) return;
    if (globalCluster?.operation !== undefined) return;
    const reasons = policies
      .filter((_, site) => sites[site]?.region !== writer.region)
      .map(
        (policy) => policy?.status?.conditions?.find(({ type }) => type === 'Progressing')?.reason ?? 'nobody there',
      );
    const waits = [...new Set(reasons)].toSorted().join(' and ');
    disagreements.add(`a lost primary was not failed over: ${waits === '' ? 'no operator elsewhere' : waits}`);
  }

  /** An operation that AWS gave up has had no effect. */
  #hasEffect({ id }: OperationStatus): boolean {
    return this.#effects.some(
      ({ operation, roleChange: { phase } }) => operation.id === id && phase !== 'failed' && phase !== 'cancelled',
    );
  }

  #checkBoth(first: OperationStatus, second: OperationStatus): void {
    const [one, other] = [first, second].map(({ id }) => this.#effects.find(({ operation }) => operation.id === id));
    const gap = Math.abs((other?.roleChange.requestedAt ?? 0) - (one?.roleChange.requestedAt ?? 0));
    if (gap > this.#longestBlindness()) {
      this.#props.accuse('one-incident', `${second.id} answers the loss that ${first.id} has answered`);
    }
  }

  /**
   * From the read before a call until AWS takes the call up, at most: the round that decided may be an interval and a
   * timeout old (or a second call be announced), the call may wait for its answer, and may be on its way for longer; AWS may have answered late.
   */
  #longestBlindness(): number {
    const { scenario, props } = this.#props;
    const most = (pick: (action: Action) => number): number =>
      Math.max(0, ...scenario.events.map(({ action }) => pick(action)));
    const delay = most((action) => (action.kind === 'slowNetwork' ? SLOWEST * action.most : 0));
    const stale = most((action) =>
      action.kind === 'awsFault' && action.fault.kind === 'stale' ? action.fault.milliseconds : 0,
    );
    const look = Math.max(props.interval + props.timeout, WRITE_TIMEOUT);
    return look + CALL_TIMEOUT + 2 * Math.max(USUAL_DELAY, delay) + stale;
  }

  #isSameLoss(first: Registration, { site, operation, at }: Registration): boolean {
    const { world } = this.#props;
    const hasReturned = world.operations.some(
      ({ toArn, promotedAt }) =>
        promotedAt !== undefined && promotedAt > EPOCH + first.at && world.cluster(toArn).region === operation.from,
    );
    return first.site !== site && first.operation.from === operation.from && at - first.at < SAME_LOSS && !hasReturned;
  }

  /** At most one automatic operation in a cooldown, whoever moved the writer before, and on whose wish. */
  #checkRest(operation: OperationStatus, { spec }: DisasterRecoveryPolicy): void {
    const { scenario, world, scheduler, accuse } = this.#props;
    // A drill that succeeds costs its own operator no rest.
    const last = this.#effects.findLast(
      ({ operation: { trigger }, roleChange: { phase, toArn } }) =>
        trigger !== 'Drill' && phase === 'completed' && world.cluster(toArn).region === operation.from,
    );
    const { promotedAt, requestedAt = 0 } = last?.roleChange ?? {};
    if (promotedAt === undefined) return;
    const isEnded = scenario.events.some(({ action, at }) => {
      // A policy that was told to go during the operation stays until its end, held by its finalizer.
      const since = action.kind === 'deletePolicy' ? requestedAt : promotedAt;
      return EPOCH + scenario.warmUp + at >= since && endsRest(action);
    });
    if (isEnded) return;
    const restsUntil = promotedAt + parseDuration(spec.failover.cooldown) - CLOCK_SKEW - clockError(scenario);
    if (EPOCH + scheduler.time < restsUntil) {
      accuse('held-automation', `${operation.id} was registered within the cooldown of ${last?.operation.id ?? ''}`);
    }
  }
}

/** What people do that shortens a cooldown, or makes another one of it. */
function endsRest(action: Action): boolean {
  switch (action.kind) {
    case 'annotate':
      return 'aurora-dr.io/acknowledge' in action.annotations;
    case 'edit':
      return 'failover' in action.spec && JSON.stringify(action.spec['failover']).includes('cooldown');
    default:
      return action.kind === 'deletePolicy';
  }
}
