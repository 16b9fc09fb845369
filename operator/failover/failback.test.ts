import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { judgeFailback, type FailbackFacts, type FailbackVerdict } from './failback.ts';
import type { Settings } from './settings.ts';
import { calmFacts, FAILED_OVER, failbackSettings, see, watchAway } from './testing/a-failback.ts';
import { MINUTE, SECOND, T0, type RoundProps } from './testing/a-round.ts';
import { EAST, WEST } from './testing/a-settings.ts';
import { noAnswer } from './testing/attempts.ts';
import { propertyRuns } from './testing/property-runs.ts';
import { defined } from './defined.ts';

const HOUR = 60 * MINUTE;
const STABLE = 5 * MINUTE;
/** Every day at 00:00 UTC, when the history of these tests begins, and for two hours. */
const NIGHTLY = { schedule: '0 0 * * *', timeZone: 'UTC', durationMilliseconds: 2 * HOUR };
const inWindows = (...windows: readonly (typeof NIGHTLY)[]): Partial<Settings> => ({
  failback: { stabilizationMilliseconds: STABLE, windows },
});

interface Case {
  readonly settings?: Partial<Settings>;
  readonly facts?: Partial<FailbackFacts>;
  /** What the last round sees. */
  readonly last?: RoundProps;
  readonly from?: number;
  readonly healthyFor?: number;
  /** After the last round. */
  readonly later?: number;
}

function judge({ settings = {}, facts = {}, last = {}, from = FAILED_OVER, ...rest }: Case = {}): FailbackVerdict {
  const { healthyFor = STABLE, later = 0 } = rest;
  const watch = watchAway(failbackSettings(settings));
  see(watch, from, healthyFor - 10 * SECOND);
  const { memory, assessment, now } = see(watch, from + healthyFor, 0, last);
  const { stability } = memory;
  const question = { assessment, settings: watch.settings, stability, facts: calmFacts(facts), now: now + later };
  return judgeFailback(defined(question));
}

const said = (verdict: FailbackVerdict): string =>
  verdict.kind === 'Wait' ? verdict.obstacles.map(({ reason }) => reason).join(' ') : verdict.kind;
const messages = (verdict: FailbackVerdict): string =>
  verdict.kind === 'Wait' ? verdict.obstacles.map(({ message }) => message).join('\n') : verdict.kind;

