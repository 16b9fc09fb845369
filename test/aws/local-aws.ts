import { RunningLocalAws } from './running-local-aws.ts';
import type { WitnessMode } from './server/witness.ts';
import type { OutageMode } from './server/writer-endpoint.ts';
import type { AddedGlobalCluster, GlobalClusterOptions } from './world/add-global-cluster.ts';
import type { RecordedCall } from './world/call-log.ts';
import type { ManualClock, SystemClock } from './world/clock.ts';
import type { DataLoss } from './world/data-loss.ts';
import type { Fault } from './world/fault-board.ts';
import type { LagCurve } from './world/lag-curve.ts';
import type { DbCluster, EndpointMode, GlobalCluster, PublishedMessage, RdsEvent, RoleChange } from './world/model.ts';
import type { Role } from './world/session-store.ts';
import type { PartialPlan, WorldSettings } from './world/settings.ts';
import type { World } from './world/world.ts';

export interface LocalAwsOptions {
  /** Default: us-east-1 and us-west-2. */
  readonly regions?: readonly string[];
  /** Default: real time. With a ManualClock, time moves by `advance` alone. */
  readonly clock?: ManualClock | SystemClock;
  /** Fixed ports of the regions' endpoints. Default: free ones. */
  readonly ports?: Readonly<Record<string, number>>;
  /** Durations, metric period and delay, dimension shape and the like. */
  readonly settings?: Partial<WorldSettings>;
}

/** How a region is taken away. Default: connections are refused. `blackhole`: packets are swallowed. */
export interface OutageOptions {
  readonly mode?: OutageMode;
}

/** Calls that a test looks for: every given property has to match. */
export interface CallFilter {
  readonly region?: string;
  readonly service?: string;
  readonly action?: string;
  readonly result?: string;
  /** Only calls after this number: `calls.at(-1)?.number`. */
  readonly after?: number;
}

/**
 * A small AWS on loopback: RDS, CloudWatch, SNS and STS of several regions, one HTTP listener each, with writer endpoints
 * and an outside witness, and everything that can go wrong. Real time unless told otherwise; times in milliseconds.
 */
export interface LocalAws extends AsyncDisposable {
  /** The state machine behind it, for what has no method here. Call `world.settle()` before reading. */
  readonly world: World;
  /** URL of each region's endpoint; it serves all four services and stays the same after a loss. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** The operator's flags for these: `--aws-endpoint us-east-1=http://…` and so on, flag and value apart. */
  readonly endpointFlags: readonly string[];
  /** The endpoint of the global STS, which lives and dies with us-east-1 (with the first region when there is none). */
  readonly globalEndpoint: string;
  /** Environment for a process that is to use this AWS: dummy credentials and AURORA_DR_AWS_ENDPOINTS. */
  readonly environment: Readonly<Record<string, string>>;
  /** URL of the HTTP witness for a global cluster: 200 while its primary serves, otherwise 503. */
  witnessUrl(globalClusterIdentifier?: string): string;
  /** `auto` (the truth), a fixed status, `hang` or `refuse`. */
  setWitness(mode: WitnessMode): Promise<void>;

  /** A global cluster with clusters, instances and writer endpoints; by default primary us-east-1, secondary us-west-2. */
  addGlobalCluster(options?: GlobalClusterOptions): Promise<AddedGlobalCluster>;
  globalCluster(identifier?: string): GlobalCluster;
  cluster(region: string, identifier: string): DbCluster;
  /** The region of the present writer. */
  primaryRegion(globalClusterIdentifier?: string): string;
  /** The SNS topic's ARN. */
  addTopic(region: string, name: string, accountId?: string): string;
  addRole(role: Role): void;
  addAccessKey(accessKeyId: string, accountId: string): void;

  /** Its listener, its writer endpoints, its replication and its metrics are gone until `restoreRegion`. */
  loseRegion(region: string, options?: OutageOptions): Promise<void>;
  /** Undoes `loseRegion` and `cutOff`, on the same ports; an old primary starts to re-join. */
  restoreRegion(region: string): Promise<void>;
  /** Clients cannot reach the region, which lives on: its primary writes and replicates. */
  cutOff(region: string, options?: OutageOptions): Promise<void>;
  /** The link from the primary into this secondary breaks (or heals) while both regions live. */
  severReplication(region: string, clusterIdentifier: string, isSevered?: boolean): void;
  /**
   * Keeps a cluster `pending-resync` after a failover for as long as it takes to look, whatever the durations say; or lets
   * it go on.
   */
  holdResynchronization(region: string, clusterIdentifier: string, isHeld?: boolean): Promise<void>;

  /** Returns the fault's number, for `clearFaults`. */
  setFault(fault: Fault): number;
  /** Takes back one fault, or all of them; whatever a `hold` kept back is answered. */
  clearFaults(id?: number): void;

  /** A constant in milliseconds, or a curve. */
  setLag(region: string, clusterIdentifier: string, lag: number | LagCurve): void;
  /** `undefined` lets Aurora's own status be seen again. */
  setClusterStatus(region: string, clusterIdentifier: string, status: string | undefined): Promise<void>;
  setEngineVersion(region: string, clusterIdentifier: string, engineVersion: string): void;
  /** What connecting to the cluster's writer endpoint meets; `auto` follows the truth. */
  setEndpoint(region: string, clusterIdentifier: string, mode: EndpointMode): Promise<void>;
  /** How late samples of now on are delivered, in one region or in all. */
  setMetricDelay(milliseconds: number, region?: string): void;
  /** Stops emitting these metrics of a cluster; none given: emits all again. */
  silenceMetrics(region: string, clusterIdentifier: string, metricNames?: readonly string[]): void;

  /** How the next switchover or failover goes. */
  nextOperation(plan: PartialPlan, globalClusterIdentifier?: string): void;
  /** Somebody else starts an operation behind the operator's back (it appears in no call log). */
  startOperation(kind: RoleChange['kind'], targetRegion: string, globalClusterIdentifier?: string): RoleChange;
  /** Ends a stuck operation. */
  releaseOperation(outcome: 'complete' | 'failed', globalClusterIdentifier?: string): Promise<void>;
  /** Every operation that was accepted, oldest first. */
  readonly operations: readonly RoleChange[];
  /** What an operation (by default the last one) really lost. */
  trueDataLoss(operation?: RoleChange): DataLoss;

  /** Every call, oldest first. */
  readonly calls: readonly RecordedCall[];
  callsOf(filter: CallFilter): RecordedCall[];
  /** The first call that matches, already made or still to come. Rejects after `timeoutMilliseconds` (default 10 s). */
  waitForCall(
    filter: CallFilter | ((call: RecordedCall) => boolean),
    timeoutMilliseconds?: number,
  ): Promise<RecordedCall>;
  /** What was published to SNS, oldest first. */
  readonly messages: readonly PublishedMessage[];
  readonly events: readonly RdsEvent[];

  now(): number;
  /** Moves the clock ahead (with real time: skips) and lets happen what is due by then. */
  advance(milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a local AWS. */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const local = new RunningLocalAws(options);
  await local.start();
  return local;
}
