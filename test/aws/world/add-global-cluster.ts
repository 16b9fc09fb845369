import { newCluster } from './actions/rds-clusters.ts';
import { globalClusterArn, instanceArn } from './arn.ts';
import type { LagCurve } from './lag-curve.ts';
import { emitPastMetrics } from './metric-emitter.ts';
import type { DbCluster, GlobalCluster } from './model.ts';
import { freezeOrThaw, setLag } from './replication.ts';
import type { World } from './world.ts';

export interface GlobalClusterOptions {
  /** Default: aurora-global-prod, as in the API's example. */
  readonly identifier?: string;
  readonly accountId?: string;
  /** Regions of the members, the primary's first. Default: the world's first two. */
  readonly regions?: readonly string[];
  /** Identifier of the regional clusters. Default: aurora-prod, in every region. */
  readonly clusterIdentifier?: string | Readonly<Record<string, string>>;
  readonly engine?: string;
  readonly engineVersion?: string;
  /** Instances of each cluster; 0 makes it headless. Default: 1. */
  readonly instances?: number | Readonly<Record<string, number>>;
  /** Lag of the secondaries: milliseconds or a curve. Default: 120 ms. */
  readonly lag?: number | LagCurve;
  /** How long it has existed: so far back its metrics reach. Default: three metric periods. */
  readonly age?: number;
  /** Whether TCP listeners play the writer endpoints. Default: true. */
  readonly hasEndpoints?: boolean;
}

export interface AddedGlobalCluster {
  readonly globalCluster: GlobalCluster;
  /** The primary first. */
  readonly clusters: readonly DbCluster[];
}

/** Creates a healthy global cluster with its regional clusters. */
export function addGlobalCluster(
  world: World,
  options: GlobalClusterOptions,
  addressIn: (region: string) => string,
): AddedGlobalCluster {
  const now = world.settle();
  const accountId = options.accountId ?? world.settings.accountId;
  const identifier = (options.identifier ?? 'aurora-global-prod').toLowerCase();
  const engine = options.engine ?? 'aurora-mysql';
  const engineVersion = options.engineVersion ?? '8.0.mysql_aurora.3.08.0';
  const caller = { accountId, accessKeyId: undefined, session: undefined };
  const regions = options.regions ?? [...world.regions.keys()].slice(0, 2);
  const clusters = regions.map((region) => {
    world.region(region);
    const cluster = newCluster(
      { world, caller, region, now },
      {
        identifier: (inRegion(options.clusterIdentifier, region) ?? 'aurora-prod').toLowerCase(),
        engine,
        engineVersion,
        address: addressIn(region),
        port: 3306,
        globalClusterIdentifier: identifier,
      },
    );
    cluster.instances = Array.from({ length: inRegion(options.instances, region) ?? 1 }, (_, index) => {
      const name = `${cluster.identifier}-${index + 1}`;
      return { identifier: name, arn: instanceArn(region, accountId, name), status: 'available' };
    });
    if (options.lag !== undefined) {
      setLag(
        cluster,
        typeof options.lag === 'number' ? { kind: 'constant', milliseconds: options.lag } : options.lag,
        now,
      );
    }
    world.addCluster(cluster);
    return cluster;
  });
  const globalCluster: GlobalCluster = {
    accountId,
    identifier,
    resourceId: `cluster-${world.nextNumber().toString(16).padStart(16, '0')}`,
    arn: globalClusterArn(accountId, identifier),
    engine,
    engineVersion,
    status: 'available',
    members: clusters.map(({ arn }, index) => ({
      clusterArn: arn,
      isWriter: index === 0,
      synchronizationStatus: 'connected',
      resynchronizations: 0,
    })),
    operation: undefined,
  };
  world.addGlobalCluster(globalCluster);
  freezeOrThaw(world, now, globalCluster);
  emitPastMetrics(world, clusters, now - (options.age ?? 3 * world.settings.metricPeriod), now);
  return { globalCluster, clusters };
}

function inRegion<T>(value: T | Readonly<Record<string, T>> | undefined, region: string): T | undefined {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, T>>)[region] : value;
}
