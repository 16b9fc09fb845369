import type { ObservationTarget } from './observation-target.ts';

/** What the controllers ask of observation; rounds come back through `ObservationServiceProps.onRound`. */
export interface Observation {
  /**
   * Starts observing a target, whose first round starts at once, or changes the target of the same key: the change
   * counts from the next round. Handing over an equal target changes nothing.
   */
  watch(target: ObservationTarget): void;

  /** Ends the rounds of this key; one in flight is not delivered any more. */
  unwatch(key: string): void;

  /** Ends all rounds and resolves when nothing is in flight any more. */
  close(): Promise<void>;
}
