import { describe, expect, it } from '@jest/globals';
import { AwsError } from '../world/aws-error.ts';
import { parseQuery, renderError, renderOutput } from './query-protocol.ts';

describe('parseQuery', () => {
  it('given lists of structures, whatever their items are called, gives arrays', () => {
    const body =
      'Action=DescribeDBClusters&Version=2014-10-31&MaxRecords=20' +
      '&Filters.Filter.2.Name=b&Filters.Filter.1.Name=a&Filters.Filter.1.Values.Value.1=x&Filters.Filter.1.Values.Value.2=y';
    expect(parseQuery(body)).toEqual({
      action: 'DescribeDBClusters',
      version: '2014-10-31',
      input: { MaxRecords: '20', Filters: [{ Name: 'a', Values: ['x', 'y'] }, { Name: 'b' }] },
    });
  });

  it('given ten items and more, keeps their order', () => {
    const items = Array.from({ length: 11 }, (_, index) => `L.member.${index + 1}=${index}`).join('&');
    expect(parseQuery(`Action=A&${items}`).input).toEqual({ L: Array.from({ length: 11 }, (_, index) => `${index}`) });
  });

  it('given no action, is refused', () => {
    expect(() => parseQuery('Version=1')).toThrow(AwsError);
  });
});

describe('renderOutput', () => {
  it('escapes text, leaves out what is undefined and names list items as the model does', () => {
    const output = { Marker: undefined, Events: [{ Message: 'a < b & "c"', Date: new Date(0), Codes: [1, true] }] };
    expect(renderOutput('rds', 'DescribeEvents', output, 'id')).toBe(
      '<DescribeEventsResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><DescribeEventsResult>' +
        '<Events><Event><Message>a &lt; b &amp; &quot;c&quot;</Message><Date>1970-01-01T00:00:00.000Z</Date>' +
        '<Codes><member>1</member><member>true</member></Codes></Event></Events></DescribeEventsResult>' +
        '<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DescribeEventsResponse>',
    );
  });
});

describe('renderError', () => {
  it('says who is to blame', () => {
    expect(renderError('sts', new AwsError('AccessDenied', 403, 'no'), 'id')).toContain(
      '<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error><RequestId>id</RequestId>',
    );
    expect(renderError('rds', new AwsError('InternalFailure', 500, 'no'), 'id')).toContain('<Type>Receiver</Type>');
  });
});
