import { accountKey, type AwsAccount } from '../aws/account.ts';
import type { AwsGateway, CallOptions, MetricDatum } from '../aws/aws-gateway.ts';
import type { Clock, Timer } from '../runtime/clock.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html */
const MOST_METRICS_OF_A_CALL = 1000;
/** How long what is repeated every minute waits for others. */
const ROUTINE_MILLISECONDS = 1_000;
/** How long news waits: enough for those of one round to go together. */
const URGENT_MILLISECONDS = 20;

export interface MetricBatchesProps {
  readonly gateway: Pick<AwsGateway, 'putMetricData'>;
  readonly clock: Pick<Clock, 'monotonic' | 'setTimeout'>;
}

/** What is to be put, and how. */
export interface MetricPut {
  readonly account: AwsAccount;
  readonly region: string;
  readonly namespace: string;
  readonly metrics: readonly MetricDatum[];
  /** News, which waits for others a moment at most. @default false */
  readonly isUrgent?: boolean;
  /** Of the call that carries it. */
  readonly timeoutMilliseconds: number;
}

interface Waiting extends MetricPut {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What goes out together: of one account, region and namespace. */
interface Batch {
  waiting: Waiting[];
  metrics: number;
  /** By the monotonic clock. */
  due: number;
  timer: Timer;
}

/** Puts metrics of many policies in few calls: AWS bills and limits calls, and one call carries a thousand metrics. */
export class MetricBatches {
  readonly #props: MetricBatchesProps;
  readonly #batches = new Map<string, Batch>();
  /** Calls under way. */
  readonly #sent = new Set<Promise<void>>();

  constructor(props: MetricBatchesProps) {
    this.#props = props;
  }

  /**
   * Puts metrics, together with others that come at about the same time.
   *
   * @throws AwsCallError when the call that carried them failed
   */
  put(put: MetricPut): Promise<void> {
    return new Promise((resolve, reject) => this.#add({ ...put, resolve, reject }));
  }

  /** Sends what waits, and resolves once that has ended: for the end of a process. */
  async flush(): Promise<void> {
    for (const [key, batch] of [...this.#batches]) this.#send(key, batch);
    await Promise.allSettled(this.#sent);
  }

  #add(waiting: Waiting): void {
    const key = JSON.stringify([accountKey(waiting.account), waiting.region, waiting.namespace]);
    const count = waiting.metrics.length;
    const full = this.#batches.get(key);
    if (full !== undefined && full.metrics + count > MOST_METRICS_OF_A_CALL) this.#send(key, full);
    const delay = waiting.isUrgent === true ? URGENT_MILLISECONDS : ROUTINE_MILLISECONDS;
    const batch = this.#batchDueIn(key, delay);
    batch.waiting.push(waiting);
    batch.metrics += count;
  }

  #batchDueIn(key: string, milliseconds: number): Batch {
    const { clock } = this.#props;
    const due = clock.monotonic() + milliseconds;
    const existing = this.#batches.get(key);
    if (existing !== undefined && existing.due <= due) return existing;
    existing?.timer.cancel();
    const timer = clock.setTimeout(() => this.#send(key, batch), milliseconds);
    const batch: Batch = { waiting: existing?.waiting ?? [], metrics: existing?.metrics ?? 0, due, timer };
    this.#batches.set(key, batch);
    return batch;
  }

  #send(key: string, { waiting, timer }: Batch): void {
    timer.cancel();
    this.#batches.delete(key);
    const [first] = waiting;
    if (first === undefined) return;
    const { account, region, namespace } = first;
    const metrics = waiting.flatMap((put) => put.metrics);
    const options: CallOptions = { timeoutMilliseconds: Math.max(...waiting.map((put) => put.timeoutMilliseconds)) };
    const call = this.#props.gateway.putMetricData(account, region, { namespace, metrics }, options).then(
      () => waiting.forEach(({ resolve }) => resolve()),
      (error: unknown) => waiting.forEach(({ reject }) => reject(error)),
    );
    this.#sent.add(call);
    void call.finally(() => this.#sent.delete(call));
  }
}
