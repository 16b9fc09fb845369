/**
 * What interval, threshold, quorum and witness mean: each set of them is put through a lost region, outages that end by
 * themselves and links that are cut, at moments spread over the interval. The figures are those of the real operator in the
 * simulated world.
 */
import { detectionWindowOf } from './policy-of.ts';
import type { Action, PolicyProps, Scenario, ScenarioEvent } from './scenario.ts';
import { simulate } from './simulate.ts';
import { tailOf } from './generate-scenario.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What is tuned; times in milliseconds. */
export interface Tuning {
  readonly name: string;
  readonly interval: number;
  readonly timeout: number;
  readonly failureThreshold: number;
  readonly quorum: number;
  readonly hasWitness: boolean;
}

const defaults: Omit<Tuning, 'name'> = {
  interval: 10 * SECOND,
  timeout: 3 * SECOND,
  failureThreshold: 3,
  quorum: 2,
  hasWitness: true,
};

export const TUNINGS: readonly Tuning[] = [
  { name: 'no witness', ...defaults, hasWitness: false },
  { name: 'witness', ...defaults },
  { name: 'witness, quorum 3', ...defaults, quorum: 3 },
  { name: 'witness, threshold 2', ...defaults, failureThreshold: 2 },
  { name: 'witness, threshold 6', ...defaults, failureThreshold: 6 },
  { name: 'witness, interval 5s', ...defaults, interval: 5 * SECOND },
  { name: 'witness, interval 5s, threshold 6', ...defaults, interval: 5 * SECOND, failureThreshold: 6 },
  { name: 'witness, interval 2s', ...defaults, interval: 2 * SECOND, timeout: SECOND },
  { name: 'witness, interval 30s', ...defaults, interval: 30 * SECOND },
];

/** Outages of the whole region that end by themselves, milliseconds. */
export const OUTAGES = [10, 30, 60, 120].map((seconds) => seconds * SECOND);
/** How long links stay cut: longer than any window below. */
const CUT = 15 * MINUTE;

/** What one set came to; times in milliseconds, shares between 0 and 1. */
export interface TuningFigures {
  readonly tuning: Tuning;
  readonly window: number;
  /** From the loss to AWS taking up the failover, sorted; a loss that was never answered is Infinity. */
  readonly detection: readonly number[];
  /** Share of the outages of each length that were failed over although they would have ended. */
  readonly outages: readonly number[];
  /** The same for the operator's own link to the primary's region being cut while the primary serves. */
  readonly ownLink: number;
  /** The same with the link between the regions cut as well. */
  readonly bothLinks: number;
}

function policyOf({ interval, timeout, failureThreshold, quorum, hasWitness }: Tuning): PolicyProps {
  return {
    regions: [
      { name: 'us-east-1', promotion: 'Prefer' },
      { name: 'us-west-2', promotion: 'Allow' },
    ],
    recoveryPoint: SECOND,
    interval,
    timeout,
    failureThreshold,
    successThreshold: 2,
    quorum,
    signals: ['controlPlane', 'endpoint', 'replication', ...(hasWitness ? (['http'] as const) : [])],
    maximumAge: 6 * MINUTE,
    mode: 'Automatic',
    dataLoss: 'WithinRecoveryPoint',
    estimate: 'LastKnown',
    maximumLagAge: 6 * MINUTE,
    cooldown: 30 * MINUTE,
    operationTimeout: 15 * MINUTE,
    inRegionRecoveryLimit: undefined,
    fencing: 'BestEffort',
    isPublishing: true,
    isNotifying: false,
  };
}

