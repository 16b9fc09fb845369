import { isIP, type Socket } from 'node:net';
import type { FailedAttempt } from '../aws/errors.ts';

/**
 * Follows whether a socket that has just been told to connect has an address to connect to. While it has none, silence is
 * the resolver's: nothing has left this process for the far side, which it therefore says nothing about.
 *
 * @param host a name or an address; an IPv6 address may stand in brackets, as in URLs
 * @returns what a timeout means at that moment; undefined once there was an address
 */
export function watchName(socket: Socket, host: string): (timeoutMilliseconds: number) => FailedAttempt | undefined {
  let isFound = isIP(host.replace(/^\[|\]$/g, '')) !== 0;
  socket.once('lookup', () => (isFound = true));
  return (timeoutMilliseconds) =>
    isFound
      ? undefined
      : {
          kind: 'local',
          cause: 'resolver',
          message: `no name server told the address of ${host} within ${timeoutMilliseconds} ms; check the name servers`,
        };
}
