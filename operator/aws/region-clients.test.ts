import { ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeGlobalClustersCommand } from '@aws-sdk/client-rds';
import { PublishCommand } from '@aws-sdk/client-sns';
import { afterEach, describe, expect, it } from '@jest/globals';
import { RegionClients } from './region-clients.ts';

/** An answer that tells when somebody asks what is in it, and the means to put it in place of AWS's. */
function anAnswer() {
  const looks: string[] = [];
  const output = new Proxy(
    { $metadata: {} },
    {
      ownKeys: (target) => {
        looks.push('fields');
        return Reflect.ownKeys(target);
      },
    },
  );
  const inPlace = () => () => Promise.resolve({ output, response: {} });
  return { looks, output, inPlace };
}

describe('RegionClients', () => {
  const clients = new RegionClients({
    region: 'us-east-1',
    endpoints: new Map(),
    purpose: 'read',
    credentials: () => Promise.resolve({ accessKeyId: 'key', secretAccessKey: 'secret' }),
  });

  afterEach(() => clients.close());

  it('given an answer of any service, then nobody copies its fields for a log', async () => {
    const { looks, output, inPlace } = anAnswer();
    const { rds, cloudWatch, sns } = clients;
    rds.middlewareStack.add(inPlace, { step: 'build' });
    cloudWatch.middlewareStack.add(inPlace, { step: 'build' });
    sns.middlewareStack.add(inPlace, { step: 'build' });
    const answers = await Promise.all([
      rds.send(new DescribeGlobalClustersCommand({})),
      cloudWatch.send(new ListMetricsCommand({})),
      sns.send(new PublishCommand({ Message: 'm', TopicArn: 'arn:aws:sns:us-east-1:1:t' })),
    ]);
    for (const answer of answers) expect(answer).toBe(output);
    expect(looks).toEqual([]);
  });
});
