import { describe, expect, it } from '@jest/globals';
import { followArns } from './arns.ts';
import type { Manifest } from './manifest.ts';
import { SET_UPS } from './set-ups.ts';

describe.each(SET_UPS)('Given $title', ({ manifests, configuration }) => {
  it('then every ARN names something of the set-up, in its region and account, or what the configuration names', () => {
    const { problems, count } = followArns(manifests, configuration.accountId);
    const { roleArn } = configuration.policy;
    expect(problems.filter((problem) => roleArn === undefined || !problem.includes(` names ${roleArn}, `))).toEqual([]);
    expect(count).toBeGreaterThan(10);
  });
});

describe('Given a topic in us-east-1', () => {
  const accountId = '123456789012';
  const resource = (apiVersion: string, kind: string, name: string, forProvider: object): Manifest => ({
    apiVersion,
    kind,
    metadata: { name },
    spec: { forProvider: { region: 'us-east-1', ...forProvider } },
  });
  const topic = resource('sns.aws.m.upbound.io/v1beta1', 'Topic', 'topic', {});
  const group = resource('cloudwatchlogs.aws.m.upbound.io/v1beta1', 'Group', 'group', {});
  const problemsOf = (...values: string[]) =>
    followArns(
      [topic, group, resource('cloudwatch.aws.m.upbound.io/v1beta1', 'MetricAlarm', 'alarm', { values })],
      accountId,
    ).problems;

  it('then its ARN is known, and so are patterns that mean it, and what is in a group', () => {
    expect(
      problemsOf(
        `arn:aws:sns:us-east-1:${accountId}:topic`,
        `arn:aws:sns:us-east-1:${accountId}:top*`,
        `{"Resource":"arn:aws:logs:us-east-1:${accountId}:log-group:group:*"}`,
        `arn:aws:logs:us-east-1:${accountId}:log-group:*`,
        `arn:aws:iam::${accountId}:root`,
        `arn:aws:kms:us-east-1:${accountId}:key/*`,
      ),
    ).toEqual([]);
  });

  it.each([
    ['another name', `arn:aws:sns:us-east-1:${accountId}:other`],
    ['another region', `arn:aws:sns:us-west-2:${accountId}:topic`],
    ['another account', 'arn:aws:sns:us-east-1:210987654321:topic'],
    ['another service', `arn:aws:sqs:us-east-1:${accountId}:topic`],
    ['the id of a key', `arn:aws:kms:us-east-1:${accountId}:key/mrk-1234`],
    ['every bucket', 'arn:aws:s3:::*'],
    ['in a policy', `{"Resource":["arn:aws:sns:us-east-1:${accountId}:topics"]}`],
  ])('then %s is found out', (_, text) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining('which is not there')]);
  });
});
