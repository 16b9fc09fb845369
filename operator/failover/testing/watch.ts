import { assess, type Assessment, type Recorded } from '../assess.ts';
import { judgeAutomatic, type AutomaticQuestion, type AutomaticVerdict } from '../automatic.ts';
import { EMPTY_MEMORY, type Memory } from '../memory.ts';
import type { Round } from '../observation.ts';
import type { Settings } from '../settings.ts';
import { aRound, SECOND, type RoundProps } from './a-round.ts';
import { EAST } from './a-settings.ts';

/** Feeds a sequence of rounds to the brain, as an operator would that watches one policy. */
export class Watch {
  readonly settings: Settings;
  memory: Memory;
  recorded: Recorded;
  #assessment: Assessment | undefined;

  constructor(settings: Settings, memory: Memory = EMPTY_MEMORY, recorded: Recorded = { primaryRegion: EAST }) {
    this.settings = settings;
    this.memory = memory;
    this.recorded = recorded;
  }

  see(...rounds: readonly Round[]): this {
    for (const round of rounds) {
      const { memory, assessment } = assess(this.memory, round, this.settings, this.recorded);
      this.memory = memory;
      this.#assessment = assessment;
    }
    return this;
  }

  /** Rounds at the policy's interval, all alike, from `from` on (milliseconds after T0). */
  seeAlike(
    count: number,
    from: number,
    props: Omit<RoundProps, 'at'> | ((at: number) => Omit<RoundProps, 'at'>),
  ): this {
    for (let index = 0; index < count; index++) {
      const at = from + index * this.settings.intervalMilliseconds;
      this.see(aRound({ ...(typeof props === 'function' ? props(at) : props), at }));
    }
    return this;
  }

  get assessment(): Assessment {
    if (this.#assessment === undefined) {
      throw new Error('cannot tell the assessment: no round was seen; call see() first');
    }
    return this.#assessment;
  }

  stateOf(name: string): string | undefined {
    const signal = this.assessment.signals.find((candidate) => candidate.name === name);
    return signal === undefined ? undefined : `${signal.state} ${signal.reason}`;
  }

  judge(question: Partial<AutomaticQuestion> = {}): AutomaticVerdict {
    const now = this.assessment.round.completedAt + SECOND / 2;
    return judgeAutomatic({ assessment: this.assessment, settings: this.settings, now, ...question });
  }

  /** The verdict in short: `Calm`, `FailOver us-west-2`, or `Held` with the reasons. */
  verdict(question: Partial<AutomaticQuestion> = {}): string {
    const verdict = this.judge(question);
    switch (verdict.kind) {
      case 'Calm':
        return 'Calm';
      case 'FailOver':
        return `FailOver ${verdict.target.region}`;
      case 'Held':
        return `Held ${verdict.obstacles.map((obstacle) => obstacle.reason).join(' ')}`;
    }
  }
}
