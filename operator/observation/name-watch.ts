import { lookup as askSystem } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { FailedAttempt } from '../aws/errors.ts';

export interface WatchedName {
  /** For the socket: how the name becomes an address. */
  readonly lookup: LookupFunction;
  /** What a timeout means at this moment; undefined once there was an answer to the question for the address. */
  readonly trouble: (timeoutMilliseconds: number) => FailedAttempt | undefined;
}

/**
 * Follows whether the far side has an address that a socket can connect to. While it has none, silence is the resolver's:
 * nothing has left this process for the far side, which it therefore says nothing about.
 *
 * @param host a name or an address; an IPv6 address may stand in brackets, as in URLs
 * @param lookup how names become addresses; Node's own way unless told
 */
export function watchName(host: string, lookup: LookupFunction = askSystem): WatchedName {
  // Nobody asks where an address leads.
  let isFound = isIP(host.replace(/^\[|\]$/g, '')) !== 0;
  return {
    lookup: (name, options, callback) =>
      lookup(name, options, (...answer) => {
        isFound = true;
        callback(...answer);
      }),
    trouble: (timeoutMilliseconds) =>
      isFound
        ? undefined
        : {
            kind: 'local',
            cause: 'resolver',
            message: `no name server told the address of ${host} within ${timeoutMilliseconds} ms; check the name servers`,
          },
  };
}
