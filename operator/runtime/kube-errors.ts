import { RuntimeError } from './runtime-error.ts';

/** A call to the API server that did not give the answer asked for. */
export class KubeError extends RuntimeError {
  override name = 'KubeError';
}

/** `details` of a Kubernetes Status object. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  readonly retryAfterSeconds?: number;
}

export interface KubeApiErrorProperties {
  /** HTTP status, or `code` of the Status in an ERROR event. */
  readonly code: number;
  /** Machine-readable, such as `NotFound`, `AlreadyExists`, `Invalid`; empty when the answer was no Status. */
  readonly reason: string;
  readonly details?: StatusDetails | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/** The API server answered, and refused. */
export class KubeApiError extends KubeError {
  override name = 'KubeApiError';
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  /** How long the server asks to stay away. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, properties: KubeApiErrorProperties, options?: ErrorOptions) {
    super(message, options);
    this.code = properties.code;
    this.reason = properties.reason;
    this.details = properties.details;
    this.retryAfterSeconds = properties.retryAfterSeconds ?? properties.details?.retryAfterSeconds;
  }
}

/** Somebody else wrote the object since it was read, or a precondition (resourceVersion, uid, JSON patch `test`) failed. */
export class ConflictError extends KubeApiError {
  override name = 'ConflictError';
}

/** No complete answer within the call's timeout. A mutating call may have taken effect. */
export class KubeTimeoutError extends KubeError {
  override name = 'KubeTimeoutError';
}

/** No complete or no sensible answer: refused, reset, TLS failure, garbage. A mutating call may have taken effect. */
export class KubeConnectionError extends KubeError {
  override name = 'KubeConnectionError';
}

export function isConflict(error: unknown): error is ConflictError {
  return error instanceof ConflictError;
}

export function isNotFound(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && error.code === 404;
}

export function isAlreadyExists(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && error.reason === 'AlreadyExists';
}

export function isForbidden(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && error.code === 403;
}

/** The API server's schema or an admission policy refused the content. */
export function isInvalid(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && error.code === 422;
}

/** The resourceVersion or the continue token is too old: list again. */
export function isGone(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && (error.code === 410 || error.reason === 'Expired' || error.reason === 'Gone');
}

/**
 * The resourceVersion is from the future: this server was restored from a backup, or lags behind.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#unavailable-resource-versions
 */
export function isResourceVersionTooLarge(error: unknown): error is KubeApiError {
  return (
    error instanceof KubeApiError &&
    (error.details?.causes?.some((cause) => cause.reason === 'ResourceVersionTooLarge') ?? false)
  );
}

/** Whether the same call may succeed later without anybody changing anything. */
export function isTransient(error: unknown): boolean {
  if (error instanceof KubeApiError) return error.code === 429 || error.code >= 500;
  return error instanceof KubeTimeoutError || error instanceof KubeConnectionError;
}

interface Status {
  readonly kind?: unknown;
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: StatusDetails;
}

/**
 * Reads the Status object that Kubernetes sends with an error: the one place that does so.
 *
 * @param what the call, as `<verb> <object>`
 * @param code HTTP status; for an ERROR event, what to assume when the Status carries no code
 * @param body raw text of the answer, or the already parsed object of an ERROR event
 * @param retryAfter the Retry-After header; only its form in seconds is used
 */
export function apiErrorFrom(what: string, code: number, body: unknown, retryAfter?: string): KubeApiError {
  const status = typeof body === 'string' ? parseStatus(body) : ((body ?? {}) as Status);
  const effectiveCode = typeof status.code === 'number' ? status.code : code;
  const reason = typeof status.reason === 'string' ? status.reason : '';
  const message = `cannot ${what}: ${explanationOf(status, body)} (${[String(effectiveCode), reason].filter(Boolean).join(' ')})`;
  const seconds = Number(retryAfter);
  const properties = {
    code: effectiveCode,
    reason,
    details: status.details,
    retryAfterSeconds: retryAfter !== undefined && Number.isFinite(seconds) ? seconds : undefined,
  };
  const isPrecondition = effectiveCode === 409 && reason !== 'AlreadyExists';
  return isPrecondition ? new ConflictError(message, properties) : new KubeApiError(message, properties);
}

function explanationOf(status: Status, body: unknown): string {
  if (typeof status.message === 'string' && status.message !== '') return status.message;
  return typeof body === 'string' && body.trim() !== '' ? body.trim().slice(0, 500) : 'no explanation given';
}

function parseStatus(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && (parsed as Status).kind === 'Status') return parsed;
  } catch {
    // Proxies and load balancers answer in HTML: the text itself becomes the explanation.
  }
  return {};
}
