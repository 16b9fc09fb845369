import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import type { MetricAlarmParameters } from '../../imports/cloudwatch.ts';
import { MetricAlarm } from '../../imports/cloudwatch.ts';
import type { FunctionName } from './function-name.ts';

export interface FunctionAlarmsProps {
  readonly names: Names;
  readonly region: string;
  readonly function: FunctionName;
  /** Name of the function in AWS. */
  readonly functionName: string;
  readonly queueName: string;
  readonly topicArn: string;
  /** For a function that runs by a schedule: how often, and the metric that it puts every time. @default - no schedule */
  readonly schedule?: {
    readonly minutes: number;
    readonly namespace: string;
    readonly heartbeat: string;
    readonly globalClusterIdentifier: string;
  };
}

const MINUTE_SECONDS = 60;
/** A round that fails now and then is the schedule's to repeat; three of five are somebody's matter. */
const SCHEDULED = { evaluationPeriods: 5, datapointsToAlarm: 3 } as const;
/** What a person started is their matter at once. */
const ASKED_FOR = { evaluationPeriods: 1, datapointsToAlarm: 1 } as const;

/** What tells that a function does not work. */
export class FunctionAlarms extends Construct {
  readonly #props: FunctionAlarmsProps;

  constructor(scope: Construct, id: string, props: FunctionAlarmsProps) {
    super(scope, id);
    this.#props = props;
    const { functionName, queueName, schedule } = props;
    this.#lambdaAlarm('errors', 'Errors', `${functionName} fails; its log says why`);
    this.#lambdaAlarm('throttles', 'Throttles', `${functionName} is not run: the account has too few executions left`);
    this.#alarm('dead-letters', {
      alarmDescription: `Events that ${functionName} failed at, or was not given, are in ${queueName}`,
      namespace: 'AWS/SQS',
      metricName: 'ApproximateNumberOfMessagesVisible',
      dimensions: { QueueName: queueName },
      statistic: 'Maximum',
      ...ASKED_FOR,
    });
    if (schedule !== undefined) this.#silence(schedule);
  }

  #lambdaAlarm(part: string, metricName: string, alarmDescription: string): void {
    this.#alarm(part, {
      alarmDescription,
      namespace: 'AWS/Lambda',
      metricName,
      dimensions: { FunctionName: this.#props.functionName },
      statistic: 'Sum',
      ...(this.#props.schedule === undefined ? ASKED_FOR : SCHEDULED),
    });
  }

  /** It puts a metric whenever it runs: nothing else tells of a schedule that does not start it. */
  #silence(schedule: NonNullable<FunctionAlarmsProps['schedule']>): void {
    this.#alarm('silence', {
      alarmDescription: `${this.#props.functionName} has not run for a while`,
      namespace: schedule.namespace,
      metricName: schedule.heartbeat,
      dimensions: { GlobalCluster: schedule.globalClusterIdentifier },
      statistic: 'SampleCount',
      comparisonOperator: 'LessThanThreshold',
      threshold: 1,
      evaluationPeriods: SCHEDULED.evaluationPeriods,
      datapointsToAlarm: SCHEDULED.evaluationPeriods,
      treatMissingData: 'breaching',
    });
  }

  #alarm(part: string, parameters: Omit<MetricAlarmParameters, 'region'>): void {
    const { names, region, topicArn, schedule } = this.#props;
    new MetricAlarm(this, part, {
      name: names.of('alarm', region, `${this.#props.function}-${part}`),
      forProvider: {
        region,
        comparisonOperator: 'GreaterThanThreshold',
        threshold: 0,
        period: (schedule?.minutes ?? 1) * MINUTE_SECONDS,
        treatMissingData: 'notBreaching',
        ...parameters,
        // By ARN: alarmActionsRefs of a MetricAlarm lead to scaling policies, not to topics.
        alarmActions: [topicArn],
        okActions: [topicArn],
      },
    });
  }
}
