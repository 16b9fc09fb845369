import { beforeAll, describe, expect, it } from '@jest/globals';
import type { DisasterRecoveryPolicyStatus } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { problemsOf } from '../api/v1alpha1/guards.ts';
import { arnOf, ENGINE, MINUTE, T0 } from '../failover/testing/a-round.ts';
import { CENTRAL, EAST, THREE_REGIONS, WEST } from '../failover/testing/a-settings.ts';
import { noAnswer } from '../failover/testing/attempts.ts';
import { silentPrimary, stoppedLag } from '../failover/testing/losses.ts';
import { recordFrom } from './policy-record.ts';
import { hasSignificantChange, statusOf } from './policy-status.ts';
import { memoryFrom } from './status-codec.ts';
import { anOperation } from './testing/an-operation.ts';
import { aPolicy } from './testing/a-policy.ts';
import { aQuestion, type QuestionProps } from './testing/a-question.ts';

const LOST = { ...silentPrimary({ [WEST]: stoppedLag(2 * MINUTE) }), witness: 503 };
const status = (props: QuestionProps = {}): DisasterRecoveryPolicyStatus => statusOf(aQuestion(props));

describe('the phase', () => {
  it.each<[string, QuestionProps]>([
    ['Protected', {}],
    ['Pending', { isFresh: true, record: { primaryRegion: undefined } as never }],
    ['Suspect', { sees: LOST }],
    ['FailingOver', { record: { operation: anOperation() } }],
    ['SwitchingOver', { record: { operation: anOperation({ type: 'Switchover' }) } }],
    ['Unprotected', { settings: { dataLoss: 'Forbid' } }],
    ['Suspended', { settings: { isSuspended: true } }],
    ['Degraded', { sees: { endpoint: noAnswer() } }],
    ['Degraded', { settings: { scheduleProblems: ['drill: "Mars/Phobos" is no time zone'] } }],
    ['Degraded', { sees: { lag: { [WEST]: { lags: [5_000] } } }, settings: { dataLoss: 'Allow' } }],
  ])('given its situation, then it is %s', (phase, props) => {
    expect(status(props).phase).toBe(phase);
  });

  it('given suspend, when an operation is in flight, then the operation shows', () => {
    expect(status({ settings: { isSuspended: true }, record: { operation: anOperation() } }).phase).toBe('FailingOver');
  });
});

