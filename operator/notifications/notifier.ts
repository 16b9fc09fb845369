import { type AwsAccount, accountKey } from '../aws/account.ts';
import type { AwsGateway } from '../aws/aws-gateway.ts';
import { AwsCallError } from '../aws/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { jitter, type Random } from '../runtime/random.ts';
import type { Notification, NotificationKind } from './notification.ts';

/** What happened to one notification at one topic. */
export interface NotificationOutcome {
  readonly kind: NotificationKind;
  readonly topicArn: string;
  /** The topic's; empty when the ARN names none. */
  readonly region: string;
  /** `dropped`: not sent, because too many waited before it or the process ended. */
  readonly result: 'delivered' | 'failed' | 'dropped';
  readonly attempts: number;
  /** Of the last attempt. */
  readonly error?: unknown;
}

export interface NotifierProps {
  readonly gateway: Pick<AwsGateway, 'publishNotification'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: Random;
  /** Told about every notification and topic once; must not throw. */
  readonly onOutcome?: (outcome: NotificationOutcome) => void;
  /** Bounds one attempt. @default 5000 */
  readonly timeoutMilliseconds?: number;
  /** The first attempt included. @default 3 */
  readonly attempts?: number;
  /** Before the second attempt; doubles for each further one; ±50%. @default 2000 */
  readonly retryDelayMilliseconds?: number;
  /** Calls in flight for one account and region. @default 8 */
  readonly concurrency?: number;
  /** Notifications that wait for one account and region; beyond it the oldest is dropped. @default 1000 */
  readonly queueLimit?: number;
}

interface Delivery {
  readonly account: AwsAccount;
  readonly topicArn: string;
  readonly region: string;
  readonly notification: Notification;
}

/** One account and region: nothing is shared with another. */
interface Lane {
  readonly waiting: Delivery[];
  /** Topic and policy of each delivery under way, its pauses between attempts included. */
  readonly inFlight: Set<string>;
}

/** `arn:partition:sns:region:account:topic`. */
const topicArnPattern = /^arn:[^:]+:sns:([a-z0-9-]+):\d{12}:[^:]+$/;

/**
 * Sends notifications to SNS topics, each in its own region, in the background. Every account and region has a queue of
 * its own, so that a lost region's topic delays no other. At each topic the notifications about one policy are sent in
 * their order, each once the one before it was delivered or given up, so that an end never comes before its beginning; those
 * about other policies do not wait for them. One may arrive twice after an ambiguous answer: its body carries the time.
 */
