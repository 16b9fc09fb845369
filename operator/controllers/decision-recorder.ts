import type { DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Assessment } from '../failover/assess.ts';
import { judgeAutomatic, type AutomaticQuestion, type AutomaticVerdict } from '../failover/automatic.ts';
import {
  DECISION_VERSION,
  forceSummaryOf,
  hasSameReadings,
  isQuiet,
  resultOf,
  summaryOf,
  verdictKey,
  type Decision,
  type DecisionHead,
  type RoundDecision,
  type Unnumbered,
} from '../failover/decision.ts';
import { defined } from '../failover/defined.ts';
import { readEffect, type FollowAction, type FollowQuestion } from '../failover/follow.ts';
import type { ForceVerdict } from '../failover/force.ts';
import type { Memory } from '../failover/memory.ts';
import type { Round } from '../failover/observation.ts';
import { packRound, type Lag } from '../failover/packed-round.ts';
import type { Settings } from '../failover/settings.ts';
import type { Clock } from '../runtime/clock.ts';
import { keyOf } from '../runtime/resource.ts';
import type {
  DecisionEvent,
  DecisionLog,
  DigestedRound,
  ForceQuestion,
  PlannedContext,
  PlannedDecision,
} from './decision-log.ts';

/** A healthy policy is written down this often although nothing changes. */
const QUIET_MILLISECONDS = 5 * 60 * 1000;

/** Where records go. Must not throw and must not wait. */
export interface DecisionSink {
  /**
   * @param compose makes the record's line; where nothing that was written before may be relied on, asked to stand
   * alone, one or two lines that need none before them
   * @param isTurningPoint the verdict changed with it, or a person was answered
   */
  append(policy: string, compose: (standsAlone: boolean) => string, isTurningPoint: boolean): void;
}

export interface DecisionRecorderProps {
  readonly sink: DecisionSink;
  readonly clock: Pick<Clock, 'now'>;
  /** Who decides: the process. */
  readonly identity: string;
  /** What decides: name and version of the program. */
  readonly program: string;
  /** Hears of a record that could not be made. */
  readonly onError: (policy: string, error: unknown) => void;
}

/** A round ready to be written, in whatever form the place in the log asks for. */
interface RoundEntry {
  readonly round: Round;
  readonly settings: Settings;
  readonly memoryBefore: Memory;
  readonly memory: Memory;
  readonly assessment: Assessment;
  /** Its key. */
  readonly policy: string;
  /** Made when it is written: most rounds never are, and what it copies out of them is kilobytes. */
  readonly record: () => Omit<Unnumbered<RoundDecision>, 'round'>;
}

/** What the log of one policy holds so far, as far as the next record refers to it. */
interface Trail {
  readonly uid: string;
  n: number;
  /** The newest round, written or not. */
  newest: RoundEntry | undefined;
  isNewestWritten: boolean;
  /** Rounds in a row that are not written, the newest included. */
  unwritten: number;
  /** Of the last record that was written. */
  settings: Settings | undefined;
  lag: Lag;
  memory: Memory | undefined;
  writtenAt: number;
  verdict: string;
  follow: string;
  /** The last decision about a failback or a drill, by kind, without its figures. */
  readonly planned: Map<string, string>;
}

const aTrail = (uid: string): Trail => ({
  uid,
  n: 0,
  newest: undefined,
  isNewestWritten: false,
  unwritten: 0,
  settings: undefined,
  lag: {},
  memory: undefined,
  writtenAt: -Infinity,
  verdict: 'Calm',
  follow: '',
  planned: new Map(),
});

/**
 * Makes the records of the decision log. Every round is written in which anything but Calm was decided, a class is
 * Failing, an incident or an operation is under way, or a reading differs from the round before; of the others one in
 * five minutes. A record after rounds that were left out carries what the brain remembered before it, so that a replay
 * misses nothing.
 */
export class DecisionRecorder implements DecisionLog {
  readonly #props: DecisionRecorderProps;
  readonly #trails = new Map<string, Trail>();

  constructor(props: DecisionRecorderProps) {
    this.#props = props;
  }

