import { describe, expect, it } from '@jest/globals';
import type { GuardFacts } from './guard-facts.ts';
import { pauseWishOf } from './pause-wish.ts';
import { judgeRoleDrift } from './role-drift.ts';
import { arnOf, managedResource, rolesWith } from './testing/managed-objects.ts';

const POLICY = 'payments/tx';
const failover = { operationId: 'failover-1', fromRegion: 'us-east-1' };
const marks = { 'crossplane.io/paused': 'true', 'aurora-dr.io/paused-by': POLICY };
const marked = managedResource({ annotations: { ...marks, 'aurora-dr.io/paused-from': 'us-east-1' } });
const swappable = managedResource({
  annotations: { ...marks, 'aurora-dr.io/paused-from': 'us-east-1' },
  initProvider: { replicationSourceIdentifier: arnOf('us-west-2') },
});
const base: GuardFacts = {
  policy: POLICY,
  isEnabled: true,
  globalClusterIdentifier: 'global',
  members: [],
  roles: rolesWith('us-east-1'),
};

const wish = (facts: GuardFacts, resource = marked): unknown =>
  pauseWishOf(facts, [resource], facts.roles === undefined ? [] : judgeRoleDrift([resource], facts.roles));

describe('pauseWishOf', () => {
  it('given an operation in flight, whatever the roles, resources are held for it', () => {
    const expected = { kind: 'Hold', ...failover };
    expect(wish({ ...base, operation: failover })).toEqual(expected);
    expect(wish({ ...base, operation: failover, roles: rolesWith('us-west-2') })).toEqual(expected);
  });

  it('given roles that nobody proves, then what is paused stays paused and nothing else happens', () => {
    const { roles: _, ...unknown } = base;
    expect(wish({ ...unknown, lastChange: failover })).toEqual({ kind: 'Keep' });
  });

  it('given a failover whose roles the specs do not declare, then they are held for it', () => {
    const facts = { ...base, roles: rolesWith('us-west-2'), lastChange: failover };
    expect(wish(facts)).toEqual({ kind: 'Hold', ...failover });
  });

  it('given a difference that no known role change explains, then nothing is paused anew', () => {
    expect(wish({ ...base, roles: rolesWith('us-west-2') })).toEqual({ kind: 'Keep' });
  });

  it('given specs that declare the new roles, then they are released', () => {
    const facts = { ...base, roles: rolesWith('us-west-2'), lastChange: failover };
    expect(wish(facts, swappable)).toEqual({ kind: 'Release', operationId: 'failover-1' });
  });

  it('given specs that agree but an old primary that is outstanding, then they are held', () => {
    const facts = { ...base, roles: rolesWith('us-west-2'), lastChange: failover, unsettled: 'not re-joined' };
    expect(wish(facts, swappable)).toEqual({ kind: 'Hold', ...failover });
  });

  it('given nothing ever changed the roles and the specs agree, then they are released without naming an operation', () => {
    expect(pauseWishOf(base, [marked], [])).toStrictEqual({ kind: 'Release' });
  });

  describe('given specs that contradict the roles after a failback', () => {
    const back = { ...base, lastChange: { operationId: 'switchover-2', fromRegion: 'us-west-2' } };
    const odd = (annotations: Record<string, string>, name: string) =>
      managedResource({ name, annotations, forProvider: { globalClusterIdentifier: undefined } });
    const fromEast = odd({ ...marks, 'aurora-dr.io/paused-from': 'us-east-1' }, 'from-east');
    const fromWest = odd({ ...marks, 'aurora-dr.io/paused-from': 'us-west-2' }, 'from-west');
    const unmarked = odd({}, 'unmarked');

    it.each([
      ['all that are marked were paused from here', [fromEast, unmarked], 'Release'],
      ['one was paused from elsewhere', [fromEast, fromWest], 'Hold'],
      ['none is marked', [unmarked], 'Hold'],
    ])('when %s, then the wish is as listed', (_, resources, kind) => {
      expect(pauseWishOf(back, resources, judgeRoleDrift(resources, rolesWith('us-east-1')))).toMatchObject({ kind });
    });
  });

  it('given a failback to where the first pause was made, then they are released, even if they never declared their roles', () => {
    const odd = managedResource({
      annotations: { ...marks, 'aurora-dr.io/paused-from': 'us-east-1' },
      forProvider: { globalClusterIdentifier: undefined },
    });
    const back = { operationId: 'switchover-2', fromRegion: 'us-west-2' };
    expect(wish({ ...base, lastChange: back }, odd)).toEqual({ kind: 'Release', operationId: 'switchover-2' });
    expect(wish({ ...base, lastChange: back, unsettled: 'AWS is at it' }, odd)).toMatchObject({ kind: 'Hold' });
    // Paused from elsewhere: this is not the way back.
    const other = managedResource({
      annotations: { ...marks, 'aurora-dr.io/paused-from': 'us-west-2' },
      forProvider: { globalClusterIdentifier: undefined },
    });
    expect(wish({ ...base, lastChange: back }, other)).toMatchObject({ kind: 'Hold' });
  });
});
