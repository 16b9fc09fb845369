import type { CallOptions, RequestStage } from '../aws/aws-gateway.ts';
import { AwsCallError, type FailedAttempt } from '../aws/errors.ts';
import type { LocalCause } from '../failover/observation.ts';
import type { Clock } from '../runtime/clock.ts';

/** Timers start a moment apart: this share of the timeout counts as the whole of it. */
const ENOUGH_SILENCE = 0.8;

const unsent: Readonly<Record<Exclude<RequestStage, 'sent'>, readonly [LocalCause, string]>> = {
  pacing: ['rateBudget', 'the budget of read requests gave no token in time'],
  slot: ['socketLimit', 'no connection became free in time'],
  credentials: ['credentials', 'no credentials came in time'],
};

/** Follows the requests of one call, so that a caller who stops waiting knows what for. */
export class RequestProgress {
  readonly #clock: Clock;
  #stage: RequestStage = 'sent';
  #sentAt: number;
  #answers = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sentAt = clock.monotonic();
  }

  /** Options of the call to follow. */
  options(pace: (signal: AbortSignal) => Promise<void>): Pick<CallOptions, 'beforeRequest' | 'onStage'> {
    return {
      beforeRequest: async (signal) => {
        this.#enter('pacing');
        await pace(signal);
        this.#enter('sent');
      },
      onStage: (stage) => this.#enter(stage),
    };
  }

  answered(): void {
    this.#answers += 1;
    this.#sentAt = this.#clock.monotonic();
  }

  /** Whether a request is out, and none of the call was answered yet. */
  get isUnheard(): boolean {
    return this.#stage === 'sent' && this.#answers === 0;
  }

  /** Whether a request is out and has met silence for this long. */
  isSilentFor(milliseconds: number): boolean {
    return this.#stage === 'sent' && this.#clock.monotonic() - this.#sentAt >= milliseconds * ENOUGH_SILENCE;
  }

  /** What a caller has seen who waited for this long in vain. */
  failureAfter(timeoutMilliseconds: number): FailedAttempt {
    if (this.#stage !== 'sent') {
      const [cause, message] = unsent[this.#stage];
      return { kind: 'local', cause, message };
    }
    if (this.isSilentFor(timeoutMilliseconds)) return silenceOf(timeoutMilliseconds);
    const message =
      this.#answers > 0
        ? 'the region answers, but the list was not complete in time'
        : 'the request left too late for an answer in time';
    return { kind: 'local', cause: this.#answers > 0 ? 'notAttempted' : 'rateBudget', message };
  }

  #enter(stage: RequestStage): void {
    this.#stage = stage;
    if (stage === 'sent') this.#sentAt = this.#clock.monotonic();
  }
}

/** What a region has said that said nothing for a caller's whole patience. */
export function silenceOf(timeoutMilliseconds: number): FailedAttempt {
  return { kind: 'noAnswer', cause: 'timeout', message: `no answer within ${timeoutMilliseconds} ms` };
}

/** The attempt that an error of a read stands for. */
export function attemptOf(error: unknown): FailedAttempt {
  if (error instanceof AwsCallError) return error.classification;
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'local', cause: 'notAttempted', message };
}
