import { describe, expect, it } from '@jest/globals';
import { generateScenario } from './generate-scenario.ts';
import { simulate } from './simulate.ts';

// Traces of the many errors that are part of a simulation cost more than everything else.
Error.stackTraceLimit = 0;

/** `.ci/run` runs many more: `npm run simulate -- --seeds 10000`. */
const SEEDS = 500;
const IN_ONE_TEST = 50;
describe('the operator as it is', () => {
  it.each(Array.from({ length: SEEDS / IN_ONE_TEST }, (_, index) => index * IN_ONE_TEST))(
    'Given 50 seeds from %i on, then no invariant is violated',
    async (from) => {
      for (let seed = from; seed < from + IN_ONE_TEST; seed += 1) {
        const { violation } = await simulate(generateScenario(seed));

        expect({ seed, violation }).toEqual({ seed, violation: undefined });
      }
    },
    120_000,
  );
});

describe('the simulator', () => {
  it('Given the same seed twice, then it tells the same story to the letter', async () => {
    const tell = async (): Promise<string[]> => {
      const lines: string[] = [];
      await simulate(generateScenario(17), { onLine: (line) => lines.push(line) });
      return lines;
    };
    const story = await tell();

    expect(story.length).toBeGreaterThan(50);
    expect(await tell()).toEqual(story);
  });
});
