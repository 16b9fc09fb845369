import { generateScenario } from './generate-scenario.ts';
import { generateShardedScenario } from './sharded-scenario.ts';
import type { PlantedBug } from './planted-bugs.ts';
import { simulate } from './simulate.ts';
import type { Violation } from './violation.ts';

export interface Found {
  readonly seed: number;
  readonly violation: Violation;
}

/** The first seed of so many, from one on, in which a planted mistake violates something; undefined when none does. */
export async function findPlantedBug(bug: PlantedBug, from: number, seeds: number): Promise<Found | undefined> {
  const generate = bug.isSharded === true ? generateShardedScenario : generateScenario;
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { violation } = await simulate(generate(seed), { tampering: bug.tampering });
    if (violation !== undefined) return { seed, violation };
  }
  return undefined;
}
