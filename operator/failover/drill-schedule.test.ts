import { describe, expect, it } from '@jest/globals';
import { dueDrill } from './drill-schedule.ts';

const at = (text: string): number => Date.parse(text);
const MONTHLY = { schedule: '0 3 1 * *', timeZone: 'UTC' };
const planned = (when: string) => ({ at: at(when), schedule: '0 3 1 * * UTC' });
const MARCH = planned('2026-03-01T03:00:00Z');
const APRIL = planned('2026-04-01T03:00:00Z');

describe('dueDrill', () => {
  it('given a new schedule, when asked, then what was before it is not due', () => {
    expect(dueDrill(MONTHLY, undefined, at('2026-03-01T03:00:00Z'))).toEqual({ kind: 'Plan', next: APRIL });
  });

  it('given an edited schedule, when asked, then it begins anew', () => {
    const daily = { schedule: '0 3 * * *', timeZone: 'UTC' };
    const next = { at: at('2026-03-02T03:00:00Z'), schedule: '0 3 * * * UTC' };
    expect(dueDrill(daily, MARCH, at('2026-03-01T04:00:00Z'))).toEqual({ kind: 'Plan', next });
    const there = { ...MONTHLY, timeZone: 'Europe/Paris' };
    expect(dueDrill(there, MARCH, at('2026-03-01T04:00:00Z'))).toMatchObject({ kind: 'Plan' });
  });

  it.each([
    ['before', '2026-03-01T02:59:59.999Z', { kind: 'None' }],
    ['when it is due', '2026-03-01T03:00:00Z', { kind: 'Due', scheduledFor: MARCH.at, next: APRIL }],
    ['within the hour', '2026-03-01T03:59:59.999Z', { kind: 'Due', scheduledFor: MARCH.at, next: APRIL }],
    ['an hour later', '2026-03-01T04:00:00Z', { kind: 'Missed', scheduledFor: MARCH.at, next: APRIL }],
    [
      'months later',
      '2026-06-15T00:00:00Z',
      { kind: 'Missed', scheduledFor: MARCH.at, next: planned('2026-07-01T03:00:00Z') },
    ],
  ])('given a plan, when asked %s, then it says so', (_when, now, action) => {
    expect(dueDrill(MONTHLY, MARCH, at(now))).toEqual(action);
  });

  it('given a schedule of minutes, when the next one is due, then the one before is missed', () => {
    const often = { schedule: '*/5 * * * *', timeZone: 'UTC' };
    const plan = { at: at('2026-03-01T03:00:00Z'), schedule: '*/5 * * * * UTC' };
    expect(dueDrill(often, plan, at('2026-03-01T03:04:59Z')).kind).toBe('Due');
    expect(dueDrill(often, plan, at('2026-03-01T03:05:00Z'))).toMatchObject({
      kind: 'Missed',
      next: { at: at('2026-03-01T03:10:00Z') },
    });
  });

  it('given no schedule, when asked, then a plan is dropped', () => {
    expect(dueDrill(undefined, MARCH, 0)).toEqual({ kind: 'Plan' });
    expect(dueDrill(undefined, undefined, 0)).toEqual({ kind: 'None' });
  });

  it('given a schedule that never comes true, when asked, then nothing is planned', () => {
    const never = { schedule: '0 0 30 2 *', timeZone: 'UTC' };
    expect(dueDrill(never, undefined, 0)).toEqual({ kind: 'None' });
    expect(dueDrill(never, MARCH, 0)).toEqual({ kind: 'Plan' });
  });
});
