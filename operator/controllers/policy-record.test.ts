import { describe, expect, it } from '@jest/globals';
import type { DisasterRecoveryPolicyStatus, HistoryEntry } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Operation } from '../failover/operation.ts';
import { primarySince, recordFrom } from './policy-record.ts';

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

describe('recordFrom', () => {
  it('Given no status yet, then there is only an empty history', () => {
    expect(recordFrom(undefined)).toEqual({ history: [] });
  });

  it('Given a status, then what was done and is being done is read from it, and readings are left out', () => {
    const history = [entry('west', {})];
    const status: DisasterRecoveryPolicyStatus = {
      phase: 'FailingOver',
      primaryRegion: 'east',
      cooldownUntil: at(30),
      history,
      operation: {
        id: 'op-1',
        type: 'Failover',
        trigger: 'Automatic',
        from: 'east',
        to: 'west',
        step: 'Requested',
        dataLossAllowed: true,
        startedAt: at(1),
        attempts: 1,
        fence: 'Unknown',
      },
      splitBrain: { region: 'east', clusterIdentifier: 'orders', since: at(3) },
    };

    expect(recordFrom(status)).toEqual({
      primaryRegion: 'east',
      cooldownUntil: Date.parse(at(30)),
      history,
      operation: expect.objectContaining({ id: 'op-1', startedAt: Date.parse(at(1)), isDataLossAllowed: true }),
      splitBrain: expect.objectContaining({ region: 'east', since: Date.parse(at(3)) }),
    });
  });
});

describe('recordFrom, of drills', () => {
  it('Given a drill under way, the last and the next, then a new process knows them', () => {
    const drill = { id: 'd-2', home: 'east', away: 'west', leg: 'Away', startedAt: at(1), operationId: 's-1' } as const;
    const lastDrill = { id: 'd-1', mode: 'Simulate', result: 'Missed', completedAt: at(0) } as const;
    const nextDrill = { at: at(9), schedule: '0 3 1 * * UTC' };

    expect(recordFrom({ drill, lastDrill, nextDrill })).toEqual({
      history: [],
      drill: { ...drill, startedAt: Date.parse(at(1)) },
      lastDrill: { ...lastDrill, completedAt: Date.parse(at(0)), reason: '', message: '' },
      nextDrill: { ...nextDrill, at: Date.parse(at(9)) },
    });
  });
});

describe('primarySince', () => {
  it.each<[string, readonly HistoryEntry[], string | undefined]>([
    ['nothing on record', [], undefined],
    ['a success', [entry('west', { completedAt: at(7) })], at(7)],
    ['a promotion that was published later', [entry('west', { promotedAt: at(5), completedAt: at(9) })], at(5)],
    ['a promotion that timed out', [entry('west', { promotedAt: at(5), outcome: 'TimedOut' })], at(5)],
    [
      'a simulation of a failover to it',
      [entry('west', { type: 'Simulation', completedAt: at(9) }), entry('west', { completedAt: at(2) })],
      at(2),
    ],
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
    expect(primarySince({ ...record, operation: { ...operation, to: 'east' } })).toBe(Date.parse(at(2)));
    const { promotedAt: _, ...unpromoted } = operation;
    expect(primarySince({ ...record, operation: unpromoted })).toBe(Date.parse(at(2)));
  });

  it('Given neither a primary nor an operation, then there is no such time', () => {
    expect(primarySince({ history: [] })).toBeUndefined();
  });
});
