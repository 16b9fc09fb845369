import type { Clock } from '../runtime/clock.ts';
import type { CallOptions, RequestStage } from './aws-gateway.ts';
import { CallTimeoutError } from './call-timeout-error.ts';
import { classify, type CallFailure } from './classify.ts';
import type { Credentials } from './credential-pool.ts';
import { AwsCallError, type FailedAttempt } from './errors.ts';
import type { Slots } from './slots.ts';

/** What the SDK's `send` takes. */
export interface SendOptions {
  readonly abortSignal: AbortSignal;
  readonly requestTimeout: number;
}

export interface GatewayCallProps {
  readonly clock: Clock;
  readonly region: string;
  readonly action: string;
  readonly options: CallOptions;
}

export interface CallSteps<T> {
  readonly slots: Slots;
  readonly credentials: (signal: AbortSignal) => Promise<Credentials>;
  readonly send: (options: SendOptions) => Promise<T>;
  readonly onExpired: (credentials: Credentials) => void;
}

/** One request: paced, given a connection and credentials, sent, and given up in time. */
export class GatewayCall {
  readonly #props: GatewayCallProps;
  readonly #controller = new AbortController();
  /** How far the request has come: what a failure means depends on it. */
  #stage: RequestStage = 'pacing';
  /** Rejects what is on its way to AWS. */
  #reject: ((reason: Error) => void) | undefined;

  constructor(props: GatewayCallProps) {
    this.#props = props;
  }

  async run<T>(steps: CallSteps<T>): Promise<T> {
    const { clock, options } = this.#props;
    const { signal } = this.#controller;
    const onAbort = (): void => this.#giveUp(options.signal?.reason);
    if (options.signal?.aborted === true) onAbort();
    else options.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      this.#enter('pacing');
      await options.beforeRequest?.(signal);
      const timeout = options.timeoutMilliseconds;
      const timer = clock.setTimeout(() => this.#giveUp(new CallTimeoutError(timeout)), timeout);
      try {
        return await this.#attempt(steps, signal);
      } finally {
        timer.cancel();
      }
    } catch (error) {
      throw this.#describe(error);
    } finally {
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  async #attempt<T>(steps: CallSteps<T>, signal: AbortSignal): Promise<T> {
    this.#enter('slot');
    const release = await steps.slots.take(signal);
    try {
      this.#enter('credentials');
      const credentials = await steps.credentials(signal);
      signal.throwIfAborted();
      this.#enter('sent');
      try {
        return await this.#send(steps);
      } catch (error) {
        const { classification } = classify(error);
        if (classification.kind === 'rejected' && classification.cause === 'expiredCredentials') {
          steps.onExpired(credentials);
        }
        throw error;
      }
    } finally {
      release();
    }
  }

  /** Settles as the request does, or as soon as the call is given up, whatever the request makes of its signal. */
  #send<T>(steps: CallSteps<T>): Promise<T> {
    const requestTimeout = this.#props.options.timeoutMilliseconds;
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      steps.send({ abortSignal: this.#controller.signal, requestTimeout }).then(resolve, reject);
    });
  }

  #giveUp(reason: unknown): void {
    const { signal } = this.#controller;
    this.#controller.abort(reason);
    this.#reject?.(signal.reason as Error);
  }

  #enter(stage: RequestStage): void {
    this.#stage = stage;
    this.#props.options.onStage?.(stage);
  }

  #describe(error: unknown): unknown {
    // What the caller's own pacing throws is the caller's to understand.
    if (this.#stage === 'pacing' && !this.#controller.signal.aborted) return error;
    const failure = this.#classify(error);
    return new AwsCallError({
      action: this.#props.action,
      region: this.#props.region,
      ...failure,
      advice: adviceOn(failure.classification),
      cause: error,
    });
  }

  #classify(error: unknown): CallFailure {
    const { signal } = this.#controller;
    const isGivenUp = this.#props.options.signal?.aborted === true && error === signal.reason;
    if (isGivenUp) {
      const message = 'given up by the caller';
      return local('notAttempted', message, this.#stage === 'sent');
    }
    const why = error instanceof Error ? error.message : String(error);
    switch (this.#stage) {
      case 'pacing':
        return local('rateBudget', why, false);
      case 'slot':
        return local('socketLimit', `no connection became free: ${why}`, false);
      case 'credentials':
        return local('credentials', `cannot get credentials: ${why}`, false);
      case 'sent':
        return classify(error);
    }
  }
}

function local(
  cause: Extract<FailedAttempt, { kind: 'local' }>['cause'],
  message: string,
  isEffectPossible: boolean,
): CallFailure {
  return { classification: { kind: 'local', cause, message }, isEffectPossible };
}

const rejectionAdvice = {
  throttled: 'ask less often or have the account limits raised',
  denied: "allow the action in the policy of the operator's role",
  expiredCredentials: 'it is tried again with fresh credentials; check the source of the credentials if it stays',
  malformed: 'check the state of the resource and what answers at the endpoint',
  readOnly: 'check what answers at the endpoint',
};

function adviceOn(attempt: FailedAttempt): string {
  switch (attempt.kind) {
    case 'noAnswer':
      return 'check whether the region and the network path to it work';
    case 'rejected':
      return rejectionAdvice[attempt.cause];
    case 'local':
      return attempt.cause === 'credentials'
        ? "check the operator's credentials and its permission to assume the role"
        : "check the operator's own host and network";
  }
}
