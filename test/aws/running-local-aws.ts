import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallFilter, LocalAws, LocalAwsOptions, OutageOptions } from './local-aws.ts';
import { createAwsServer } from './server/aws-server.ts';
import { LoopbackListener } from './server/loopback-listener.ts';
import { Witness } from './server/witness.ts';
import type { WitnessMode } from './server/witness.ts';
import { WriterEndpoint } from './server/writer-endpoint.ts';
import type { OutageMode } from './server/writer-endpoint.ts';
import { addGlobalCluster } from './world/add-global-cluster.ts';
import type { AddedGlobalCluster, GlobalClusterOptions } from './world/add-global-cluster.ts';
import { topicArn } from './world/arn.ts';
import type { RecordedCall } from './world/call-log.ts';
import { SystemClock } from './world/clock.ts';
import type { ManualClock } from './world/clock.ts';
import { dataLoss } from './world/data-loss.ts';
import type { DataLoss } from './world/data-loss.ts';
import type { Fault } from './world/fault-board.ts';
import type { LagCurve } from './world/lag-curve.ts';
import type { DbCluster, EndpointMode, GlobalCluster, PublishedMessage, RdsEvent, RoleChange } from './world/model.ts';
import { holdResynchronization } from './world/rejoin.ts';
import { freezeOrThaw, setLag } from './world/replication.ts';
import { releaseRoleChange, startRoleChange } from './world/role-change.ts';
import type { Role } from './world/session-store.ts';
import type { PartialPlan } from './world/settings.ts';
import { World } from './world/world.ts';

/** How often listeners are brought in line with the world while real time passes. */
const followInterval = 25;

/** The local AWS in this process: the world, and the listeners that follow it. */
export class RunningLocalAws implements LocalAws {
  readonly world: World;
  private readonly clock: ManualClock | SystemClock;
  private readonly listeners = new Map<string, LoopbackListener>();
  private readonly globalListener: LoopbackListener;
  private readonly globalRegion: string;
  private readonly witness: Witness;
  private readonly writerEndpoints: WriterEndpoint[] = [];
  private readonly outageModes = new Map<string, OutageMode>();
  private readonly stopping = new AbortController();
  private following: Promise<void> = Promise.resolve();

  constructor(options: LocalAwsOptions) {
    const { regions = ['us-east-1', 'us-west-2'], clock = new SystemClock(), settings = {}, ports = {} } = options;
    this.clock = clock;
    this.world = new World(clock, regions, settings);
    const follow = (): void => void this.follow();
    for (const [index, region] of regions.entries()) {
      const create = (): Server => createAwsServer(this.world, region, follow);
      this.listeners.set(region, new LoopbackListener(addressOf(index), create, ports[region]));
    }
    this.globalRegion = regions.includes('us-east-1') ? 'us-east-1' : (regions[0] ?? 'us-east-1');
    const globalAddress = addressOf(regions.indexOf(this.globalRegion));
    this.globalListener = new LoopbackListener(globalAddress, () =>
      createAwsServer(this.world, this.globalRegion, follow, ['sts']),
    );
    this.witness = new Witness(this.world, addressOf(regions.length));
  }

  async start(): Promise<void> {
    await this.follow();
    void this.keepFollowing();
  }

  get endpoints(): Record<string, string> {
    return Object.fromEntries([...this.listeners].map(([region, listener]) => [region, urlOf(listener)]));
  }

  get endpointFlags(): string[] {
    return Object.entries(this.endpoints).flatMap(([region, url]) => ['--aws-endpoint', `${region}=${url}`]);
  }

  get globalEndpoint(): string {
    return urlOf(this.globalListener);
  }

  get environment(): Record<string, string> {
    const endpoints = Object.entries(this.endpoints).map(([region, url]) => `${region}=${url}`);
    return {
      AWS_ACCESS_KEY_ID: 'AKIALOCALAWS',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_EC2_METADATA_DISABLED: 'true',
      AURORA_DR_AWS_ENDPOINTS: endpoints.join(','),
    };
  }

  witnessUrl(globalClusterIdentifier = ''): string {
    return `${urlOf(this.witness.listener)}/${encodeURIComponent(globalClusterIdentifier)}`;
  }

  async setWitness(mode: WitnessMode): Promise<void> {
    this.witness.mode = mode;
    await this.witness.follow();
  }

  async addGlobalCluster(options: GlobalClusterOptions = {}): Promise<AddedGlobalCluster> {
    const regions = [...this.listeners.keys()];
    const added = addGlobalCluster(this.world, options, (region) => addressOf(regions.indexOf(region)));
    if (options.hasEndpoints !== false) {
      await Promise.all(added.clusters.map((cluster) => this.openEndpoint(cluster)));
    }
    return added;
  }

