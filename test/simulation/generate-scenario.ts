import type { FaultKind } from '../aws/world/fault-board.ts';
import type { LagCurve } from '../aws/world/lag-curve.ts';
import { detectionWindowOf } from './policy-of.ts';
import {
  ANY_CALL,
  policiesOf,
  troubleEnd,
  type Action,
  type PolicyProps,
  type Scenario,
  type ScenarioEvent,
} from './scenario.ts';
import { lastFaultEnd } from './check-liveness.ts';
import { turnsTake } from './check-turns.ts';
import { massLoss } from './mass-scenario.ts';
import { PLANS_TAKE, withPlans } from './plans.ts';
import { SeededRandom } from './seeded-random.ts';
import { overSites, warmUpFor, withOtherPolicies } from './spread-scenario.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const REGIONS = ['us-east-1', 'us-west-2', 'eu-west-1'];

type Signals = PolicyProps['signals'];

/** So many calls of a process are made within a few rounds. */
const CALLS_OF_ROUNDS = 30;

/** Classes that a policy may list, and the quorums that they can give. */
const SIGNALS: readonly (readonly [weight: number, signals: Signals, quorums: readonly number[]])[] = [
  [5, ['controlPlane', 'endpoint', 'replication', 'http'], [2, 2, 3, 4]],
  [3, ['controlPlane', 'endpoint', 'replication'], [2, 3]],
  [3, ['controlPlane', 'endpoint', 'http'], [2, 3]],
  [1, ['controlPlane', 'http'], [2]],
  [1, ['endpoint', 'http'], [2]],
  [1, ['controlPlane', 'replication'], [2]],
  [1, ['endpoint', 'replication'], [2]],
  [1, ['replication', 'http'], [2]],
];

export function policyFrom(random: SeededRandom, metricPeriod: number): PolicyProps {
  const [signals, quorums] = random.weighted(SIGNALS.map(([weight, ...rest]) => [weight, rest]));
  const interval = random.pick([5, 10, 10, 20]) * SECOND;
  const mode = random.chance(0.88) ? 'Automatic' : 'Manual';
  const estimate = random.chance(0.8) ? 'LastKnown' : 'WorstCase';
  const dataLoss = random.weighted([
    [6, 'WithinRecoveryPoint'],
    [3, 'Allow'],
    [mode === 'Manual' ? 3 : 0, 'Forbid'],
  ] as const);
  return {
    regions: REGIONS.slice(0, random.chance(0.7) ? 2 : 3).map((name, index) => ({
      name,
      promotion: random.weighted([
        [8, index === 0 ? 'Prefer' : 'Allow'],
        [2, 'Prefer'],
        [index === 0 ? 1 : 0, 'Allow'],
        [index === 2 ? 2 : 0, 'Never'],
      ] as const),
    })),
    recoveryPoint: estimate === 'WorstCase' ? 10 * metricPeriod : random.pick([1, 1, 5]) * SECOND,
    interval,
    timeout: Math.min(interval - SECOND, random.pick([1, 2, 3, 4]) * SECOND),
    failureThreshold: random.integer(2, 4),
    successThreshold: random.integer(1, 3),
    quorum: random.pick(quorums),
    signals,
    maximumAge: random.integer(6, 8) * metricPeriod,
    mode,
    dataLoss,
    estimate,
    maximumLagAge: random.pick([3, 6, 6, 8, 12]) * metricPeriod,
    cooldown: random.pick([30 * SECOND, 2 * MINUTE, 10 * MINUTE]),
    operationTimeout: random.pick([MINUTE, 2 * MINUTE, 5 * MINUTE]),
    inRegionRecoveryLimit: random.chance(0.3) ? random.integer(1, 4) * 30 * SECOND : undefined,
    fencing: random.pick(['BestEffort', 'BestEffort', 'None', 'Required']),
    isPublishing: random.chance(0.85),
    isNotifying: random.chance(0.5),
  };
}

/** Draws events between the beginning and the end of the trouble. */
class EventWriter {
  readonly events: ScenarioEvent[] = [];
  readonly #random: SeededRandom;
  readonly #length: number;
  readonly #replicas: number;
  readonly #policy: PolicyProps;

  constructor(random: SeededRandom, length: number, replicas: number, policy: PolicyProps) {
    this.#random = random;
    this.#length = length;
    this.#replicas = replicas;
    this.#policy = policy;
  }

