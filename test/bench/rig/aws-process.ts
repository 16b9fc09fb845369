/** The local AWS as a process of its own, so that what is measured and what measures do not share an event loop. */
import { createServer } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { LoopbackListener } from '../../aws/server/loopback-listener.ts';
import { startLocalAws, type LocalAws } from '../../aws/local-aws.ts';
import type { RecordedCall } from '../../aws/world/call-log.ts';
import type { DbCluster } from '../../aws/world/model.ts';
import { freezeOrThaw } from '../../aws/world/replication.ts';
import {
  accountOf,
  clusterName,
  type AwsCommands,
  type AwsReady,
  type AwsReply,
  type AwsRequest,
  type FleetOfClusters,
  type LoopDelay,
  type RoleChangeCall,
} from './aws-commands.ts';

const REGIONS = ['us-east-1', 'us-west-2'] as const;
const METRIC_PERIOD_MILLISECONDS = 60_000;
/** Of the writer endpoint that most clusters of a region share; those of their own have the next ones. */
const SHARED_PORT = 13_306;
const NANOSECONDS = 1_000_000;
const roleChangeActions = new Set(['FailoverGlobalCluster', 'SwitchoverGlobalCluster']);

/**
 * Of the writer endpoints in a region: the same for every local AWS of one benchmark, so that no endpoint in a status is news
 * to the next contestant. Only Linux answers on all of 127.0.0.0/8.
 */
function addressIn(region: string): string {
  const host = 11 + REGIONS.findIndex((name) => name === region);
  const { ppid } = process;
  return process.platform === 'linux' ? `127.${100 + (ppid % 100)}.${(ppid >> 8) % 256}.${host}` : '127.0.0.1';
}

/** Accepts and says nothing, as a database does to whom does not speak first. Elsewhere than on Linux on a free port. */
const acceptAll = (address: string, port: number): LoopbackListener =>
  new LoopbackListener(
    address,
    () => createServer((socket) => socket.resume()),
    process.platform === 'linux' ? port : undefined,
  );

/** The local AWS with a fleet of global clusters, most of which share a writer endpoint. */
class BenchAws implements AwsCommands {
  readonly #aws: LocalAws;
  readonly #counts: Record<string, number> = {};
  readonly #roleChanges: RoleChangeCall[] = [];
  readonly #firstCalls = new Map<string, number>();
  /** By region. */
  readonly #shared = new Map<string, LoopbackListener>();
  /** The writer endpoint of the primary, by number of the global cluster. */
  readonly #separate = new Map<number, LoopbackListener>();
  readonly #loopDelay = monitorEventLoopDelay({ resolution: 1 });

