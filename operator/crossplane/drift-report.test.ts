import { describe, expect, it } from '@jest/globals';
import { driftReportOf, type DriftQuestion, type ListingState } from './drift-report.ts';
import type { GuardFacts } from './guard-facts.ts';
import { judgeRoleDrift } from './role-drift.ts';
import { managedResource, rolesWith, type ManagedObjectProps } from './testing/managed-objects.ts';

const POLICY = 'payments/tx';
const ours = { 'crossplane.io/paused': 'true', 'aurora-dr.io/paused-by': POLICY };
const listed: ListingState = { isListed: true, isInstalled: true, forbidden: [] };
const facts: GuardFacts = {
  policy: POLICY,
  isEnabled: true,
  globalClusterIdentifier: 'global',
  members: [],
  roles: rolesWith('us-east-1'),
};

function reportOf(props: readonly ManagedObjectProps[], changes: Partial<DriftQuestion> = {}): unknown {
  const resources = props.map((one) => managedResource(one));
  const { roles } = { ...facts, ...changes.facts };
  const drifts = roles === undefined ? [] : judgeRoleDrift(resources, roles);
  const { status, reason, message } = driftReportOf({ facts, listing: listed, resources, drifts, ...changes });
  return [status, reason, message];
}

const swapped: Partial<DriftQuestion> = { facts: { ...facts, roles: rolesWith('us-west-2') } };

describe('driftReportOf', () => {
  it.each<[string, Partial<DriftQuestion>, unknown[]]>([
    ['mode Off', { facts: { ...facts, isEnabled: false } }, ['False', 'NotManaged', expect.stringContaining('Off')]],
    ['none of the kinds', { listing: { ...listed, isInstalled: false } }, ['False', 'NotManaged', expect.anything()]],
    ['no resource', {}, ['False', 'NotManaged', 'no Crossplane managed resource describes these clusters']],
    [
      'a kind that may not be listed',
      { listing: { ...listed, forbidden: ['clusters.rds.aws.upbound.io'] } },
      ['Unknown', 'AccessDenied', expect.stringContaining('may not list clusters.rds.aws.upbound.io; grant get, list')],
    ],
    [
      'a failed first listing',
      { listing: { isListed: false, isInstalled: false, forbidden: [], failure: 'cannot list: timeout' } },
      ['Unknown', 'NotObserved', 'managed resources are not listed yet; cannot list: timeout'],
    ],
  ])('given %s, then no resource is claimed', (_, changes, expected) => {
    expect(reportOf([], changes)).toEqual(expected);
  });

  it('given specs that agree, then there is no drift', () => {
    expect(reportOf([{}])).toEqual([
      'False',
      'NoDrift',
      '1 managed resources declare nothing that contradicts the observed roles',
    ]);
    const others = reportOf([{ annotations: { 'crossplane.io/paused': 'true' } }]);
    expect(others).toEqual([
      'False',
      'NoDrift',
      expect.stringContaining('1 of 1 managed resources are paused, 1 of them by somebody else'),
    ]);
  });

  it('given a difference in a resource that is reconciled, then people are warned of what would happen, and why it is not paused', () => {
    expect(reportOf([{}], { ...swapped, failure: 'cannot pause it' })).toEqual([
      'True',
      'RolesDiffer',
      expect.stringMatching(/^cannot pause it; not paused: Cluster databases\/east \(us-east-1\); .* promote it/),
    ]);
  });

  it('given a difference in resources that are all paused, then people learn how they resume', () => {
    expect(reportOf([{ annotations: ours }], swapped)).toEqual([
      'True',
      'ResourcesPaused',
      expect.stringMatching(
        /^1 of 1 managed resources are paused; .*they resume after a failback.*remove aurora-dr.io\/paused-by/,
      ),
    ]);
  });

  it('given a difference that no provider may act on, then it is only told', () => {
    const spec = { managementPolicies: ['Observe'] };
    expect(reportOf([{ spec }], swapped)).toEqual([
      'False',
      'NoDrift',
      expect.stringContaining('keep the provider from'),
    ]);
  });

  it('given an operation in flight, or one whose old primary is outstanding, then the pause is told with its reason', () => {
    const operation = { operationId: 'failover-1', fromRegion: 'us-east-1' };
    expect(reportOf([{ annotations: ours }], { facts: { ...facts, operation } })).toEqual([
      'False',
      'ResourcesPaused',
      '1 of 1 managed resources are paused; operation failover-1 is in flight',
    ]);
    expect(reportOf([{ annotations: ours }], { facts: { ...facts, unsettled: 'old primary' } })).toEqual([
      'False',
      'ResourcesPaused',
      '1 of 1 managed resources are paused; old primary',
    ]);
  });

  it('given one of several resources that the operator paused, then the pause is told', () => {
    expect(reportOf([{ annotations: ours }, { name: 'other' }])).toEqual([
      'False',
      'ResourcesPaused',
      '1 of 2 managed resources are paused',
    ]);
  });

  it('given a kind that may not be listed beside resources that are seen, then what is not seen is told', () => {
    expect(reportOf([{}], { listing: { ...listed, forbidden: ['globalclusters.rds.aws.upbound.io'] } })).toEqual([
      'False',
      'NoDrift',
      expect.stringMatching(/; not seen for lack of rights: globalclusters\.rds\.aws\.upbound\.io$/),
    ]);
  });

  it('given a pause or a resumption that fails although nothing differs yet, then that is told', () => {
    expect(reportOf([{}], { failure: 'cannot pause it' })).toEqual(['Unknown', 'NotObserved', 'cannot pause it']);
  });
});
