import { describe, expect, it } from '@jest/globals';
import { durationVariable, EnvironmentError, readEnvironment } from './environment.ts';

const USABLE = {
  AWS_REGION: 'us-west-2',
  AURORA_DR_GLOBAL_CLUSTER: 'aurora-global-prod',
  AURORA_DR_REGIONS: 'us-east-1=aurora-a:Prefer, us-west-2=aurora-b',
};

const read = (more: Record<string, string> = {}) =>
  readEnvironment('a function', { ...USABLE, ...more }, { AURORA_DR_WAIT: durationVariable('1s', '1m', '5s') });

describe('readEnvironment', () => {
  it('given the least, fills in the defaults', () => {
    expect(read()).toEqual({
      region: 'us-west-2',
      globalClusterIdentifier: 'aurora-global-prod',
      regions: [
        { name: 'us-east-1', clusterIdentifier: 'aurora-a', promotion: 'Prefer' },
        { name: 'us-west-2', clusterIdentifier: 'aurora-b', promotion: 'Allow' },
      ],
      endpoints: new Map(),
      unreachedRegions: new Set(),
      topicArns: [],
      metricNamespace: 'AuroraDR',
      timeoutMilliseconds: 3_000,
      metricPeriodMilliseconds: 60_000,
      own: { AURORA_DR_WAIT: 5_000 },
    });
  });

  it('given endpoints of services, keeps them apart', () => {
    const list = 'us-east-1/rds=https://vpce-1.rds.us-east-1.vpce.amazonaws.com,us-east-1/monitoring=https://vpce-2/';
    expect(read({ AURORA_DR_AWS_ENDPOINTS: list }).endpoints).toEqual(
      new Map([
        ['us-east-1/rds', 'https://vpce-1.rds.us-east-1.vpce.amazonaws.com'],
        ['us-east-1/monitoring', 'https://vpce-2'],
      ]),
    );
  });

  it.each([
    ['AWS_REGION', 'west'],
    ['AURORA_DR_GLOBAL_CLUSTER', '1st'],
    ['AURORA_DR_REGIONS', 'us-west-2=a'],
    ['AURORA_DR_REGIONS', 'us-west-2=a,us-west-2=b'],
    ['AURORA_DR_REGIONS', 'us-east-1=a,us-west-2=b:Sometimes'],
    ['AURORA_DR_REGIONS', 'us-east-1,us-west-2=b'],
    ['AURORA_DR_AWS_ENDPOINTS', 'us-east-1/ec2=https://x'],
    ['AURORA_DR_TOPIC_ARNS', 'arn:aws:sqs:us-west-2:123456789012:queue'],
    ['AURORA_DR_METRIC_NAMESPACE', 'AWS/RDS'],
    ['AURORA_DR_TIMEOUT', '3'],
    ['AURORA_DR_TIMEOUT', '1h'],
    ['AURORA_DR_WAIT', '2m'],
  ])('given %s=%s, says which and what is allowed', (name, value) => {
    const attempt = (): unknown => read({ [name]: value });
    expect(attempt).toThrow(EnvironmentError);
    expect(attempt).toThrow(`${name}: is "${value}" but must be`);
  });

  it('given nothing, names everything that is missing at once', () => {
    const attempt = (): unknown => readEnvironment('a function', {}, {});
    for (const name of Object.keys(USABLE)) expect(attempt).toThrow(`${name}: is missing: it must be`);
  });
});