describe('statusOf', () => {
  it('given a status of any kind, when it is written, then the schema admits it', () => {
    const long = 'x'.repeat(10_000);
    const operation = anOperation({ message: long });
    const engine = '8.0.mysql_aurora.3.08.0-and-a-suffix-that-nobody-expected';
    const odd = status({
      record: { operation },
      sees: { regions: { [WEST]: { engineVersion: engine } } },
      publication: { isPublished: false, reason: 'Refused', message: long },
    });
    expect(problemsOf({ ...aPolicy(), status: odd })).toEqual([]);
    expect(odd.operation?.message).toHaveLength(4096);
    expect(odd.regions?.map(({ promotable, reason }) => [promotable, reason])).toEqual([
      [false, 'IsPrimary'],
      [false, 'EngineVersionDiffers'],
    ]);
  });

  it('given a lost region, when it cannot say its address any more, then status keeps what was known', () => {
    const before = status();
    const after = status({ sees: LOST, previousStatus: before });
    const region = (of: DisasterRecoveryPolicyStatus) => of.regions?.find(({ name }) => name === EAST);
    expect(region(after)).toMatchObject({
      endpoint: region(before)?.endpoint,
      port: 3306,
      clusterArn: region(before)?.clusterArn,
    });
    expect(after.writerEndpoint).toBe(before.writerEndpoint);
  });

  it('given lag, when it is shown, then unknown is never zero', () => {
    expect(status().lag).toBe('100ms');
    expect(status({ isFresh: true, sees: { lag: { [WEST]: 'none' } } }).lag).toBe('unknown');
  });

  it('given several secondaries, when lag is shown, then it is that of the furthest behind, and never the primary’s', () => {
    const question = aQuestion({
      settings: { regions: THREE_REGIONS },
      sees: { members: [EAST, WEST, CENTRAL], lag: { [CENTRAL]: { lags: [250.4] } } },
    });
    const sample = { periodStart: T0, periodEnd: T0, lagMilliseconds: 9000 };
    const memory = { ...question.memory, lag: { ...question.memory.lag, [EAST]: sample } };
    const written = statusOf({ ...question, memory });
    expect(written.lag).toBe('250ms');
    expect(written.regions?.map(({ replicationLagMilliseconds }) => replicationLagMilliseconds)).toEqual([
      undefined,
      100,
      250,
    ]);
    expect(written.regions?.map(({ lagSampleTime }) => lagSampleTime !== undefined)).toEqual([false, true, true]);
  });

  it('given all is well, when it is written, then each region and each class says what was seen', () => {
    const { regions, signals, ...rest } = status();
    expect(regions).toEqual([
      {
        name: EAST,
        clusterIdentifier: 'orders',
        role: 'Primary',
        health: 'Healthy',
        clusterArn: arnOf(EAST),
        endpoint: `orders.${EAST}.example`,
        port: 3306,
        engineVersion: ENGINE,
        clusterStatus: 'available',
        endpointLastPassed: '2026-01-01T00:03:01.000Z',
        promotable: false,
        reason: 'IsPrimary',
      },
      {
        name: WEST,
        clusterIdentifier: 'orders',
        role: 'Secondary',
        health: 'Healthy',
        clusterArn: arnOf(WEST),
        endpoint: `orders.${WEST}.example`,
        port: 3306,
        engineVersion: ENGINE,
        clusterStatus: 'available',
        synchronizationStatus: 'connected',
        replicationLagMilliseconds: 100,
        lagSampleTime: '2026-01-01T00:02:00.000Z',
        promotable: true,
      },
    ]);
    expect(signals?.[0]).toMatchObject({
      name: 'controlPlane',
      vantage: 'direct',
      state: 'Passing',
      since: '2026-01-01T00:02:31.000Z',
      lastPassed: '2026-01-01T00:03:01.000Z',
      primary: EAST,
      configuration: 'controlPlane-1',
    });
    expect(rest).toMatchObject({
      observedGeneration: 1,
      phase: 'Protected',
      primaryRegion: EAST,
      writerEndpoint: `orders.${EAST}.example`,
      history: [],
    });
    for (const absent of [
      'incident',
      'recoveryTimeExceeded',
      'operation',
      'splitBrain',
      'cooldownUntil',
      'rescueSnapshots',
    ]) {
      expect(rest).not.toHaveProperty(absent);
    }
    for (const absent of ['failback', 'nextDrill', 'drill', 'lastDrill']) {
      expect(rest).not.toHaveProperty(absent);
    }
  });

  it('given what lasts longer than the recovery time, when it is written, then it says so', () => {
    const record = { operation: anOperation() };
    expect(status({ record, settings: { recoveryTimeMilliseconds: 1 } }).recoveryTimeExceeded).toBe(true);
    expect(status({ record })).not.toHaveProperty('recoveryTimeExceeded');
  });

  it('given what automation may not choose, when it is written, then it is not promotable, and says why', () => {
    const { regions } = status({ settings: { dataLoss: 'Forbid' } });
    expect(regions?.[1]).toMatchObject({ promotable: false, reason: 'DataLossForbidden' });
  });

  it('given a round in which nobody tells the roles, when it is written, then they stay what they were', () => {
    const previousStatus = status();
    const silent = { regions: { [EAST]: { rds: noAnswer() }, [WEST]: { rds: noAnswer() } } };
    const roles = (of: DisasterRecoveryPolicyStatus) => of.regions?.map(({ role }) => role);
    expect(roles(status({ sees: silent, previousStatus }))).toEqual(['Primary', 'Secondary']);
    const [east, west] = previousStatus.regions!;
    const swapped = { ...previousStatus, regions: [{ ...east!, role: 'Secondary' as const }, west!] };
    expect(roles(status({ sees: silent, previousStatus: swapped }))).toEqual(['Secondary', 'Secondary']);
    expect(roles(status({ previousStatus: swapped }))).toEqual(['Primary', 'Secondary']);
  });

  it('given a round in which nobody tells the roles, when no status tells them either, then they are what the record makes of them', () => {
    const silent = { regions: { [EAST]: { rds: noAnswer() }, [WEST]: { rds: noAnswer() } } };
    const fresh = aQuestion({ sees: silent });
    const known = fresh.assessment.regions.map(({ role }) => role);
    for (const previousStatus of [undefined, {}]) {
      expect(statusOf({ ...fresh, previousStatus }).regions?.map(({ role }) => role)).toEqual(known);
    }
  });

  it('given what AWS says of another day, when it is written, then words are shortened, and addresses left out', () => {
    const before = status();
    const question = aQuestion();
    const regions = question.assessment.regions.map((region) => ({
      ...region,
      engineVersion: 'v'.repeat(65),
      clusterStatus: 's'.repeat(65),
      synchronizationStatus: 'c'.repeat(65),
      clusterArn: 'a'.repeat(2049),
      endpoint: 'e'.repeat(256),
      port: 65_536,
    }));
    const odd = { ...question, assessment: { ...question.assessment, regions } };
    const [fresh] = statusOf(odd).regions!;
    expect(
      [fresh?.engineVersion, fresh?.clusterStatus, fresh?.synchronizationStatus].map((word) => word?.length),
    ).toEqual([64, 64, 64]);
    for (const absent of ['clusterArn', 'endpoint', 'port']) {
      expect(fresh).not.toHaveProperty(absent);
    }
    expect(statusOf({ ...odd, previousStatus: before }).regions?.[1]).toMatchObject({
      clusterArn: arnOf(WEST),
      endpoint: `orders.${WEST}.example`,
      port: 3306,
    });
  });

  it.each([
    ['a longest address', { endpoint: 'e'.repeat(255), clusterArn: 'a'.repeat(2048) }],
    ['the first port', { port: 1 }],
    ['the last port', { port: 65_535 }],
  ])('given %s, when it is written, then it is told as it is', (_what, told) => {
    const question = aQuestion();
    const regions = question.assessment.regions.map((region) => ({ ...region, ...told }));
    const written = statusOf({ ...question, assessment: { ...question.assessment, regions } });
    expect(written.regions?.[0]).toMatchObject(told);
  });

  it.each([0, 0.5, 1.5, 65_536, NaN])('given a port of %s, when it is written, then there is none', (port) => {
    const question = aQuestion();
    const regions = question.assessment.regions.map((region) => ({ ...region, port }));
    const written = statusOf({ ...question, assessment: { ...question.assessment, regions } });
    expect(written.regions?.[0]).not.toHaveProperty('port');
  });

  it('given an incident and all of the record, when it is written, then a new process reads the same', () => {
    const splitBrain = { region: WEST, clusterIdentifier: 'orders', since: T0, fence: 'TimedOut' } as const;
    const rescue = {
      operationId: 'o',
      region: WEST,
      clusterIdentifier: 'orders',
      since: '',
      state: 'Awaited',
    } as const;
    const drill = { id: 'd', home: EAST, away: WEST, leg: 'Away', startedAt: T0, operationId: 'o' } as const;
    const lastDrill = {
      id: 'd-0',
      mode: 'Simulate',
      result: 'Missed',
      reason: 'Missed',
      message: 'late',
      completedAt: T0,
    } as const;
    const record = {
      primaryRegion: EAST,
      operation: anOperation({ message: 'AWS said so' }),
      cooldownUntil: T0 + MINUTE,
      splitBrain,
      rescueSnapshots: [rescue],
      drill,
      lastDrill,
      nextDrill: { at: T0, schedule: 's' },
      history: [
        {
          id: 'op-0',
          type: 'Switchover',
          trigger: 'Annotation',
          from: WEST,
          to: EAST,
          outcome: 'Succeeded',
          startedAt: '2025-12-31T00:00:00.000Z',
          completedAt: '2025-12-31T00:01:00.000Z',
        },
      ],
    } as const;
    const question = aQuestion({ sees: LOST, record });
    const stability = { region: EAST, since: T0, until: T0 + MINUTE };
    const written = statusOf({ ...question, memory: { ...question.memory, stability } });
    expect(recordFrom(written)).toEqual(record);
    expect(written.incident).toMatchObject({ startedAt: '2026-01-01T00:03:00.000Z', reason: 'OperationInFlight' });
    expect(memoryFrom(written)).toMatchObject({ stability, incident: { startedAt: T0 + 3 * MINUTE } });
  });

  it('given a primary of which nothing is known, when it is written, then there is no writer to go to', () => {
    expect(status({ isFresh: true, record: { primaryRegion: undefined } as never })).not.toHaveProperty(
      'writerEndpoint',
    );
  });

  it('given classes that cannot see a loss in time, when it is written, then no detection window is promised', () => {
    expect(status().detectionWindow).toMatch(/s$/);
    expect(status({ settings: { quorum: 9 } })).not.toHaveProperty('detectionWindow');
  });
});

