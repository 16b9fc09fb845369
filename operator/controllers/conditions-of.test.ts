import { describe, expect, it } from '@jest/globals';
import type { Assessment } from '../failover/assess.ts';
import type { Attempt } from '../failover/observation.ts';
import { MINUTE, NOT_REPORTED, T0, type RoundProps } from '../failover/testing/a-round.ts';
import { CENTRAL, EAST, signalsNamed, THREE_REGIONS, WEST } from '../failover/testing/a-settings.ts';
import { noAnswer, rejected } from '../failover/testing/attempts.ts';
import { silentPrimary, stoppedLag } from '../failover/testing/losses.ts';
import { conditionsOf, type Plan } from './conditions-of.ts';
import { anOperation } from './testing/an-operation.ts';
import { aQuestion, type QuestionProps } from './testing/a-question.ts';

const condition = (type: string, props: QuestionProps = {}) =>
  conditionsOf(aQuestion(props)).find((candidate) => candidate.type === type)!;
const told = (type: string, props: QuestionProps = {}): string => {
  const { status, reason } = condition(type, props);
  return `${status} ${reason}`;
};

const LOST: RoundProps = { ...silentPrimary({ [WEST]: stoppedLag(2 * MINUTE) }), witness: 503 };
const unresolved = (code: string): Attempt => ({
  kind: 'local',
  cause: 'resolver',
  message: `getaddrinfo ${code} rds.us-west-2.amazonaws.com`,
});
const everywhere = (attempt: Attempt): RoundProps => ({
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
  [
    'Ready',
    'a region has no name in DNS',
    'False NoEndpoint',
    { sees: { regions: { [WEST]: { rds: unresolved('ENOTFOUND') } } } },
  ],
  [
    'Ready',
    'the resolver fails for the moment',
    'True Observed',
    { sees: { regions: { [WEST]: { rds: unresolved('EAI_AGAIN') } } } },
  ],
  [
    'Ready',
    'no region has a name: it is this process that sees none',
    'False SelfIsolated',
    { sees: everywhere(unresolved('ENOTFOUND')) },
  ],
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
  ['PrimaryHealthy', 'the writer takes no writes', 'False ReadOnly', { sees: { endpoint: rejected('readOnly') } }],
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
    'a confirmed loss waits for its turn',
    'False AwaitingTurn',
    { sees: LOST, rounds: 3, awaitedTurn: 'waits for its turn' },
  ],
  [
    'Progressing',
    'a request waits for its turn, whatever holds automation',
    'False AwaitingTurn',
    { sees: LOST, rounds: 3, settings: { mode: 'Manual' }, awaitedTurn: 'waits for its turn' },
  ],
  [
    'Progressing',
    'an operation on record waits for its turn',
    'True Accepted',
    { record: { operation: anOperation({ step: 'Accepted' }) }, awaitedTurn: 'waits for its turn' },
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
    'the new writer waits for a word that AWS does not let be read',
    'True FenceUnreadable',
    {
      settings: { fencing: 'Required' },
      record: { operation: anOperation({ step: 'Promoted' }) },
      fenceRefusal: 'cannot call DescribeEvents in us-west-2',
    },
  ],
  [
    'Progressing',
    'that word was read before',
    'True AwaitingFence',
    {
      settings: { fencing: 'Required' },
      record: { operation: anOperation({ step: 'Promoted', fence: 'TimedOut' }) },
      fenceRefusal: 'cannot call DescribeEvents in us-west-2',
    },
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

  it('given regions whose RDS has no name, then Ready names each with what the resolver said', () => {
    const { message } = condition('Ready', { sees: { regions: { [WEST]: { rds: unresolved('ENOTFOUND') } } } });
    expect(message).toMatch(/^the operator has no endpoint for us-west-2: [^;]*ENOTFOUND[^;]*; correct spec\.regions/);
  });

  it('given a detection window above the recovery time, when a failover would work, then FailoverReady says so', () => {
    const objective = (recoveryTimeMilliseconds: number): string =>
      condition('FailoverReady', { settings: { recoveryTimeMilliseconds } }).message;
    // Three rounds of 10 s, one more, and the timeout of 3 s.
    expect(objective(43_000)).not.toMatch(/recoveryTime/);
    expect(objective(42_999)).toMatch(
      /a loss may last 43s until it is acted on, longer than objectives.recoveryTime of 42s999ms/,
    );
  });

  it('given what lasts longer than the recovery time, then Progressing says so, whatever it waits for', () => {
    const late = { settings: { recoveryTimeMilliseconds: 1 } };
    expect(condition('Progressing', { ...late, record: { operation: anOperation() } }).message).toMatch(
      /Requested; longer than objectives.recoveryTime of 1ms since 2026-01-01T00:00:00.000Z$/,
    );
    expect(condition('Progressing', { ...late, sees: LOST, rounds: 2 }).message).toMatch(
      /2 of 3 consecutive failing rounds; longer than objectives/,
    );
    expect(condition('Progressing', late).message).toBe('no operation is in flight');
  });

  it('given limits of automation, when a failover would work, then FailoverReady names them', () => {
    const { status, message } = condition('FailoverReady', {
      settings: { isSuspended: true, mode: 'Manual' },
      record: { cooldownUntil: T0 + 60 * MINUTE },
    });
    expect(status).toBe('True');
    expect(message).toMatch(/suspend.*Manual.*cooldown/);
  });

  it('given a call that waits for its turn, when it is told, then Progressing says for what', () => {
    expect(condition('Progressing', { awaitedTurn: 'waits for its turn' }).message).toBe('waits for its turn');
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

describe('what the conditions say', () => {
  const both = (type: string, props: QuestionProps = {}): string => {
    const { status, reason, message } = condition(type, props);
    return `${status} ${reason}: ${message}`;
  };

  it('given no region that describes the cluster, when told, then Ready says what each of them answered', () => {
    const regions = { [EAST]: { rds: rejected('throttled') }, [WEST]: { rds: rejected('denied') } };
    expect(both('Ready', { sees: { regions } })).toBe(
      `False AccessDenied: no region could be observed: ${EAST}: throttled; ${WEST}: denied`,
    );
    const without = { [EAST]: { isWithoutCluster: true }, [WEST]: { rds: noAnswer() } };
    expect(both('Ready', { sees: { regions: without } })).toBe(
      `False GlobalClusterNotFound: global cluster orders-global does not exist in this account: ${EAST} answers without it; ${WEST}: timeout`,
    );
  });

  it('given members that are missing, when told, then Ready names them and what to do', () => {
    expect(both('Ready', { settings: { regions: THREE_REGIONS } })).toBe(
      `False ClusterNotFound: not a member of the global cluster: ${CENTRAL}/orders; correct spec.regions or add the cluster`,
    );
  });

  it('given members of which none is the writer, when told, then Ready says so', () => {
    const props = { isFresh: true, record: { primaryRegion: undefined } as never, sees: { writer: CENTRAL } };
    expect(both('Ready', props)).toBe('False NoPrimary: no member is the writer');
  });

  it('given schedules that cannot be followed, when told, then Ready names each, and that all else is done', () => {
    expect(both('Ready', { settings: { scheduleProblems: ['a: x', 'b: y'] } })).toBe(
      'False InvalidSchedule: what it schedules is not done, everything else is: a: x; b: y',
    );
    expect(both('Ready', { settings: { scheduleProblems: [] } })).toBe(
      `True Observed: observed; ${EAST} is the primary`,
    );
  });

  it('given a primary that serves, when told, then only what sees it serving speaks, replication not', () => {
    const { signals } = aQuestion().assessment;
    expect(condition('PrimaryHealthy').message).toBe(signals.map(({ message }) => message).join('; '));
    const some = aQuestion({ sees: { endpoint: noAnswer() } }).assessment.signals;
    expect(condition('PrimaryHealthy', { sees: { endpoint: noAnswer() } }).message).toBe(
      some
        .filter(({ state }) => state === 'Passing')
        .map(({ message }) => message)
        .join('; '),
    );
    const settings = { signals: signalsNamed('replication') };
    expect(told('PrimaryHealthy', { settings })).toBe('Unknown NotObserved');
  });

  it('given a primary that is lost, when told, then it says since when and what every class says', () => {
    const { message } = condition('PrimaryHealthy', { sees: LOST });
    const { assessment } = aQuestion({ sees: LOST });
    const says = assessment.signals.map(({ name, state, message: why }) => `${name} ${state}: ${why}`).join('; ');
    expect(message).toBe(`not seen serving since 2026-01-01T00:03:00.000Z: ${says}`);
  });

  it('given a hold, when an operation is in flight, then the hold is not what is wrong', () => {
    const sees: RoundProps = {
      regions: { [EAST]: { status: 'failing-over' } },
      endpoint: noAnswer(),
      witness: 503,
    };
    expect(told('PrimaryHealthy', { sees, record: { operation: anOperation() } })).not.toContain('InRegionRecovery');
    expect(told('PrimaryHealthy', { sees: { ...sees, witness: 200 } })).toBe('True PrimaryServing');
    expect(told('PrimaryHealthy', { sees: { regions: sees.regions!, witness: 503 } })).toBe('True PrimaryServing');
  });

  it('given lags, when told, then ReplicationHealthy names each and the objective that is missed', () => {
    const settings = { regions: THREE_REGIONS };
    const members = [EAST, WEST, CENTRAL];
    expect(both('ReplicationHealthy', { settings, sees: { members, lag: { [CENTRAL]: { lags: [1000] } } } })).toBe(
      `True Replicating: lag ${WEST}: 100 ms, ${CENTRAL}: 1000 ms`,
    );
    expect(both('ReplicationHealthy', { settings, sees: { members, lag: { [CENTRAL]: { lags: [1001] } } } })).toBe(
      `False LagHigh: lag above objectives.recoveryPoint of 1000 ms: ${WEST}: 100 ms, ${CENTRAL}: 1001 ms`,
    );
  });

  it('given secondaries that are apart, when told, then ReplicationHealthy names them and how', () => {
    const synchronization = { [WEST]: 'pending-resync' };
    const regions = { [EAST]: { synchronization }, [WEST]: { synchronization } };
    expect(both('ReplicationHealthy', { sees: { regions } })).toBe(
      `False NotConnected: not connected: ${WEST} (pending-resync)`,
    );
  });

  it('given a secondary of which AWS says no synchronization, when told, then its lag is what is told', () => {
    const synchronization = { [WEST]: NOT_REPORTED };
    const regions = { [EAST]: { synchronization }, [WEST]: { synchronization } };
    expect(both('ReplicationHealthy', { sees: { regions } })).toBe(`True Replicating: lag ${WEST}: 100 ms`);
  });

  it('given no region that describes the roles, when told, then nothing is said of replication', () => {
    expect(both('ReplicationHealthy', { sees: everywhere(noAnswer()) })).toBe(
      'Unknown NotObserved: no region described the global cluster in this round',
    );
  });

  it.each(['Failing', 'Unknown'] as const)(
    'given a replication class that is %s, when told, then its word counts for more than the last figure',
    (state) => {
      const question = aQuestion();
      const [any] = question.assessment.signals;
      const signal = { ...any!, name: 'replication', state, reason: 'Why', message: 'no sample since' } as const;
      const assessment = { ...question.assessment, signals: [signal] };
      const found = conditionsOf({ ...question, assessment }).find(({ type }) => type === 'ReplicationHealthy');
      expect(found).toMatchObject({
        status: state === 'Failing' ? 'False' : 'Unknown',
        reason: 'Why',
        message: 'no sample since',
      });
    },
  );

  it('given an unknown replication class and a lag that is too high, when told, then the lag is', () => {
    const question = aQuestion({ sees: { lag: { [WEST]: { lags: [5000] } } } });
    const [any] = question.assessment.signals;
    const signal = { ...any!, name: 'replication', state: 'Unknown', reason: 'Why', message: '' } as const;
    const assessment = { ...question.assessment, signals: [signal] };
    const found = conditionsOf({ ...question, assessment }).find(({ type }) => type === 'ReplicationHealthy');
    expect(found).toMatchObject({ status: 'False', reason: 'LagHigh' });
  });

  it('given a failover that would work, when told, then FailoverReady names its target and its loss, and no limits', () => {
    expect(condition('FailoverReady').message).toBe(
      `${WEST} could take over, estimated loss 100 ms, at worst 61100 ms`,
    );
    const question = aQuestion();
    const { now } = question;
    const rested = conditionsOf({ ...question, record: { ...question.record, cooldownUntil: now } });
    expect(rested.find(({ type }) => type === 'FailoverReady')?.message).not.toContain('cooldown');
  });

  it('given an operation in flight, when told, then FailoverReady names it', () => {
    expect(condition('FailoverReady', { record: { operation: anOperation() } }).message).toBe(
      `Failover to ${WEST} is in flight`,
    );
  });

  describe('of rehearsals', () => {
    const nextDrill = (at: number) => ({ at, schedule: '0 3 * * * UTC' });
    const DAY = 24 * 60 * MINUTE;

    it('given a drill that is due, when it has not started, then FailoverReady says so', () => {
      const { now } = aQuestion();
      const due = 'the drill of 2026-01-01T00:03:01.000Z is due and has not started yet';
      expect(condition('FailoverReady', { record: { nextDrill: nextDrill(now) } }).message).toMatch(`; ${due}`);
      expect(condition('FailoverReady', { record: { nextDrill: nextDrill(now + 1) } }).message).not.toContain('is due');
    });

    it('given no drill for too long, when told, then the policy’s own age counts', () => {
      const settings = { drill: { mode: 'Simulate', maximumAgeMilliseconds: DAY } } as const;
      const never = 'no drill has ever succeeded, for longer than drill.maximumAge';
      expect(condition('FailoverReady', { settings, createdAt: T0 - 2 * DAY }).message).toContain(never);
      expect(condition('FailoverReady', { settings, createdAt: T0 }).message).not.toContain(never);
      expect(condition('FailoverReady', { settings }).message).not.toContain(never);
    });

    it('given a drill that failed, when told, then FailoverReady says why, whatever it says otherwise', () => {
      const lastDrill = {
        id: 'drill-1',
        mode: 'Simulate',
        result: 'Failed',
        reason: 'NotReady',
        completedAt: T0,
        message: 'no votes',
      } as const;
      expect(both('FailoverReady', { record: { lastDrill, operation: anOperation() } })).toBe(
        `False OperationInFlight: Failover to ${WEST} is in flight; the last drill (Simulate, 2026-01-01T00:00:00.000Z) failed: no votes`,
      );
    });
  });

  describe('of an operation in flight', () => {
    const WHAT = `Failover op-1 from ${EAST} to ${WEST}`;

    it('given nothing that is told of it, when told, then its step is', () => {
      expect(both('Progressing', { record: { operation: anOperation() } })).toBe(`True Requested: ${WHAT}: Requested`);
    });

    it('given a call that AWS refuses, when told, then Progressing says so and what AWS said', () => {
      expect(both('Progressing', { record: { operation: anOperation() }, refusal: 'AccessDenied' })).toBe(
        `True RefusedByAws: ${WHAT}: AWS refuses it, and is asked again: AccessDenied`,
      );
    });

    it('given a fence that is required, when nothing is published anyway, then nothing waits for it', () => {
      const operation = anOperation({ step: 'Promoted' });
      const waits = both('Progressing', { record: { operation }, settings: { fencing: 'Required' } });
      expect(waits).toContain(`True AwaitingFence: ${WHAT}: the new writer is not published: waiting for RDS`);
      const settings = { fencing: 'Required', isPublishing: false } as const;
      expect(told('Progressing', { record: { operation }, settings })).toBe('True Promoted');
      const early = anOperation({ step: 'Promoting' });
      expect(told('Progressing', { record: { operation: early }, settings: { fencing: 'Required' } })).toBe(
        'True Promoting',
      );
    });
  });

  describe('of what automation waits for', () => {
    const held = (props: QuestionProps, assessment: Partial<Assessment> = {}): string => {
      const question = aQuestion(props);
      const verdict = {
        kind: 'Held',
        obstacles: [
          { reason: 'First', message: 'one' },
          { reason: 'Confirming', message: 'two' },
        ],
      } as const;
      const found = conditionsOf({ ...question, verdict, assessment: { ...question.assessment, ...assessment } });
      const { status, reason, message } = found.find(({ type }) => type === 'Progressing')!;
      return `${status} ${reason}: ${message}`;
    };
    const FINDING = { reason: 'Why', message: 'why' };

    it('given a loss that is being confirmed, when something limits automation, then that is told once it is', () => {
      expect(held({ sees: LOST })).toBe('False Confirming: automatic failover is not started: one; two');
    });

    it.each<[string, Partial<Assessment>]>([
      ['a hold', { hold: FINDING }],
      ['a veto', { veto: FINDING }],
      ['a dispute', { topology: { ...aQuestion({ sees: LOST }).assessment.topology, dispute: 'both' } }],
    ])('given %s, when told, then it is told at once', (_what, assessment) => {
      expect(held({ sees: LOST }, assessment)).toBe('False First: automatic failover is not started: one; two');
    });

    it('given obstacles without a name, when told, then a loss is being confirmed', () => {
      const verdict = { kind: 'Held', obstacles: [] } as const;
      expect(told('Progressing', { verdict })).toBe('False Confirming');
    });
  });

  describe('of plans', () => {
    const STALE = { reason: 'StaleObservation', message: 'too old' };
    const OTHERS = [
      { reason: 'LagHigh', message: 'it is behind' },
      { reason: 'Stabilizing', message: 'for too short' },
    ];
    const drill = { id: 'drill-1', home: EAST, away: WEST, leg: 'Away', startedAt: T0, operationId: 'op-1' } as const;
    const UNNEEDED = { kind: 'Unneeded' } as const;
    const waits = (obstacles: readonly { reason: string; message: string }[]) =>
      ({ kind: 'Wait', target: EAST, obstacles }) as const;

    it('given a failback that waits, when told, then Progressing says for what, first things first', () => {
      expect(both('Progressing', { plan: { failback: waits([STALE, ...OTHERS]) } })).toBe(
        `False FailbackLagHigh: the automatic failback to ${EAST} waits: it is behind; for too short`,
      );
    });

    it.each<[string, Plan]>([
      ['a failback that waits for the next round alone', { failback: waits([STALE]) }],
      ['a failback that is not needed', { failback: UNNEEDED }],
      ['a failback that is about to start', { failback: { kind: 'SwitchBack', target: EAST } }],
      ['a drill that the record does not have', { failback: UNNEEDED, drill: { kind: 'Return' } }],
    ])('given %s, when told, then nothing is going on', (_what, plan) => {
      expect(both('Progressing', { plan })).toBe('False Idle: no operation is in flight');
    });

    it('given a drill whose writer is away, when told, then Progressing says that it comes home', () => {
      const home = `drill drill-1: the writer is in ${WEST} and comes home to ${EAST}`;
      const plan = (obstacles: readonly { reason: string; message: string }[]): Plan => ({
        failback: waits(OTHERS),
        drill: { kind: 'Wait', obstacles },
      });
      expect(both('Progressing', { record: { drill }, plan: plan(OTHERS) })).toBe(
        `False DrillReturnWaiting: ${home} later: it is behind; for too short`,
      );
      expect(both('Progressing', { record: { drill }, plan: plan([STALE]) })).toBe(`False DrillInProgress: ${home}`);
      expect(both('Progressing', { record: { drill }, plan: { failback: UNNEEDED, drill: { kind: 'Return' } } })).toBe(
        `False DrillInProgress: ${home}`,
      );
      expect(told('Progressing', { record: { drill }, plan: { failback: waits(OTHERS) } })).toBe(
        'False FailbackLagHigh',
      );
    });
  });

  describe('of an old primary', () => {
    const before = (status: 'True' | 'False', reason: string) => ({
      previous: [{ type: 'SplitBrainRisk', status, reason, message: 'as it was', lastTransitionTime: '' }],
    });

    it('given a risk that ended in this process, when told, then how is', () => {
      const splitBrainEnd = { reason: 'OldPrimaryDeleted', message: 'it is gone' } as const;
      expect(both('SplitBrainRisk', { splitBrainEnd })).toBe('False OldPrimaryDeleted: it is gone');
    });

    it.each(['OldPrimaryDeleted', 'OldPrimaryNotInPolicy'])(
      'given one that ended as %s before, when told, then it goes on being said',
      (reason) => {
        expect(both('SplitBrainRisk', before('False', reason))).toBe(`False ${reason}: as it was`);
        expect(both('SplitBrainRisk', before('True', reason))).toBe('False NoRisk: no old primary is outstanding');
      },
    );

    it('given one whose old primary re-joined, when told, then there is none', () => {
      expect(both('SplitBrainRisk', before('False', 'NoRisk'))).toBe('False NoRisk: no old primary is outstanding');
      const other = {
        type: 'Ready',
        status: 'False',
        reason: 'OldPrimaryDeleted',
        message: '',
        lastTransitionTime: '',
      };
      expect(told('SplitBrainRisk', { previous: [other] as never })).toBe('False NoRisk');
    });
  });

  describe('of managed resources', () => {
    const known = { status: 'True', reason: 'RolesDiffer', message: 'would detach' } as const;
    const drifts = (props: QuestionProps) =>
      conditionsOf(aQuestion(props)).filter(({ type }) => type === 'ResourceDrift');

    it('given none that were ever looked at, when told, then there is no such condition', () => {
      expect(drifts({})).toEqual([]);
    });

    it('given what they say now, else what they said before, when told, then that is the condition', () => {
      expect(drifts({ drift: known })).toEqual([expect.objectContaining(known)]);
      const previous = [
        { ...known, type: 'Ready', reason: 'Other', lastTransitionTime: '' },
        { ...known, type: 'ResourceDrift', lastTransitionTime: '' },
      ];
      expect(drifts({ previous })).toEqual([expect.objectContaining(known)]);
    });
  });

  it('given a generation, when told, then each condition carries it, and without one none', () => {
    expect(conditionsOf(aQuestion()).every(({ observedGeneration }) => observedGeneration === 1)).toBe(true);
    expect(condition('Ready', { generation: undefined })).not.toHaveProperty('observedGeneration');
  });
});
