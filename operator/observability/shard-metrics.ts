import { Counter, Gauge, type Registry } from 'prom-client';

/** Live figures of a process that takes part in sharding, read at every scrape. */
export interface ShardFigures {
  readonly shards: number;
  /** Whose lease this process holds. */
  readonly owned: number;
  /** That nobody is seen to hold. */
  readonly orphans: number;
  /** Processes that share the shards, as far as is seen. */
  readonly members: number;
  /** Policies in the shards that this process owns. */
  readonly policies: number;
}

/** How a shard came or went: `taken`, `handed-over` to a process that was ready, `released` at a stop, `lost`. */
export type ShardMove = (typeof moves)[number];

const moves = ['taken', 'handed-over', 'released', 'lost'] as const;

/** What sharding does; without shards none of it has series. */
export class ShardMetrics {
  readonly #moves;
  #figures: (() => ShardFigures) | undefined;

  constructor(registry: Registry) {
    const registers = [registry];
    const figure = (name: string, help: string, read: (figures: ShardFigures) => number): void => {
      const figures = (): ShardFigures | undefined => this.#figures?.();
      new Gauge({
        name,
        help,
        registers,
        collect() {
          const now = figures();
          // A gauge without labels would show 0 from the start.
          if (now === undefined) this.remove();
          else this.set(read(now));
        },
      });
    };
    figure('aurora_dr_shards', 'Shards that the policies are divided into', ({ shards }) => shards);
    figure('aurora_dr_shards_owned', 'Shards that this process owns', ({ owned }) => owned);
    figure('aurora_dr_shards_orphaned', 'Shards that this process sees without an owner', ({ orphans }) => orphans);
    figure('aurora_dr_shard_members', 'Processes that this one sees sharing the shards', ({ members }) => members);
    figure('aurora_dr_shard_policies', 'Policies in the shards that this process owns', ({ policies }) => policies);
    this.#moves = new Counter({
      name: 'aurora_dr_shard_moves_total',
      help: 'Shards that this process got or gave up, by result: taken, handed over, released at a stop, lost',
      labelNames: ['result'],
      registers,
    });
  }

  /** This process takes part: its figures are shown from now on. */
  track(figures: () => ShardFigures): void {
    this.#figures = figures;
    for (const result of moves) this.#moves.inc({ result }, 0);
  }

  countMove(result: ShardMove): void {
    this.#moves.inc({ result });
  }
}
