import type { LossFigure } from './monitor.ts';
import { Tally } from './statistics.ts';

/** How often each value came up, by the value in milliseconds, rounded to three digits. */
export type Spread = Readonly<Record<string, number>>;

/** What many automatic failovers lost; plain data. */
export interface LossData {
  readonly count: number;
  readonly trueLoss: Spread;
  readonly estimate: Spread;
  readonly worstCase: Spread;
  /** How often more was lost than was estimated, and than was said to be the worst case. */
  readonly aboveEstimate: number;
  readonly aboveWorstCase: number;
}

/** Adds up what was lost in truth and what was said of it before, in little room for however many failovers. */
export class LossFigures {
  #count = 0;
  readonly #trueLoss = new Tally();
  readonly #estimate = new Tally();
  readonly #worstCase = new Tally();
  #aboveEstimate = 0;
  #aboveWorstCase = 0;

  add({ trueLoss, estimate, worstCase }: LossFigure): void {
    this.#count += 1;
    this.#trueLoss.add(rounded(trueLoss));
    this.#estimate.add(rounded(estimate));
    this.#worstCase.add(rounded(worstCase));
    this.#aboveEstimate += Number(trueLoss > estimate);
    this.#aboveWorstCase += Number(trueLoss > worstCase);
  }

  merge(data: LossData): void {
    this.#count += data.count;
    this.#trueLoss.merge(Tally.from(data.trueLoss));
    this.#estimate.merge(Tally.from(data.estimate));
    this.#worstCase.merge(Tally.from(data.worstCase));
    this.#aboveEstimate += data.aboveEstimate;
    this.#aboveWorstCase += data.aboveWorstCase;
  }

  get data(): LossData {
    return {
      count: this.#count,
      trueLoss: this.#trueLoss.toJSON(),
      estimate: this.#estimate.toJSON(),
      worstCase: this.#worstCase.toJSON(),
      aboveEstimate: this.#aboveEstimate,
      aboveWorstCase: this.#aboveWorstCase,
    };
  }
}

/** The value that a share of all values does not exceed, milliseconds; 0 when there are none. */
export function quantile(spread: Spread, share: number): number {
  const ascending = Object.entries(spread)
    .map(([value, count]) => [Number(value), count] as const)
    .sort(([a], [b]) => a - b);
  const total = ascending.reduce((sum, [, count]) => sum + count, 0);
  let passed = 0;
  for (const [value, count] of ascending) {
    passed += count;
    if (passed >= Math.floor(share * total)) return value;
  }
  return 0;
}

const rounded = (milliseconds: number): string => String(Number(milliseconds.toPrecision(3)));
