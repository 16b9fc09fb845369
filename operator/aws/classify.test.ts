import { describe, expect, it } from '@jest/globals';
import { CallTimeoutError } from './call-timeout-error.ts';
import { classify } from './classify.ts';

const socketError = (code: string, syscall?: string): Error => Object.assign(new Error(code), { code, syscall });

const answer = (status: number, name = 'Unknown', code?: string): Error =>
  Object.assign(new Error('message'), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode: status },
    ...(code !== undefined && { Code: code }),
  });

describe('classify', () => {
  it.each([
    ['ECONNREFUSED', 'connect', 'noAnswer', 'refused', false],
    ['ECONNRESET', 'read', 'noAnswer', 'reset', true],
    ['ECONNRESET', 'connect', 'noAnswer', 'reset', false],
    ['EPIPE', 'write', 'noAnswer', 'reset', true],
    ['ETIMEDOUT', 'connect', 'noAnswer', 'timeout', false],
    ['ETIMEDOUT', 'read', 'noAnswer', 'timeout', true],
    ['UND_ERR_CONNECT_TIMEOUT', undefined, 'noAnswer', 'timeout', true],
    ['EPROTO', 'write', 'noAnswer', 'tls', true],
    ['ERR_TLS_CERT_ALTNAME_INVALID', undefined, 'noAnswer', 'tls', true],
    ['CERT_HAS_EXPIRED', undefined, 'noAnswer', 'tls', true],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', undefined, 'noAnswer', 'tls', true],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', undefined, 'noAnswer', 'tls', true],
    ['ERR_SSL_WRONG_VERSION_NUMBER', undefined, 'noAnswer', 'tls', true],
    ['ENOTFOUND', 'getaddrinfo', 'local', 'resolver', false],
    ['EAI_AGAIN', 'getaddrinfo', 'local', 'resolver', false],
    ['EMFILE', 'connect', 'local', 'socketLimit', false],
    ['ENFILE', 'connect', 'local', 'socketLimit', false],
    ['EADDRNOTAVAIL', 'connect', 'local', 'socketLimit', false],
    ['ENOBUFS', 'connect', 'local', 'socketLimit', false],
    ['ENETUNREACH', 'connect', 'local', 'noRoute', false],
    ['EHOSTUNREACH', 'connect', 'local', 'noRoute', false],
    ['EHOSTUNREACH', 'read', 'local', 'noRoute', true],
    ['ENETDOWN', 'connect', 'local', 'noRoute', false],
    ['HPE_INVALID_CONSTANT', undefined, 'rejected', 'malformed', true],
  ])('given the socket error %s in %s, finds %s %s', (code, syscall, kind, cause, isEffectPossible) => {
    expect(classify(socketError(code, syscall))).toMatchObject({ classification: { kind, cause }, isEffectPossible });
    const wrapped = new Error('fetch failed', { cause: socketError(code, syscall) });
    expect(classify(wrapped)).toMatchObject({ classification: { kind, cause }, isEffectPossible });
  });

  it.each([
    [400, 'Throttling', 'rejected', 'throttled', false],
    [400, 'ThrottlingException', 'rejected', 'throttled', false],
    [400, 'TooManyRequestsException', 'rejected', 'throttled', false],
    [503, 'RequestLimitExceeded', 'rejected', 'throttled', false],
    [503, 'SlowDown', 'rejected', 'throttled', false],
    [403, 'AccessDenied', 'rejected', 'denied', false],
    [400, 'UnrecognizedClientException', 'rejected', 'denied', false],
    [403, 'SignatureDoesNotMatch', 'rejected', 'denied', false],
    [403, 'ExpiredToken', 'rejected', 'expiredCredentials', false],
    [400, 'ExpiredTokenException', 'rejected', 'expiredCredentials', false],
    [400, 'RequestExpired', 'rejected', 'expiredCredentials', false],
    [500, 'InternalFailure', 'noAnswer', 'serverError', true],
    [503, 'ServiceUnavailable', 'noAnswer', 'serverError', true],
    [400, 'InvalidGlobalClusterStateFault', 'rejected', 'malformed', false],
    [404, 'GlobalClusterNotFoundFault', 'rejected', 'malformed', false],
  ])('given status %d with code %s, finds %s %s', (status, code, kind, cause, isEffectPossible) => {
    const expected = { classification: { kind, cause }, code, isEffectPossible };
    expect(classify(answer(status, code, code))).toMatchObject(expected);
    expect(classify(answer(status, code))).toMatchObject(expected);
  });

  it.each([
    [401, 'rejected', 'denied', true],
    [403, 'rejected', 'denied', true],
    [404, 'rejected', 'malformed', true],
    [429, 'rejected', 'throttled', false],
    [500, 'noAnswer', 'serverError', true],
    [504, 'noAnswer', 'serverError', true],
    [200, 'rejected', 'malformed', true],
  ])('given status %d without a code, finds %s %s', (status, kind, cause, isEffectPossible) => {
    const failure = classify(answer(status));
    expect(failure).toMatchObject({ classification: { kind, cause }, isEffectPossible });
    expect(failure.code).toBeUndefined();
  });

  it.each([
    [302, true],
    [400, false],
  ])('given status %d with a code of a refusal, knows whether it had an effect: %s', (status, isEffectPossible) => {
    expect(classify(answer(status, 'Moved', 'Moved')).isEffectPossible).toBe(isEffectPossible);
  });

  it('given an answer, tells its message in one short line, and that the code is missing', () => {
    const told = (message: string, code?: string): string =>
      classify(Object.assign(answer(400, 'Unknown', code), { message })).classification.message;
    expect(told('  no \n\n such  thing\n', 'Fault')).toBe('no such thing');
    expect(told('no such thing')).toBe('HTTP status 400 without an AWS error code: no such thing');
    expect(told('x'.repeat(300), 'Fault')).toBe('x'.repeat(300));
    expect(told('x'.repeat(301), 'Fault')).toBe(`${'x'.repeat(300)}…`);
  });

  it('given an error that is none of AWS, assumes neither a code nor a status', () => {
    const failure = classify(new RangeError('out of range'));
    expect(failure).toEqual({
      classification: {
        kind: 'rejected',
        cause: 'malformed',
        message: 'HTTP status 0 without an AWS error code: out of range',
      },
      isEffectPossible: true,
    });
    expect(failure).not.toHaveProperty('code');
  });

  it('given our own timeout, finds silence', () => {
    expect(classify(new CallTimeoutError(3000))).toMatchObject({
      classification: { kind: 'noAnswer', cause: 'timeout', message: 'no answer within 3000 ms' },
      isEffectPossible: true,
    });
  });

  it('given a connection that never came about, knows that nothing was sent', () => {
    const error = new Error('the request socket did not establish a connection with the server within 5000 ms');
    error.name = 'TimeoutError';
    expect(classify(error)).toMatchObject({ classification: { cause: 'timeout' }, isEffectPossible: false });
  });

  it('given no credentials, finds local trouble', () => {
    const error = new Error('Could not load credentials from any providers');
    error.name = 'CredentialsProviderError';
    expect(classify(error)).toMatchObject({
      classification: { kind: 'local', cause: 'credentials' },
      isEffectPossible: false,
    });
  });

  it('given several addresses, what left this process outweighs what did not', () => {
    const v6 = socketError('ENETUNREACH', 'connect');
    const both = Object.assign(new AggregateError([v6, socketError('ETIMEDOUT', 'connect')]), { code: 'ENETUNREACH' });
    expect(classify(both)).toMatchObject({
      classification: { kind: 'noAnswer', cause: 'timeout' },
      isEffectPossible: false,
    });
    const none = Object.assign(new AggregateError([v6, v6]), { code: 'ENETUNREACH' });
    expect(classify(none).classification).toMatchObject({ kind: 'local', cause: 'noRoute' });
  });

  it('given something that is no error, says so without assuming anything', () => {
    expect(classify('what')).toEqual({
      classification: { kind: 'rejected', cause: 'malformed', message: expect.stringContaining('what') as unknown },
      isEffectPossible: true,
    });
  });
});
