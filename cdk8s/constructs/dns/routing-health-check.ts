import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { MetricAlarm } from '../../imports/cloudwatch.ts';
import { HealthCheck } from '../../imports/route53.ts';
import type { Reference } from '../../managed/reference.ts';
import { votersOf } from './voters.ts';

/** The metric by which the operator says where the writer is: `publish.routing` of its policy. */
export interface RoutingMetric {
  readonly namespace: string;
  readonly name: string;
  readonly globalClusterIdentifier: string;
}

export interface RoutingHealthCheckProps {
  readonly names: Names;
  readonly metric: RoutingMetric;
  /** The region that the check is about: healthy while it is the writer's. */
  readonly region: string;
  /** All regions of the global database, in a fixed order. */
  readonly regions: readonly string[];
  /**
   * Minutes, one after the other, in which the metric must say no before the check does.
   * @default 1
   */
  readonly alarmPeriods?: number;
}

/** Route 53 and the operator know periods of a minute: high-resolution metrics cannot be followed by a health check. */
const PERIOD_SECONDS = 60;
/** Of three voters: a lost region keeps its last word, and the other two decide. */
const MAJORITY = 2;

/**
 * Whether a region is the writer's, as DNS sees it: the operator's metric about the region, read in other regions. It is
 * prepared beforehand, so that nothing of Route 53's control plane, which lives in us-east-1, is needed when a region is lost.
 *
 * Silence never moves DNS: the alarm ignores missing data, and the check keeps its last known status.
 */
export class RoutingHealthCheck extends Construct {
  readonly healthCheck: HealthCheck;

  constructor(scope: Construct, id: string, props: RoutingHealthCheckProps) {
    super(scope, id);
    const { names, region, regions } = props;
    const voters = votersOf(region, regions);
    const isAlone = voters.length === 1;
    const checks = voters.map((voter) => this.#createCheck(props, voter, isAlone ? undefined : voter));
    const [first] = checks;
    if (first === undefined)
      throw new Error(`cannot create ${this.node.path}: ${region} is the only region; add another`);
    this.healthCheck = isAlone
      ? first
      : new HealthCheck(this, 'majority', {
          // A name of its own: AWS cannot make a calculated check of one that follows an alarm when a third region is added.
          name: names.of('health-check', region, 'majority'),
          forProvider: {
            type: 'CALCULATED',
            childHealthThreshold: MAJORITY,
            childHealthchecksRefs: checks.map((check) => check.reference),
          },
        });
  }

  /** What a record names it by. */
  get reference(): Reference {
    return this.healthCheck.reference;
  }

  #createCheck(props: RoutingHealthCheckProps, voter: string, part: string | undefined): HealthCheck {
    const { names, region, metric, alarmPeriods = 1 } = props;
    const alarm = new MetricAlarm(this, `alarm-${voter}`, {
      name: names.of('alarm', voter, `writer-${region}`),
      forProvider: {
        region: voter,
        alarmDescription: `The writer of ${metric.globalClusterIdentifier} is not in ${region}: DNS follows this alarm`,
        namespace: metric.namespace,
        metricName: metric.name,
        dimensions: { GlobalCluster: metric.globalClusterIdentifier, Region: region },
        // In the minute of a change both values are there. Between two regions the old one is left at once. In a chain it stays
        // until the new one is known: otherwise the last region of the chain would be named in between.
        statistic: part === undefined ? 'Minimum' : 'Maximum',
        comparisonOperator: 'LessThanThreshold',
        threshold: 1,
        period: PERIOD_SECONDS,
        // No datapointsToAlarm: health checks cannot follow alarms that count some of several periods.
        evaluationPeriods: alarmPeriods,
        treatMissingData: 'ignore',
      },
    });
    return new HealthCheck(this, `check-${voter}`, {
      name: names.of('health-check', region, part),
      forProvider: {
        type: 'CLOUDWATCH_METRIC',
        cloudwatchAlarmNameRef: alarm.reference,
        cloudwatchAlarmRegion: voter,
        insufficientDataHealthStatus: 'LastKnownStatus',
        // Route 53 copies the alarm's settings when it is told of the alarm: a change of them has to be told again.
        triggers: { periods: String(alarmPeriods), metric: `${metric.namespace}/${metric.name}` },
      },
    });
  }
}
