import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { judgeAutomatic } from './automatic.ts';
import { forceSummaryOf, summaryOf, type Decision, type FollowDecision } from './decision.ts';
import { EMPTY_FOLLOW_MEMORY, followOperation, readEffect } from './follow.ts';
import { judgeForce, type ForceRequest } from './force.ts';
import type { Operation } from './operation.ts';
import { packRound } from './packed-round.ts';
import { Replay } from './replay.ts';
import { aRound, MINUTE, SECOND, T0 } from './testing/a-round.ts';
import { aSettings, EAST, signalsNamed, WEST } from './testing/a-settings.ts';
import { propertyRuns } from './testing/property-runs.ts';
import { aTroubledWorld } from './testing/random-world.ts';
import { Recording } from './testing/recording.ts';
import { lostPrimary } from './testing/losses.ts';

const SETTINGS = aSettings({ signals: signalsNamed('controlPlane', 'endpoint', 'replication', 'http') });
const LOSS = 60 * MINUTE;

const OPERATION: Operation = {
  id: 'op-1',
  type: 'Failover',
  trigger: 'Automatic',
  from: EAST,
  to: WEST,
  step: 'Requested',
  isDataLossAllowed: true,
  detectedAt: T0 + LOSS,
  startedAt: T0 + LOSS,
  attempts: 1,
  fence: 'Unknown',
};

const REQUEST: ForceRequest = {
  action: 'force-failover',
  value: WEST,
  forceType: 'Auto',
  hasAcceptedDataLoss: false,
};

/** Three healthy rounds, then a loss up to the decision, every ten seconds. */
function aLoss(): Recording {
  const recording = new Recording(SETTINGS);
  for (let at = LOSS - 30 * SECOND; at < LOSS; at += 10 * SECOND) {
    recording.see(aRound({ at, witness: 200 }));
  }
  for (let at = LOSS; at < LOSS + 30 * SECOND; at += 10 * SECOND) {
    recording.see(aRound({ ...lostPrimary(LOSS)(at), at }));
  }
  return recording;
}

const replayAll = (decisions: readonly Decision[]) => {
  const replay = new Replay();
  return decisions.map((decision) => replay.take(decision));
};
const kindsOf = (decisions: readonly Decision[]) => replayAll(decisions).map(({ kind }) => kind);

function recordVerdict(recording: Recording, now: number): void {
  const { assessment, settings } = recording;
  const cooldownUntil = now + MINUTE;
  const verdict = summaryOf(judgeAutomatic({ assessment, settings, now, cooldownUntil }));
  recording.decisions.push({ ...recording.head(now), kind: 'Verdict', cooldownUntil, verdict });
}

function recordForce(recording: Recording, request: ForceRequest): void {
  const { assessment, settings } = recording;
  const verdict = forceSummaryOf(judgeForce({ request, assessment, settings }));
  recording.decisions.push({ ...recording.head(0), kind: 'Force', request, verdict });
}

function recordFollow(recording: Recording, operation: Operation): void {
  const { assessment, settings, memory } = recording;
  const effect = readEffect(operation, assessment, settings);
  const now = assessment.round.completedAt;
  const own = { operation, follow: EMPTY_FOLLOW_MEMORY, isCertainlyUncalled: false, effect };
  const action = followOperation({ ...own, assessment, memory, settings, now });
  recording.decisions.push({ ...recording.head(now), kind: 'Follow', ...own, action });
}

