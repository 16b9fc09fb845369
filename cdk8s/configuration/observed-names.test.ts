import { describe, expect, it } from '@jest/globals';
import { observedNames } from './observed-names.ts';

const endpoint = (region: string, service: string, names?: readonly string[], suffix = 'prod') => ({
  kind: 'VPCEndpoint',
  metadata: { name: `endpoint-${service}-${region}-${suffix}` },
  spec: { forProvider: { region, serviceName: `com.amazonaws.${region}.${service}` } },
  ...(names === undefined ? {} : { status: { atProvider: { dnsEntry: names.map((dnsName) => ({ dnsName })) } } }),
});

const cluster = (name: string, region: string, address?: string) => ({
  kind: 'Cluster',
  metadata: { name },
  spec: { forProvider: { region } },
  status: { atProvider: { ...(address === undefined ? {} : { endpoint: address }) } },
});

const observe = (...items: object[]) => observedNames(JSON.stringify({ items }), 'prod');

describe('Given what kubectl says of VPC endpoints', () => {
  it('then each service has its regional name; zonal and private ones are left out', () => {
    const { endpointNames } = observe(
      endpoint('us-west-2', 'rds', [
        'vpce-0a-1b-us-west-2a.rds.us-west-2.vpce.amazonaws.com',
        'vpce-0a-1b.rds.us-west-2.vpce.amazonaws.com',
        'rds.us-west-2.amazonaws.com',
      ]),
      endpoint('us-west-2', 'monitoring', ['vpce-0c-1d.monitoring.us-west-2.vpce.amazonaws.com']),
      endpoint('us-east-1', 'rds', []),
      endpoint('us-east-1', 'sns'),
    );
    expect(endpointNames).toEqual({
      'us-west-2': {
        rds: 'vpce-0a-1b.rds.us-west-2.vpce.amazonaws.com',
        monitoring: 'vpce-0c-1d.monitoring.us-west-2.vpce.amazonaws.com',
      },
    });
  });

  it('then those of another set-up are left out, though they serve the same region', () => {
    const { endpointNames } = observe(
      endpoint('us-west-2', 'rds', ['vpce-0a-1b.rds.us-west-2.vpce.amazonaws.com']),
      endpoint('us-west-2', 'rds', ['vpce-0e-1f.rds.us-west-2.vpce.amazonaws.com'], 'test'),
      endpoint('eu-west-1', 'rds', ['vpce-0e-1f.rds.eu-west-1.vpce.amazonaws.com'], 'test'),
    );
    expect(endpointNames).toEqual({ 'us-west-2': { rds: 'vpce-0a-1b.rds.us-west-2.vpce.amazonaws.com' } });
  });
});

describe('Given what kubectl says of clusters', () => {
  it('then each member of this set-up has its endpoint; others, and those without one, are left out', () => {
    const { writerEndpoints } = observe(
      cluster('aurora-us-east-1-prod', 'us-east-1', 'aurora-us-east-1-prod.cluster-1.us-east-1.rds.amazonaws.com'),
      cluster('aurora-us-east-1-test', 'us-east-1', 'aurora-us-east-1-test.cluster-1.us-east-1.rds.amazonaws.com'),
      cluster('aurora-us-west-2-prod', 'us-west-2'),
      { ...cluster('aurora-us-east-1-prod', 'us-east-1'), kind: 'VPCEndpoint' },
    );
    expect(writerEndpoints).toEqual({ 'us-east-1': 'aurora-us-east-1-prod.cluster-1.us-east-1.rds.amazonaws.com' });
  });
});

describe('Given something else', () => {
  it.each(['nothing', '{}', '{"items":[{}]}'])('(%s), then the message says what to do', (text) => {
    expect(() => observedNames(text, 'prod')).toThrow(/--observed: .*kubectl get vpcendpoints,clusters/);
  });
});
