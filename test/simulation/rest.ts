import { REQUEST_ANNOTATIONS } from '../../operator/api/v1alpha1/annotations.ts';
import type {
  DisasterRecoveryPolicy,
  DisasterRecoveryPolicyStatus,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import { serviceType, type ServiceObject } from '../../operator/publishing/writer-objects.ts';
import type { DbCluster } from '../aws/world/model.ts';
import { isServing } from '../aws/world/serving.ts';
import type { World } from '../aws/world/world.ts';
import { areAllWell, readyWithin } from './check-ending.ts';
import { isGone, lastFaultEnd, SCHEDULING_SLACK, TAKEOVER_SLACK, unconfirmedFor } from './check-liveness.ts';
import { turnsTake } from './check-turns.ts';
import { detectionWindowOf } from './policy-of.ts';
import type { Replicas } from './replicas.ts';
import { policiesOf, type Scenario } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedApiServer } from './simulated-api-server.ts';

/**
 * One seed in so many goes on to the end of its tail however calm it is: what only time brings is looked for too. Odd, so
 * that it is any kind of seed: the kinds go by the number modulo 8.
 */
const WHOLE_TAIL_EVERY = 49;
const LOOK_MILLISECONDS = 2_500;
/** More than every timeout of a call, every back-off and every grace that may still be running when the trouble ends. */
const LEAST_QUIET_MILLISECONDS = 35_000;
/** Two timeouts of a call to the API server, and then some. */
const LEAST_REST_MILLISECONDS = 25_000;
/** Rounds of the longest interval that must have found nothing new. */
const QUIET_ROUNDS = 3;

export interface RestProps {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly world: World;
  readonly servers: readonly SimulatedApiServer[];
  readonly replicas: Pick<Replicas, 'strikes'>;
}

/**
 * How a policy is when nothing is about to happen: as it should be, served but not protected although all is well, or held
 * by something that time does not change. Calmest first.
 */
const CALMS = ['concluded', 'unready', 'held'] as const;
type Calm = (typeof CALMS)[number];

/** What all policies say, and how calm they are. */
interface Look {
  readonly calm: Calm;
  readonly said: string;
}

/**
 * Ends a run early once everything is over: faults, operations, requests, drills; a primary that serves, policies that say
 * so and are ready, clients that are sent to it. Also once nothing moves any more although that is not so, as nothing in
 * reach is fit to be promoted, say, or as people have kept the matter to themselves: where the operator might act, for
 * longer than it would have taken. While a cooldown holds it the run goes on.
 */
export class Rest {
  readonly #props: RestProps;
  /** Times in milliseconds since the simulation began, and for how long what is said must have stayed as it is. */
  readonly #least: Readonly<Record<Calm, { readonly end: number; readonly stay: number }>>;
  readonly #said = new WeakMap<DisasterRecoveryPolicy, string>();
  #last: (Look & { readonly since: number }) | undefined;

  /** @param quietSince when the last fault is over, milliseconds since the simulation began */
  constructor(props: RestProps, quietSince: number) {
    this.#props = props;
    const { scenario } = props;
    const { leaseDurationMilliseconds, retryPeriodMilliseconds } = scenario.installation;
    const policies = policiesOf(scenario);
    const stay = Math.max(
      LEAST_REST_MILLISECONDS,
      QUIET_ROUNDS * Math.max(...policies.map(({ interval }) => interval)),
      leaseDurationMilliseconds + retryPeriodMilliseconds,
    );
    const windows = policies.flatMap((policy) => [
      detectionWindowOf(policy, scenario),
      policy.inRegionRecoveryLimit ?? 0,
    ]);
    // As long as the liveness check gives the operator, and until the look after that.
    const slack = TAKEOVER_SLACK + SCHEDULING_SLACK + unconfirmedFor(scenario) + LOOK_MILLISECONDS;
    const action = Math.max(...windows) + turnsTake(scenario) + slack;
    const ready = Math.max(...policies.map((policy) => readyWithin(policy, scenario)));
    this.#least = {
      concluded: { end: quietSince + LEAST_QUIET_MILLISECONDS, stay },
      unready: { end: quietSince + ready, stay: ready },
      held: { end: Math.max(quietSince, lastFaultEnd(scenario)) + action, stay: action },
    };
    if (scenario.seed % WHOLE_TAIL_EVERY !== 0) props.scheduler.at(quietSince, () => this.#look());
  }

