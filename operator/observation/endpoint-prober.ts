import { connect, type LookupFunction } from 'node:net';
import { CallTimeoutError } from '../aws/call-timeout-error.ts';
import { classifyTransportError } from '../aws/transport-error.ts';
import type { Attempt } from '../failover/observation.ts';
import { addAbortListener, removeAbortListener } from '../runtime/abort-listeners.ts';
import type { Clock } from '../runtime/clock.ts';
import { watchName } from './name-watch.ts';
import type { EndpointProber, ProbeOptions } from './probes.ts';

/**
 * Connects over TCP and closes at once: whether something accepts, not whether it is a database. Addresses are
 * asked for each time.
 */
export class TcpEndpointProber implements EndpointProber {
  readonly #clock: Clock;
  readonly #lookup: LookupFunction | undefined;

  /** @param names how names become addresses; Node's own way, two names at a time, unless told */
  constructor(clock: Clock, names: { readonly lookup?: LookupFunction } = {}) {
    this.#clock = clock;
    this.#lookup = names.lookup;
  }

  probe(host: string, port: number, options: ProbeOptions): Promise<Attempt> {
    const { timeoutMilliseconds, signal } = options;
    return new Promise((resolve) => {
      const { lookup, trouble } = watchName(host, this.#lookup);
      const socket = connect({ host, port, lookup });
      const settle = (attempt: Attempt): void => {
        timer.cancel();
        removeAbortListener(signal, giveUp);
        socket.destroy();
        resolve(attempt);
      };
      const giveUp = (): void => settle({ kind: 'local', cause: 'notAttempted', message: 'given up by the caller' });
      const timer = this.#clock.setTimeout(
        () => settle(trouble(timeoutMilliseconds) ?? attemptOf(new CallTimeoutError(timeoutMilliseconds))),
        timeoutMilliseconds,
      );
      socket.once('connect', () => settle({ kind: 'answered' }));
      // A socket that is being destroyed may still report an error.
      socket.on('error', (error) => settle(attemptOf(error)));
      if (signal?.aborted === true) giveUp();
      else if (signal !== undefined) addAbortListener(signal, giveUp);
    });
  }
}

function attemptOf(error: Error): Attempt {
  return (
    classifyTransportError(error)?.classification ?? { kind: 'local', cause: 'notAttempted', message: error.message }
  );
}
