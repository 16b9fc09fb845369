import { describe, expect, it } from '@jest/globals';
import type { DriftReport } from '../crossplane/drift-report.ts';
import type { GuardFacts } from '../crossplane/guard-facts.ts';
import { tendManagedResources } from './managed-resources.ts';
import type { PolicyTurn } from './policy-turn.ts';

const member = (region: string, role: string): object => ({
  region,
  clusterIdentifier: 'prod',
  clusterArn: `arn:aws:rds:${region}:123456789012:cluster:prod`,
  role,
});
const members = { 'us-east-1': member('us-east-1', 'Primary'), 'us-west-2': member('us-west-2', 'Secondary') };
const failover = { id: 'failover-1', from: 'us-west-2', to: 'us-east-1', outcome: 'Succeeded' };
const report: DriftReport = { status: 'False', reason: 'NoDrift', message: '' };

interface Changes {
  readonly topology?: object;
  readonly record?: object;
  readonly session?: object;
  readonly mode?: string;
  readonly tend?: (facts: GuardFacts) => DriftReport | undefined;
}

/** The part of a turn that is looked at. */
function turnWith({ topology, record, session, mode = 'Auto', tend }: Changes): PolicyTurn {
  const turn = {
    key: 'payments/tx',
    policy: { spec: { crossplane: { mode } } },
    settings: {
      globalClusterIdentifier: 'global',
      regions: ['us-east-1', 'us-west-2'].map((name) => ({ name, clusterIdentifier: 'prod' })),
    },
    record: { primaryRegion: 'us-east-1', history: [], ...record },
    session: { isAssessmentSpent: false, drift: undefined, ...session },
    assessment: { topology: { primaryRegion: 'us-east-1', isObserved: true, members, ...topology } },
    dependencies: { managedResources: tend && { tend }, logger: { error: () => undefined } },
  };
  return turn as unknown as PolicyTurn;
}

function factsOf(changes: Changes): GuardFacts | undefined {
  let facts: GuardFacts | undefined;
  tendManagedResources(
    turnWith({
      ...changes,
      tend: (given) => {
        facts = given;
        return report;
      },
    }),
  );
  return facts;
}

describe('tendManagedResources', () => {
  it('given observed roles, when tended, then they and the members’ names are told, and the report is kept', () => {
    expect(factsOf({})).toEqual({
      policy: 'payments/tx',
      isEnabled: true,
      globalClusterIdentifier: 'global',
      members: [
        { region: 'us-east-1', clusterIdentifier: 'prod' },
        { region: 'us-west-2', clusterIdentifier: 'prod' },
      ],
      account: '123456789012',
      roles: {
        globalClusterIdentifier: 'global',
        primary: members['us-east-1'],
        secondaries: [members['us-west-2']],
      },
    });
    const turn = turnWith({ tend: () => report });
    tendManagedResources(turn);
    expect(turn.session.drift).toBe(report);
  });

  it.each<[string, Changes]>([
    ['a round that saw nothing', { topology: { isObserved: false } }],
    ['regions that disagree', { topology: { dispute: 'us-west-2 says us-west-2' } }],
    ['roles that changed since the round', { session: { isAssessmentSpent: true } }],
    ['a record that does not say so yet', { record: { primaryRegion: 'us-west-2' } }],
    ['no primary', { topology: { primaryRegion: undefined } }],
  ])('given %s, when tended, then no roles are told', (_, changes) => {
    expect(factsOf(changes)).not.toHaveProperty('roles');
  });

  it.each<[string, Changes, string]>([
    [
      'an old primary that is outstanding',
      { record: { splitBrain: { region: 'us-west-2' } } },
      'us-west-2 has not re-joined',
    ],
    [
      'AWS at work',
      { topology: { inFlight: { seenIn: 'us-west-2' } } },
      'still at a role change, as seen in us-west-2',
    ],
    [
      'a member that is missing',
      { topology: { members: { ...members, 'us-west-2': member('us-west-2', 'Missing') } } },
      'not a member at present: us-west-2',
    ],
  ])('given %s, when tended, then roles are not settled', (_, changes, words) => {
    expect(factsOf(changes)?.unsettled).toContain(words);
  });

  it('given an operation, or a role change in history that still holds, when tended, then it is told', () => {
    const operation = { id: 'switchover-2', from: 'us-east-1', to: 'us-west-2' };
    expect(factsOf({ record: { operation } })).toMatchObject({
      operation: { operationId: 'switchover-2', fromRegion: 'us-east-1' },
    });
    const change = { operationId: 'failover-1', fromRegion: 'us-west-2' };
    const refused = { ...failover, id: 'failover-0', to: 'us-west-2', outcome: 'Failed' };
    expect(factsOf({ record: { history: [refused, failover] } })).toMatchObject({ lastChange: change });
    const elsewhere = { ...failover, to: 'us-west-2' };
    expect(factsOf({ record: { history: [elsewhere] } })).not.toHaveProperty('lastChange');
  });

  it('given mode Off, when tended, then that is told', () => {
    expect(factsOf({ mode: 'Off' })).toMatchObject({ isEnabled: false });
  });

  it('given nothing new, no guard or one that fails, when tended, then what was told before stands and nobody else is hurt', () => {
    const fails = (): never => {
      throw new TypeError('a mistake');
    };
    for (const changes of [{ tend: () => undefined }, {}, { tend: fails }]) {
      const turn = turnWith({ ...changes, session: { drift: report } });
      tendManagedResources(turn);
      expect(turn.session.drift).toBe(report);
    }
  });
});
