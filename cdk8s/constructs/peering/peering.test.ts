import { describe, expect, it } from '@jest/globals';
import { Testing } from 'cdk8s';
import { Names } from '../../configuration/names.ts';
import { testChart } from '../../managed/test-chart.ts';
import { PeeredRoutes } from './peered-routes.ts';
import { VpcPeering } from './vpc-peering.ts';

const names = new Names('test');

describe('a peering', () => {
  it.each(['namespaced', 'cluster'] as const)(
    'given the %s scope, is requested in one region, accepted in the other, and resolves names from both',
    (scope) => {
      const chart = testChart({ scope });
      const peering = new VpcPeering(chart, 'peering', {
        names,
        accountId: '123456789012',
        requester: { region: 'us-east-1', vpc: { name: 'vpc-us-east-1-test' } },
        accepter: { region: 'us-west-2', vpc: { name: 'vpc-us-west-2-test' } },
      });
      expect(Testing.synth(chart)).toMatchSnapshot();
      expect(peering.connection.reference).toEqual({ name: 'peering-us-west-2-us-east-1-test' });
    },
  );
});

describe('the routes of a VPC', () => {
  it('lead to every peer, from every subnet, and nowhere else', () => {
    const chart = testChart();
    new PeeredRoutes(chart, 'routes', {
      names,
      region: 'us-east-1',
      vpc: { name: 'vpc-us-east-1-test' },
      subnets: [{ name: 'subnet-1-us-east-1-test' }, { name: 'subnet-2-us-east-1-test' }],
      peers: [
        { region: 'us-west-2', cidr: '10.1.0.0/16', connection: { name: 'one' } },
        { region: 'eu-west-1', cidr: '10.2.0.0/16', connection: { name: 'two' } },
      ],
    });
    expect(Testing.synth(chart)).toMatchSnapshot();
  });
});
