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

/** What is known about a policy now. Replaces everything that was known about it before. */
export interface PolicySample {
  /** Phase `Protected`. */
  readonly isProtected: boolean;
  /** Condition `FailoverReady`. */
  readonly isFailoverReady: boolean;
  /** Condition `SplitBrainRisk`. */
  readonly hasSplitBrainRisk: boolean;
  /** Old primaries whose volume is not kept yet. */
  readonly rescueSnapshotsPending: number;
  /** Secondaries without any sample are left out: no data is not a lag of zero. */
  readonly lag: readonly LagFigure[];
  readonly signals: readonly { readonly name: string; readonly state: SignalState }[];
  /** Since when an operation or a loss is at hand, milliseconds since the epoch; absent when neither is. */
  readonly recoveryBegan?: number;
  /** `objectives.recoveryTime`. */
  readonly recoveryTimeMilliseconds: number;
  /** Absent when none is in flight. */
  readonly operationInFlight?: OperationType;
  /** Milliseconds since the epoch; absent without a cooldown. */
  readonly cooldownUntil?: number;
  /** Absent before the first drill. */
  readonly lastDrill?: DrillFigures;
  /** Of the operation in flight, else of the last one; absent when unknown. */
  readonly estimatedDataLossMilliseconds?: number;
}

type Labels = Record<string, string>;
/** One value of a gauge. */
type Point = readonly [labels: Labels, value: number];

type AddGauge = (name: string, help: string, labels: readonly string[], points: (s: PolicySample) => Point[]) => void;

const policyLabels = ['namespace', 'name'] as const;
const signalStates: readonly SignalState[] = ['Passing', 'Failing', 'Unknown'];
const drillResults: readonly DrillResult[] = ['Succeeded', 'Failed', 'Missed'];
const operationTypes: readonly OperationType[] = ['Failover', 'Switchover'];

/**
 * The gauges of each policy. They are made from the samples at every scrape, so that ages are those of the scrape, and a
 * policy that is gone, a region or a signal that is no longer configured leaves nothing behind.
 */
export class PolicyMetrics {
  readonly #samples = new Map<string, { readonly key: PolicyKey; readonly sample: PolicySample }>();

  constructor(registry: Registry, clock: Pick<Clock, 'now'>) {
    const gauge: AddGauge = (name, help, labels, points) => {
      const samples = this.#samples;
      new Gauge({
        name: `aurora_dr_${name}`,
        help,
        labelNames: [...policyLabels, ...labels],
        registers: [registry],
        collect() {
          this.reset();
          for (const { key, sample } of samples.values()) {
            for (const [own, value] of points(sample))
              this.set({ namespace: key.namespace, name: key.name, ...own }, value);
          }
        },
      });
    };
    gauge('protected', '1 when the policy is in phase Protected', [], (s) => [[{}, Number(s.isProtected)]]);
    gauge('failover_ready', '1 when condition FailoverReady is true', [], (s) => [[{}, Number(s.isFailoverReady)]]);
    gauge('split_brain_risk', '1 when two writers may have taken writes', [], (s) => [
      [{}, Number(s.hasSplitBrainRisk)],
    ]);
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
    gauge('operation_in_flight', '1 while an operation of that type is in flight', ['type'], (s) =>
      operationTypes.map((type) => [{ type }, Number(s.operationInFlight === type)]),
    );
    gauge('cooldown_remaining_seconds', 'Until automation may act again; 0 without a cooldown', [], (s) => [
      [{}, Math.max(0, (s.cooldownUntil ?? 0) - clock.now()) / 1000],
    ]);
    gauge('recovery_duration_seconds', 'How long the loss or the operation at hand lasts; 0 without one', [], (s) => [
      [{}, s.recoveryBegan === undefined ? 0 : Math.max(0, clock.now() - s.recoveryBegan) / 1000],
    ]);
    gauge('recovery_time_objective_seconds', 'objectives.recoveryTime of the policy', [], (s) => [
      [{}, s.recoveryTimeMilliseconds / 1000],
    ]);
    this.#addDrills(gauge, clock);
    gauge('estimated_data_loss_seconds', 'Estimate for the operation in flight, else for the last one', [], (s) =>
      s.estimatedDataLossMilliseconds === undefined ? [] : [[{}, s.estimatedDataLossMilliseconds / 1000]],
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
    this.#samples.set(`${key.namespace}/${key.name}`, { key, sample });
  }

  remove(key: PolicyKey): void {
    this.#samples.delete(`${key.namespace}/${key.name}`);
  }
}