  #incident(): void {
    const random = this.#random;
    const how = random.pick(['refuse', 'blackhole'] as const);
    const at = this.#time();
    const spell = random.pick([5, 20, 40, 60, 90, 150]) * SECOND;
    const forGood = random.chance(0.6);
    switch (
      random.weighted([
        [8, 'lost'],
        [3, 'inRegion'],
        [2, 'operatorsCutOff'],
        [1, 'operatorsAlone'],
        [1, 'endpointOnly'],
        [1, 'severed'],
        [2, 'linkLost'],
        [2, 'witness'],
        [1, 'witnessCutOff'],
        [2, 'flapping'],
      ] as const)
    ) {
      case 'lost':
        this.#add(at, forGood ? undefined : spell, { kind: 'loseRegion', region: 'primary', how });
        return;
      case 'inRegion': {
        const status = random.pick(['failing-over', 'available', 'rebooting', 'upgrading', 'failed']);
        this.#add(at, spell, { kind: 'inRegionTrouble', status, endpoint: random.pick(['refuse', 'hang']) });
        return;
      }
      case 'operatorsCutOff':
        this.#cut(at, spell, ['rds:primary', 'endpoint:primary'], how, random.pick(['operators', 'operators', '*']));
        return;
      case 'operatorsAlone':
        this.#cut(at, spell, ['rds:primary', 'endpoint:primary', 'witness', ...this.#secondaries()], how);
        return;
      case 'endpointOnly':
        this.#cut(at, spell, ['endpoint:primary'], how);
        return;
      case 'severed':
        this.#add(at, spell, { kind: 'severReplication', region: 'secondary' });
        return;
      case 'linkLost':
        this.#cut(at, spell, ['rds:primary', 'endpoint:primary'], how, random.pick(['operators', '*']));
        this.#add(at, spell, { kind: 'severReplication', region: 'secondary' });
        return;
      case 'witness':
        this.#add(at, spell, { kind: 'witness', mode: random.pick(['hang', 503, 200, 404] as const) });
        return;
      case 'witnessCutOff':
        this.#add(at, spell, { kind: 'cut', sender: 'witness', place: 'endpoint:primary', state: how });
        return;
      case 'flapping':
        this.#flap(at, how);
    }
  }

  /** Incidents, faults and people, in all combinations. */
  everything(): void {
    const random = this.#random;
    repeat(
      random.weighted([
        [1, 0],
        [6, 1],
        [3, 2],
      ]),
      () => this.#incident(),
    );
    repeat(
      random.weighted([
        [3, 0],
        [3, 1],
        [3, 2],
        [2, 3],
        [1, 5],
      ]),
      () => this.#fault(),
    );
    repeat(
      random.weighted([
        [6, 0],
        [3, 1],
        [1, 2],
      ]),
      () => this.#person(),
    );
  }

  /** A loss for good, and nothing else that would excuse anybody from failing over. */
  plainLoss(): void {
    const how = this.#random.pick(['refuse', 'blackhole'] as const);
    this.#add(this.#time(), undefined, { kind: 'loseRegion', region: 'primary', how });
    repeat(this.#random.integer(0, 3), () => {
      this.#addFault(this.#random.chance(0.6) ? this.#operatorFault() : this.#apiFault());
    });
  }

  /** Something that makes an incident hard: in the network, in AWS, in the API server, or in the operator itself. */
  #fault(): void {
    const action = this.#random.weighted([
      [3, this.#awsFault()],
      [3, this.#operatorFault()],
      [2, this.#apiFault()],
      [2, this.#networkFault()],
      [2, this.#metricFault()],
    ]);
    this.#addFault(action);
  }

  #addFault(action: Action): void {
    const isInstant = ['crashAtCall', 'restart', 'clockJump', 'planOperation', 'apiRestart'].includes(action.kind);
    const at = this.#time();
    const spell = isInstant ? undefined : this.#random.integer(1, 60) * SECOND;
    // A call that changes roles is rare: what is to strike one waits for it.
    if (isAtRoleChange(action)) this.#add(this.#beforeRoleChange(at), undefined, action);
    else this.#add(at, spell, action);
  }

  /** Mostly there is a role change only after a loss: in half of the cases a fault comes to be at the moment of one. */
  #beforeRoleChange(at: number): number {
    const random = this.#random.fork(`role change ${this.events.length}`);
    const loss = this.events.find(({ action }) => action.kind === 'loseRegion');
    return loss !== undefined && random.chance(0.5) ? loss.at + random.integer(1, 5_000) : at;
  }

  #person(): void {
    const random = this.#random;
    const at = this.#time();
    const spell = random.integer(5, 60) * SECOND;
    const force = 'aurora-dr.io/force-failover';
    const accept = { 'aurora-dr.io/accept-data-loss': 'true' };
    const type = { 'aurora-dr.io/force-type': random.pick(['Auto', 'Switchover', 'Failover', 'Nonsense']) };
    const where = random.pick(['any', '$secondary', '$primary', 'eu-west-1', 'mars']);
    const requests: readonly Readonly<Record<string, string>>[] = [
      { [force]: where, ...type, ...accept },
      { [force]: '$secondary', ...type },
      { [force]: 'any' },
      { 'aurora-dr.io/failback': 'true' },
      { 'aurora-dr.io/acknowledge': '$operation' },
      { 'aurora-dr.io/confirm-fenced': '$operation' },
      { 'aurora-dr.io/drill': 'Simulate' },
      accept,
    ];
    switch (
      random.weighted([
        [5, 'annotate'],
        [2, 'suspend'],
        [1, 'mode'],
        [1, 'edit'],
        [1, 'delete'],
        [2, 'console'],
        [1, 'version'],
        [1, 'headless'],
        [1, 'service'],
      ] as const)
    ) {
      case 'annotate': {
        const annotations = random.pick(requests);
        this.#add(at, undefined, { kind: 'annotate', annotations });
        if (random.chance(0.3))
          this.#add(at + random.integer(0, 30) * SECOND, undefined, { kind: 'annotate', annotations });
        return;
      }
      case 'suspend':
        this.#add(at, undefined, { kind: 'edit', spec: { suspend: true } });
        if (random.chance(0.7)) this.#add(at + spell, undefined, { kind: 'edit', spec: { suspend: false } });
        return;
      case 'mode':
        this.#add(at, undefined, { kind: 'edit', spec: { failover: { mode: 'Manual' } } });
        return;
      case 'edit':
        this.#add(at, undefined, {
          kind: 'edit',
          spec: random.pick([
            { detection: { failureThreshold: 5 } },
            { detection: { signals: { endpoint: { type: 'TCP', port: 3307 } } } },
            { failover: { cooldown: '1s' } },
            { objectives: { recoveryPoint: '50ms' } },
          ]),
        });
        return;
      case 'delete':
        this.#add(at, random.integer(1, 60) * SECOND, { kind: 'deletePolicy' });
        return;
      case 'console':
        this.#add(at, undefined, {
          kind: 'console',
          call: random.pick(['failover', 'switchover']),
          region: random.pick(['secondary', this.#policy.regions.at(-1)?.name ?? 'secondary']),
        });
        return;
      case 'version':
        this.#add(at, random.chance(0.5) ? spell : undefined, { kind: 'engineVersion', region: 'secondary' });
        return;
      case 'headless':
        this.#add(at, random.chance(0.5) ? spell : undefined, { kind: 'headless', region: 'secondary' });
        return;
      case 'service':
        this.#add(at, undefined, { kind: 'editService' });
    }
  }

  #awsFault(): Action {
    const random = this.#random;
    const mutating = random.pick(['FailoverGlobalCluster', 'FailoverGlobalCluster', 'SwitchoverGlobalCluster']);
    const lost: FaultKind = { kind: 'effectWithoutAnswer', how: random.pick(['drop', 'hang']) };
    const reading = random.pick([
      'DescribeGlobalClusters',
      'DescribeDBClusters',
      'GetMetricData',
      'DescribeEvents',
      'rds',
      '*',
    ]);
    const bad: FaultKind = random.pick<FaultKind>([
      { kind: 'throttle' },
      { kind: 'serverError' },
      { kind: 'hang' },
      { kind: 'refuse' },
      { kind: 'garbage' },
      { kind: 'accessDenied' },
      { kind: 'expiredToken' },
      { kind: 'delay', milliseconds: random.integer(100, 6_000) },
    ]);
    const region = random.pick(['primary', 'secondary', '*']);
    return random.pick<Action>([
      { kind: 'awsFault', region: '*', action: mutating, fault: lost, count: random.integer(1, 2) },
      { kind: 'awsFault', region: '*', action: mutating, fault: bad, count: random.integer(1, 3) },
      { kind: 'awsFault', region, action: reading, fault: bad },
      {
        kind: 'awsFault',
        region,
        action: 'rds',
        fault: { kind: 'stale', milliseconds: random.integer(1, 60) * SECOND },
      },
      { kind: 'repeatCall', action: mutating },
      {
        kind: 'planOperation',
        plan: {
          outcome: random.pick(['cancelled', 'failed', 'stuck']),
          stuckIn: random.pick(['pending', 'promoting']),
        },
      },
    ]);
  }

  #operatorFault(): Action {
    const random = this.#random;
    const replica = random.integer(0, this.#replicas - 1);
    const what = random.pick([
      'aws FailoverGlobalCluster',
      'aws FailoverGlobalCluster',
      'aws SwitchoverGlobalCluster',
      ANY_CALL,
      'update disasterrecoverypolicies/status',
      'update disasterrecoverypolicies/status',
      'patch disasterrecoverypolicies',
      'apply services',
      'update leases',
      'aws',
    ]);
    return random.weighted<Action>([
      [3, { kind: 'crash', replica }],
      [4, { kind: 'crashAtCall', what, nth: this.#nth(what), when: random.pick(['before', 'after']) }],
      [1, { kind: 'restart', replica }],
      [2, { kind: 'stall', replica, how: random.pick(['pause', 'suspend']) }],
      [1, { kind: 'clockJump', replica, milliseconds: random.pick([-HOUR, -MINUTE, -5_000, 5_000, MINUTE, HOUR]) }],
    ]);
  }

  #nth(what: string): number {
    const nth = this.#random.integer(1, 6);
    // Of some calls a seed makes one or two.
    if (what.endsWith('GlobalCluster') || what.startsWith('patch')) return 1;
    if (what.startsWith('apply')) return Math.min(nth, 2);
    return what === ANY_CALL ? nth + this.#random.fork(`any call ${nth}`).integer(0, CALLS_OF_ROUNDS) : nth;
  }

  #apiFault(): Action {
    const random = this.#random;
    return random.pick<Action>([
      { kind: 'apiUnavailable' },
      { kind: 'apiSilentWatches' },
      { kind: 'apiLateWatches', milliseconds: random.integer(100, 20_000) },
      { kind: 'apiRestart', isCompacted: random.chance(0.5) },
      { kind: 'apiConflicts', every: random.integer(50, 3_000) },
    ]);
  }

  #networkFault(): Action {
    const random = this.#random;
    const sender = random.chance(0.5) ? '*' : `operator-${random.integer(0, this.#replicas - 1)}`;
    const place = random.pick([
      'api',
      'api',
      'rds:primary',
      'rds:secondary',
      'endpoint:primary',
      'endpoint:secondary',
      'witness',
    ]);
    return random.chance(0.2)
      ? { kind: 'slowNetwork', most: random.integer(100, 2_500) }
      : { kind: 'cut', sender, place, state: random.pick(['refuse', 'blackhole', 'answersLost']) };
  }

  #metricFault(): Action {
    const random = this.#random;
    const metrics = random.pick([
      ['AuroraGlobalDBRPOLag', 'AuroraGlobalDBReplicationLag'],
      ['AuroraGlobalDBRPOLag'],
      ['CPUUtilization'],
      ['AuroraGlobalDBRPOLag', 'AuroraGlobalDBReplicationLag', 'CPUUtilization'],
    ]);
    return random.pick<Action>([
      { kind: 'metricDelay', milliseconds: random.integer(1, 300) * SECOND },
      { kind: 'metricGap', region: 'secondary', metrics },
      { kind: 'lag', region: 'secondary', lag: risingTo(random.pick([0, 3_000, 60_000])) },
      {
        kind: 'lag',
        region: 'secondary',
        lag: { kind: 'growing', from: 100, millisecondsPerSecond: random.pick([10, 500, 1000]) },
      },
    ]);
  }

  #flap(at: number, how: 'refuse' | 'blackhole'): void {
    let time = at;
    for (let count = this.#random.integer(2, 5); count > 0; count -= 1) {
      const spell = this.#random.integer(1, 30) * SECOND;
      const what = this.#random.pick(['rds:primary', 'endpoint:primary', 'both']);
      this.#cut(time, spell, what === 'both' ? ['rds:primary', 'endpoint:primary'] : [what], how);
      time += spell + this.#random.integer(1, 20) * SECOND;
    }
  }

  #cut(
    at: number,
    spell: number,
    places: readonly string[],
    state: 'refuse' | 'blackhole',
    sender = 'operators',
  ): void {
    for (const place of places) this.#add(at, spell, { kind: 'cut', sender, place, state });
  }

  #secondaries(): string[] {
    return this.#policy.regions.slice(1).map(({ name }) => `rds:${name}`);
  }

  #time(): number {
    return this.#random.integer(0, Math.floor(this.#length / SECOND)) * SECOND + this.#random.integer(0, 999);
  }

  #add(at: number, spell: number | undefined, action: Action): void {
    this.events.push(spell === undefined ? { at, action } : { at, until: at + spell, action });
  }
}