  #look(): void {
    const { scheduler, replicas } = this.#props;
    const look = this.#findCalm();
    if (look === undefined) this.#last = undefined;
    else if (this.#last?.said !== look.said) this.#last = { ...look, since: scheduler.time };
    else {
      const { end, stay } = this.#least[look.calm];
      // A process that dies at a call leaves the operator as much time as any other fault that is over.
      const struckAt = look.calm === 'held' ? (replicas.strikes.at(-1)?.at ?? -Infinity) : -Infinity;
      if (scheduler.time >= Math.max(end, struckAt + stay) && scheduler.time - this.#last.since >= stay) {
        scheduler.stop();
        return;
      }
    }
    scheduler.after(LOOK_MILLISECONDS, () => this.#look());
  }

  /** Undefined while anything is open. */
  #findCalm(): Look | undefined {
    const { world, servers, scenario } = this.#props;
    const now = world.settle();
    if (world.agenda.nextAt() !== Infinity) return undefined;
    let calm: Calm = 'concluded';
    let said = '';
    for (const [site, server] of servers.entries()) {
      // Where no operator is left, nothing moves.
      if (isGone(scenario, site)) continue;
      for (const policy of server.list(DISASTER_RECOVERY_POLICY) as DisasterRecoveryPolicy[]) {
        const own = calmOf(policy, world, server, now);
        if (own === undefined) return undefined;
        if (CALMS.indexOf(own) > CALMS.indexOf(calm)) calm = own;
        said += this.#whatIsSaid(policy);
      }
    }
    return { calm, said };
  }

  #whatIsSaid(policy: DisasterRecoveryPolicy): string {
    const said = this.#said.get(policy) ?? meaningOf(policy.status ?? {});
    this.#said.set(policy, said);
    return said;
  }
}

/** Everything but figures, messages and the times of mere refreshes. */
function meaningOf(status: DisasterRecoveryPolicyStatus): string {
  return JSON.stringify([
    status.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
    [status.primaryRegion, status.incident?.startedAt, status.published, status.lastRequest?.observedAt],
    [status.splitBrain?.state, status.rescueSnapshots?.map(({ state }) => state), status.cooldownUntil],
    status.regions?.map(({ role, health, reason }) => [role, health, reason]),
    status.signals?.map(({ name, state }) => [name, state]),
    status.history?.map(({ id, outcome }) => [id, outcome]),
    status.lastDrill?.id,
  ]);
}

function calmOf(
  policy: DisasterRecoveryPolicy,
  world: World,
  server: SimulatedApiServer,
  now: number,
): Calm | undefined {
  if (isUnderWay(policy)) return undefined;
  const { status } = policy;
  const writer = writerOf(policy, world);
  const isServed =
    writer !== undefined &&
    isServing(world, writer) &&
    status?.primaryRegion === writer.region &&
    status.incident === undefined &&
    isTrue(policy, 'PrimaryHealthy');
  if (isServed) {
    // A fence that nothing confirms waits for a person.
    if (hasReason(policy, 'AwaitingFence')) return 'unready';
    if (!isPublished(policy, writer, server)) return undefined;
    // Whatever it is that is missing cannot come back by itself.
    const isReady = isTrue(policy, 'FailoverReady') || !areAllWell(world, writer);
    return isReady ? 'concluded' : 'unready';
  }
  const { suspend, failover } = policy.spec;
  if (suspend || failover.mode === 'Manual') return 'concluded';
  const isResting = status?.cooldownUntil !== undefined && Date.parse(status.cooldownUntil) >= now;
  return isResting ? undefined : 'held';
}

const isTrue = ({ status }: DisasterRecoveryPolicy, type: string): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;

const hasReason = ({ status }: DisasterRecoveryPolicy, reason: string): boolean =>
  status?.conditions?.some((condition) => condition.reason === reason) === true;

function isUnderWay({ status, metadata }: DisasterRecoveryPolicy): boolean {
  return (
    status?.operation !== undefined ||
    status?.drill !== undefined ||
    status?.failback !== undefined ||
    metadata.deletionTimestamp !== undefined ||
    REQUEST_ANNOTATIONS.some((key) => metadata.annotations?.[key] !== undefined)
  );
}

function writerOf({ spec }: DisasterRecoveryPolicy, world: World): DbCluster | undefined {
  const key = `${world.settings.accountId}/${spec.globalClusterIdentifier}`;
  const globalCluster = world.globalClusters.get(key);
  return globalCluster?.operation === undefined ? globalCluster && world.writerOf(globalCluster) : undefined;
}

function isPublished(
  { metadata, spec }: DisasterRecoveryPolicy,
  writer: DbCluster,
  server: SimulatedApiServer,
): boolean {
  const name = spec.publish?.service?.name;
  if (name === undefined) return true;
  const { namespace } = metadata;
  const service = server.find(serviceType, { namespace, name }) as ServiceObject | undefined;
  return service?.spec?.externalName === writer.address;
}