describe('a replay', () => {
  it('given a loss as it was recorded, says the same of every record, FailOver included', () => {
    const { read } = aLoss();

    expect(kindsOf(read)).toEqual(read.map(() => 'Same'));
    expect(read.at(-1)).toMatchObject({ verdict: { kind: 'FailOver', target: WEST } });
  });

  it('given any rounds, says the same of every record', () => {
    fc.assert(
      fc.property(aTroubledWorld, fc.nat(16), ({ settings, rounds }, aloneAt) => {
        const recording = new Recording(settings);
        rounds.forEach((round, index) => {
          recording.isAlone ||= index === aloneAt;
          recording.see(round);
          recordForce(recording, REQUEST);
          recordFollow(recording, OPERATION);
          recordVerdict(recording, round.completedAt + SECOND);
        });

        expect(replayAll(recording.read)).toEqual(recording.read.map(() => ({ kind: 'Same' })));
      }),
      { numRuns: propertyRuns(150) },
    );
  });

  it.each<[string, (record: Decision) => Decision, string]>([
    [
      'verdict',
      (record) => ({ ...record, verdict: { kind: 'Calm' } }) as Decision,
      'verdict.kind: recorded "Calm", replayed "FailOver"',
    ],
    [
      'round',
      (record) => (record.kind === 'Round' ? { ...record, round: { ...record.round, regions: {} } } : record),
      'result.',
    ],
    [
      'time',
      (record) => ({ ...record, now: record.now + MINUTE }),
      'verdict.kind: recorded "FailOver", replayed "Held"',
    ],
    [
      'cooldown',
      (record) => ({ ...record, cooldownUntil: record.now + 1 }) as Decision,
      'verdict.kind: recorded "FailOver", replayed "Held"',
    ],
    ['setting', (record) => ({ ...record, settings: { ...SETTINGS, isSuspended: true } }), 'verdict.kind'],
  ])('given a forged %s, names the difference', (_what, forge, difference) => {
    const { read } = aLoss();
    const outcomes = replayAll(read.map((record, index) => (index === read.length - 1 ? forge(record) : record)));

    expect(outcomes.slice(0, -1)).toEqual(read.slice(1).map(() => ({ kind: 'Same' })));
    expect(outcomes.at(-1)).toMatchObject({ kind: 'Different', difference: expect.stringContaining(difference) });
  });

  it('given later verdicts, answers and actions, judges each on the newest round', () => {
    const recording = aLoss();
    recordVerdict(recording, recording.assessment.round.completedAt);
    recordForce(recording, REQUEST);
    recordForce(recording, { ...REQUEST, hasAcceptedDataLoss: true });
    recordFollow(recording, OPERATION);
    recording.decisions.push({ ...recording.head(0), kind: 'Note', what: 'Called', message: 'Accepted' });
    const { read } = recording;

    expect(read.slice(-5)).toMatchObject([
      { kind: 'Verdict', verdict: { kind: 'Held', obstacles: [{ reason: 'CooldownActive' }] } },
      { kind: 'Force', verdict: { kind: 'Refuse', reason: 'DataLossNotAccepted' } },
      { kind: 'Force', verdict: { kind: 'Start', type: 'Failover', target: WEST } },
      { kind: 'Follow', effect: 'Unchanged', action: { kind: 'Wait' } },
      { kind: 'Note' },
    ]);
    expect(kindsOf(read)).toEqual(read.map(() => 'Same'));

    const forged = read.map((record): Decision => {
      switch (record.kind) {
        case 'Verdict':
          return { ...record, cooldownUntil: 0 };
        case 'Force':
          return { ...record, request: { ...record.request, value: EAST } };
        case 'Follow':
          return { ...record, action: { kind: 'Call' } };
        default:
          return record;
      }
    });
    expect(kindsOf(forged).slice(-5)).toEqual(['Different', 'Different', 'Different', 'Different', 'Same']);
  });

  it('given an operation in flight, compares what each round shows of it', () => {
    const recording = aLoss();
    recording.operation = OPERATION;
    recording.see(aRound({ ...lostPrimary(LOSS)(LOSS + 30 * SECOND), at: LOSS + 30 * SECOND }));
    const { read } = recording;
    const forged = read.map((record) =>
      record.kind === 'Round' && record.result.effect !== undefined
        ? ({ ...record, result: { ...record.result, effect: 'Promoted' } } as const)
        : record,
    );

    expect(read.at(-1)).toMatchObject({ result: { effect: 'Unchanged' } });
    expect(kindsOf(read).at(-1)).toBe('Same');
    expect(replayAll(forged).at(-1)).toEqual({
      kind: 'Different',
      difference: 'result.effect: recorded "Promoted", replayed "Unchanged"',
    });
  });

  it('given a follow action whose effect was forged, names it', () => {
    const recording = aLoss();
    recordFollow(recording, OPERATION);
    const { read } = recording;
    const forged = { ...(read.at(-1) as FollowDecision), effect: 'Promoted' } as const;

    expect(replayAll([...read.slice(0, -1), forged]).at(-1)).toMatchObject({ kind: 'Different' });
  });

  it('given a log whose beginning is gone, judges from the first record that stands alone', () => {
    const recording = aLoss();
    recordForce(recording, REQUEST);
    recording.isAlone = true;
    recording.see(aRound({ ...lostPrimary(LOSS)(LOSS + 30 * SECOND), at: LOSS + 30 * SECOND }));
    const read = recording.read.slice(4);

    expect(kindsOf(read)).toEqual(['Unanchored', 'Unanchored', 'Unanchored', 'Same']);
  });

  it('given a record that is missing, refuses those after it until one stands alone', () => {
    const recording = aLoss();
    recording.isAlone = true;
    recording.see(aRound({ ...lostPrimary(LOSS)(LOSS + 30 * SECOND), at: LOSS + 30 * SECOND }));
    const read = recording.read.filter((_record, index) => index !== 2);

    expect(replayAll(read)).toEqual([
      { kind: 'Same' },
      { kind: 'Same' },
      { kind: 'Gap', message: 'record 4 follows 2 and needs what is missing between them' },
      { kind: 'Unanchored' },
      { kind: 'Unanchored' },
      { kind: 'Same' },
    ]);
  });

  it('given records that were lost before one that stands alone, tells how many', () => {
    const recording = aLoss();
    recording.isAlone = true;
    recording.see(aRound({ ...lostPrimary(LOSS)(LOSS + 30 * SECOND), at: LOSS + 30 * SECOND }));
    const { read } = recording;

    expect(replayAll([...read.slice(0, 4), ...read.slice(6)]).at(-1)).toEqual({ kind: 'Same', lost: 2 });
    expect(replayAll([...read, ...read]).at(read.length)).toEqual({ kind: 'Same' });
  });

  it('given a record that carries a memory after rounds that were left out, replays from that memory', () => {
    const recording = aLoss();
    const { memory } = recording;
    recording.see(aRound({ ...lostPrimary(LOSS)(LOSS + 30 * SECOND), at: LOSS + 30 * SECOND }));
    const { read } = recording;
    const last = { ...read.at(-1), n: 4, round: packRound(recording.assessment.round) };
    const { memory: _none, ...withoutMemory } = { ...last, memory };

    expect(kindsOf([...read.slice(0, 3), { ...last, memory } as Decision])).toEqual(['Same', 'Same', 'Same', 'Same']);
    expect(kindsOf([...read.slice(0, 3), withoutMemory as Decision])).toEqual(['Same', 'Same', 'Same', 'Different']);
  });

  it('given a record with settings and a memory that does not stand alone, unpacks its lag with the record before', () => {
    const recording = aLoss();
    const { memory } = recording;
    recording.see(aRound({ ...lostPrimary(LOSS)(LOSS + 30 * SECOND), at: LOSS + 30 * SECOND }));
    const { read } = recording;
    const last = { ...read.at(-1), memory, settings: SETTINGS } as Decision;

    expect(last).toMatchObject({ round: { lag: { [WEST]: { samples: { dropped: expect.any(Number) } } } } });
    expect(kindsOf([...read.slice(0, -1), last]).at(-1)).toBe('Same');
  });

  it('given a forged record that stands alone after a gap, names the difference and not the gap', () => {
    const recording = aLoss();
    recording.isAlone = true;
    recording.see(aRound({ ...lostPrimary(LOSS)(LOSS + 30 * SECOND), at: LOSS + 30 * SECOND }));
    const { read } = recording;
    const forged = { ...read.at(-1), verdict: { kind: 'Calm' } } as Decision;

    expect(replayAll([...read.slice(0, 4), forged]).at(-1)).toMatchObject({ kind: 'Different' });
  });

  it('given two processes in one log, follows each on its own', () => {
    const one = aLoss().read;
    const two = aLoss().read.map((record) => ({ ...record, by: 'process-2' }));
    const mixed = one.flatMap((record, index) => [record, two[index] ?? record]);

    expect(kindsOf(mixed)).toEqual(mixed.map(() => 'Same'));
  });
});
