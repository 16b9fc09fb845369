import fc from 'fast-check';

/** fast-check's own number of runs. */
const USUAL_RUNS = 100;

/**
 * How often a property is tried: `runs` times, more or fewer where fast-check is told to try more or fewer than usual.
 * Mutation testing has many mutants to meet and asks for few.
 */
export const propertyRuns = (runs: number): number =>
  Math.ceil((runs * (fc.readConfigureGlobal().numRuns ?? USUAL_RUNS)) / USUAL_RUNS);