  digested(policy: DisasterRecoveryPolicy, digested: DigestedRound): void {
    this.#guard(policy, (trail) => {
      const { settings, memoryBefore, memory, assessment, recorded, cooldownUntil, operation } = digested;
      const head = this.#head(policy);
      const makeRecord = () => {
        const verdict = summaryOf(judgeAutomatic(defined({ assessment, settings, now: head.now, cooldownUntil })));
        const effect = operation === undefined ? undefined : readEffect(operation, assessment, settings);
        const result = resultOf(assessment, effect);
        return defined({ ...head, kind: 'Round' as const, recorded, cooldownUntil, operation, result, verdict });
      };
      const { round } = assessment;
      const record = makeRecord();
      const { result, verdict } = record;
      const before = trail.newest;
      trail.newest = { round, settings, memoryBefore, memory, assessment, policy: head.policy, record: makeRecord };
      trail.isNewestWritten = false;
      const isSame =
        verdictKey(verdict) === trail.verdict &&
        isQuiet(record) &&
        hasSameReadings({ round, recorded, cooldownUntil, result, verdict, settings }, readingsOf(before));
      const quietFor = Math.abs(assessment.round.startedAt - trail.writtenAt);
      if (isSame && quietFor < QUIET_MILLISECONDS) {
        trail.unwritten += 1;
        return;
      }
      const isTurningPoint = verdictKey(verdict) !== trail.verdict;
      trail.verdict = verdictKey(verdict);
      this.#writeRound(trail, trail.newest, isTurningPoint);
    });
  }

  judged(policy: DisasterRecoveryPolicy, question: AutomaticQuestion, verdict: AutomaticVerdict): void {
    this.#guard(policy, (trail) => {
      const summary = summaryOf(verdict);
      if (verdictKey(summary) === trail.verdict && verdict.kind !== 'FailOver') {
        return;
      }
      const { assessment, settings, now, cooldownUntil } = question;
      const isTurningPoint = verdictKey(summary) !== trail.verdict;
      trail.verdict = verdictKey(summary);
      const body = defined({ kind: 'Verdict' as const, cooldownUntil, verdict: summary });
      this.#writeOn(trail, assessment, settings, { ...this.#head(policy), now, ...body }, isTurningPoint);
    });
  }

  answered(
    policy: DisasterRecoveryPolicy,
    { request, assessment, settings }: ForceQuestion,
    verdict: ForceVerdict,
  ): void {
    this.#guard(policy, (trail) => {
      const { action, value, forceType, hasAcceptedDataLoss } = request;
      const body = {
        kind: 'Force' as const,
        request: { action, value, forceType, hasAcceptedDataLoss },
        verdict: forceSummaryOf(verdict),
      };
      this.#writeOn(trail, assessment, settings, { ...this.#head(policy), ...body }, true);
    });
  }

  followed(policy: DisasterRecoveryPolicy, question: FollowQuestion, action: FollowAction): void {
    this.#guard(policy, (trail) => {
      const { assessment, settings, now, operation, follow, isCertainlyUncalled, effect } = question;
      const body = { kind: 'Follow' as const, operation, follow, isCertainlyUncalled, effect, action };
      // Events of the API server ask about the same round again: only another answer is news.
      const key = JSON.stringify([assessment.round.sequence, operation, action]);
      if (key === trail.follow && action.kind === 'Wait') {
        return;
      }
      trail.follow = key;
      this.#writeOn(trail, assessment, settings, { ...this.#head(policy), now, ...body }, false);
    });
  }

  planned(policy: DisasterRecoveryPolicy, context: PlannedContext, decision: PlannedDecision): void {
    this.#guard(policy, (trail) => {
      const said = plannedKey(decision);
      // What waits for the same is no news; what is done always is.
      const isDone = !said.startsWith('Wait') && said !== 'Unneeded';
      if (!isDone && (trail.planned.get(decision.kind) ?? 'Unneeded') === said) {
        return;
      }
      trail.planned.set(decision.kind, said);
      const { assessment, settings, now } = context;
      this.#writeOn(trail, assessment, settings, { ...this.#head(policy), now, ...decision }, true);
    });
  }

  happened(policy: DisasterRecoveryPolicy, event: DecisionEvent): void {
    this.#guard(policy, (trail) => {
      const { newest } = trail;
      if (newest !== undefined) {
        const body = { ...this.#head(policy), kind: 'Note' as const, ...event };
        this.#writeOn(trail, newest.assessment, newest.settings, body, false);
      }
    });
  }

  forget(key: string): void {
    this.#trails.delete(key);
  }

  /** Whatever goes wrong with a record, the decision is not its victim. */
  #guard(policy: DisasterRecoveryPolicy, write: (trail: Trail) => void): void {
    const key = keyOf(policy);
    try {
      write(this.#trailOf(key, policy.metadata.uid));
    } catch (error) {
      this.#trails.delete(key);
      this.#props.onError(key, error);
    }
  }

  #trailOf(key: string, uid: string): Trail {
    const known = this.#trails.get(key);
    if (known?.uid === uid) {
      return known;
    }
    const trail = aTrail(uid);
    this.#trails.set(key, trail);
    return trail;
  }

  #head(policy: DisasterRecoveryPolicy): Omit<DecisionHead, 'n' | 'settings'> {
    const { uid, generation } = policy.metadata;
    const { clock, identity } = this.#props;
    return { v: DECISION_VERSION, now: clock.now(), policy: keyOf(policy), uid, generation, by: identity };
  }

  #writeRound(trail: Trail, entry: RoundEntry, isTurningPoint: boolean): void {
    const n = ++trail.n;
    const { policy } = entry;
    const { settings, lag, unwritten } = trail;
    const isFirst = settings === undefined;
    const before = {
      n,
      lag,
      unwritten: unwritten === 0 ? undefined : unwritten,
      memory: entry.memoryBefore === trail.memory ? undefined : entry.memoryBefore,
      settings: isEqual(settings, entry.settings) ? undefined : entry.settings,
    };
    trail.isNewestWritten = true;
    trail.unwritten = 0;
    trail.settings = entry.settings;
    trail.lag = entry.round.lag;
    trail.memory = entry.memory;
    trail.writtenAt = entry.round.startedAt;
    this.#append(
      policy,
      (standsAlone) =>
        standsAlone || isFirst ? this.#standAlone(entry, n, before.unwritten) : relativeTo(entry, before),
      isTurningPoint,
    );
  }

  /** Writes a record that was judged on the newest round, and that round before it if it was left out. */
  #writeOn(
    trail: Trail,
    assessment: Assessment,
    settings: Settings,
    record: Unnumbered<Exclude<Decision, RoundDecision>>,
    isTurningPoint: boolean,
  ): void {
    const { newest } = trail;
    if (newest?.assessment !== assessment) {
      throw new Error(`cannot record a ${record.kind}: it was judged on a round that was not recorded`);
    }
    if (!trail.isNewestWritten) {
      trail.unwritten -= 1;
      this.#writeRound(trail, newest, false);
    }
    const n = ++trail.n;
    const hasOtherSettings = !isEqual(newest.settings, settings);
    const isNews = !isEqual(trail.settings, settings);
    trail.settings = settings;
    const line = (isWithSettings: boolean): string =>
      JSON.stringify({ ...record, n, ...(isWithSettings ? { settings } : {}) });
    this.#append(
      record.policy,
      (standsAlone) => (standsAlone ? `${this.#standAlone(newest, n - 1)}\n${line(hasOtherSettings)}` : line(isNews)),
      isTurningPoint,
    );
  }

  #standAlone({ record, round, settings, memoryBefore }: RoundEntry, n: number, unwritten?: number): string {
    const { program } = this.#props;
    const alone = defined({
      ...record(),
      n,
      program,
      unwritten,
      settings,
      memory: memoryBefore,
      round: packRound(round),
    });
    return JSON.stringify(alone satisfies RoundDecision);
  }

  #append(policy: string, compose: (standsAlone: boolean) => string, isTurningPoint: boolean): void {
    this.#props.sink.append(policy, compose, isTurningPoint);
  }
}

/** What a round brought and what was read out of it; made anew each time, for the same reason as its record. */
function readingsOf(entry: RoundEntry | undefined): object {
  if (entry === undefined) return {};
  const { recorded, cooldownUntil, result, verdict } = entry.record();
  return { round: entry.round, recorded, cooldownUntil, result, verdict, settings: entry.settings };
}

/** What was decided, without its figures. */
function plannedKey(decision: PlannedDecision): string {
  const said = decision.kind === 'DrillStep' ? decision.action : decision.verdict;
  return said.kind === 'Wait' ? `Wait ${said.obstacles.map(({ reason }) => reason).join(' ')}` : said.kind;
}

interface Before {
  readonly n: number;
  readonly lag: Lag;
  readonly unwritten: number | undefined;
  readonly memory: Memory | undefined;
  readonly settings: Settings | undefined;
}

function relativeTo({ record, round }: RoundEntry, { lag, ...before }: Before): string {
  return JSON.stringify(defined({ ...record(), ...before, round: packRound(round, lag) }) satisfies RoundDecision);
}

/** Settings are made anew with every new version of an object, mostly equal. */
const isEqual = (a: Settings | undefined, b: Settings): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);
