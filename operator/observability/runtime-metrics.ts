import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ControllerListener } from '../runtime/controller.ts';
import type { ReflectorListener } from '../runtime/reflector.ts';
import type { WorkQueueListener } from '../runtime/work-queue.ts';

/** Live figures of a work queue, read at every scrape. */
export interface WorkQueueFigures {
  readonly unfinishedWorkMilliseconds: number;
  readonly longestRunningMilliseconds: number;
}

/** controller-runtime's buckets, in seconds, so that its dashboards read the same. */
const reconcileBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
/** client-go's: ten nanoseconds to a thousand seconds, ten times each. */
const queueBuckets = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000];
const queueLabels = ['name', 'controller'] as const;
const reconcileResults = ['success', 'error', 'requeue', 'requeue_after'] as const;

/**
 * What runtime/ does, under the names and labels of controller-runtime (pkg/metrics, pkg/internal/controller/metrics)
 * and client-go: existing dashboards and alerts understand them.
 */
export class RuntimeMetrics {
  readonly #reconciles;
  readonly #reconcileErrors;
  readonly #terminalErrors;
  readonly #reconcileTime;
  readonly #activeWorkers;
  readonly #withoutWorker;
  readonly #maxWorkers;
  readonly #depth;
  readonly #adds;
  readonly #queueDuration;
  readonly #workDuration;
  readonly #retries;
  readonly #restRequests;
  readonly #reflectorLists;
  readonly #reflectorWatches;
  readonly #reflectorErrors;
  readonly #leader;
  readonly #leaderStatus;
  readonly #queues = new Map<string, WorkQueueFigures>();
  readonly #watches = new Map<string, () => number>();

