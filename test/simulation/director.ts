import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import { serviceType } from '../../operator/publishing/writer-objects.ts';
import { KubeConnectionError } from '../../operator/runtime/kube-errors.ts';
import type { DbCluster } from '../aws/world/model.ts';
import { setLag, freezeOrThaw } from '../aws/world/replication.ts';
import { startRoleChange } from '../aws/world/role-change.ts';
import type { World } from '../aws/world/world.ts';
import type { Network } from './network.ts';
import { ACCOUNT, namesOf, policyOf, type PolicyNames } from './policy-of.ts';
import type { Replicas } from './replicas.ts';
import {
  OF_SITES,
  policiesOf,
  replicasOf,
  type Action,
  type PolicyProps,
  type RegionRef,
  type Scenario,
  type ScenarioEvent,
} from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedApiServer } from './simulated-api-server.ts';
import type { ApiBehaviour } from './simulated-kube-client.ts';
import type { WitnessMode } from './simulated-probes.ts';

/** One Kubernetes cluster's API server. */
export interface SiteStage {
  readonly server: SimulatedApiServer;
  readonly behaviour: ApiBehaviour;
}

/** Everything that an action may change. */
export interface Stage {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly world: World;
  /** By number. */
  readonly sites: readonly SiteStage[];
  readonly replicas: Replicas;
  readonly witness: { mode: WitnessMode };
  /** What processes that start from now on divide the policies into. */
  readonly division: { shards: number };
  /** By action: how often AWS carries its next call out. */
  readonly repetitions: Map<string, number>;
  readonly tell: (line: string) => void;
}

/** What one event is about: a site, and a policy with its global cluster. */
interface Scene extends Stage, SiteStage {
  readonly names: PolicyNames;
  readonly props: PolicyProps;
}

type Undo = () => void;
type Play<K extends Action['kind']> = (
  action: Extract<Action, { kind: K }>,
  stage: Scene,
  event: ScenarioEvent,
) => Undo | undefined;

/** Of a rolling update, milliseconds. */
export const BETWEEN_RESTARTS = 10_000;

const nothing: Undo = () => undefined;

function writerOf({ world, names }: Pick<Scene, 'world' | 'names'>): DbCluster | undefined {
  world.settle();
  const globalCluster = world.globalClusters.get(`${ACCOUNT}/${names.globalCluster}`);
  return globalCluster && world.writerOf(globalCluster);
}

/** `primary`, `secondary` (the first) or a region's name. */
function resolve(region: RegionRef, scene: Scene): string {
  const primary = writerOf(scene)?.region ?? '';
  if (region === 'primary') return primary;
  const others = scene.props.regions.map(({ name }) => name).filter((name) => name !== primary);
  return region === 'secondary' ? (others[0] ?? primary) : region;
}

function clusterIn(region: RegionRef, stage: Scene): DbCluster {
  const name = resolve(region, stage);
  const found = [...stage.world.clusters.values()].find(
    (cluster) => cluster.region === name && cluster.identifier === stage.names.cluster,
  );
  if (found === undefined) throw new RangeError(`cannot find the cluster of ${name}: the scenario has no such region`);
  return found;
}

function placeOf(place: string, stage: Scene): string {
  const [kind = '', region] = place.split(':');
  return region === undefined ? kind : `${kind}:${resolve(region, stage)}`;
}

function cutAll(places: readonly string[], state: 'refuse' | 'blackhole', { network }: Stage): Undo {
  return allOf(places.map((place) => network.cut({ sender: '*', place, state })));
}

function allOf(undos: readonly Undo[]): Undo {
  return () => {
    for (const undo of undos) undo();
  };
}

/** `site-N` stands for every replica of a site. */
function sendersOf(sender: string, { scenario }: Stage): readonly string[] {
  const [, site] = /^site-(\d+)$/.exec(sender) ?? [];
  return site === undefined
    ? [sender]
    : replicasOf(scenario.installation.sites, Number(site)).map((replica) => `operator-${replica}`);
}

function changePolicy(stage: Scene, change: (policy: DisasterRecoveryPolicy) => DisasterRecoveryPolicy): void {
  const policy = stage.server.find(DISASTER_RECOVERY_POLICY, stage.names.policy) as DisasterRecoveryPolicy | undefined;
  if (policy !== undefined) stage.server.update('person', DISASTER_RECOVERY_POLICY, change(policy));
}

