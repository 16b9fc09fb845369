import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { Queue } from '../../imports/sqs.ts';
import { policyDocument } from '../identity/policy-document.ts';
import type { FunctionName } from './function-name.ts';

export interface DeadLettersProps {
  readonly names: Names;
  readonly accountId: string;
  readonly region: string;
  readonly function: FunctionName;
  /** How long undelivered events are kept. @default 14 */
  readonly retentionDays?: number;
  /**
   * ARN of the rule whose events may end here because they could not be delivered.
   * @default - none
   */
  readonly ruleArn?: string;
}

const DAY_SECONDS = 86_400;

/** Where events go that a function failed at, or that it could not be given: encrypted by SQS. */
export class DeadLetters extends Construct {
  readonly queue: Queue;
  /** As soon as it exists: ARNs of queues follow from their names. */
  readonly queueArn: string;

  constructor(scope: Construct, id: string, props: DeadLettersProps) {
    super(scope, id);
    const { names, accountId, region, retentionDays = 14, ruleArn } = props;
    const name = names.of('dead-letters', region, props.function);
    this.queueArn = `arn:aws:sqs:${region}:${accountId}:${name}`;
    const policy = policyDocument([
      {
        sid: 'NothingUnencrypted',
        effect: 'Deny',
        actions: ['sqs:SendMessage', 'sqs:ReceiveMessage'],
        resources: [this.queueArn],
        principal: '*',
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      ...(ruleArn === undefined
        ? []
        : [
            {
              sid: 'EventsOfTheSchedule',
              actions: ['sqs:SendMessage'],
              resources: [this.queueArn],
              principal: { Service: 'events.amazonaws.com' },
              conditions: { ArnEquals: { 'aws:SourceArn': ruleArn } },
            },
          ]),
    ]);
    this.queue = new Queue(this, 'queue', {
      name,
      forProvider: {
        region,
        name,
        messageRetentionSeconds: retentionDays * DAY_SECONDS,
        sqsManagedSseEnabled: true,
        policy,
      },
    });
  }
}
