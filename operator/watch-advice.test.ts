import { describe, expect, it } from '@jest/globals';
import { apiErrorFrom } from './runtime/kube-errors.ts';
import { watchAdvice } from './watch-advice.ts';

describe('watchAdvice', () => {
  it.each<[number, RegExp]>([
    [404, /install the CRD/],
    [403, /ClusterRole/],
    [401, /credentials/],
    [500, /it is resumed/],
  ])('given the API server answers %i, when the watch fails, then it is said what to do', (code, advice) => {
    expect(watchAdvice(apiErrorFrom('list disasterrecoverypolicies', code, ''))).toMatch(advice);
  });

  it('given a broken connection, when the watch ends, then it is resumed', () => {
    expect(watchAdvice(new Error('reset'))).toBe('the watch of policies ended; it is resumed');
  });
});
