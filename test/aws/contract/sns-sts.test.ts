import { DescribeGlobalClustersCommand } from '@aws-sdk/client-rds';
import { PublishCommand } from '@aws-sdk/client-sns';
import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { Credentials } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startLocalAws } from '../local-aws.ts';
import type { LocalAws } from '../local-aws.ts';
import { ManualClock } from '../world/clock.ts';
import { sdkClients } from './sdk-clients.ts';
import type { SdkClients } from './sdk-clients.ts';

const role = 'arn:aws:iam::999999999999:role/aurora-dr';
let aws: LocalAws;
let clients: SdkClients;

beforeEach(async () => {
  aws = await startLocalAws({ clock: new ManualClock(Date.parse('2030-01-01T00:00:00Z')) });
  clients = sdkClients('us-east-1', aws.endpoints['us-east-1']!);
});

afterEach(async () => {
  clients.destroy();
  await aws.stop();
});

describe('SNS', () => {
  it('keeps what is published', async () => {
    const TopicArn = aws.addTopic('us-east-1', 'alerts');
    const MessageAttributes = { event: { DataType: 'String', StringValue: 'FailoverStarted' } };
    await clients.sns.send(
      new PublishCommand({ TopicArn, Subject: 'A & B', Message: '{"lag": "<1 s"}', MessageAttributes }),
    );
    expect(aws.messages).toMatchObject([
      {
        topicArn: TopicArn,
        region: 'us-east-1',
        subject: 'A & B',
        message: '{"lag": "<1 s"}',
        attributes: { event: 'FailoverStarted' },
      },
    ]);
  });

  it.each([
    ['a subject over 100 characters', { Subject: 'x'.repeat(101), Message: 'x' }],
    ['a subject with a line break', { Subject: 'a\nb', Message: 'x' }],
    ['an empty message', { Message: '' }],
    ['a message over 256 KiB', { Message: 'x'.repeat(256 * 1024 + 1) }],
  ])('refuses %s', async (_name, message) => {
    const TopicArn = aws.addTopic('us-east-1', 'alerts');
    await expect(clients.sns.send(new PublishCommand({ TopicArn, ...message }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('refuses a topic of another region', async () => {
    const TopicArn = aws.addTopic('us-west-2', 'alerts');
    await expect(clients.sns.send(new PublishCommand({ TopicArn, Message: 'x' }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });
});

describe('STS', () => {
  const assume = async (input: { ExternalId?: string; DurationSeconds?: number } = {}): Promise<Credentials> => {
    const command = new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'operator', ...input });
    return (await clients.sts.send(command)).Credentials!;
  };

  const clientsOf = ({ AccessKeyId, SecretAccessKey, SessionToken }: Credentials): SdkClients =>
    sdkClients('us-east-1', aws.endpoints['us-east-1']!, {
      credentials: { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey!, sessionToken: SessionToken! },
    });

  it('a session sees the role’s account', async () => {
    await aws.addGlobalCluster({ accountId: '999999999999', hasEndpoints: false });
    const assumed = clientsOf(await assume());
    expect((await assumed.rds.send(new DescribeGlobalClustersCommand({}))).GlobalClusters).toHaveLength(1);
    expect((await clients.rds.send(new DescribeGlobalClustersCommand({}))).GlobalClusters).toHaveLength(0);
    expect(await assumed.sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '999999999999',
      Arn: 'arn:aws:sts::999999999999:assumed-role/aurora-dr/operator',
    });
    assumed.destroy();
  });

  it('a service account’s token is exchanged for a session, without a signature', async () => {
    const unsigned = new AssumeRoleWithWebIdentityCommand({
      RoleArn: role,
      RoleSessionName: 'pod',
      WebIdentityToken: 'a.web.token',
    });
    const assumed = clientsOf((await clients.sts.send(unsigned)).Credentials!);
    const { Arn } = await assumed.sts.send(new GetCallerIdentityCommand({}));
    expect(Arn).toBe('arn:aws:sts::999999999999:assumed-role/aurora-dr/pod');
    aws.addRole({ arn: role, isDenied: true });
    await expect(clients.sts.send(unsigned)).rejects.toMatchObject({ name: 'AccessDenied' });
    assumed.destroy();
  });

  it('a session expires', async () => {
    const assumed = clientsOf(await assume({ DurationSeconds: 900 }));
    await aws.advance(900_000);
    await expect(assumed.rds.send(new DescribeGlobalClustersCommand({}))).rejects.toMatchObject({
      name: 'ExpiredToken',
      $metadata: { httpStatusCode: 403 },
    });
    assumed.destroy();
  });

  it('a session token that does not belong to the key is refused', async () => {
    const assumed = clientsOf({ ...(await assume()), SessionToken: 'another' });
    await expect(assumed.rds.send(new DescribeGlobalClustersCommand({}))).rejects.toMatchObject({
      name: 'InvalidClientTokenId',
    });
    assumed.destroy();
  });

  it('a role with an external ID wants it', async () => {
    aws.addRole({ arn: role, externalId: 'right' });
    await expect(assume({ ExternalId: 'wrong' })).rejects.toMatchObject({
      name: 'AccessDenied',
      $metadata: { httpStatusCode: 403 },
    });
    await expect(assume()).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(assume({ ExternalId: 'right' })).resolves.toBeDefined();
  });

  it('a role that trusts nobody is refused', async () => {
    aws.addRole({ arn: role, isDenied: true });
    await expect(assume()).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it.each([899, 43_201])('refuses a duration of %i s', async (DurationSeconds) => {
    await expect(assume({ DurationSeconds })).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
  });
});
