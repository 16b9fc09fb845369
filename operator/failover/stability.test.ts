import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FAILED_OVER, failbackSettings, see, watchAway } from './testing/a-failback.ts';
import { MINUTE, NOT_REPORTED, SECOND, T0, type RoundProps } from './testing/a-round.ts';
import { CENTRAL, EAST, THREE_REGIONS, WEST, aRegion, aSettings } from './testing/a-settings.ts';
import { noAnswer } from './testing/attempts.ts';
import { propertyRuns } from './testing/property-runs.ts';
import { failbackTarget, preferredRegion } from './stability.ts';

const INTERVAL = 10 * SECOND;
const lagOf = (milliseconds: number): RoundProps => ({ lag: { [EAST]: { lags: [milliseconds, milliseconds] } } });
const silent: RoundProps = { regions: { [EAST]: { rds: noAnswer('timeout') } } };
const unfit: readonly (readonly [string, RoundProps])[] = [
  ['the preferred region is not available', { regions: { [EAST]: { status: 'modifying' } } }],
  ['the primary is not available', { regions: { [WEST]: { status: 'backing-up' } } }],
  [
    'it is synchronized anew',
    {
      regions: {
        [WEST]: { synchronization: { [EAST]: 'pending-resync' } },
        [EAST]: { synchronization: { [EAST]: 'pending-resync' } },
      },
    },
  ],
  ['its lag rises above the recovery point', lagOf(1001)],
  ['the witness sees the primary lost', { witness: 503 }],
  ['the endpoint refuses', { endpoint: noAnswer('refused') }],
  ['the regions disagree about the writer', { regions: { [EAST]: { writer: EAST } } }],
  ['AWS shows a role change', { regions: { [WEST]: { failoverState: { status: 'switching-over' } } } }],
  ['it has no instance', { regions: { [EAST]: { instances: 0 } } }],
  ['it runs another patch level', { regions: { [EAST]: { engineVersion: '8.0.mysql_aurora.3.07.0' } } }],
];
const blind: readonly (readonly [string, RoundProps])[] = [
  ['RDS of the preferred region is silent', silent],
  ['the primary’s cluster is not described', { regions: { [WEST]: { clusters: noAnswer('timeout') } } }],
];

