import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { nextRun, scheduleProblem } from './schedule.ts';
import { propertyRuns } from './testing/property-runs.ts';

const at = (text: string): number => Date.parse(text);
const runs = (schedule: string, timeZone: string, from: string, count: number): string[] => {
  const found: string[] = [];
  let after = at(from);
  for (let index = 0; index < count; index += 1) {
    after = nextRun({ schedule, timeZone }, after) ?? NaN;
    found.push(new Date(after).toISOString());
  }
  return found;
};

describe('nextRun', () => {
  it.each([
    ['0 3 * * 0', 'UTC', '2026-01-01T00:00:00Z', ['2026-01-04T03:00:00.000Z', '2026-01-11T03:00:00.000Z']],
    ['0 3 1 * *', 'UTC', '2026-01-01T03:00:00Z', ['2026-02-01T03:00:00.000Z', '2026-03-01T03:00:00.000Z']],
    ['30 5 * * *', 'Asia/Kolkata', '2026-01-01T00:00:00Z', ['2026-01-02T00:00:00.000Z', '2026-01-03T00:00:00.000Z']],
    // The 13th, and every Friday: either suffices.
    ['0 0 13 * 5', 'UTC', '2026-01-09T00:00:00Z', ['2026-01-13T00:00:00.000Z', '2026-01-16T00:00:00.000Z']],
    ['0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', ['2028-02-29T00:00:00.000Z', '2032-02-29T00:00:00.000Z']],
  ])('given %s in %s, when asked after %s, then the runs follow', (schedule, timeZone, from, expected) => {
    expect(runs(schedule, timeZone, from, expected.length)).toEqual(expected);
  });

  it('given clocks that skip the time in spring, when asked, then it runs right after the gap, and once', () => {
    expect(runs('30 2 * * *', 'Europe/Paris', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  it('given clocks that show the time twice in autumn, when asked, then it runs the first time only', () => {
    expect(runs('30 2 * * *', 'Europe/Paris', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('given a run at that very moment, when asked, then the next one is meant', () => {
    const daily = { schedule: '0 3 * * *', timeZone: 'UTC' };
    expect(nextRun(daily, at('2026-01-01T03:00:00Z'))).toBe(at('2026-01-02T03:00:00Z'));
    expect(nextRun(daily, at('2026-01-01T02:59:59.999Z'))).toBe(at('2026-01-01T03:00:00Z'));
  });

  it('given an expression or a time zone that is none, when asked, then there is no run', () => {
    expect(nextRun({ schedule: 'never', timeZone: 'UTC' }, 0)).toBeUndefined();
    expect(nextRun({ schedule: '0 3 * * *', timeZone: 'Mars/Phobos' }, 0)).toBeUndefined();
    expect(nextRun({ schedule: '0 0 30 2 *', timeZone: 'UTC' }, 0)).toBeUndefined();
  });

  it('given a moment right before a run and the run itself, when asked in either order, then both answers hold', () => {
    const hourly = { schedule: '0 * * * *', timeZone: 'Europe/Rome' };
    const noon = at('2026-01-01T12:00:00Z');
    const hour = 60 * 60 * 1000;
    const answers = [noon - 1, noon, noon + hour - 1, noon - 1, noon].map((after) => nextRun(hourly, after));
    expect(answers).toEqual([noon, noon + hour, noon + hour, noon, noon + hour]);
  });

  describe('what it remembers', () => {
    const from = at('2026-01-01T00:00:00Z');
    /** The module without a memory of other tests, and how often it has worked out a run since. */
    const forgetful = async () => {
      jest.resetModules();
      const fresh = await import('./schedule.ts');
      const { Cron: ownCron } = await import('croner');
      return { ask: fresh.nextRun, judge: fresh.scheduleProblem, work: jest.spyOn(ownCron.prototype, 'nextRun') };
    };
    const minute = (index: number) => ({
      schedule: `${index % 60} ${Math.floor(index / 60)} * * *`,
      timeZone: 'UTC',
    });
    afterEach(() => {
      jest.restoreAllMocks();
    });

    it('given questions between the same two runs, when asked again, then the answer is not worked out anew', async () => {
      const { ask, work } = await forgetful();
      const daily = { schedule: '0 3 * * *', timeZone: 'UTC' };
      ask(daily, from);
      ask(daily, from);
      ask(daily, from + 1);
      ask(daily, at('2026-01-01T02:59:59.999Z'));
      expect(work).toHaveBeenCalledTimes(1);
      ask(daily, at('2026-01-01T03:00:00Z'));
      expect(work).toHaveBeenCalledTimes(2);
      ask(daily, from);
      expect(work).toHaveBeenCalledTimes(3);
    });

    it('given a day that never comes, when asked again, then nobody looks for it anew', async () => {
      const { ask, work } = await forgetful();
      const never = { schedule: '0 0 30 2 *', timeZone: 'UTC' };
      expect([ask(never, from), ask(never, from + 1), ask(never, from + 1e9)]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(work).toHaveBeenCalledTimes(1);
    });

    it('given more schedules than policies share, when asked, then what is remembered stays bounded', async () => {
      const { ask, work } = await forgetful();
      for (let index = 0; index < 1024; index += 1) {
        ask(minute(index), from);
      }
      const known = work.mock.calls.length;
      ask(minute(0), from);
      expect(work).toHaveBeenCalledTimes(known);
      ask(minute(1024), from);
      ask(minute(0), from);
      expect(work).toHaveBeenCalledTimes(known + 2);
    });

    it('given a schedule that was judged, when judged again, then nobody looks at it anew', async () => {
      const { judge, work } = await forgetful();
      const never = { schedule: '0 0 30 2 *', timeZone: 'UTC' };
      const problem = judge(never);
      expect(problem).toContain('names a day that never comes');
      expect(judge(never)).toBe(problem);
      expect([judge(minute(0)), judge(minute(0))]).toEqual([undefined, undefined]);
      expect(work).toHaveBeenCalledTimes(2);
    });

    it('given more schedules than policies share, when judged, then what is remembered stays bounded', async () => {
      const { judge, work } = await forgetful();
      for (let index = 0; index < 1024; index += 1) {
        judge(minute(index));
      }
      judge(minute(0));
      expect(work).toHaveBeenCalledTimes(1024);
      judge(minute(1024));
      judge(minute(0));
      expect(work).toHaveBeenCalledTimes(1026);
    });
  });

  it('is a function of its arguments, whatever was asked before', () => {
    const year = { min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') };
    const schedule = { schedule: '17 */5 * * *', timeZone: 'America/New_York' };
    fc.assert(
      fc.property(fc.array(fc.integer(year), { minLength: 2, maxLength: 5 }), (moments) => {
        const first = moments.map((moment) => nextRun(schedule, moment));
        const again = [...moments].reverse().map((moment) => nextRun(schedule, moment));
        expect(again.reverse()).toEqual(first);
        for (const [index, run] of first.entries()) {
          expect(run).toBeGreaterThan(moments[index] ?? NaN);
          expect(nextRun(schedule, (run ?? 0) - 1)).toBe(run);
        }
      }),
      { numRuns: propertyRuns(100) },
    );
  });
});

describe('scheduleProblem', () => {
  it.each([
    ['0 3 * * 0', 'Europe/Paris', undefined],
    ['*/10 0-6,22 * jan-mar mon', 'UTC', undefined],
    [
      '0 3 * * *',
      'Mars/Phobos',
      '"Mars/Phobos" is no time zone of the IANA database: write it like Europe/Paris or UTC',
    ],
    ['0 0 30 2 *', 'UTC', '"0 0 30 2 *" names a day that never comes: correct its day and month'],
    ['0 3 * *', 'UTC', expect.stringContaining('"0 3 * *" is no cron expression of five fields: ')],
    ['0 0 3 * * *', 'UTC', expect.stringContaining('is no cron expression of five fields')],
    ['5-2 * * * *', 'UTC', expect.stringContaining('From value is larger than to value')],
  ])('given %s in %s, when checked, then it says %s', (schedule, timeZone, problem) => {
    expect(scheduleProblem({ schedule, timeZone })).toEqual(problem);
  });
});
