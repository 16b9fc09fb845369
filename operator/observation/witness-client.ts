import type { LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { CallTimeoutError } from '../aws/call-timeout-error.ts';
import { classifyTransportError } from '../aws/transport-error.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ProbeOptions, WitnessAnswer } from './probes.ts';

/** More than this of a body is not read; only the status matters. */
const LONGEST_BODY_BYTES = 64 * 1024;

/** Asks witnesses over HTTP: one GET, no redirects, no reuse of connections between rounds. */
export class WitnessClient {
  readonly #clock: Clock;
  readonly #agent: Agent;

  /** @param names how names become addresses; Node's own way, two names at a time, unless told */
  constructor(clock: Clock, names: { readonly lookup?: LookupFunction } = {}) {
    this.#clock = clock;
    this.#agent = new Agent({ pipelining: 0, maxResponseSize: LONGEST_BODY_BYTES, connect: { ...names } });
  }

  /** Never rejects. Any status is an answer: what it means is for the reader of the round to judge. */
  async fetch(url: string, options: ProbeOptions): Promise<WitnessAnswer> {
    const { timeoutMilliseconds, signal } = options;
    const controller = new AbortController();
    const giveUp = (): void => controller.abort(new Error('given up by the caller'));
    if (signal?.aborted === true) giveUp();
    else signal?.addEventListener('abort', giveUp, { once: true });
    const timer = this.#clock.setTimeout(
      () => controller.abort(new CallTimeoutError(timeoutMilliseconds)),
      timeoutMilliseconds,
    );
    try {
      const answer = await request(url, {
        dispatcher: this.#agent,
        signal: controller.signal,
        headers: { accept: '*/*' },
      });
      // Only the status matters: the rest is not waited for.
      answer.body.on('error', () => undefined).destroy();
      return { attempt: { kind: 'answered' }, statusCode: answer.statusCode };
    } catch (error) {
      return { attempt: attemptOf(error) };
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', giveUp);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function attemptOf(error: unknown): WitnessAnswer['attempt'] {
  const message = error instanceof Error ? error.message : String(error);
  return classifyTransportError(error)?.classification ?? { kind: 'local', cause: 'notAttempted', message };
}
