import { describe, expect, it } from '@jest/globals';
import type { HistoryEntry } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Operation } from '../failover/operation.ts';
import { T0 } from '../failover/testing/a-round.ts';
import { aSettings, EAST, WEST } from '../failover/testing/a-settings.ts';
import { finishChanges, type Ending } from './finish-operation.ts';
import { anOperation } from './testing/an-operation.ts';

const NOW = T0 + 90_000;
const SUCCEEDED: Ending = { outcome: 'Succeeded', reason: 'Succeeded', message: 'us-west-2 is the writer' };
const CANCELLED: Ending = { outcome: 'Cancelled', reason: 'CancelledByAws', message: 'cancelled' };
const RECOVERED: Ending = { outcome: 'Cancelled', reason: 'NoLongerNeeded', message: 'serves again' };
const UNFIT: Ending = { outcome: 'Cancelled', reason: 'NoLongerFit', message: 'its target is modified' };
const REFUSED: Ending = { outcome: 'Failed', reason: 'RefusedByAws', message: 'refused' };
const FAILED: Ending = { outcome: 'Failed', reason: 'FailedInAws', message: 'failed' };
const TIMED_OUT: Ending = { outcome: 'TimedOut', reason: 'TimedOut', message: 'timed out' };

const entry = (index: number): HistoryEntry => ({
  id: `old-${index}`,
  type: 'Failover',
  trigger: 'Automatic',
  from: EAST,
  to: WEST,
  outcome: 'Succeeded',
  startedAt: '2025-01-01T00:00:00.000Z',
  completedAt: '2025-01-01T00:00:00.000Z',
});

const finish = (operation: Operation, ending: Ending, history: readonly HistoryEntry[] = []) =>
  finishChanges(operation, ending, { record: { history }, settings: aSettings(), now: NOW });

