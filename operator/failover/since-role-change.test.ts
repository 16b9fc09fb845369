import { describe, expect, it } from '@jest/globals';
import { EMPTY_MEMORY } from './memory.ts';
import { sinceRoleChange } from './since-role-change.ts';
import { aRound, MINUTE, T0 } from './testing/a-round.ts';
import { aSettings, EAST, signalsNamed, WEST } from './testing/a-settings.ts';
import { Watch } from './testing/watch.ts';

const CHANGED = T0 + 60 * MINUTE;
const lag = { [WEST]: { until: 62 * MINUTE, lags: [100, 200, 300, 400] } };

describe('lag after a role change', () => {
  it('Given samples from before and after it, then those remain that began with the new primary', () => {
    const { round } = sinceRoleChange(aRound({ at: 63 * MINUTE, lag }), EMPTY_MEMORY, CHANGED);

    expect(round.lag[WEST]?.samples.map((sample) => sample.lagMilliseconds)).toEqual([300, 400]);
  });

  it('Given a remembered sample, then it is forgotten exactly if it began before', () => {
    const sampleAt = (periodStart: number) => ({ periodStart, periodEnd: periodStart + MINUTE, lagMilliseconds: 100 });
    const memory = { ...EMPTY_MEMORY, lag: { [WEST]: sampleAt(CHANGED - 1), [EAST]: sampleAt(CHANGED) } };

    expect(Object.keys(sinceRoleChange(aRound(), memory, CHANGED).memory.lag)).toEqual([EAST]);
  });

  it('Given no role change on record, then everything counts', () => {
    const round = aRound({ at: 63 * MINUTE, lag });

    expect(sinceRoleChange(round, EMPTY_MEMORY, undefined)).toEqual({ round, memory: EMPTY_MEMORY });
  });

  it('Given only samples of the lag behind the old primary, then the loss is unknown and nobody is ready', () => {
    const watch = new Watch(aSettings({ signals: signalsNamed('controlPlane', 'endpoint', 'http') }));
    watch.seeAlike(3, 58 * MINUTE, { witness: 200 });

    expect(watch.assessment.target?.region).toBe(WEST);

    watch.recorded = { primaryRegion: EAST, primarySince: CHANGED };
    watch.seeAlike(3, 61 * MINUTE, { witness: 200, lag: { [WEST]: { until: 60 * MINUTE } } });

    expect(watch.assessment.target).toBeUndefined();
    expect(watch.assessment.regions.find(({ region }) => region === WEST)?.excluded?.reason).toBe('LagUnknown');
  });
});
