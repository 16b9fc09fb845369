import {
  OF_POLICIES,
  OF_SITES,
  replicasOf,
  troubleEnd,
  type Action,
  type PolicyProps,
  type Scenario,
  type ScenarioEvent,
  type Site,
} from './scenario.ts';
import { namesOf } from './policy-of.ts';
import type { SeededRandom } from './seeded-random.ts';

const SECOND = 1_000;

/**
 * The same scenario with the operator in a Kubernetes cluster of each region, told by `--region` where it lives, and with
 * what only happens to several: partitions between each of them and everything else, a cluster that is lost with its
 * region or alone, specs that differ for a while or for good, and people who ask for different things in different places.
 */
export function overSites(scenario: Scenario, random: SeededRandom): Scenario {
  const sites = sitesFor(scenario, random);
  const replicas = sites.reduce((sum, site) => sum + site.replicas, 0);
  const spread: Scenario = {
    ...scenario,
    installation: {
      ...scenario.installation,
      replicas,
      sites,
      isElecting: scenario.installation.isElecting || sites.some((site) => site.replicas > 1),
      wallOffsets: Array.from({ length: replicas }, () => random.integer(-500, 500)),
    },
  };
  const length = Math.max(60 * SECOND, Math.min(120 * SECOND, troubleEnd(scenario)));
  const events = [
    ...scenario.events.flatMap((event) => overSitesEvent(event, sites, random)),
    ...partitions(spread, length, random),
    ...lostSites(spread, length, random),
    ...differences(spread, length, random),
    ...splitChoices(spread, length, random),
  ];
  return { ...spread, events: inOrder(events) };
}

/** The same scenario with policies for further global clusters, whose primaries may live elsewhere. */
export function withOtherPolicies(scenario: Scenario, others: readonly PolicyProps[], random: SeededRandom): Scenario {
  const names = scenario.policy.regions.map(({ name }) => name);
  const otherPolicies = others.map((other) => {
    const first = random.integer(0, names.length - 1);
    const regions = names.map((_, index) => ({
      name: names[(first + index) % names.length] ?? '',
      promotion: other.regions[index]?.promotion ?? ('Allow' as const),
    }));
    return { ...other, regions };
  });
  const events = scenario.events.map((event) =>
    OF_POLICIES.includes(event.action.kind) && event.policy === undefined && random.chance(0.4)
      ? { ...event, policy: random.integer(1, others.length) }
      : event,
  );
  return { ...scenario, otherPolicies, events, warmUp: warmUpFor([scenario.policy, ...others]) };
}

/** Until every policy has been seen ready: an election, the first round, and as many more as a vote takes. */
export function warmUpFor(policies: readonly PolicyProps[]): number {
  return Math.max(...policies.map(({ successThreshold, interval }) => (successThreshold + 1) * interval)) + 5 * SECOND;
}

function sitesFor({ policy }: Scenario, random: SeededRandom): Site[] {
  const regions = policy.regions.map(({ name }) => name);
  // With two regions rarely, with three often, one of them has no operator.
  const missing = random.chance(regions.length === 2 ? 0.1 : 0.35) ? random.pick(regions) : undefined;
  // Somebody forgot to say where they live: then each acts as if it were alone.
  const isTold = !random.fork('told').chance(0.1);
  return regions
    .filter((region) => region !== missing)
    .map((region) => ({
      ...(isTold ? { region } : {}),
      replicas: random.weighted([
        [6, 1],
        [3, 2],
        [1, 3],
      ]),
    }));
}

function overSitesEvent(event: ScenarioEvent, sites: readonly Site[], random: SeededRandom): ScenarioEvent[] {
  const { action } = event;
  const anySite = (): number => random.integer(0, sites.length - 1);
  const anyReplica = (): number => random.integer(0, sites.reduce((sum, site) => sum + site.replicas, 0) - 1);
  if (OF_SITES.includes(action.kind)) {
    return random.chance(0.5)
      ? [{ ...event, site: anySite() }]
      : sites.map((_, site) => shifted({ ...event, site }, site === 0 ? 0 : random.integer(0, 20 * SECOND)));
  }
  if ('replica' in action) return [{ ...event, action: { ...action, replica: anyReplica() } }];
  if (action.kind !== 'cut') return [event];
  if (action.sender.startsWith('operator-'))
    return [{ ...event, action: { ...action, sender: `operator-${anyReplica()}` } }];
  return action.sender === 'operators' && random.chance(0.5)
    ? [{ ...event, action: { ...action, sender: `site-${anySite()}` } }]
    : [event];
}

/** Between any operator, or all of a cluster, and any region, any endpoint, its API server or the witness. */
function partitions({ policy, installation }: Scenario, length: number, random: SeededRandom): ScenarioEvent[] {
  const count = random.weighted([
    [4, 0],
    [4, 1],
    [2, 3],
  ]);
  return Array.from({ length: count }, () => {
    const region = random.pick(policy.regions).name;
    const site = random.integer(0, installation.sites.length - 1);
    const at = random.integer(0, length);
    const action: Action = {
      kind: 'cut',
      sender: random.chance(0.7) ? `site-${site}` : `operator-${random.integer(0, installation.replicas - 1)}`,
      place: random.pick([`rds:${region}`, `rds:${region}`, `endpoint:${region}`, 'api', 'witness']),
      state: random.pick(['refuse', 'blackhole', 'answersLost'] as const),
    };
    return { at, until: at + random.integer(5, 90) * SECOND, action };
  });
}

