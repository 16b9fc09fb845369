import type { MetricSample } from '../aws/aws-gateway.ts';
import type { Instant, LagSample } from '../failover/observation.ts';

/** Of two metrics for the same period, the higher rank counts, whatever the values. */
export interface RankedSamples {
  readonly rank: number;
  readonly samples: readonly MetricSample[];
}

interface Known {
  readonly rank: number;
  readonly lagMilliseconds: number;
}

/** The lag samples of one cluster, merged from several answers and series, for a bounded time. */
export class LagHistory {
  readonly #periodMilliseconds: number;
  readonly #retentionMilliseconds: number;
  readonly #byStart = new Map<Instant, Known>();
  #samples: readonly LagSample[] = [];

  constructor(props: { periodMilliseconds: number; retentionMilliseconds: number }) {
    this.#periodMilliseconds = props.periodMilliseconds;
    this.#retentionMilliseconds = props.retentionMilliseconds;
  }

  /** Oldest first. */
  get samples(): readonly LagSample[] {
    return this.#samples;
  }

  get highestRank(): number {
    let highest = 0;
    for (const { rank } of this.#byStart.values()) highest = Math.max(highest, rank);
    return highest;
  }

  /** A period that is answered again is taken over: CloudWatch corrects recent ones. */
  merge(answers: readonly RankedSamples[], now: Instant): void {
    let isChanged = false;
    for (const [start, known] of merged(answers)) {
      const before = this.#byStart.get(start);
      if ((before?.rank ?? 0) > known.rank) continue;
      isChanged ||= before?.lagMilliseconds !== known.lagMilliseconds;
      this.#byStart.set(start, known);
    }
    for (const start of this.#byStart.keys()) {
      if (start >= now - this.#retentionMilliseconds) continue;
      this.#byStart.delete(start);
      isChanged = true;
    }
    // Most answers repeat the periods of the one before.
    if (isChanged) this.#samples = this.#sorted();
  }

  #sorted(): LagSample[] {
    return [...this.#byStart]
      .toSorted(([a], [b]) => a - b)
      .map(([periodStart, { lagMilliseconds }]) => {
        return { periodStart, periodEnd: periodStart + this.#periodMilliseconds, lagMilliseconds };
      });
  }
}

/** One value for each period: of series of the same rank, the worst. */
function merged(answers: readonly RankedSamples[]): Map<Instant, Known> {
  const result = new Map<Instant, Known>();
  for (const { rank, samples } of answers) {
    for (const { periodStart, value } of samples) {
      const other = result.get(periodStart);
      const isBetter =
        other === undefined || rank > other.rank || (rank === other.rank && value > other.lagMilliseconds);
      if (isBetter) result.set(periodStart, { rank, lagMilliseconds: value });
    }
  }
  return result;
}
