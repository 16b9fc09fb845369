import { BETWEEN_RESTARTS } from './director.ts';
import { generateScenario, policyFrom, tailOf } from './generate-scenario.ts';
import { troubleEnd, type Action, type Scenario, type ScenarioEvent } from './scenario.ts';
import { SeededRandom } from './seeded-random.ts';
import { withOtherPolicies } from './spread-scenario.ts';

const SECOND = 1_000;
/** Processes find each other, and the first owner of a shard is perhaps not the one that keeps it. */
const SETTLING = 20 * SECOND;

/**
 * What a seed stands for where the replicas of each operator share the policies: the same trouble, with at least two
 * replicas in each cluster, at least two policies, and with replicas that come, go, stand still and lose the API server
 * while shards move.
 */
export function generateShardedScenario(seed: number): Scenario {
  const random = new SeededRandom(seed).fork('shards');
  const whole = generateScenario(seed);
  const others = Array.from({ length: random.integer(1, 2) }, () => policyFrom(random, whole.world.metricPeriod));
  const base = whole.otherPolicies.length > 0 ? whole : withOtherPolicies(whole, others, random);
  const sites = base.installation.sites.map((site) => ({
    ...site,
    replicas: Math.max(site.replicas, random.integer(2, 3)),
  }));
  const replicas = sites.reduce((sum, site) => sum + site.replicas, 0);
  // Each process keeps to the rate of role changes by itself: together they are not held to one.
  const { roleChanges: _, ...unlimited } = base.installation;
  const installation: Scenario['installation'] = {
    ...unlimited,
    isElecting: true,
    shards: random.pick([2, 3, 4, 6]),
    sites,
    replicas,
    wallOffsets: Array.from({ length: replicas }, () => random.integer(-500, 500)),
  };
  const moves = movesOf(Math.max(60 * SECOND, troubleEnd(base)), replicas, random);
  // Of three seeds one loses a primary for good just after shards have moved, and has nothing else to bear.
  const trouble =
    seed % 3 === 0
      ? lossAfter(moves, random)
      : [...base.events, ...blindness(base, replicas, random.fork('blindness'))];
  const events = [...trouble, ...moves].toSorted((one, other) => one.at - other.at);
  const scenario = { ...base, installation, events, warmUp: base.warmUp + SETTLING };
  return { ...scenario, tail: tailOf(scenario) + SETTLING };
}

function lossAfter(moves: readonly ScenarioEvent[], random: SeededRandom): ScenarioEvent[] {
  const at = Math.max(...moves.map((move) => move.until ?? move.at)) + random.integer(0, 40 * SECOND);
  return [{ at, action: { kind: 'loseRegion', region: 'primary', how: random.pick(['refuse', 'blackhole']) } }];
}

/** Sometimes a replica comes that AWS does not answer, for longer than it takes to be ready for shards by time alone. */
function blindness({ policy }: Scenario, replicas: number, random: SeededRandom): ScenarioEvent[] {
  if (!random.chance(0.3)) return [];
  const replica = random.integer(0, replicas - 1);
  const at = random.integer(0, 30 * SECOND);
  const until = at + random.integer(180, 360) * SECOND;
  const state = random.pick(['refuse', 'blackhole'] as const);
  const cuts = policy.regions.map(({ name }): ScenarioEvent => {
    return { at, until, action: { kind: 'cut', sender: `operator-${replica}`, place: `rds:${name}`, state } };
  });
  return [...cuts, { at: at + SECOND, until: at + 5 * SECOND, action: { kind: 'crash', replica } }];
}

/** What makes shards move. */
function movesOf(length: number, replicas: number, random: SeededRandom): ScenarioEvent[] {
  return Array.from({ length: random.integer(1, 4) }, () => {
    const at = random.integer(0, length);
    const replica = random.integer(0, replicas - 1);
    const until = at + random.integer(5, 120) * SECOND;
    const state = random.pick(['refuse', 'blackhole', 'answersLost'] as const);
    const cut: Action = { kind: 'cut', sender: `operator-${replica}`, place: 'api', state };
    const what = random.pick(['update leases', 'patch leases', 'create leases', 'list disasterrecoverypolicies']);
    const when = random.pick(['before', 'after'] as const);
    return random.weighted<ScenarioEvent>([
      [4, { at, until, action: { kind: 'crash', replica } }],
      [2, { at, action: { kind: 'restart', replica } }],
      [
        2,
        {
          at,
          until: at + random.integer(1, 40) * SECOND,
          action: { kind: 'stall', replica, how: random.pick(['pause', 'suspend']) },
        },
      ],
      [2, { at, until, action: cut }],
      [2, { at, action: { kind: 'crashAtCall', what, nth: random.integer(1, 40), when } }],
      [
        1,
        {
          at,
          until: at + replicas * BETWEEN_RESTARTS + 30 * SECOND,
          action: { kind: 'reshard', shards: random.pick([1, 2, 3, 5]) },
        },
      ],
    ]);
  });
}
