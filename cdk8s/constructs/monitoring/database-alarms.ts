import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { CompositeAlarm, MetricAlarm } from '../../imports/cloudwatch.ts';
import type { MetricAlarmParameters } from '../../imports/cloudwatch.ts';
import type { OperatorMetrics } from './operator-metrics.ts';
import { OPERATOR_METRICS } from './operator-metrics.ts';

/** Above `threshold` in `periods` periods of `periodSeconds` one after the other. */
export interface AlarmThreshold {
  readonly threshold: number;
  readonly periods: number;
  readonly periodSeconds: number;
}

export interface AlarmThresholds {
  readonly replicationLagMilliseconds: AlarmThreshold;
  readonly cpuPercent: AlarmThreshold;
  readonly connections: AlarmThreshold;
}

export interface DatabaseAlarmsProps {
  readonly names: Names;
  readonly region: string;
  /** The region's topic: alarms reach no other. */
  readonly topicArn: string;
  readonly thresholds: AlarmThresholds;
  /**
   * Whether an operator tells who writes, without which nobody can tell a silent secondary from a writer.
   * @default true
   */
  readonly hasOperator?: boolean;
  /** @default - under their usual names */
  readonly operatorMetrics?: OperatorMetrics;
  /**
   * Whether one alarm stands for all that the cluster can have.
   * @default true
   */
  readonly hasComposite?: boolean;
}

const PERIOD_SECONDS = 60;
/** Samples of lag arrive 1 to 3 minutes late: only a silence that is longer says something. */
const SILENT_MINUTES = 10;
/** The operator puts its metrics every 60 s. */
const OPERATOR_SILENT_MINUTES = 5;

/**
 * Alarms of one region. Every region has all of them, because roles change: an alarm that exists only where the secondary was
 * declared would be blind after the first failover. Each tells the topic when it goes off; the composite alarm tells it when
 * none is left.
 */
export class DatabaseAlarms extends Construct {
  /** Of any trouble of the region's cluster, where it is wanted. */
  readonly composite: CompositeAlarm | undefined;
  /** Names of all alarms, the composite one among them. */
  readonly alarmNames: readonly string[];
  readonly #props: DatabaseAlarmsProps;

  constructor(scope: Construct, id: string, props: DatabaseAlarmsProps) {
    super(scope, id);
    this.#props = props;
    const { hasOperator = true, hasComposite = true } = props;
    const troubles = [
      this.#replicationLag(),
      this.#load('cpu', 'CPUUtilization', '%', props.thresholds.cpuPercent),
      this.#load('connections', 'DatabaseConnections', 'connections', props.thresholds.connections),
      ...(hasOperator ? [this.#replicationSilence()] : []),
    ];
    const others = hasOperator ? [this.#operatorSilence()] : [];
    this.composite = hasComposite ? this.#anyOf(troubles) : undefined;
    this.alarmNames = [...troubles, ...others, ...(this.composite === undefined ? [] : [this.composite])].map(
      ({ name }) => name,
    );
  }

  get #metrics(): OperatorMetrics {
    return this.#props.operatorMetrics ?? OPERATOR_METRICS;
  }

  #anyOf(troubles: readonly MetricAlarm[]): CompositeAlarm {
    const { names, region, topicArn } = this.#props;
    return new CompositeAlarm(this, 'database', {
      name: names.of('alarm', region, 'database'),
      forProvider: {
        region,
        alarmDescription: `Some alarm of the cluster ${this.#cluster} is on; the topic is told when none is left`,
        alarmRule: troubles.map(({ name }) => `ALARM("${name}")`).join(' OR '),
        okActions: [topicArn],
      },
    });
  }

  get #cluster(): string {
    return this.#props.names.of('aurora', this.#props.region);
  }