  constructor(aws: LocalAws) {
    this.#aws = aws;
    aws.world.calls.listen((call) => this.#note(call));
    this.#loopDelay.enable();
  }

  async addClusters({ first, last, separate, isOneAccount }: FleetOfClusters): Promise<void> {
    const ports = new Map(separate.map((number, index) => [number, SHARED_PORT + 1 + index]));
    for (let number = first; number <= last; number += 1) {
      const identifier = clusterName(number);
      const account = isOneAccount === true ? {} : { accountId: accountOf(number) };
      const options = { identifier, regions: REGIONS, clusterIdentifier: identifier, hasEndpoints: false, ...account };
      const { clusters } = await this.#aws.addGlobalCluster(options);
      for (const cluster of clusters) {
        cluster.address = addressIn(cluster.region);
        const port = cluster.region === REGIONS[0] ? ports.get(number) : undefined;
        const own = port === undefined ? undefined : acceptAll(cluster.address, port);
        if (own !== undefined) this.#separate.set(number, own);
        await this.#give(cluster, own ?? this.#sharedIn(cluster));
      }
    }
  }

  counts(): Readonly<Record<string, number>> {
    return this.#counts;
  }

  roleChanges(after: number): readonly RoleChangeCall[] {
    return this.#roleChanges.slice(after);
  }

  firstCallOf(accessKeyId: string): number | undefined {
    return this.#firstCalls.get(accessKeyId);
  }

  async loseClusters(numbers: readonly number[]): Promise<void> {
    const { world } = this.#aws;
    for (const number of numbers) {
      const globalCluster = world.globalCluster(accountOf(number), clusterName(number));
      const primary = world.writerOf(globalCluster);
      const endpoint = this.#separate.get(number);
      if (primary === undefined || endpoint === undefined) {
        throw new Error(`cannot lose ${clusterName(number)} alone: it shares its writer endpoint; use another`);
      }
      for (const { clusterArn, isWriter } of globalCluster.members) {
        if (!isWriter) world.cluster(clusterArn).replication.isSevered = true;
      }
      primary.statusOverride = 'failed';
      world.clusterChanged(primary);
      await endpoint.become('refuse');
    }
    freezeOrThaw(world, world.settle());
  }

  async loseRegion(region: string): Promise<void> {
    const endpoints = region === REGIONS[0] ? [...this.#separate.values()] : [];
    const shared = this.#shared.get(region);
    await Promise.all([
      this.#aws.loseRegion(region),
      ...[...endpoints, ...(shared === undefined ? [] : [shared])].map((listener) => listener.become('refuse')),
    ]);
  }

  async restoreRegion(region: string): Promise<void> {
    await this.#aws.restoreRegion(region);
    const endpoints = region === REGIONS[0] ? [...this.#separate.values()] : [];
    const shared = this.#shared.get(region);
    await Promise.all(
      [...endpoints, ...(shared === undefined ? [] : [shared])].map((listener) => listener.become('accept')),
    );
  }

  disturb(region: string, action: string, kind: 'throttle' | 'serverError' | 'refuse', count: number): void {
    this.#aws.setFault({ region, action, count, fault: { kind } });
  }

  loopDelay(): LoopDelay {
    const histogram = this.#loopDelay;
    const delay = {
      p50: histogram.percentile(50) / NANOSECONDS,
      p99: histogram.percentile(99) / NANOSECONDS,
      maximum: histogram.max / NANOSECONDS,
    };
    histogram.reset();
    return delay;
  }

  #sharedIn({ region, address }: DbCluster): LoopbackListener {
    const shared = this.#shared.get(region) ?? acceptAll(address, SHARED_PORT);
    this.#shared.set(region, shared);
    return shared;
  }

  async #give(cluster: DbCluster, listener: LoopbackListener): Promise<void> {
    await listener.become('accept');
    cluster.port = listener.port;
    this.#aws.world.clusterChanged(cluster);
  }

  #note(call: RecordedCall): void {
    const at = performance.timeOrigin + performance.now();
    const { action, region, input, result } = call;
    const session = call.accessKeyId === undefined ? undefined : this.#aws.world.sessions.session(call.accessKeyId);
    const accessKeyId = session?.assumedBy ?? call.accessKeyId;
    const key = `${action} ${region}`;
    this.#counts[key] = (this.#counts[key] ?? 0) + 1;
    if (accessKeyId !== undefined && action !== 'AssumeRole' && !this.#firstCalls.has(accessKeyId)) {
      this.#firstCalls.set(accessKeyId, at);
    }
    if (roleChangeActions.has(action)) {
      const number = this.#roleChanges.length + 1;
      const globalClusterIdentifier = String(input['GlobalClusterIdentifier']);
      this.#roleChanges.push({ number, at, action, region, globalClusterIdentifier, result, accessKeyId });
    }
  }
}

async function main(): Promise<void> {
  const aws = await startLocalAws({ regions: REGIONS, settings: { metricPeriod: METRIC_PERIOD_MILLISECONDS } });
  const commands: AwsCommands = new BenchAws(aws);
  process.on('message', ({ id, command, parameters }: AwsRequest) => {
    const run = commands[command].bind(commands) as (...parameters: readonly unknown[]) => unknown;
    // Within a promise: a synchronous throw must be answered too.
    const answered = Promise.resolve()
      .then(() => run(...parameters))
      .then(
        (result): AwsReply => ({ id, result }),
        (error: unknown): AwsReply => ({ id, error: error instanceof Error ? error.message : String(error) }),
      );
    void answered.then((reply) => process.send?.(reply));
  });
  // Its parent is gone: nobody asks any more.
  process.on('disconnect', () => process.exit(0));
  const { endpoints, environment } = aws;
  process.send?.({ endpoints, environment } satisfies AwsReady);
}

await main();
