import {
  DescribeDBClustersCommand,
  DescribeGlobalClustersCommand,
  RDSClient,
  type RDSClientConfig,
} from '@aws-sdk/client-rds';
import { HttpResponse } from '@smithy/core/protocols';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { readLeanAnswer } from './lean-answers.ts';
import { LeanQueryProtocol } from './lean-query-protocol.ts';
import { toClusterView, toGlobalClusterView } from './views.ts';

type Action = 'DescribeGlobalClusters' | 'DescribeDBClusters';

function clientOf(body: string, statusCode: number, config: RDSClientConfig): RDSClient {
  return new RDSClient({
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: {
      handle: () =>
        Promise.resolve({ response: new HttpResponse({ statusCode, headers: {}, body: Buffer.from(body, 'utf8') }) }),
    },
    ...config,
  });
}

/** What the gateway makes of an answer, or the name of the error. */
async function viewsOf(action: Action, body: string, statusCode: number, config: RDSClientConfig): Promise<unknown> {
  const client = clientOf(body, statusCode, config);
  try {
    if (action === 'DescribeGlobalClusters') {
      const { GlobalClusters, Marker, $metadata } = await client.send(new DescribeGlobalClustersCommand({}));
      return { views: GlobalClusters?.map(toGlobalClusterView), Marker, status: $metadata.httpStatusCode };
    }
    const { DBClusters, Marker, $metadata } = await client.send(new DescribeDBClustersCommand({}));
    return { views: DBClusters?.map(toClusterView), Marker, status: $metadata.httpStatusCode };
  } catch (error) {
    return { error: (error as Error).name, message: (error as Error).message.split('\n')[0] };
  }
}

async function expectSame(action: Action, body: string, statusCode = 200): Promise<unknown> {
  const lean = await viewsOf(action, body, statusCode, { protocol: LeanQueryProtocol });
  expect(lean).toEqual(await viewsOf(action, body, statusCode, {}));
  return lean;
}

const document = (action: Action, result: string): string =>
  `<?xml version="1.0"?>\n<${action}Response xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><${action}Result>${result}</${action}Result>` +
  `<ResponseMetadata><RequestId>0a1b</RequestId></ResponseMetadata></${action}Response>\n`;

const globalCluster = (inner = ''): string =>
  '<GlobalClusterMember><GlobalClusterIdentifier>g</GlobalClusterIdentifier><TagList/><Status>available</Status>' +
  '<GlobalClusterMembers><GlobalClusterMember><DBClusterArn>arn:aws:rds:us-east-1:1:cluster:a</DBClusterArn>' +
  '<Readers><member>arn:aws:rds:us-west-2:1:cluster:b</member></Readers><IsWriter>true</IsWriter></GlobalClusterMember>' +
  `</GlobalClusterMembers><FailoverState/>${inner}</GlobalClusterMember>`;

const element = (name: string, content: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: content.map((text) => `<${name}>${text}</${name}>`) },
    { weight: 1, arbitrary: fc.constantFrom(`<${name}/>`, '') },
  );
