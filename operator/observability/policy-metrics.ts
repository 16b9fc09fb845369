import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../runtime/clock.ts';

/** A policy by its labels. */
export interface PolicyKey {
  readonly namespace: string;
  readonly name: string;
}

export type SignalState = 'Passing' | 'Failing' | 'Unknown';
export type OperationType = 'Failover' | 'Switchover';

/** The newest lag sample of one secondary. */
export interface LagFigure {
  readonly region: string;
  readonly lagMilliseconds: number;
  /** End of the sample's period, milliseconds since the epoch. */
  readonly sampleTime: number;
}

export type DrillMode = 'Simulate' | 'Switchover';
export type DrillResult = 'Succeeded' | 'Failed' | 'Missed';

/** The newest drill that ended or was missed; times in milliseconds since the epoch. */
export interface DrillFigures {
  readonly mode: DrillMode;
  readonly result: DrillResult;
  readonly completedAt: number;
  /** Of this or an earlier drill; absent when none ever succeeded. */
  readonly lastSucceededAt?: number;
  readonly thereMilliseconds?: number;
  readonly backMilliseconds?: number;
}

/** The operation in flight. */
export interface OperationFigures {
  readonly type: OperationType;
  /** `Accepted`, `Promoting`, … as in `status.operation.step`. */
  readonly step: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** The newest operation that came to its end; times in milliseconds since the epoch. */
export interface LastOperationFigures {
  readonly type: OperationType;
  readonly trigger: string;
  readonly outcome: string;
  readonly detectedAt?: number;
  readonly startedAt: number;
  readonly promotedAt?: number;
  readonly publishedAt?: number;
  readonly completedAt: number;
  readonly recoveryMilliseconds?: number;
}

/** What the spec asks for, in milliseconds. */
export interface ObjectiveFigures {
  readonly recoveryTimeMilliseconds: number;
  readonly recoveryPointMilliseconds: number;
  /** Absent where no drills are configured. */
  readonly drillMaximumAgeMilliseconds?: number;
  /** How long a real loss takes to be acted on; absent when the listed signals can never make a quorum. */
  readonly detectionWindowMilliseconds?: number;
}

/** What is known about a policy now. Replaces everything that was known about it before. */
export interface PolicySample {
  /** When the policy was created, milliseconds since the epoch. */
  readonly createdAt: number;
  readonly phase: string;
  /** Absent while unknown. */
  readonly primaryRegion?: string;
  /** Condition `Ready`. */
  readonly isReady: boolean;
  /** Condition `FailoverReady`, with its reason. */
  readonly failoverReady: { readonly isTrue: boolean; readonly reason: string };
  /** Condition `SplitBrainRisk`. */
  readonly hasSplitBrainRisk: boolean;
  /** Condition `EndpointPublished`; true as well where nothing is to be published. */
  readonly isEndpointPublished: boolean;
  /** Condition `ResourceDrift`; absent where it was never looked at. */
  readonly hasResourceDrift?: boolean;
  readonly isSuspended: boolean;
  /** Old primaries whose volume is not kept yet. */
  readonly rescueSnapshotsPending: number;
  /** Secondaries without any sample are left out: no data is not a lag of zero. */
  readonly lag: readonly LagFigure[];
  readonly signals: readonly { readonly name: string; readonly state: SignalState }[];
  /** Since when an operation or a loss is at hand, milliseconds since the epoch; absent when neither is. */
  readonly recoveryBegan?: number;
  /** Absent when none is in flight. */
  readonly operation?: OperationFigures;
  /** Absent before the first. */
  readonly lastOperation?: LastOperationFigures;
  /** Milliseconds since the epoch; absent without a cooldown. */
  readonly cooldownUntil?: number;
  /** Absent before the first drill. */
  readonly lastDrill?: DrillFigures;
  /** Of the operation in flight, else of the last one; absent when unknown. */
  readonly estimatedDataLossMilliseconds?: number;
  /** Of the same operation: lag and age of its sample; absent when unknown. */
  readonly worstCaseDataLossMilliseconds?: number;
  readonly objectives: ObjectiveFigures;
}

type Labels = Record<string, string>;
/** One value of a gauge. */
type Point = readonly [labels: Labels, value: number];

/** What is read of a policy for one gauge. */
type ReadPoints = (s: PolicySample, judgedAt: number) => Point[];

type AddGauge = (name: string, help: string, labels: readonly string[], points: ReadPoints) => void;

const policyLabels = ['namespace', 'name'] as const;
const signalStates: readonly SignalState[] = ['Passing', 'Failing', 'Unknown'];
export const drillResults: readonly DrillResult[] = ['Succeeded', 'Failed', 'Missed'];
const operationTypes: readonly OperationType[] = ['Failover', 'Switchover'];

const inSeconds = (milliseconds: number | undefined): number | undefined =>
  milliseconds === undefined ? undefined : milliseconds / 1000;

/** One value, or no series at all: what is unknown is not zero. */
function optional(labels: Labels, value: number | boolean | undefined): Point[] {
  return value === undefined ? [] : [[labels, Number(value)]];
}

function momentsOf({ type, trigger, outcome, ...moments }: LastOperationFigures): Point[] {
  const { detectedAt, startedAt, promotedAt, publishedAt, completedAt } = moments;
  return Object.entries({
    detected: detectedAt,
    started: startedAt,
    promoted: promotedAt,
    published: publishedAt,
    completed: completedAt,
  }).flatMap(([moment, at]) => optional({ type, trigger, outcome, moment }, inSeconds(at)));
}

/** Policies whose lines are made in one go: a few milliseconds of the event loop at most. */
const POLICIES_AT_A_TIME = 250;

interface Observed {
  /** How each of its lines begins, up to the labels of its own. */
  readonly labels: string;
  readonly sample: PolicySample;
  readonly judgedAt: number;
}

/** As the text format has label values: https://prometheus.io/docs/instrumenting/exposition_formats/ */
const escaped = (value: string): string =>
  value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('"', String.raw`\"`);

/**
 * The gauges of each policy. They are made from the samples at every scrape, so that ages are those of the scrape, and a
 * policy that is gone, a region or a signal that is no longer configured leaves nothing behind. Their text is made here,
 * piece by piece: prom-client would first gather every series of a gauge in a map, which holds up the event loop for
 * hundreds of milliseconds at ten thousand policies.
 */
export class PolicyMetrics {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #samples = new Map<string, Observed>();
  /** By metric name. */
  readonly #points = new Map<string, ReadPoints>();

