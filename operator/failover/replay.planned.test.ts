import { describe, expect, it } from '@jest/globals';
import type { Decision } from './decision.ts';
import { defined } from './defined.ts';
import { judgeDrillStart, nextDrillAction, type Drill, type DrillFacts } from './drill.ts';
import { judgeFailback } from './failback.ts';
import { Replay } from './replay.ts';
import { calmFacts, FAILED_OVER, failbackSettings } from './testing/a-failback.ts';
import { aRound, MINUTE, SECOND, T0 } from './testing/a-round.ts';
import { EAST, WEST } from './testing/a-settings.ts';
import { Recording } from './testing/recording.ts';

const FACTS: DrillFacts = {
  hasOperation: false,
  hasSplitBrainRisk: false,
  isLeaving: false,
  hasDrill: true,
  canCall: true,
};
const A_DRILL: Drill = {
  id: 'drill-1',
  home: EAST,
  away: WEST,
  leg: 'Away',
  startedAt: 0,
  arrivedAt: T0 + FAILED_OVER,
  operationId: 'switchover-1',
};

/** Five minutes after a failover, all well, and a decision of each kind. */
function recording(): Recording {
  const settings = failbackSettings();
  const log = new Recording(settings);
  log.recorded = { primaryRegion: WEST };
  for (let at = FAILED_OVER; at <= FAILED_OVER + 5 * MINUTE; at += 10 * SECOND) {
    log.see(aRound({ at, writer: WEST, witness: 200 }));
  }
  const { assessment, memory } = log;
  const now = assessment.round.completedAt + 5;
  const facts = calmFacts();
  const { stability } = memory;
  const verdict = judgeFailback(defined({ assessment, settings, stability, facts, now }));
  log.decisions.push({ ...log.head(now), kind: 'Failback', facts, verdict });
  const start = judgeDrillStart({ assessment, settings, facts: FACTS, now, isScheduled: true });
  log.decisions.push({ ...log.head(now), kind: 'DrillStart', facts: FACTS, isScheduled: true, verdict: start });
  const action = nextDrillAction({ assessment, settings, facts: FACTS, drill: A_DRILL, now });
  log.decisions.push({ ...log.head(now), kind: 'DrillStep', facts: FACTS, drill: A_DRILL, action });
  return log;
}

const kindsOf = (decisions: readonly Decision[]): string[] => {
  const replay = new Replay();
  return decisions.map((decision) => replay.take(decision).kind);
};

describe('the replay of decisions about failbacks and drills', () => {
  it('given a log, when replayed, then each verdict is the same', () => {
    const { read } = recording();
    expect(read.slice(-3)).toMatchObject([
      { kind: 'Failback', verdict: { kind: 'SwitchBack', target: EAST } },
      { kind: 'DrillStart', verdict: { kind: 'Wait', obstacles: [{ reason: 'DrillInProgress' }] } },
      { kind: 'DrillStep', action: { kind: 'Return' } },
    ]);
    expect(kindsOf(read)).toEqual(read.map(() => 'Same'));
  });

  it('given facts that were changed, when replayed, then each verdict differs', () => {
    const forged = recording().read.map((record): Decision => {
      switch (record.kind) {
        case 'Failback':
          return { ...record, facts: { ...record.facts, hasDrill: true } };
        case 'DrillStart':
          return { ...record, facts: { ...record.facts, hasDrill: false } };
        case 'DrillStep':
          return { ...record, facts: { ...record.facts, hasSplitBrainRisk: true } };
        default:
          return record;
      }
    });
    expect(kindsOf(forged).slice(-3)).toEqual(['Different', 'Different', 'Different']);
  });
});