  globalCluster(identifier?: string): GlobalCluster {
    this.world.settle();
    const all = [...this.world.globalClusters.values()];
    const found = all.find((each) => identifier === undefined || each.identifier === identifier.toLowerCase());
    if (found === undefined) {
      throw new RangeError(`cannot find global cluster ${identifier ?? ''}: there are ${all.length}`);
    }
    return found;
  }

  cluster(region: string, identifier: string): DbCluster {
    this.world.settle();
    const wanted = identifier.toLowerCase();
    const found = [...this.world.clusters.values()].find(
      (each) => each.region === region && each.identifier === wanted,
    );
    if (found === undefined) {
      throw new RangeError(`cannot find cluster ${identifier} in ${region}`);
    }
    return found;
  }

  primaryRegion(globalClusterIdentifier?: string): string {
    return this.world.writerOf(this.globalCluster(globalClusterIdentifier))?.region ?? '';
  }

  addTopic(region: string, name: string, accountId = this.world.settings.accountId): string {
    const arn = topicArn(region, accountId, name);
    this.world.topics.create(arn);
    return arn;
  }

  addRole(role: Role): void {
    this.world.sessions.addRole(role);
  }

  addAccessKey(accessKeyId: string, accountId: string): void {
    this.world.sessions.addAccessKey(accessKeyId, accountId);
  }

  async loseRegion(region: string, { mode = 'refuse' }: OutageOptions = {}): Promise<void> {
    this.world.loseRegion(region);
    this.outageModes.set(region, mode);
    await this.follow();
  }

  async restoreRegion(region: string): Promise<void> {
    this.world.restoreRegion(region);
    await this.follow();
  }

  async cutOff(region: string, { mode = 'refuse' }: OutageOptions = {}): Promise<void> {
    this.world.cutOff(region);
    this.outageModes.set(region, mode);
    await this.follow();
  }

  severReplication(region: string, clusterIdentifier: string, isSevered = true): void {
    const cluster = this.cluster(region, clusterIdentifier);
    cluster.replication.isSevered = isSevered;
    freezeOrThaw(this.world, this.now());
  }

  async holdResynchronization(region: string, clusterIdentifier: string, isHeld = true): Promise<void> {
    holdResynchronization(this.world, this.cluster(region, clusterIdentifier), isHeld);
    await this.follow();
  }

  setFault(fault: Fault): number {
    return this.world.faults.set(fault);
  }

  clearFaults(id?: number): void {
    this.world.faults.clear(id);
  }

  setLag(region: string, clusterIdentifier: string, lag: number | LagCurve): void {
    const curve: LagCurve = typeof lag === 'number' ? { kind: 'constant', milliseconds: lag } : lag;
    setLag(this.cluster(region, clusterIdentifier), curve, this.now());
  }

  async setClusterStatus(region: string, clusterIdentifier: string, status: string | undefined): Promise<void> {
    const cluster = this.cluster(region, clusterIdentifier);
    cluster.statusOverride = status;
    this.world.clusterChanged(cluster);
    await this.follow();
  }

  setEngineVersion(region: string, clusterIdentifier: string, engineVersion: string): void {
    const cluster = this.cluster(region, clusterIdentifier);
    cluster.engineVersion = engineVersion;
    this.world.clusterChanged(cluster);
  }

  async setEndpoint(region: string, clusterIdentifier: string, mode: EndpointMode): Promise<void> {
    this.cluster(region, clusterIdentifier).endpointMode = mode;
    await this.follow();
  }

  setMetricDelay(milliseconds: number, region?: string): void {
    this.world.settle();
    for (const each of this.world.regions.values()) {
      if (region === undefined || each.name === region) {
        each.metricDelay = milliseconds;
      }
    }
  }

  silenceMetrics(region: string, clusterIdentifier: string, metricNames: readonly string[] = []): void {
    this.cluster(region, clusterIdentifier).silencedMetrics = [...metricNames];
  }

  nextOperation(plan: PartialPlan, globalClusterIdentifier?: string): void {
    this.world.planNextOperation(plan, globalClusterIdentifier);
  }

  startOperation(kind: RoleChange['kind'], targetRegion: string, globalClusterIdentifier?: string): RoleChange {
    const { identifier, accountId, members } = this.globalCluster(globalClusterIdentifier);
    const target = members.find(({ clusterArn }) => this.world.cluster(clusterArn).region === targetRegion);
    const request = { kind, accountId, globalClusterIdentifier: identifier, requestedIn: targetRegion };
    startRoleChange(this.world, { ...request, target: target?.clusterArn ?? targetRegion });
    return this.lastOperation();
  }

