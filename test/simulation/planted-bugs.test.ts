import { describe, expect, it } from '@jest/globals';
import { findPlantedBug } from './find-planted-bug.ts';
import { generateScenario, tailOf } from './generate-scenario.ts';
import { PLANTED_BUGS, withStatus } from './planted-bugs.ts';
import type { Scenario, ScenarioEvent } from './scenario.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { INVARIANTS } from './violation.ts';

// Traces of the many errors that are part of a simulation cost more than everything else.
Error.stackTraceLimit = 0;

/** The primary is lost, comes back as a secondary, and then its successor is lost, all within one cooldown. */
function twoLosses(): Scenario {
  const seconds = 1_000;
  const loss = (from: number, to: number): ScenarioEvent => ({
    at: from * seconds,
    until: to * seconds,
    action: { kind: 'loseRegion', region: 'primary', how: 'refuse' },
  });
  const base = generateScenario(3);
  const { policy, world, installation } = base;
  const scenario: Scenario = {
    ...base,
    policy: {
      ...policy,
      regions: ['us-east-1', 'us-west-2'].map((name) => ({ name, promotion: 'Allow' })),
      signals: ['controlPlane', 'endpoint', 'http'],
      interval: 5 * seconds,
      timeout: seconds,
      failureThreshold: 2,
      successThreshold: 1,
      quorum: 2,
      mode: 'Automatic',
      dataLoss: 'Allow',
      maximumLagAge: 600 * seconds,
      cooldown: 1_800 * seconds,
      operationTimeout: 300 * seconds,
      fencing: 'None',
    },
    otherPolicies: [],
    world: {
      ...world,
      metricPeriod: 10 * seconds,
      metricDelay: 0,
      lag: 100,
      durations: { ...world.durations, promoting: 5 * seconds, recreating: 5 * seconds, resynchronizing: 5 * seconds },
    },
    installation: {
      ...installation,
      metricPeriodMilliseconds: 10 * seconds,
      replicas: 2,
      wallOffsets: [0, 0],
      sites: ['us-east-1', 'us-west-2'].map((region) => ({ region, replicas: 1 })),
    },
    events: [loss(10, 90), loss(240, 400)],
  };
  return { ...scenario, tail: tailOf(scenario) };
}

describe('the simulator', () => {
  it.each(PLANTED_BUGS.map((bug) => [bug.name, bug.within, bug.from ?? 0, bug] as const))(
    'Given a mistake (%s), then it finds it within %i seeds from seed %i on',
    async (_, within, from, bug) => {
      const found = await findPlantedBug(bug, from, within);

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

  it('Given an operator that does not rest after another one has failed over, when the new primary is lost too, then it is found', async () => {
    const scenario = twoLosses();
    const tampering = withStatus((status) => {
      if (status.history?.[0]?.trigger !== 'External') return status;
      const { cooldownUntil: _, ...rest } = status;
      return rest;
    });

    expect((await simulate(scenario)).violation).toBeUndefined();
    expect((await simulate(scenario, { tampering })).violation).toMatchObject({ invariant: 'held-automation' });
  }, 60_000);

  it('Given a violation, then it shrinks to fewer events that violate the same', async () => {
    const bug = PLANTED_BUGS.find(({ violates }) => violates.includes('liveness'))!;
    const found = (await findPlantedBug(bug, bug.from ?? 0, bug.within))!;
    const whole = generateScenario(found.seed);

    const small = await shrink(whole, found.violation, { tampering: bug.tampering });

    expect(small.violation.invariant).toBe(found.violation.invariant);
    expect(small.scenario.events.length).toBeLessThanOrEqual(whole.events.length);
    expect(small.scenario.events).toContainEqual(
      expect.objectContaining({ action: expect.objectContaining({ kind: 'loseRegion' }) as unknown }),
    );
  }, 120_000);
});
