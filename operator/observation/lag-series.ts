import type { MetricDimension, MetricSeries } from '../aws/aws-gateway.ts';

export const RDS_NAMESPACE = 'AWS/RDS';
/** Aurora MySQL 3.04 and newer; the one to judge a recovery point by. */
export const RPO_LAG = 'AuroraGlobalDBRPOLag';
export const REPLICATION_LAG = 'AuroraGlobalDBReplicationLag';
const CONTROL = 'CPUUtilization';

const CLUSTER_DIMENSION = 'DBClusterIdentifier';
const SOURCE_REGION_DIMENSION = 'SourceRegion';
/** Enough for every shape and source region; more would be somebody else's series. */
const MOST_SERIES = 20;

export interface LagSeriesRequest {
  readonly clusterIdentifier: string;
  /** The series that CloudWatch lists for this cluster. */
  readonly listed: readonly MetricSeries[];
  /** Where the cluster replicates from now, if known. */
  readonly sourceRegion: string | undefined;
  /** Whether the recovery point's metric has been asked and has no data at all. */
  readonly isRpoLagEmpty: boolean;
}

/** The cluster that a series belongs to. */
export function clusterOf(series: MetricSeries): string | undefined {
  return series.dimensions.find(({ name }) => name === CLUSTER_DIMENSION)?.value;
}

/** Whether CloudWatch itself is late: emitted for every cluster all the time. */
export function controlSeries(clusterIdentifier: string): MetricSeries {
  return seriesOf(CONTROL, [{ name: CLUSTER_DIMENSION, value: clusterIdentifier }]);
}

/**
 * The series to ask for one secondary's lag. What is not listed yet is asked in the plain shape, as a series that has
 * just begun can take 15 minutes to be listed (CloudWatch, ListMetrics).
 */
export function lagSeries(request: LagSeriesRequest): readonly MetricSeries[] {
  const rpo = request.listed.filter(({ metricName }) => metricName === RPO_LAG);
  const replication = request.listed.filter(({ metricName }) => metricName === REPLICATION_LAG);
  const isRpoEnough = rpo.length > 0 && !request.isRpoLagEmpty;
  const isReplicationEnough = rpo.length === 0 && replication.length > 0;
  return [
    ...(isReplicationEnough ? [] : inShapes(RPO_LAG, rpo, request)),
    ...(isRpoEnough ? [] : inShapes(REPLICATION_LAG, replication, request)),
  ].slice(0, MOST_SERIES);
}

function inShapes(metricName: string, listed: readonly MetricSeries[], request: LagSeriesRequest): MetricSeries[] {
  const cluster = { name: CLUSTER_DIMENSION, value: request.clusterIdentifier };
  if (listed.length === 0) return [seriesOf(metricName, [cluster]), ...fromSource(metricName, request.listed, request)];
  return [...listed, ...fromSource(metricName, listed, request)];
}

/** After a role change the series names its new source, before it is listed. */
function fromSource(metricName: string, listed: readonly MetricSeries[], request: LagSeriesRequest): MetricSeries[] {
  const { sourceRegion, clusterIdentifier } = request;
  const sources = listed.flatMap(({ dimensions }) => dimensions.filter(({ name }) => name === SOURCE_REGION_DIMENSION));
  const isKnown = sources.length === 0 || sources.some(({ value }) => value === sourceRegion);
  if (sourceRegion === undefined || isKnown) return [];
  return [
    seriesOf(metricName, [
      { name: CLUSTER_DIMENSION, value: clusterIdentifier },
      { name: SOURCE_REGION_DIMENSION, value: sourceRegion },
    ]),
  ];
}

function seriesOf(metricName: string, dimensions: readonly MetricDimension[]): MetricSeries {
  return { namespace: RDS_NAMESPACE, metricName, dimensions };
}
