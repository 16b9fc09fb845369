import * as z from 'zod';

/*
 * Each field says what it is with `describe`, from which docs/reference/infrastructure.md is generated, and what is allowed
 * with its `error`.
 */

const text = (pattern: RegExp, allowed: string) =>
  z.string({ error: `must be ${allowed}` }).regex(pattern, { error: `must be ${allowed}` });
const between = (least: number, most: number, allowed: string) => {
  const error = `must be ${allowed} from ${String(least)} to ${String(most)}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};
const integer = (least: number, most: number, unit: string) => between(least, most, `a whole number of ${unit}`);
const yesOrNo = () => z.boolean({ error: 'must be true or false' });
const oneOf = <const Values extends readonly [string, ...string[]]>(...values: Values) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });
/** An object whose fields all have defaults. */
const optional = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => z.strictObject(shape).prefault({} as never);

const DNS_LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const kubernetesName = () =>
  text(new RegExp(`^${DNS_LABEL}$`), 'a DNS label: at most 63 of a-z, 0-9 and -, such as aurora-dr');
/** As the policy's CRD has it: at most 16 characters, above zero. */
const duration = () =>
  text(/^(?=.*[1-9])(?=.{1,16}$)([0-9]{1,6}(ms|s|m|h))+$/, 'a duration above zero, at most 16 characters, such as 10m');
/** A list that names nothing twice. */
const distinct = <Item extends z.ZodType>(item: Item) =>
  z.array(item).refine((items) => new Set(items).size === items.length, { error: 'must name each one once' });
const words = () => z.string().min(1, { error: 'must not be empty' });
const notOneOf = (words: readonly string[], schema: z.ZodString) =>
  schema.refine((value) => !words.includes(value.toLowerCase()), {
    error: `must not be ${words.join(', ')}: these are taken in every database`,
  });
const email = () => z.email({ error: 'must be an e-mail address' });
const arn = (service: string) => text(new RegExp(`^arn:aws[a-z-]*:${service}:[^:]*:[^:]*:.+$`), `an ARN of ${service}`);
const range = (example: string) => z.string({ error: `must be a range of IPv4 addresses, such as ${example}` });
/** Steps and bounds are checked in checks.ts. */
const capacityUnits = () =>
  z.number({ error: 'must be a number of Aurora capacity units, from 0.5 to 256 in steps of 0.5' });

/** CloudWatch keeps log events for these numbers of days: CloudWatch Logs API reference, PutRetentionPolicy. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;
const retentionDays = () =>
  z.literal(RETENTION_DAYS, {
    error: `must be one of ${RETENTION_DAYS.join(', ')} days, which CloudWatch keeps logs for`,
  });

/** An alarm on a metric: above `threshold` in `periods` periods of `periodSeconds` one after the other. */
const alarm = (
  what: string,
  unit: string,
  most: number,
  defaults: { threshold: number; periods: number; periodSeconds: number },
) =>
  optional({
    threshold: integer(1, most, unit)
      .default(defaults.threshold)
      .describe(`the alarm goes off when ${what} is above it`),
    periods: integer(1, 10, 'periods').default(defaults.periods).describe('for so many periods, one after the other'),
    periodSeconds: integer(60, 3600, 'seconds')
      .multipleOf(60, { error: 'must be a multiple of 60 s: Aurora reports once a minute' })
      .default(defaults.periodSeconds)
      .describe('how long a period is: a multiple of 60 s, because Aurora reports once a minute'),
  });

const ENGINE_VERSION = text(
  /^8\.0\.mysql_aurora\.3\.\d{2}\.\d+$/,
  'a full version of Aurora MySQL 3 (MySQL 8.0) with its patch level, such as 8.0.mysql_aurora.3.10.0',
);
const CLOCK = '([01]\\d|2[0-3]):[0-5]\\d';
const WEEKDAY = '(mon|tue|wed|thu|fri|sat|sun)';

const region = z.strictObject({
  name: z
    .string({ error: 'must be the name of an AWS region, such as us-east-1' })
    .describe('opt-in regions have to be in `optedInRegions` too'),
  role: oneOf('Primary', 'Secondary').optional().describe('the same as `primary` at the top, said here'),
  cidr: range('10.0.0.0/16')
    .optional()
    .describe('of the VPC: 10.0.0.0/16 in the first region, 10.1.0.0/16 in the second, …'),
  zones: z
    .array(z.string({ error: 'must be the name of an availability zone, such as us-east-1a' }))
    .optional()
    .describe('two or more, each with a subnet: three by default, where the region has three'),
  subnets: z
    .array(range('10.0.10.0/24'))
    .optional()
    .describe('one for each zone: the blocks number 10, 11, 12, … of the 256 of the VPC, such as 10.0.10.0/24'),
  engineVersion: ENGINE_VERSION.optional().describe('has to be that of `database`: stated only to say so'),
  capacity: z
    .strictObject({
      minimum: capacityUnits().describe('of each serverless instance of this region; by default that of `database`'),
      maximum: capacityUnits().describe('likewise'),
    })
    .optional(),
  promotion: oneOf('Prefer', 'Allow', 'Never')
    .optional()
    .describe('whether the operator may make it the writer: Prefer for the first region, Allow for the others'),
});

const INTERFACE_ENDPOINTS = [
  'rds',
  'monitoring',
  'sns',
  'sts',
  'secretsmanager',
  'logs',
  'events',
  'kms',
  'sqs',
  'lambda',
] as const;

/** `DnsEntry.DnsName` of an interface endpoint, the regional one: VPC User Guide, AWS PrivateLink. */
const ENDPOINT_NAME = text(
  /^vpce-[0-9a-f]+-[a-z0-9]+\.[a-z0-9-]+\.[a-z0-9-]+\.vpce\.amazonaws\.com$/,
  'the regional name of an interface endpoint, such as vpce-0a1b2c3d-abcdefgh.rds.us-west-2.vpce.amazonaws.com',
);

/** "Amazon Aurora endpoint connections" in the Aurora User Guide: the cluster endpoint. */
const WRITER_ENDPOINT = text(
  /^[a-z0-9-]+\.cluster-[a-z0-9]+\.[a-z0-9-]+\.rds\.amazonaws\.com$/,
  'the endpoint of a cluster, such as aurora-us-east-1-prod.cluster-abcdefghijkl.us-east-1.rds.amazonaws.com',
);

const network = optional({
  endpoints: distinct(oneOf(...INTERFACE_ENDPOINTS))
    .default(['rds', 'monitoring', 'sns', 'sts', 'secretsmanager', 'logs', 'events'])
    .describe('services whose interface endpoints are in every VPC: private functions have no other way out'),
  endpointNames: z
    .record(z.string(), z.record(z.string(), ENDPOINT_NAME))
    .default({})
    .describe(
      'names of the endpoints, by region and service, as AWS gave them: functions reach another region’s RDS and ' +
        'CloudWatch by them, over the peering; `--observed` reads them from the VPCEndpoint objects',
    ),
  peering: optional({
    enabled: yesOrNo()
      .default(true)
      .describe(
        'between every two VPCs; false where something else, such as a transit gateway, leads from one to the other',
      ),
    resolvesNames: yesOrNo()
      .default(true)
      .describe('whether names of one VPC resolve to private addresses in the others'),
  }),
  internetGateway: yesOrNo()
    .default(false)
    .describe('in each VPC; no route leads there, and nothing in the set-up needs one'),
  flowLogs: optional({
    enabled: yesOrNo().default(true).describe('of each VPC, into CloudWatch Logs'),
    retentionDays: retentionDays().default(90).describe('how long they are kept'),
    trafficType: oneOf('ALL', 'ACCEPT', 'REJECT').default('ALL').describe('what is logged'),
    aggregationSeconds: z
      .literal([60, 600], { error: 'must be 60 or 600 s' })
      .default(60)
      .describe('how long packets of a connection are gathered into a line'),
  }),
});

const database = optional({
  name: notOneOf(
    ['mysql', 'sys', 'information_schema', 'performance_schema'],
    text(/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/, 'at most 64 letters, digits and _, a letter first'),
  )
    .default('transactions')
    .describe('the first database in the cluster'),
  engineVersion: ENGINE_VERSION.default('8.0.mysql_aurora.3.10.0').describe('the same in every region'),
  masterUsername: notOneOf(
    ['rdsadmin', 'root', 'mysql'],
    text(/^[a-zA-Z][a-zA-Z0-9]{0,15}$/, 'at most 16 letters and digits, a letter first'),
  )
    .default('admin')
    .describe('its password is generated'),
  instanceClass: text(/^db\.[a-z0-9]+(\.[a-z0-9-]+)?$/, 'an instance class, such as db.serverless or db.r8g.large')
    .default('db.serverless')
    .describe('`db.serverless`, or a class of provisioned instances'),
  // CreateDBCluster in the RDS API reference.
  port: between(1150, 65_535, 'a port').default(3306).describe('where databases listen'),
  instancesPerRegion: integer(1, 16, 'instances')
    .default(2)
    .describe('the first writes where the primary is, the others are its standbys in other zones'),
  capacity: optional({
    minimum: capacityUnits().default(0.5).describe('of each serverless instance'),
    maximum: capacityUnits().default(1).describe('of each serverless instance'),
  }),
  parameters: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      'of the cluster parameter groups in every region, in addition to `binlog_format: ROW`, ' +
        '`character_set_server: utf8mb4` and what the exported logs need; what is said here counts. The general log is off ' +
        'until `general_log: "1"`: it holds every statement with its values',
    ),
  backups: optional({
    retentionDays: integer(1, 35, 'days').default(7).describe('how long automatic backups are kept'),
    window: text(new RegExp(`^${CLOCK}-${CLOCK}$`), 'a window in UTC, such as 03:00-04:00')
      .default('03:00-04:00')
      .describe('when they are made, every day'),
  }),
  maintenanceWindow: text(
    new RegExp(`^${WEEKDAY}:${CLOCK}-${WEEKDAY}:${CLOCK}$`),
    'a window in UTC, such as mon:04:00-mon:05:00',
  )
    .default('mon:04:00-mon:05:00')
    .describe('apart from the backups'),
  logs: distinct(oneOf('audit', 'error', 'general', 'slowquery', 'instance', 'iam-db-auth-error'))
    .default(['audit', 'error', 'general', 'slowquery'])
    .describe('that go to CloudWatch'),
  iamAuthentication: yesOrNo().default(true).describe('whether users may log in by IAM'),
  updates: oneOf('Forbidden', 'Allowed')
    .default('Forbidden')
    .describe(
      'whether changes to clusters reach AWS: see [what a role swap does then](../concepts/infrastructure-as-code.md)',
    ),
});

const deletion = optional({
  protection: yesOrNo().default(true).describe('Aurora refuses to delete a protected cluster'),
  finalSnapshot: yesOrNo().default(true).describe('whether a last snapshot is kept of a cluster that is deleted'),
  data: oneOf('Forbidden', 'Allowed')
    .default('Forbidden')
    .describe('whether deleting the objects of databases, keys, secrets and zones deletes these too'),
  keyWindowDays: integer(7, 30, 'days').default(30).describe('KMS waits so long before it destroys a key'),
  secretWindowDays: integer(7, 30, 'days').default(30).describe('how long a deleted secret can be restored'),
});

const monitoring = optional({
  emails: distinct(email()).default([]).describe('who is told; each address has to confirm in every region'),
  replicationLagMilliseconds: alarm('the lag of a secondary', 'milliseconds', 3_600_000, {
    threshold: 500,
    periods: 2,
    periodSeconds: 60,
  }),
  cpuPercent: alarm('the CPU of an instance', 'percent', 100, { threshold: 80, periods: 2, periodSeconds: 300 }),
  connections: alarm('the connections of an instance', 'connections', 16_000, {
    threshold: 100,
    periods: 2,
    periodSeconds: 300,
  }),
  compositeAlarm: yesOrNo().default(true).describe('one alarm in each region for any trouble of its cluster'),
  events: yesOrNo().default(true).describe('whether the topics are told what RDS tells of clusters and instances'),
  dashboard: yesOrNo().default(true).describe('one for all regions'),
});

const dns = optional({
  enabled: yesOrNo().default(true).describe('zone, records, health checks and their alarms'),
  zone: text(new RegExp(`^(${DNS_LABEL}\\.)+${DNS_LABEL}$`), 'a domain, such as db.example.com')
    .optional()
    .describe('by default `{suffix}.aurora.internal`'),
  visibility: oneOf('Private', 'Public').default('Private').describe('private zones answer in the VPCs alone'),
  record: text(new RegExp(`^${DNS_LABEL}$`), 'a DNS label, such as writer')
    .default('writer')
    .describe('name of the writer in the zone'),
  ttlSeconds: integer(1, 300, 'seconds').default(5).describe('how long resolvers keep its address'),
  writerEndpoints: z
    .record(z.string(), WRITER_ENDPOINT)
    .default({})
    .describe(
      'names of the clusters’ writer endpoints, by region, as AWS gave them: no field of a record can refer to a cluster; ' +
        '`--observed` reads them from the Cluster objects',
    ),
  alarmPeriods: integer(1, 10, 'minutes')
    .default(1)
    .describe('for so long the routing metric must say that a region is not the writer’s before DNS believes it'),
});

const functions = optional({
  enabled: yesOrNo().default(true).describe('health monitor and failover function in every region'),
  memoryMegabytes: integer(128, 10_240, 'megabytes').default(256).describe('of each'),
  monitorTimeoutSeconds: integer(10, 60, 'seconds').default(30).describe('of the health monitor'),
  failoverTimeoutSeconds: integer(60, 900, 'seconds')
    .default(900)
    .describe(
      'of the failover function, which waits for the proven end: AWS ends a function after 900 s at the latest',
    ),
  logRetentionDays: retentionDays().default(30).describe('how long their logs are kept'),
  scheduleMinutes: integer(1, 60, 'minutes').default(1).describe('how often the health monitor runs'),
  deadLetterRetentionDays: integer(1, 14, 'days').default(14).describe('how long events are kept that they failed at'),
});

const policy = optional({
  enabled: yesOrNo().default(true).describe('the `DisasterRecoveryPolicy`, and the alarms that need an operator'),
  name: kubernetesName()
    .optional()
    .describe('by default `transactions-{suffix}`; a policy stays with its global cluster'),
  namespace: kubernetesName().optional().describe('by default that of the managed resources'),
  mode: oneOf('Automatic', 'Manual').default('Automatic').describe('`failover.mode` of the policy'),
  dataLoss: oneOf('Forbid', 'WithinRecoveryPoint', 'Allow')
    .default('WithinRecoveryPoint')
    .describe('`failover.dataLoss`: what automation may lose'),
  recoveryTime: duration().default('10m').describe('`objectives.recoveryTime`'),
  recoveryPoint: duration().default('1s').describe('`objectives.recoveryPoint`'),
  witnessUrl: z
    .url({ protocol: /^https$/, error: 'must be an https URL' })
    .optional()
    .describe('of the witness outside of the regions'),
  writerService: kubernetesName()
    .optional()
    .describe('name of the Service and ConfigMap of the writer’s address: by default `transactions-writer-{suffix}`'),
  roleArn: arn('iam').optional().describe('the role that the operator takes on; topics let it publish'),
  routing: optional({
    namespace: text(
      /^(?!AWS\/)[0-9A-Za-z._/#-]{1,255}$/,
      'a namespace of CloudWatch that does not start with AWS/, such as AuroraDR',
    )
      .default('AuroraDR')
      .describe('of all metrics that operator and functions put'),
    metric: text(/^[0-9A-Za-z._/#-]{1,255}$/, 'the name of a metric, such as WriterRegion')
      .default('WriterRegion')
      .describe('by which alarms and DNS know who writes'),
  }),
  spec: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'more of the policy’s spec, as the [API reference](api.md) has it: `detection`, `failover`, `failback`, `fencing`, ' +
        '`drill`, `crossplane`, `suspend`',
    ),
});

const provider = optional({
  name: text(new RegExp(`^(${DNS_LABEL}\\.)*${DNS_LABEL}$`), 'the name of an object')
    .default('default')
    .describe('of the provider configuration'),
  kind: oneOf('ClusterProviderConfig', 'ProviderConfig')
    .default('ClusterProviderConfig')
    .describe('for namespaced resources; cluster-scoped ones know `ProviderConfig` alone'),
  credentials: z
    .discriminatedUnion('source', [
      z.strictObject({ source: z.literal('PodIdentity') }),
      z.strictObject({ source: z.literal('IRSA') }),
      z.strictObject({ source: z.literal('WebIdentity'), roleArn: arn('iam') }),
      z.strictObject({
        source: z.literal('Secret'),
        secret: z.strictObject({ name: kubernetesName(), namespace: kubernetesName(), key: words() }),
      }),
    ])
    .optional()
    .describe(
      'given, the provider configuration is generated too: `source` is `PodIdentity`, `IRSA`, `WebIdentity` (with `roleArn`) ' +
        'or `Secret` (with `secret.name`, `.namespace` and `.key`: named, never contained)',
    ),
});

const gitops = optional({
  repository: words()
    .optional()
    .describe('where the synthesized manifests are; without it no Argo CD objects are generated'),
  revision: words().default('main').describe('branch, tag or commit'),
  path: words().default('infrastructure').describe('folder of the manifests in it'),
  project: kubernetesName().default('default').describe('of Argo CD'),
  namespace: kubernetesName().default('argocd').describe('of Argo CD'),
  clusters: z
    .array(z.strictObject({ region: z.string(), name: words() }))
    .default([])
    .describe(
      'Kubernetes clusters that run the operator, one in a region: `region` where each lives, and `name` as Argo CD calls it; the first manages ' +
        'what is in AWS',
    ),
});

/** The file as people write it. Checks across fields are in checks.ts. */
export const configurationSchema = z.strictObject({
  suffix: text(
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    'the suffix of the environment: words of a-z and 0-9 joined by -, a letter first, such as prod',
  ).describe('every name is `{type}-{region}-{suffix}`; it cannot change'),
  accountId: text(/^\d{12}$/, 'the number of the AWS account: 12 digits in quotes').describe('of all regions'),
  scope: oneOf('namespaced', 'cluster')
    .default('namespaced')
    .describe('of the managed resources: `*.aws.m.upbound.io` or `*.aws.upbound.io`'),
  namespace: kubernetesName()
    .default('aurora-dr')
    .describe('of namespaced resources, of their Secrets, and of the policy unless that says otherwise'),
  primary: z
    .string()
    .optional()
    .describe('the region that writes: by default that whose role is Primary, otherwise the first'),
  optedInRegions: z.array(z.string()).default([]).describe('opt-in regions that the account has opted in to'),
  regions: z.array(region).default([{ name: 'us-east-1' }, { name: 'us-west-2' }]),
  tags: z
    .record(z.string(), z.string())
    .default({})
    .describe('on every resource, in addition to `Environment`, `ManagedBy`, `Application` and `Name`'),
  provider,
  network,
  database,
  deletion,
  monitoring,
  dns,
  functions,
  policy,
  gitops,
});

/** What people write: everything that has a default may be left out. */
export type ConfigurationInput = z.input<typeof configurationSchema>;
/** What people wrote, with the defaults that need no other field. */
export type ParsedConfiguration = z.output<typeof configurationSchema>;
