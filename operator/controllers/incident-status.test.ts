import { describe, expect, it } from '@jest/globals';
import { MINUTE, T0 } from '../failover/testing/a-round.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { noAnswer, rejected } from '../failover/testing/attempts.ts';
import { heldFor, incidentStatus } from './incident-status.ts';
import { aQuestion, type QuestionProps } from './testing/a-question.ts';
import { anOperation } from './testing/an-operation.ts';

const LOST = { regions: { [EAST]: { rds: noAnswer() } }, endpoints: { [EAST]: noAnswer() }, witness: 503 } as const;
const incident = (props: QuestionProps) => incidentStatus(aQuestion(props));

describe('incidentStatus', () => {
  it('given no suspicion, then there is none', () => {
    expect(incident({})).toBeUndefined();
  });

  it('given one class that fails, then it says what a failover would need', () => {
    const one = { regions: { [EAST]: { rds: noAnswer() } }, endpoints: { [EAST]: rejected('denied') }, witness: 404 };
    expect(incident({ sees: one })).toEqual({
      startedAt: '2026-01-01T00:03:00.000Z',
      reason: 'QuorumNotMet',
      message:
        'controlPlane Failing, endpoint Unknown, http Unknown: ' +
        'an automatic failover needs 2 Failing, from two vantages, for 3 rounds in a row',
    });
  });

  it('given a loss that is being confirmed, then it says how far that is', () => {
    expect(incident({ sees: LOST, rounds: 2 })).toMatchObject({
      reason: 'Confirming',
      message: '2 of 3 consecutive failing rounds',
    });
  });

  it('given a confirmed loss whose call waits for its turn, then it says so, whatever holds automation', () => {
    const waiting = { reason: 'AwaitingTurn', message: 'waits for its turn' };
    for (const settings of [{}, { mode: 'Manual' }] as const) {
      const props = { sees: LOST, rounds: 3, settings, awaitedTurn: 'waits for its turn' };
      expect(incident(props)).toMatchObject(waiting);
    }
    const record = { operation: anOperation() };
    expect(incident({ sees: LOST, rounds: 3, record, awaitedTurn: 'waits for its turn' })?.reason).toBe(
      'OperationInFlight',
    );
  });

  it('given a confirmed loss that policy holds, then it names all that holds it', () => {
    const props = { sees: LOST, rounds: 3, settings: { mode: 'Manual', isSuspended: true } } as const;
    expect(incident(props)).toMatchObject({
      reason: 'Suspended',
      message: 'spec.suspend is true; failover.mode is Manual',
    });
  });

  it('given what forbids a failover outright, then it is told before the loss is confirmed', () => {
    const { verdict, assessment } = aQuestion({ sees: LOST });
    const held = {
      kind: 'Held' as const,
      obstacles: [
        { reason: 'InRegionRecovery', message: 'held' },
        { reason: 'Confirming', message: '1 of 3' },
      ],
    };
    const finding = { reason: 'InRegionRecovery', message: 'held' };
    expect(verdict.kind).toBe('Held');
    expect(heldFor(held, { ...assessment, hold: finding }).reason).toBe('InRegionRecovery');
    expect(heldFor(held, { ...assessment, veto: finding }).reason).toBe('InRegionRecovery');
    const topology = { ...assessment.topology, dispute: 'two writers' };
    expect(heldFor(held, { ...assessment, topology })).toEqual({
      reason: 'InRegionRecovery',
      message: 'held; 1 of 3',
    });
    expect(heldFor(held, assessment).reason).toBe('Confirming');
    expect(heldFor({ kind: 'Held', obstacles: [] }, assessment).reason).toBe('Confirming');
  });

  it('given a confirmed loss that nothing holds, then it says what starts', () => {
    expect(incident({ sees: LOST, rounds: 3 })).toMatchObject({
      reason: 'Confirmed',
      message: '3 rounds in a row show the loss: a failover to us-west-2 starts',
    });
  });

  it('given an operation in flight, then it is named', () => {
    expect(incident({ sees: LOST, record: { operation: anOperation() } })).toMatchObject({
      reason: 'OperationInFlight',
      message: `Failover op-1 to ${WEST} is in flight`,
    });
  });

  it('given a message of any length, then it fits the schema', () => {
    const operation = anOperation({ id: 'x'.repeat(5000), detectedAt: T0 + MINUTE });
    expect(incident({ sees: LOST, record: { operation } })?.message).toHaveLength(4096);
  });
});