describe('judgeFailback', () => {
  it('given all is well for long enough, when any time will do, then the writer is switched back', () => {
    expect(judge()).toEqual({ kind: 'SwitchBack', target: EAST });
  });

  it.each<[string, Case, string]>([
    ['health for too short', { healthyFor: STABLE - 10 * SECOND }, 'Stabilizing'],
    ['lag that has just risen', { last: { lag: { [EAST]: { lags: [1001, 1001] } } } }, 'LagHigh Stabilizing'],
    ['an operation in flight', { facts: { hasOperation: true } }, 'OperationInFlight'],
    ['a policy that is being deleted', { facts: { isLeaving: true } }, 'PolicyDeleted'],
    ['a suspended policy', { settings: { isSuspended: true } }, 'Suspended'],
    ['an old primary outstanding', { facts: { hasSplitBrainRisk: true } }, 'SplitBrainRisk'],
    ['resources that drift', { facts: { drift: { reason: 'RolesDiffer', message: 'x' } } }, 'ResourceDrift'],
    ['a drill under way', { facts: { hasDrill: true } }, 'DrillInProgress'],
    ['a round that is too old', { later: 20 * SECOND }, 'StaleObservation'],
    ['the operator of another region', { settings: { operatorRegion: EAST } }, 'WrongOperatorRegion'],
    [
      'a target out of sight',
      { last: { regions: { [EAST]: { rds: noAnswer('timeout') } } } },
      'NotObserved Stabilizing',
    ],
    ['lag of nobody knows', { settings: { maximumLagAgeMilliseconds: 1 } }, 'LagUnknown Stabilizing'],
    ['an incident', { last: { endpoint: noAnswer('refused'), witness: 503 } }, 'PrimaryUnhealthy Stabilizing'],
  ])('given %s, when judged, then it waits', (_what, props, reasons) => {
    expect(said(judge(props))).toBe(reasons);
  });

  it('given the operator of the primary’s region, when judged, then it is the one', () => {
    expect(said(judge({ settings: { operatorRegion: WEST } }))).toBe('SwitchBack');
  });

  it('given failover by hand, when judged, then failback all the same follows its own mode', () => {
    expect(said(judge({ settings: { mode: 'Manual' } }))).toBe('SwitchBack');
    const { failback: _, ...byHand } = failbackSettings();
    const watch = watchAway(byHand);
    const { assessment, now } = see(watch, FAILED_OVER, STABLE);
    expect(judgeFailback({ assessment, settings: byHand, facts: calmFacts(), now })).toEqual({ kind: 'Unneeded' });
  });

  it('given a writer that is where it belongs, when judged, then there is nothing to do', () => {
    const watch = watchAway(failbackSettings(), { primaryRegion: EAST });
    const { assessment, now } = see(watch, FAILED_OVER, STABLE, { writer: EAST });
    expect(judgeFailback({ assessment, settings: watch.settings, facts: calmFacts(), now })).toEqual({
      kind: 'Unneeded',
    });
  });

  it('given a cooldown, when it is over, then the writer is switched back', () => {
    const end = T0 + FAILED_OVER + STABLE + 2 * SECOND;
    const waits = judge({ facts: { cooldownUntil: end } });
    expect(said(waits)).toBe('CooldownActive');
    expect(messages(waits)).toContain(new Date(end).toISOString());
    expect(said(judge({ facts: { cooldownUntil: end }, later: SECOND }))).toBe('SwitchBack');
  });

  it('given health for too short, when judged, then it says since when and until when', () => {
    const since = new Date(T0 + FAILED_OVER).toISOString();
    const until = new Date(T0 + FAILED_OVER + STABLE).toISOString();
    expect(messages(judge({ healthyFor: MINUTE }))).toBe(
      `${EAST} has been fit since ${since}, and has to be until ${until}`,
    );
    expect(messages(judge({ last: { witness: 503 } }))).toContain(`${EAST} is not fit to take the writer back yet`);
  });

  describe('windows', () => {
    it('given one that is open, when judged, then the writer is switched back', () => {
      expect(said(judge({ settings: inWindows(NIGHTLY) }))).toBe('SwitchBack');
    });

    it('given none open, when judged, then it says when the next one opens', () => {
      const verdict = judge({ settings: inWindows(NIGHTLY), from: 3 * HOUR });
      expect(said(verdict)).toBe('OutsideWindow');
      expect(messages(verdict)).toBe('the next window opens at 2026-01-02T00:00:00.000Z');
    });

    it('given one that never opens, when judged, then it says so', () => {
      const never = { ...NIGHTLY, schedule: '0 0 30 2 *' };
      expect(messages(judge({ settings: inWindows(never) }))).toBe('no window of failback.windows ever opens');
    });

    it('given one that opens after the first half of the time, when the time is over, then the writer is switched back', () => {
      expect(said(judge({ settings: inWindows(NIGHTLY), from: 24 * HOUR - 2 * MINUTE }))).toBe('SwitchBack');
    });
  });

  describe('after a try that changed nothing', () => {
    const tried = (startedAt: number, completedAt = startedAt + MINUTE) => ({
      startedAt: T0 + startedAt,
      completedAt: T0 + completedAt,
    });

    it('given the same window, when judged, then it is not used twice', () => {
      const verdict = judge({ settings: inWindows(NIGHTLY), facts: { tries: [tried(0)] } });
      expect(said(verdict)).toBe('TriedInWindow');
      expect(messages(verdict)).toContain('it was tried in this window, at 2026-01-01T00:00:00.000Z');
    });

    it('given the next window, when judged, then it is tried again', () => {
      const props = { settings: inWindows(NIGHTLY), from: 24 * HOUR, facts: { tries: [tried(HOUR)] } };
      expect(said(judge(props))).toBe('SwitchBack');
    });

    it('given no window now, when judged, then only that is said', () => {
      const props = { settings: inWindows(NIGHTLY), from: 3 * HOUR };
      expect(said(judge({ ...props, facts: { tries: [tried(HOUR)] } }))).toBe('OutsideWindow');
      expect(said(judge({ ...props, facts: { tries: [tried(3 * HOUR)] } }))).toBe('OutsideWindow');
    });

    it.each([
      [1, STABLE],
      [2, 2 * STABLE],
      [4, 8 * STABLE],
      [30, 24 * HOUR],
    ])('given %d tries at any time, when judged, then it rests for longer and longer', (count, rest) => {
      // The verdict is taken 1.5 s after the last round began.
      const judgedAt = FAILED_OVER + STABLE + 1500;
      const at = (completedAt: number): string => {
        const tries = Array.from({ length: count }, (_, index) =>
          tried(completedAt - MINUTE - index, completedAt - index),
        );
        return said(judge({ facts: { tries } }));
      };
      expect(at(judgedAt - rest)).toBe('SwitchBack');
      expect(at(judgedAt - rest + 1)).toBe('Resting');
    });

    it('given a rest, when judged, then it says until when', () => {
      const verdict = judge({ facts: { tries: [tried(FAILED_OVER, FAILED_OVER + STABLE)] } });
      expect(messages(verdict)).toBe('1 tries changed nothing: not tried again before 2026-01-01T00:20:00.000Z');
    });
  });

  it('whatever else is so, it never switches back outside a window, suspended, in a cooldown or to one that is behind', () => {
    const moments = fc.integer({ min: FAILED_OVER, max: 5 * HOUR });
    fc.assert(
      fc.property(
        fc.record({
          from: moments,
          isSuspended: fc.boolean(),
          cooldown: fc.integer({ min: -HOUR, max: HOUR }),
          lag: fc.integer({ min: 0, max: 2000 }),
          healthyFor: fc.integer({ min: 0, max: 10 }),
        }),
        ({ from, isSuspended, cooldown, lag, healthyFor }) => {
          const watch = watchAway(failbackSettings({ ...inWindows(NIGHTLY), isSuspended }));
          const props = { lag: { [EAST]: { lags: [lag, lag, lag] } } };
          const { memory, assessment, now } = see(watch, from, healthyFor * MINUTE, props);
          const facts = calmFacts({ cooldownUntil: now + cooldown });
          const { stability } = memory;
          const verdict = judgeFailback(defined({ assessment, settings: watch.settings, stability, facts, now }));
          const isPermitted =
            !isSuspended && cooldown <= 0 && lag <= 1000 && healthyFor >= 5 && (now - T0) % (24 * HOUR) < 2 * HOUR;
          expect(verdict.kind).toBe(isPermitted ? 'SwitchBack' : 'Wait');
        },
      ),
      { numRuns: propertyRuns(50) },
    );
  });
});
