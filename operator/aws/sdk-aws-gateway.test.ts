import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SystemClock } from '../runtime/clock.ts';
import { AwsCallError } from './errors.ts';
import type { AwsRequest } from './request-report.ts';
import { SdkAwsGateway } from './sdk-aws-gateway.ts';
import { StsCredentials } from './sts-credentials.ts';

/** What no AWS answers, but something between may. */
describe('given an endpoint that answers with a foreign document', () => {
  let server: Server;
  let gateway: SdkAwsGateway;
  let answer: { status: number; body: string };
  let requests: AwsRequest[];
  const input = { globalClusterIdentifier: 'g', targetClusterArn: 'arn' };
  const options = { timeoutMilliseconds: 5000 };

  beforeEach(async () => {
    server = createServer((_request, response) => {
      response.writeHead(answer.status, { 'content-type': 'text/html' }).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const endpoints = new Map([['r', `http://127.0.0.1:${port}`]]);
    const readOwn = () => Promise.resolve({ accessKeyId: 'key', secretAccessKey: 'secret' });
    const clock = new SystemClock();
    requests = [];
    gateway = new SdkAwsGateway({
      clock,
      endpoints,
      credentials: new StsCredentials({ clock, endpoints, readOwn }),
      onRequest: (request) => requests.push(request),
    });
  });

  afterEach(() => {
    gateway.close();
    server.close();
  });

  const failureOf = async (call: Promise<unknown>): Promise<AwsCallError> => {
    const outcome: unknown = await call.catch((error: unknown) => error);
    if (!(outcome instanceof AwsCallError)) throw new Error('the call did not fail as it should', { cause: outcome });
    return outcome;
  };

  const fault = (code: string) =>
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`;
  const list =
    '<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters/></DescribeDBClustersResult></DescribeDBClustersResponse>';

  it.each([
    ['an answer', 200, list, 'answered'],
    ['a fault of the API', 404, fault('DBClusterNotFoundFault'), 'fault'],
    ['throttling', 400, fault('Throttling'), 'throttled'],
    ['a refusal of IAM', 403, fault('AccessDenied'), 'denied'],
    ['a foreign page', 200, '<html/>', 'malformed'],
    ['a bad gateway', 502, '', 'serverError'],
  ])('given %s, tells of the request, how it ended and how long it took', async (_, status, body, result) => {
    answer = { status, body };
    await gateway.describeClusters({}, 'r', options).catch(() => undefined);
    expect(requests).toEqual([
      { region: 'r', action: 'DescribeDBClusters', result, durationMilliseconds: expect.any(Number) as unknown },
    ]);
  });

  it('given a caller whose own turn never comes, tells of no request', async () => {
    const beforeRequest = () => Promise.reject(new Error('not now'));
    await expect(gateway.describeClusters({}, 'r', { ...options, beforeRequest })).rejects.toThrow('not now');
    expect(requests).toEqual([]);
  });

  it.each([
    ['an empty body', 200, '', 'rejected', 'malformed'],
    ['a page of a proxy', 200, '<html><body>Welcome</body></html>', 'rejected', 'malformed'],
    ['a truncated document', 200, '<DescribeDBClustersResponse><Desc', 'rejected', 'malformed'],
    ['a proxy refusing', 403, '<html>no</html>', 'rejected', 'denied'],
    ['a redirect', 302, '', 'rejected', 'malformed'],
    ['a bad gateway', 502, '<html>bad gateway</html>', 'noAnswer', 'serverError'],
    ['a broken 503', 503, '{{{', 'noAnswer', 'serverError'],
    ['a bare 429', 429, 'slow down', 'rejected', 'throttled'],
    ['a foreign 404', 404, '<html>not found</html>', 'rejected', 'malformed'],
  ])('given %s, it is neither an empty answer nor a definite one', async (_, status, body, kind, cause) => {
    answer = { status, body };
    for (const read of [gateway.describeClusters({}, 'r', options), gateway.describeGlobalClusters({}, 'r', options)]) {
      expect((await failureOf(read)).classification).toMatchObject({ kind, cause });
    }
    const change = await failureOf(gateway.failoverGlobalCluster({}, 'r', input, options));
    expect(change.classification).toMatchObject({ kind, cause });
    expect(change.isEffectPossible).toBe(status !== 429);
  });

  it('given a 404 without a code, does not take the global cluster for deleted', async () => {
    answer = { status: 404, body: '' };
    const error = await failureOf(gateway.describeGlobalCluster({}, 'r', 'g', options));
    expect(error.code).toBeUndefined();
  });
});