const plays: { readonly [K in Action['kind']]: Play<K> } = {
  loseRegion: ({ region, how }, stage) => {
    const name = resolve(region, stage);
    if (!stage.world.isAlive(name)) return undefined;
    stage.world.loseRegion(name);
    const heal = cutAll([`rds:${name}`, `endpoint:${name}`], how, stage);
    return () => {
      heal();
      stage.world.restoreRegion(name);
    };
  },
  inRegionTrouble: ({ status, endpoint }, scene) => {
    const { world } = scene;
    const writer = writerOf(scene);
    if (writer === undefined) return undefined;
    writer.statusOverride = status === 'available' ? undefined : status;
    writer.endpointMode = endpoint;
    world.clusterChanged(writer);
    return () => {
      writer.statusOverride = undefined;
      writer.endpointMode = 'auto';
      world.clusterChanged(writer);
    };
  },
  cut: ({ sender, place, state }, stage) => {
    const where = placeOf(place, stage);
    return allOf(sendersOf(sender, stage).map((one) => stage.network.cut({ sender: one, place: where, state })));
  },
  severReplication: ({ region }, stage) => {
    const { replication } = clusterIn(region, stage);
    const set = (isSevered: boolean): void => {
      const now = stage.world.settle();
      replication.isSevered = isSevered;
      freezeOrThaw(stage.world, now);
    };
    set(true);
    return () => set(false);
  },
  awsFault: ({ region, action, fault, count }, stage) => {
    const name = region === '*' ? '*' : resolve(region, stage);
    const id = stage.world.faults.set({ region: name, action, fault, ...(count === undefined ? {} : { count }) });
    return () => stage.world.faults.clear(id);
  },
  repeatCall: ({ action }, { repetitions }) => {
    repetitions.set(action, 2);
    return () => repetitions.delete(action);
  },
  metricDelay: ({ milliseconds }, { world }) => {
    world.settle();
    for (const region of world.regions.values()) region.metricDelay = milliseconds;
    return () => {
      world.settle();
      for (const region of world.regions.values()) region.metricDelay = undefined;
    };
  },
  metricGap: ({ region, metrics }, stage) => {
    stage.world.settle();
    const cluster = clusterIn(region, stage);
    cluster.silencedMetrics = [...metrics];
    return () => {
      stage.world.settle();
      cluster.silencedMetrics = [];
    };
  },
  lag: ({ region, lag }, stage) => {
    const cluster = clusterIn(region, stage);
    const before = cluster.replication.lag;
    setLag(cluster, lag, stage.world.settle());
    return () => setLag(cluster, before, stage.world.settle());
  },
  slowNetwork: ({ most }, { network }) => network.slow(most),
  apiUnavailable: (_action, { behaviour, server }) => {
    behaviour.isUnavailable = true;
    server.endWatches(new KubeConnectionError('cannot watch: the server went away'));
    return () => {
      behaviour.isUnavailable = false;
    };
  },
  apiSilentWatches: (_action, { behaviour }) => {
    behaviour.isSilent = true;
    return () => {
      behaviour.isSilent = false;
    };
  },
  apiLateWatches: ({ milliseconds }, { behaviour }) => {
    behaviour.watchLagMilliseconds = milliseconds;
    return () => {
      behaviour.watchLagMilliseconds = 0;
    };
  },
  apiRestart: ({ isCompacted }, { server }) => {
    if (isCompacted) server.compact();
    server.endWatches(new KubeConnectionError('cannot watch: the connection was reset'));
    return undefined;
  },
  apiConflicts: ({ every }, stage) => {
    let isOn = true;
    let count = 0;
    const touch = (): void => {
      if (!isOn) return;
      count += 1;
      const labels = { touched: String(count) };
      changePolicy(stage, (policy) => ({
        ...policy,
        metadata: { ...policy.metadata, labels },
      }));
      stage.scheduler.after(every, touch);
    };
    touch();
    return () => {
      isOn = false;
    };
  },
  crash: ({ replica }, { replicas }) => {
    replicas.crash(replica);
    return () => replicas.start(replica);
  },
  crashAtCall: ({ what, nth, when }, { replicas }) => replicas.crashAt({ what, nth, when }),
  restart: ({ replica }, { replicas }) => {
    replicas.restart(replica);
    return undefined;
  },
  reshard: ({ shards }, { division, replicas, scheduler, scenario }) => {
    division.shards = shards;
    for (let replica = 0; replica < scenario.installation.replicas; replica += 1) {
      scheduler.after(replica * BETWEEN_RESTARTS, () => replicas.restart(replica));
    }
    return nothing;
  },
  stall: ({ replica, how }, { replicas }, { at, until }) => {
    replicas.process(replica)?.stall((until ?? at) - at, how);
    return nothing;
  },
  clockJump: ({ replica, milliseconds }, { replicas }) => {
    replicas.jumpClock(replica, milliseconds);
    return undefined;
  },
  witness: ({ mode }, { witness }) => {
    witness.mode = mode;
    return () => {
      witness.mode = 'auto';
    };
  },
  planOperation: ({ plan }, { world }) => {
    world.planNextOperation(plan);
    return undefined;
  },
  annotate: ({ annotations }, stage) => {
    changePolicy(stage, (policy) => ({
      ...policy,
      metadata: {
        ...policy.metadata,
        annotations: { ...policy.metadata.annotations, ...annotationsFor(annotations, policy, stage) },
      },
    }));
    return undefined;
  },
  edit: ({ spec }, stage) => {
    changePolicy(stage, (policy) => ({ ...policy, spec: merged(policy.spec, spec) as typeof policy.spec }));
    return undefined;
  },
  deletePolicy: (_action, { server, names, props }) => {
    if (server.find(DISASTER_RECOVERY_POLICY, names.policy) !== undefined)
      server.delete('person', DISASTER_RECOVERY_POLICY, names.policy);
    return () => {
      if (server.find(DISASTER_RECOVERY_POLICY, names.policy) === undefined) {
        server.create('person', DISASTER_RECOVERY_POLICY, policyOf(props, names));
      }
    };
  },
  console: ({ call, region }, stage) => {
    const { world, tell, names } = stage;
    const target = clusterIn(region, stage);
    if (!world.isAlive(target.region)) return undefined;
    try {
      startRoleChange(world, {
        kind: call,
        accountId: ACCOUNT,
        globalClusterIdentifier: names.globalCluster,
        target: target.arn,
        requestedIn: target.region,
      });
    } catch (error) {
      tell(`AWS refuses the console: ${String(error)}`);
    }
    return undefined;
  },
  engineVersion: ({ region }, stage) => {
    const cluster = clusterIn(region, stage);
    const before = cluster.engineVersion;
    cluster.engineVersion = '8.0.mysql_aurora.3.09.0';
    stage.world.clusterChanged(cluster);
    return () => {
      cluster.engineVersion = before;
      stage.world.clusterChanged(cluster);
    };
  },
  headless: ({ region }, stage) => {
    const cluster = clusterIn(region, stage);
    const before = cluster.instances;
    cluster.instances = [];
    stage.world.clusterChanged(cluster);
    return () => {
      cluster.instances = before;
      stage.world.clusterChanged(cluster);
    };
  },
  unsynchronized: ({ region }, stage) => {
    const { world } = stage;
    const cluster = clusterIn(region, stage);
    world.settle();
    const [member, globalCluster] = [world.memberOf(cluster), world.globalClusterOf(cluster)];
    if (member === undefined || globalCluster === undefined || member.isWriter) return undefined;
    const mark = (status: typeof member.synchronizationStatus): void => {
      member.synchronizationStatus = status;
      freezeOrThaw(world, world.settle(), globalCluster);
      world.changed(globalCluster);
    };
    member.resynchronizations += 1;
    const { resynchronizations } = member;
    mark('pending-resync');
    return () => {
      world.settle();
      if (member.resynchronizations === resynchronizations) mark('connected');
    };
  },
  editService: (_action, { server, names }) => {
    const service = server.find(serviceType, names.writer);
    if (service !== undefined) {
      const spec = { type: 'ExternalName', externalName: 'by-hand.simulated' };
      server.mergePatch('person', serviceType, names.writer, { spec });
    }
    return undefined;
  },
};

