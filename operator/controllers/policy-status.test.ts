import { describe, expect, it } from '@jest/globals';
import type { DisasterRecoveryPolicyStatus } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { problemsOf } from '../api/v1alpha1/guards.ts';
import { MINUTE, T0 } from '../failover/testing/a-round.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { noAnswer } from '../failover/testing/attempts.ts';
import { silentPrimary, stoppedLag } from '../failover/testing/losses.ts';
import { hasSignificantChange, statusOf } from './policy-status.ts';
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
});

describe('hasSignificantChange', () => {
  const base = status({ record: { operation: anOperation() } });
  const changed = (change: (next: DisasterRecoveryPolicyStatus) => void): boolean => {
    const next = JSON.parse(JSON.stringify(base)) as DisasterRecoveryPolicyStatus;
    change(next);
    return hasSignificantChange(base, next);
  };

  it('given no status yet, when there is one, then it is written', () => {
    expect(hasSignificantChange(undefined, base)).toBe(true);
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
    ['the step of the operation', (next) => (next.operation!.step = 'Promoted')],
    ['the fence of the operation', (next) => (next.operation!.fence = 'Succeeded')],
    ['the end of the cooldown', (next) => (next.cooldownUntil = new Date(T0).toISOString())],
    ['the last request', (next) => (next.lastRequest = { action: 'drill', observedAt: '', result: 'Refused' })],
    ['what is published', (next) => (next.published = { writerEndpoint: 'x', at: '' })],
    ['history', (next) => (next.history = [{ ...base.operation!, outcome: 'Failed', completedAt: '' }])],
  ])('given another value of %s, then it is written at once', (_name, change) => {
    expect(changed(change)).toBe(true);
  });
});
