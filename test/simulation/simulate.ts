import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import { addGlobalCluster } from '../aws/world/add-global-cluster.ts';
import { World } from '../aws/world/world.ts';
import type { CallHooks } from './call-hooks.ts';
import { DecisionTrail } from './decision-trail.ts';
import { Director, type SiteStage, type Stage } from './director.ts';
import { Monitor, type Report } from './monitor.ts';
import { Network } from './network.ts';
import { namesOf, policyOf, topicArn } from './policy-of.ts';
import { Replicas, type RunningOperator } from './replicas.ts';
import { Rest } from './rest.ts';
import { policiesOf, siteOf, troubleEnd, type Scenario } from './scenario.ts';
import { Scheduler } from './scheduler.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedApiServer } from './simulated-api-server.ts';
import { SimulatedDatabase } from './simulated-database.ts';
import { SimulatedGateway } from './simulated-gateway.ts';
import { SimulatedKubeClient } from './simulated-kube-client.ts';
import { SimulatedOperator, type Tampering } from './simulated-operator.ts';
import { hostOf, SimulatedProbes, type WitnessMode } from './simulated-probes.ts';
import { SimulatedProcess } from './simulated-process.ts';

/** Of so many seeds one takes its decisions down. Odd, so that it is any kind of seed: the kinds go by the number modulo 8. */
const TAKEN_DOWN = 9;

export interface SimulateOptions {
  readonly tampering?: Tampering;
  /** Told of everything that happens, as lines of a story. */
  readonly onLine?: (line: string) => void;
  /** Goes on to the end of the tail even when everything is over: {@link Rest}. */
  readonly isTailWhole?: boolean;
}

