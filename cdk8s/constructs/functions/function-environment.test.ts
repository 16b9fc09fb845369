import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Names } from '../../configuration/names.ts';
import { readEnvironment } from '../../../lambda/shared/environment.ts';
import { functionEnvironment } from './function-environment.ts';

const REGIONS = ['us-east-1', 'us-west-2', 'eu-west-1', 'ap-southeast-7'];
const hostOf = (region: string, service: string): string => `vpce-0a1b-2c3d.${service}.${region}.vpce.amazonaws.com`;

const cases = fc
  .record({
    names: fc.subarray(REGIONS, { minLength: 2 }),
    promotion: fc.constantFrom('Prefer', 'Allow', 'Never'),
    known: fc.subarray(REGIONS),
    own: fc.nat(),
  })
  .map(({ names, own, ...others }) => ({ names, own: names[own % names.length] ?? '', ...others }));

describe('the environment of a function', () => {
  it('is what the functions read: all regions, the own topic, and other regions’ endpoints alone', () => {
    fc.assert(
      fc.property(cases, ({ names, promotion, known, own }) => {
        const services = ['rds', 'monitoring', 'sns', 'logs'];
        const hosts = (region: string) =>
          Object.fromEntries(services.map((service) => [service, hostOf(region, service)]));
        const variables = functionEnvironment({
          names: new Names('test'),
          region: own,
          regions: names.map((name) => ({ name, promotion })),
          endpointNames: Object.fromEntries(known.map((region) => [region, hosts(region)])),
          topicArn: `arn:aws:sns:${own}:123456789012:topic-${own}-test`,
          metricNamespace: 'AuroraDR',
        });
        const read = readEnvironment('a test', { AWS_REGION: own, ...variables }, {});
        expect(read).toMatchObject({
          region: own,
          globalClusterIdentifier: 'aurora-global-test',
          regions: names.map((name) => ({ name, clusterIdentifier: `aurora-${name}-test`, promotion })),
          topicArns: [`arn:aws:sns:${own}:123456789012:topic-${own}-test`],
        });
        const others = names.filter((name) => name !== own && known.includes(name));
        const wanted = others.flatMap((name) => [`${name}/rds`, `${name}/monitoring`]);
        expect([...read.endpoints.keys()].toSorted()).toEqual(wanted.toSorted());
        const unknown = names.filter((name) => name !== own && !known.includes(name));
        expect([...read.unreachedRegions].toSorted()).toEqual(unknown.toSorted());
      }),
    );
  });
});
