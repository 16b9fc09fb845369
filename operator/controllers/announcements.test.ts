import { describe, expect, it } from '@jest/globals';
import type {
  Condition,
  DisasterRecoveryPolicyStatus,
  HistoryEntry,
  LastRequest,
  RescueSnapshot,
} from '../api/v1alpha1/disaster-recovery-policy.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { announcementsOf } from './announcements.ts';
import { operationStatus } from './status-codec.ts';
import { anOperation } from './testing/an-operation.ts';

type Status = DisasterRecoveryPolicyStatus;

const condition = (type: string, status: Condition['status'], reason: string): Condition => ({
  type,
  status,
  reason,
  message: 'why',
  lastTransitionTime: '2026-01-01T00:00:00.000Z',
});
const having = (...conditions: Condition[]): Status => ({ conditions });

const told = (previous: Status | undefined, next: Status): string[] =>
  announcementsOf(previous, next).map(({ type, reason, notification, isOver }) =>
    [type, reason, ...(notification === undefined ? [] : ['→', notification, isOver === true ? 'over' : ''])]
      .join(' ')
      .trim(),
  );

const entry = (overrides: Partial<HistoryEntry> = {}): HistoryEntry => ({
  id: 'op-1',
  type: 'Failover',
  trigger: 'Automatic',
  from: EAST,
  to: WEST,
  outcome: 'Succeeded',
  startedAt: '2026-01-01T00:00:00.000Z',
  completedAt: '2026-01-01T00:01:00.000Z',
  recoveryTimeMilliseconds: 60_000,
  ...overrides,
});

const request = (overrides: Partial<LastRequest> = {}): LastRequest => ({
  action: 'force-failover',
  value: WEST,
  observedAt: '2026-01-01T00:00:00.000Z',
  result: 'Refused',
  reason: 'UnknownRegion',
  message: 'no such region',
  ...overrides,
});

const started = { operation: operationStatus(anOperation()) };
const switching = { operation: operationStatus(anOperation({ type: 'Switchover' })) };

