import { describe, expect, it } from '@jest/globals';
import { MINUTE, T0, type RoundProps } from '../failover/testing/a-round.ts';
import { CENTRAL, EAST, THREE_REGIONS, WEST } from '../failover/testing/a-settings.ts';
import { noAnswer, rejected } from '../failover/testing/attempts.ts';
import { silentPrimary, stoppedLag } from '../failover/testing/losses.ts';
import { conditionsOf } from './conditions-of.ts';
import { anOperation } from './testing/an-operation.ts';
import { aQuestion, type QuestionProps } from './testing/a-question.ts';

const condition = (type: string, props: QuestionProps = {}) =>
  conditionsOf(aQuestion(props)).find((candidate) => candidate.type === type)!;
const told = (type: string, props: QuestionProps = {}): string => {
  const { status, reason } = condition(type, props);
  return `${status} ${reason}`;
};

const LOST: RoundProps = { ...silentPrimary({ [WEST]: stoppedLag(2 * MINUTE) }), witness: 503 };
const everywhere = (attempt: ReturnType<typeof rejected>): RoundProps => ({
  regions: { [EAST]: { rds: attempt }, [WEST]: { rds: attempt } },
});

const RULES: readonly (readonly [type: string, situation: string, expected: string, props: QuestionProps])[] = [
  ['Ready', 'all is well', 'True Observed', {}],
  ['Ready', 'the primary is lost', 'True Observed', { sees: LOST }],
  ['Ready', 'no region answers', 'False SelfIsolated', { sees: everywhere(noAnswer()) }],
  ['Ready', 'every region throttles', 'False Throttled', { sees: everywhere(rejected('throttled')) }],
  ['Ready', 'every region refuses', 'False AccessDenied', { sees: everywhere(rejected('denied')) }],
  ['Ready', 'credentials expired', 'False CredentialsExpired', { sees: everywhere(rejected('expiredCredentials')) }],
  [
    'Ready',
    'no region knows the cluster',
    'False GlobalClusterNotFound',
    { sees: { regions: { [EAST]: { isWithoutCluster: true }, [WEST]: { isWithoutCluster: true } } } },
  ],
  ['Ready', 'a member is missing', 'False ClusterNotFound', { settings: { regions: THREE_REGIONS } }],
  ['Ready', 'the regions disagree', 'False RolesDisputed', { sees: { regions: { [WEST]: { writer: WEST } } } }],
  [
    'Ready',
    'nobody is the writer',
    'False NoPrimary',
    { isFresh: true, record: { primaryRegion: undefined } as never, sees: { writer: CENTRAL, endpoint: 'none' } },
  ],

  ['PrimaryHealthy', 'all is well', 'True PrimaryServing', {}],
  ['PrimaryHealthy', 'one class fails', 'True PrimaryServing', { sees: { endpoint: noAnswer() } }],
  ['PrimaryHealthy', 'the primary is lost', 'False PrimaryLost', { sees: LOST }],
  [
    'PrimaryHealthy',
    'one class fails and nobody sees it serving',
    'False SignalsFailing',
    { sees: { ...silentPrimary(), witness: noAnswer() }, settings: { quorum: 3 } },
  ],
  [
    'PrimaryHealthy',
    'Aurora heals it',
    'False InRegionRecovery',
    { sees: { regions: { [EAST]: { status: 'failing-over' } }, endpoint: noAnswer(), witness: 503 } },
  ],
  [
    'PrimaryHealthy',
    'it is modified and serves all the same',
    'True PrimaryServing',
    { sees: { regions: { [EAST]: { status: 'modifying' } } } },
  ],
  [
    'PrimaryHealthy',
    'RDS throttles the question for its cluster while it serves',
    'True PrimaryServing',
    { sees: { regions: { [EAST]: { rds: rejected('throttled') } } } },
  ],
  [
    'PrimaryHealthy',
    'no region answers',
    'Unknown SelfIsolated',
    { sees: { ...everywhere(noAnswer()), endpoint: noAnswer(), witness: noAnswer() } },
  ],
  [
    'PrimaryHealthy',
    'it is moved on purpose',
    'Unknown OperationInFlight',
    { record: { operation: anOperation({ type: 'Switchover' }) } },
  ],
  [
    'PrimaryHealthy',
    'it is failed away from',
    'False PrimaryLost',
    { sees: LOST, record: { operation: anOperation() } },
  ],

  ['ReplicationHealthy', 'all is well', 'True Replicating', {}],
  [
    'ReplicationHealthy',
    'the lag is above the objective',
    'False LagHigh',
    { sees: { lag: { [WEST]: { lags: [5_000] } } } },
  ],
  [
    'ReplicationHealthy',
    'nothing was ever measured',
    'Unknown LagUnknown',
    { isFresh: true, sees: { lag: { [WEST]: 'none' } } },
  ],
  [
    'ReplicationHealthy',
    'a secondary is apart',
    'False NotConnected',
    {
      sees: {
        regions: {
          [EAST]: { synchronization: { [WEST]: 'pending-resync' } },
          [WEST]: { synchronization: { [WEST]: 'pending-resync' } },
        },
      },
    },
  ],
  ['ReplicationHealthy', 'there is no secondary', 'False NoSecondary', { sees: { members: [EAST] } }],

  ['FailoverReady', 'all is well', 'True Protected', {}],
  ['FailoverReady', 'an operation is in flight', 'False OperationInFlight', { record: { operation: anOperation() } }],
  [
    'FailoverReady',
    'the lag is above what may be lost',
    'False LagAboveRecoveryPoint',
    { sees: { lag: { [WEST]: { lags: [5_000] } } } },
  ],
  ['FailoverReady', 'loss is forbidden', 'False DataLossForbidden', { settings: { dataLoss: 'Forbid' } }],
  [
    'FailoverReady',
    'the candidate does not answer',
    'False NoCandidate',
    { sees: { regions: { [WEST]: { rds: noAnswer() } } } },
  ],
  ['FailoverReady', 'nothing has passed yet', 'False NeverObservedPassing', { isFresh: true }],

  ['Progressing', 'all is well', 'False Idle', {}],
  ['Progressing', 'a loss is being confirmed', 'False Confirming', { sees: LOST }],
  [
    'Progressing',
    'a confirmed loss meets suspend',
    'False Suspended',
    { sees: LOST, rounds: 3, settings: { isSuspended: true } },
  ],
  [
    'Progressing',
    'a confirmed loss meets manual mode',
    'False ManualMode',
    { sees: LOST, rounds: 3, settings: { mode: 'Manual' } },
  ],
  [
    'Progressing',
    'a confirmed loss meets a cooldown',
    'False CooldownActive',
    { sees: LOST, rounds: 3, record: { cooldownUntil: T0 + 60 * MINUTE } },
  ],
  [
    'Progressing',
    'an operation is in flight',
    'True Promoting',
    { record: { operation: anOperation({ step: 'Promoting' }) } },
  ],
  [
    'Progressing',
    'the new writer waits for the fence',
    'True AwaitingFence',
    { settings: { fencing: 'Required' }, record: { operation: anOperation({ step: 'Promoted' }) } },
  ],
  [
    'Progressing',
    'the old one is fenced',
    'True Promoted',
    { settings: { fencing: 'Required' }, record: { operation: anOperation({ step: 'Promoted', fence: 'Succeeded' }) } },
  ],

  ['EndpointPublished', 'it is', 'True Published', {}],
  [
    'EndpointPublished',
    'it is not',
    'False NameTaken',
    { publication: { isPublished: false, reason: 'NameTaken', message: 'taken' } },
  ],

  ['SplitBrainRisk', 'all is well', 'False NoRisk', {}],
  [
    'SplitBrainRisk',
    'an old primary is outstanding',
    'True OldPrimaryNotRejoined',
    { record: { splitBrain: { region: WEST, clusterIdentifier: 'orders', since: T0, fence: 'TimedOut' } } },
  ],
  [
    'SplitBrainRisk',
    'it is fenced',
    'True OldPrimaryFenced',
    { record: { splitBrain: { region: WEST, clusterIdentifier: 'orders', since: T0, fence: 'Succeeded' } } },
  ],

  ['Suspended', 'it is not', 'False NotSuspended', {}],
  ['Suspended', 'it is', 'True SuspendedBySpec', { settings: { isSuspended: true } }],
];

