import { z } from 'zod';
import type { CallFilter, LocalAws } from '../local-aws.ts';
import { dataLoss } from '../world/data-loss.ts';
import { statusOf } from '../world/role-change.ts';
import { count, faultKind, globalClusterOptions, lagCurve, milliseconds, outage, plan } from './control-schemas.ts';

/** A request of the control API: what follows the verb's path, the query and the JSON body. */
export interface ControlRequest {
  readonly parameters: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** One entry of the control API. */
export interface ControlCommand {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path with `*` where a parameter stands. */
  readonly path: string;
  readonly run: (aws: LocalAws, request: ControlRequest) => unknown;
}

/** Everything that the control API can do. */
export const controlCommands: readonly ControlCommand[] = [
  { method: 'GET', path: '/state', run: (aws) => state(aws) },
  {
    method: 'GET',
    path: '/calls',
    run: (aws, { query }) => aws.callsOf(callFilter(query)),
  },
  { method: 'GET', path: '/messages', run: (aws) => aws.messages },
  { method: 'GET', path: '/events', run: (aws) => aws.events },
  { method: 'GET', path: '/operations', run: (aws) => operations(aws) },
  {
    method: 'POST',
    path: '/global-clusters',
    run: (aws, { body }) => aws.addGlobalCluster(globalClusterOptions.parse(body)),
  },
  {
    method: 'POST',
    path: '/topics',
    run: (aws, { body }) => {
      const { region, name } = z.strictObject({ region: z.string(), name: z.string() }).parse(body);
      return { topicArn: aws.addTopic(region, name) };
    },
  },
  {
    method: 'POST',
    path: '/regions/*/lose',
    run: (aws, { parameters: [region = ''], body }) => aws.loseRegion(region, outage.parse(body)),
  },
  {
    method: 'POST',
    path: '/regions/*/restore',
    run: (aws, { parameters: [region = ''] }) => aws.restoreRegion(region),
  },
  {
    method: 'POST',
    path: '/regions/*/cut-off',
    run: (aws, { parameters: [region = ''], body }) => aws.cutOff(region, outage.parse(body)),
  },
  {
    method: 'POST',
    path: '/faults',
    run: (aws, { body }) => {
      const fault = z.strictObject({ region: z.string(), action: z.string(), fault: faultKind, count }).parse(body);
      return { id: aws.setFault(fault) };
    },
  },
  {
    method: 'DELETE',
    path: '/faults',
    run: (aws, { query }) => {
      const id = query.get('id');
      aws.clearFaults(id === null ? undefined : Number(id));
    },
  },
  {
    method: 'POST',
    path: '/clusters/*/*/lag',
    run: (aws, { parameters: [region = '', cluster = ''], body }) => {
      const { lag } = z.strictObject({ lag: lagCurve }).parse(body);
      aws.setLag(region, cluster, lag);
    },
  },
  {
    method: 'POST',
    path: '/clusters/*/*/status',
    run: (aws, { parameters: [region = '', cluster = ''], body }) => {
      const { status } = z.strictObject({ status: z.string().nullable() }).parse(body);
      return aws.setClusterStatus(region, cluster, status ?? undefined);
    },
  },
  {
    method: 'POST',
    path: '/clusters/*/*/endpoint',
    run: (aws, { parameters: [region = '', cluster = ''], body }) => {
      const modes = z.enum(['auto', 'accept', 'refuse', 'hang', 'silent', 'reset']);
      return aws.setEndpoint(region, cluster, z.strictObject({ mode: modes }).parse(body).mode);
    },
  },
  {
    method: 'POST',
    path: '/clusters/*/*/engine-version',
    run: (aws, { parameters: [region = '', cluster = ''], body }) => {
      aws.setEngineVersion(region, cluster, z.strictObject({ engineVersion: z.string() }).parse(body).engineVersion);
    },
  },
  {
    method: 'POST',
    path: '/clusters/*/*/replication',
    run: (aws, { parameters: [region = '', cluster = ''], body }) => {
      aws.severReplication(region, cluster, z.strictObject({ isSevered: z.boolean() }).parse(body).isSevered);
    },
  },
  {
    method: 'POST',
    path: '/clusters/*/*/silence',
    run: (aws, { parameters: [region = '', cluster = ''], body }) => {
      const { metricNames } = z.strictObject({ metricNames: z.array(z.string()) }).parse(body);
      aws.silenceMetrics(region, cluster, metricNames);
    },
  },
  {
    method: 'POST',
    path: '/metric-delay',
    run: (aws, { body }) => {
      const delay = z.strictObject({ milliseconds, region: z.string().exactOptional() }).parse(body);
      aws.setMetricDelay(delay.milliseconds, delay.region);
    },
  },
  {
    method: 'POST',
    path: '/operations/next',
    run: (aws, { body }) => {
      const { globalCluster, ...rest } = plan.parse(body);
      aws.nextOperation(rest, globalCluster);
    },
  },
  {
    method: 'POST',
    path: '/operations/start',
    run: (aws, { body }) => {
      const kind = z.enum(['failover', 'switchover']);
      const request = z
        .strictObject({ kind, region: z.string(), globalCluster: z.string().exactOptional() })
        .parse(body);
      return aws.startOperation(request.kind, request.region, request.globalCluster);
    },
  },
  {
    method: 'POST',
    path: '/operations/release',
    run: (aws, { body }) => {
      const outcome = z.enum(['complete', 'failed']);
      const request = z.strictObject({ outcome, globalCluster: z.string().exactOptional() }).parse(body);
      return aws.releaseOperation(request.outcome, request.globalCluster);
    },
  },
  {
    method: 'POST',
    path: '/witness',
    run: (aws, { body }) => {
      const mode = z.union([z.enum(['auto', 'hang', 'refuse']), z.number().int().min(100).max(599)]);
      return aws.setWitness(z.strictObject({ mode }).parse(body).mode);
    },
  },
  {
    method: 'POST',
    path: '/advance',
    run: (aws, { body }) => aws.advance(z.strictObject({ milliseconds }).parse(body).milliseconds),
  },
];

function callFilter(query: URLSearchParams): CallFilter {
  const text = Object.fromEntries(
    ['region', 'service', 'action', 'result'].flatMap((name) => {
      const value = query.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const after = query.get('after');
  return { ...text, ...(after === null ? {} : { after: Number(after) }) };
}

/** A summary for people and for scripts. */
function state(aws: LocalAws): unknown {
  const { world } = aws;
  const now = world.settle();
  return {
    now: new Date(now).toISOString(),
    endpoints: aws.endpoints,
    globalEndpoint: aws.globalEndpoint,
    witness: aws.witnessUrl(),
    regions: [...world.regions.values()].map(({ name, lostAt, isCutOff }) => ({
      name,
      isLost: lostAt !== undefined,
      isCutOff,
    })),
    globalClusters: [...world.globalClusters.values()].map(({ identifier, status, members, operation }) => ({
      identifier,
      status,
      members: members.map(({ clusterArn, isWriter, synchronizationStatus }) => {
        const { region, identifier: cluster } = world.cluster(clusterArn);
        return { region, cluster, isWriter, synchronizationStatus };
      }),
      operation: operation?.phase,
    })),
    clusters: [...world.clusters.values()].map((cluster) => ({
      region: cluster.region,
      identifier: cluster.identifier,
      status: statusOf(cluster),
      engineVersion: cluster.engineVersion,
      endpoint: `${cluster.address}:${cluster.port}`,
      endpointMode: cluster.endpointMode,
      lag: cluster.replication.lag,
    })),
    topics: world.topics.topicArns,
    faults: world.faults.current,
    calls: world.calls.entries.length,
  };
}

function operations(aws: LocalAws): unknown {
  return aws.operations.map((operation) => ({
    ...operation,
    dataLossMilliseconds: operation.replicatedTo === undefined ? undefined : dataLoss(operation).milliseconds,
  }));
}
