import type { DbCluster } from '../aws/world/model.ts';
import { isReplicating } from '../aws/world/replication.ts';
import { isServing } from '../aws/world/serving.ts';
import { statusOf } from '../aws/world/role-change.ts';
import type { World } from '../aws/world/world.ts';
import type { RoundSpan } from './ledger.ts';
import type { Network, Sender } from './network.ts';
import { ACCOUNT, namesOf, type PolicyNames } from './policy-of.ts';
import { policiesOf, type Scenario } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import { EPOCH } from './scheduler.ts';
import type { WitnessMode } from './simulated-probes.ts';

/** Whence a primary can be seen to live: by its endpoint, through the witness, or by the word of its region's RDS. */
export type Sight = 'endpoint' | 'http' | 'rds';

/** `reader`: the region's secondary receives what the primary writes, and its reader can be asked how far behind it is. */
type Line = Sight | 'reader';

const LINES: readonly Line[] = ['endpoint', 'http', 'rds', 'reader'];
/** After a role change no secondary resynchronises for longer. */
const RESYNCHRONIZED_MILLISECONDS = 3 * 60_000;
/** Less lag than this is no trouble of its own. */
const SMALL_LAG_MILLISECONDS = 1_000;

/** Where a fault has to be for RDS not to be heard of clusters. */
const DESCRIBING = ['rds', '*', 'DescribeGlobalClusters', 'DescribeDBClusters'];

interface Span {
  readonly from: number;
  to: number;
}

export interface VisibilityProps {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly world: World;
  readonly network: Network;
  readonly witness: { readonly mode: WitnessMode };
}

/**
 * Who could have seen a primary, by the truth of the world and of the network: not by what anybody was told, nor by
 * whether anybody looked. Everything that this depends on changes with an event of the scenario, except for roles.
 */
export class Visibility {
  readonly #props: VisibilityProps;
  readonly #spans = new Map<string, Span[]>();

  constructor(props: VisibilityProps) {
    this.#props = props;
  }

  /** To be called whenever something has changed that is not a role. */
  update(): void {
    const { scenario, world } = this.#props;
    world.settle();
    for (const [index, { regions }] of policiesOf(scenario).entries()) {
      for (const { name } of regions) this.#updateRegion(namesOf(index), name);
    }
  }