  constructor(registry: Registry, clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    const gauge: AddGauge = (suffix, help, labels, points) => {
      const name = `aurora_dr_${suffix}`;
      this.#points.set(name, points);
      // Registered so that names cannot clash and the reference lists it; it holds no series.
      new Gauge({ name, help, labelNames: [...policyLabels, ...labels], registers: [registry] });
    };
    gauge('created_timestamp_seconds', 'When the policy was created, Unix time', [], (s) => [[{}, s.createdAt / 1000]]);
    gauge('protected', '1 when the policy is in phase Protected', [], (s) => [[{}, Number(s.phase === 'Protected')]]);
    gauge('phase', '1 for the phase that the policy is in; other phases have no series', ['phase'], (s) => [
      [{ phase: s.phase }, 1],
    ]);
    gauge('primary', '1 for the region of the writer; other regions have no series', ['region'], (s) =>
      s.primaryRegion === undefined ? [] : [[{ region: s.primaryRegion }, 1]],
    );
    gauge(
      'failover_ready',
      '1 when condition FailoverReady is true; the reason says why or why not',
      ['reason'],
      (s) => [[{ reason: s.failoverReady.reason }, Number(s.failoverReady.isTrue)]],
    );
    this.#addConditions(gauge);
    gauge('rescue_snapshots_pending', 'Old primaries whose volume is not kept as a manual snapshot yet', [], (s) => [
      [{}, s.rescueSnapshotsPending],
    ]);
    gauge('replication_lag_seconds', 'Lag of the newest sample, by secondary region', ['region'], (s) =>
      s.lag.map(({ region, lagMilliseconds }) => [{ region }, lagMilliseconds / 1000]),
    );
    gauge('lag_sample_age_seconds', 'Time since the end of the newest lag sample', ['region'], (s) =>
      s.lag.map(({ region, sampleTime }) => [{ region }, Math.max(0, clock.now() - sampleTime) / 1000]),
    );
    gauge('signal_state', '1 for the state that the signal is in, else 0', ['signal', 'state'], (s) =>
      s.signals.flatMap((signal) =>
        signalStates.map((state): Point => [{ signal: signal.name, state }, Number(signal.state === state)]),
      ),
    );
    gauge('cooldown_remaining_seconds', 'Until automation may act again; 0 without a cooldown', [], (s) => [
      [{}, Math.max(0, (s.cooldownUntil ?? 0) - clock.now()) / 1000],
    ]);
    gauge('recovery_duration_seconds', 'How long the loss or the operation at hand lasts; 0 without one', [], (s) => [
      [{}, s.recoveryBegan === undefined ? 0 : Math.max(0, clock.now() - s.recoveryBegan) / 1000],
    ]);
    this.#addDrills(gauge, clock);
    this.#addOperations(gauge, clock);
    this.#addObjectives(gauge);
    gauge('judged_age_seconds', 'Time since the operator last judged a round of the policy', [], (_s, judgedAt) => [
      [{}, Math.max(0, clock.now() - judgedAt) / 1000],
    ]);
  }