const word = fc.stringMatching(/^[a-zA-Z0-9:._-]{1,20}$/);
/** Now and then what only a whole parser understands. */
const text = fc.oneof(
  { weight: 30, arbitrary: word },
  { weight: 1, arbitrary: fc.constantFrom('a&amp;b', '&#65;', '<![CDATA[x]]>', '') },
);
const some = (parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).chain((made) => fc.shuffledSubarray(made, { minLength: 0 }).map((chosen) => chosen.join('')));
const list = (name: string, item: string, content: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  element(
    name,
    fc.array(content, { maxLength: 3 }).map((items) => items.map((one) => `<${item}>${one}</${item}>`).join('')),
  );
const boolean = fc.constantFrom('true', 'false');

const anyGlobalCluster = some([
  ...['GlobalClusterIdentifier', 'Status', 'EngineVersion', 'Endpoint', 'Engine'].map((name) => element(name, text)),
  element('StorageEncrypted', boolean),
  list(
    'GlobalClusterMembers',
    'GlobalClusterMember',
    some([
      element('DBClusterArn', word),
      fc.constantFrom('<IsWriter>true</IsWriter>', '<IsWriter>false</IsWriter>', ''),
      element('SynchronizationStatus', text),
      list('Readers', 'member', word),
      element('GlobalWriteForwardingStatus', word),
    ]),
  ),
  element(
    'FailoverState',
    some([
      ...['Status', 'FromDbClusterArn', 'ToDbClusterArn'].map((name) => element(name, word)),
      fc.constantFrom('<IsDataLossAllowed>true</IsDataLossAllowed>', ''),
    ]),
  ),
  list('TagList', 'Tag', some([element('Key', word), element('Value', text), element('Status', word)])),
]);

const anyCluster = some([
  ...['DBClusterArn', 'DBClusterIdentifier', 'Status', 'EngineVersion', 'Endpoint', 'ReaderEndpoint'].map((name) =>
    element(name, text),
  ),
  fc.constantFrom('<Port>3306</Port>', '<Port>13306</Port>', ''),
  list('DBClusterMembers', 'DBClusterMember', some([element('DBInstanceIdentifier', word), element('Status', word)])),
  // An element of the same name further inside says nothing of the cluster.
  list('VpcSecurityGroups', 'VpcSecurityGroupMembership', some([element('Status', word)])),
  list('AssociatedRoles', 'DBClusterRole', some([element('Status', word), element('Endpoint', word)])),
  fc.constantFrom('<LatestRestorableTime>2026-01-01T00:00:00.000Z</LatestRestorableTime>', ''),
]);

describe('LeanQueryProtocol', () => {
  it.each([
    ['DescribeGlobalClusters', 'GlobalClusters', 'GlobalClusterMember', anyGlobalCluster],
    ['DescribeDBClusters', 'DBClusters', 'DBCluster', anyCluster],
  ] as const)('reads whatever %s may answer as the SDK does', async (action, name, item, one) => {
    const result = some([list(name, item, one), element('Marker', word)]);
    await fc.assert(
      fc.asyncProperty(result, async (inner) => {
        await expectSame(action, document(action, inner));
      }),
      { numRuns: 300 },
    );
  });

  it('reads plain answers itself', () => {
    for (const action of ['DescribeGlobalClusters', 'DescribeDBClusters'] as const) {
      expect(readLeanAnswer(action, document(action, '<Marker>m</Marker>'))).toEqual({ Marker: 'm' });
    }
    const whole = document('DescribeGlobalClusters', `<GlobalClusters>${globalCluster()}</GlobalClusters>`);
    expect(readLeanAnswer('DescribeGlobalClusters', whole)).toMatchObject({
      GlobalClusters: [{ GlobalClusterIdentifier: 'g', GlobalClusterMembers: [{ IsWriter: true }] }],
    });
  });

  it.each([
    ['an entity', globalCluster('<Endpoint>a&amp;b</Endpoint>')],
    ['a comment', globalCluster('<!-- x -->')],
    ['CDATA', globalCluster('<Endpoint><![CDATA[x]]></Endpoint>')],
    ['an element twice', globalCluster('<Status>deleting</Status>')],
    [
      'a boolean that is none',
      globalCluster('<FailoverState><IsDataLossAllowed>yes</IsDataLossAllowed></FailoverState>'),
    ],
    ['elements in a text', globalCluster('<Endpoint><a>b</a></Endpoint>')],
    ['items of another name', '<GlobalCluster><Status>x</Status></GlobalCluster>'],
  ])('given %s, leaves the answer to the SDK', async (_what, clusters) => {
    const whole = document('DescribeGlobalClusters', `<GlobalClusters>${clusters}</GlobalClusters>`);
    expect(readLeanAnswer('DescribeGlobalClusters', whole)).toBeUndefined();
    await expectSame('DescribeGlobalClusters', whole);
  });

  it.each([
    ['nothing', ''],
    ['a page of HTML', '<html><body>proxy</body></html>'],
    ['another answer', document('DescribeDBClusters', '<Marker>m</Marker>')],
    ['no result', '<DescribeGlobalClustersResponse></DescribeGlobalClustersResponse>'],
    ['half a document', document('DescribeGlobalClusters', `<GlobalClusters>${globalCluster()}`).slice(0, 300)],
    ['more than a document', `${document('DescribeGlobalClusters', '<GlobalClusters/>')}<more/>`],
    ['text', 'OK'],
  ])('given %s instead of an answer, says what the SDK says', async (_what, body) => {
    expect(readLeanAnswer('DescribeGlobalClusters', body)).toBeUndefined();
    await expectSame('DescribeGlobalClusters', body);
  });

  it('given an error, tells it as the SDK does', async () => {
    const body =
      '<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>';
    expect(await expectSame('DescribeGlobalClusters', body, 400)).toMatchObject({ message: 'Rate exceeded' });
  });
});
