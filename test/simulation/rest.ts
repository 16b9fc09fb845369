import { REQUEST_ANNOTATIONS } from '../../operator/api/v1alpha1/annotations.ts';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import { serviceType, type ServiceObject } from '../../operator/publishing/writer-objects.ts';
import type { DbCluster } from '../aws/world/model.ts';
import { isServing } from '../aws/world/serving.ts';
import type { World } from '../aws/world/world.ts';
import { policiesOf, type Scenario } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedApiServer } from './simulated-api-server.ts';

/** One seed in so many goes on to the end of its tail however calm it is: what only time brings is looked for too. */
const WHOLE_TAIL_EVERY = 8;
const LOOK_MILLISECONDS = 5_000;
/** More than every timeout of a call, every back-off and every grace that may still be running when the trouble ends. */
const LEAST_REST_MILLISECONDS = 45_000;
/** Rounds of the longest interval that must have found nothing new. */
const QUIET_ROUNDS = 4;

export interface RestProps {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly world: World;
  readonly servers: readonly SimulatedApiServer[];
}

/**
 * Ends a run early once everything is over: faults, operations and requests, a primary that serves, policies that say so
 * and are ready, clients that are sent to it; and all that for long enough that nothing is on its way any more. Wherever
 * anything is open, an incident or a judgement, the run takes its whole tail.
 */
export class Rest {
  readonly #props: RestProps;
  readonly #leastRest: number;
  #calm: { readonly since: number; readonly versions: string } | undefined;

  constructor(props: RestProps) {
    this.#props = props;
    const { leaseDurationMilliseconds, retryPeriodMilliseconds } = props.scenario.installation;
    this.#leastRest = Math.max(
      LEAST_REST_MILLISECONDS,
      QUIET_ROUNDS * Math.max(...policiesOf(props.scenario).map(({ interval }) => interval)),
      2 * (leaseDurationMilliseconds + retryPeriodMilliseconds),
    );
  }

  /** @param from when the last fault is over, milliseconds since the simulation began */
  watchFor(from: number): void {
    if (this.#props.scenario.seed % WHOLE_TAIL_EVERY === 0) return;
    this.#props.scheduler.at(from, () => this.#look());
  }

  #look(): void {
    const { scheduler } = this.#props;
    const versions = this.#versionsAtRest();
    if (versions === undefined) {
      this.#calm = undefined;
    } else if (this.#calm?.versions !== versions) {
      this.#calm = { since: scheduler.time, versions };
    } else if (scheduler.time - this.#calm.since >= this.#leastRest) {
      scheduler.stop();
      return;
    }
    scheduler.after(LOOK_MILLISECONDS, () => this.#look());
  }

  /** The versions of all policies, undefined while anything is open. */
  #versionsAtRest(): string | undefined {
    const { world, servers } = this.#props;
    world.settle();
    if (world.agenda.nextAt() !== Infinity) return undefined;
    const versions: string[] = [];
    for (const server of servers) {
      for (const policy of server.list(DISASTER_RECOVERY_POLICY) as DisasterRecoveryPolicy[]) {
        if (!isAtRest(policy, world, server)) return undefined;
        versions.push(policy.metadata.resourceVersion);
      }
    }
    return versions.length === 0 ? undefined : versions.join();
  }
}

function isAtRest(policy: DisasterRecoveryPolicy, world: World, server: SimulatedApiServer): boolean {
  const { status, metadata } = policy;
  const writer = writerOf(policy, world);
  return (
    writer !== undefined &&
    isServing(world, writer) &&
    status?.primaryRegion === writer.region &&
    status.operation === undefined &&
    status.incident === undefined &&
    status.drill === undefined &&
    status.failback === undefined &&
    metadata.deletionTimestamp === undefined &&
    REQUEST_ANNOTATIONS.every((key) => metadata.annotations?.[key] === undefined) &&
    isConcluded(policy, world) &&
    isPublished(policy, writer, server)
  );
}

function writerOf({ spec }: DisasterRecoveryPolicy, world: World): DbCluster | undefined {
  const key = `${world.settings.accountId}/${spec.globalClusterIdentifier}`;
  const globalCluster = world.globalClusters.get(key);
  return globalCluster?.operation === undefined ? globalCluster && world.writerOf(globalCluster) : undefined;
}

/** Ready for the next loss; or with the regions of the last one still gone, as ready as that lets it be. */
function isConcluded({ status }: DisasterRecoveryPolicy, world: World): boolean {
  const isTrue = (type: string): boolean =>
    status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;
  const isRegionLost = [...world.regions.values()].some(({ lostAt }) => lostAt !== undefined);
  return isTrue('PrimaryHealthy') && (isTrue('FailoverReady') || isRegionLost);
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