export class Notifier {
  readonly #props: NotifierProps;
  readonly #lanes = new Map<string, Lane>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(props: NotifierProps) {
    this.#props = props;
  }

  /** Returns at once and never throws: how it ends is told to `onOutcome`. */
  send(account: AwsAccount, topicArns: readonly string[], notification: Notification): void {
    for (const topicArn of new Set(topicArns)) {
      const region = topicArnPattern.exec(topicArn)?.[1];
      if (region === undefined) {
        const message = `cannot notify ${topicArn}: it is not the ARN of an SNS topic; correct spec.notifications.snsTopicArns`;
        this.#report({ account, topicArn, region: '', notification }, 'failed', 0, new Error(message));
      } else {
        this.#enqueue({ account, topicArn, region, notification });
      }
    }
  }

  /**
   * Waits until everything is delivered or given up, at most for this time; then gives up what is left and takes no more.
   * For the end of the process.
   *
   * @returns whether nothing had to be given up
   */
  async flush(timeoutMilliseconds: number): Promise<boolean> {
    const timer = new AbortController();
    const isIdle = await Promise.race([
      this.#idle().then(() => true),
      this.#props.clock.sleep(timeoutMilliseconds, timer.signal).then(
        () => false,
        () => false,
      ),
    ]);
    timer.abort();
    this.#stop.abort(new Error('the process ends'));
    for (const lane of this.#lanes.values()) {
      for (const delivery of lane.waiting.splice(0)) this.#report(delivery, 'dropped', 0);
    }
    await this.#idle();
    return isIdle;
  }

  async #idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #enqueue(delivery: Delivery): void {
    if (this.#stop.signal.aborted) {
      this.#report(delivery, 'dropped', 0);
      return;
    }
    const key = `${accountKey(delivery.account)} ${delivery.region}`;
    const lane: Lane = this.#lanes.get(key) ?? { waiting: [], inFlight: new Set() };
    this.#lanes.set(key, lane);
    lane.waiting.push(delivery);
    // The newest says most about how things are now.
    const oldest = lane.waiting.length > (this.#props.queueLimit ?? 1_000) ? lane.waiting.shift() : undefined;
    if (oldest !== undefined) this.#report(oldest, 'dropped', 0);
    this.#startNext(key, lane);
  }

  #startNext(key: string, lane: Lane): void {
    if (lane.inFlight.size >= (this.#props.concurrency ?? 8)) return;
    const next = lane.waiting.findIndex((delivery) => !lane.inFlight.has(orderOf(delivery)));
    const [delivery] = next < 0 ? [] : lane.waiting.splice(next, 1);
    if (delivery === undefined) {
      if (lane.inFlight.size === 0) this.#lanes.delete(key);
      return;
    }
    const order = orderOf(delivery);
    lane.inFlight.add(order);
    const run = this.#deliver(delivery).finally(() => {
      lane.inFlight.delete(order);
      this.#running.delete(run);
      this.#startNext(key, lane);
    });
    this.#running.add(run);
  }

  /** Never rejects. */
  async #deliver(delivery: Delivery): Promise<void> {
    const limit = this.#props.attempts ?? 3;
    let error: unknown;
    let attempt = 0;
    while (attempt < limit && (attempt === 0 || isWorthRetrying(error)) && (await this.#pause(attempt))) {
      attempt += 1;
      try {
        await this.#publish(delivery);
        this.#report(delivery, 'delivered', attempt);
        return;
      } catch (failure) {
        error = failure;
      }
    }
    this.#report(delivery, this.#stop.signal.aborted ? 'dropped' : 'failed', attempt, error);
  }

  #publish({ account, topicArn, region, notification }: Delivery): Promise<void> {
    const { subject, body } = notification;
    const timeoutMilliseconds = this.#props.timeoutMilliseconds ?? 5_000;
    const options = { timeoutMilliseconds, signal: this.#stop.signal };
    return this.#props.gateway.publishNotification(account, region, { topicArn, subject, body }, options);
  }

  /** @returns false when the process ends meanwhile */
  async #pause(attemptsSoFar: number): Promise<boolean> {
    if (attemptsSoFar === 0) return !this.#stop.signal.aborted;
    const delay = (this.#props.retryDelayMilliseconds ?? 2_000) * 2 ** (attemptsSoFar - 1);
    try {
      await this.#props.clock.sleep(jitter(delay, 0.5, this.#props.random), this.#stop.signal);
      return true;
    } catch {
      return false;
    }
  }

  #report(delivery: Delivery, result: NotificationOutcome['result'], attempts: number, error?: unknown): void {
    const { topicArn, region, notification } = delivery;
    this.#props.onOutcome?.({
      kind: notification.kind,
      topicArn,
      region,
      result,
      attempts,
      ...(error === undefined ? {} : { error }),
    });
  }
}

/** What is sent one after the other. */
function orderOf({ topicArn, notification }: Delivery): string {
  return `${topicArn} ${notification.about}`;
}

/** A refusal that stays the same however often one asks is not worth asking again. */
function isWorthRetrying(error: unknown): boolean {
  if (!(error instanceof AwsCallError) || error.classification.kind !== 'rejected') return true;
  return error.classification.cause !== 'denied' && error.classification.cause !== 'malformed';
}