const NEWS: readonly (readonly [situation: string, before: Status | undefined, next: Status, expected: string[]])[] = [
  ['a failover starts', {}, started, ['Warning FailoverStarted → FailoverStarted']],
  [
    'a failover lasts longer than it should',
    started,
    { ...started, recoveryTimeExceeded: true },
    ['Warning RecoveryTimeExceeded → RecoveryTimeExceeded'],
  ],
  [
    'it goes on lasting',
    { ...started, recoveryTimeExceeded: true },
    { ...started, recoveryTimeExceeded: true, conditions: [] },
    [],
  ],
  ['it is over', { recoveryTimeExceeded: true }, {}, []],
  [
    'a loss lasts longer than it should',
    undefined,
    { recoveryTimeExceeded: true },
    ['Warning RecoveryTimeExceeded → RecoveryTimeExceeded'],
  ],
  ['a switchover starts', {}, switching, ['Normal SwitchoverStarted → SwitchoverStarted']],
  ['a failover succeeds', started, { history: [entry()] }, ['Normal FailoverCompleted → FailoverCompleted']],
  [
    'a failover fails',
    started,
    { history: [entry({ outcome: 'Failed' })] },
    ['Warning FailoverFailed → FailoverFailed'],
  ],
  [
    'a failover times out',
    started,
    { history: [entry({ outcome: 'TimedOut' })] },
    ['Warning FailoverTimedOut → FailoverFailed'],
  ],
  [
    'a switchover is cancelled',
    switching,
    { history: [entry({ type: 'Switchover', outcome: 'Cancelled' })] },
    ['Warning SwitchoverCancelled → SwitchoverFailed'],
  ],
  [
    'one that timed out succeeds late',
    { history: [entry({ outcome: 'TimedOut' })] },
    { history: [entry()] },
    ['Normal FailoverCompleted → FailoverCompleted'],
  ],
  ['a request is refused', {}, { lastRequest: request() }, ['Warning RequestRefused']],
  ['a request is accepted', {}, { lastRequest: request({ result: 'Accepted' }) }, ['Normal RequestAccepted']],
  [
    'a policy names what AWS does not have',
    having(condition('Ready', 'Unknown', 'NotObserved')),
    having(condition('Ready', 'False', 'GlobalClusterNotFound')),
    ['Warning NotReady → ObservationLost'],
  ],
  [
    'the credentials are refused',
    having(condition('Ready', 'True', 'Observed')),
    having(condition('Ready', 'False', 'AccessDenied')),
    ['Warning NotReady → ObservationLost'],
  ],
  [
    'the credentials expire',
    having(condition('Ready', 'True', 'Observed')),
    having(condition('Ready', 'False', 'CredentialsExpired')),
    ['Warning NotReady → ObservationLost'],
  ],
  [
    'AWS throttles',
    having(condition('Ready', 'True', 'Observed')),
    having(condition('Ready', 'False', 'Throttled')),
    ['Warning NotReady'],
  ],
  [
    'throttling ends',
    having(condition('Ready', 'False', 'Throttled')),
    having(condition('Ready', 'True', 'Observed')),
    ['Normal Ready'],
  ],
  [
    'the credentials work again',
    having(condition('Ready', 'False', 'AccessDenied')),
    having(condition('Ready', 'True', 'Observed')),
    ['Normal Ready → ObservationLost over'],
  ],
  [
    'the primary fails',
    having(condition('PrimaryHealthy', 'True', 'PrimaryServing')),
    having(condition('PrimaryHealthy', 'False', 'SignalsFailing')),
    ['Warning PrimaryUnhealthy → PrimaryUnhealthy'],
  ],
  [
    'the failing primary is lost',
    having(condition('PrimaryHealthy', 'False', 'SignalsFailing')),
    having(condition('PrimaryHealthy', 'False', 'PrimaryLost')),
    ['Warning PrimaryUnhealthy → PrimaryUnhealthy'],
  ],
  [
    'Aurora heals the primary',
    having(condition('PrimaryHealthy', 'True', 'PrimaryServing')),
    having(condition('PrimaryHealthy', 'False', 'InRegionRecovery')),
    ['Warning InRegionRecovery → PrimaryUnhealthy'],
  ],
  [
    'the primary is back',
    having(condition('PrimaryHealthy', 'False', 'PrimaryLost')),
    having(condition('PrimaryHealthy', 'True', 'PrimaryServing')),
    ['Normal PrimaryHealthy'],
  ],
  ['a healthy primary is seen first', undefined, having(condition('PrimaryHealthy', 'True', 'PrimaryServing')), []],
  [
    'the lag is high',
    having(condition('ReplicationHealthy', 'True', 'Replicating')),
    having(condition('ReplicationHealthy', 'False', 'LagHigh')),
    ['Warning ReplicationLagHigh → ReplicationLagHigh'],
  ],
  [
    'replication stops',
    having(condition('ReplicationHealthy', 'True', 'Replicating')),
    having(condition('ReplicationHealthy', 'False', 'NotConnected')),
    ['Warning ReplicationUnhealthy'],
  ],
  [
    'a failover would not work any more',
    having(condition('FailoverReady', 'True', 'Protected')),
    having(condition('FailoverReady', 'False', 'NoCandidate')),
    ['Warning FailoverNotReady'],
  ],
  [
    'a failover is under way',
    having(condition('FailoverReady', 'True', 'Protected')),
    having(condition('FailoverReady', 'False', 'OperationInFlight')),
    [],
  ],
  [
    'votes are still missing at first',
    undefined,
    having(condition('FailoverReady', 'False', 'NeverObservedPassing')),
    [],
  ],
  [
    'something blocks the failover',
    having(condition('Progressing', 'False', 'Confirming')),
    having(condition('Progressing', 'False', 'CooldownActive')),
    ['Warning FailoverBlocked → FailoverBlocked'],
  ],
  [
    'something else blocks it',
    having(condition('Progressing', 'False', 'CooldownActive')),
    having(condition('Progressing', 'False', 'LagUnknown')),
    ['Warning FailoverBlocked → FailoverBlocked'],
  ],
  [
    'a loss is being confirmed',
    having(condition('Progressing', 'False', 'Idle')),
    having(condition('Progressing', 'False', 'Confirming')),
    [],
  ],
  [
    'a new writer waits for the fence',
    having(condition('Progressing', 'True', 'Promoted')),
    having(condition('Progressing', 'True', 'AwaitingFence')),
    ['Warning AwaitingFence → FailoverBlocked'],
  ],
  [
    'an operation goes on',
    having(condition('Progressing', 'True', 'Accepted')),
    having(condition('Progressing', 'True', 'Requested')),
    [],
  ],
  [
    'publishing fails',
    having(condition('EndpointPublished', 'True', 'Published')),
    having(condition('EndpointPublished', 'False', 'NameTaken')),
    ['Warning PublishingFailed'],
  ],
  [
    'the old writer is withdrawn',
    having(condition('EndpointPublished', 'True', 'Published')),
    having(condition('EndpointPublished', 'False', 'Fenced')),
    [],
  ],
  [
    'an old primary is outstanding',
    having(condition('SplitBrainRisk', 'False', 'NoRisk')),
    having(condition('SplitBrainRisk', 'True', 'OldPrimaryNotRejoined')),
    ['Warning SplitBrainRisk → SplitBrainRisk'],
  ],
  [
    'it is fenced',
    having(condition('SplitBrainRisk', 'True', 'OldPrimaryNotRejoined')),
    having(condition('SplitBrainRisk', 'True', 'OldPrimaryFenced')),
    [],
  ],
  [
    'it has re-joined',
    having(condition('SplitBrainRisk', 'True', 'OldPrimaryFenced')),
    having(condition('SplitBrainRisk', 'False', 'NoRisk')),
    ['Normal SplitBrainRiskOver → SplitBrainRisk over'],
  ],
];

