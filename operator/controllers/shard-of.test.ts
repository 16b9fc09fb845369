import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { shardOf } from './shard-of.ts';

type Policy = Pick<DisasterRecoveryPolicy, 'spec'>;

function aPolicy(globalClusterIdentifier: string, roleArn?: string): Policy {
  const aws = roleArn === undefined ? {} : { aws: { roleArn } };
  return { spec: { globalClusterIdentifier, ...aws } } as Policy;
}

const role = (account: number, name: string): string =>
  `arn:aws:iam::${String(account).padStart(12, '0')}:role/${name}`;
const SHARDS = 16;

describe('shardOf', () => {
  it('given any policy, then it belongs to one of the shards, and with one shard to that', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 64 }), (identifier, shards) => {
        const policy = aPolicy(identifier);

        expect(shardOf(policy, shards)).toBeGreaterThanOrEqual(0);
        expect(shardOf(policy, shards)).toBeLessThan(shards);
        expect(shardOf(policy, 1)).toBe(0);
        expect(shardOf(policy, shards)).toBe(shardOf(aPolicy(identifier), shards));
      }),
    );
  });

  it('given two policies of one cluster, by different roles of its account, then they are in one shard', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (identifier, account) => {
        expect(shardOf(aPolicy(identifier, role(account, 'one')), SHARDS)).toBe(
          shardOf(aPolicy(identifier, role(account, 'path/other')), SHARDS),
        );
      }),
    );
  });

  it('given one name of a cluster in many accounts, and many names in one account, then they are spread over all shards', () => {
    const numbers = Array.from({ length: 1_000 }, (_, index) => index);
    const byAccount = new Set(numbers.map((account) => shardOf(aPolicy('orders', role(account, 'dr')), SHARDS)));
    const byName = new Set(numbers.map((index) => shardOf(aPolicy(`orders-${index}`), SHARDS)));

    expect(byAccount.size).toBe(SHARDS);
    expect(byName.size).toBe(SHARDS);
  });
});
