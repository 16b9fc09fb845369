import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { assess } from '../failover/assess.ts';
import { judgeAutomatic } from '../failover/automatic.ts';
import type { Decision } from '../failover/decision.ts';
import { defined } from '../failover/defined.ts';
import { EMPTY_FOLLOW_MEMORY, followOperation, readEffect } from '../failover/follow.ts';
import { judgeForce } from '../failover/force.ts';
import { EMPTY_MEMORY, type Memory } from '../failover/memory.ts';
import type { Round } from '../failover/observation.ts';
import type { Operation } from '../failover/operation.ts';
import { Replay } from '../failover/replay.ts';
import type { Settings } from '../failover/settings.ts';
import { aRound, MINUTE, SECOND, T0 } from '../failover/testing/a-round.ts';
import { aSettings, EAST, signalsNamed, WEST } from '../failover/testing/a-settings.ts';
import { rejected } from '../failover/testing/attempts.ts';
import { lostPrimary } from '../failover/testing/losses.ts';
import { aTroubledWorld } from '../failover/testing/random-world.ts';
import { DecisionRecorder } from './decision-recorder.ts';

const SETTINGS = aSettings({ signals: signalsNamed('controlPlane', 'endpoint', 'replication', 'http') });

const policyWith = (metadata: Partial<DisasterRecoveryPolicy['metadata']> = {}) =>
  ({
    metadata: { namespace: 'payments', name: 'orders', uid: 'uid-1', generation: 3, ...metadata },
  }) as DisasterRecoveryPolicy;

const OPERATION: Operation = {
  id: 'op-1',
  type: 'Failover',
  trigger: 'Automatic',
  from: EAST,
  to: WEST,
  step: 'Requested',
  isDataLossAllowed: true,
  detectedAt: T0,
  startedAt: T0,
  attempts: 1,
  fence: 'Unknown',
};

const REQUEST = { action: 'force-failover', value: 'any', forceType: 'Auto', hasAcceptedDataLoss: true } as const;

/** An operator's way with one policy, and the log that it leaves. */
class Scene {
  readonly lines: string[] = [];
  readonly turningPoints: string[] = [];
  readonly errors: unknown[] = [];
  readonly recorder: DecisionRecorder;
  readonly policy = policyWith();
  settings: Settings = SETTINGS;
  memory: Memory = EMPTY_MEMORY;
  operation: Operation | undefined;
  cooldownUntil: number | undefined;
  now = T0;
  /** Whether the log asks the next record to stand alone, as at the beginning of a file. */
  isNewFile: () => boolean = () => false;

  constructor() {
    this.recorder = new DecisionRecorder({
      sink: {
        append: (_policy, compose, isTurningPoint) => {
          this.lines.push(...compose(this.isNewFile()).split('\n'));
          if (isTurningPoint) {
            this.turningPoints.push(compose(true));
          }
        },
      },
      clock: { now: () => this.now },
      identity: 'process-1',
      program: 'test 1',
      onError: (_policy, error) => this.errors.push(error),
    });
  }

  get decisions(): Decision[] {
    return this.lines.map((line) => JSON.parse(line) as Decision);
  }

  get kinds(): string[] {
    return this.decisions.map(({ kind }) => kind);
  }

  see(round: Round) {
    const { settings, memory: memoryBefore, operation, cooldownUntil, policy } = this;
    const recorded = { primaryRegion: EAST };
    this.now = round.completedAt + 3;
    const { memory, assessment } = assess(memoryBefore, round, settings, recorded);
    const digested = { settings, memoryBefore, memory, assessment, recorded, cooldownUntil, operation };
    this.recorder.digested(policy, defined(digested));
    this.memory = memory;
    return assessment;
  }

  /** Rounds every ten seconds. */
  seeFrom(from: number, count: number, props: (at: number) => object) {
    for (let index = 0; index < count; index += 1) {
      const at = from + index * 10 * SECOND;
      this.see(aRound({ witness: 200, ...props(at), at }));
    }
  }

  judge(assessment: ReturnType<Scene['see']>, now = this.now) {
    const question = defined({ assessment, settings: this.settings, now, cooldownUntil: this.cooldownUntil });
    this.recorder.judged(this.policy, question, judgeAutomatic(question));
  }