describe('announcementsOf', () => {
  it.each(NEWS)('given %s, when it is persisted, then people hear of it', (_situation, before, next, expected) => {
    expect(told(before, next)).toEqual(expected);
  });

  it.each(NEWS)(
    'given %s, when nothing changes after that, then nobody hears of it again',
    (_situation, _before, next) => {
      const later = JSON.parse(JSON.stringify(next)) as Status;
      for (const changed of later.conditions ?? []) changed.message = 'other figures';
      expect(told(next, later)).toEqual([]);
    },
  );

  it('given an operation, when it goes on, then its start is not told again', () => {
    const later = { operation: operationStatus(anOperation({ step: 'Promoted' })) };
    expect(told(started, later)).toEqual([]);
  });

  it('given history beyond ten, when the oldest leaves, then only the newest is told', () => {
    const old = Array.from({ length: 10 }, (_, index) => entry({ id: `old-${index}` }));
    expect(told({ history: old }, { history: [entry(), ...old.slice(0, 9)] })).toHaveLength(1);
  });

  it('given the same request again, when it is answered anew, then it is told again', () => {
    const again = request({ observedAt: '2026-01-01T00:05:00.000Z' });
    expect(told({ lastRequest: request() }, { lastRequest: again })).toEqual(['Warning RequestRefused']);
    expect(told({ lastRequest: request() }, { lastRequest: request({ annotationsRemoved: true }) })).toEqual([]);
  });

  it('given an operation, when it is told, then machines get it too', () => {
    const [start] = announcementsOf({}, started);
    expect(start?.operation).toMatchObject({ id: 'op-1', from: EAST, to: WEST, step: 'Requested' });
    const [end] = announcementsOf(started, { history: [entry()] });
    expect(end?.operation).toMatchObject({ id: 'op-1', outcome: 'Succeeded', recoveryTimeMilliseconds: 60_000 });
    expect(end?.note).toMatch(/Succeeded in 60000 ms/);
    const progress = condition('Progressing', 'True', 'AwaitingFence');
    const late = announcementsOf(started, { ...started, recoveryTimeExceeded: true, conditions: [progress] });
    expect(late.at(-1)).toMatchObject({ action: 'Observe', note: 'AwaitingFence: why', operation: { id: 'op-1' } });
    const [loss] = announcementsOf({}, { recoveryTimeExceeded: true });
    expect(loss).toEqual({
      type: 'Warning',
      reason: 'RecoveryTimeExceeded',
      action: 'Observe',
      note: 'Unknown: ',
      notification: 'RecoveryTimeExceeded',
    });
  });
});