  constructor(registry: Registry) {
    const registers = [registry];
    const controller = ['controller'] as const;
    this.#reconciles = new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Reconciles by controller and result',
      labelNames: ['controller', 'result'],
      registers,
    });
    this.#reconcileErrors = new Counter({
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Reconciles that ended with an error, by controller',
      labelNames: controller,
      registers,
    });
    this.#terminalErrors = new Counter({
      name: 'controller_runtime_terminal_reconcile_errors_total',
      help: 'Reconciles that ended with an error that is not retried, by controller',
      labelNames: controller,
      registers,
    });
    this.#reconcileTime = new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'Duration of a reconcile, by controller',
      labelNames: controller,
      buckets: reconcileBuckets,
      registers,
    });
    this.#activeWorkers = new Gauge({
      name: 'controller_runtime_active_workers',
      help: 'Workers that reconcile now, by controller',
      labelNames: controller,
      registers,
    });
    this.#withoutWorker = new Gauge({
      name: 'aurora_dr_reconciles_without_worker',
      help: 'Reconciles that wait for AWS and have given their worker back, by controller',
      labelNames: controller,
      registers,
    });
    this.#maxWorkers = new Gauge({
      name: 'controller_runtime_max_concurrent_reconciles',
      help: 'Workers there are, by controller',
      labelNames: controller,
      registers,
    });
    this.#depth = new Gauge({
      name: 'workqueue_depth',
      help: 'Keys that wait for a worker, by work queue',
      labelNames: [...queueLabels, 'priority'],
      registers,
    });
    this.#adds = new Counter({
      name: 'workqueue_adds_total',
      help: 'Keys that entered the work queue',
      labelNames: queueLabels,
      registers,
    });
    this.#queueDuration = new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long a key waited for a worker',
      labelNames: queueLabels,
      buckets: queueBuckets,
      registers,
    });
    this.#workDuration = new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long a worker held a key',
      labelNames: queueLabels,
      buckets: queueBuckets,
      registers,
    });
    this.#retries = new Counter({
      name: 'workqueue_retries_total',
      help: 'Keys put back for another attempt',
      labelNames: queueLabels,
      registers,
    });
    this.#restRequests = new Counter({
      name: 'rest_client_requests_total',
      help: 'Requests to the API server by status code, method and host',
      labelNames: ['code', 'method', 'host'],
      registers,
    });
    this.#reflectorLists = new Counter({
      name: 'aurora_dr_watch_lists_total',
      help: 'Complete lists that a watch started from, by resource',
      labelNames: ['resource'],
      registers,
    });
    this.#reflectorWatches = new Counter({
      name: 'aurora_dr_watch_opened_total',
      help: 'Watches opened, by resource',
      labelNames: ['resource'],
      registers,
    });
    this.#reflectorErrors = new Counter({
      name: 'aurora_dr_watch_errors_total',
      help: 'Lists and watches that failed and were tried again, by resource',
      labelNames: ['resource'],
      registers,
    });
    this.#leader = new Gauge({
      name: 'aurora_dr_leader',
      help: '1 while this process leads, else 0',
      registers,
    });
    this.#leaderStatus = new Gauge({
      name: 'leader_election_master_status',
      help: '1 while this process holds the lease, by name of the lease; absent without leader election',
      labelNames: ['name'],
      registers,
    });
    this.#registerLiveFigures(registry);
  }

  /** For a controller of that name with so many workers. */
  controllerListener(name: string, workers: number): Required<ControllerListener<string>> {
    const labels = { controller: name };
    this.#maxWorkers.set(labels, workers);
    this.#activeWorkers.set(labels, 0);
    this.#withoutWorker.set(labels, 0);
    const withoutWorker = new Set<string>();
    // From the start at zero, so that an increase is seen at the first of them.
    for (const result of reconcileResults) this.#reconciles.inc({ ...labels, result }, 0);
    this.#reconcileErrors.inc(labels, 0);
    this.#terminalErrors.inc(labels, 0);
    return {
      onStart: () => this.#activeWorkers.inc(labels),
      onLeaveWorker: (key) => {
        withoutWorker.add(key);
        this.#activeWorkers.dec(labels);
        this.#withoutWorker.inc(labels);
      },
      onEnd: (key, outcome, milliseconds) => {
        const gauge = withoutWorker.delete(key) ? this.#withoutWorker : this.#activeWorkers;
        gauge.dec(labels);
        this.#reconciles.inc({ ...labels, result: outcome });
        this.#reconcileTime.observe(labels, milliseconds / 1000);
      },
      onError: (_key, _error, isTerminal) => {
        this.#reconcileErrors.inc(labels);
        if (isTerminal) this.#terminalErrors.inc(labels);
      },
    };
  }

  /** For the work queue of the controller of that name. */
  workQueueListener(name: string): Required<Omit<WorkQueueListener<string>, 'onOrderFailed'>> {
    const labels = { name, controller: name };
    this.#retries.inc(labels, 0);
    return {
      onAdd: () => this.#adds.inc(labels),
      onDepth: (depth) => this.#depth.set({ ...labels, priority: '' }, depth),
      onGet: (_key, waitedMilliseconds) => this.#queueDuration.observe(labels, waitedMilliseconds / 1000),
      onDone: (_key, workedMilliseconds) => this.#workDuration.observe(labels, workedMilliseconds / 1000),
      onRetry: () => this.#retries.inc(labels),
    };
  }

  /** For the reflector of that plural resource name. */
  reflectorListener(resource: string): Pick<Required<ReflectorListener>, 'onList' | 'onWatch' | 'onError'> {
    for (const counter of [this.#reflectorLists, this.#reflectorWatches, this.#reflectorErrors])
      counter.inc({ resource }, 0);
    return {
      onList: () => this.#reflectorLists.inc({ resource }),
      onWatch: () => this.#reflectorWatches.inc({ resource }),
      onError: () => this.#reflectorErrors.inc({ resource }),
    };
  }

  /** Shows a queue's unfinished work and longest running work. */
  trackWorkQueue(name: string, queue: WorkQueueFigures): void {
    this.#queues.set(name, queue);
  }

  /** @param stalenessMilliseconds the time since the watch last gave a sign of life */
  trackWatch(resource: string, stalenessMilliseconds: () => number): void {
    this.#watches.set(resource, stalenessMilliseconds);
  }

  /** @param code HTTP status, or `<error>` when there was no answer, as client-go has it */
  countRestRequest(request: { readonly code: string; readonly method: string; readonly host: string }): void {
    const { code, method, host } = request;
    this.#restRequests.inc({ code, method, host });
  }

  /** @param lease name of the lease; absent without leader election, where the only process leads */
  setLeader(isLeader: boolean, lease?: string): void {
    this.#leader.set(Number(isLeader));
    if (lease !== undefined) this.#leaderStatus.set({ name: lease }, Number(isLeader));
  }

  #registerLiveFigures(registry: Registry): void {
    const registers = [registry];
    const queues = this.#queues;
    const watches = this.#watches;
    const queueFigure = (name: string, help: string, figure: (queue: WorkQueueFigures) => number): void => {
      new Gauge({
        name,
        help,
        labelNames: queueLabels,
        registers,
        collect() {
          for (const [queue, figures] of queues) this.set({ name: queue, controller: queue }, figure(figures) / 1000);
        },
      });
    };
    queueFigure(
      'workqueue_unfinished_work_seconds',
      'Sum of the time that workers have held their keys; grows without end when one hangs',
      (queue) => queue.unfinishedWorkMilliseconds,
    );
    queueFigure(
      'workqueue_longest_running_processor_seconds',
      'How long the longest running worker has held its key',
      (queue) => queue.longestRunningMilliseconds,
    );
    new Gauge({
      name: 'aurora_dr_watch_staleness_seconds',
      help: 'Time since the watch last gave a sign of life, by resource',
      labelNames: ['resource'],
      registers,
      collect() {
        for (const [resource, staleness] of watches) this.set({ resource }, staleness() / 1000);
      },
    });
  }
}
