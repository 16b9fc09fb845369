/// <reference lib="esnext.error" />
import type { FailedAttempt } from './errors.ts';
import { classifyTransportError } from './transport-error.ts';

/** What an SDK error means to an observer, and to the sender of a mutating call. */
export interface CallFailure {
  readonly classification: FailedAttempt;
  /** AWS's error code, where the answer carried one. */
  readonly code?: string;
  readonly isEffectPossible: boolean;
}

/** Codes of the services used here and of the front ends before them. */
const throttlingCodes = new Set([
  'Throttling',
  'ThrottlingException',
  'Throttled',
  'ThrottledException',
  'TooManyRequests',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'BandwidthLimitExceeded',
  'PriorRequestNotComplete',
  'SlowDown',
]);

const expiryCodes = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired']);

const denialCodes = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AuthFailure',
  'AuthorizationError',
  'AuthorizationErrorException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'OptInRequired',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'UnauthorizedOperation',
  'UnrecognizedClientException',
]);

interface SdkAnswer {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string;
}

/** Reads an error of the SDK, its HTTP handler or a socket. */
export function classify(error: unknown): CallFailure {
  const transport = classifyTransportError(error);
  if (transport !== undefined) {
    return { classification: transport.classification, isEffectPossible: !transport.isUnsent };
  }
  if (Error.isError(error) && error.name === 'CredentialsProviderError') {
    return { classification: { kind: 'local', cause: 'credentials', message: error.message }, isEffectPossible: false };
  }
  return classifyAnswer(toAnswer(error));
}

function classifyAnswer(answer: SdkAnswer): CallFailure {
  const { code, message, status } = answer;
  const withCode = code === undefined ? {} : { code };
  const text = code === undefined ? `HTTP status ${status} without an AWS error code: ${message}` : message;
  const rejected = rejectionCause(status, code);
  if (rejected !== undefined) {
    const isDefinite = code !== undefined || status === 429;
    return {
      classification: { kind: 'rejected', cause: rejected, message: text },
      ...withCode,
      isEffectPossible: !isDefinite,
    };
  }
  if (status >= 500) {
    return {
      classification: { kind: 'noAnswer', cause: 'serverError', message: text },
      ...withCode,
      isEffectPossible: true,
    };
  }
  const isDefinite = code !== undefined && status >= 400;
  return {
    classification: { kind: 'rejected', cause: 'malformed', message: text },
    ...withCode,
    isEffectPossible: !isDefinite,
  };
}

/** Throttling, denial and expiry: by code, which some front ends send with a 5xx, else by status. */
function rejectionCause(status: number, code = ''): 'throttled' | 'denied' | 'expiredCredentials' | undefined {
  if (throttlingCodes.has(code) || status === 429) return 'throttled';
  if (expiryCodes.has(code)) return 'expiredCredentials';
  if (denialCodes.has(code) || status === 401 || status === 403) return 'denied';
  return undefined;
}

function toAnswer(error: unknown): SdkAnswer {
  if (!Error.isError(error)) return { status: 0, code: undefined, message: String(error) };
  const { $metadata, $fault, Code } = error as Error & {
    $metadata?: { httpStatusCode?: number };
    $fault?: string;
    Code?: string;
  };
  return {
    status: $metadata?.httpStatusCode ?? 0,
    code: Code ?? codeOfName(error.name, $fault),
    message: oneLine(error.message),
  };
}

/** The SDK names an exception for its code, and makes names up for answers that carry none. */
function codeOfName(name: string, fault: string | undefined): string | undefined {
  const isMadeUp = fault === undefined || ['Unknown', 'UnknownError', 'NotFound', 'Error'].includes(name);
  return isMadeUp ? undefined : name;
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
