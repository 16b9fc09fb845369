import { describe, expect, it } from '@jest/globals';
import { MINUTE, T0 } from '../failover/testing/a-round.ts';
import { aSettings } from '../failover/testing/a-settings.ts';
import {
  isRecoveryLate,
  missedObjective,
  recoveryBegan,
  recoveryNote,
  type RecoveryQuestion,
} from './recovery-time.ts';
import { anOperation } from './testing/an-operation.ts';

const settings = aSettings({ recoveryTimeMilliseconds: 10 * MINUTE });
const incident = { startedAt: T0 };
const veto = { reason: 'VetoedByReplication', message: 'a secondary still receives' };
const operation = anOperation({ detectedAt: T0 + MINUTE });

const question = (overrides: Partial<RecoveryQuestion> = {}): RecoveryQuestion => ({
  settings,
  record: {},
  assessment: { incident },
  now: T0,
  ...overrides,
});

describe('the recovery time', () => {
  it('given neither a loss nor an operation, then nothing is late', () => {
    const rest = question({ assessment: {}, now: T0 + 60 * MINUTE });
    expect(recoveryBegan(rest)).toBeUndefined();
    expect(isRecoveryLate(rest)).toBe(false);
    expect(recoveryNote(rest)).toBe('');
  });

  it('given a loss, then it is late once it lasts longer than the objective, and not before', () => {
    expect(recoveryBegan(question())).toBe(T0);
    expect(isRecoveryLate(question({ now: T0 + 10 * MINUTE }))).toBe(false);
    expect(recoveryNote(question({ now: T0 + 10 * MINUTE }))).toBe('');
    expect(isRecoveryLate(question({ now: T0 + 10 * MINUTE + 1 }))).toBe(true);
    expect(recoveryNote(question({ now: T0 + 10 * MINUTE + 1 }))).toBe(
      '; longer than objectives.recoveryTime of 10m since 2026-01-01T00:00:00.000Z',
    );
  });

  it('given evidence that the primary serves, then nobody waits for a recovery', () => {
    expect(isRecoveryLate(question({ assessment: { incident, veto }, now: T0 + 60 * MINUTE }))).toBe(false);
  });

  it('given an operation, then its own start counts, whatever is seen of the primary', () => {
    const inFlight = question({ record: { operation }, assessment: { incident, veto }, now: T0 + 11 * MINUTE });
    expect(recoveryBegan(inFlight)).toBe(T0 + MINUTE);
    expect(isRecoveryLate(inFlight)).toBe(false);
    expect(isRecoveryLate({ ...inFlight, now: T0 + 11 * MINUTE + 1 })).toBe(true);
  });

  it('given an operation that is over, then only one that took too long says so', () => {
    expect(missedObjective(10 * MINUTE, settings)).toBe('');
    expect(missedObjective(11 * MINUTE, settings)).toBe('; 11m is longer than objectives.recoveryTime of 10m');
    expect(missedObjective(10 * MINUTE + 0.4, settings)).toBe('; 10m is longer than objectives.recoveryTime of 10m');
  });
});
