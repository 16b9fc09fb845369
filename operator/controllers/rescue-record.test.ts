import { describe, expect, it } from '@jest/globals';
import type { HistoryEntry, RescueSnapshot, RescueState } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { defined } from '../failover/defined.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { changeRescue, isOpenRescue, outstandingRescues, withGrace, withRescue } from './rescue-record.ts';

const entry = {
  id: 'op-1',
  trigger: 'Automatic',
  from: EAST,
  to: WEST,
  startedAt: '2026-01-01T00:10:00.000Z',
  completedAt: '2026-01-01T00:20:00.000Z',
} as const;
const aRescue = (operationId: string, state: RescueState = 'Awaited', region = EAST): RescueSnapshot => ({
  operationId,
  region,
  clusterIdentifier: 'orders',
  since: '2026-01-01T00:00:00.000Z',
  state,
});
const idsOf = (rescues: readonly RescueSnapshot[]): string[] => rescues.map(({ operationId }) => operationId);

describe('withRescue', () => {
  type Entry = Parameters<typeof withRescue>[1];
  const keep = (rescueSnapshots: readonly RescueSnapshot[] | undefined, failover: Entry, cluster: string) =>
    withRescue(defined({ rescueSnapshots, history: [] }), failover, cluster);

  it('given a failover, then what its old primary had is awaited, from a little before its loss on', () => {
    expect(keep(undefined, { ...entry, detectedAt: '2026-01-01T00:09:30.000Z' }, 'orders')).toEqual([
      { ...aRescue('op-1'), since: '2026-01-01T00:04:30.000Z' },
    ]);
  });

  it('given somebody else’s failover, which may be found late, then from a day before on', () => {
    const [rescue] = keep([], { ...entry, trigger: 'External' }, 'orders');
    expect(rescue?.since).toBe('2025-12-31T00:10:00.000Z');
  });

  describe('given the old primary had been one before', () => {
    const returned = (completedAt: string): HistoryEntry => ({
      id: 'failback',
      type: 'Switchover',
      trigger: 'Failback',
      from: WEST,
      to: EAST,
      outcome: 'Succeeded',
      startedAt: '2025-12-31T23:00:00.000Z',
      completedAt,
    });
    const sinceAfter = (completedAt: string, trigger: Entry['trigger'] = 'External') =>
      withRescue({ history: [returned(completedAt)] }, { ...entry, trigger }, 'orders')[0]?.since;

    it('then what that failover left is not taken for this one’s', () => {
      expect(sinceAfter('2025-12-31T23:05:00.000Z')).toBe('2025-12-31T23:05:00.000Z');
      expect(sinceAfter('2026-01-01T00:07:00.000Z', 'Automatic')).toBe('2026-01-01T00:07:00.000Z');
    });

    it('then nothing changes where that was long ago, or found later than this failover', () => {
      expect(sinceAfter('2025-12-30T00:00:00.000Z')).toBe('2025-12-31T00:10:00.000Z');
      expect(sinceAfter('2026-01-01T00:11:00.000Z')).toBe(entry.startedAt);
    });
  });

  it('given the same operation twice, then it is there once', () => {
    expect(idsOf(keep([aRescue('op-1', 'Copying'), aRescue('op-0')], entry, 'orders'))).toEqual(['op-1', 'op-0']);
  });

  it('given more than ten, then the oldest that is done goes, and only without such the oldest', () => {
    const nine = Array.from({ length: 9 }, (_, index) => aRescue(`open-${index}`));
    const done = [...nine.slice(0, 3), aRescue('kept', 'Kept'), ...nine.slice(3)];
    expect(idsOf(keep(done, entry, 'orders'))).toEqual(['op-1', ...idsOf(nine)]);
    const open = [...nine, aRescue('open-9', 'Refused')];
    expect(idsOf(keep(open, entry, 'orders'))).toEqual(['op-1', ...idsOf(nine)]);
  });

  it('given two more than ten, then the only one that is done goes, and the oldest of the others', () => {
    const ten = Array.from({ length: 10 }, (_, index) => aRescue(`open-${index}`));
    const kept = keep([...ten, aRescue('kept', 'Kept')], entry, 'orders');
    expect(idsOf(kept)).toEqual(['op-1', ...idsOf(ten.slice(0, 9))]);
  });

  it('given the new writer was an old primary, then that is outstanding no more', () => {
    const rescues = keep([aRescue('op-0', 'Kept', WEST), aRescue('op-x', 'Kept', 'eu-west-1')], entry, 'orders');
    expect(idsOf(outstandingRescues(rescues))).toEqual(['op-1', 'op-x']);
  });
});

describe('withGrace', () => {
  it('given an old primary that is outstanding no more, then its snapshot is awaited for an hour from then on', () => {
    const now = Date.parse('2026-01-01T01:00:00.000Z');
    const [first, second] = withGrace([aRescue('op-1'), aRescue('op-0')], 'op-1', now) ?? [];
    expect(first?.giveUpAt).toBe('2026-01-01T02:00:00.000Z');
    expect(second).not.toHaveProperty('giveUpAt');
    const again = withGrace([first!], 'op-1', now + 1);
    expect(again).toEqual([first]);
  });

  it('given nothing to keep, then nothing is kept', () => {
    expect(withGrace(undefined, 'op-1', 0)).toBeUndefined();
    expect(outstandingRescues(undefined)).toEqual([]);
  });
});

it.each([
  ['Awaited', true],
  ['Copying', true],
  ['Refused', true],
  ['Kept', false],
  ['GivenUp', false],
] as const)('given %s, then something is to be done or waited for: %s', (state, isOpen) => {
  expect(isOpenRescue(aRescue('op-1', state))).toBe(isOpen);
});

it('given changes of one rescue, then the others stay, and what is undefined goes', () => {
  const rescues = [{ ...aRescue('op-1'), message: 'why' }, aRescue('op-0')];
  const changes = { state: 'Copying', message: undefined } as unknown as Partial<RescueSnapshot>;
  expect(changeRescue(rescues, 'op-1', changes)).toEqual([aRescue('op-1', 'Copying'), aRescue('op-0')]);
});