describe('failbacks and drills', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const drill = { id: 'drill-1', home: EAST, away: WEST, leg: 'There', startedAt: at, operationId: 'op-1' } as const;
  const last = (result: 'Succeeded' | 'Failed' | 'Missed') =>
    ({ id: 'drill-1', mode: 'Switchover', result, completedAt: at, message: 'why' }) as const;

  it.each<[string, Status, Status, string[]]>([
    ['a drill that begins', {}, { drill }, ['Normal DrillStarted']],
    ['its next leg', { drill }, { drill: { ...drill, leg: 'Away' } }, []],
    ['its success', { drill }, { lastDrill: last('Succeeded') }, ['Normal DrillSucceeded → DrillCompleted']],
    ['its failure', { drill }, { lastDrill: last('Failed') }, ['Warning DrillFailed → DrillFailed']],
    ['one that was missed', {}, { lastDrill: last('Missed') }, ['Warning DrillMissed → DrillFailed']],
    ['one that is known', { lastDrill: last('Failed') }, { lastDrill: last('Failed') }, []],
    ['a simulation in history', { history: [] }, { history: [entry({ type: 'Simulation', trigger: 'Drill' })] }, []],
    [
      'a failback that waits',
      having(condition('Progressing', 'False', 'Idle')),
      having(condition('Progressing', 'False', 'FailbackOutsideWindow')),
      ['Normal FailbackWaiting'],
    ],
    [
      'a failback that waits for something else',
      having(condition('Progressing', 'False', 'FailbackStabilizing')),
      having(condition('Progressing', 'False', 'FailbackLagHigh')),
      ['Normal FailbackWaiting'],
    ],
    [
      'a drill whose return waits',
      having(condition('Progressing', 'False', 'DrillInProgress')),
      having(condition('Progressing', 'False', 'DrillReturnWaiting')),
      ['Warning DrillReturnWaiting'],
    ],
    [
      'a drill that goes on',
      having(condition('Progressing', 'False', 'Idle')),
      having(condition('Progressing', 'False', 'DrillInProgress')),
      [],
    ],
  ])(
    'given %s, when it is persisted, then people hear of it once, and of no blocked failover',
    (_what, before, next, news) => {
      expect(told(before, next)).toEqual(news);
      expect(told(next, next)).toEqual([]);
    },
  );
});

