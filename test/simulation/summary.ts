import type { LossFigure, Report } from './monitor.ts';
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
  readonly losses: readonly LossFigure[];
  readonly disagreements: Readonly<Record<string, number>>;
  readonly violations: readonly (Violation & { readonly seed: number })[];
}

/** Adds runs up. */
export class Summary {
  #seeds = 0;
  #incidents = 0;
  #steps = 0;
  #simulatedMilliseconds = 0;
  readonly #faults = new Tally();
  readonly #branches = new Tally();
  readonly #losses: LossFigure[] = [];
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
    this.#losses.push(...losses);
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
    this.#losses.push(...data.losses);
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
      losses: this.#losses,
      disagreements: this.#disagreements.toJSON(),
      violations: this.#violations.toSorted((a, b) => a.seed - b.seed),
    };
  }

  /** For people: the figures, one a line. */
  text(): string {
    const { seeds, incidents, steps, simulatedMilliseconds, losses, violations } = this.data;
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
      ...lossLines(losses),
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

function lossLines(losses: readonly LossFigure[]): string[] {
  if (losses.length === 0) return ['  none'];
  const quantile = (values: readonly number[], share: number): string => {
    const sorted = values.toSorted((a, b) => a - b);
    return `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)} ms`;
  };
  const figures = (some: readonly LossFigure[]): string[] => {
    const spread = (pick: (loss: LossFigure) => number): string => {
      const values = some.map(pick);
      return [0.5, 0.9, 0.99, 1].map((share) => quantile(values, share)).join(' / ');
    };
    const above = (pick: (loss: LossFigure) => number): number =>
      some.filter((loss) => loss.trueLoss > pick(loss)).length;
    return [
      `    true loss   ${spread(({ trueLoss }) => trueLoss)}`,
      `    estimate    ${spread(({ estimate }) => estimate)}, below the true loss ${above(({ estimate }) => estimate)} times`,
      `    worst case  ${spread(({ worstCase }) => worstCase)}, below the true loss ${above(({ worstCase }) => worstCase)} times`,
    ];
  };
  const lost = losses.filter(({ isRegionLost }) => isRegionLost);
  const unseen = losses.filter(({ isRegionLost }) => !isRegionLost);
  return [
    `  median / 90 % / 99 % / most, of ${lost.length} regions that were lost`,
    ...(lost.length === 0 ? [] : figures(lost)),
    `  and of ${unseen.length} primaries that lived on where no vantage could see them, or came back as AWS was called`,
    ...(unseen.length === 0 ? [] : figures(unseen)),
  ];
}
