import * as z from 'zod';

const text = (pattern: RegExp, allowed: string) =>
  z.string({ error: `must be ${allowed}` }).regex(pattern, { error: `must be ${allowed}` });
const integer = (least: number, most: number, unit: string) => {
  const error = `must be a whole number of ${unit} from ${String(least)} to ${String(most)}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};
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
const threshold = (unit: string, most: number) => integer(1, most, unit);

/** CloudWatch keeps log events for these numbers of days: CloudWatch Logs API reference, PutRetentionPolicy. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;
const retentionDays = () =>
  z.literal(RETENTION_DAYS, {
    error: `must be one of ${RETENTION_DAYS.join(', ')} days, which CloudWatch keeps logs for`,
  });

/** An alarm on a metric: above `threshold` in `periods` periods of `periodSeconds` one after the other. */
const alarm = (unit: string, most: number, defaults: { threshold: number; periods: number; periodSeconds: number }) =>
  optional({
    threshold: threshold(unit, most).default(defaults.threshold),
    periods: integer(1, 10, 'periods').default(defaults.periods),
    periodSeconds: integer(60, 3600, 'seconds')
      .multipleOf(60, { error: 'must be a multiple of 60 s: Aurora reports once a minute' })
      .default(defaults.periodSeconds),
  });

const ENGINE_VERSION = text(
  /^8\.0\.mysql_aurora\.3\.\d{2}\.\d+$/,
  'a full version of Aurora MySQL 3 (MySQL 8.0) with its patch level, such as 8.0.mysql_aurora.3.10.0',
);
const CLOCK = '([01]\\d|2[0-3]):[0-5]\\d';
const WEEKDAY = '(mon|tue|wed|thu|fri|sat|sun)';

const region = z.strictObject({
  name: z.string({ error: 'must be the name of an AWS region, such as us-east-1' }),
  /** The same as `primary` at the top, said here. */
  role: oneOf('Primary', 'Secondary').optional(),
  cidr: z.string({ error: 'must be a range of IPv4 addresses, such as 10.0.0.0/16' }).optional(),
  zones: z.array(z.string({ error: 'must be the name of an availability zone, such as us-east-1a' })).optional(),
  subnets: z.array(z.string({ error: 'must be a range of IPv4 addresses, such as 10.0.10.0/24' })).optional(),
  /** Has to be the same everywhere: stated only to say so. */
  engineVersion: ENGINE_VERSION.optional(),
  capacity: z.strictObject({ minimum: z.number(), maximum: z.number() }).optional(),
  /** For the policy: whether the operator may promote this region. */
  promotion: oneOf('Prefer', 'Allow', 'Never').optional(),
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
  /** Services whose interface endpoints are in every VPC: private functions have no other way out. */
  endpoints: distinct(oneOf(...INTERFACE_ENDPOINTS)).default([
    'rds',
    'monitoring',
    'sns',
    'sts',
    'secretsmanager',
    'logs',
    'events',
  ]),
  /**
   * Names of the endpoints, by region and service, as AWS gave them: functions reach another region's RDS and CloudWatch
   * by them, over the peering. `npm run synth -- --observed` reads them from the VPCEndpoint objects.
   */
  endpointNames: z.record(z.string(), z.record(z.string(), ENDPOINT_NAME)).default({}),
  /** Nothing in the set-up needs one. */
  internetGateway: yesOrNo().default(false),
  flowLogs: optional({
    enabled: yesOrNo().default(true),
    retentionDays: retentionDays().default(90),
    trafficType: oneOf('ALL', 'ACCEPT', 'REJECT').default('ALL'),
    aggregationSeconds: z.literal([60, 600], { error: 'must be 60 or 600 s' }).default(60),
  }),
});

const database = optional({
  name: notOneOf(
    ['mysql', 'sys', 'information_schema', 'performance_schema'],
    text(/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/, 'at most 64 letters, digits and _, a letter first'),
  ).default('transactions'),
  engineVersion: ENGINE_VERSION.default('8.0.mysql_aurora.3.10.0'),
  masterUsername: notOneOf(
    ['rdsadmin', 'root', 'mysql'],
    text(/^[a-zA-Z][a-zA-Z0-9]{0,15}$/, 'at most 16 letters and digits, a letter first'),
  ).default('admin'),
  /** `db.serverless`, or a class of provisioned instances. */
  instanceClass: text(
    /^db\.[a-z0-9]+(\.[a-z0-9-]+)?$/,
    'an instance class, such as db.serverless or db.r8g.large',
  ).default('db.serverless'),
  /** In each region: the first writes where the primary is, the others are its standbys in other zones. */
  instancesPerRegion: integer(1, 16, 'instances').default(2),
  /** Aurora capacity units of each serverless instance. */
  capacity: optional({ minimum: z.number().default(0.5), maximum: z.number().default(1) }),
  parameters: z.record(z.string(), z.string()).default({ binlog_format: 'ROW', character_set_server: 'utf8mb4' }),
  backups: optional({
    retentionDays: integer(1, 35, 'days').default(7),
    window: text(new RegExp(`^${CLOCK}-${CLOCK}$`), 'a window in UTC, such as 03:00-04:00').default('03:00-04:00'),
  }),
  maintenanceWindow: text(
    new RegExp(`^${WEEKDAY}:${CLOCK}-${WEEKDAY}:${CLOCK}$`),
    'a window in UTC, such as mon:04:00-mon:05:00',
  ).default('mon:04:00-mon:05:00'),
  logs: distinct(oneOf('audit', 'error', 'general', 'slowquery', 'instance', 'iam-db-auth-error')).default([
    'audit',
    'error',
    'general',
    'slowquery',
  ]),
  iamAuthentication: yesOrNo().default(true),
  /** Allowed: changes to member clusters reach AWS. Read docs/concepts on what a role swap does then. */
  updates: oneOf('Forbidden', 'Allowed').default('Forbidden'),
});

const deletion = optional({
  /** Aurora refuses to delete a protected cluster. */
  protection: yesOrNo().default(true),
  /** A last snapshot is taken of a cluster that is deleted. */
  finalSnapshot: yesOrNo().default(true),
  /** Allowed: deleting the objects of databases, keys, secrets and zones deletes these too. */
  data: oneOf('Forbidden', 'Allowed').default('Forbidden'),
  /** KMS waits this long before it destroys a key. */
  keyWindowDays: integer(7, 30, 'days').default(30),
  secretWindowDays: integer(7, 30, 'days').default(30),
});

const monitoring = optional({
  emails: distinct(email()).default([]),
  replicationLagMilliseconds: alarm('milliseconds', 3_600_000, { threshold: 500, periods: 2, periodSeconds: 60 }),
  cpuPercent: alarm('percent', 100, { threshold: 80, periods: 2, periodSeconds: 300 }),
  connections: alarm('connections', 16_000, { threshold: 100, periods: 2, periodSeconds: 300 }),
  dashboard: yesOrNo().default(true),
});

const dns = optional({
  enabled: yesOrNo().default(true),
  /** Default: {suffix}.aurora.internal. */
  zone: text(new RegExp(`^(${DNS_LABEL}\\.)+${DNS_LABEL}$`), 'a domain, such as db.example.com').optional(),
  /** Private zones answer in the VPCs alone. */
  visibility: oneOf('Private', 'Public').default('Private'),
  /** Name of the writer's records in the zone. */
  record: text(new RegExp(`^${DNS_LABEL}$`), 'a DNS label, such as writer').default('writer'),
  ttlSeconds: integer(1, 300, 'seconds').default(5),
  /**
   * Names of the clusters' writer endpoints, by region, as AWS gave them: no field of a record can refer to a cluster.
   * `npm run synth -- --observed` reads them from the Cluster objects.
   */
  writerEndpoints: z.record(z.string(), WRITER_ENDPOINT).default({}),
  /** For how many minutes the routing metric must say that a region is not the writer's before DNS believes it. */
  alarmPeriods: integer(1, 10, 'minutes').default(1),
});

const functions = optional({
  enabled: yesOrNo().default(true),
  memoryMegabytes: integer(128, 10_240, 'megabytes').default(256),
  monitorTimeoutSeconds: integer(10, 60, 'seconds').default(30),
  /** The failover function waits for the proven end: AWS ends a function after 900 s at the latest. */
  failoverTimeoutSeconds: integer(60, 900, 'seconds').default(900),
  logRetentionDays: retentionDays().default(30),
  scheduleMinutes: integer(1, 60, 'minutes').default(1),
  deadLetterRetentionDays: integer(1, 14, 'days').default(14),
});

const policy = optional({
  enabled: yesOrNo().default(true),
  /** Default: transactions-{suffix}. It stays with its global cluster: the policy's cannot be changed. */
  name: kubernetesName().optional(),
  /** Default: the namespace of the managed resources. */
  namespace: kubernetesName().optional(),
  mode: oneOf('Automatic', 'Manual').default('Automatic'),
  dataLoss: oneOf('Forbid', 'WithinRecoveryPoint', 'Allow').default('WithinRecoveryPoint'),
  recoveryTime: duration().default('10m'),
  recoveryPoint: duration().default('1s'),
  /** The witness outside of the regions. */
  witnessUrl: z.url({ protocol: /^https$/, error: 'must be an https URL' }).optional(),
  /** Service and ConfigMap of the writer's address: their names. Default: transactions-writer-{suffix}. */
  writerService: kubernetesName().optional(),
  roleArn: arn('iam').optional(),
});

const provider = optional({
  /** Name of the provider configuration. */
  name: text(new RegExp(`^(${DNS_LABEL}\\.)*${DNS_LABEL}$`), 'the name of an object').default('default'),
  /** Of namespaced resources; cluster-scoped ones know ProviderConfig alone. */
  kind: oneOf('ClusterProviderConfig', 'ProviderConfig').default('ClusterProviderConfig'),
  /** Given: the provider configuration is generated too. Secrets are named, never contained. */
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
    .optional(),
});

const gitops = optional({
  /** Where the synthesized manifests are. Without it no Argo CD objects are generated. */
  repository: words().optional(),
  revision: words().default('main'),
  path: words().default('infrastructure'),
  project: kubernetesName().default('default'),
  /** Namespace of Argo CD. */
  namespace: kubernetesName().default('argocd'),
  /** Kubernetes clusters that run the operator, by the region that they live in; Argo CD's names of them. */
  clusters: z.array(z.strictObject({ region: z.string(), name: words() })).default([]),
});

/** The file as people write it. Each field says what it is where it is defined; checks across fields are in checks.ts. */
export const configurationSchema = z.strictObject({
  suffix: text(
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    'the suffix of the environment: words of a-z and 0-9 joined by -, a letter first, such as prod',
  ),
  accountId: text(/^\d{12}$/, 'the number of the AWS account: 12 digits in quotes'),
  scope: oneOf('namespaced', 'cluster').default('namespaced'),
  /** Of namespaced resources, of their Secrets, and of the policy unless that says otherwise. */
  namespace: kubernetesName().default('aurora-dr'),
  /** Default: the region whose role is Primary, otherwise the first. */
  primary: z.string().optional(),
  /** Opt-in regions that the account has opted in to. */
  optedInRegions: z.array(z.string()).default([]),
  regions: z.array(region).default([{ name: 'us-east-1' }, { name: 'us-west-2' }]),
  tags: z.record(z.string(), z.string()).default({}),
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
