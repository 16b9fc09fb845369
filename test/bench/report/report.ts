import { growthExponent, summarize, type Summary } from './summary.ts';

/** What figures are counted in. */
export type Unit = 'ms' | 's' | 'MB' | '% of a core' | '1/min' | '1/s' | '' | '$/month';

/** One measured thing, with all its measurements. */
export interface Figure {
  readonly scenario: string;
  readonly contestant: string;
  readonly policies: number;
  /** What is measured, and where it matters under which circumstances. */
  readonly measure: string;
  readonly unit: Unit;
  readonly summary: Summary;
}

/** How a figure grows with the number of policies. */
export interface Growth {
  readonly scenario: string;
  readonly contestant: string;
  readonly measure: string;
  readonly unit: Unit;
  readonly points: readonly { readonly policies: number; readonly median: number }[];
  /** Of median = a·policies^exponent. */
  readonly exponent: number;
}

/** Something that has to hold whatever the machine. */
export interface Violation {
  readonly scenario: string;
  readonly contestant: string;
  readonly policies: number;
  readonly message: string;
}

/** The machine and the code that figures belong to. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly date: string;
  readonly commit: string;
  /** The average load of the minute before the start: what else ran. */
  readonly loadBefore: number;
}

/** What `--json` writes. */
export interface Report {
  readonly machine: Machine;
  readonly command: string;
  readonly durationSeconds: number;
  /** What each contestant does of the operator's work, by name. */
  readonly contestants: Readonly<Record<string, string>>;
  readonly figures: readonly Figure[];
  readonly growth: readonly Growth[];
  readonly violations: readonly Violation[];
}

/** Whose figures: a contestant with so many policies in one scenario. */
export interface Place {
  readonly scenario: string;
  readonly contestant: string;
  readonly policies: number;
}

interface Series extends Place {
  readonly measure: string;
  readonly unit: Unit;
  readonly values: number[];
}

/** Collects measurements until they are summed up; measurements of the same thing go together. */
export class Measurements {
  readonly #series = new Map<string, Series>();
  readonly violations: Violation[] = [];

  add(place: Place, measure: string, unit: Unit, ...values: readonly number[]): void {
    const { scenario, contestant, policies } = place;
    const key = JSON.stringify([scenario, contestant, policies, measure]);
    const series = this.#series.get(key) ?? { scenario, contestant, policies, measure, unit, values: [] };
    this.#series.set(key, series);
    series.values.push(...values);
  }

  /** Notes what must not be, and goes on: the figures around it help to understand it. */
  violate({ scenario, contestant, policies }: Place, message: string): void {
    this.violations.push({ scenario, contestant, policies, message });
  }

  figures(): readonly Figure[] {
    return [...this.#series.values()].map(({ values, ...series }) => ({ ...series, summary: summarize(values) }));
  }
}

/** The exponents of all figures that were measured with three or more numbers of policies. */
export function growthOf(figures: readonly Figure[]): readonly Growth[] {
  const groups = Map.groupBy(figures, ({ scenario, contestant, measure }) =>
    JSON.stringify([scenario, contestant, measure]),
  );
  return [...groups.values()].flatMap((group): Growth[] => {
    const [first] = group;
    const points = group.map(({ policies, summary }) => ({ policies, median: summary.median }));
    const exponent = growthExponent(points.map(({ policies, median }) => ({ x: policies, y: median })));
    if (first === undefined || exponent === undefined) return [];
    const { scenario, contestant, measure, unit } = first;
    return [{ scenario, contestant, measure, unit, points, exponent }];
  });
}
