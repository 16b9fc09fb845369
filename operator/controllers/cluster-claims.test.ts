import { describe, expect, it } from '@jest/globals';
import { FINALIZER } from '../api/v1alpha1/annotations.ts';
import type { DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { ClusterClaims } from './cluster-claims.ts';
import { aPolicy } from './testing/a-policy.ts';

interface Props {
  readonly name: string;
  readonly created?: string;
  readonly cluster?: string;
  readonly roleAccount?: string;
  /** As AWS showed it. */
  readonly seenAccount?: string;
}

function policy({ name, created = '2026-01-01T00:00:00Z', cluster, roleAccount, seenAccount }: Props) {
  const base = aPolicy({
    ...(cluster === undefined ? {} : { globalClusterIdentifier: cluster }),
    ...(roleAccount === undefined ? {} : { aws: { roleArn: `arn:aws:iam::${roleAccount}:role/dr` } }),
  });
  const [region] = base.spec.regions;
  const clusterArn = `arn:aws:rds:us-east-1:${seenAccount ?? ''}:cluster:orders`;
  const seen = { name: region?.name ?? '', clusterIdentifier: 'orders', clusterArn };
  return {
    ...base,
    metadata: { ...base.metadata, name, creationTimestamp: created },
    ...(seenAccount === undefined ? {} : { status: { regions: [seen] } }),
  } as DisasterRecoveryPolicy;
}

function claimsOf(...policies: readonly DisasterRecoveryPolicy[]): ClusterClaims {
  const claims = new ClusterClaims();
  for (const each of policies) claims.note(undefined, each);
  return claims;
}

describe('ClusterClaims', () => {
  const old = policy({ name: 'old' });
  const young = policy({ name: 'a-young', created: '2026-01-02T00:00:00Z' });
  const youngest = policy({ name: 'youngest', created: '2026-01-03T00:00:00Z' });

  it('given one policy for each cluster, then each has its own', () => {
    const other = policy({ name: 'other', cluster: 'other-global' });
    const claims = claimsOf(old, other);
    expect([old, other].map((each) => claims.holderOf(each))).toEqual([undefined, undefined]);
    expect(claims.concernedBy(undefined, old)).toEqual([]);
  });

  it('given several of one cluster, whatever order they came in, then the oldest has it', () => {
    for (const claims of [claimsOf(old, young, youngest), claimsOf(youngest, young, old)]) {
      expect(claims.holderOf(old)).toBeUndefined();
      expect(claims.holderOf(young)).toBe(old);
      expect(claims.holderOf(youngest)).toBe(old);
      expect(claims.concernedBy(undefined, young).toSorted()).toEqual(['payments/old', 'payments/youngest']);
    }
  });

  it('given equal times, then the name decides, the same for both', () => {
    const [one, two] = [policy({ name: 'one' }), policy({ name: 'two' })];
    const claims = claimsOf(two, one);
    expect(claims.holderOf(one)).toBeUndefined();
    expect(claims.holderOf(two)).toBe(one);
  });

  it('given the oldest goes, then the next one has it', () => {
    const claims = claimsOf(old, young);
    claims.note(old, undefined);
    expect(claims.concernedBy(old, undefined)).toEqual(['payments/a-young']);
    expect(claims.holderOf(young)).toBeUndefined();
    claims.note(young, undefined);
    expect(claims.concernedBy(young, undefined)).toEqual([]);
  });

  it.each<[string, Omit<Props, 'name'>]>([
    ['is given a role of another account', { roleAccount: '222' }],
    ['turns out to be of another account', { seenAccount: '222' }],
  ])('given the oldest %s, then who left the cluster to it has it, and hears of it', (_, change) => {
    const mine = policy({ name: 'old', roleAccount: '111' });
    const rival = policy({ name: 'a-young', created: '2026-01-02T00:00:00Z', roleAccount: '111' });
    const claims = claimsOf(mine, rival);
    expect(claims.holderOf(rival)).toBe(mine);
    const changed = policy({ name: 'old', roleAccount: '111', ...change });
    claims.note(mine, changed);
    expect(claims.holderOf(rival)).toBeUndefined();
    expect(claims.concernedBy(mine, changed)).toEqual(['payments/a-young']);
  });

  it('given the oldest is deleted, then it has the cluster until it is released, whoever else still holds it', () => {
    const deleted = (...finalizers: string[]): DisasterRecoveryPolicy => ({
      ...old,
      metadata: { ...old.metadata, deletionTimestamp: '2026-02-01T00:00:00Z', finalizers },
    });
    const [leaving, released] = [deleted(FINALIZER, 'example.org/slow'), deleted('example.org/slow')];
    const claims = claimsOf(old, young);
    claims.note(old, leaving);
    expect(claims.holderOf(young)).toBe(leaving);
    claims.note(leaving, released);
    expect(claims.holderOf(young)).toBeUndefined();
    expect(claims.concernedBy(leaving, released)).toEqual(['payments/a-young']);
  });

  it('given a change that says nothing about accounts, then it concerns nobody else', () => {
    const claims = claimsOf(old, young);
    const changed = { ...old, metadata: { ...old.metadata, generation: 2 } };
    claims.note(old, changed);
    expect(claims.concernedBy(old, changed)).toEqual([]);
  });

  it('given a change of a policy, then what it is now counts', () => {
    const claims = claimsOf(old, young);
    const changed = { ...old, metadata: { ...old.metadata, generation: 2 } };
    claims.note(old, changed);
    expect(claims.holderOf(young)).toBe(changed);
  });

  it.each<[string, Props, Props, boolean]>([
    ['roles of different accounts', { name: 'a', roleAccount: '111' }, { name: 'b', roleAccount: '222' }, false],
    ['roles of one account', { name: 'a', roleAccount: '111' }, { name: 'b', roleAccount: '111' }, true],
    ['the own account, seen for one', { name: 'a', seenAccount: '111' }, { name: 'b' }, true],
    ['the own account and a role in it', { name: 'a', seenAccount: '111' }, { name: 'b', roleAccount: '111' }, true],
    [
      'the own account and a role elsewhere',
      { name: 'a', seenAccount: '111' },
      { name: 'b', roleAccount: '222' },
      false,
    ],
    ['the own account, not seen yet, and a role', { name: 'a' }, { name: 'b', roleAccount: '111' }, false],
    [
      'what AWS showed against the role',
      { name: 'a', roleAccount: '1', seenAccount: '2' },
      { name: 'b', roleAccount: '2' },
      true,
    ],
  ])('given equal identifiers and %s, then they are told apart by account', (_, one, other, isSame) => {
    const [first, second] = [policy(one), policy(other)];
    expect(claimsOf(first, second).holderOf(second)).toBe(isSame ? first : undefined);
  });
});