  #addConditions(gauge: AddGauge): void {
    const condition = (name: string, help: string, read: (s: PolicySample) => boolean | undefined): void =>
      gauge(name, help, [], (s) => optional({}, read(s)));
    condition('ready', '1 when condition Ready is true', (s) => s.isReady);
    condition('split_brain_risk', '1 when two writers may have taken writes', (s) => s.hasSplitBrainRisk);
    condition(
      'endpoint_published',
      '1 when clients are sent to the present writer, or nothing is to be published',
      (s) => s.isEndpointPublished,
    );
    condition(
      'resource_drift',
      '1 when Crossplane declares other roles than AWS shows; absent where nobody looked',
      (s) => s.hasResourceDrift,
    );
    condition('suspended', '1 when spec.suspend is true', (s) => s.isSuspended);
  }

  #addOperations(gauge: AddGauge, clock: Pick<Clock, 'now'>): void {
    gauge('operation_in_flight', '1 while an operation of that type is in flight', ['type'], (s) =>
      operationTypes.map((type) => [{ type }, Number(s.operation?.type === type)]),
    );
    gauge('operation_age_seconds', 'Time since the operation in flight was accepted', ['type', 'step'], (s) =>
      s.operation === undefined
        ? []
        : [
            [
              { type: s.operation.type, step: s.operation.step },
              Math.max(0, clock.now() - s.operation.startedAt) / 1000,
            ],
          ],
    );
    gauge(
      'last_operation_timestamp_seconds',
      'When the newest operation that ended was detected, started, promoted, published and completed; Unix time',
      ['type', 'trigger', 'outcome', 'moment'],
      ({ lastOperation: last }) => (last === undefined ? [] : momentsOf(last)),
    );
    gauge('last_recovery_seconds', 'Recovery time of the newest operation, where it succeeded', ['type'], (s) =>
      optional({ type: s.lastOperation?.type ?? '' }, inSeconds(s.lastOperation?.recoveryMilliseconds)),
    );
    gauge('estimated_data_loss_seconds', 'Estimate for the operation in flight, else for the last one', [], (s) =>
      optional({}, inSeconds(s.estimatedDataLossMilliseconds)),
    );
    gauge('worst_case_data_loss_seconds', 'The same with the age of the lag sample: never less', [], (s) =>
      optional({}, inSeconds(s.worstCaseDataLossMilliseconds)),
    );
  }

  #addObjectives(gauge: AddGauge): void {
    const objective = (name: string, help: string, read: (objectives: ObjectiveFigures) => number | undefined): void =>
      gauge(name, help, [], (s) => optional({}, inSeconds(read(s.objectives))));
    objective('recovery_time_objective_seconds', 'spec.objectives.recoveryTime', (o) => o.recoveryTimeMilliseconds);
    objective('recovery_point_objective_seconds', 'spec.objectives.recoveryPoint', (o) => o.recoveryPointMilliseconds);
    objective(
      'drill_maximum_age_seconds',
      'spec.drill.maximumAge, where drills are configured',
      (o) => o.drillMaximumAgeMilliseconds,
    );
    objective(
      'detection_window_seconds',
      'How long a real loss takes to be acted on; absent when the signals can make no quorum',
      (o) => o.detectionWindowMilliseconds,
    );
  }

  #addDrills(gauge: AddGauge, clock: Pick<Clock, 'now'>): void {
    gauge('last_drill_result', '1 for the result of the newest drill, else 0', ['mode', 'result'], ({ lastDrill }) =>
      lastDrill === undefined
        ? []
        : drillResults.map((result) => [{ mode: lastDrill.mode, result }, Number(lastDrill.result === result)]),
    );
    gauge('last_drill_age_seconds', 'Time since the newest drill ended or was missed', [], ({ lastDrill }) =>
      lastDrill === undefined ? [] : [[{}, Math.max(0, clock.now() - lastDrill.completedAt) / 1000]],
    );
    gauge('last_successful_drill_age_seconds', 'Time since a drill succeeded last', [], ({ lastDrill }) =>
      lastDrill?.lastSucceededAt === undefined
        ? []
        : [[{}, Math.max(0, clock.now() - lastDrill.lastSucceededAt) / 1000]],
    );
    gauge('last_drill_duration_seconds', 'Switchovers of the newest drill, by leg', ['leg'], ({ lastDrill }) =>
      (
        [
          ['there', lastDrill?.thereMilliseconds],
          ['back', lastDrill?.backMilliseconds],
        ] as const
      ).flatMap(([leg, milliseconds]): Point[] => (milliseconds === undefined ? [] : [[{ leg }, milliseconds / 1000]])),
    );
  }

  observe(key: PolicyKey, sample: PolicySample): void {
    const id = `${key.namespace}/${key.name}`;
    const labels =
      this.#samples.get(id)?.labels ?? `{namespace="${escaped(key.namespace)}",name="${escaped(key.name)}"`;
    this.#samples.set(id, { labels, sample, judgedAt: this.#clock.now() });
  }

  remove(key: PolicyKey): void {
    this.#samples.delete(`${key.namespace}/${key.name}`);
  }

  /** Whether the metric is one of these. */
  has(name: string): boolean {
    return this.#points.has(name);
  }

  /** The lines of all policies' series of one metric, some policies at a time. */
  *lines(name: string): Generator<string> {
    const points = this.#points.get(name);
    if (points === undefined) return;
    let text = '';
    let count = 0;
    for (const { labels, sample, judgedAt } of this.#samples.values()) {
      for (const [own, value] of points(sample, judgedAt)) text += `${name}${labels}${labelsOf(own)}} ${value}\n`;
      count += 1;
      if (count % POLICIES_AT_A_TIME === 0) {
        yield text;
        text = '';
      }
    }
    yield text;
  }
}

function labelsOf(labels: Labels): string {
  let text = '';
  for (const label in labels) text += `,${label}="${escaped(labels[label] ?? '')}"`;
  return text;
}
