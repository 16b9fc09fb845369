import { describe, expect, it } from '@jest/globals';
import { spanOfAwsRequest, spanOfKubeRequest } from './request-spans.ts';

describe('spans of requests', () => {
  it('given a call to AWS, then it ended now and began as long ago as it took', () => {
    const request = {
      region: 'us-west-2',
      action: 'FailoverGlobalCluster',
      result: 'answered',
      durationMilliseconds: 300,
    };
    expect(spanOfAwsRequest(request, 1_000)).toEqual({
      name: 'FailoverGlobalCluster',
      start: 700,
      end: 1_000,
      attributes: {
        'rpc.system': 'aws-api',
        'rpc.method': 'FailoverGlobalCluster',
        'cloud.region': 'us-west-2',
        'aurora_dr.result': 'answered',
      },
    });
    expect(spanOfAwsRequest({ region: 'r', action: 'A', result: 'timeout' }, 5)).toMatchObject({
      start: 5,
      failure: 'timeout',
    });
  });

  it.each([
    ['200', 200, undefined],
    ['409', 409, '409'],
    ['<error>', undefined, '<error>'],
  ])('given the API server answers %s, then the span says so', (code, status, failure) => {
    const request = { code, method: 'PUT', path: '/apis/x', host: 'h:6443', durationMilliseconds: 20 };
    const span = spanOfKubeRequest(request, 100);
    expect(span).toMatchObject({ name: 'PUT /apis/x', start: 80, end: 100 });
    expect([span.attributes['http.response.status_code'], span.failure]).toEqual([status, failure]);
  });
});
