import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../runtime/clock.ts';
import {
  drillResults,
  type DrillMode,
  type DrillResult,
  type OperationType,
  type PolicyKey,
  PolicyMetrics,
  type PolicySample,
} from './policy-metrics.ts';
import { RuntimeMetrics } from './runtime-metrics.ts';
import { ShardMetrics } from './shard-metrics.ts';

/** An operation that came to its end. */
export interface CompletedOperation {
  readonly type: OperationType;
  readonly trigger: (typeof operationTriggers)[number];
  readonly outcome: (typeof operationOutcomes)[number];
  /** From the first failing round to the decision; absent where nothing was detected. */
  readonly detectionMilliseconds?: number;
  /** From the first failing round, else from the request, to the proven end; absent unless it succeeded. */
  readonly recoveryMilliseconds?: number;
}

/** One call to AWS. */
export interface AwsCall {
  readonly region: string;
  /** The API's action, for instance `DescribeGlobalClusters`. */
  readonly action: string;
  /** `answered`, or what came instead: `fault`, `timeout`, `throttled`, … From a small set: it becomes a label. */
  readonly result: string;
  readonly durationMilliseconds?: number;
}

/** A round of observation of one policy, from its first question to its last answer. */
export interface RoundFigures {
  /** Local trouble (an event loop that was late, a clock that jumped) touched it: it counts for nothing. */
  readonly isDisturbed: boolean;
  readonly durationMilliseconds: number;
}

/** One look at a writer's endpoint or at a witness. */
export interface ProbeFigures {
  readonly kind: 'endpoint' | 'witness' | 'lag';
  /** As in {@link AwsCall}. */
  readonly result: string;
}

/** One notification at one topic. */
export interface NotificationCount {
  readonly region: string;
  readonly kind: string;
  readonly result: 'delivered' | 'failed' | 'dropped';
}

/** A metric, without its series. */
export interface MetricDescription {
  readonly name: string;
  /** `counter`, `gauge` or `histogram`. */
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds; of histograms alone. */
  readonly buckets?: readonly number[];
}

/** Role changes of one account, by the call that they need. */
export interface RoleChangeFigures {
  readonly region: string;
  readonly action: string;
  /** Calls that wait for their turn. */
  readonly waiting: number;
  /** Calls that could be made at once. */
  readonly tokens: number;
  readonly perSecond: number;
}

export interface OperatorMetricsProps {
  readonly clock: Pick<Clock, 'now'>;
  /** Shown as a label of `aurora_dr_build_info`. */
  readonly version: string;
  /** Node's own figures: event loop, heap, garbage collection. @default true */
  readonly isProcessIncluded?: boolean;
}

/** Seconds: a call within a region is milliseconds, timeouts are seconds. */
const callBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30];
const operationTypes = ['Failover', 'Switchover'] as const;
const operationTriggers = ['Automatic', 'Annotation', 'Failback', 'Drill', 'External'] as const;
const operationOutcomes = ['Succeeded', 'Failed', 'TimedOut', 'Cancelled'] as const;
const drillModes: readonly DrillMode[] = ['Simulate', 'Switchover'];
const operationLabels = ['type', 'trigger', 'outcome'] as const;
/** Seconds: detection is seconds to minutes, a recovery up to the longest timeout. */
const operationBuckets = [1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1800, 3600];

const othersTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Every metric of the operator, in a registry of its own. The only place that knows metric names. */
export class OperatorMetrics {
  /** What controllers, queues, reflectors and the client of the API server report to. */
  readonly runtime: RuntimeMetrics;
  /** What sharding reports to. */
  readonly shards: ShardMetrics;
  readonly #registry = new Registry();
  readonly #policies: PolicyMetrics;
  readonly #operations;
  readonly #detection;
  readonly #recovery;
  readonly #drills;
  readonly #awsCalls;
  readonly #awsDuration;
  readonly #notifications;
  readonly #decisionRecords;
  readonly #rounds;
  readonly #roundDuration;
  readonly #probes;
  readonly #eventsLost;
  readonly #spans;
  #roleChanges: () => readonly RoleChangeFigures[] = () => [];

