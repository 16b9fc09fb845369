import { describe, expect, it } from '@jest/globals';
import { createConfiguration } from './configuration/configuration.ts';
import { configurationOptions } from './configuration/options.ts';
import type { ConfigurationInput } from './configuration/schema.ts';
import { gitopsFiles } from './gitops/gitops-files.ts';
import { createInfrastructure, manifestFiles } from './infrastructure.ts';

const MINIMAL: ConfigurationInput = {
  suffix: 'test',
  accountId: '123456789012',
  gitops: { repository: 'https://git.example.com/infrastructure.git' },
};

/** Everything that is written, as text. */
function written(input: Partial<ConfigurationInput>): string {
  const configuration = createConfiguration({ ...MINIMAL, ...input });
  const charts = createInfrastructure(configuration);
  return JSON.stringify([manifestFiles(charts), gitopsFiles(configuration, charts)]);
}

const regions = (first: Partial<NonNullable<ConfigurationInput['regions']>[number]>): ConfigurationInput['regions'] => [
  { name: 'us-east-1', ...first },
  { name: 'us-west-2' },
];
const gitops = (change: ConfigurationInput['gitops']) => ({ gitops: { ...MINIMAL.gitops, ...change } });
const zones = ['us-east-1a', 'us-east-1d'];

/** Another value for each option. */
const OTHERS: Readonly<Record<string, Partial<ConfigurationInput>>> = {
  suffix: { suffix: 'other' },
  accountId: { accountId: '210987654321' },
  scope: { scope: 'cluster' },
  namespace: { namespace: 'other' },
  primary: { primary: 'us-west-2' },
  'regions[].name': { regions: [{ name: 'us-east-1' }, { name: 'eu-west-1' }] },
  'regions[].role': { regions: [{ name: 'us-east-1' }, { name: 'us-west-2', role: 'Primary' }] },
  'regions[].cidr': { regions: regions({ cidr: '10.9.0.0/16' }) },
  'regions[].zones': { regions: regions({ zones }) },
  'regions[].subnets': { regions: regions({ subnets: ['10.0.1.0/24', '10.0.2.0/24', '10.0.3.0/24'] }) },
  'regions[].capacity.minimum': { regions: regions({ capacity: { minimum: 1, maximum: 1 } }) },
  'regions[].capacity.maximum': { regions: regions({ capacity: { minimum: 0.5, maximum: 8 } }) },
  'regions[].promotion': { regions: regions({ promotion: 'Never' }) },
  tags: { tags: { CostCenter: '4711' } },
  'provider.name': { provider: { name: 'other' } },
  'provider.kind': { provider: { kind: 'ProviderConfig' } },
  'provider.credentials': { provider: { credentials: { source: 'PodIdentity' } } },
  'network.endpoints': { network: { endpoints: ['rds', 'monitoring', 'sns', 'sts', 'logs'] } },
  'network.endpointNames': {
    network: { endpointNames: { 'us-east-1': { rds: 'vpce-0a1b-c2d3.rds.us-east-1.vpce.amazonaws.com' } } },
  },
  'network.peering.enabled': { network: { peering: { enabled: false } } },
  'network.peering.resolvesNames': { network: { peering: { resolvesNames: false } } },
  'network.internetGateway': { network: { internetGateway: true } },
  'network.flowLogs.enabled': { network: { flowLogs: { enabled: false } } },
  'network.flowLogs.retentionDays': { network: { flowLogs: { retentionDays: 7 } } },
  'network.flowLogs.trafficType': { network: { flowLogs: { trafficType: 'REJECT' } } },
  'network.flowLogs.aggregationSeconds': { network: { flowLogs: { aggregationSeconds: 600 } } },
  'database.name': { database: { name: 'other' } },
  'database.engineVersion': { database: { engineVersion: '8.0.mysql_aurora.3.11.0' } },
  'database.masterUsername': { database: { masterUsername: 'other' } },
  'database.instanceClass': { database: { instanceClass: 'db.r8g.large' } },
  'database.port': { database: { port: 3307 } },
  'database.instancesPerRegion': { database: { instancesPerRegion: 3 } },
  'database.capacity.minimum': { database: { capacity: { minimum: 1 } } },
  'database.capacity.maximum': { database: { capacity: { maximum: 8 } } },
  'database.parameters': { database: { parameters: { general_log: '1' } } },
  'database.backups.retentionDays': { database: { backups: { retentionDays: 35 } } },
  'database.backups.window': { database: { backups: { window: '01:00-02:00' } } },
  'database.maintenanceWindow': { database: { maintenanceWindow: 'tue:04:00-tue:05:00' } },
  'database.logs': { database: { logs: ['error'] } },
  'database.iamAuthentication': { database: { iamAuthentication: false } },
  'database.updates': { database: { updates: 'Allowed' } },
  'deletion.protection': { deletion: { protection: false } },
  'deletion.finalSnapshot': { deletion: { finalSnapshot: false } },
  'deletion.data': { deletion: { data: 'Allowed' } },
  'deletion.keyWindowDays': { deletion: { keyWindowDays: 7 } },
  'deletion.secretWindowDays': { deletion: { secretWindowDays: 7 } },
  'monitoring.emails': { monitoring: { emails: ['dba@example.com'] } },
  ...(Object.fromEntries(
    ['replicationLagMilliseconds', 'cpuPercent', 'connections'].flatMap((alarm) => [
      [`monitoring.${alarm}.threshold`, { monitoring: { [alarm]: { threshold: 42 } } }],
      [`monitoring.${alarm}.periods`, { monitoring: { [alarm]: { periods: 5 } } }],
      [`monitoring.${alarm}.periodSeconds`, { monitoring: { [alarm]: { periodSeconds: 120 } } }],
    ]),
  ) as Record<string, Partial<ConfigurationInput>>),
  'monitoring.compositeAlarm': { monitoring: { compositeAlarm: false } },
  'monitoring.events': { monitoring: { events: false } },
  'monitoring.dashboard': { monitoring: { dashboard: false } },
  'dns.enabled': { dns: { enabled: false } },
  'dns.zone': { dns: { zone: 'db.example.com' } },
  'dns.visibility': { dns: { visibility: 'Public' } },
  'dns.record': { dns: { record: 'other' } },
  'dns.ttlSeconds': { dns: { ttlSeconds: 60 } },
  'dns.writerEndpoints': {
    dns: { writerEndpoints: { 'us-east-1': 'aurora-us-east-1-test.cluster-abc123.us-east-1.rds.amazonaws.com' } },
  },
  'dns.alarmPeriods': { dns: { alarmPeriods: 2 } },
  'functions.enabled': { functions: { enabled: false } },
  'functions.memoryMegabytes': { functions: { memoryMegabytes: 512 } },
  'functions.monitorTimeoutSeconds': { functions: { monitorTimeoutSeconds: 20 } },
  'functions.failoverTimeoutSeconds': { functions: { failoverTimeoutSeconds: 600 } },
  'functions.logRetentionDays': { functions: { logRetentionDays: 7 } },
  'functions.scheduleMinutes': { functions: { scheduleMinutes: 5 } },
  'functions.deadLetterRetentionDays': { functions: { deadLetterRetentionDays: 7 } },
  'policy.enabled': { policy: { enabled: false } },
  'policy.name': { policy: { name: 'other' } },
  'policy.namespace': { policy: { namespace: 'other' } },
  'policy.mode': { policy: { mode: 'Manual' } },
  'policy.dataLoss': { policy: { dataLoss: 'Allow' } },
  'policy.recoveryTime': { policy: { recoveryTime: '5m' } },
  'policy.recoveryPoint': { policy: { recoveryPoint: '5s' } },
  'policy.witnessUrl': { policy: { witnessUrl: 'https://witness.example.com/' } },
  'policy.writerService': { policy: { writerService: 'other' } },
  'policy.roleArn': { policy: { roleArn: 'arn:aws:iam::123456789012:role/operator' } },
  'policy.routing.namespace': { policy: { routing: { namespace: 'Payments/DR' } } },
  'policy.routing.metric': { policy: { routing: { metric: 'Writer' } } },
  'policy.spec': { policy: { spec: { fencing: { mode: 'Required' } } } },
  'gitops.repository': gitops({ repository: 'https://git.example.com/other.git' }),
  'gitops.revision': gitops({ revision: 'v1' }),
  'gitops.path': gitops({ path: 'other' }),
  'gitops.project': gitops({ project: 'other' }),
  'gitops.namespace': gitops({ namespace: 'other' }),
  'gitops.clusters': gitops({ clusters: [{ region: 'us-west-2', name: 'other' }] }),
};

