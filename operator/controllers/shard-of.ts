import { hash } from 'node:crypto';
import type { DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';

const known = new WeakMap<DisasterRecoveryPolicy['spec'], { readonly shards: number; readonly shard: number }>();

/**
 * The shard of a policy, 0 to `shards` - 1: by its global cluster and the account of its role, so that policies of one
 * cluster meet in one shard. By the spec alone: nothing that is observed may move a policy to another owner.
 */
export function shardOf({ spec }: Pick<DisasterRecoveryPolicy, 'spec'>, shards: number): number {
  const before = known.get(spec);
  if (before?.shards === shards) {
    return before.shard;
  }
  const account = spec.aws?.roleArn.split(':')[4] ?? '';
  const digest = hash('sha256', JSON.stringify([account, spec.globalClusterIdentifier]));
  const shard = Number.parseInt(digest.slice(0, 12), 16) % shards;
  known.set(spec, { shards, shard });
  return shard;
}