describe('the stability of the preferred region', () => {
  it('given rounds that find it fit, when they go on, then the time counts from the first', () => {
    const { memory } = see(watchAway(), FAILED_OVER, 2 * MINUTE);
    // Votes need two rounds.
    expect(memory.stability).toEqual({
      region: EAST,
      since: T0 + FAILED_OVER,
      until: T0 + FAILED_OVER + 2 * MINUTE,
    });
  });

  it.each(unfit)('given that %s, when seen once, then it begins anew', (_what, props) => {
    const watch = watchAway();
    see(watch, FAILED_OVER, 2 * MINUTE);
    expect(see(watch, FAILED_OVER + 2 * MINUTE + INTERVAL, 0, props).memory.stability).toBeUndefined();
  });

  it.each(blind)('given that %s, when seen for a while, then it neither counts nor ends', (_what, props) => {
    const watch = watchAway();
    const { memory: before } = see(watch, FAILED_OVER, 2 * MINUTE);
    const gap = see(watch, FAILED_OVER + 2 * MINUTE + INTERVAL, MINUTE, props);
    expect(gap.memory.stability).toEqual(before.stability);
    const after = see(watch, FAILED_OVER + 3 * MINUTE + 2 * INTERVAL, MINUTE);
    expect(after.memory.stability?.since).toBe(before.stability?.since);
    expect(after.memory.stability?.until).toBe(after.assessment.round.startedAt);
  });

  it('given too long without sight, when it is seen fit again, then it begins anew', () => {
    const watch = watchAway();
    see(watch, FAILED_OVER, 2 * MINUTE);
    see(watch, FAILED_OVER + 2 * MINUTE + INTERVAL, 5 * MINUTE, silent);
    expect(watch.memory.stability).toBeUndefined();
    const at = FAILED_OVER + 8 * MINUTE;
    expect(see(watch, at, 0).memory.stability).toEqual({ region: EAST, since: T0 + at, until: T0 + at });
  });

  it.each([
    ['forward', 6 * MINUTE],
    ['back by more than has counted', -3 * MINUTE],
  ])('given a clock that is set %s, when seen, then it begins anew', (_way, jump) => {
    const watch = watchAway();
    see(watch, FAILED_OVER, 2 * MINUTE);
    const at = FAILED_OVER + 2 * MINUTE + jump;
    expect(see(watch, at, 0).memory.stability?.since).toBe(T0 + at);
  });

  it('given a clock that is set back, when nothing can be seen then, then only what has counted before goes on', () => {
    const watch = watchAway();
    const { memory: before } = see(watch, FAILED_OVER, 2 * MINUTE);
    expect(see(watch, FAILED_OVER, 0, silent).memory.stability).toEqual(before.stability);
    expect(see(watch, FAILED_OVER - 1, 0, silent).memory.stability).toBeUndefined();
  });

  it('given the longest gap, when it is seen fit again, then it goes on, and a millisecond later it begins anew', () => {
    const since = (gap: number): number | undefined => {
      const watch = watchAway();
      see(watch, FAILED_OVER, 2 * MINUTE);
      return see(watch, FAILED_OVER + 2 * MINUTE + gap, 0).memory.stability?.since;
    };
    expect(since(5 * MINUTE)).toBe(T0 + FAILED_OVER);
    expect(since(5 * MINUTE + 1)).toBe(T0 + FAILED_OVER + 7 * MINUTE + 1);
  });

  it('given a clock that is set back a little, when seen, then what has counted is less, not more', () => {
    const watch = watchAway();
    see(watch, FAILED_OVER, 2 * MINUTE);
    const { stability } = see(watch, FAILED_OVER + MINUTE, 0).memory;
    expect(stability).toEqual({ region: EAST, since: T0 + FAILED_OVER, until: T0 + FAILED_OVER + MINUTE });
  });

  it('given an interval longer than the stabilization, when one round is missing, then it goes on', () => {
    const failback = { stabilizationMilliseconds: SECOND, windows: [] };
    const watch = watchAway(failbackSettings({ failback, intervalMilliseconds: 60 * SECOND }));
    see(watch, FAILED_OVER, MINUTE);
    expect(see(watch, FAILED_OVER + 3 * MINUTE, 0).memory.stability?.since).toBe(T0 + FAILED_OVER);
  });

  it.each([
    ['an operation is in flight', { hasOperation: true }],
    ['an old primary is outstanding', { distrustedRegion: EAST }],
  ])('given that %s, when seen, then nothing counts', (_what, recorded) => {
    const { memory } = see(watchAway(failbackSettings(), recorded), FAILED_OVER, MINUTE);
    expect(memory.stability).toBeUndefined();
  });

  it('given a role change on record, when rounds are older, then the time counts from the change', () => {
    const primarySince = T0 + FAILED_OVER - 5 * MINUTE;
    const watch = watchAway(failbackSettings(), { primarySince });
    watch.memory = { ...watch.memory, stability: { region: EAST, since: T0, until: T0 + FAILED_OVER - 2 * MINUTE } };
    expect(see(watch, FAILED_OVER, 0).memory.stability?.since).toBe(primarySince);
  });

  it('given another preferred region than before, when seen, then it begins anew', () => {
    const watch = watchAway();
    watch.memory = { ...watch.memory, stability: { region: CENTRAL, since: T0, until: T0 + FAILED_OVER } };
    expect(see(watch, FAILED_OVER, 0).memory.stability).toMatchObject({ region: EAST, since: T0 + FAILED_OVER });
  });

  it('given a writer that is where it belongs, or a failback by hand, when seen, then nothing is counted', () => {
    const home = watchAway(failbackSettings(), { primaryRegion: EAST });
    expect(see(home, FAILED_OVER, MINUTE, { writer: EAST }).memory).not.toHaveProperty('stability');
    const { failback: _, ...byHand } = failbackSettings();
    expect(see(watchAway(byHand), FAILED_OVER, MINUTE).memory).not.toHaveProperty('stability');
  });

  it('given an unreported synchronization, when seen, then it is not taken for connected', () => {
    const synchronization = { [EAST]: NOT_REPORTED };
    const props = { regions: { [WEST]: { synchronization }, [EAST]: { synchronization } } };
    expect(see(watchAway(), FAILED_OVER, MINUTE, props).memory.stability).toBeUndefined();
  });

  it('whatever is seen, the time is that of unbroken rounds without one that found it unfit', () => {
    const kinds = fc.array(fc.constantFrom('fit', 'unfit', 'blind'), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(kinds, (rounds) => {
        const watch = watchAway();
        let since: number | undefined;
        for (const [index, kind] of rounds.entries()) {
          const at = FAILED_OVER + index * INTERVAL;
          see(watch, at, 0, kind === 'fit' ? {} : kind === 'unfit' ? lagOf(5000) : silent);
          since = kind === 'unfit' ? undefined : kind === 'fit' ? (since ?? at) : since;
          const { stability } = watch.memory;
          if (stability !== undefined) {
            expect(stability.since - T0).toBeGreaterThanOrEqual(since ?? Infinity);
          }
          expect(kind === 'fit' && stability === undefined).toBe(false);
        }
      }),
      { numRuns: propertyRuns(50) },
    );
  });
});

describe('where the writer returns to', () => {
  it.each<[string, Parameters<typeof aSettings>[0], string | undefined, string | undefined]>([
    ['is away', {}, WEST, EAST],
    ['is there', {}, EAST, undefined],
    ['is nowhere', {}, undefined, undefined],
    [
      'is in another preferred region',
      { regions: [aRegion(EAST, 'Prefer'), aRegion(WEST, 'Prefer')] },
      WEST,
      undefined,
    ],
    ['is away, and none is preferred', { regions: [aRegion(EAST), aRegion(WEST)] }, WEST, undefined],
    ['is in a third', { regions: THREE_REGIONS }, CENTRAL, EAST],
  ])(
    'given a writer that %s, when asked, then it is the first preferred one, or none',
    (_where, settings, from, to) => {
      expect(failbackTarget(aSettings(settings), from)).toBe(to);
    },
  );

  it('given two preferred regions, when asked, then the first is meant', () => {
    expect(preferredRegion({ regions: [aRegion(CENTRAL), aRegion(WEST, 'Prefer'), aRegion(EAST, 'Prefer')] })).toBe(
      WEST,
    );
  });
});
