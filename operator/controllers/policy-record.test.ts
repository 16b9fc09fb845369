import { describe, expect, it } from '@jest/globals';
import type { HistoryEntry } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Operation } from '../failover/operation.ts';
import { primarySince } from './policy-record.ts';

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

function entry(to: string, changes: Partial<HistoryEntry>): HistoryEntry {
  const [from, minute] = ['elsewhere', at(1)];
  return {
    id: 'x',
    type: 'Failover',
    trigger: 'Automatic',
    from,
    to,
    outcome: 'Succeeded',
    startedAt: minute,
    completedAt: minute,
    ...changes,
  };
}

describe('primarySince', () => {
  it.each<[string, readonly HistoryEntry[], string | undefined]>([
    ['nothing on record', [], undefined],
    ['a success', [entry('west', { completedAt: at(7) })], at(7)],
    ['a promotion that was published later', [entry('west', { promotedAt: at(5), completedAt: at(9) })], at(5)],
    ['a promotion that timed out', [entry('west', { promotedAt: at(5), outcome: 'TimedOut' })], at(5)],
    ['a failure before any promotion', [entry('west', { outcome: 'Failed' })], undefined],
    ['a change to another region, long ago', [entry('east', { completedAt: at(2) })], undefined],
    ['two changes to it', [entry('west', { completedAt: at(9) }), entry('west', { completedAt: at(2) })], at(9)],
  ])('Given %s, then it is told by the newest change to the primary', (_, history, expected) => {
    const since = primarySince({ primaryRegion: 'west', history });

    expect(since).toBe(expected === undefined ? undefined : Date.parse(expected));
  });

  it('Given an operation that has been promoted and goes on, then its promotion counts', () => {
    const operation = { to: 'west', promotedAt: Date.parse(at(8)) } as Operation;
    const record = { primaryRegion: 'west', history: [entry('west', { completedAt: at(2) })] };

    expect(primarySince({ ...record, operation })).toBe(Date.parse(at(8)));
    expect(primarySince({ ...record, operation: { to: 'east' } as Operation })).toBe(Date.parse(at(2)));
  });
});