  #alarm(part: string, parameters: Omit<MetricAlarmParameters, 'region' | 'alarmActions'>): MetricAlarm {
    const { names, region, topicArn } = this.#props;
    return new MetricAlarm(this, part, {
      name: names.of('alarm', region, part),
      // By ARN: alarmActionsRefs of a MetricAlarm lead to scaling policies, not to topics.
      forProvider: { region, ...parameters, alarmActions: [topicArn] },
    });
  }

  /** The cluster's metric above a limit, by the worst of its instances. */
  #above(metricName: string, { threshold, periods, periodSeconds }: AlarmThreshold) {
    return {
      namespace: 'AWS/RDS',
      metricName,
      dimensions: { DBClusterIdentifier: this.#cluster },
      statistic: 'Maximum',
      comparisonOperator: 'GreaterThanThreshold',
      threshold,
      period: periodSeconds,
      evaluationPeriods: periods,
      datapointsToAlarm: periods,
    };
  }

  /** A writer has no such metric, so that missing data is no trouble: silence of a secondary has an alarm of its own. */
  #replicationLag(): MetricAlarm {
    const limit = this.#props.thresholds.replicationLagMilliseconds;
    return this.#alarm('replication-lag', {
      alarmDescription: `${this.#cluster}, while it is a secondary, lags more than ${String(limit.threshold)} ms behind the writer`,
      ...this.#above('AuroraGlobalDBReplicationLag', limit),
      treatMissingData: 'notBreaching',
    });
  }

  /**
   * The maximum of all instances, because on average idle standbys would hide a busy writer. Missing data stay missing: the
   * state is then INSUFFICIENT_DATA, which is what is known.
   */
  #load(part: string, metricName: string, unit: string, limit: AlarmThreshold): MetricAlarm {
    return this.#alarm(part, {
      alarmDescription: `An instance of ${this.#cluster} has more than ${String(limit.threshold)} ${unit} (${metricName})`,
      ...this.#above(metricName, limit),
      treatMissingData: 'missing',
    });
  }

  /** The operator says that the region does not write, and no lag is reported: replication is broken, or its source is gone. */
  #replicationSilence(): MetricAlarm {
    const { names, region } = this.#props;
    const metric = (namespace: string, metricName: string, dimensions: Readonly<Record<string, string>>) => ({
      metric: { namespace, metricName, dimensions, period: PERIOD_SECONDS, stat: 'Maximum' },
      returnData: false,
    });
    return this.#alarm('replication-silent', {
      alarmDescription: `${this.#cluster} is a secondary and has reported no replication lag for ${String(SILENT_MINUTES)} minutes`,
      metricQuery: [
        {
          id: 'silent',
          label: 'Secondary without a lag',
          expression: 'IF(writer < 1, FILL(lag, -1) < 0, 0)',
          returnData: true,
        },
        { id: 'lag', ...metric('AWS/RDS', 'AuroraGlobalDBReplicationLag', { DBClusterIdentifier: this.#cluster }) },
        {
          id: 'writer',
          ...metric(this.#metrics.namespace, this.#metrics.writerRegion, {
            GlobalCluster: names.globalCluster,
            Region: region,
          }),
        },
      ],
      comparisonOperator: 'GreaterThanOrEqualToThreshold',
      threshold: 1,
      evaluationPeriods: SILENT_MINUTES,
      datapointsToAlarm: SILENT_MINUTES,
      // Nobody says who writes: the operator's own alarm tells that.
      treatMissingData: 'notBreaching',
    });
  }

  /** Silence is what it is about. */
  #operatorSilence(): MetricAlarm {
    return this.#alarm('operator-silent', {
      alarmDescription: `No operator has looked after ${this.#props.names.globalCluster} for ${String(OPERATOR_SILENT_MINUTES)} minutes`,
      namespace: this.#metrics.namespace,
      metricName: this.#metrics.operatorHeartbeat,
      dimensions: { GlobalCluster: this.#props.names.globalCluster },
      statistic: 'SampleCount',
      comparisonOperator: 'LessThanThreshold',
      threshold: 1,
      period: PERIOD_SECONDS,
      evaluationPeriods: OPERATOR_SILENT_MINUTES,
      datapointsToAlarm: OPERATOR_SILENT_MINUTES,
      treatMissingData: 'breaching',
    });
  }
}
