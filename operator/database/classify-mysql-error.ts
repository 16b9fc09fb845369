/// <reference lib="esnext.error" />
import { classifyTransportError } from '../aws/transport-error.ts';
import type { FailedAttempt } from '../aws/errors.ts';
import type { RejectionCause } from '../failover/observation.ts';

/** Numbers of server errors: https://mariadb.com/kb/en/mariadb-error-code-reference/, and MySQL's reference. */
const rejections: Readonly<Record<RejectionCause, readonly number[]>> = {
  // Too many connections; of this user; a limit of this user; the host blocked after failures; a lock that others hold.
  throttled: [1040, 1203, 1226, 1129, 1205, 1213],
  // Access to the server, from this host, to the database, by this plugin; a locked account; a missing privilege.
  denied: [1045, 1130, 1044, 1698, 3118, 4151, 1142, 1143, 1227, 1370],
  // The password has expired.
  expiredCredentials: [1820, 1862],
  // --read-only and its relatives; read-only mode; a read-only transaction.
  readOnly: [1290, 1836, 1792],
  malformed: [],
};

/** The server says itself that it cannot serve: it ends, its disk is full or fails, its storage engine gives up. */
const failures = [
  3, 5, 1021, 1026, 1030, 1034, 1053, 1077, 1079, 1080, 1114, 1180, 1181, 1182, 1194, 1195, 1598, 1927, 3100,
];

/** Below the protocol's own errors: the connection ended in the middle. */
const resets = ['PROTOCOL_CONNECTION_LOST', 'PROTOCOL_PACKETS_OUT_OF_ORDER'];

interface DriverError extends Error {
  readonly code?: unknown;
  readonly errno?: unknown;
}

/** What an error of the driver says of the server. */
export function classifyMysqlError(error: unknown): FailedAttempt {
  // Not by instanceof: sockets' errors come from Node's own realm, which tests and sandboxes do not share.
  if (!Error.isError(error)) return { kind: 'local', cause: 'notAttempted', message: String(error) };
  const { code, errno, message } = error as DriverError;
  if (code === 'HANDSHAKE_SSL_ERROR') return { kind: 'noAnswer', cause: 'tls', message };
  if (typeof code === 'string' && resets.includes(code)) return { kind: 'noAnswer', cause: 'reset', message };
  // A server's error has its number, a socket's a negative one.
  if (typeof errno === 'number' && errno > 0) return classifyServerError(errno, describe(code, errno, message));
  const transport = classifyTransportError(error)?.classification;
  return transport ?? { kind: 'rejected', cause: 'malformed', message: describe(code, undefined, message) };
}

function classifyServerError(errno: number, message: string): FailedAttempt {
  for (const [cause, numbers] of Object.entries(rejections) as [RejectionCause, readonly number[]][]) {
    if (numbers.includes(errno)) return { kind: 'rejected', cause, message };
  }
  return failures.includes(errno)
    ? { kind: 'noAnswer', cause: 'serverError', message }
    : { kind: 'rejected', cause: 'malformed', message };
}

function describe(code: unknown, errno: number | undefined, message: string): string {
  const name = typeof code === 'string' ? code : '';
  const number = errno === undefined ? '' : String(errno);
  const label = [name, number].filter((part) => part !== '').join(' ');
  return label === '' ? message : `${message} (${label})`;
}