describe('hasSignificantChange', () => {
  let base: DisasterRecoveryPolicyStatus;
  beforeAll(() => {
    base = status({ record: { operation: anOperation() } });
  });
  const changed = (change: (next: DisasterRecoveryPolicyStatus) => void): boolean => {
    const next = JSON.parse(JSON.stringify(base)) as DisasterRecoveryPolicyStatus;
    change(next);
    return hasSignificantChange(base, next);
  };

  it('given no status yet, when there is one, then it is written', () => {
    expect(hasSignificantChange(undefined, base)).toBe(true);
  });

  it('given a status that says nothing at all, when there is one, then it is written', () => {
    expect(hasSignificantChange({}, base)).toBe(true);
    expect(hasSignificantChange(base, {})).toBe(true);
    expect(hasSignificantChange({}, {})).toBe(false);
  });

  it('given a failback that goes on counting, when only its last round is another, then it waits', () => {
    const failback = { region: EAST, healthySince: 'a', observedUntil: 'b' };
    expect(hasSignificantChange({ failback }, { failback: { ...failback, observedUntil: 'c' } })).toBe(false);
    expect(hasSignificantChange({ failback }, { failback: { ...failback, healthySince: 'c' } })).toBe(true);
  });

  it('given an incident, when something else keeps from acting on it, then it is written; other words are not', () => {
    const incident = { startedAt: 'a', reason: 'Confirming', message: '1 of 3' };
    expect(hasSignificantChange({ incident }, { incident: { ...incident, message: '2 of 3' } })).toBe(false);
    expect(hasSignificantChange({ incident }, { incident: { ...incident, reason: 'ManualMode' } })).toBe(true);
  });

  it('given history, when an entry ends in another way, then it is written', () => {
    const entry = { ...base.operation!, outcome: 'Failed', completedAt: 'a' } as const;
    expect(hasSignificantChange({ history: [entry] }, { history: [{ ...entry, message: 'x' }] })).toBe(false);
    expect(hasSignificantChange({ history: [entry] }, { history: [{ ...entry, outcome: 'TimedOut' }] })).toBe(true);
    expect(hasSignificantChange({ history: [entry] }, { history: [{ ...entry, id: 'other' }] })).toBe(true);
  });

  it('given the same facts in another order of keys, as the API server gives them back, then nothing is written', () => {
    const sorted = JSON.parse(
      JSON.stringify(base, (_key, value: unknown) =>
        typeof value === 'object' && value !== null && !Array.isArray(value)
          ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
          : value,
      ),
    ) as DisasterRecoveryPolicyStatus;
    expect(Object.keys(sorted.operation!)).not.toEqual(Object.keys(base.operation!));
    expect(hasSignificantChange(sorted, base)).toBe(false);
  });

  it.each<[string, (next: DisasterRecoveryPolicyStatus) => void]>([
    ['the lag', (next) => (next.regions![1]!.replicationLagMilliseconds = 7)],
    ['the displayed lag', (next) => (next.lag = '7ms')],
    ['the age of the lag', (next) => (next.regions![1]!.lagSampleTime = '2026-06-01T00:00:00.000Z')],
    ['when a signal passed last', (next) => (next.signals![0]!.lastPassed = '2026-06-01T00:00:00.000Z')],
    ['when an endpoint accepted last', (next) => (next.regions![0]!.endpointLastPassed = '2026-06-01T00:00:00.000Z')],
    ['the message of a signal', (next) => (next.signals![0]!.message = 'other words')],
    ['the message of a condition', (next) => (next.conditions![0]!.message = 'other words')],
    ['the time of a transition', (next) => (next.conditions![0]!.lastTransitionTime = '2026-06-01T00:00:00.000Z')],
  ])('given another value of %s, then it waits for the next write', (_name, change) => {
    expect(changed(change)).toBe(false);
  });

  it.each<[string, (next: DisasterRecoveryPolicyStatus) => void]>([
    ['the phase', (next) => (next.phase = 'Degraded')],
    ['the primary', (next) => (next.primaryRegion = WEST)],
    ['the generation', (next) => (next.observedGeneration = 2)],
    ['the detection window', (next) => (next.detectionWindow = '1m')],
    ['a role', (next) => (next.regions![1]!.role = 'Missing')],
    ['a health', (next) => (next.regions![1]!.health = 'Unhealthy')],
    ['whether a region can be promoted', (next) => (next.regions![1]!.promotable = false)],
    ['why it cannot', (next) => (next.regions![1]!.reason = 'NotAvailable')],
    ['a region’s address', (next) => (next.regions![1]!.endpoint = 'elsewhere')],
    ['the first lag sample', (next) => Reflect.deleteProperty(next.regions![1]!, 'lagSampleTime')],
    ['the state of a signal', (next) => (next.signals![0]!.state = 'Failing')],
    ['the reason of a signal', (next) => (next.signals![0]!.reason = 'Other')],
    ['the first vote of a signal', (next) => Reflect.deleteProperty(next.signals![0]!, 'lastPassed')],
    ['the status of a condition', (next) => (next.conditions![0]!.status = 'Unknown')],
    ['the reason of a condition', (next) => (next.conditions![0]!.reason = 'Other')],
    ['the incident', (next) => (next.incident = { startedAt: new Date(T0).toISOString() })],
    ['whether the recovery time is exceeded', (next) => (next.recoveryTimeExceeded = true)],
    ['the step of the operation', (next) => (next.operation!.step = 'Promoted')],
    ['the fence of the operation', (next) => (next.operation!.fence = 'Succeeded')],
    ['the end of the cooldown', (next) => (next.cooldownUntil = new Date(T0).toISOString())],
    ['the last request', (next) => (next.lastRequest = { action: 'drill', observedAt: '', result: 'Refused' })],
    ['the writer’s address', (next) => (next.writerEndpoint = 'elsewhere')],
    ['an engine version', (next) => (next.regions![1]!.engineVersion = '9')],
    ['the status of a cluster', (next) => (next.regions![1]!.clusterStatus = 'modifying')],
    ['a synchronization', (next) => (next.regions![1]!.synchronizationStatus = 'pending-resync')],
    ['an ARN', (next) => (next.regions![1]!.clusterArn = 'arn')],
    [
      'the first time that an endpoint accepted',
      (next) => Reflect.deleteProperty(next.regions![0]!, 'endpointLastPassed'),
    ],
    ['the primary that a signal is about', (next) => (next.signals![0]!.primary = WEST)],
    ['how a signal is configured', (next) => (next.signals![0]!.configuration = 'other')],
    ['the old primary', (next) => (next.splitBrain = { region: WEST, clusterIdentifier: 'c', since: '' })],
    ['rescue snapshots', (next) => (next.rescueSnapshots = [])],
    [
      'since when a region is stable',
      (next) => (next.failback = { region: EAST, healthySince: '', observedUntil: '' }),
    ],
    ['the next drill', (next) => (next.nextDrill = { at: '', schedule: '' })],
    ['the last drill', (next) => (next.lastDrill = { id: 'd', mode: 'Simulate', result: 'Failed', completedAt: '' })],
    ['a region less', (next) => next.regions!.pop()],
    ['all regions', (next) => Reflect.deleteProperty(next, 'regions')],
    ['all signals', (next) => Reflect.deleteProperty(next, 'signals')],
    ['all conditions', (next) => Reflect.deleteProperty(next, 'conditions')],
    ['no history', (next) => Reflect.deleteProperty(next, 'history')],
    ['what is published', (next) => (next.published = { writerEndpoint: 'x', at: '' })],
    ['history', (next) => (next.history = [{ ...base.operation!, outcome: 'Failed', completedAt: '' }])],
  ])('given another value of %s, then it is written at once', (_name, change) => {
    expect(changed(change)).toBe(true);
  });
});