  force(assessment: ReturnType<Scene['see']>) {
    const question = { request: REQUEST, assessment, settings: this.settings };
    this.recorder.answered(this.policy, question, judgeForce(question));
  }

  follow(assessment: ReturnType<Scene['see']>, operation = OPERATION) {
    const { settings, memory, now } = this;
    const effect = readEffect(operation, assessment, settings);
    const own = { operation, follow: EMPTY_FOLLOW_MEMORY, effect, isCertainlyUncalled: false };
    const question = { ...own, assessment, memory, settings, now };
    this.recorder.followed(this.policy, question, followOperation(question));
  }
}

function replay(lines: readonly string[]) {
  const replaying = new Replay();
  return lines.map((line) => replaying.take(JSON.parse(line) as Decision));
}

const same = (lines: readonly string[]) => lines.map(() => ({ kind: 'Same' }));
const healthy = () => ({});

describe('the decision recorder', () => {
  it('given any world, any rests, edits and new files, writes a log that replays to the same verdicts', () => {
    fc.assert(
      fc.property(
        aTroubledWorld,
        fc.array(fc.record({ act: fc.nat(5), isNewFile: fc.boolean(), isEdited: fc.boolean() }), {
          minLength: 17,
          maxLength: 17,
        }),
        ({ settings, rounds }, script) => {
          const scene = new Scene();
          scene.settings = settings;
          // A calm hour's worth of rounds in between, so that some are left out.
          const all = rounds.flatMap((round, index) => (index === 1 ? [round, round, round] : [round]));
          all.forEach((round, index) => {
            const { act = 0, isNewFile = false, isEdited = false } = script[index % script.length] ?? {};
            scene.isNewFile = () => isNewFile;
            scene.operation = act === 4 ? OPERATION : undefined;
            scene.settings = isEdited
              ? { ...scene.settings, failureThreshold: 1 + (index % 3) }
              : { ...scene.settings };
            const assessment = scene.see(round);
            scene.judge(assessment, scene.now + (act === 1 ? MINUTE : 0));
            if (act === 2) scene.force(assessment);
            if (act === 3) scene.follow(assessment);
            if (act === 5) scene.recorder.happened(scene.policy, { what: 'Called', message: 'Accepted' });
          });

          expect(scene.errors).toEqual([]);
          expect(replay(scene.lines)).toEqual(same(scene.lines));
          for (const text of scene.turningPoints) {
            expect(replay(text.split('\n'))).toEqual(same(text.split('\n')));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('given an hour without an event, writes once in five minutes, and the whole of it replays', () => {
    const scene = new Scene();
    scene.seeFrom(0, 360, healthy);

    // Two at first, until every class has its vote, and one in five minutes from then on.
    expect(scene.lines.length).toBeLessThanOrEqual(14);
    expect(scene.lines.length).toBeGreaterThanOrEqual(12);
    expect(scene.decisions.at(-1)).toMatchObject({ kind: 'Round', unwritten: 29 });
    expect(scene.lines.join('\n').length).toBeLessThan(70_000);
    expect(replay(scene.lines)).toEqual(same(scene.lines));
  });

  it('given a loss after quiet rounds, writes each of its rounds, the first with what was remembered before it', () => {
    const scene = new Scene();
    scene.seeFrom(0, 60, healthy);
    const before = scene.lines.length;
    scene.seeFrom(600 * SECOND, 5, lostPrimary(600 * SECOND));
    const rounds = scene.decisions.slice(before);

    expect(rounds).toHaveLength(5);
    expect(rounds.map((record) => 'memory' in record)).toEqual([true, false, false, false, false]);
    expect(rounds.map((record) => record.kind === 'Round' && record.verdict.kind)).toEqual([
      'Held',
      'Held',
      'FailOver',
      'FailOver',
      'FailOver',
    ]);
    expect(replay(scene.lines)).toEqual(same(scene.lines));
  });

  it('given one reading that changes and stays, writes the round of the change and of the change back', () => {
    const scene = new Scene();
    scene.seeFrom(0, 10, healthy);
    const before = scene.lines.length;
    scene.seeFrom(100 * SECOND, 5, () => ({ regions: { [WEST]: { rds: rejected() } } }));
    scene.seeFrom(150 * SECOND, 5, healthy);

    const sequences = scene.decisions.slice(before).map((record) => record.kind === 'Round' && record.round.sequence);
    expect(sequences).toEqual([100, 150]);
    expect(replay(scene.lines)).toEqual(same(scene.lines));
  });

  it('given an operation in flight, writes every round', () => {
    const scene = new Scene();
    scene.seeFrom(0, 10, healthy);
    const before = scene.lines.length;
    scene.operation = OPERATION;
    scene.seeFrom(100 * SECOND, 5, healthy);

    expect(scene.lines.length - before).toBe(5);
  });

  it('given a request on a round that was left out, writes that round before the answer', () => {
    const scene = new Scene();
    scene.seeFrom(0, 9, healthy);
    const assessment = scene.see(aRound({ at: 90 * SECOND, witness: 200 }));
    const before = scene.lines.length;
    scene.force(assessment);
    scene.force(assessment);

    expect(scene.kinds.slice(before)).toEqual(['Round', 'Force', 'Force']);
    expect(replay(scene.lines)).toEqual(same(scene.lines));
  });

  it('given a later verdict that says the same, writes none; given another or FailOver, writes it', () => {
    const scene = new Scene();
    scene.seeFrom(0, 3, healthy);
    const calm = scene.see(aRound({ at: 30 * SECOND, witness: 200 }));
    scene.judge(calm);
    expect(scene.kinds).not.toContain('Verdict');

    scene.seeFrom(100 * SECOND, 2, lostPrimary(100 * SECOND));
    const lost = scene.see(aRound({ ...lostPrimary(100 * SECOND)(120 * SECOND), at: 120 * SECOND }));
    scene.judge(lost);
    scene.judge(lost, scene.now + MINUTE);
    scene.judge(lost, scene.now + 2 * MINUTE);

    expect(scene.decisions.slice(-3)).toMatchObject([
      { kind: 'Round', verdict: { kind: 'FailOver' } },
      { kind: 'Verdict', verdict: { kind: 'FailOver' } },
      { kind: 'Verdict', verdict: { kind: 'Held', obstacles: [{ reason: 'StaleObservation' }] } },
    ]);
    expect(scene.turningPoints).toHaveLength(3);
    expect(replay(scene.lines)).toEqual(same(scene.lines));
  });

  it('given the same question about the same round again, writes a wait once and any other action each time', () => {
    const scene = new Scene();
    scene.operation = OPERATION;
    const assessment = scene.see(aRound({ at: 0, witness: 200 }));
    scene.follow(assessment);
    scene.follow(assessment);
    scene.follow(assessment, { ...OPERATION, step: 'Unconfirmed' });
    expect(scene.kinds).toEqual(['Round', 'Follow', 'Follow']);

    scene.follow(scene.see(aRound({ at: 10 * SECOND, witness: 200 })));
    expect(scene.kinds.slice(3)).toEqual(['Round', 'Follow']);
  });

  it('given a policy made anew under its name, or forgotten, begins with a record that stands alone', () => {
    const scene = new Scene();
    scene.seeFrom(0, 3, healthy);
    scene.recorder.forget('payments/orders');
    scene.see(aRound({ at: 30 * SECOND, witness: 200 }));
    scene.policy.metadata.uid = 'uid-2';
    scene.see(aRound({ at: 40 * SECOND, witness: 200 }));

    const alone = scene.decisions.filter((record) => 'program' in record).map(({ uid, n }) => [uid, n]);
    expect(alone).toEqual([
      ['uid-1', 1],
      ['uid-1', 1],
      ['uid-2', 1],
    ]);
    expect(replay(scene.lines)).toEqual(same(scene.lines));
  });

  it('given a record that cannot be made, tells it, throws nothing and goes on with one that stands alone', () => {
    const scene = new Scene();
    scene.seeFrom(0, 3, healthy);
    const stranger = assess(EMPTY_MEMORY, aRound(), SETTINGS, {}).assessment;
    scene.force(stranger);
    scene.recorder.happened(scene.policy, { what: 'Called', message: 'nobody saw a round before' });
    expect(scene.errors.map(String)).toEqual([
      'Error: cannot record a Force: it was judged on a round that was not recorded',
    ]);

    scene.see(aRound({ at: 30 * SECOND, witness: 200 }));
    expect(scene.decisions.at(-1)).toMatchObject({ program: 'test 1', n: 1, generation: 3, by: 'process-1' });
    expect(replay(scene.lines)).toEqual(same(scene.lines));
  });
});