/** Whether a fault waits for a call that changes roles. */
function isAtRoleChange(action: Action): boolean {
  return (
    action.kind === 'repeatCall' ||
    action.kind === 'planOperation' ||
    (action.kind === 'awsFault' && action.count !== undefined) ||
    (action.kind === 'crashAtCall' && action.what.endsWith('GlobalCluster'))
  );
}

/** Nothing falls behind faster than time passes. */
function risingTo(milliseconds: number): LagCurve {
  return {
    kind: 'points',
    points: [
      { after: 0, milliseconds: 0 },
      { after: milliseconds, milliseconds },
    ],
  };
}

function repeat(times: number, run: () => void): void {
  for (let count = 0; count < times; count += 1) run();
}

/** What a seed stands for. The same seed gives the same scenario, always. */
export function generateScenario(seed: number): Scenario {
  const random = new SeededRandom(seed);
  const metricPeriod = random.weighted([
    [19, 10 * SECOND],
    [1, MINUTE],
  ]);
  const drawn = sometimesBySql(
    sometimesNever(policyFrom(random, metricPeriod), random.fork('never')),
    random.fork('sql'),
  );
  const replicas = random.weighted([
    [5, 1],
    [4, 2],
    [1, 3],
  ]);
  const installation = {
    replicas,
    sites: [{ replicas }],
    isElecting: replicas > 1 || random.chance(0.4),
    leaseDurationMilliseconds: 15 * SECOND,
    renewDeadlineMilliseconds: 10 * SECOND,
    retryPeriodMilliseconds: 2 * SECOND,
    followIntervalMilliseconds: random.pick([1, 2]) * SECOND,
    unconfirmedReadWindowMilliseconds: random.pick([10, 20, 60]) * SECOND,
    metricPeriodMilliseconds: metricPeriod,
    wallOffsets: Array.from({ length: replicas }, () => random.integer(-500, 500)),
  };
  const world: Scenario['world'] = {
    metricPeriod,
    metricDelay: random.pick([0, 1, 2]) * metricPeriod,
    lagMetricOnLoss: random.pick(['stops', 'grows']),
    lagDimensions: random.pick(['cluster', 'cluster-and-source-region']),
    lag: random.weighted([
      [8, random.integer(20, 900)],
      [1, 5_000],
      [1, 0],
    ]),
    fence: random.pick(['auto', 'auto', 'succeeded', 'timed-out', 'none']),
    durations: {
      pending: random.integer(1, 40) * 100,
      promoting: random.pick([1, 5, 20, 50]) * SECOND,
      cancelling: random.integer(1, 50) * 100,
      recreating: random.integer(1, 10) * SECOND,
      resynchronizing: random.integer(5, 30) * SECOND,
      snapshotting: 5 * SECOND,
    },
  };
  const length = random.integer(40, 120) * SECOND;
  const writer = new EventWriter(random, length, replicas, drawn);
  const isPlain = random.chance(0.2);
  const policy = isPlain ? sometimesPatient(drawn, metricPeriod, random.fork('patient')) : drawn;
  if (isPlain) writer.plainLoss();
  else writer.everything();
  const scenario: Scenario = {
    seed,
    policy,
    otherPolicies: [],
    world,
    installation,
    warmUp: warmUpFor([policy]),
    events: writer.events.toSorted((a, b) => a.at - b.at),
    tail: 0,
  };
  const several = severalFrom(spoiled(scenario, random.fork('spoiled')), seed, random);
  const planned = withPlans(several);
  return { ...planned, tail: tailOf(planned) };
}

