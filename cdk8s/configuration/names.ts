/** What AWS allows as a name. */
interface NameRule {
  /** What AWS calls it, for messages. */
  readonly resource: string;
  /** Characters. */
  readonly limit: number;
  /** Names that are prefixed in AWS, such as a log group's. @default - none */
  readonly prefix?: string;
  /** The longest part that stands between type and region. @default - none */
  readonly longestPart?: string;
}

/** Names of objects in Kubernetes, which every resource has: RFC 1123 subdomains. */
const KUBERNETES_LIMIT = 253;
const object = (resource: string): NameRule => ({ resource, limit: KUBERNETES_LIMIT });

/**
 * Types of names with the limit that is narrowest, from the API reference of each service. A new type of resource gets a
 * line here; the configuration is checked against all of them.
 */
export const NAME_RULES = {
  vpc: object('VPC'),
  subnet: { resource: 'subnet', limit: KUBERNETES_LIMIT, longestPart: '16' },
  igw: object('internet gateway'),
  'aurora-sg': { resource: 'security group', limit: 255 },
  'functions-sg': { resource: 'security group', limit: 255 },
  'endpoints-sg': { resource: 'security group', limit: 255 },
  rule: {
    resource: 'security group rule',
    limit: KUBERNETES_LIMIT,
    longestPart: 'functions-to-endpoints-ap-northeast-1',
  },
  endpoint: { resource: 'VPC endpoint', limit: KUBERNETES_LIMIT, longestPart: 'secretsmanager-subnet-16' },
  'flow-log': object('flow log'),
  'flow-log-group': { resource: 'CloudWatch log group', limit: 512, prefix: '/aws/vpc/' },
  'flow-log-role': { resource: 'IAM role', limit: 64 },
  peering: { resource: 'VPC peering connection', limit: KUBERNETES_LIMIT, longestPart: 'ap-northeast-1-accepter' },
  'route-table': { resource: 'route table', limit: KUBERNETES_LIMIT, longestPart: 'association-16' },
  route: { resource: 'route', limit: KUBERNETES_LIMIT, longestPart: 'ap-northeast-1' },
  key: { resource: 'KMS alias', limit: 256, prefix: 'alias/' },
  'master-password': { resource: 'Secrets Manager secret', limit: 512 },
  // Its own name is aurora-global-{suffix}: see Names.globalCluster.
  aurora: { resource: 'DB cluster', limit: 63 },
  'aurora-instance': { resource: 'DB instance', limit: 63, longestPart: '16' },
  'subnet-group': { resource: 'DB subnet group', limit: 255 },
  'cluster-parameters': { resource: 'DB cluster parameter group', limit: 255 },
  'final-snapshot': { resource: 'DB cluster snapshot', limit: 255 },
  topic: { resource: 'SNS topic', limit: 256 },
  subscription: { resource: 'SNS subscription', limit: KUBERNETES_LIMIT, longestPart: 'x'.repeat(64) },
  alarm: { resource: 'CloudWatch alarm', limit: 255, longestPart: 'failover-function-throttles' },
  'event-subscription': { resource: 'RDS event subscription', limit: 255, longestPart: 'instance' },
  dashboard: { resource: 'CloudWatch dashboard', limit: 255 },
  zone: object('Route 53 hosted zone'),
  'health-check': { resource: 'Route 53 health check', limit: KUBERNETES_LIMIT, longestPart: 'ap-northeast-1' },
  record: {
    resource: 'Route 53 record',
    limit: KUBERNETES_LIMIT,
    longestPart: 'writer-after-ap-northeast-1-to-ap-northeast-1',
  },
  function: { resource: 'Lambda function', limit: 64, longestPart: 'health-monitor' },
  'function-role': { resource: 'IAM role', limit: 64, longestPart: 'health-monitor' },
  'function-log-group': {
    resource: 'CloudWatch log group',
    limit: 512,
    prefix: '/aws/lambda/',
    longestPart: 'health-monitor',
  },
  'function-schedule': { resource: 'EventBridge rule', limit: 64, longestPart: 'health-monitor' },
  'dead-letters': { resource: 'SQS queue', limit: 80, longestPart: 'health-monitor' },
  'function-code': { resource: 'S3 object', limit: KUBERNETES_LIMIT, longestPart: 'health-monitor-0123456789ab' },
  // The bucket's name is unique in the world: the account's number is its part.
  'functions-bucket': { resource: 'S3 bucket', limit: 63, longestPart: '123456789012' },
} as const satisfies Readonly<Record<string, NameRule>>;

/** A type in `{type}-{region}-{suffix}`. */
export type NameType = keyof typeof NAME_RULES;

/** A derived name that is longer than AWS allows. */
export interface LongName {
  readonly name: string;
  readonly resource: string;
  readonly limit: number;
}

/** All names, made in one place: `{type}[-{part}]-{region}-{suffix}`, with the region's real name, because roles change. */
export class Names {
  readonly suffix: string;

  constructor(suffix: string) {
    this.suffix = suffix;
  }

  /**
   * @param region the region's name, or `global` for what belongs to none
   * @param part what tells several of the type apart
   */
  of(type: NameType, region: string, part?: string | number): string {
    return [type, ...(part === undefined ? [] : [String(part)]), region, this.suffix].join('-');
  }

  /** Identifier of the global cluster. */
  get globalCluster(): string {
    return `aurora-global-${this.suffix}`;
  }

  /** The names that would be longer than AWS allows in one of the regions. */
  tooLong(regions: readonly string[]): LongName[] {
    const rules = Object.entries(NAME_RULES) as [NameType, NameRule][];
    const derived = rules.flatMap(([type, { resource, limit, prefix = '', longestPart }]) =>
      regions.map((region) => ({ name: `${prefix}${this.of(type, region, longestPart)}`, resource, limit })),
    );
    const globalCluster = { name: this.globalCluster, resource: 'global cluster', limit: 63 };
    return [globalCluster, ...derived].filter(({ name, limit }) => name.length > limit);
  }
}
