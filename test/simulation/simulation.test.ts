import { describe, expect, it } from '@jest/globals';
import { generateScenario } from './generate-scenario.ts';
import { PLANTED_BUGS, type PlantedBug } from './planted-bugs.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { INVARIANTS, type Violation } from './violation.ts';

// Traces of the many errors that are part of a simulation cost more than everything else.
Error.stackTraceLimit = 0;

/** `.ci/run` runs many more: `npm run simulate -- --seeds 10000`. */
const SEEDS = 500;
const IN_ONE_TEST = 50;
/** Within so many seeds a planted bug has to be found. */
const PATIENCE = 400;

async function firstViolation(
  bug: PlantedBug,
): Promise<{ readonly seed: number; readonly violation: Violation } | undefined> {
  const { from = 0 } = bug;
  for (let seed = from; seed < from + PATIENCE; seed += 1) {
    const { violation } = await simulate(generateScenario(seed), { tampering: bug.tampering });
    if (violation !== undefined) return { seed, violation };
  }
  return undefined;
}

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

  it.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))(
    'Given a mistake (%s), then it finds it',
    async (_, bug) => {
      const found = await firstViolation(bug);

      expect(bug.violates).toContain(found?.violation.invariant);
    },
    240_000,
  );

  it('Given the planted mistakes, then they violate every invariant that there is', () => {
    const violated = new Set(PLANTED_BUGS.flatMap(({ violates }) => violates));

    expect(Object.keys(INVARIANTS).filter((invariant) => !violated.has(invariant as keyof typeof INVARIANTS))).toEqual(
      [],
    );
  });

  it('Given a violation, then it shrinks to fewer events that violate the same', async () => {
    const bug = PLANTED_BUGS.find(({ violates }) => violates.includes('liveness'))!;
    const found = (await firstViolation(bug))!;
    const whole = generateScenario(found.seed);

    const small = await shrink(whole, found.violation, { tampering: bug.tampering });

    expect(small.violation.invariant).toBe(found.violation.invariant);
    expect(small.scenario.events.length).toBeLessThanOrEqual(whole.events.length);
    expect(small.scenario.events).toContainEqual(
      expect.objectContaining({ action: expect.objectContaining({ kind: 'loseRegion' }) as unknown }),
    );
  }, 120_000);
});
