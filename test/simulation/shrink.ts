import type { Scenario, Site } from './scenario.ts';
import { simulate, type SimulateOptions } from './simulate.ts';
import type { Violation } from './violation.ts';

export interface Shrunk {
  readonly scenario: Scenario;
  readonly violation: Violation;
  /** Simulations that it took. */
  readonly attempts: number;
}

/**
 * Makes a violation's scenario smaller: drops one event after the other, then replicas and policies, as long as the same invariant is
 * still violated. The result need not be the smallest, but nothing single can be left out of it.
 */
export async function shrink(
  scenario: Scenario,
  violation: Violation,
  options: Pick<SimulateOptions, 'tampering'> = {},
): Promise<Shrunk> {
  let best: Shrunk = { scenario, violation, attempts: 0 };
  for (let next = await firstSmaller(best, options); next.isSmaller; next = await firstSmaller(best, options)) {
    best = next;
  }
  return best;
}

async function firstSmaller(
  best: Shrunk,
  options: Pick<SimulateOptions, 'tampering'>,
): Promise<Shrunk & { readonly isSmaller: boolean }> {
  let { attempts } = best;
  for (const scenario of smaller(best.scenario)) {
    attempts += 1;
    const { violation } = await simulate(scenario, options);
    if (violation?.invariant === best.violation.invariant) return { scenario, violation, attempts, isSmaller: true };
  }
  return { ...best, attempts, isSmaller: false };
}

/** The last replica leaves; a site whose only one it was keeps its API server, and has no operator. */
function withoutLast(sites: readonly Site[]): readonly Site[] {
  const last = sites.findLastIndex((site) => site.replicas > 0);
  return sites.map((site, index) => (index === last ? { ...site, replicas: site.replicas - 1 } : site));
}

/** Scenarios with one thing less, the most telling first. */
function* smaller(scenario: Scenario): Generator<Scenario> {
  const { events, installation } = scenario;
  for (let index = events.length - 1; index >= 0; index -= 1) yield { ...scenario, events: events.toSpliced(index, 1) };
  const replicas = installation.replicas - 1;
  if (replicas >= 1) {
    const wallOffsets = installation.wallOffsets.slice(0, replicas);
    const sites = withoutLast(installation.sites);
    yield { ...scenario, installation: { ...installation, replicas, wallOffsets, sites } };
  }
  const hasOther = events.some(({ policy = 0 }) => policy === scenario.otherPolicies.length);
  if (scenario.otherPolicies.length > 0 && !hasOther) {
    yield { ...scenario, otherPolicies: scenario.otherPolicies.slice(0, -1) };
  }
  if (installation.wallOffsets.some((offset) => offset !== 0)) {
    yield { ...scenario, installation: { ...installation, wallOffsets: installation.wallOffsets.map(() => 0) } };
  }
}
