import type { Clock } from './clock.ts';
import type { KubeClient } from './kube-client.ts';
import { isAlreadyExists, isNotFound, isTransient } from './kube-errors.ts';
import { microTime } from './micro-time.ts';
import type { Random } from './random.ts';
import { ExponentialRateLimiter } from './rate-limiter.ts';
import { apiVersionOf, type KubeObject, type ResourceType } from './resource.ts';
import { RuntimeError } from './runtime-error.ts';
import { WorkQueue } from './work-queue.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
export const EVENTS: ResourceType = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
};

/** The object that an event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly uid?: string | undefined;
    readonly resourceVersion?: string | undefined;
  };
}

export interface EventToRecord {
  readonly regarding: EventSubject;
  readonly type: 'Normal' | 'Warning';
  /** Machine-readable, UpperCamelCase: why. At most 128 characters. */
  readonly reason: string;
  /** Machine-readable, UpperCamelCase: what was done. At most 128 characters. */
  readonly action: string;
  /** For people; what exceeds 1 kB is cut. */
  readonly note: string;
  readonly related?: EventSubject | undefined;
}

export interface EventRecorderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Such as `example.io/operator`. */
  readonly reportingController: string;
  /** Such as the pod's name. */
  readonly reportingInstance: string;
  /** Where events about cluster-scoped objects go. @default - `default` */
  readonly defaultNamespace?: string;
  /**
   * Events kept in memory, about a kilobyte each: those that wait, and those sent in the last six minutes, which may
   * repeat. Beyond that new ones are dropped. @default - 20,000: one for each of thousands of policies at once
   */
  readonly capacity?: number;
  /** Attempts before an event is dropped. @default - 10 */
  readonly attempts?: number;
  /** Told of every event that is dropped, with the error if there was one. */
  readonly onDrop?: (event: EventToRecord, error: unknown) => void;
}

interface ObjectRef {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
}

/** An Event of events.k8s.io/v1. */
export interface KubeEvent extends KubeObject {
  eventTime: string;
  reportingController: string;
  reportingInstance: string;
  action: string;
  reason: string;
  type: string;
  note: string;
  regarding: ObjectRef;
  related?: ObjectRef;
  series?: { count: number; lastObservedTime: string };
}

/** Events with the same key, of which the API server holds one. */
interface Series {
  readonly event: EventToRecord;
  readonly firstObserved: number;
  lastObserved: number;
  /** Monotonic: for the end of the series. */
  lastSeen: number;
  count: number;
  /** How much of `count` the API server knows. */
  sentCount: number;
  /** The same for every attempt, so that one whose answer is lost is not repeated. */
  readonly name: string;
  isCreated: boolean;
}

/** After this pause the same event is a new one; the time that client-go's recorder uses. */
const SERIES_MILLISECONDS = 6 * 60_000;
/** A series that goes on is written at most this often. */
const UPDATE_MILLISECONDS = 10_000;
/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/: note, reason, action, instance. */
const LONGEST_NOTE_BYTES = 1024;
const LONGEST_NAME = 128;
const LONGEST_OBJECT_NAME = 253;

