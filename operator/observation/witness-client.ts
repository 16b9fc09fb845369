import { request as requestHttp, type ClientRequest, type RequestOptions } from 'node:http';
import { Agent, request as requestHttps } from 'node:https';
import { connect, type LookupFunction, type NetConnectOpts } from 'node:net';
import { CallTimeoutError } from '../aws/call-timeout-error.ts';
import { classifyTransportError } from '../aws/transport-error.ts';
import { addAbortListener, removeAbortListener } from '../runtime/abort-listeners.ts';
import type { Clock } from '../runtime/clock.ts';
import { watchName, type WatchedName } from './name-watch.ts';
import type { ProbeOptions, WitnessAnswer } from './probes.ts';

/**
 * Asks witnesses over HTTP: one GET, no redirects, no reuse of connections between rounds. Only the status matters: a
 * connection is closed once that is there.
 */
export class WitnessClient {
  readonly #clock: Clock;
  readonly #lookup: LookupFunction | undefined;
  readonly #http: RequestOptions;
  readonly #https: RequestOptions;

  /** @param names how names become addresses; Node's own way, two names at a time, unless told */
  constructor(clock: Clock, names: { readonly lookup?: LookupFunction } = {}) {
    this.#clock = clock;
    this.#lookup = names.lookup;
    const common = { auth: null, headers: { accept: '*/*' } };
    // An agent would keep books of connections that are there for one request.
    const createConnection = (options: object) => connect(options as NetConnectOpts);
    this.#http = { ...common, createConnection };
    // This one keeps the sessions of TLS, which make the next handshake cheaper for both sides.
    this.#https = { ...common, agent: new Agent({ keepAlive: false }) };
  }

  /** Never rejects. Any status is an answer: what it means is for the reader of the round to judge. */
  fetch(url: string, { timeoutMilliseconds, signal }: ProbeOptions): Promise<WitnessAnswer> {
    if (signal?.aborted === true) return Promise.resolve({ attempt: givenUp });
    let request: ClientRequest;
    let trouble: WatchedName['trouble'];
    try {
      const address = new URL(url);
      const name = watchName(address.hostname, this.#lookup);
      const { lookup } = name;
      trouble = name.trouble;
      request =
        address.protocol === 'https:'
          ? requestHttps(address, { ...this.#https, lookup })
          : requestHttp(address, { ...this.#http, lookup });
    } catch (error) {
      return Promise.resolve({ attempt: attemptOf(error) });
    }
    return new Promise((resolve) => {
      const settle = (answer: WitnessAnswer): void => {
        timer.cancel();
        removeAbortListener(signal, giveUp);
        request.destroy();
        resolve(answer);
      };
      const giveUp = (): void => settle({ attempt: givenUp });
      const silence = (): WitnessAnswer['attempt'] =>
        trouble(timeoutMilliseconds) ?? attemptOf(new CallTimeoutError(timeoutMilliseconds));
      const timer = this.#clock.setTimeout(() => settle({ attempt: silence() }), timeoutMilliseconds);
      if (signal !== undefined) addAbortListener(signal, giveUp);
      request.on('response', ({ statusCode }) =>
        settle({ attempt: { kind: 'answered' }, ...(statusCode !== undefined && { statusCode }) }),
      );
      // One that is being destroyed may still report an error, and one that asks to go on in another protocol reports none.
      request.on('error', (error) => settle({ attempt: attemptOf(error) }));
      request.on('close', () => settle({ attempt: closed }));
      request.end();
    });
  }
}

const givenUp: WitnessAnswer['attempt'] = { kind: 'local', cause: 'notAttempted', message: 'given up by the caller' };

const closed: WitnessAnswer['attempt'] = {
  kind: 'noAnswer',
  cause: 'reset',
  message: 'the connection was closed without an answer',
};

function attemptOf(error: unknown): WitnessAnswer['attempt'] {
  const message = error instanceof Error ? error.message : String(error);
  return classifyTransportError(error)?.classification ?? { kind: 'local', cause: 'notAttempted', message };
}
