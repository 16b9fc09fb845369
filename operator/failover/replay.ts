import { assess, type Assessment } from './assess.ts';
import { judgeAutomatic } from './automatic.ts';
import {
  forceSummaryOf,
  resultOf,
  summaryOf,
  type Decision,
  type DrillStartDecision,
  type DrillStepDecision,
  type FailbackDecision,
  type FollowDecision,
  type ForceDecision,
  type RoundDecision,
  type VerdictDecision,
} from './decision.ts';
import { defined } from './defined.ts';
import { differenceOf } from './difference.ts';
import { judgeDrillStart, nextDrillAction } from './drill.ts';
import { judgeFailback } from './failback.ts';
import { followOperation, readEffect } from './follow.ts';
import { judgeForce } from './force.ts';
import type { Memory } from './memory.ts';
import { unpackRound, type Lag } from './packed-round.ts';
import type { Settings } from './settings.ts';

/** What became of one record. */
export type Replayed =
  /** The brain says the same today. */
  | { readonly kind: 'Same'; readonly lost?: number }
  /** It says something else: the first difference. */
  | { readonly kind: 'Different'; readonly difference: string }
  /** The log does not hold what came before this record, so it cannot be judged. */
  | { readonly kind: 'Unanchored' }
  /** Records between the one before and this one are missing, and this one needs them. */
  | { readonly kind: 'Gap'; readonly message: string };

/** Where the replay of one process's decisions about one policy stands. */
interface Standing {
  readonly n: number;
  readonly settings: Settings;
  readonly memory: Memory;
  readonly assessment: Assessment;
}

/** Values as a log has them: a property without a value is no property. */
const asLogged = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

const compare = (recorded: object, replayed: object): Replayed => {
  const difference = differenceOf(recorded, asLogged(replayed));
  return difference === undefined ? { kind: 'Same' } : { kind: 'Different', difference };
};

/** Takes recorded decisions through the brain once more, in the order of the log. */
export class Replay {
  readonly #standings = new Map<string, Standing>();

  /** @throws Error when the record is not one that this program could have written */
  take(decision: Decision): Replayed {
    // Two processes may share a log at a change of the leader: each decided on what it knew itself.
    const key = `${decision.uid} ${decision.by}`;
    const known = this.#standings.get(key);
    if (isAnchor(decision)) {
      const lost = decision.n - (known?.n ?? decision.n) - 1;
      const replayed = this.#round(key, decision, decision, {});
      return replayed.kind === 'Same' && lost > 0 ? { kind: 'Same', lost } : replayed;
    }
    if (known === undefined) {
      return { kind: 'Unanchored' };
    }
    if (decision.n !== known.n + 1) {
      this.#standings.delete(key);
      return { kind: 'Gap', message: `record ${decision.n} follows ${known.n} and needs what is missing between them` };
    }
    const standing = { ...known, n: decision.n, settings: decision.settings ?? known.settings };
    if (decision.kind === 'Round') {
      const memory = decision.memory ?? known.memory;
      return this.#round(key, decision, { settings: standing.settings, memory }, known.assessment.round.lag);
    }
    this.#standings.set(key, standing);
    return replayOn(decision, standing);
  }

  #round(
    key: string,
    decision: RoundDecision,
    { settings, memory }: Pick<Standing, 'settings' | 'memory'>,
    lag: Lag,
  ): Replayed {
    const { now, cooldownUntil, operation } = decision;
    const next = assess(memory, unpackRound(decision.round, lag), settings, decision.recorded);
    const { assessment } = next;
    this.#standings.set(key, { n: decision.n, settings, ...next });
    const verdict = judgeAutomatic(defined({ assessment, settings, now, cooldownUntil }));
    const effect = operation === undefined ? undefined : readEffect(operation, assessment, settings);
    return compare(
      { result: decision.result, verdict: decision.verdict },
      { result: resultOf(assessment, effect), verdict: summaryOf(verdict) },
    );
  }
}

/** A record that needs nothing of those before it: the first of every file. */
const isAnchor = (
  decision: Decision,
): decision is RoundDecision & { readonly settings: Settings; readonly memory: Memory } =>
  decision.kind === 'Round' &&
  decision.program !== undefined &&
  decision.memory !== undefined &&
  decision.settings !== undefined;

function replayOn(decision: Exclude<Decision, RoundDecision>, standing: Standing): Replayed {
  switch (decision.kind) {
    case 'Verdict':
      return replayVerdict(decision, standing);
    case 'Force':
      return replayForce(decision, standing);
    case 'Follow':
      return replayFollow(decision, standing);
    case 'Failback':
      return replayFailback(decision, standing);
    case 'DrillStart':
      return replayDrillStart(decision, standing);
    case 'DrillStep':
      return replayDrillStep(decision, standing);
    case 'Note':
      return { kind: 'Same' };
  }
}

function replayVerdict({ now, cooldownUntil, verdict }: VerdictDecision, { assessment, settings }: Standing): Replayed {
  const replayed = judgeAutomatic(defined({ assessment, settings, now, cooldownUntil }));
  return compare({ verdict }, { verdict: summaryOf(replayed) });
}

function replayForce({ request, verdict }: ForceDecision, { assessment, settings }: Standing): Replayed {
  return compare({ verdict }, { verdict: forceSummaryOf(judgeForce({ request, assessment, settings })) });
}

function replayFollow(decision: FollowDecision, { assessment, memory, settings }: Standing): Replayed {
  const { operation, follow, isCertainlyUncalled, now } = decision;
  const effect = readEffect(operation, assessment, settings);
  const question = { operation, assessment, memory, follow, effect, settings, now, isCertainlyUncalled };
  return compare({ effect: decision.effect, action: decision.action }, { effect, action: followOperation(question) });
}

function replayFailback(
  { facts, verdict, now }: FailbackDecision,
  { assessment, memory, settings }: Standing,
): Replayed {
  const { stability } = memory;
  return compare({ verdict }, { verdict: judgeFailback(defined({ assessment, settings, stability, facts, now })) });
}

function replayDrillStart(
  { facts, isScheduled, verdict, now }: DrillStartDecision,
  { assessment, settings }: Standing,
): Replayed {
  return compare({ verdict }, { verdict: judgeDrillStart({ assessment, settings, facts, isScheduled, now }) });
}

function replayDrillStep(decision: DrillStepDecision, { assessment, settings }: Standing): Replayed {
  const { facts, drill, ended, action, now } = decision;
  return compare({ action }, { action: nextDrillAction(defined({ assessment, settings, facts, drill, ended, now })) });
}
