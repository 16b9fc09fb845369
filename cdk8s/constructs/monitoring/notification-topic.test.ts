import { describe, expect, it } from '@jest/globals';
import { Testing } from 'cdk8s';
import { Names } from '../../configuration/names.ts';
import { testChart } from '../../managed/test-chart.ts';
import type { NotificationTopicProps } from './notification-topic.ts';
import { NotificationTopic } from './notification-topic.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly forProvider: Readonly<Record<string, unknown>> };
}

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Principal: unknown;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, unknown>>;
}

const props: NotificationTopicProps = {
  names: new Names('test'),
  accountId: '123456789012',
  region: 'us-west-2',
  keyAlias: 'alias/key-us-west-2-test',
  emails: ['oncall@example.com', 'dba@example.com'],
};
const ROLE = 'arn:aws:iam::123456789012:role/aurora-dr-operator';

function synthesize(changes: Partial<NotificationTopicProps> = {}, scope: 'namespaced' | 'cluster' = 'namespaced') {
  const chart = testChart({ scope });
  const topic = new NotificationTopic(chart, 'topic', { ...props, ...changes });
  return { topic, manifests: Testing.synth(chart) as readonly Manifest[] };
}

function statementsOf(manifests: readonly Manifest[]): readonly Statement[] {
  const policy = manifests.find(({ kind }) => kind === 'TopicPolicy')?.spec.forProvider['policy'];
  return (JSON.parse(String(policy)) as { readonly Statement: readonly Statement[] }).Statement;
}

function subscriptionsOf(manifests: readonly Manifest[]): readonly (readonly [name: string, endpoint: unknown])[] {
  return manifests
    .filter(({ kind }) => kind === 'TopicSubscription')
    .map(({ metadata, spec }) => [metadata.name, spec.forProvider['endpoint']]);
}

describe('a topic for notifications', () => {
  it.each(['namespaced', 'cluster'] as const)('given the %s scope, is what the snapshot says', (scope) => {
    expect(synthesize({ operatorRoleArn: ROLE }, scope).manifests).toMatchSnapshot();
  });

  it('is known by its ARN before it exists', () => {
    const { topic, manifests } = synthesize();
    expect(topic.topicArn).toBe('arn:aws:sns:us-west-2:123456789012:topic-us-west-2-test');
    expect(topic.topicArn.endsWith(`:${manifests[0]?.metadata.name ?? ''}`)).toBe(true);
  });

  it('lets each publish, and nothing else, and everybody but the operator for this account and set-up alone', () => {
    const { topic, manifests } = synthesize({ operatorRoleArn: ROLE });
    const statements = statementsOf(manifests);
    for (const { Action, Resource } of statements) {
      expect(Action).toEqual(['sns:Publish']);
      expect(Resource).toEqual([topic.topicArn]);
    }
    const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
    expect(allowed.map(({ Principal }) => Principal)).toEqual([
      { Service: 'cloudwatch.amazonaws.com' },
      { Service: 'events.rds.amazonaws.com' },
      { AWS: ROLE },
    ]);
    const services = allowed.slice(0, 2);
    for (const { Condition } of services) {
      expect(Condition).toMatchObject({ StringEquals: { 'aws:SourceAccount': '123456789012' } });
      const sources = [
        (Condition?.['ArnLike'] as Readonly<Record<string, string | readonly string[]>>)['aws:SourceArn'],
      ];
      for (const source of sources.flat()) expect(source).toMatch(/:us-west-2:123456789012:.+-us-west-2-test$/);
    }
  });

  it('given no role of an operator, names none', () => {
    expect(JSON.stringify(statementsOf(synthesize().manifests))).not.toContain('arn:aws:iam');
  });

  it('given no addresses, tells nobody', () => {
    expect(subscriptionsOf(synthesize({ emails: [] }).manifests)).toEqual([]);
  });

  it('given addresses in another order, subscribes each under the same name', () => {
    const emails = ['dba@example.com', 'oncall@example.com', 'dba@example.com'];
    expect(subscriptionsOf(synthesize({ emails }).manifests).toSorted()).toEqual(
      subscriptionsOf(synthesize().manifests).toSorted(),
    );
  });

  it('given addresses that look the same in a name, numbers them', () => {
    const emails = ['a.b@example.com', 'a-b@example.com', 'a+b@example.com'];
    expect(subscriptionsOf(synthesize({ emails }).manifests)).toEqual([
      ['subscription-a-b-example-com-us-west-2-test', 'a.b@example.com'],
      ['subscription-a-b-example-com-2-us-west-2-test', 'a-b@example.com'],
      ['subscription-a-b-example-com-3-us-west-2-test', 'a+b@example.com'],
    ]);
  });
});
