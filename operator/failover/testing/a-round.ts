import { defined } from '../defined.ts';
import type {
  Attempt,
  ClusterView,
  EndpointObservation,
  FailoverStateView,
  GlobalClusterView,
  Instant,
  LagObservation,
  LagSample,
  RegionObservation,
  Round,
  WitnessObservation,
} from '../observation.ts';
import { EAST, WEST } from './a-settings.ts';
import { ANSWERED } from './attempts.ts';

/** As a synchronization: the member says none. */
export const NOT_REPORTED = 'not reported';

/** When these tests' history begins; every `at` counts from here, in milliseconds. */
export const T0: Instant = Date.UTC(2026, 0, 1);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const ENGINE = '8.0.mysql_aurora.3.08.0';

const ROUND_TAKES = SECOND;

export const arnOf = (region: string): string => `arn:aws:rds:${region}:111122223333:cluster:orders`;

/** What one region's RDS says; everything left out is healthy. */
export interface RegionProps {
  /** The outcome of both calls. */
  readonly rds?: Attempt;
  readonly clusters?: Attempt;
  readonly globalClusters?: Attempt;
  readonly status?: string;
  readonly engineVersion?: string;
  readonly instances?: number;
  /** Whom this region calls the writer, when that differs from the round's writer. */
  readonly writer?: string | readonly string[];
  readonly members?: readonly string[];
  readonly synchronization?: Readonly<Record<string, string>>;
  readonly globalStatus?: string;
  readonly failoverState?: FailoverStateView;
  /** RDS answers, and knows neither the cluster nor the global cluster. */
  readonly isWithoutCluster?: boolean;
  /** RDS answers and knows the global cluster, and has no cluster in this region. */
  readonly isClusterless?: boolean;
}

export interface LagProps {
  /** End of the newest period, in milliseconds after T0. */
  readonly until?: number;
  /** Lag of each period, oldest first. */
  readonly lags?: readonly number[];
  readonly period?: number;
  /** End of the control series, in milliseconds after T0; `none` when there is no such series. */
  readonly control?: number | 'none';
  readonly attempt?: Attempt;
  readonly askedAt?: number;
  readonly source?: 'SQL';
}

export interface RoundProps {
  readonly at?: number;
  readonly writer?: string;
  readonly members?: readonly string[];
  readonly regions?: Readonly<Record<string, RegionProps>>;
  /** The primary's endpoint; `none` when it is not probed. */
  readonly endpoint?: Attempt | 'none';
  /** How all endpoints are probed. */
  readonly endpointType?: 'MySQL';
  /** Further endpoints, by region. */
  readonly endpoints?: Readonly<Record<string, Attempt>>;
  /** An HTTP status, or how the request failed. */
  readonly witness?: number | Attempt;
  /** By secondary; `none` when its lag was never asked. Left out: fresh and small. */
  readonly lag?: Readonly<Record<string, LagProps | 'none'>>;
}

function globalClusterView(props: RegionProps, round: Required<Pick<RoundProps, 'writer' | 'members'>>) {
  const writers = [props.writer ?? round.writer].flat();
  return defined({
    identifier: 'orders-global',
    status: props.globalStatus ?? 'available',
    engineVersion: ENGINE,
    members: (props.members ?? round.members).map((region) => {
      const isWriter = writers.includes(region);
      const told = props.synchronization?.[region] ?? (isWriter ? NOT_REPORTED : 'connected');
      const synchronizationStatus = told === NOT_REPORTED ? undefined : told;
      return defined({ clusterArn: arnOf(region), isWriter, synchronizationStatus, readers: [] });
    }),
    failoverState: props.failoverState,
  }) satisfies GlobalClusterView;
}

const clusterView = (region: string, props: RegionProps): ClusterView => ({
  arn: arnOf(region),
  identifier: 'orders',
  status: props.status ?? 'available',
  engineVersion: props.engineVersion ?? ENGINE,
  endpoint: `orders.${region}.example`,
  port: 3306,
  instanceCount: props.instances ?? 1,
});

function regionObservation(
  region: string,
  props: RegionProps,
  round: Required<Pick<RoundProps, 'writer' | 'members'>>,
): RegionObservation {
  const globalClusters = props.globalClusters ?? props.rds ?? ANSWERED;
  const clusters = props.clusters ?? props.rds ?? ANSWERED;
  const isKnown = props.isWithoutCluster !== true;
  return defined({
    region,
    globalClusters,
    clusters,
    globalCluster: isKnown && globalClusters.kind === 'answered' ? globalClusterView(props, round) : undefined,
    cluster:
      isKnown && props.isClusterless !== true && clusters.kind === 'answered' ? clusterView(region, props) : undefined,
  });
}

/** Samples of consecutive periods, the last of which ends `until` milliseconds after T0. */
export function lagSamples(until: number, lags: readonly number[], period = MINUTE): LagSample[] {
  return lags.map((lagMilliseconds, index) => {
    const periodEnd = T0 + until - (lags.length - 1 - index) * period;
    return { periodStart: periodEnd - period, periodEnd, lagMilliseconds };
  });
}

/** CloudWatch as it usually is: the newest whole minute that is at least a minute old. */
export const lastDelivered = (at: number): number => Math.floor(at / MINUTE) * MINUTE - MINUTE;

export function aLag(region: string, at: number, props: LagProps = {}): LagObservation {
  const { until = lastDelivered(at), lags = [100, 100, 100], control = lastDelivered(at) } = props;
  return defined({
    region,
    clusterIdentifier: 'orders',
    source: props.source,
    askedAt: T0 + (props.askedAt ?? at),
    attempt: props.attempt ?? ANSWERED,
    samples: lagSamples(until, lags, props.period),
    controlSampleEnd: control === 'none' ? undefined : T0 + control,
  });
}

const endpointAt = (region: string, attempt: Attempt, type: 'MySQL' | undefined): EndpointObservation =>
  defined({ region, target: `orders.${region}.example:3306`, type, attempt });

const witnessOf = (answer: number | Attempt): WitnessObservation =>
  typeof answer === 'number' ? { attempt: ANSWERED, statusCode: answer } : { attempt: answer };

/** One round of a healthy pair of regions, the writer in us-east-1, but for what `props` says. */
export function aRound(props: RoundProps = {}): Round {
  const { at = 0, writer = EAST, members = [EAST, WEST], endpoint = ANSWERED } = props;
  const secondaries = members.filter((region) => region !== writer && props.lag?.[region] !== 'none');
  const endpoints = Object.entries({ ...(endpoint === 'none' ? {} : { [writer]: endpoint }), ...props.endpoints });
  return defined({
    sequence: Math.round(at / SECOND),
    startedAt: T0 + at,
    completedAt: T0 + at + ROUND_TAKES,
    regions: Object.fromEntries(
      members.map((region) => [region, regionObservation(region, props.regions?.[region] ?? {}, { writer, members })]),
    ),
    endpoints: Object.fromEntries(
      endpoints.map(([region, attempt]) => [region, endpointAt(region, attempt, props.endpointType)]),
    ),
    lag: Object.fromEntries(
      secondaries.map((region) => {
        const lag = props.lag?.[region];
        return [region, aLag(region, at, lag === 'none' ? {} : lag)];
      }),
    ),
    witness: props.witness === undefined ? undefined : witnessOf(props.witness),
  });
}