/** Sometimes the region that everybody would choose is a forbidden one. */
function sometimesNever(policy: PolicyProps, random: SeededRandom): PolicyProps {
  if (!random.chance(0.06)) return policy;
  const regions = policy.regions.map((region, index) =>
    index === 1 ? { ...region, promotion: 'Never' as const } : region,
  );
  return { ...policy, regions };
}

/** Sometimes an old lag sample is good enough: then a failover is due however long nobody was able to look. */
function sometimesPatient(policy: PolicyProps, metricPeriod: number, random: SeededRandom): PolicyProps {
  return random.chance(0.5) ? { ...policy, maximumLagAge: random.pick([40, 60]) * metricPeriod } : policy;
}

/** Sometimes the databases themselves are asked, whether the writer serves or how far a secondary is behind. */
function sometimesBySql(policy: PolicyProps, random: SeededRandom): PolicyProps {
  const bySql = { endpoint: random.chance(0.2), replication: random.chance(0.25) };
  const maximumAge = random.pick([3, 5, 10, 20]) * SECOND;
  if (!bySql.endpoint && !bySql.replication) return policy;
  return { ...policy, bySql, ...(bySql.replication ? { maximumAge } : {}) };
}

/** Sometimes a secondary is not fit when its hour comes: not synchronised, of another patch level, without an instance. */
function spoiled(scenario: Scenario, random: SeededRandom): Scenario {
  if (!random.chance(0.15)) return scenario;
  const kind = random.pick(['unsynchronized', 'unsynchronized', 'engineVersion', 'headless'] as const);
  const loss = scenario.events.find(({ action }) => action.kind === 'loseRegion');
  const at = Math.max(0, (loss?.at ?? random.integer(0, 60) * SECOND) - random.integer(0, 30) * SECOND);
  const region = random.pick(scenario.policy.regions.slice(1)).name;
  const event: ScenarioEvent = { at, action: { kind, region } };
  const passing = { ...event, until: at + random.integer(20, 120) * SECOND };
  const events = [...scenario.events, random.chance(0.5) ? event : passing];
  return { ...scenario, events: events.toSorted((a, b) => a.at - b.at) };
}

