import fc from 'fast-check';
import type { ConfigurationInput } from '../configuration/schema.ts';

const REGIONS = ['us-east-1', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-northeast-1', 'ca-central-1'] as const;
const LOGS = ['audit', 'error', 'general', 'slowquery', 'instance', 'iam-db-auth-error'] as const;
const ENDPOINTS = [
  'rds',
  'monitoring',
  'sns',
  'sts',
  'logs',
  'secretsmanager',
  'events',
  'kms',
  'sqs',
  'lambda',
] as const;

type Database = NonNullable<ConfigurationInput['database']>;
type Monitoring = NonNullable<ConfigurationInput['monitoring']>;

/** Two or more, each once, in any order. */
export const arbitraryRegions = fc.uniqueArray(fc.constantFrom(...REGIONS), { minLength: 2, maxLength: 4 });

const capacity: fc.Arbitrary<NonNullable<Database['capacity']>> = fc
  .tuple(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 0, max: 64 }))
  .map(([halves, more]) => ({ minimum: halves / 2, maximum: (halves + more) / 2 }));

const database: fc.Arbitrary<Database> = fc.record({
  name: fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/),
  instanceClass: fc.constantFrom('db.serverless', 'db.r8g.large'),
  instancesPerRegion: fc.integer({ min: 1, max: 4 }),
  port: fc.integer({ min: 1150, max: 65_535 }),
  capacity,
  parameters: fc.dictionary(fc.stringMatching(/^[a-z_]{3,20}$/), fc.stringMatching(/^[a-zA-Z0-9]{1,10}$/), {
    maxKeys: 4,
  }),
  logs: fc.uniqueArray(fc.constantFrom(...LOGS)),
  iamAuthentication: fc.boolean(),
  updates: fc.constantFrom('Forbidden', 'Allowed'),
});

const alarm = fc.record({
  threshold: fc.integer({ min: 1, max: 100 }),
  periods: fc.integer({ min: 1, max: 10 }),
  periodSeconds: fc.constantFrom(60, 300, 900),
});

const monitoring: fc.Arbitrary<Monitoring> = fc.record({
  emails: fc.uniqueArray(
    fc.stringMatching(/^[a-z][a-z0-9.+-]{0,8}[a-z0-9]@example\.(com|org)$/).filter((email) => !email.includes('..')),
    {
      maxLength: 4,
    },
  ),
  replicationLagMilliseconds: alarm,
  cpuPercent: alarm,
  connections: alarm,
  compositeAlarm: fc.boolean(),
  events: fc.boolean(),
  dashboard: fc.boolean(),
});

/** Configurations as people could write them, all of them valid. */
export const arbitraryConfiguration: fc.Arbitrary<ConfigurationInput> = fc
  .record({
    suffix: fc.stringMatching(/^[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,5})?$/),
    accountId: fc.stringMatching(/^\d{12}$/),
    scope: fc.constantFrom('namespaced' as const, 'cluster' as const),
    regions: arbitraryRegions,
    primaryIndex: fc.nat(),
    database,
    monitoring,
    deletion: fc.record({
      protection: fc.boolean(),
      finalSnapshot: fc.boolean(),
      data: fc.constantFrom('Forbidden' as const, 'Allowed' as const),
    }),
    network: fc.record({
      endpoints: fc.constantFrom(ENDPOINTS.slice(0, 5), ENDPOINTS.slice(0, 7), ENDPOINTS),
      internetGateway: fc.boolean(),
      peering: fc.record({ enabled: fc.boolean(), resolvesNames: fc.boolean() }),
      flowLogs: fc.record({ enabled: fc.boolean() }),
    }),
    dns: fc.record({ enabled: fc.boolean() }),
    functions: fc.record({ enabled: fc.boolean() }),
    hasPolicy: fc.boolean(),
    hasOperatorRole: fc.boolean(),
  })
  .map(({ regions, primaryIndex, network, hasPolicy, hasOperatorRole, ...rest }) => {
    const primary = regions[primaryIndex % regions.length];
    return {
      ...rest,
      regions: regions.map((name) => ({ name })),
      ...(primary === undefined ? {} : { primary }),
      network: { ...network, endpoints: [...network.endpoints] },
      policy: {
        enabled: hasPolicy,
        ...(hasOperatorRole ? { roleArn: `arn:aws:iam::${rest.accountId}:role/operator` } : {}),
      },
    };
  });
