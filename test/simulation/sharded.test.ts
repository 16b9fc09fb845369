import { describe, expect, it } from '@jest/globals';
import { generateShardedScenario } from './sharded-scenario.ts';
import { simulate } from './simulate.ts';
import { Tally } from './statistics.ts';

// Traces of the many errors that are part of a simulation cost more than everything else.
Error.stackTraceLimit = 0;

/** More: `node test/simulation/sharded.ts --seeds 1000`. */
const SEEDS = 120;
const IN_ONE_TEST = 30;

describe('replicas that share the policies', () => {
  const told = new Tally();

  it.each(Array.from({ length: SEEDS / IN_ONE_TEST }, (_, index) => index * IN_ONE_TEST))(
    'Given 30 seeds from %i on, then no invariant is violated',
    async (from) => {
      for (let seed = from; seed < from + IN_ONE_TEST; seed += 1) {
        const { violation, branches } = await simulate(generateShardedScenario(seed));

        expect({ seed, violation }).toEqual({ seed, violation: undefined });
        told.merge(branches);
      }
    },
    240_000,
  );

  it('Given all of these seeds, then shards have moved in them, and losses were to be answered', () => {
    expect(told.get('a shard is handed over')).toBeGreaterThan(SEEDS);
    expect(told.get('liveness judged')).toBeGreaterThan(0);
  });
});
