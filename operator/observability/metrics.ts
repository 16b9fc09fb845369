import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../runtime/clock.ts';
import {
  type DrillMode,
  type DrillResult,
  type OperationType,
  type PolicyKey,
  PolicyMetrics,
  type PolicySample,
} from './policy-metrics.ts';
import { RuntimeMetrics } from './runtime-metrics.ts';

/** An operation that came to its end. */
export interface CompletedOperation {
  readonly type: OperationType;
  readonly trigger: 'Automatic' | 'Annotation' | 'Failback' | 'Drill' | 'External';
  readonly outcome: 'Succeeded' | 'Failed' | 'TimedOut' | 'Cancelled';
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
  /** `answered`, or what came instead: `timeout`, `throttled`, `denied`, … From a small set: it becomes a label. */
  readonly result: string;
  readonly durationMilliseconds?: number;
}

/** One notification at one topic. */
export interface NotificationCount {
  readonly region: string;
  readonly kind: string;
  readonly result: 'delivered' | 'failed' | 'dropped';
}

export interface OperatorMetricsProps {
  readonly clock: Pick<Clock, 'now'>;
  /** Shown as a label of `aurora_dr_build_info`. */
  readonly version: string;
  /** Node's own figures: event loop, heap, garbage collection. @default true */
  readonly isProcessIncluded?: boolean;
}

const operationLabels = ['type', 'trigger', 'outcome'] as const;
/** Seconds: detection is seconds to minutes, a recovery up to the longest timeout. */
const operationBuckets = [1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1800, 3600];

/** Every metric of the operator, in a registry of its own. The only place that knows metric names. */
export class OperatorMetrics {
  /** What controllers, queues, reflectors and the client of the API server report to. */
  readonly runtime: RuntimeMetrics;
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

  constructor(props: OperatorMetricsProps) {
    const registers = [this.#registry];
    if (props.isProcessIncluded ?? true) collectDefaultMetrics({ register: this.#registry });
    this.runtime = new RuntimeMetrics(this.#registry);
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
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30],
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
  }

  /** Content type of {@link OperatorMetrics.render}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything, in Prometheus's text format. */
  render(): Promise<string> {
    return this.#registry.metrics();
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

  countNotification({ region, kind, result }: NotificationCount): void {
    this.#notifications.inc({ region, kind, result });
  }

  /** @param result whether they are in the decision log's files, or never will be */
  countDecisionRecords(result: 'written' | 'lost', records: number): void {
    this.#decisionRecords.inc({ result }, records);
  }
}