  async releaseOperation(outcome: 'complete' | 'failed', globalClusterIdentifier?: string): Promise<void> {
    releaseRoleChange(this.world, this.globalCluster(globalClusterIdentifier), outcome);
    await this.follow();
  }

  get operations(): readonly RoleChange[] {
    this.world.settle();
    return this.world.operations;
  }

  trueDataLoss(operation: RoleChange = this.lastOperation()): DataLoss {
    this.world.settle();
    return dataLoss(operation);
  }

  get calls(): readonly RecordedCall[] {
    return this.world.calls.entries;
  }

  callsOf(filter: CallFilter): RecordedCall[] {
    return this.calls.filter((call) => matches(call, filter));
  }

  async waitForCall(
    filter: CallFilter | ((call: RecordedCall) => boolean),
    timeoutMilliseconds = 10_000,
  ): Promise<RecordedCall> {
    const isWanted = typeof filter === 'function' ? filter : (call: RecordedCall) => matches(call, filter);
    const made = this.calls.find(isWanted);
    if (made !== undefined) {
      return made;
    }
    const { promise, resolve, reject } = Promise.withResolvers<RecordedCall>();
    const stopListening = this.world.calls.listen((call) => {
      if (isWanted(call)) {
        resolve(call);
      }
    });
    const timer = setTimeout(() => {
      const what = typeof filter === 'function' ? 'such a call' : JSON.stringify(filter);
      reject(new Error(`cannot see ${what}: ${this.calls.length} other calls in ${timeoutMilliseconds} ms`));
    }, timeoutMilliseconds);
    return promise.finally(() => {
      clearTimeout(timer);
      stopListening();
    });
  }

  get messages(): readonly PublishedMessage[] {
    return this.world.topics.messages;
  }

  get events(): readonly RdsEvent[] {
    this.world.settle();
    return this.world.events;
  }

  now(): number {
    return this.world.settle();
  }

  async advance(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await this.follow();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.following.catch(() => undefined);
    const endpoints = this.writerEndpoints.map(({ listener }) => listener);
    const all = [...this.listeners.values(), this.globalListener, this.witness.listener, ...endpoints];
    await Promise.all(all.map((listener) => listener.become('refuse')));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private lastOperation(): RoleChange {
    const last = this.operations.at(-1);
    if (last === undefined) {
      throw new Error('cannot tell the last operation: none was started');
    }
    return last;
  }

  private async openEndpoint(cluster: DbCluster): Promise<void> {
    const endpoint = new WriterEndpoint(this.world, cluster);
    // Opened once whatever the role, to have a port to tell.
    await endpoint.listener.become('accept');
    cluster.port = endpoint.listener.port;
    this.world.clusterChanged(cluster);
    this.writerEndpoints.push(endpoint);
    await endpoint.follow('refuse');
  }

  /** Brings every listener in line with the world. */
  private follow(): Promise<void> {
    this.following = this.followOnce();
    return this.following;
  }

  private async followOnce(): Promise<void> {
    if (this.stopping.signal.aborted) {
      return;
    }
    this.world.settle();
    const modeOf = (region: string): OutageMode => this.outageModes.get(region) ?? 'refuse';
    const regional = [...this.listeners, [this.globalRegion, this.globalListener] as const];
    await Promise.all([
      ...regional.map(([region, listener]) => {
        const unreachable = modeOf(region) === 'refuse' ? 'refuse' : 'hang';
        return listener.become(this.world.isReachable(region) ? 'accept' : unreachable);
      }),
      ...this.writerEndpoints.map((endpoint) => endpoint.follow(modeOf(endpoint.cluster.region))),
      this.witness.follow(),
    ]);
  }

  private async keepFollowing(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await delay(followInterval, undefined, { ref: false, signal }).catch(() => undefined);
      await this.follow();
    }
  }
}

function matches(call: RecordedCall, { region, service, action, result, after }: CallFilter): boolean {
  return (
    (region === undefined || call.region === region) &&
    (service === undefined || call.service === service) &&
    (action === undefined || call.action === action) &&
    (result === undefined || call.result === result) &&
    (after === undefined || call.number > after)
  );
}

function urlOf({ address, port }: LoopbackListener): string {
  return `http://${address}:${port}`;
}

/**
 * A loopback address for each region, so that a port that was closed stays free: clients' own ports are taken on 127.0.0.1.
 * Only Linux answers on all of 127.0.0.0/8; elsewhere everything shares 127.0.0.1.
 */
function addressOf(index: number): string {
  return process.platform === 'linux'
    ? `127.${100 + (process.pid % 100)}.${(process.pid >> 8) % 256}.${index + 1}`
    : '127.0.0.1';
}
