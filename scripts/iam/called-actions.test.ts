import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { OPERATOR_FEATURES } from '../../operator/aws/permissions.ts';
import { actionsIn, calledActions } from './called-actions.ts';
import { policyDocument } from './policy-document.ts';

const operator = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'operator');
/** "IAM and AWS STS quotas": characters of a managed policy, white space aside. */
const LONGEST_MANAGED_POLICY = 6_144;

describe('actionsIn', () => {
  it('finds each command by the name that the SDK has for it', () => {
    const text = `import { DescribeEventsCommand, PublishCommand as P, RDSClient, type Foo } from '@aws-sdk/client-rds';
      import { type X, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
      import type { DescribeDBClustersCommand } from '@aws-sdk/client-rds';
      import { readFile } from 'node:fs/promises';`;
    expect(actionsIn('a.ts', text)).toEqual(['rds:DescribeEvents', 'rds:Publish', 'cloudwatch:GetMetricData']);
  });

  it.each(["import * as sqs from '@aws-sdk/client-rds'", "import { SendCommand } from '@aws-sdk/client-sqs'"])(
    'given %s, says that it cannot tell',
    (text) => {
      expect(() => actionsIn('a.ts', text)).toThrow(/cannot tell what a.ts calls/);
    },
  );
});

describe('the rights of the operator', () => {
  it('are what its code calls, no more and no less', () => {
    const permitted = OPERATOR_FEATURES.flatMap(({ permissions }) => permissions.flatMap(({ calls }) => calls));
    expect(permitted.toSorted()).toEqual(calledActions(operator));
  });

  it('fit into one managed policy', () => {
    expect(JSON.stringify(policyDocument(OPERATOR_FEATURES)).length).toBeLessThan(LONGEST_MANAGED_POLICY);
  });

  it('are narrowed to what is named', () => {
    const [statement] = policyDocument(
      OPERATOR_FEATURES.filter(({ name }) => name === 'failover'),
      { partition: 'aws-cn', account: '123456789012', globalClusters: ['world'], clusters: ['east', 'west'] },
    ).Statement;
    expect(statement?.Resource).toEqual([
      'arn:aws-cn:rds::123456789012:global-cluster:world',
      'arn:aws-cn:rds:*:123456789012:cluster:east',
      'arn:aws-cn:rds:*:123456789012:cluster:west',
    ]);
  });

  it('have a condition where the resource says nothing', () => {
    const statements = policyDocument(OPERATOR_FEATURES, { namespaces: ['A', 'B'] }).Statement;
    const conditionOf = (sid: string) => statements.find(({ Sid }) => Sid === sid)?.Condition;
    expect(conditionOf('PutRoutingMetric')).toEqual({ StringEquals: { 'cloudwatch:namespace': ['A', 'B'] } });
    expect(conditionOf('UseKeysOfSnapshots')).toEqual({ StringLike: { 'kms:ViaService': ['rds.*.amazonaws.com'] } });
    expect(conditionOf('ObserveClusters')).toBeUndefined();
  });
});
