import { assess, type Assessment, type Recorded } from '../assess.ts';
import { judgeAutomatic } from '../automatic.ts';
import {
  DECISION_VERSION,
  resultOf,
  summaryOf,
  type Decision,
  type DecisionHead,
  type RoundDecision,
} from '../decision.ts';
import { defined } from '../defined.ts';
import { readEffect } from '../follow.ts';
import { EMPTY_MEMORY, type Memory } from '../memory.ts';
import type { Round } from '../observation.ts';
import type { Operation } from '../operation.ts';
import { packRound, type Lag } from '../packed-round.ts';
import type { Settings } from '../settings.ts';
import { EAST } from './a-settings.ts';

/** A decision log made by hand: every round, the first one standing alone. */
export class Recording {
  readonly decisions: Decision[] = [];
  readonly settings: Settings;
  memory: Memory = EMPTY_MEMORY;
  recorded: Recorded = { primaryRegion: EAST };
  operation: Operation | undefined;
  /** The next record stands alone. */
  isAlone = true;
  #n = 0;
  #lag: Lag = {};
  #assessment: Assessment | undefined;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  get assessment(): Assessment {
    if (this.#assessment === undefined) {
      throw new Error('cannot tell the assessment: no round was seen; call see() first');
    }
    return this.#assessment;
  }

  /** As a reader has them. */
  get read(): Decision[] {
    return JSON.parse(JSON.stringify(this.decisions)) as Decision[];
  }

  /** Whatever the record after this one says, it says it on its own. */
  head(now: number): Omit<DecisionHead, 'settings'> {
    this.#n += 1;
    return { v: DECISION_VERSION, n: this.#n, now, policy: 'ns/orders', uid: 'uid-1', generation: 1, by: 'process-1' };
  }

  see(...rounds: readonly Round[]): this {
    for (const round of rounds) {
      this.#see(round);
    }
    return this;
  }

  #see(round: Round): void {
    const { settings, recorded, operation, memory, isAlone } = this;
    const next = assess(memory, round, settings, recorded);
    const now = round.completedAt + 5;
    const { assessment } = next;
    const verdict = summaryOf(judgeAutomatic({ assessment, settings, now }));
    const effect = operation === undefined ? undefined : readEffect(operation, assessment, settings);
    const record: RoundDecision = defined({
      ...this.head(now),
      kind: 'Round' as const,
      recorded,
      operation,
      result: resultOf(assessment, effect),
      verdict,
      round: packRound(round, isAlone ? {} : this.#lag),
      ...(isAlone ? { settings, memory, program: 'test' } : {}),
    });
    this.decisions.push(record);
    this.memory = next.memory;
    this.#assessment = assessment;
    this.#lag = round.lag;
    this.isAlone = false;
  }
}