describe('what becomes of a condition', () => {
  const turns = (type: string, before: string | undefined, next: string): string[] => {
    const of = (text: string): Condition => {
      const [status = '', reason = ''] = text.split(' ');
      return condition(type, status as Condition['status'], reason);
    };
    return told(
      before === undefined ? undefined : having(condition('Other', 'True', 'Other'), of(before)),
      having(of(next)),
    );
  };

  it.each<[type: string, before: string | undefined, next: string, news: string[]]>([
    ['Ready', undefined, 'False Throttled', ['Warning NotReady']],
    ['Ready', 'False Throttled', 'False AccessDenied', ['Warning NotReady → ObservationLost']],
    ['Ready', undefined, 'True Observed', []],
    ['Ready', 'Unknown AccessDenied', 'True Observed', ['Normal Ready']],
    ['Ready', 'True Observed', 'True OtherwiseObserved', []],
    ['Ready', 'True Observed', 'Unknown NotObserved', []],
    ['PrimaryHealthy', undefined, 'False PrimaryLost', ['Warning PrimaryUnhealthy → PrimaryUnhealthy']],
    ['PrimaryHealthy', 'True PrimaryServing', 'True OtherwiseServing', []],
    ['ReplicationHealthy', undefined, 'False LagHigh', ['Warning ReplicationLagHigh → ReplicationLagHigh']],
    ['ReplicationHealthy', 'False LagHigh', 'False NotConnected', ['Warning ReplicationUnhealthy']],
    ['ReplicationHealthy', 'False LagHigh', 'True Replicating', []],
    ['FailoverReady', 'False NoCandidate', 'False LagUnknown', ['Warning FailoverNotReady']],
    ['Progressing', undefined, 'False CooldownActive', ['Warning FailoverBlocked → FailoverBlocked']],
    ['Progressing', 'False CooldownActive', 'False Idle', []],
    ['Progressing', 'False Confirming', 'False AwaitingTurn', []],
    ['Progressing', undefined, 'False FailbackOutsideWindow', ['Normal FailbackWaiting']],
    ['Progressing', undefined, 'False DrillReturnWaiting', ['Warning DrillReturnWaiting']],
    ['Progressing', 'True Promoted', 'True FenceUnreadable', ['Warning FenceUnreadable → FailoverBlocked']],
    ['Progressing', 'True AwaitingFence', 'True FenceUnreadable', ['Warning FenceUnreadable → FailoverBlocked']],
    ['Progressing', 'True Requested', 'True RefusedByAws', ['Warning RefusedByAws → FailoverBlocked']],
    ['EndpointPublished', undefined, 'False NameTaken', ['Warning PublishingFailed']],
    ['EndpointPublished', 'False NameTaken', 'False Refused', ['Warning PublishingFailed']],
    ['EndpointPublished', 'True Published', 'False EndpointUnknown', []],
    ['SplitBrainRisk', undefined, 'True OldPrimaryNotRejoined', ['Warning SplitBrainRisk → SplitBrainRisk']],
    [
      'SplitBrainRisk',
      'True OldPrimaryNotRejoined',
      'True OldPrimaryResynchronizing',
      ['Warning OldPrimaryResynchronizing → SplitBrainRisk'],
    ],
    ['SplitBrainRisk', 'True OldPrimaryFenced', 'True OldPrimaryNotRejoined', []],
    ['SplitBrainRisk', 'True OldPrimaryFenced', 'True OldPrimaryDetached', ['Warning SplitBrainRisk → SplitBrainRisk']],
    ['SplitBrainRisk', undefined, 'False NoRisk', []],
    ['ResourceDrift', undefined, 'True RolesDiffer', ['Warning ResourceDrift']],
    ['ResourceDrift', 'False ResourcesAgree', 'True RolesDiffer', ['Warning ResourceDrift']],
    ['ResourceDrift', 'True RolesDiffer', 'True PauseRefused', ['Warning PauseRefused']],
    ['ResourceDrift', undefined, 'Unknown NotObserved', []],
    ['ResourceDrift', 'False ResourcesAgree', 'Unknown NotObserved', ['Warning ResourcesNotObserved']],
    ['ResourceDrift', 'Unknown NotObserved', 'Unknown AccessDenied', ['Warning ResourcesNotObserved']],
    ['ResourceDrift', undefined, 'False ResourcesAgree', []],
    ['ResourceDrift', 'True RolesDiffer', 'False ResourcesAgree', ['Normal ResourcesReconciled']],
    ['ResourceDrift', 'False ResourcesAgree', 'False ResourcesPaused', ['Normal ResourcesPaused']],
    ['ResourceDrift', 'True RolesDiffer', 'False NotManaged', []],
  ])('given %s that was %s, when it is %s, then people hear %j', (type, before, next, news) => {
    expect(turns(type, before, next)).toEqual(news);
  });

  it('given news of one, then it says why, and nothing that it does not know', () => {
    const [news, ...others] = announcementsOf({}, having(condition('EndpointPublished', 'False', 'NameTaken')));
    expect(others).toEqual([]);
    expect(Object.entries(news ?? {})).toEqual(
      Object.entries({ type: 'Warning', reason: 'PublishingFailed', action: 'Observe', note: 'NameTaken: why' }),
    );
  });
});