  #updateRegion(names: PolicyNames, region: string): void {
    const { scenario, scheduler } = this.#props;
    const present = scenario.events.filter(
      ({ at, until = Infinity }) => scenario.warmUp + at <= scheduler.time && scheduler.time < scenario.warmUp + until,
    );
    const isSlow = present.some(({ action }) => action.kind === 'slowNetwork');
    for (let replica = 0; replica < scenario.installation.replicas; replica += 1) {
      const sender = `operator-${replica}`;
      // Who stands still hears nothing, and who hears late may have given up by then.
      const isStill = present.some(({ action }) => action.kind === 'stall' && action.replica === replica);
      const isBlurred = isSlow || isStill;
      for (const line of LINES) {
        const isClear = !isBlurred && this.#isClear(line, sender, names, region);
        this.#mark(keyOf(sender, names, region, line), isClear, scheduler.time);
      }
    }
  }

  /**
   * Whether the primary in `region` was in fact serving (for `rds`: whether its region's RDS was in fact answering) and
   * could be seen for the whole of one of these rounds.
   */
  wasSeen(sight: Sight, sender: Sender, names: PolicyNames, region: string, rounds: readonly RoundSpan[]): boolean {
    const first = rounds[0];
    if (first === undefined || !this.#isSettled(names, region, first.from)) return false;
    return rounds.some((round) => this.#isOpen(keyOf(sender, names, region, sight), round));
  }

  /**
   * Whether the primary in `region` was in fact serving, and the reader of the secondary in `target` received what it wrote
   * and could be asked, for the whole of a round.
   */
  wasReceived(sender: Sender, names: PolicyNames, region: string, target: string, round: RoundSpan): boolean {
    const { world } = this.#props;
    return (
      this.#isSettled(names, region, round.from - RESYNCHRONIZED_MILLISECONDS) &&
      isWell(world, world.findCluster(region, names.cluster)) &&
      this.#isOpen(keyOf(sender, names, target, 'reader'), round)
    );
  }

  #isOpen(key: string, round: RoundSpan): boolean {
    return this.#spans.get(key)?.some(({ from, to }) => from <= round.from && to >= round.to) === true;
  }

  /** Whether the region has been the writer's, with no role change about, since then. */
  #isSettled({ globalCluster, cluster }: PolicyNames, region: string, since: number): boolean {
    const { world } = this.#props;
    world.settle();
    const found = world.globalClusters.get(`${ACCOUNT}/${globalCluster}`);
    const writer = found && world.writerOf(found);
    const isQuiet = world.operations.every(
      ({ globalClusterIdentifier, endedAt }) =>
        globalClusterIdentifier !== globalCluster || (endedAt !== undefined && endedAt < EPOCH + since),
    );
    return isQuiet && writer?.region === region && writer.identifier === cluster;
  }

  #isClear(line: Line, sender: Sender, { cluster: identifier }: PolicyNames, region: string): boolean {
    const { world, network, witness } = this.#props;
    const cluster = world.findCluster(region, identifier);
    switch (line) {
      case 'endpoint':
        return isWell(world, cluster) && network.state(sender, `endpoint:${region}`) === 'up';
      case 'http':
        return (
          isWell(world, cluster) &&
          witness.mode === 'auto' &&
          network.state('witness', `endpoint:${region}`) === 'up' &&
          network.state(sender, 'witness') === 'up'
        );
      case 'rds':
        return (
          world.isAlive(region) &&
          !['failed', 'inaccessible-encryption-credentials'].includes(statusOf(cluster)) &&
          network.state(sender, `rds:${region}`) === 'up' &&
          this.#isDescribed(region)
        );
      case 'reader':
        // RDS tells the reader's name.
        return (
          isReceiving(world, cluster) &&
          network.state(sender, `endpoint:${region}`) === 'up' &&
          network.state(sender, `rds:${region}`) === 'up' &&
          this.#isDescribed(region)
        );
    }
  }

  /** Whether RDS answers what is asked about clusters, as they are. */
  #isDescribed(region: string): boolean {
    return this.#props.world.faults.current.every(
      (fault) => ![region, '*'].includes(fault.region) || !DESCRIBING.includes(fault.action),
    );
  }

  #mark(key: string, isClear: boolean, now: number): void {
    const spans = this.#spans.get(key) ?? [];
    this.#spans.set(key, spans);
    const last = spans.at(-1);
    const isOpen = last?.to === Infinity;
    if (isClear && !isOpen) spans.push({ from: now, to: Infinity });
    else if (!isClear && last !== undefined && isOpen) last.to = now;
  }
}

const keyOf = (sender: Sender, { cluster }: PolicyNames, region: string, line: Line): string =>
  `${sender} ${cluster} ${region} ${line}`;

/** A secondary with a stream that flows and a reader to ask. */
function isReceiving(world: World, cluster: DbCluster): boolean {
  const { lag, stopped } = cluster.replication;
  return (
    isReplicating(world, cluster) &&
    stopped === undefined &&
    cluster.instances.length > 0 &&
    lag.kind === 'constant' &&
    lag.milliseconds < SMALL_LAG_MILLISECONDS
  );
}

/** Serving, were it the writer. */
function isWell(world: World, cluster: DbCluster): boolean {
  const isReader = world.memberOf(cluster)?.isWriter === false;
  const accepts = cluster.endpointMode === 'auto' || cluster.endpointMode === 'accept';
  return (
    accepts && (isReader ? world.isAlive(cluster.region) && cluster.instances.length > 0 : isServing(world, cluster))
  );
}
