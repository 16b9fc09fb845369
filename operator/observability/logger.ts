import { type DestinationStream, pino } from 'pino';
import type { LogFields } from './log-fields.ts';

interface Log {
  (fields: LogFields, message: string): void;
  (message: string): void;
}

/** Writes lines with the keys of {@link LogFields} and no others. */
export interface Logger {
  readonly debug: Log;
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
  readonly fatal: Log;
}

export interface LoggerProps {
  /** The least level that is written: trace, debug, info, warn, error, fatal or silent. */
  readonly level: string;
  /** @default - standard output */
  readonly destination?: DestinationStream;
}

const redacted = '[redacted]';
const deepest = 8;

/** Compared without case, dashes and underscores; a key that ends with one of these counts too (`sessionToken`). */
const secretKeys = [
  'accesskeyid',
  'authorization',
  'cookie',
  'credential',
  'credentials',
  'externalid',
  'password',
  'passphrase',
  'privatekey',
  'secret',
  'secretaccesskey',
  'token',
];

/** The same keys in a finished line: those that a child logger was given come by no other way. */
const secretPairs = new RegExp(
  `"([^"\\\\]*(?:${secretKeys.map((key) => Array.from(key).join('[-_]?')).join('|')}))":"(?:[^"\\\\]|\\\\.)*"`,
  'gi',
);

/** Secrets inside of texts, error messages included: they have no key of their own to go by. */
const secretTexts: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${redacted}`],
  [/\b(X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s"\\]+/gi, `$1${redacted}`],
  [/\bAWS4-HMAC-SHA256 [^"\\]+/g, `AWS4-HMAC-SHA256 ${redacted}`],
  [/(:\/\/)[^/\s"\\@]+@/g, `$1${redacted}@`],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, redacted],
];

/**
 * JSON lines with `time` (RFC 3339, UTC), `level` (its name), `msg` and the fields of {@link LogFields}. Secrets are
 * taken out by key at any depth, and by their looks in every text.
 */
export function createLogger({ level, destination }: LoggerProps): Logger {
  const options = {
    level,
    // No process id and host name: in a Pod they say nothing that the log's collector does not know.
    base: null,
    messageKey: 'msg',
    errorKey: 'error',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: withoutSecrets,
    },
    serializers: { error: (error: unknown) => describeError(error, 0) },
    hooks: { streamWrite: withoutSecretTexts },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** The text without what looks like a secret. */
export function withoutSecretTexts(line: string): string {
  return secretTexts.reduce(
    (text, [pattern, replacement]) => text.replaceAll(pattern, replacement),
    line.replaceAll(secretPairs, `"$1":"${redacted}"`),
  );
}

function withoutSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  return withoutSecretsBelow(fields, 0) as Record<string, unknown>;
}

function withoutSecretsBelow(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Error) return depth === 1 ? value : describeError(value, depth);
  if (depth > deepest) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => withoutSecretsBelow(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      isSecret(key, item) ? redacted : withoutSecretsBelow(item, depth + 1),
    ]),
  );
}

/** Numbers and booleans are no secrets: `hasToken: true` is worth knowing. */
function isSecret(key: string, value: unknown): boolean {
  if (typeof value !== 'string' && typeof value !== 'object') return false;
  const plain = key.toLowerCase().replaceAll(/[-_]/g, '');
  return value !== null && secretKeys.some((secret) => plain.endsWith(secret));
}

/** An error's own fields are left out but for the code: those of the SDKs carry whole requests, headers included. */
function describeError(error: unknown, depth: number): unknown {
  if (!(error instanceof Error)) return withoutSecretsBelow(error, depth + 1);
  const { name, message, stack, cause } = error;
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    name,
    message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack,
    ...(cause === undefined || depth > 4 ? {} : { cause: describeError(cause, depth + 1) }),
  };
}
