import type { Assessment, Recorded } from '../assess.ts';
import type { FailbackFacts } from '../failback.ts';
import type { Memory } from '../memory.ts';
import type { Settings } from '../settings.ts';
import { MINUTE, SECOND, type RoundProps } from './a-round.ts';
import { aSettings, signalsNamed, WEST } from './a-settings.ts';
import { Watch } from './watch.ts';

/** When the rounds below begin, milliseconds after the history does: by then there are votes and lag samples. */
export const FAILED_OVER = 10 * MINUTE;

/** The writer is in the second region, and may return by itself after five minutes. */
export const failbackSettings = (overrides: Partial<Settings> = {}): Settings =>
  aSettings({
    signals: signalsNamed('controlPlane', 'endpoint', 'http'),
    failback: { stabilizationMilliseconds: 5 * MINUTE, windows: [] },
    ...overrides,
  });

export const calmFacts = (overrides: Partial<FailbackFacts> = {}): FailbackFacts => ({
  hasOperation: false,
  hasSplitBrainRisk: false,
  isLeaving: false,
  hasDrill: false,
  tries: [],
  ...overrides,
});

export interface Seen {
  readonly memory: Memory;
  readonly assessment: Assessment;
  /** Half a second after the last round. */
  readonly now: number;
}

/** A watch over rounds after a failover to the second region. */
export function watchAway(settings: Settings = failbackSettings(), recorded: Partial<Recorded> = {}): Watch {
  return new Watch(settings, undefined, { primaryRegion: WEST, ...recorded });
}

/** Rounds for `milliseconds`, all alike and by default all well. */
export function see(watch: Watch, from: number, milliseconds: number, props: RoundProps = {}): Seen {
  const count = Math.floor(milliseconds / watch.settings.intervalMilliseconds) + 1;
  watch.seeAlike(count, from, { writer: WEST, witness: 200, ...props });
  const { memory, assessment } = watch;
  return { memory, assessment, now: assessment.round.completedAt + SECOND / 2 };
}
