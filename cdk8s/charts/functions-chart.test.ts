import { describe, expect, it } from '@jest/globals';
import { createConfiguration } from '../configuration/configuration.ts';
import type { ConfigurationInput } from '../configuration/schema.ts';
import { createApp } from '../infrastructure.ts';
import { readEnvironment } from '../../lambda/shared/environment.ts';
import { functionCode } from './function-code.ts';
import { FunctionsChart } from './functions-chart.ts';
import { NetworkChart } from './network-chart.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly forProvider: Readonly<Record<string, unknown>> };
}

const code = { zipBase64: 'UEsF', sha256: '0'.repeat(64), runtime: 'nodejs24.x', handler: 'index.handler' };
const topicOf = (region: string): string => `arn:aws:sns:${region}:123456789012:topic-${region}-test`;

function synthesize(input: Partial<ConfigurationInput> = {}, topicRegions = ['us-east-1', 'us-west-2']): Manifest[] {
  const configuration = createConfiguration({ suffix: 'test', accountId: '123456789012', ...input });
  const app = createApp(configuration);
  const { networks } = new NetworkChart(app, { configuration });
  const topics = new Map(topicRegions.map((region) => [region, { topicArn: topicOf(region) }]));
  const key = { aliasName: (region: string) => `alias/key-${region}-test` };
  return new FunctionsChart(app, { configuration, networks, topics, key, codeOf: () => code }).toJson() as Manifest[];
}

const functionsIn = (manifests: readonly Manifest[]) => manifests.filter(({ kind }) => kind === 'Function');

describe('the functions chart', () => {
  it('makes both functions in every region, each with the network and the topic of its own', () => {
    const functions = functionsIn(synthesize());
    expect(functions.map(({ metadata }) => metadata.name)).toEqual([
      'function-health-monitor-us-east-1-test',
      'function-failover-us-east-1-test',
      'function-health-monitor-us-west-2-test',
      'function-failover-us-west-2-test',
    ]);
    for (const { metadata, spec } of functions) {
      const region = spec.forProvider['region'] as string;
      expect(metadata.name).toContain(region);
      const { variables } = spec.forProvider['environment'] as { variables: Record<string, string> };
      expect(readEnvironment('a test', { AWS_REGION: region, ...variables }, {})).toMatchObject({
        topicArns: [topicOf(region)],
      });
      expect(JSON.stringify(spec.forProvider['vpcConfig'])).toMatch(new RegExp(`functions-sg-${region}-test`));
    }
  });

  it('given names of endpoints, tells each function those of the other region', () => {
    const host = (service: string) => `vpce-0a-1b.${service}.us-west-2.vpce.amazonaws.com`;
    const endpointNames = { 'us-west-2': { rds: host('rds'), monitoring: host('monitoring'), logs: host('logs') } };
    const told = functionsIn(synthesize({ network: { endpointNames } })).map(
      ({ spec }) =>
        (spec.forProvider['environment'] as { variables: Record<string, string> }).variables['AURORA_DR_AWS_ENDPOINTS'],
    );
    const wanted = `us-west-2/rds=https://${host('rds')},us-west-2/monitoring=https://${host('monitoring')}`;
    expect(told).toEqual([wanted, wanted, undefined, undefined]);
  });

  it('given another declared primary, changes nothing', () => {
    expect(synthesize({ primary: 'us-west-2' })).toEqual(synthesize());
  });

  it('given a region without a topic, says what to do; given no functions, makes nothing', () => {
    expect(() => synthesize({}, ['us-east-1'])).toThrow(/functions of us-west-2: it has no topic; create one/);
    expect(synthesize({ functions: { enabled: false } })).toEqual([]);
  });

  it('takes the code from lambda/, bundled once', () => {
    const bundled = functionCode('failover');
    expect(bundled.runtime).toMatch(/^nodejs\d+\.x$/);
    expect(bundled.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(Buffer.from(bundled.zipBase64, 'base64').subarray(0, 2).toString()).toBe('PK');
    expect(functionCode('failover')).toBe(bundled);
    expect(functionCode('health-monitor').sha256).not.toBe(bundled.sha256);
  });
});
