import { describe, expect, it } from '@jest/globals';
import { writerEndpointsOf } from './observed-writers.ts';

const cluster = (name: string, region: string, endpoint?: string) => ({
  kind: 'Cluster',
  metadata: { name },
  spec: { forProvider: { region } },
  status: { atProvider: { ...(endpoint === undefined ? {} : { endpoint }) } },
});

describe('Given what kubectl says of clusters', () => {
  it('then each member of this set-up has its endpoint; others, and those without one, are left out', () => {
    const items = [
      cluster('aurora-us-east-1-prod', 'us-east-1', 'aurora-us-east-1-prod.cluster-1.us-east-1.rds.amazonaws.com'),
      cluster('aurora-us-east-1-test', 'us-east-1', 'aurora-us-east-1-test.cluster-1.us-east-1.rds.amazonaws.com'),
      cluster('aurora-us-west-2-prod', 'us-west-2'),
      {
        kind: 'VPCEndpoint',
        metadata: { name: 'aurora-us-east-1-prod' },
        spec: { forProvider: { region: 'us-east-1' } },
      },
    ];
    expect(writerEndpointsOf(JSON.stringify({ items }), 'prod')).toEqual({
      'us-east-1': 'aurora-us-east-1-prod.cluster-1.us-east-1.rds.amazonaws.com',
    });
  });

  it('when it is something else, then the message says what to do', () => {
    expect(() => writerEndpointsOf('{}', 'prod')).toThrow(/--observed: .*kubectl get vpcendpoints,clusters/);
  });
});
