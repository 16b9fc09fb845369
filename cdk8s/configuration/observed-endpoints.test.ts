import { describe, expect, it } from '@jest/globals';
import { endpointNamesOf } from './observed-endpoints.ts';

const named = (region: string, service: string, ...names: string[]) => ({
  spec: { forProvider: { region, serviceName: `com.amazonaws.${region}.${service}` } },
  status: { atProvider: { dnsEntry: names.map((dnsName) => ({ dnsName })) } },
});

describe('Given what kubectl says of VPC endpoints', () => {
  it('then each service has its regional name; zonal and private ones are left out', () => {
    const items = [
      named(
        'us-west-2',
        'rds',
        'vpce-0a-1b-us-west-2a.rds.us-west-2.vpce.amazonaws.com',
        'vpce-0a-1b.rds.us-west-2.vpce.amazonaws.com',
        'rds.us-west-2.amazonaws.com',
      ),
      named('us-west-2', 'monitoring', 'vpce-0c-1d.monitoring.us-west-2.vpce.amazonaws.com'),
      named('us-east-1', 'rds'),
      { spec: { forProvider: { region: 'us-east-1', serviceName: 'com.amazonaws.us-east-1.sns' } } },
    ];
    expect(endpointNamesOf(JSON.stringify({ items }))).toEqual({
      'us-west-2': {
        rds: 'vpce-0a-1b.rds.us-west-2.vpce.amazonaws.com',
        monitoring: 'vpce-0c-1d.monitoring.us-west-2.vpce.amazonaws.com',
      },
    });
  });

  it('when it is something else, then the message says what to do', () => {
    expect(() => endpointNamesOf('nothing')).toThrow(/--observed: .*kubectl get vpcendpoints -A -o json/);
  });
});
