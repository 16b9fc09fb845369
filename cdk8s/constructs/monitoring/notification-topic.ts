import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { Topic, TopicPolicy, TopicSubscription } from '../../imports/sns.ts';
import type { PolicyStatement } from '../identity/policy-document.ts';
import { policyDocument } from '../identity/policy-document.ts';

export interface NotificationTopicProps {
  readonly names: Names;
  readonly accountId: string;
  readonly region: string;
  /** Alias of the region's key, which CloudWatch and RDS events may use: without that right they fail silently. */
  readonly keyAlias: string;
  /**
   * Who is told. Each address has to confirm the message that AWS sends to it.
   * @default - nobody
   */
  readonly emails?: readonly string[];
  /**
   * ARN of the operator's role.
   * @default - roles of this account whose own policies let them publish: the topic's policy has to name none of these
   */
  readonly operatorRoleArn?: string;
  /** Whether RDS publishes its events here. @default true */
  readonly hasDatabaseEvents?: boolean;
}

/** Where a region's alarms and events go, and what operator and functions have to say: encrypted, and closed to all others. */
export class NotificationTopic extends Construct {
  readonly topic: Topic;
  /** As soon as it exists: ARNs of topics follow from their names. */
  readonly topicArn: string;

  constructor(scope: Construct, id: string, props: NotificationTopicProps) {
    super(scope, id);
    const { names, accountId, region, emails = [] } = props;
    const name = names.of('topic', region);
    this.topicArn = `arn:aws:sns:${region}:${accountId}:${name}`;
    this.topic = new Topic(this, 'topic', {
      name,
      forProvider: {
        region,
        displayName: `${names.globalCluster} in ${region}`,
        kmsMasterKeyId: props.keyAlias,
      },
    });
    new TopicPolicy(this, 'policy', {
      name,
      forProvider: { region, arnRef: this.topic.reference, policy: policyDocument(this.#statements(props)) },
    });
    for (const [part, email] of partsOf(emails)) {
      new TopicSubscription(this, `email-${part}`, {
        name: names.of('subscription', region, part),
        forProvider: { region, topicArnRef: this.topic.reference, protocol: 'email', endpoint: email },
      });
    }
  }

  #statements(props: NotificationTopicProps): PolicyStatement[] {
    const { names, accountId, region, operatorRoleArn, hasDatabaseEvents = true } = props;
    const publish = { actions: ['sns:Publish'], resources: [this.topicArn] };
    const here = `${region}:${accountId}`;
    return [
      {
        ...publish,
        sid: 'AlarmsOfThisSetUp',
        principal: { Service: 'cloudwatch.amazonaws.com' },
        conditions: {
          StringEquals: { 'aws:SourceAccount': accountId },
          ArnLike: { 'aws:SourceArn': `arn:aws:cloudwatch:${here}:alarm:${names.of('alarm', region, '*')}` },
        },
      },
      ...(hasDatabaseEvents
        ? [
            {
              ...publish,
              sid: 'DatabaseEventsOfThisSetUp',
              principal: { Service: 'events.rds.amazonaws.com' },
              conditions: {
                StringEquals: { 'aws:SourceAccount': accountId },
                // Whose event it is; and the subscription, in whose name RDS tries whether it may publish.
                ArnLike: {
                  'aws:SourceArn': [
                    `arn:aws:rds:${here}:cluster:${names.of('aurora', region)}`,
                    `arn:aws:rds:${here}:db:${names.of('aurora-instance', region, '*')}`,
                    `arn:aws:rds:${here}:es:${names.of('event-subscription', region, '*')}`,
                  ],
                },
              },
            } satisfies PolicyStatement,
          ]
        : []),
      ...(operatorRoleArn === undefined
        ? []
        : [{ ...publish, sid: 'Operator', principal: { AWS: operatorRoleArn } } satisfies PolicyStatement]),
      {
        ...publish,
        sid: 'NothingUnencrypted',
        effect: 'Deny',
        principal: '*',
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ];
  }
}

const PART_LENGTH = 60;

/**
 * A part of a name for each address, made of the address and not of its place in the list: AWS cannot change where a
 * subscription goes. Addresses that look the same then are numbered.
 */
function partsOf(emails: readonly string[]): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  for (const email of new Set(emails)) {
    const words = email.toLowerCase().match(/[a-z0-9]+/g) ?? [];
    const part = words.join('-').slice(0, PART_LENGTH);
    const numbered = Array.from({ length: emails.length }, (_, index) => `${part}-${String(index + 2)}`);
    const free = [part, ...numbered].find((candidate) => !parts.has(candidate)) ?? part;
    parts.set(free, email);
  }
  return parts;
}
