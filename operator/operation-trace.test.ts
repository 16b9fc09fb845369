import { describe, expect, it } from '@jest/globals';
import type { DisasterRecoveryPolicy, HistoryEntry } from './api/v1alpha1/disaster-recovery-policy.ts';
import { aPolicy } from './controllers/testing/a-policy.ts';
import { endedOperation } from './operation-trace.ts';

const at = (second: number): string => new Date(Date.UTC(2030, 0, 1, 0, 0, second)).toISOString();
const entry: HistoryEntry = {
  id: 'op-1',
  type: 'Failover',
  trigger: 'Automatic',
  from: 'us-east-1',
  to: 'us-west-2',
  outcome: 'Succeeded',
  detectedAt: at(0),
  startedAt: at(30),
  promotedAt: at(80),
  publishedAt: at(81),
  completedAt: at(90),
  estimatedDataLossMilliseconds: 250,
};
const policy = (...history: HistoryEntry[]): DisasterRecoveryPolicy => ({ ...aPolicy(), status: { history } });

describe('the trace of an operation', () => {
  it('given one that ended, then it spans the loss, with its parts one after the other', () => {
    const trace = endedOperation(policy(), policy(entry));
    expect(trace?.span).toMatchObject({
      name: 'failover',
      start: Date.parse(at(0)),
      end: Date.parse(at(90)),
      attributes: {
        'aurora_dr.policy': 'payments/orders',
        'aurora_dr.operation.id': 'op-1',
        'aurora_dr.operation.to': 'us-west-2',
        'aurora_dr.operation.estimated_data_loss_ms': 250,
      },
    });
    expect(trace?.span).not.toHaveProperty('failure');
    expect(trace?.parts.map(({ name, start, end }) => [name, (end - start) / 1000])).toEqual([
      ['detect', 30],
      ['promote', 50],
      ['publish', 1],
      ['confirm', 9],
    ]);
  });

  it('given one that failed before a promotion, then it says why, and has no parts that never were', () => {
    const { detectedAt: _detected, promotedAt: _promoted, publishedAt: _published, ...rest } = entry;
    const failed: HistoryEntry = { ...rest, type: 'Switchover', outcome: 'Failed', message: 'AWS refused' };
    const trace = endedOperation(policy(entry), policy({ ...failed, id: 'op-2' }, entry));
    expect(trace?.span).toMatchObject({ name: 'switchover', start: Date.parse(at(30)), failure: 'AWS refused' });
    expect(trace?.parts).toEqual([]);
  });

  it('given a late success of what timed out, then it is told', () => {
    expect(endedOperation(policy({ ...entry, outcome: 'TimedOut' }), policy(entry))?.span.name).toBe('failover');
  });

  it.each([
    ['an object that is new to this process', undefined, policy(entry)],
    ['an object without a status so far', aPolicy(), policy(entry)],
    ['an object that is gone', policy(entry), undefined],
    ['a history without news', policy(entry), policy(entry)],
    ['no history', policy(), policy()],
    ['a simulation', policy(), policy({ ...entry, type: 'Simulation' })],
  ])('given %s, then nothing is told', (_what, before, now) => {
    expect(endedOperation(before, now)).toBeUndefined();
  });
});