/** What is stated for the checks alone. */
const FOR_THE_CHECKS = ['optedInRegions', 'regions[].engineVersion'];

describe('Given an option of the configuration', () => {
  const before = written({});
  const options = configurationOptions();

  it('then there is a case for it here', () => {
    expect(Object.keys(OTHERS).toSorted()).toEqual(
      options
        .map(({ path }) => path)
        .filter((path) => !FOR_THE_CHECKS.includes(path))
        .toSorted(),
    );
  });

  it.each(options)('$path, then it says what it is and what is allowed', ({ description, allowed }) => {
    expect(description).not.toBe('');
    expect(allowed).toMatch(/^must (be|not be) /);
  });

  it.each(Object.entries(OTHERS))('%s, when it has another value, then something else is written', (_path, input) => {
    expect(written(input) === before).toBe(false);
  });

  it.each(options.filter(({ fallback, path }) => fallback !== undefined && !path.includes('[]')))(
    '$path, when its default is stated, then nothing else is written',
    ({ path, fallback }) => {
      const [section = '', ...names] = path.split('.');
      const value = names.reduceRight<unknown>((inner, name) => ({ [name]: inner }), fallback);
      const own = section === 'gitops' ? { ...MINIMAL.gitops, ...(value as object) } : value;
      expect(written({ [section]: own }) === before).toBe(true);
    },
  );

  it('a name of the routing metric, then nothing uses the usual one', () => {
    const text = written({ policy: { routing: { namespace: 'Payments/DR', metric: 'Writer' } } });
    expect(text.replaceAll(/"contentBase64":"[^"]*"/g, '')).not.toMatch(/AuroraDR|WriterRegion/);
  });

  it('optedInRegions, then it lets a region in', () => {
    const optIn = { regions: [{ name: 'us-east-1' }, { name: 'eu-south-1' }] };
    expect(() => written(optIn)).toThrow(/opts in/);
    expect(written({ ...optIn, optedInRegions: ['eu-south-1'] })).toContain('eu-south-1');
  });
});
