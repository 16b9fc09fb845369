import type { PolicyProps, Scenario, ScenarioEvent } from './scenario.ts';
import type { SeededRandom } from './seeded-random.ts';
import { warmUpFor } from './spread-scenario.ts';

const SECOND = 1_000;
const PRIORITIES = [0, 0, 1, 10, 500, 1000];

/**
 * The same surroundings with many policies whose primaries share a region: it is lost, and more failovers are due than AWS is
 * asked for in so short a time. Sometimes the region comes back while some still wait.
 */
export function massLoss(scenario: Scenario, random: SeededRandom): Scenario {
  const count = random.weighted([
    [12, random.integer(3, 5)],
    [3, random.integer(6, 8)],
    [1, 12],
  ]);
  const regions = scenario.policy.regions.map(({ name }, index) => ({
    name,
    promotion: index === 0 ? ('Prefer' as const) : ('Allow' as const),
  }));
  const { bySql: _, ...plain } = scenario.policy;
  const policies = Array.from({ length: count }, () => oneOfMany({ ...plain, regions }, random));
  const [policy = scenario.policy, ...otherPolicies] = policies;
  return {
    ...scenario,
    policy,
    otherPolicies,
    warmUp: warmUpFor(policies),
    installation: {
      ...scenario.installation,
      roleChanges: { perSecond: random.pick([0.1, 0.1, 0.2, 0.5]), burst: random.integer(1, 2) },
    },
    events: eventsFor(scenario, random),
  };
}

function oneOfMany(policy: PolicyProps, random: SeededRandom): PolicyProps {
  return {
    ...policy,
    priority: random.pick(PRIORITIES),
    interval: random.pick([5, 5, 10]) * SECOND,
    timeout: random.integer(1, 3) * SECOND,
    failureThreshold: random.integer(2, 3),
    signals: ['controlPlane', 'endpoint', 'http'],
    quorum: 2,
    mode: 'Automatic',
    dataLoss: 'Allow',
    maximumLagAge: 600 * SECOND,
    operationTimeout: 300 * SECOND,
    inRegionRecoveryLimit: undefined,
  };
}

function eventsFor({ installation }: Scenario, random: SeededRandom): ScenarioEvent[] {
  const at = random.integer(5, 20) * SECOND + random.integer(0, 999);
  const how = random.pick(['refuse', 'blackhole'] as const);
  const back = random.chance(0.3) ? at + random.integer(15, 90) * SECOND : undefined;
  const loss: ScenarioEvent = { at, action: { kind: 'loseRegion', region: 'primary', how } };
  const later = at + random.integer(15, 40) * SECOND;
  const replica = random.integer(0, installation.replicas - 1);
  const trouble = random.weighted<readonly ScenarioEvent[]>([
    [9, []],
    [2, [{ at: later, action: { kind: 'restart', replica } }]],
    [1, [{ at: later, until: later + 5 * SECOND, action: { kind: 'crash', replica } }]],
    [1, [{ at: later, until: later + 20 * SECOND, action: { kind: 'apiConflicts', every: random.integer(2, 5) } }]],
    [
      2,
      [
        {
          at: later,
          until: later + 20 * SECOND,
          action: {
            kind: 'awsFault',
            region: 'secondary',
            action: 'FailoverGlobalCluster',
            fault: { kind: 'throttle' },
          },
        },
      ],
    ],
  ]);
  return [back === undefined ? loss : { ...loss, until: back }, ...trouble];
}