/** One operator; metrics of a minute, told a minute late, as CloudWatch has them. */
function scenarioOf(tuning: Tuning, seed: number, events: readonly ScenarioEvent[]): Scenario {
  const scenario: Scenario = {
    seed,
    policy: policyOf(tuning),
    otherPolicies: [],
    world: {
      metricPeriod: MINUTE,
      metricDelay: MINUTE,
      lagMetricOnLoss: 'stops',
      lagDimensions: 'cluster',
      lag: 200,
      fence: 'auto',
      durations: {
        pending: SECOND,
        promoting: 5 * SECOND,
        cancelling: SECOND,
        recreating: 5 * SECOND,
        resynchronizing: 5 * SECOND,
        snapshotting: 5 * SECOND,
      },
    },
    installation: {
      replicas: 1,
      sites: [{ replicas: 1 }],
      isElecting: false,
      leaseDurationMilliseconds: 15 * SECOND,
      renewDeadlineMilliseconds: 10 * SECOND,
      retryPeriodMilliseconds: 2 * SECOND,
      followIntervalMilliseconds: 2 * SECOND,
      unconfirmedReadWindowMilliseconds: MINUTE,
      metricPeriodMilliseconds: MINUTE,
      wallOffsets: [0],
    },
    warmUp: 5 * MINUTE,
    events,
    tail: 0,
  };
  return { ...scenario, tail: tailOf(scenario) };
}

/** When AWS took up a failover, milliseconds since the trouble began; Infinity when it never did. */
async function failoverAt(scenario: Scenario): Promise<number> {
  let at = Infinity;
  const { violation } = await simulate(scenario, {
    onLine: (line) => {
      const [, second] = /^\s*([\d.]+) s .* takes up FailoverGlobalCluster /.exec(line) ?? [];
      if (second !== undefined) at = Math.min(at, Number(second) * SECOND - scenario.warmUp);
    },
  });
  if (violation !== undefined) {
    throw new Error(`cannot measure: the simulation violates ${violation.invariant}: ${violation.message}`);
  }
  return at;
}

const cut = (place: string): Action => ({ kind: 'cut', sender: 'operators', place, state: 'refuse' });
const lose: Action = { kind: 'loseRegion', region: 'primary', how: 'refuse' };

/** @param samples how many moments, spread over the interval, each situation is tried at */
export async function measure(tuning: Tuning, samples: number): Promise<TuningFigures> {
  const moments = Array.from({ length: samples }, (_, index) =>
    Math.round(((index + 0.5) / samples) * tuning.interval),
  );
  const times = async (eventsAt: (at: number) => readonly ScenarioEvent[]): Promise<number[]> => {
    const found: number[] = [];
    for (const [index, at] of moments.entries()) {
      found.push((await failoverAt(scenarioOf(tuning, 8 * (index + 1), eventsAt(at)))) - at);
    }
    return found;
  };
  const share = async (eventsAt: (at: number) => readonly ScenarioEvent[]): Promise<number> =>
    (await times(eventsAt)).filter(Number.isFinite).length / samples;
  const linksCut = (at: number): ScenarioEvent[] =>
    ['rds:primary', 'endpoint:primary'].map((place) => ({ at, until: at + CUT, action: cut(place) }));
  const outages: number[] = [];
  for (const length of OUTAGES) outages.push(await share((at) => [{ at, until: at + length, action: lose }]));
  return {
    tuning,
    window: detectionWindowOf(policyOf(tuning), scenarioOf(tuning, 8, [])),
    detection: (await times((at) => [{ at, action: lose }])).toSorted((a, b) => a - b),
    outages,
    ownLink: await share(linksCut),
    bothLinks: await share((at) => [
      ...linksCut(at),
      { at, until: at + CUT, action: { kind: 'severReplication', region: 'secondary' } },
    ]),
  };
}

const seconds = (milliseconds: number): string =>
  Number.isFinite(milliseconds) ? `${Math.round(milliseconds / SECOND)} s` : 'never';
const percent = (part: number): string => `${Math.round(part * 100)} %`;

/** The figures as a table of Markdown. */
export function renderTuning(figures: readonly TuningFigures[]): string {
  const header = [
    'configuration',
    'window',
    'detected, median',
    'detected, longest',
    ...OUTAGES.map((length) => `outage of ${seconds(length)}`),
    'own link cut',
    'both links cut',
  ];
  const rows = figures.map(({ tuning, window, detection, outages, ownLink, bothLinks }) => [
    tuning.name,
    seconds(window),
    seconds(detection[Math.floor(detection.length / 2)] ?? NaN),
    seconds(detection.at(-1) ?? NaN),
    ...outages.map(percent),
    percent(ownLink),
    percent(bothLinks),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
