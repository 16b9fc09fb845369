/// <reference lib="esnext.error" />
import type { LocalCause, NoAnswerCause } from '../failover/observation.ts';
import type { FailedAttempt } from './errors.ts';

const noAnswerCauses: Readonly<Record<string, NoAnswerCause>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  ERR_STREAM_PREMATURE_CLOSE: 'reset',
  UND_ERR_SOCKET: 'reset',
  ETIMEDOUT: 'timeout',
  ESOCKETTIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  EPROTO: 'tls',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  HOSTNAME_MISMATCH: 'tls',
  INVALID_CA: 'tls',
  INVALID_PURPOSE: 'tls',
};

const localCauses: Readonly<Record<string, LocalCause>> = {
  ENOTFOUND: 'resolver',
  EMFILE: 'socketLimit',
  ENFILE: 'socketLimit',
  ENOBUFS: 'socketLimit',
  EADDRNOTAVAIL: 'socketLimit',
  ENETUNREACH: 'noRoute',
  EHOSTUNREACH: 'noRoute',
  ENETDOWN: 'noRoute',
};

/** OpenSSL's and Node's families of codes: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const tlsPrefixes = ['ERR_TLS_', 'ERR_SSL_', 'CERT_', 'CRL_', 'UNABLE_TO_'];

/** What was in the way below HTTP. */
export interface TransportFailure {
  readonly classification: FailedAttempt;
  /** True when no connection came about, so that nothing of a request can have been sent. */
  readonly isUnsent: boolean;
}

/**
 * Finds a socket's, resolver's or TLS error in an error, its causes and its parts. Undefined when there is none: then
 * the far side answered something, or the trouble is of another kind.
 */
export function classifyTransportError(error: unknown): TransportFailure | undefined {
  // Not by instanceof: sockets' errors come from Node's own realm, which tests and sandboxes do not share.
  if (!Error.isError(error)) return undefined;
  return classifyParts(error) ?? classifyOne(error) ?? classifyTransportError(error.cause);
}

/**
 * A host with several addresses fails with one error for each. What certainly left this process outweighs what did
 * not: a machine without IPv6 gets ENETUNREACH beside the IPv4 address's true outcome.
 */
function classifyParts(error: Error & { errors?: unknown }): TransportFailure | undefined {
  if (!Array.isArray(error.errors)) return undefined;
  const parts = error.errors.flatMap((part) => classifyTransportError(part) ?? []);
  const most = parts.find((part) => part.classification.kind === 'noAnswer') ?? parts[0];
  return most && { ...most, isUnsent: parts.every((part) => part.isUnsent) };
}

function classifyOne(error: Error & { code?: unknown; syscall?: unknown }): TransportFailure | undefined {
  const code = typeof error.code === 'string' ? error.code : '';
  const message = describe(error, code);
  const isConnecting = error.syscall === 'connect' || error.syscall === 'getaddrinfo';

  const local = code.startsWith('EAI_') ? 'resolver' : localCauses[code];
  if (local !== undefined) {
    return { classification: { kind: 'local', cause: local, message }, isUnsent: isConnecting || local === 'resolver' };
  }
  const isCertificate = tlsPrefixes.some((prefix) => code.startsWith(prefix));
  const cause = isCertificate ? 'tls' : noAnswerCauses[code];
  if (cause !== undefined) {
    return { classification: { kind: 'noAnswer', cause, message }, isUnsent: isConnecting || cause === 'refused' };
  }
  if (error.name === 'TimeoutError') {
    // The HTTP handler's own words for a connection that never came about; other words count as sent, the safe side.
    const isUnsent = error.message.includes('did not establish a connection');
    return { classification: { kind: 'noAnswer', cause: 'timeout', message }, isUnsent };
  }
  if (code.startsWith('HPE_')) {
    return { classification: { kind: 'rejected', cause: 'malformed', message }, isUnsent: false };
  }
  return undefined;
}

function describe(error: Error, code: string): string {
  if (error.message === '') return code === '' ? error.name : code;
  return code === '' || error.message.includes(code) ? error.message : `${error.message} (${code})`;
}