/**
 * Of eight seeds one has several policies, two have operators in several clusters, and one has both; of 32 one has many
 * policies that lose their region together.
 */
function severalFrom(scenario: Scenario, seed: number, random: SeededRandom): Scenario {
  const kind = seed % 8;
  if (seed % 32 === 10) return massLoss(scenario, random.fork('mass'));
  const spread = [3, 6, 7].includes(kind) ? overSites(scenario, random.fork('sites')) : scenario;
  if (![5, 7].includes(kind)) return spread;
  const policies = random.fork('policies');
  const others = Array.from({ length: policies.chance(0.8) ? 1 : 2 }, () =>
    policyFrom(policies, scenario.world.metricPeriod),
  );
  return withOtherPolicies(spread, others, policies);
}

/** Long enough to detect a loss, to promote, to publish, and for everything else to come to rest. */
export function tailOf(scenario: Scenario): number {
  const { durations } = scenario.world;
  const { unconfirmedReadWindowMilliseconds, leaseDurationMilliseconds } = scenario.installation;
  const promotion = durations.pending + durations.promoting + durations.recreating + durations.resynchronizing;
  const policies = policiesOf(scenario);
  const detection = Math.max(...policies.map((policy) => detectionWindowOf(policy, scenario)));
  const interval = Math.max(...policies.map((policy) => policy.interval));
  const windows = detection + unconfirmedReadWindowMilliseconds + leaseDurationMilliseconds;
  const plans = policies.some((policy) => policy.plans !== undefined) ? PLANS_TAKE : 0;
  // Some faults only come to pass at a call after the last event.
  const pending = Math.max(0, lastFaultEnd(scenario) - scenario.warmUp - troubleEnd(scenario));
  return (
    turnsTake(scenario) +
    plans +
    windows +
    promotion +
    pending +
    60 * SECOND +
    (troubleEnd(scenario) === 0 ? 0 : 5 * interval)
  );
}