/** Runs one scenario from its first to its last millisecond, or up to the first violation. */
export async function simulate(scenario: Scenario, options: SimulateOptions = {}): Promise<Report> {
  const simulation = new Simulation(scenario, options);
  return simulation.run();
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #scheduler = new Scheduler();
  readonly #random: SeededRandom;
  readonly #network: Network;
  readonly #world: World;
  readonly #sites: readonly SiteStage[];
  readonly #decisions: DecisionTrail | undefined;
  readonly #monitor: Monitor;
  readonly #replicas: Replicas;
  readonly #tampering: Tampering;
  readonly #mayEndEarly: boolean;
  readonly #witness: { mode: WitnessMode } = { mode: 'auto' };
  readonly #division: { shards: number };
  /** By process. */
  readonly #shards = new Map<string, number>();
  readonly #repetitions = new Map<string, number>();
  readonly #processes = new Map<string, SimulatedProcess>();

  constructor(scenario: Scenario, options: SimulateOptions) {
    this.#scenario = scenario;
    this.#division = { shards: scenario.installation.shards ?? 1 };
    this.#tampering = options.tampering ?? {};
    this.#mayEndEarly = options.isTailWhole !== true;
    this.#random = new SeededRandom(scenario.seed).fork('run');
    this.#network = new Network(this.#scheduler, this.#random.fork('network'));
    this.#world = worldOf(scenario, this.#scheduler);
    this.#sites = scenario.installation.sites.map(() => ({
      server: new SimulatedApiServer(this.#scheduler),
      behaviour: { isUnavailable: false, watchLagMilliseconds: 0, isSilent: false },
    }));
    // Writing decisions down and replaying them costs as much as everything else.
    this.#decisions = scenario.seed % TAKEN_DOWN === 1 ? new DecisionTrail() : undefined;
    this.#monitor = new Monitor({
      scenario,
      scheduler: this.#scheduler,
      world: this.#world,
      network: this.#network,
      witness: this.#witness,
      servers: this.#sites.map(({ server }) => server),
      decisions: this.#decisions,
      process: (name) => this.#processes.get(name),
      shardsOf: (name) => this.#shards.get(name) ?? 1,
      onLine: options.onLine,
    });
    this.#replicas = new Replicas(scenario.installation.wallOffsets, (replica, wallOffset) =>
      this.#start(replica, wallOffset),
    );
  }

  async run(): Promise<Report> {
    const scenario = this.#scenario;
    for (const [site, { server }] of this.#sites.entries()) {
      server.onWrite((write) => this.#monitor.onWrite(site, write));
      for (const [index, props] of policiesOf(scenario).entries()) {
        server.create('person', DISASTER_RECOVERY_POLICY, policyOf(props, namesOf(index)));
      }
    }
    this.#monitor.onChanged();
    for (let replica = 0; replica < scenario.installation.replicas; replica += 1) this.#replicas.start(replica);
    const stage: Stage = {
      scenario,
      scheduler: this.#scheduler,
      network: this.#network,
      world: this.#world,
      sites: this.#sites,
      replicas: this.#replicas,
      witness: this.#witness,
      division: this.#division,
      repetitions: this.#repetitions,
      tell: (line) => this.#monitor.tell('director', line),
    };
    new Director(stage).rehearse(
      scenario.warmUp,
      (event, phase) => this.#monitor.onEvent(event, phase),
      () => this.#monitor.onChanged(),
    );
    const quietSince = scenario.warmUp + troubleEnd(scenario);
    const servers = this.#sites.map(({ server }) => server);
    if (this.#mayEndEarly) {
      const shared = { scenario, scheduler: this.#scheduler, world: this.#world, replicas: this.#replicas };
      new Rest({ ...shared, servers }, quietSince);
    }
    await this.#scheduler.runUntil(quietSince + scenario.tail);
    return this.#monitor.finish(this.#replicas);
  }

  #start(replica: number, wallOffset: number): RunningOperator {
    const name = `operator-${replica}-run-${this.#processes.size + 1}`;
    const process = new SimulatedProcess({
      name,
      replica,
      scheduler: this.#scheduler,
      random: this.#random.fork(name),
      wallOffset,
    });
    this.#processes.set(name, process);
    const { shards } = this.#division;
    this.#shards.set(name, shards);
    const hooks: CallHooks = {
      beforeCall: (caller, what) => this.#replicas.beforeCall(caller, what),
      afterEffect: (caller, what) => {
        this.#monitor.onServed();
        return this.#replicas.afterEffect(caller, what);
      },
      onEvidence: (caller, evidence, sentAt) => this.#monitor.onEvidence(caller, evidence, sentAt),
      onMetrics: (caller, metrics) => this.#monitor.onMetrics(caller, metrics),
      policyOf: (caller, target) => this.#monitor.watchOf(caller, target)?.policy,
      onRoleChange: (caller, call) => this.#monitor.onRoleChange(caller, call),
    };
    const shared = { process, network: this.#network, world: this.#world, hooks };
    const { sites } = this.#scenario.installation;
    const site = siteOf(sites, replica);
    const stage = this.#sites[site];
    if (stage === undefined) throw new RangeError(`cannot start replica ${replica}: no site has it`);
    const probes = new SimulatedProbes({ ...shared, witnessMode: () => this.#witness.mode });
    const operator = new SimulatedOperator({
      process,
      kube: new SimulatedKubeClient({ ...shared, ...stage }),
      gateway: new SimulatedGateway({ ...shared, repetitions: (_region, action) => this.#takeRepetitions(action) }),
      prober: probes,
      fetchWitness: (url, probe) => probes.fetchWitness(url, probe),
      database: new SimulatedDatabase(shared),
      installation: { ...this.#scenario.installation, shards },
      region: sites[site]?.region,
      ...(this.#decisions === undefined ? {} : { decisions: this.#decisions.sinkOf(process.name) }),
      tampering: this.#tampering,
      onRound: (caller, key, round) => this.#monitor.onRound(caller, key, round),
      onLog: (caller, level, fields, message) => this.#monitor.onLog(caller, level, fields, message),
    });
    this.#monitor.tell(name, 'starts');
    operator.start();
    return { process, stop: () => operator.stop() };
  }

  #takeRepetitions(action: string): number {
    const times = this.#repetitions.get(action) ?? 1;
    if (this.#repetitions.delete(action)) this.#monitor.onStruck('repeatCall');
    return times;
  }
}

/** A world in which everything is well. */
function worldOf(scenario: Scenario, scheduler: Scheduler): World {
  const { lag, durations, fence, ...settings } = scenario.world;
  const regions = scenario.policy.regions.map(({ name }) => name);
  const world = new World(scheduler, regions, {
    ...settings,
    isLoggingCalls: false,
    isKeepingDescriptions: true,
    operation: { outcome: 'complete', stuckIn: 'promoting', durations, fence },
  });
  for (const region of regions) world.topics.create(topicArn(region));
  for (const [index, policy] of policiesOf(scenario).entries()) {
    const { globalCluster: identifier, cluster: clusterIdentifier } = namesOf(index);
    const members = policy.regions.map(({ name }) => name);
    addGlobalCluster(
      world,
      { identifier, clusterIdentifier, regions: members, lag, age: 10 * settings.metricPeriod },
      (region) => hostOf(clusterIdentifier, region),
    );
  }
  return world;
}