describe('rescue snapshots', () => {
  const rescue = (state: RescueSnapshot['state'], more: Partial<RescueSnapshot> = {}): Status => ({
    rescueSnapshots: [
      {
        operationId: 'op-1',
        region: EAST,
        clusterIdentifier: 'orders',
        since: '2026-01-01T00:00:00.000Z',
        state,
        ...more,
      },
    ],
  });

  it.each<[RescueSnapshot['state'], string[]]>([
    ['Awaited', []],
    ['Copying', ['Normal RescueSnapshotCopying']],
    ['Kept', ['Normal RescueSnapshotKept → RescueSnapshotKept']],
    ['Refused', ['Warning RescueSnapshotRefused → RescueSnapshotFailed']],
    ['GivenUp', ['Warning RescueSnapshotGivenUp → RescueSnapshotFailed']],
  ])('given one that is %s, then people hear of it once', (state, news) => {
    expect(told(undefined, rescue(state))).toEqual(news);
    expect(told({}, rescue(state))).toEqual(news);
    expect(told(rescue(state === 'Awaited' ? 'Copying' : 'Awaited'), rescue(state))).toEqual(news);
    expect(told(rescue(state), rescue(state))).toEqual([]);
  });

  it('given names and a reason, then it tells them', () => {
    const noteOf = (status: Status): string | undefined => announcementsOf({}, status)[0]?.note;
    expect(noteOf(rescue('Kept', { source: 'rds:auto', snapshot: 'kept' }))).toBe(
      'Kept op-1: what old primary us-east-1/orders had: rds:auto as kept',
    );
    expect(noteOf(rescue('Refused', { source: 'rds:auto', message: 'denied' }))).toBe(
      'Refused op-1: what old primary us-east-1/orders had: rds:auto: denied',
    );
  });
});

describe('what is told of operations, requests and drills', () => {
  it('given the first status that is seen, then what is in it is told', () => {
    const first: Status = {
      ...started,
      history: [entry({ id: 'op-0' })],
      lastRequest: request(),
      drill: { id: 'drill-2', home: EAST, away: WEST, leg: 'There', startedAt: entry().startedAt, operationId: 'op-1' },
      lastDrill: { id: 'drill-1', mode: 'Simulate', result: 'Succeeded', completedAt: entry().completedAt },
    };
    const all = announcementsOf(undefined, first);
    expect(all.map(({ reason, note }) => `${reason}: ${note}`)).toEqual([
      `RequestRefused: force-failover=${WEST}: Refused (UnknownRegion): no such region`,
      `FailoverStarted: Failover op-1 from ${EAST} to ${WEST} (Automatic)`,
      `FailoverCompleted: Failover op-0 to ${WEST} Succeeded in 60000 ms: `,
      `DrillStarted: drill-2: the writer goes from ${EAST} to ${WEST} and comes back`,
      'DrillSucceeded: drill-1 (Simulate) Succeeded: ',
    ]);
    expect(announcementsOf({}, first)).toEqual(all);
  });

  it('given a request without a value, a reason and a message, then it says the rest', () => {
    const { value: _, reason: __, message: ___, ...bare } = request({ result: 'Accepted' });
    expect(announcementsOf({}, { lastRequest: bare })).toEqual([
      { type: 'Normal', reason: 'RequestAccepted', action: 'Request', note: 'force-failover=: Accepted: ' },
    ]);
  });

  it('given another request of the same moment, then it is told', () => {
    const other = { lastRequest: request({ action: 'failback' }) };
    expect(told({ lastRequest: request() }, other)).toEqual(['Warning RequestRefused']);
  });

  it('given an operation that ended, then machines get all that history has', () => {
    const { recoveryTimeMilliseconds: _, ...untimed } = entry({ outcome: 'Failed', message: 'why' });
    const [timed] = announcementsOf({}, { history: [entry()] });
    const { type, id, trigger, from, to, outcome, startedAt, completedAt } = entry();
    const operation = { type, id, trigger, from, to, outcome, startedAt, completedAt };
    expect(timed?.operation).toEqual({ ...operation, recoveryTimeMilliseconds: 60_000 });
    const [news] = announcementsOf({}, { history: [untimed] });
    expect(news?.note).toBe(`Failover op-1 to ${WEST} Failed: why`);
    expect(news?.operation).toEqual({ ...operation, outcome: 'Failed' });
  });

  it('given other conditions, when something lasts too long, then the progress is told', () => {
    const conditions = [condition('Ready', 'Unknown', 'Other'), condition('Progressing', 'True', 'Requested')];
    const [news] = announcementsOf({ conditions }, { conditions, recoveryTimeExceeded: true });
    expect(news?.note).toBe('Requested: why');
  });
});