/** `$operation` stands for the newest operation's id, `$secondary` for a region that is not the primary's. */
function annotationsFor(
  annotations: Readonly<Record<string, string>>,
  { status }: DisasterRecoveryPolicy,
  stage: Scene,
): Record<string, string> {
  const newest = status?.operation?.id ?? status?.history?.[0]?.id ?? 'none';
  return Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [
      key,
      value
        .replace('$operation', newest)
        .replace('$secondary', resolve('secondary', stage))
        .replace('$primary', resolve('primary', stage)),
    ]),
  );
}

function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === 'object' && target !== null ? (target as Record<string, unknown>) : {};
  return Object.fromEntries([
    ...Object.entries(base),
    ...Object.entries(patch).map(([key, value]) => [key, merged(base[key], value)]),
  ]);
}

/** Plays the events of a scenario, each at its time. */
export class Director {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /**
   * @param from when the trouble begins, milliseconds since the simulation began
   * @param onEvent hears of each event before it is played
   * @param onChanged hears of each change of the world once it is made
   */
  rehearse(
    from: number,
    onEvent: (event: ScenarioEvent, phase: 'begin' | 'end') => void,
    onChanged: () => void = nothing,
  ): void {
    for (const event of this.#stage.scenario.events) {
      this.#stage.scheduler.at(from + event.at, () => {
        onEvent(event, 'begin');
        const undo = this.#play(event);
        onChanged();
        if (undo !== undefined && event.until !== undefined) {
          this.#stage.scheduler.at(from + event.until, () => {
            onEvent(event, 'end');
            undo();
            onChanged();
          });
        }
      });
    }
  }

  #play(event: ScenarioEvent): Undo | undefined {
    const { sites, scenario } = this.#stage;
    const { action, site, policy = 0 } = event;
    const props = policiesOf(scenario)[policy];
    if (props === undefined) throw new RangeError(`cannot play ${action.kind}: there is no policy ${policy}`);
    const isEverywhere = OF_SITES.includes(action.kind) && site === undefined;
    const meant = isEverywhere ? sites : sites.slice(site ?? 0, (site ?? 0) + 1);
    const play = plays[action.kind] as Play<Action['kind']>;
    const undos = meant.map((one) => play(action, { ...this.#stage, ...one, names: namesOf(policy), props }, event));
    const made = undos.filter((undo) => undo !== undefined);
    return made.length === 0 ? undefined : allOf(made);
  }
}