describe('finishChanges', () => {
  it('given a success, when it ends, then history has its measured times and losses', () => {
    const promoted = anOperation({
      promotedAt: T0 + 60_000,
      estimatedDataLossMilliseconds: 100,
      worstCaseDataLossMilliseconds: 70_100,
    });
    const { operation, history, primaryRegion } = finish(promoted, SUCCEEDED);
    expect(operation).toBeUndefined();
    expect(primaryRegion).toBe(WEST);
    expect(history).toEqual([
      {
        id: 'op-1',
        type: 'Failover',
        trigger: 'Automatic',
        from: EAST,
        to: WEST,
        outcome: 'Succeeded',
        reason: 'Succeeded',
        message: 'us-west-2 is the writer',
        detectedAt: '2026-01-01T00:00:00.000Z',
        startedAt: '2026-01-01T00:00:30.000Z',
        promotedAt: '2026-01-01T00:01:00.000Z',
        completedAt: '2026-01-01T00:01:30.000Z',
        recoveryTimeMilliseconds: 90_000,
        estimatedDataLossMilliseconds: 100,
        worstCaseDataLossMilliseconds: 70_100,
      },
    ]);
  });

  it('given a failure, when it ends, then no recovery time is claimed and the primary stays', () => {
    const changes = finish(anOperation(), FAILED);
    expect(changes.history?.[0]).not.toHaveProperty('recoveryTimeMilliseconds');
    expect(changes).not.toHaveProperty('primaryRegion');
    expect(changes).not.toHaveProperty('splitBrain');
  });

  it('given a success that took longer than the objective, when it ends, then history says so; a failure does not', () => {
    const settings = aSettings({ recoveryTimeMilliseconds: 89_999 });
    const message = (ending: Ending): string | undefined =>
      finishChanges(anOperation(), ending, { record: { history: [] }, settings, now: NOW }).history?.[0]?.message;
    expect(message(SUCCEEDED)).toBe(
      'us-west-2 is the writer; 1m30s is longer than objectives.recoveryTime of 1m29s999ms',
    );
    expect(message(TIMED_OUT)).toBe('timed out');
  });

  it('given a full history, when one more ends, then the newest ten stay, newest first', () => {
    const history = Array.from({ length: 10 }, (_, index) => entry(index));
    const ids = finish(anOperation(), SUCCEEDED, history).history?.map(({ id }) => id);
    expect(ids).toEqual(['op-1', ...history.slice(0, 9).map(({ id }) => id)]);
  });

  it('given prose beyond the schema, when it ends, then it is shortened', () => {
    const { history } = finish(anOperation(), { ...FAILED, message: 'x'.repeat(10_000) });
    expect(history?.[0]?.message).toHaveLength(4096);
  });

  it('given one that AWS never took, when its time is over, then history says so, and what AWS said', () => {
    const { history } = finish(anOperation({ step: 'Accepted', message: 'AccessDenied: no' }), TIMED_OUT);
    expect(history?.[0]).toMatchObject({ outcome: 'TimedOut', reason: 'NotTakenByAws' });
    expect(history?.[0]?.message).toContain('AccessDenied: no');
  });

  it('given one that AWS never took and never spoke of, when its time is over, then only that is said', () => {
    const { history } = finish(anOperation({ step: 'Accepted' }), TIMED_OUT);
    expect(history?.[0]).toMatchObject({ reason: 'NotTakenByAws', message: 'timed out' });
  });

  it.each<[string, Partial<Operation>, Ending]>([
    ['a call that AWS took', { message: 'AWS said so' }, TIMED_OUT],
    ['one that was not called, its primary being back', { step: 'Accepted', message: 'AWS said so' }, RECOVERED],
  ])('given %s, when it ends, then history has the ending as it is', (_name, overrides, ending) => {
    expect(finish(anOperation(overrides), ending).history?.[0]).toMatchObject(ending);
  });

  it('given a risk that begins, when it ends, then its rescue snapshot is awaited, next to those that are', () => {
    const known = {
      operationId: 'op-0',
      region: 'eu-west-1',
      clusterIdentifier: 'orders',
      since: '2025-01-01T00:00:00.000Z',
      state: 'Awaited',
    } as const;
    const changes = finishChanges(anOperation({ promotedAt: T0 }), SUCCEEDED, {
      record: { history: [], rescueSnapshots: [known] },
      settings: aSettings(),
      now: NOW,
    });
    expect(changes.rescueSnapshots).toEqual([
      expect.objectContaining({ operationId: 'op-1', region: EAST, clusterIdentifier: 'orders', state: 'Awaited' }),
      known,
    ]);
    expect(finish(anOperation(), FAILED)).not.toHaveProperty('rescueSnapshots');
  });

  it.each<[string, Partial<Operation>, Ending, boolean]>([
    ['an automatic success', {}, SUCCEEDED, true],
    ['an automatic refusal', {}, REFUSED, true],
    ['an automatic one without end', {}, TIMED_OUT, true],
    ['one that AWS never took', { step: 'Accepted' }, TIMED_OUT, false],
    ['one that was not called, its primary being back', { step: 'Accepted' }, RECOVERED, false],
    ['one whose call may have arrived, its primary being back', { step: 'Unconfirmed' }, RECOVERED, true],
    ['one that was not called, its target being unfit', { step: 'Accepted' }, UNFIT, false],
    ['one whose call may have arrived, its target being unfit', { step: 'Unconfirmed' }, UNFIT, true],
    ['a forced success', { trigger: 'Annotation' }, SUCCEEDED, true],
    ['a forced refusal', { trigger: 'Annotation' }, REFUSED, false],
    ['a forced failure', { trigger: 'Annotation' }, FAILED, true],
    ['a forced one without end', { trigger: 'Annotation' }, TIMED_OUT, true],
    ['a cancelled failback', { trigger: 'Failback', type: 'Switchover' }, CANCELLED, false],
    ['a drill’s success', { trigger: 'Drill', type: 'Switchover' }, SUCCEEDED, false],
    ['a drill’s failure', { trigger: 'Drill', type: 'Switchover' }, FAILED, true],
    ['a cancelled drill', { trigger: 'Drill', type: 'Switchover' }, CANCELLED, false],
    ['a failback’s success', { trigger: 'Failback', type: 'Switchover' }, SUCCEEDED, true],
    ['a forced one that AWS never took', { trigger: 'Annotation', step: 'Accepted' }, TIMED_OUT, false],
    ['one refused before it was called', { step: 'Accepted' }, REFUSED, true],
    ['somebody else’s success', { trigger: 'External' }, SUCCEEDED, true],
    ['somebody else’s cancelled one', { trigger: 'External', type: 'Switchover' }, CANCELLED, false],
  ])('given %s, when it ends, then automation rests or not', (_name, overrides, ending, rests) => {
    expect(finish(anOperation(overrides), ending).cooldownUntil).toBe(rests ? NOW + 30 * 60_000 : undefined);
  });

  it.each<[string, Partial<Operation>, Ending, boolean]>([
    ['a failover that promoted', { promotedAt: T0 }, SUCCEEDED, true],
    ['a failover that promoted and timed out', { promotedAt: T0 }, TIMED_OUT, true],
    ['a failover that did not promote', {}, TIMED_OUT, false],
    ['a switchover', { type: 'Switchover', promotedAt: T0 }, SUCCEEDED, false],
    ['one away from a region that the policy no longer has', { promotedAt: T0, from: 'eu-west-1' }, SUCCEEDED, false],
  ])(
    'given %s, when it ends, then its old primary is outstanding or not',
    (_name, overrides, ending, isOutstanding) => {
      const { splitBrain } = finish(anOperation({ ...overrides, fence: 'TimedOut' }), ending);
      const expected = {
        region: EAST,
        clusterIdentifier: 'orders',
        since: NOW,
        operationId: 'op-1',
        fence: 'TimedOut',
      };
      expect(splitBrain).toEqual(isOutstanding ? expected : undefined);
    },
  );
});
