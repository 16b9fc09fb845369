import type { Names } from '../../configuration/names.ts';
import type { OperatorMetrics } from './operator-metrics.ts';
import { OPERATOR_METRICS } from './operator-metrics.ts';

/** A region on the dashboard. */
export interface DashboardRegion {
  readonly region: string;
  /** Names of its alarms. */
  readonly alarmNames: readonly string[];
}

export interface DashboardBodyProps {
  readonly names: Names;
  readonly accountId: string;
  /** In an order that does not depend on roles. */
  readonly regions: readonly DashboardRegion[];
  /** @default - under their usual names */
  readonly operatorMetrics?: OperatorMetrics;
  /** Lines in the graphs: where alarms go off. */
  readonly thresholds: {
    readonly replicationLagMilliseconds: number;
    readonly cpuPercent: number;
    readonly connections: number;
  };
}

/** Of a dashboard's grid. */
const COLUMNS = 24;
const GRAPH = { width: COLUMNS / 2, height: 6 } as const;
const ALARMS_HEIGHT = 4;
const PERIOD_SECONDS = 60;

/** One line of a graph: "Dashboard body structure and syntax" in the CloudWatch API reference. */
type MetricLine = readonly unknown[];

interface Graph {
  readonly title: string;
  readonly lines: readonly MetricLine[];
  readonly unit?: string;
  readonly threshold?: number;
}

/** What the dashboard shows, as the text that CloudWatch takes. It names every region alike, because roles change. */
export function dashboardBody(props: DashboardBodyProps): string {
  const { accountId, regions } = props;
  const alarms = regions.flatMap(({ region, alarmNames }) =>
    alarmNames.map((name) => `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`),
  );
  const [first] = regions;
  const home = first?.region ?? '';
  return JSON.stringify({
    widgets: [
      { type: 'alarm', x: 0, y: 0, width: COLUMNS, height: ALARMS_HEIGHT, properties: { title: 'Alarms', alarms } },
      ...[...databaseGraphs(props), ...operatorGraphs(props)].map((graph, index) => widgetOf(graph, index, home)),
    ],
  });
}

function widgetOf({ title, lines, unit, threshold }: Graph, index: number, region: string): object {
  return {
    type: 'metric',
    x: (index * GRAPH.width) % COLUMNS,
    y: ALARMS_HEIGHT + Math.floor((index * GRAPH.width) / COLUMNS) * GRAPH.height,
    ...GRAPH,
    properties: {
      title,
      view: 'timeSeries',
      stacked: false,
      period: PERIOD_SECONDS,
      region,
      metrics: lines,
      yAxis: { left: { min: 0, ...(unit === undefined ? {} : { label: unit, showUnits: false }) } },
      ...(threshold === undefined ? {} : { annotations: { horizontal: [{ label: 'alarm', value: threshold }] } }),
    },
  };
}

function databaseGraphs({ names, regions, thresholds }: DashboardBodyProps): Graph[] {
  const perRegion = (metric: string, stat: string): MetricLine[] =>
    regions.map(({ region }) => [
      'AWS/RDS',
      metric,
      'DBClusterIdentifier',
      names.of('aurora', region),
      { region, stat, label: region },
    ]);
  // A search finds the series with whatever other dimensions it has; only secondaries have one.
  const searched = (metric: string): MetricLine[] =>
    regions.map(({ region }, index) => [
      {
        id: `e${String(index)}`,
        expression: `SEARCH('Namespace="AWS/RDS" MetricName="${metric}" DBClusterIdentifier="${names.of('aurora', region)}"', 'Maximum', ${String(PERIOD_SECONDS)})`,
        region,
        label: region,
      },
    ]);
  const { replicationLagMilliseconds, cpuPercent, connections } = thresholds;
  return [
    {
      title: 'Replication lag, of secondaries',
      lines: searched('AuroraGlobalDBReplicationLag'),
      unit: 'ms',
      threshold: replicationLagMilliseconds,
    },
    { title: 'Recovery point lag, of secondaries', lines: searched('AuroraGlobalDBRPOLag'), unit: 'ms' },
    { title: 'CPU, busiest instance', lines: perRegion('CPUUtilization', 'Maximum'), unit: '%', threshold: cpuPercent },
    {
      title: 'Connections, busiest instance',
      lines: perRegion('DatabaseConnections', 'Maximum'),
      threshold: connections,
    },
    {
      title: 'Freeable memory, scarcest instance',
      lines: perRegion('FreeableMemory', 'Minimum'),
      unit: 'bytes',
    },
    {
      title: 'Capacity, largest instance',
      lines: perRegion('ServerlessDatabaseCapacity', 'Maximum'),
      unit: 'Aurora capacity units',
    },
  ];
}

function operatorGraphs({ names, regions, operatorMetrics = OPERATOR_METRICS }: DashboardBodyProps): Graph[] {
  const { namespace, writerRegion, operatorHeartbeat, monitorHeartbeat } = operatorMetrics;
  const global = ['GlobalCluster', names.globalCluster] as const;
  const writerAsToldIn = (told: string): Graph => ({
    title: `Who writes, as told in ${told}`,
    lines: regions.map(({ region }) => [
      namespace,
      writerRegion,
      ...global,
      'Region',
      region,
      { region: told, stat: 'Maximum', label: region },
    ]),
  });
  const heartbeats = (title: string, metric: string): Graph => ({
    title,
    lines: regions.map(({ region }) => [namespace, metric, ...global, { region, stat: 'SampleCount', label: region }]),
  });
  return [
    ...regions.map(({ region }) => writerAsToldIn(region)),
    heartbeats('Heartbeats of the operator', operatorHeartbeat),
    heartbeats('Heartbeats of the health monitor', monitorHeartbeat),
  ];
}