  constructor(props: OperatorMetricsProps) {
    const registers = [this.#registry];
    if (props.isProcessIncluded ?? true) collectDefaultMetrics({ register: this.#registry });
    this.runtime = new RuntimeMetrics(this.#registry);
    this.shards = new ShardMetrics(this.#registry);
    this.#policies = new PolicyMetrics(this.#registry, props.clock);
    new Gauge({
      name: 'aurora_dr_build_info',
      help: 'Always 1; the version is in the label',
      labelNames: ['version'],
      registers,
    }).set({ version: props.version }, 1);
    this.#operations = new Counter({
      name: 'aurora_dr_operations_total',
      help: 'Operations that came to their end, by type, trigger and outcome',
      labelNames: operationLabels,
      registers,
    });
    this.#detection = new Histogram({
      name: 'aurora_dr_detection_seconds',
      help: 'From the first failing round to the decision',
      labelNames: ['type'],
      buckets: operationBuckets,
      registers,
    });
    this.#recovery = new Histogram({
      name: 'aurora_dr_recovery_seconds',
      help: 'From the first failing round, else from the request, to the published writer',
      labelNames: ['type'],
      buckets: operationBuckets,
      registers,
    });
    this.#drills = new Counter({
      name: 'aurora_dr_drills_total',
      help: 'Drills that ended or were missed, by mode and result',
      labelNames: ['mode', 'result'],
      registers,
    });
    this.#awsCalls = new Counter({
      name: 'aurora_dr_aws_calls_total',
      help: 'Calls to AWS by region, action and result',
      labelNames: ['region', 'action', 'result'],
      registers,
    });
    this.#awsDuration = new Histogram({
      name: 'aurora_dr_aws_call_duration_seconds',
      help: 'Duration of calls to AWS by region and action',
      labelNames: ['region', 'action'],
      buckets: callBuckets,
      registers,
    });
    this.#notifications = new Counter({
      name: 'aurora_dr_notifications_total',
      help: 'Notifications to SNS topics by region, kind and result',
      labelNames: ['region', 'kind', 'result'],
      registers,
    });
    this.#decisionRecords = new Counter({
      name: 'aurora_dr_decision_records_total',
      help: 'Records of the decision log by result: what is lost cannot be replayed',
      labelNames: ['result'],
      registers,
    });
    this.#rounds = new Counter({
      name: 'aurora_dr_rounds_total',
      help: 'Rounds of observation by result: what local trouble disturbed or lost counts for nothing, what was skipped is left out while the process is behind',
      labelNames: ['result'],
      registers,
    });
    this.#roundDuration = new Histogram({
      name: 'aurora_dr_round_duration_seconds',
      help: 'From the first question of a round to its last answer',
      buckets: callBuckets,
      registers,
    });
    this.#probes = new Counter({
      name: 'aurora_dr_probes_total',
      help: 'Looks at endpoints of writers, at witnesses and by SQL at secondaries, by kind and result',
      labelNames: ['kind', 'result'],
      registers,
    });
    this.#eventsLost = new Counter({
      name: 'aurora_dr_events_lost_total',
      help: 'Kubernetes events that could not be written',
      registers,
    });
    this.#spans = new Counter({
      name: 'aurora_dr_spans_total',
      help: 'Spans by result: sent to the collector, or lost; absent without tracing',
      labelNames: ['result'],
      registers,
    });
    this.#registerRoleChanges();
    this.#startAtZero();
  }

  #registerRoleChanges(): void {
    const figures = (): readonly RoleChangeFigures[] => this.#roleChanges();
    const gauge = (
      name: string,
      help: string,
      figure: (lane: RoleChangeFigures) => number,
      combine: (one: number, other: number) => number,
    ): void => {
      new Gauge({
        name,
        help,
        labelNames: ['region', 'action'],
        registers: [this.#registry],
        collect() {
          this.reset();
          const values = new Map<string, [RoleChangeFigures, number]>();
          for (const lane of figures()) {
            const key = `${lane.region} ${lane.action}`;
            const known = values.get(key)?.[1];
            values.set(key, [lane, known === undefined ? figure(lane) : combine(known, figure(lane))]);
          }
          for (const [{ region, action }, value] of values.values()) this.set({ region, action }, value);
        },
      });
    };
    gauge(
      'aurora_dr_role_changes_waiting',
      'Role changes that are due and wait until AWS takes them, by region and action; absent where none was ever due',
      ({ waiting }) => waiting,
      (one, other) => one + other,
    );
    gauge(
      'aurora_dr_role_change_tokens',
      'Role changes that could go to AWS at once, by region and action; of several accounts the least',
      ({ tokens }) => tokens,
      Math.min,
    );
    gauge(
      'aurora_dr_role_changes_per_second',
      'How fast role changes may go to AWS at present: below what is configured after throttling; of several accounts the least',
      ({ perSecond }) => perSecond,
      Math.min,
    );
  }

  /** From the start at zero, so that an increase is seen at the first of them. */
  #startAtZero(): void {
    for (const type of operationTypes) {
      this.#detection.zero({ type });
      this.#recovery.zero({ type });
      for (const trigger of operationTriggers) {
        for (const outcome of operationOutcomes) this.#operations.inc({ type, trigger, outcome }, 0);
      }
    }
    for (const mode of drillModes) {
      for (const result of drillResults) this.#drills.inc({ mode, result }, 0);
    }
    for (const result of ['completed', 'disturbed', 'lost', 'skipped']) this.#rounds.inc({ result }, 0);
    for (const result of ['written', 'lost']) this.#decisionRecords.inc({ result }, 0);
  }

  /** Content type of {@link OperatorMetrics.pieces}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /**
   * Everything, in Prometheus's text format, piece by piece, with a turn for everybody else in between: with thousands of
   * policies the whole would hold up the event loop for seconds, and rounds of observation with it, and take its tens of
   * megabytes at once.
   */
  async *pieces(): AsyncGenerator<string> {
    for (const { name } of this.#registry.getMetricsAsArray()) {
      yield `${await this.#registry.getSingleMetricAsString(name)}\n`;
      await othersTurn();
      if (!this.#policies.has(name)) continue;
      for (const lines of this.#policies.lines(name)) {
        yield lines;
        await othersTurn();
      }
    }
  }

  /** All pieces in one. */
  async render(): Promise<string> {
    let text = '';
    for await (const piece of this.pieces()) text += piece;
    return text;
  }

  /** Every metric that there can be, in the order of {@link OperatorMetrics.pieces}, whether or not it has series. */
  async describe(): Promise<readonly MetricDescription[]> {
    const types = new Map((await this.#registry.getMetricsAsJSON()).map(({ name, type }) => [name, String(type)]));
    // What prom-client's types do not show of its own objects.
    const metrics = this.#registry.getMetricsAsArray() as unknown as readonly {
      readonly name: string;
      readonly help: string;
      readonly labelNames?: readonly string[];
      readonly upperBounds?: readonly number[];
    }[];
    return metrics.map(({ name, help, labelNames = [], upperBounds }) => ({
      name,
      type: types.get(name) ?? 'untyped',
      help,
      labels: labelNames.filter((label) => label !== 'le'),
      ...(upperBounds === undefined ? {} : { buckets: upperBounds }),
    }));
  }

  observePolicy(key: PolicyKey, sample: PolicySample): void {
    this.#policies.observe(key, sample);
  }

  /** The policy is gone, and so are its series. */
  removePolicy(key: PolicyKey): void {
    this.#policies.remove(key);
  }

  /** Without the policy as a label: who needs to know which one reads its history. */
  countOperation({ type, trigger, outcome, ...durations }: CompletedOperation): void {
    this.#operations.inc({ type, trigger, outcome });
    const { detectionMilliseconds, recoveryMilliseconds } = durations;
    if (detectionMilliseconds !== undefined) this.#detection.observe({ type }, detectionMilliseconds / 1000);
    if (recoveryMilliseconds !== undefined) this.#recovery.observe({ type }, recoveryMilliseconds / 1000);
  }

  countDrill({ mode, result }: { readonly mode: DrillMode; readonly result: DrillResult }): void {
    this.#drills.inc({ mode, result });
  }

  countAwsCall({ region, action, result, durationMilliseconds }: AwsCall): void {
    this.#awsCalls.inc({ region, action, result });
    if (durationMilliseconds !== undefined) this.#awsDuration.observe({ region, action }, durationMilliseconds / 1000);
  }

  countRound({ isDisturbed, durationMilliseconds }: RoundFigures): void {
    this.#rounds.inc({ result: isDisturbed ? 'disturbed' : 'completed' });
    this.#roundDuration.observe(durationMilliseconds / 1000);
  }

  /** A consumer of the round failed: nothing was made of it. */
  countLostRound(): void {
    this.#rounds.inc({ result: 'lost' });
  }

  /** The process is behind with its work: it looks at what seems to be well less often. */
  countSkippedRound(): void {
    this.#rounds.inc({ result: 'skipped' });
  }

  countProbe({ kind, result }: ProbeFigures): void {
    this.#probes.inc({ kind, result });
  }

  /** @param figures of each account, region and action; asked at every scrape */
  trackRoleChanges(figures: () => readonly RoleChangeFigures[]): void {
    this.#roleChanges = figures;
  }

  countLostEvent(): void {
    this.#eventsLost.inc();
  }

  countSpans(result: 'sent' | 'lost', spans: number): void {
    this.#spans.inc({ result }, spans);
  }

  countNotification({ region, kind, result }: NotificationCount): void {
    this.#notifications.inc({ region, kind, result });
  }

  /** @param result whether they are in the decision log's files, or never will be */
  countDecisionRecords(result: 'written' | 'lost', records: number): void {
    this.#decisionRecords.inc({ result }, records);
  }
}
