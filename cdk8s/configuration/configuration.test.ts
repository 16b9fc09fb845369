import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createConfiguration } from './configuration.ts';
import { ConfigurationError } from './configuration-error.ts';
import type { NameType } from './names.ts';
import { NAME_RULES, Names } from './names.ts';
import type { ConfigurationInput } from './schema.ts';

const MINIMAL = { suffix: 'prod', accountId: '123456789012' };

function problemsOf(input: Partial<ConfigurationInput>): string[] {
  try {
    createConfiguration({ ...MINIMAL, ...input });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

const east = { name: 'us-east-1' };
const west = { name: 'us-west-2' };

describe('Given a configuration that names only what has no default', () => {
  const configuration = createConfiguration(MINIMAL);

  it('then it is the set-up in two regions', () => {
    expect(configuration.primary).toBe('us-east-1');
    expect(configuration.home).toBe('us-east-1');
    expect(configuration.regions.map(({ name, role, cidr }) => `${name} ${role} ${cidr}`)).toEqual([
      'us-east-1 Primary 10.0.0.0/16',
      'us-west-2 Secondary 10.1.0.0/16',
    ]);
    expect(configuration.regions[1]?.subnets).toEqual([
      { zone: 'us-west-2a', cidr: '10.1.10.0/24' },
      { zone: 'us-west-2b', cidr: '10.1.11.0/24' },
      { zone: 'us-west-2c', cidr: '10.1.12.0/24' },
    ]);
  });

  it('then its figures are those of the set-up', () => {
    const { scope, database, monitoring, deletion } = configuration;
    expect(scope).toBe('namespaced');
    expect(database).toMatchObject({
      name: 'transactions',
      capacity: { minimum: 0.5, maximum: 1 },
      backups: { retentionDays: 7, window: '03:00-04:00' },
      maintenanceWindow: 'mon:04:00-mon:05:00',
      port: 3306,
      logs: ['audit', 'error', 'general', 'slowquery'],
      iamAuthentication: true,
      updates: 'Forbidden',
    });
    // And what makes Aurora write the logs that are exported.
    expect(database.parameters).toEqual({
      binlog_format: 'ROW',
      character_set_server: 'utf8mb4',
      server_audit_logging: '1',
      server_audit_events: 'CONNECT,QUERY_DCL,QUERY_DDL',
      slow_query_log: '1',
      log_output: 'FILE',
    });
    expect(configuration.policy.routing).toEqual({ namespace: 'AuroraDR', metric: 'WriterRegion' });
    expect(monitoring).toMatchObject({ compositeAlarm: true, events: true, dashboard: true, emails: [] });
    expect(monitoring.replicationLagMilliseconds).toEqual({ threshold: 500, periods: 2, periodSeconds: 60 });
    expect(monitoring.cpuPercent).toEqual({ threshold: 80, periods: 2, periodSeconds: 300 });
    expect(monitoring.connections).toEqual({ threshold: 100, periods: 2, periodSeconds: 300 });
    expect(deletion).toMatchObject({ protection: true, finalSnapshot: true, data: 'Forbidden' });
    expect(configuration.names.globalCluster).toBe('aurora-global-prod');
    expect(configuration.names.of('vpc', 'us-west-2')).toBe('vpc-us-west-2-prod');
  });

  it('then nothing can change it', () => {
    expect(Object.isFrozen(configuration)).toBe(true);
    expect(Object.isFrozen(configuration.regions[0]?.subnets[0])).toBe(true);
    expect(Object.isFrozen(configuration.monitoring.cpuPercent)).toBe(true);
  });
});

describe('Given parameters and logs', () => {
  const parametersOf = (database: ConfigurationInput['database']) =>
    createConfiguration({ ...MINIMAL, database }).database.parameters;

  it('then what is stated counts, and what is not stated stays', () => {
    expect(parametersOf({ logs: ['general'], parameters: { general_log: '1', binlog_format: 'MIXED' } })).toEqual({
      binlog_format: 'MIXED',
      character_set_server: 'utf8mb4',
      log_output: 'FILE',
      general_log: '1',
    });
  });

  it('when no log is exported that Aurora has to be told of, then it is told of none', () => {
    expect(parametersOf({ logs: ['error'] })).toEqual({ binlog_format: 'ROW', character_set_server: 'utf8mb4' });
  });
});

describe('Given another primary', () => {
  it('when it is declared either way, then only roles differ', () => {
    const before = createConfiguration(MINIMAL);
    const byName = createConfiguration({ ...MINIMAL, primary: 'us-west-2' });
    const byRole = createConfiguration({ ...MINIMAL, regions: [east, { ...west, role: 'Primary' }] });
    expect(byRole).toEqual(byName);
    expect(byName.home).toBe(before.home);
    const withoutRoles = ({ regions, ...rest }: typeof before) => ({
      ...rest,
      primary: '',
      regions: regions.map((region) => ({ ...region, role: '' })),
    });
    expect(withoutRoles(byName)).toEqual(withoutRoles(before));
  });
});

describe('Given a mistake, then the message has its path and what is allowed', () => {
  const threeZones = ['us-east-1a', 'us-east-1b', 'us-east-1c'];
  const cases: readonly [string, Partial<ConfigurationInput>, string | RegExp][] = [
    [
      'VPCs that overlap',
      { regions: [east, { ...west, cidr: '10.0.128.0/17' }] },
      /^regions\[1\]\.cidr: 10\.0\.128\.0\/17 overlaps 10\.0\.0\.0\/16 of regions\[0\]\.cidr; .*peered/,
    ],
    [
      'a subnet outside',
      { regions: [{ ...east, subnets: ['10.0.1.0/24', '10.0.2.0/24', '10.9.3.0/24'] }, west] },
      'regions[0].subnets[2]: 10.9.3.0/24 is outside of its VPC; it must be within 10.0.0.0/16',
    ],
    [
      'subnets that overlap',
      { regions: [{ ...east, subnets: ['10.0.1.0/24', '10.0.1.128/25', '10.0.3.0/24'] }, west] },
      /^regions\[0\]\.subnets\[1\]: 10\.0\.1\.128\/25 overlaps 10\.0\.1\.0\/24 of regions\[0\]\.subnets\[0\]/,
    ],
    [
      'bits beyond the network',
      { regions: [{ ...east, cidr: '10.0.0.1/16' }, west] },
      /^regions\[0\]\.cidr: .*its network is 10\.0\.0\.0\/16$/,
    ],
    [
      'a VPC that is too large',
      { regions: [{ ...east, cidr: '10.0.0.0/8' }, west] },
      /^regions\[0\]\.cidr: .*from \/16 to \/28/,
    ],
    [
      'an unknown region',
      { regions: [{ name: 'us-east-9' }, west] },
      /^regions\[0\]\.name: us-east-9 is not a region of AWS; allowed are us-east-1, /,
    ],
    [
      'an opted-out region',
      { regions: [east, { name: 'ap-east-1' }] },
      /^regions\[1\]\.name: ap-east-1 is off until the account opts in; .*optedInRegions/,
    ],
    ['a region twice', { regions: [east, east] }, /^regions\[1\]\.name: us-east-1 is already regions\[0\]\.name/],
    ['one region', { regions: [east] }, /^regions: there are 1; .*from 2 to 11/],
    [
      'one zone',
      { regions: [{ ...east, zones: ['us-east-1a'] }, west] },
      /^regions\[0\]\.zones: there are 1; Aurora needs two/,
    ],
    [
      'a zone of elsewhere',
      { regions: [{ ...east, zones: ['us-east-1a', 'us-west-2b'] }, west] },
      /^regions\[0\]\.zones\[1\]: us-west-2b is not a zone of us-east-1/,
    ],
    [
      'a zone twice',
      { regions: [{ ...east, zones: ['us-east-1a', 'us-east-1a'] }, west] },
      /^regions\[0\]\.zones\[1\]: us-east-1a is named twice/,
    ],
    [
      'a subnet too few',
      { regions: [{ ...east, zones: threeZones, subnets: ['10.0.1.0/24', '10.0.2.0/24'] }, west] },
      /^regions\[0\]\.subnets: there are 2 for 3 zones/,
    ],
    [
      'unequal engines',
      { regions: [east, { ...west, engineVersion: '8.0.mysql_aurora.3.08.2' }] },
      /^regions\[1\]\.engineVersion: 8\.0\.mysql_aurora\.3\.08\.2 differs from database\.engineVersion, 8\.0\.mysql_aurora\.3\.10\.0/,
    ],
    [
      'two primaries',
      {
        regions: [
          { ...east, role: 'Primary' },
          { ...west, role: 'Primary' },
        ],
      },
      /^regions: us-east-1 and us-west-2 have the role Primary; exactly one/,
    ],
    [
      'no primary',
      {
        regions: [
          { ...east, role: 'Secondary' },
          { ...west, role: 'Secondary' },
        ],
      },
      /^regions: all have the role Secondary/,
    ],
    [
      'a primary elsewhere',
      { primary: 'eu-west-1' },
      'primary: eu-west-1 is not in regions; allowed are us-east-1, us-west-2',
    ],
    [
      'roles that contradict',
      { primary: 'us-west-2', regions: [{ ...east, role: 'Primary' }, west] },
      /^regions\[0\]\.role: is Primary, but primary says us-west-2/,
    ],
    [
      'a long suffix',
      { suffix: 'a'.repeat(40) },
      /^suffix: the EventBridge rule function-schedule-health-monitor-us-.* of 64 that AWS allows; use at most 21 characters$/,
    ],
    [
      'half a capacity unit',
      { database: { capacity: { minimum: 0.7, maximum: 2 } } },
      /^database\.capacity\.minimum: 0\.7 is not allowed; use from 0\.5 to 256 ACU in steps of 0\.5/,
    ],
    [
      'capacities the wrong way round',
      { database: { capacity: { minimum: 4, maximum: 2 } } },
      /^database\.capacity: minimum 4 is above maximum 2/,
    ],
    [
      'windows that overlap',
      { database: { maintenanceWindow: 'tue:03:30-tue:04:30' } },
      /^database\.maintenanceWindow: .*overlaps database\.backups\.window/,
    ],
    ['a short window', { database: { backups: { window: '03:00-03:15' } } }, /^database\.backups\.window: .*30 min/],
    ['a burstable class', { database: { instanceClass: 'db.t4g.medium' } }, /^database\.instanceClass: .*burstable/],
    ['a tag of AWS', { tags: { 'aws:owner': 'me' } }, /^tags\.aws:owner: .*belong to AWS/],
    ['no e-mail address', { monitoring: { emails: ['nobody'] } }, 'monitoring.emails[0]: must be an e-mail address'],
    [
      'an unknown field',
      { database: { engine: 'mysql' } } as Partial<ConfigurationInput>,
      /^database\.engine: is unknown; allowed here are name, engineVersion, masterUsername, instanceClass, /,
    ],
    [
      'two unknown fields at the top',
      { Suffix: 'prod', region: [] } as Partial<ConfigurationInput>,
      /^region: is unknown; allowed here are suffix, accountId, scope, /,
    ],
    ['a region that is no word', { regions: [{ name: '(' }, west] }, /^regions\[0\]\.name: \( is not a region of AWS/],
    [
      'automation without anything to do',
      { policy: { dataLoss: 'Forbid' } },
      /^policy\.dataLoss: Forbid leaves automatic failover nothing/,
    ],
    [
      'endpoints that functions need',
      { network: { endpoints: ['sns'] } },
      /^network\.endpoints: rds, monitoring, sts, logs are missing/,
    ],
    [
      'an endpoint of elsewhere',
      { network: { endpointNames: { 'us-west-2': { rds: 'vpce-0a1b-c2d3.rds.us-east-1.vpce.amazonaws.com' } } } },
      /^network\.endpointNames\.us-west-2\.rds: .*is not an endpoint of rds in us-west-2/,
    ],
    [
      'a writer endpoint of another cluster',
      { dns: { writerEndpoints: { 'us-west-2': 'other.cluster-abc123.us-west-2.rds.amazonaws.com' } } },
      /^dns\.writerEndpoints\.us-west-2: .*is not the endpoint of aurora-us-west-2-/,
    ],
    [
      'a writer endpoint of no region',
      { dns: { writerEndpoints: { 'eu-west-1': 'aurora-eu-west-1-prod.cluster-abc123.eu-west-1.rds.amazonaws.com' } } },
      /^dns\.writerEndpoints\.eu-west-1: eu-west-1 is not in regions/,
    ],
    [
      'a reader endpoint',
      { dns: { writerEndpoints: { 'us-west-2': 'a.cluster-ro-abc123.us-west-2.rds.amazonaws.com' } } },
      /^dns\.writerEndpoints\.us-west-2: must be the endpoint of a cluster/,
    ],
    [
      'a record from which no longer names can be made',
      { dns: { record: 'w'.repeat(60) } },
      /^dns\.record: w+ has 60 characters; use at most 47/,
    ],
    [
      'a scope that has no such kind',
      { scope: 'cluster', provider: { kind: 'ProviderConfig' } },
      /^provider\.kind: counts with scope namespaced only/,
    ],
    ['a port that Aurora has not', { database: { port: 80 } }, 'database.port: must be a port from 1150 to 65535'],
    [
      'a namespace of AWS',
      { policy: { routing: { namespace: 'AWS/RDS' } } },
      /^policy\.routing\.namespace: must be .* does not start with AWS\//,
    ],
    [
      'a field that no policy has',
      { policy: { spec: { detection: { intervall: '5s' } } } },
      /^policy\.spec\.detection\.intervall: is unknown; allowed here are interval, timeout, /,
    ],
    [
      'a section that no policy has',
      { policy: { spec: { constructor: {} } } },
      'policy.spec.constructor: is unknown; allowed here are detection, failover, failback, fencing, drill, crossplane, suspend',
    ],
    [
      'a mode that no policy has',
      { policy: { spec: { fencing: { mode: 'Maybe' } } } },
      'policy.spec.fencing.mode: must be one of None, BestEffort, Required, and is "Maybe"',
    ],
    [
      'an unknown field in a list of the policy',
      { policy: { spec: { failback: { windows: [{ schedule: '0 3 * * 0', length: '2h' }] } } } },
      /^policy\.spec\.failback\.windows\[0\]\.length: is unknown; allowed here are schedule, duration, timeZone$/,
    ],
    [
      'a list where the policy has none',
      { policy: { spec: { drill: ['Simulate'] } } },
      'policy.spec.drill: must be an object, and is ["Simulate"]',
    ],
    [
      'the policy’s mode in a second place',
      { policy: { spec: { failover: { mode: 'Manual' } } } },
      'policy.spec.failover.mode: is not said here; state policy.mode',
    ],
    [
      'regions in a second place',
      { policy: { spec: { regions: [] } } },
      'policy.spec.regions: is not said here; state promotion in regions',
    ],
    ['a list that is none', { regions: 'us-east-1' } as never, 'regions: must be a list'],
    ['an object that is none', { database: 5 } as never, 'database: must be an object of fields'],
    ['a number for text', { tags: { CostCenter: 4711 } } as never, 'tags.CostCenter: must be text: put it in quotes'],
    [
      'half a capacity',
      { regions: [{ ...east, capacity: { minimum: 1 } }, west] } as never,
      'regions[0].capacity.maximum: must be a number of Aurora capacity units, from 0.5 to 256 in steps of 0.5',
    ],
    [
      'credentials of an unknown source',
      { provider: { credentials: { source: 'File' } } } as never,
      'provider.credentials.source: must be one of PodIdentity, IRSA, WebIdentity, Secret',
    ],
    [
      'a period that is too long',
      { monitoring: { cpuPercent: { periodSeconds: 7200 } } },
      'monitoring.cpuPercent.periodSeconds: must be a whole number of seconds from 60 to 3600',
    ],
    [
      'an endpoint twice',
      { network: { endpoints: ['rds', 'rds', 'monitoring', 'sns', 'sts', 'logs'] } },
      'network.endpoints: must name each one once',
    ],
    ['a log twice', { database: { logs: ['error', 'error'] } }, 'database.logs: must name each one once'],
    [
      'an address twice',
      { monitoring: { emails: ['a@example.com', 'a@example.com'] } },
      'monitoring.emails: must name each one once',
    ],
    [
      'more tags than Route 53 and S3 take',
      { tags: Object.fromEntries('abcdefg'.split('').map((key) => [key, 'x'])) },
      /^tags: there are 11 with the defaults and Name; AWS allows a hosted zone, .* 10$/,
    ],
    [
      'more tags than anything takes',
      {
        dns: { enabled: false },
        functions: { enabled: false },
        tags: Object.fromEntries(Array.from({ length: 47 }, (_, index) => [`k${String(index)}`, 'x'])),
      },
      /^tags: there are 51 with the defaults and Name; AWS allows a resource 50$/,
    ],
    [
      'a tag that differs from a default in case alone',
      { tags: { environment: 'x' } },
      /^tags\.environment: IAM takes it for the key Environment/,
    ],
    [
      'a VPC where AWS allows none',
      { regions: [{ ...east, cidr: '169.254.0.0/16' }, west] },
      /^regions\[0\]\.cidr: .*which AWS allows no VPC; use a private range/,
    ],
    [
      'a VPC that is too small for defaults',
      { regions: [{ ...east, cidr: '10.0.0.0/28' }, west] },
      'regions[0].subnets[0]: there is no room for a default in the range of its VPC; state the subnets',
    ],
    [
      'a zone from which no name can be made',
      { dns: { zone: Array(5).fill('a'.repeat(50)).join('.') } },
      /^dns\.zone: .* has 254 characters; use at most 230$/,
    ],
    [
      'an engine without serverless instances',
      { database: { engineVersion: '8.0.mysql_aurora.3.01.1' } },
      /^database\.engineVersion: .*3\.02\.0 or higher/,
    ],
    ['a user of RDS', { database: { masterUsername: 'rdsadmin' } }, /^database\.masterUsername: must not be rdsadmin/],
    ['a database of MySQL', { database: { name: 'MySQL' } }, /^database\.name: must not be mysql/],
    ['an objective of nothing', { policy: { recoveryPoint: '0s' } }, /^policy\.recoveryPoint: must be .* above zero/],
    [
      'an objective that the policy cannot hold',
      { policy: { recoveryTime: '1h1h1h1h1h1h1h1h1h' } },
      /^policy\.recoveryTime: must be .* at most 16/,
    ],
    [
      'an Argo CD cluster twice',
      {
        gitops: {
          clusters: [
            { region: 'us-east-1', name: 'x' },
            { region: 'us-west-2', name: 'x' },
          ],
        },
      },
      /^gitops\.clusters\[1\]\.name: x is already gitops\.clusters\[0\]/,
    ],
    [
      'two Argo CD clusters of a region, whose Applications would have one name',
      {
        gitops: {
          clusters: [
            { region: 'us-east-1', name: 'x' },
            { region: 'us-east-1', name: 'y' },
          ],
        },
      },
      'gitops.clusters[1].region: us-east-1 is already gitops.clusters[0]; one cluster of a region runs its operator',
    ],
    [
      'an Argo CD cluster elsewhere',
      { gitops: { clusters: [{ region: 'eu-west-1', name: 'x' }] } },
      /^gitops\.clusters\[0\]\.region: eu-west-1 is not in regions/,
    ],
  ];

  it.each(cases)('%s', (_name, input, expected) => {
    const problems = problemsOf(input);
    const found = problems.some((text) => (typeof expected === 'string' ? text === expected : expected.test(text)));
    expect(found ? [] : problems).toEqual([]);
    expect(problems.length).toBeGreaterThan(0);
  });

  it('once, for the narrowest of all names', () => {
    expect(problemsOf({ suffix: 'a'.repeat(200) })).toHaveLength(1);
  });

  it('of a region that is none, and not of its zones, which nobody knows', () => {
    expect(problemsOf({ regions: [{ name: 'moon-1', zones: ['a', 'a'] }, west] })).toHaveLength(1);
  });

  it('all at once', () => {
    expect(problemsOf({ primary: 'eu-west-1', regions: [{ ...east, zones: ['us-east-1a'] }, west] })).toHaveLength(2);
  });

  it('of the shape, too, in words of people', () => {
    const input = { accountId: 123456789012, regions: [{}] } as unknown as Partial<ConfigurationInput>;
    expect(problemsOf(input)).toEqual([
      'accountId: must be the number of the AWS account: 12 digits in quotes',
      'regions[0].name: must be the name of an AWS region, such as us-east-1',
    ]);
  });
});

describe('Given any suffix', () => {
  it('then it is refused exactly when a name would be longer than AWS takes', () => {
    const suffixes = fc.stringMatching(/^[a-z][a-z0-9]{0,20}(-[a-z0-9]{1,12})?$/);
    fc.assert(
      fc.property(suffixes, (suffix) => {
        const names = new Names(suffix);
        const isLong = Object.entries(NAME_RULES).some(([type, rule]) => {
          const { limit, prefix, longestPart } = { prefix: '', longestPart: undefined, ...rule };
          return (prefix + names.of(type as NameType, 'us-west-2', longestPart)).length > limit;
        });
        expect(problemsOf({ suffix }).length > 0).toBe(isLong);
      }),
    );
  });
});