describe('conditionsOf', () => {
  it.each(RULES)('%s, given %s, then %s', (type, _situation, expected, props) => {
    expect(told(type, props)).toBe(expected);
  });

  it('given no witness, when a failover would work, then FailoverReady names what cannot be told apart', () => {
    const signals = aQuestion().settings.signals.filter(({ name }) => name !== 'http');
    const { reason, message } = condition('FailoverReady', {
      settings: { signals: [...signals, { name: 'replication', configuration: 'r', delayMilliseconds: 0 }] },
    });
    expect(reason).toBe('ProtectedWithoutWitness');
    expect(message).toMatch(/the loss of the link between the regions cannot be told/);
  });

  it('given limits of automation, when a failover would work, then FailoverReady names them', () => {
    const { status, message } = condition('FailoverReady', {
      settings: { isSuspended: true, mode: 'Manual' },
      record: { cooldownUntil: T0 + 60 * MINUTE },
    });
    expect(status).toBe('True');
    expect(message).toMatch(/suspend.*Manual.*cooldown/);
  });

  it('given an operation that waits, when it is told, then Progressing says for what', () => {
    const operation = anOperation({ message: 'AWS accepted the call' });
    expect(condition('Progressing', { record: { operation }, waiting: 'waiting for AWS' }).message).toMatch(
      /waiting for AWS$/,
    );
    expect(condition('Progressing', { record: { operation } }).message).toMatch(/AWS accepted the call$/);
  });

  it('given the conditions of before, when only reasons differ, then the time of transition stays', () => {
    const before = conditionsOf(aQuestion({ now: T0 }));
    const after = conditionsOf(aQuestion({ previous: before, now: T0 + MINUTE, sees: LOST }));
    const time = (type: string) => after.find((candidate) => candidate.type === type)?.lastTransitionTime;
    expect(time('Ready')).toBe('2026-01-01T00:00:00.000Z');
    expect(time('Progressing')).toBe('2026-01-01T00:00:00.000Z');
    expect(time('PrimaryHealthy')).toBe('2026-01-01T00:01:00.000Z');
  });

  it('given prose without end, when it is told, then the schema admits it', () => {
    const { message } = condition('EndpointPublished', {
      publication: { isPublished: false, reason: 'Refused', message: 'x'.repeat(10_000) },
    });
    expect(message).toHaveLength(4096);
  });
});
