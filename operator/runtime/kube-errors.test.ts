import { describe, expect, it } from '@jest/globals';

import {
  apiErrorFrom,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNotFound,
  isResourceVersionTooLarge,
  isTransient,
  KubeConnectionError,
  KubeTimeoutError,
} from './kube-errors.ts';

const body = (reason: string, extra: object = {}): string =>
  JSON.stringify({ kind: 'Status', reason, message: `says ${reason}`, ...extra });

describe('apiErrorFrom', () => {
  it('given the raw text of a Status, when read, gives reason, code and details as data (trap: ApiException.body is a raw string)', () => {
    const error = apiErrorFrom('get Thing a', 404, body('NotFound', { code: 404, details: { name: 'a' } }));
    expect(error.message).toBe('cannot get Thing a: says NotFound (404 NotFound)');
    expect([error.code, error.reason, error.details?.name]).toEqual([404, 'NotFound', 'a']);
    expect(isNotFound(error)).toBe(true);
  });

  it('given a page of HTML or nothing, when read, still explains', () => {
    expect(apiErrorFrom('list things', 502, '<html>Bad Gateway</html>').message).toBe(
      'cannot list things: <html>Bad Gateway</html> (502)',
    );
    expect(apiErrorFrom('list things', 500, '').message).toBe('cannot list things: no explanation given (500)');
  });

  it('given different refusals, when classified, tells them apart', () => {
    expect(isConflict(apiErrorFrom('x', 409, body('Conflict')))).toBe(true);
    expect(isConflict(apiErrorFrom('x', 409, body('AlreadyExists')))).toBe(false);
    expect(isAlreadyExists(apiErrorFrom('x', 409, body('AlreadyExists')))).toBe(true);
    expect(isGone(apiErrorFrom('x', 410, body('Expired')))).toBe(true);
    expect(isGone(apiErrorFrom('x', 200, { kind: 'Status', code: 410, reason: 'Gone' }))).toBe(true);
    expect(isForbidden(apiErrorFrom('x', 403, body('Forbidden')))).toBe(true);
    expect(isInvalid(apiErrorFrom('x', 422, body('Invalid')))).toBe(true);
    const details = { causes: [{ reason: 'ResourceVersionTooLarge' }] };
    expect(isResourceVersionTooLarge(apiErrorFrom('x', 504, body('Timeout', { details })))).toBe(true);
    expect(isResourceVersionTooLarge(apiErrorFrom('x', 504, body('Timeout')))).toBe(false);
  });

  it('given failures, when asked whether time heals them, says so for busy and absent servers only', () => {
    expect([429, 500, 503, 504].map((code) => isTransient(apiErrorFrom('x', code, '')))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect([400, 403, 404, 409, 422].map((code) => isTransient(apiErrorFrom('x', code, '')))).not.toContain(true);
    expect(isTransient(new KubeTimeoutError('late'))).toBe(true);
    expect(isTransient(new KubeConnectionError('refused'))).toBe(true);
    expect(isTransient(new Error('a bug'))).toBe(false);
  });

  it('given a time to stay away, when in the header or in the details, is kept', () => {
    expect(apiErrorFrom('x', 429, '', '7').retryAfterSeconds).toBe(7);
    expect(
      apiErrorFrom('x', 429, body('TooManyRequests', { details: { retryAfterSeconds: 3 } })).retryAfterSeconds,
    ).toBe(3);
    expect(apiErrorFrom('x', 429, '', 'Wed, 21 Oct 2026 07:28:00 GMT').retryAfterSeconds).toBeUndefined();
  });
});