/** A region that is lost often takes its Kubernetes cluster along; rarely one goes alone. */
function lostSites({ events, installation, policy }: Scenario, length: number, random: SeededRandom): ScenarioEvent[] {
  const { sites } = installation;
  const crash = (site: number, at: number, until: number | undefined): ScenarioEvent[] =>
    replicasOf(sites, site).map((replica) => {
      const action: Action = { kind: 'crash', replica };
      return until === undefined ? { at, action } : { at, until, action };
    });
  const withRegions = events
    .filter(({ action }) => action.kind === 'loseRegion')
    .flatMap(({ at, until }) => {
      const site = sites.findIndex(({ region }) => region === policy.regions[0]?.name);
      return random.chance(0.6) && site >= 0 ? crash(site, at, until) : [];
    });
  if (withRegions.length > 0 || !random.chance(0.08)) return withRegions;
  const at = random.integer(0, length);
  const until = random.chance(0.5) ? undefined : at + random.integer(10, 120) * SECOND;
  return crash(random.integer(0, sites.length - 1), at, until);
}

/** Git that has not reached every cluster yet, and people who do not know of each other. */
function differences({ installation, policy }: Scenario, length: number, random: SeededRandom): ScenarioEvent[] {
  const site = random.integer(0, installation.sites.length - 1);
  const at = random.integer(0, length);
  const events: ScenarioEvent[] = [];
  if (random.chance(0.08)) {
    const chosen = random.pick(policy.regions).name;
    const { cluster } = namesOf(0);
    const regions = policy.regions.map(({ name }) => ({
      name,
      clusterIdentifier: cluster,
      promotion: name === chosen ? 'Prefer' : 'Allow',
    }));
    events.push({ at, site, policy: 0, action: { kind: 'edit', spec: { regions } } });
  }
  if (random.chance(0.08)) {
    const accept = { 'aurora-dr.io/accept-data-loss': 'true' };
    for (const other of installation.sites.keys()) {
      const force = { 'aurora-dr.io/force-failover': random.pick(policy.regions).name };
      const type = { 'aurora-dr.io/force-type': random.pick(['Auto', 'Failover', 'Switchover']) };
      const annotations = { ...force, ...type, ...accept };
      events.push({ at: at + random.integer(0, 10 * SECOND), site: other, action: { kind: 'annotate', annotations } });
    }
  }
  return events;
}

/**
 * With three regions, two operators that may choose each its own region: one does not see the other's, or their specs do
 * not agree, as the primary is lost.
 */
function splitChoices(
  { events, installation, policy }: Scenario,
  length: number,
  random: SeededRandom,
): ScenarioEvent[] {
  const [primary, ...others] = policy.regions.map(({ name }) => name);
  const sites = others.map((name) => installation.sites.findIndex(({ region }) => region === name));
  const [one, other] = sites;
  if (one === undefined || other === undefined || sites.includes(-1) || !random.chance(0.4)) return [];
  const known = events.find(({ action }) => action.kind === 'loseRegion');
  const at = known?.at ?? random.integer(30 * SECOND, length);
  const loss: ScenarioEvent[] =
    known === undefined ? [{ at, action: { kind: 'loseRegion', region: 'primary', how: 'refuse' } }] : [];
  const from = Math.max(0, at - random.integer(0, 60 * SECOND));
  const until = at + random.integer(20, 120) * SECOND;
  const state = random.pick(['refuse', 'blackhole'] as const);
  const blind = (site: number, place: string): ScenarioEvent => ({
    at: from,
    until,
    action: { kind: 'cut', sender: `site-${site}`, place, state },
  });
  const { cluster } = namesOf(0);
  const preferring = (site: number, preferred: string | undefined): ScenarioEvent => ({
    at: from,
    site,
    policy: 0,
    action: {
      kind: 'edit',
      spec: {
        regions: [primary, ...others].map((name) => ({
          name,
          clusterIdentifier: cluster,
          promotion: name === preferred ? 'Prefer' : 'Allow',
        })),
      },
    },
  });
  switch (random.pick(['oneBlind', 'bothBlind', 'specs'] as const)) {
    case 'oneBlind':
      return random.chance(0.5)
        ? [...loss, blind(one, `rds:${others[1] ?? ''}`)]
        : [...loss, blind(other, `rds:${others[0] ?? ''}`)];
    case 'bothBlind':
      return [...loss, blind(one, `rds:${others[1] ?? ''}`), blind(other, `rds:${others[0] ?? ''}`)];
    case 'specs':
      return [...loss, preferring(one, others[0]), preferring(other, others[1])];
  }
}

function shifted(event: ScenarioEvent, by: number): ScenarioEvent {
  const { at, until } = event;
  return until === undefined ? { ...event, at: at + by } : { ...event, at: at + by, until: until + by };
}

const inOrder = (events: readonly ScenarioEvent[]): readonly ScenarioEvent[] => events.toSorted((a, b) => a.at - b.at);
