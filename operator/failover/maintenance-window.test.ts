import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { windowState, type MaintenanceWindow } from './maintenance-window.ts';
import { propertyRuns } from './testing/property-runs.ts';

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(text);
const window = (schedule: string, hours: number, timeZone = 'UTC'): MaintenanceWindow => ({
  schedule,
  timeZone,
  durationMilliseconds: hours * HOUR,
});
const SUNDAYS = window('0 3 * * 0', 2);
const open = (text: string) => ({ kind: 'Open', openedAt: at(text) });
const closed = (text: string) => ({ kind: 'Closed', opensAt: at(text) });

describe('windowState', () => {
  it.each([
    ['before', '2026-01-04T02:59:59.999Z', closed('2026-01-04T03:00:00Z')],
    ['at its start', '2026-01-04T03:00:00Z', open('2026-01-04T03:00:00Z')],
    ['within', '2026-01-04T04:59:59.999Z', open('2026-01-04T03:00:00Z')],
    ['at its end', '2026-01-04T05:00:00Z', closed('2026-01-11T03:00:00Z')],
  ])('given one window, when asked %s, then it says so', (_when, now, state) => {
    expect(windowState([SUNDAYS], at(now))).toEqual(state);
  });

  it('given none, when asked, then any time will do', () => {
    expect(windowState([], 0)).toEqual({ kind: 'Always' });
  });

  it('given several, when asked, then the oldest that is open counts, else the next to open', () => {
    const daily = window('0 4 * * *', 1);
    expect(windowState([daily, SUNDAYS], at('2026-01-04T04:30:00Z'))).toEqual(open('2026-01-04T03:00:00Z'));
    expect(windowState([SUNDAYS, daily], at('2026-01-05T00:00:00Z'))).toEqual(closed('2026-01-05T04:00:00Z'));
  });

  it('given a window that opens anew before it closes, when asked, then it is open from the older one', () => {
    expect(windowState([window('0 * * * *', 3)], at('2026-01-04T05:30:00Z'))).toEqual(open('2026-01-04T03:00:00Z'));
  });

  it('given one that never opens, when asked, then it is closed for good', () => {
    expect(windowState([window('0 0 30 2 *', 1)], 0)).toEqual({ kind: 'Closed' });
  });

  it('given a change of the clocks within it, when asked, then it lasts as long as any other', () => {
    const night = window('0 1 * * *', 3, 'Europe/Paris');
    // 01:00 in winter time is midnight UTC; three hours later clocks show 05:00.
    expect(windowState([night], at('2026-03-29T02:59:00Z'))).toEqual(open('2026-03-29T00:00:00Z'));
    expect(windowState([night], at('2026-03-29T03:00:00Z'))).toEqual(closed('2026-03-29T23:00:00Z'));
    // In autumn 01:00 is 23:00 UTC of the day before.
    expect(windowState([night], at('2026-10-25T01:59:00Z'))).toEqual(open('2026-10-24T23:00:00Z'));
    expect(windowState([night], at('2026-10-25T02:00:00Z'))).toEqual(closed('2026-10-26T00:00:00Z'));
  });

  it('whatever the moment, an open one has opened within its duration, and a closed one opens later', () => {
    const moments = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') });
    const zones = fc.constantFrom('UTC', 'Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu');
    const schedules = fc.constantFrom('0 3 * * 0', '30 2 * * *', '*/15 1-3 * * *', '0 0 1 * *');
    fc.assert(
      fc.property(moments, zones, schedules, fc.integer({ min: 1, max: 48 }), (now, zone, schedule, hours) => {
        const one = window(schedule, hours, zone);
        const state = windowState([one], now);
        if (state.kind === 'Open') {
          expect(now - state.openedAt).toBeGreaterThanOrEqual(0);
          expect(now - state.openedAt).toBeLessThan(one.durationMilliseconds);
        } else {
          expect(state).toMatchObject({ kind: 'Closed' });
          const { opensAt = NaN } = state as { opensAt?: number };
          expect(opensAt).toBeGreaterThan(now);
          expect(windowState([one], opensAt)).toEqual({ kind: 'Open', openedAt: opensAt });
          expect(windowState([one], opensAt - 1)).toMatchObject({ kind: 'Closed' });
        }
      }),
      { numRuns: propertyRuns(100) },
    );
  });
});