/**
 * Records Kubernetes events. Recording is instantaneous and never fails: one loop sends them, aggregates repetitions into
 * series, tries again while the API server is away, and drops what can't be sent.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #series = new Map<string, Series>();
  readonly #queue: WorkQueue<string>;
  #dropped = 0;
  #isStopped = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#queue = new WorkQueue({
      clock: options.clock,
      rateLimiter: new ExponentialRateLimiter({
        random: options.random,
        baseMilliseconds: 500,
        maximumMilliseconds: 30_000,
      }),
    });
  }

  /** Events that were not sent and never will be. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Events in memory: those that wait, and those that may still repeat. */
  get kept(): number {
    return this.#series.size;
  }

  /** Takes the event over and returns at once. */
  record(event: EventToRecord): void {
    if (this.#isStopped) {
      this.#drop(event, new RuntimeError('cannot record the event: the process is stopping'));
      return;
    }
    const key = seriesKey(event);
    const existing = this.#series.get(key);
    const now = this.#clock.monotonic();
    this.#forgetEnded(now);
    if (existing !== undefined && !this.#isOver(existing, now)) {
      existing.count += 1;
      existing.lastObserved = this.#clock.now();
      existing.lastSeen = now;
      // To the end: the first are those that ended first.
      this.#series.delete(key);
      this.#series.set(key, existing);
      this.#queue.addAfter(key, existing.isCreated ? UPDATE_MILLISECONDS : 0);
      return;
    }
    this.#series.delete(key);
    if (!this.#makeRoom()) {
      this.#drop(event, new RuntimeError('cannot record the event: too many wait already; see why they are not sent'));
      return;
    }
    const wall = this.#clock.now();
    this.#series.set(key, {
      event: withoutSubjects(event),
      firstObserved: wall,
      lastObserved: wall,
      lastSeen: now,
      count: 1,
      sentCount: 0,
      name: this.#nameFor(event),
      isCreated: false,
    });
    this.#queue.add(key);
  }

  /** Sends events until the signal aborts; then makes one last attempt for each that waits, and resolves. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    for (let key = await this.#queue.get(signal); key !== undefined; key = await this.#queue.get(signal)) {
      await this.#process(key);
    }
    await this.#flush();
  }

  /** How long the last attempts may take altogether is up to the caller, who stops waiting for {@link run}. */
  async #flush(): Promise<void> {
    this.#isStopped = true;
    this.#queue.shutDown();
    let unavailable: unknown;
    for (const series of [...this.#series.values()].filter((one) => !isSent(one))) {
      try {
        if (unavailable === undefined) await this.#send(series);
        else this.#drop(series.event, unavailable);
      } catch (error) {
        this.#drop(series.event, error);
        // When the API server is away it is away for all of them, and each attempt takes a whole timeout.
        if (isTransient(error)) unavailable = error;
      }
    }
  }

  async #process(key: string): Promise<void> {
    const series = this.#series.get(key);
    try {
      if (series !== undefined && !isSent(series)) await this.#send(series);
      this.#queue.forget(key);
    } catch (error) {
      this.#retry(key, series, error);
    } finally {
      this.#queue.done(key);
    }
  }

  #retry(key: string, series: Series | undefined, error: unknown): void {
    if (isTransient(error) && this.#queue.numRequeues(key) + 1 < (this.#options.attempts ?? 10)) {
      this.#queue.addRateLimited(key);
      return;
    }
    this.#queue.forget(key);
    this.#series.delete(key);
    if (series !== undefined) this.#drop(series.event, error);
  }

  async #send(series: Series): Promise<void> {
    const { count } = series;
    const isWritten = !series.isCreated && (await this.#create(series, count));
    if (!isWritten && !(await this.#update(series, count))) await this.#create(series, count);
    series.sentCount = count;
  }

  /** `false` when the event is there already, from an attempt whose answer was lost. */
  async #create(series: Series, count: number): Promise<boolean> {
    try {
      await this.#options.client.create(EVENTS, this.#build(series, count));
      series.isCreated = true;
      return true;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      series.isCreated = true;
      return false;
    }
  }

  /** `false` when the event is gone: it expires after an hour. */
  async #update(series: Series, count: number): Promise<boolean> {
    if (count === 1) return true;
    const reference = { namespace: this.#namespaceOf(series.event), name: series.name };
    try {
      await this.#options.client.mergePatch(EVENTS, reference, { series: seriesOf(series, count) });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  #build(series: Series, count: number): KubeEvent {
    const { event } = series;
    return {
      apiVersion: apiVersionOf(EVENTS),
      kind: EVENTS.kind,
      metadata: { name: series.name, namespace: this.#namespaceOf(event) },
      eventTime: microTime(series.firstObserved),
      reportingController: this.#options.reportingController,
      reportingInstance: this.#options.reportingInstance.slice(0, LONGEST_NAME),
      action: event.action.slice(0, LONGEST_NAME),
      reason: event.reason.slice(0, LONGEST_NAME),
      type: event.type,
      note: cutToBytes(event.note, LONGEST_NOTE_BYTES),
      regarding: referenceTo(event.regarding),
      ...(event.related === undefined ? {} : { related: referenceTo(event.related) }),
      ...(count > 1 ? { series: seriesOf(series, count) } : {}),
    };
  }

  #nameFor(event: EventToRecord): string {
    const random = Math.floor(this.#options.random() * 2 ** 32).toString(16);
    const suffix = `.${this.#clock.now().toString(16)}${random.padStart(8, '0')}`;
    return event.regarding.metadata.name.slice(0, LONGEST_OBJECT_NAME - suffix.length) + suffix;
  }

  #namespaceOf(event: EventToRecord): string {
    return event.regarding.metadata.namespace ?? this.#options.defaultNamespace ?? 'default';
  }

  #isOver(series: Series, now: number): boolean {
    return isSent(series) && now - series.lastSeen > SERIES_MILLISECONDS;
  }

  #forgetEnded(now: number): void {
    for (const [key, series] of this.#series) {
      if (!this.#isOver(series, now)) return;
      this.#series.delete(key);
    }
  }

  /** Forgets the oldest series that is sent when there are too many; `false` when none is. */
  #makeRoom(): boolean {
    if (this.#series.size < (this.#options.capacity ?? 20_000)) return true;
    for (const [key, series] of this.#series) {
      if (isSent(series)) return this.#series.delete(key);
    }
    return false;
  }

  #drop(event: EventToRecord, error: unknown): void {
    this.#dropped += 1;
    try {
      this.#options.onDrop?.(event, error);
    } catch {
      // Recording an event must not fail, whatever the observer does; the count is kept.
    }
  }
}

function seriesKey(event: EventToRecord): string {
  const { regarding, related } = event;
  return JSON.stringify([
    event.type,
    event.reason,
    event.action,
    event.note,
    regarding.kind,
    regarding.metadata.namespace,
    regarding.metadata.name,
    regarding.metadata.uid,
    related?.kind,
    related?.metadata.namespace,
    related?.metadata.name,
  ]);
}

/** The whole objects that an event is about would be kept as long as the event is. */
function withoutSubjects(event: EventToRecord): EventToRecord {
  const { regarding, related } = event;
  return {
    ...event,
    regarding: subjectOf(regarding),
    ...(related === undefined ? {} : { related: subjectOf(related) }),
  };
}

function subjectOf({ apiVersion, kind, metadata }: EventSubject): EventSubject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } };
}

function isSent(series: Series): boolean {
  return series.sentCount === series.count;
}

function seriesOf(series: Series, count: number): { count: number; lastObservedTime: string } {
  return { count, lastObservedTime: microTime(series.lastObserved) };
}

function referenceTo({ apiVersion, kind, metadata }: EventSubject): ObjectRef {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

/** Cuts between characters, never inside one. */
function cutToBytes(text: string, bytes: number): string {
  const encoded = Buffer.from(text, 'utf8');
  if (encoded.length <= bytes) return text;
  const ellipsis = '…';
  let end = bytes - Buffer.byteLength(ellipsis);
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return encoded.subarray(0, end).toString('utf8') + ellipsis;
}
