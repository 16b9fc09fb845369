import type { Clock, Timer } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { Turns } from '../runtime/turns.ts';

/** The longest interval that a policy may have: phases are spread over it. */
const LONGEST_INTERVAL_MILLISECONDS = 5 * 60_000;

export interface Tick {
  /** By the monotonic clock. */
  readonly startedAt: number;
  /** How much later than planned. */
  readonly lateMilliseconds: number;
  /** How many start together. */
  readonly company: number;
}

export interface ScheduleProps {
  readonly clock: Clock;
  readonly random: Random;
  readonly onTick: (key: string, tick: Tick) => void;
  /** Shared with whatever else takes long. @default - all of a group tick in one go */
  readonly turns?: Turns | undefined;
}

interface Group {
  /** With their priorities. */
  readonly keys: Map<string, number>;
  due: number;
  timer?: Timer;
}

/**
 * When the rounds of one account's policies start. All intervals count from one origin, so that a round every 30 s
 * coincides with each third of those every 10 s and shares what it reads; the origin is drawn, so that accounts (and
 * operators) do not all read at the same moment.
 */
export class Schedule {
  readonly #props: ScheduleProps;
  readonly #origin: number;
  readonly #groups = new Map<number, Group>();
  readonly #intervals = new Map<string, number>();

  constructor(props: ScheduleProps) {
    this.#props = props;
    this.#origin = props.clock.monotonic() - props.random() * LONGEST_INTERVAL_MILLISECONDS;
  }

  get isEmpty(): boolean {
    return this.#intervals.size === 0;
  }

  /**
   * Adds a key, or moves it to another interval.
   *
   * @param priority of those that tick together the higher ones start first
   */
  set(key: string, intervalMilliseconds: number, priority = 0): void {
    if (this.#intervals.get(key) !== intervalMilliseconds) {
      this.delete(key);
      this.#intervals.set(key, intervalMilliseconds);
    }
    const group = this.#groups.get(intervalMilliseconds) ?? this.#create(intervalMilliseconds);
    group.keys.set(key, priority);
  }

  delete(key: string): void {
    const interval = this.#intervals.get(key);
    if (interval === undefined) return;
    this.#intervals.delete(key);
    const group = this.#groups.get(interval);
    group?.keys.delete(key);
    if (group?.keys.size !== 0) return;
    group.timer?.cancel();
    this.#groups.delete(interval);
  }

  close(): void {
    for (const key of [...this.#intervals.keys()]) this.delete(key);
  }

  #create(interval: number): Group {
    const now = this.#props.clock.monotonic();
    const passed = Math.floor((now - this.#origin) / interval);
    const group: Group = { keys: new Map(), due: this.#origin + (passed + 1) * interval };
    this.#groups.set(interval, group);
    this.#arm(group, interval);
    return group;
  }

  #arm(group: Group, interval: number): void {
    const { clock } = this.#props;
    group.timer = clock.setTimeout(() => {
      const startedAt = clock.monotonic();
      const lateMilliseconds = Math.max(0, startedAt - group.due);
      // Ticks that were missed altogether are not made up for.
      group.due += interval * (1 + Math.floor(lateMilliseconds / interval));
      this.#arm(group, interval);
      void this.#tick(group, { startedAt, lateMilliseconds, company: group.keys.size });
    }, group.due - clock.monotonic());
  }

  async #tick({ keys }: Group, tick: Tick): Promise<void> {
    const { onTick, turns } = this.#props;
    const ordered = [...keys].sort(([, one], [, other]) => other - one);
    for (const [key] of ordered) {
      // Left while others had their turn.
      if (keys.has(key)) onTick(key, tick);
      const turn = turns?.share();
      if (turn !== undefined) await turn;
    }
  }
}
