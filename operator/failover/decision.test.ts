import { describe, expect, it } from '@jest/globals';
import {
  forceSummaryOf,
  hasSameReadings,
  isQuiet,
  resultOf,
  summaryOf,
  verdictKey,
  type RoundDecision,
} from './decision.ts';
import { aRound, MINUTE, SECOND, T0 } from './testing/a-round.ts';
import { aSettings, EAST, signalsNamed, WEST } from './testing/a-settings.ts';
import { noAnswer } from './testing/attempts.ts';
import { Watch } from './testing/watch.ts';

const settings = aSettings({ signals: signalsNamed('controlPlane', 'endpoint', 'http') });
const healthy = (at: number) => aRound({ at, witness: 200 });
const lost = (at: number) =>
  aRound({ at, witness: 503, regions: { [EAST]: { rds: noAnswer() } }, endpoint: noAnswer() });

/** A policy whose primary was healthy for three rounds and lost for as many as asked. */
function aWatch(lostRounds = 0): Watch {
  const watch = new Watch(settings).see(...[0, 1, 2].map((index) => healthy(10 * MINUTE + index * 10 * SECOND)));
  return watch.see(...Array.from({ length: lostRounds }, (_, index) => lost(11 * MINUTE + index * 10 * SECOND)));
}

describe('resultOf', () => {
  it('given a healthy round, holds signals and regions, with the loss that a failover would cost', () => {
    const { assessment } = aWatch();

    expect(resultOf(assessment)).toEqual({
      primaryRegion: EAST,
      signals: assessment.signals,
      isQuorumFailing: false,
      quorumRounds: 0,
      veto: assessment.veto,
      regions: [
        { region: EAST, role: 'Primary', objection: { reason: 'IsPrimary', message: 'it is the primary' } },
        { region: WEST, role: 'Secondary', synchronizationStatus: 'connected', loss: assessment.regions[1]?.loss },
      ],
    });
    expect(assessment.regions[1]?.loss).toBeDefined();
  });

  it('given a lost primary and an operation, holds the incident, the quorum and the effect', () => {
    const { assessment } = aWatch(2);

    expect(resultOf(assessment, 'Unchanged')).toMatchObject({
      isQuorumFailing: true,
      quorumRounds: 2,
      incident: { startedAt: T0 + 11 * MINUTE },
      effect: 'Unchanged',
    });
  });

  it('given a region that is fit and excluded, holds why it is', () => {
    const watch = new Watch(aSettings({ dataLoss: 'Forbid' })).see(healthy(0));

    expect(resultOf(watch.assessment).regions[1]?.objection?.reason).toBe('DataLossForbidden');
  });
});

describe('the summary of a verdict', () => {
  it('given Calm, Held and FailOver, keeps what was said, and names the target by its region', () => {
    const loss = { lastKnownMilliseconds: 100, worstCaseMilliseconds: 60_100, sampleEnd: T0 };
    const [, target] = aWatch(3).assessment.regions;
    const failOver = summaryOf({ kind: 'FailOver', target: { ...target!, loss } });
    const held = {
      kind: 'Held',
      obstacles: [
        { reason: 'A', message: 'a' },
        { reason: 'B', message: 'b' },
      ],
    } as const;

    expect(failOver).toEqual({ kind: 'FailOver', target: WEST, loss });
    expect(summaryOf(held)).toBe(held);
    expect([failOver, held, summaryOf({ kind: 'Calm' })].map(verdictKey)).toEqual([
      'FailOver us-west-2',
      'Held A B',
      'Calm',
    ]);
    expect(forceSummaryOf({ kind: 'Start', type: 'Switchover', target: { ...target!, loss } })).toEqual({
      kind: 'Start',
      type: 'Switchover',
      target: WEST,
      loss,
    });
    expect(forceSummaryOf({ kind: 'Refuse', reason: 'A', message: 'a' })).toEqual({
      kind: 'Refuse',
      reason: 'A',
      message: 'a',
    });
  });
});

describe('hasSameReadings', () => {
  const read = (round: ReturnType<typeof aRound>) => ({ round, result: resultOf(aWatch().see(round).assessment) });

  it('given two healthy rounds a minute apart, is the same: times, figures and prose do not count', () => {
    const later = { ...healthy(12 * MINUTE), lag: healthy(14 * MINUTE).lag };

    expect(hasSameReadings(read(later), read(healthy(11 * MINUTE)))).toBe(true);
  });

  it.each([
    ['a status', aRound({ at: 11 * MINUTE, witness: 200, regions: { [WEST]: { status: 'upgrading' } } })],
    ['an answer', aRound({ at: 11 * MINUTE, witness: 204 })],
    ['a member', aRound({ at: 11 * MINUTE, witness: 200, regions: { [EAST]: { members: [EAST] } } })],
    ['an attempt', aRound({ at: 11 * MINUTE, witness: 200, lag: { [WEST]: { attempt: noAnswer() } } })],
  ])('given %s that changed, differs', (_what, round) => {
    expect(hasSameReadings(read(round), read(healthy(11 * MINUTE)))).toBe(false);
  });
});

describe('isQuiet', () => {
  const quiet: Pick<RoundDecision, 'result' | 'verdict' | 'operation'> = {
    result: resultOf(aWatch().assessment),
    verdict: { kind: 'Calm' },
  };
  const { incident, signals } = resultOf(aWatch(1).assessment);

  it('given a healthy round, is true', () => {
    expect(isQuiet(quiet)).toBe(true);
  });

  it.each<[string, Partial<RoundDecision>]>([
    ['another verdict', { verdict: { kind: 'Held', obstacles: [] } }],
    ['an operation in flight', { operation: { id: 'op-1' } as RoundDecision['operation'] & object }],
    ['an incident', { result: { ...quiet.result, incident: incident! } }],
    ['a class that is Failing', { result: { ...quiet.result, signals } }],
    [
      'one class of several that is Failing',
      { result: { ...quiet.result, signals: [...quiet.result.signals, ...signals.slice(0, 1)] } },
    ],
  ])('given %s, is false', (_what, change) => {
    expect(isQuiet({ ...quiet, ...change })).toBe(false);
  });
});
