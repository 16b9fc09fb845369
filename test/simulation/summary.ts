import { LossFigures, quantile, type LossData } from './loss-figures.ts';
import type { Report } from './monitor.ts';
import { Tally } from './statistics.ts';
import type { Violation } from './violation.ts';

/** What many runs came to; plain data, so that workers can send it. */
export interface SummaryData {
  readonly seeds: number;
  readonly incidents: number;
  readonly steps: number;
  readonly simulatedMilliseconds: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly branches: Readonly<Record<string, number>>;
  /** Of automatic failovers whose primary was lost with its region. */
  readonly lost: LossData;
  /** Of those whose primary lived on where no vantage could see it, or came back as AWS was called. */
  readonly unseen: LossData;
  readonly disagreements: Readonly<Record<string, number>>;
  readonly violations: readonly (Violation & { readonly seed: number })[];
}

/** Median, 90 %, 99 %, and the most. */
export const LOSS_SHARES = [0.5, 0.9, 0.99, 1] as const;

/** Adds runs up. */
export class Summary {
  #seeds = 0;
  #incidents = 0;
  #steps = 0;
  #simulatedMilliseconds = 0;
  readonly #faults = new Tally();
  readonly #branches = new Tally();
  readonly #lost = new LossFigures();
  readonly #unseen = new LossFigures();
  readonly #disagreements = new Tally();
  readonly #violations: (Violation & { readonly seed: number })[] = [];

  add({
    seed,
    violation,
    isIncident,
    steps,
    simulatedMilliseconds,
    faults,
    branches,
    losses,
    disagreements,
  }: Report): void {
    this.#seeds += 1;
    this.#incidents += Number(isIncident);
    this.#steps += steps;
    this.#simulatedMilliseconds += simulatedMilliseconds;
    this.#faults.merge(faults);
    this.#branches.merge(branches);
    for (const loss of losses) (loss.isRegionLost ? this.#lost : this.#unseen).add(loss);
    this.#disagreements.merge(disagreements);
    if (violation !== undefined) this.#violations.push({ ...violation, seed });
  }

  merge(data: SummaryData): void {
    this.#seeds += data.seeds;
    this.#incidents += data.incidents;
    this.#steps += data.steps;
    this.#simulatedMilliseconds += data.simulatedMilliseconds;
    this.#faults.merge(Tally.from(data.faults));
    this.#branches.merge(Tally.from(data.branches));
    this.#lost.merge(data.lost);
    this.#unseen.merge(data.unseen);
    this.#disagreements.merge(Tally.from(data.disagreements));
    this.#violations.push(...data.violations);
  }

  get data(): SummaryData {
    return {
      seeds: this.#seeds,
      incidents: this.#incidents,
      steps: this.#steps,
      simulatedMilliseconds: this.#simulatedMilliseconds,
      faults: this.#faults.toJSON(),
      branches: this.#branches.toJSON(),
      lost: this.#lost.data,
      unseen: this.#unseen.data,
      disagreements: this.#disagreements.toJSON(),
      violations: this.#violations.toSorted((a, b) => a.seed - b.seed),
    };
  }

  /** For people: the figures, one a line. */
  text(): string {
    const { seeds, incidents, steps, simulatedMilliseconds, lost, unseen, violations } = this.data;
    const hours = (simulatedMilliseconds / 3_600_000).toFixed(1);
    return [
      `${seeds} seeds, ${incidents} incidents, ${steps} steps, ${hours} hours of simulated time`,
      '',
      'faults injected',
      ...lines(this.#faults),
      '',
      'branches reached',
      ...lines(this.#branches),
      '',
      'data lost by automatic failovers',
      '  median / 90 % / 99 % / most',
      `  of ${lost.count} regions that were lost`,
      ...lossLines(lost),
      `  of ${unseen.count} primaries that lived on where no vantage could see them, or came back as AWS was called`,
      ...lossLines(unseen),
      '',
      'several operators, several policies',
      ...lines(this.#disagreements),
      '',
      `violations: ${violations.length}`,
      ...violations.map(
        ({ seed, invariant, at, message }) => `  seed ${seed}: ${invariant} at ${(at / 1000).toFixed(1)} s: ${message}`,
      ),
    ].join('\n');
  }
}

function lines(tally: Tally): string[] {
  return tally.entries().map(([name, count]) => `  ${String(count).padStart(9)}  ${name}`);
}

function lossLines(losses: LossData): string[] {
  if (losses.count === 0) return [];
  const spread = (name: 'trueLoss' | 'estimate' | 'worstCase'): string =>
    LOSS_SHARES.map((share) => `${quantile(losses[name], share)} ms`).join(' / ');
  return [
    `    true loss   ${spread('trueLoss')}`,
    `    estimate    ${spread('estimate')}, below the true loss ${losses.aboveEstimate} times`,
    `    worst case  ${spread('worstCase')}, below the true loss ${losses.aboveWorstCase} times`,
  ];
}
