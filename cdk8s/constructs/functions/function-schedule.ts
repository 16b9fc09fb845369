import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { Rule, Target } from '../../imports/cloudwatchevents.ts';
import type { LambdaFunction } from '../../imports/lambda.ts';
import { Permission } from '../../imports/lambda.ts';
import type { FunctionName } from './function-name.ts';

export interface FunctionScheduleProps {
  readonly names: Names;
  readonly accountId: string;
  readonly region: string;
  readonly function: FunctionName;
  readonly lambda: LambdaFunction;
  readonly minutes: number;
  /** Queue of what could not be delivered. */
  readonly queueArn: string;
}

const MINUTE_SECONDS = 60;

/** ARN of the rule that starts a function: it follows from its name. */
export function scheduleArn(names: Names, accountId: string, region: string, name: FunctionName): string {
  return `arn:aws:events:${region}:${accountId}:rule/${names.of('function-schedule', region, name)}`;
}

/** Runs a function again and again. */
export class FunctionSchedule extends Construct {
  constructor(scope: Construct, id: string, props: FunctionScheduleProps) {
    super(scope, id);
    const { names, accountId, region, lambda, minutes, queueArn } = props;
    const name = names.of('function-schedule', region, props.function);
    const rule = new Rule(this, 'rule', {
      name,
      forProvider: {
        region,
        description: `Runs ${lambda.name}`,
        scheduleExpression: minutes === 1 ? 'rate(1 minute)' : `rate(${String(minutes)} minutes)`,
        state: 'ENABLED',
      },
    });
    new Target(this, 'target', {
      name,
      forProvider: {
        region,
        ruleRef: rule.reference,
        targetId: props.function,
        // No field refers to a function. Its ARN follows from its name.
        arn: `arn:aws:lambda:${region}:${accountId}:function:${lambda.name}`,
        deadLetterConfig: { arn: queueArn },
        // An event that is late is worth less than the next one.
        retryPolicy: { maximumEventAgeInSeconds: MINUTE_SECONDS, maximumRetryAttempts: 1 },
      },
    });
    new Permission(this, 'permission', {
      name,
      forProvider: {
        region,
        functionNameRef: lambda.reference,
        statementId: 'schedule',
        action: 'lambda:InvokeFunction',
        principal: 'events.amazonaws.com',
        sourceArn: scheduleArn(names, accountId, region, props.function),
      },
    });
  }
}
