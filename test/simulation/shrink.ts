import type { Scenario } from './scenario.ts';
import { simulate, type SimulateOptions } from './simulate.ts';
import type { Violation } from './violation.ts';

export interface Shrunk {
  readonly scenario: Scenario;
  readonly violation: Violation;
  /** Simulations that it took. */
  readonly attempts: number;
}

/**
 * Makes a violation's scenario smaller: drops one event after the other, then replicas, as long as the same invariant is
 * still violated. The result need not be the smallest, but nothing single can be left out of it.
 */
export async function shrink(
  scenario: Scenario,
  violation: Violation,
  options: Pick<SimulateOptions, 'tampering'> = {},
): Promise<Shrunk> {
  let best: Shrunk = { scenario, violation, attempts: 0 };
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (const candidate of smaller(best.scenario)) {
      const report = await simulate(candidate, options);
      const isSame = report.violation?.invariant === violation.invariant;
      best = { ...best, attempts: best.attempts + 1 };
      if (isSame && report.violation !== undefined) {
        best = { ...best, scenario: candidate, violation: report.violation };
        isSmaller = true;
        break;
      }
    }
  }
  return best;
}

/** Scenarios with one thing less, the most telling first. */
function* smaller(scenario: Scenario): Generator<Scenario> {
  const { events, installation } = scenario;
  for (let index = events.length - 1; index >= 0; index -= 1) yield { ...scenario, events: events.toSpliced(index, 1) };
  const replicas = installation.replicas - 1;
  if (replicas >= 1) {
    const wallOffsets = installation.wallOffsets.slice(0, replicas);
    yield { ...scenario, installation: { ...installation, replicas, wallOffsets } };
  }
  if (installation.wallOffsets.some((offset) => offset !== 0)) {
    yield { ...scenario, installation: { ...installation, wallOffsets: installation.wallOffsets.map(() => 0) } };
  }
}
