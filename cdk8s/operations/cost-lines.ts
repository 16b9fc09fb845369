import type { Configuration } from '../configuration/configuration.ts';

/** What of an object its cost depends on. */
export interface PricedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec?: { readonly forProvider?: Readonly<Record<string, unknown>> };
}

/** What nobody can know beforehand: an assumption each, in the units of a month. */
export interface CostAssumptions {
  readonly storageGigabytes: number;
  /** Of each region: reads and writes of its volume. */
  readonly ioMillions: number;
  /** Writes that go to each secondary. */
  readonly replicatedWriteMillions: number;
  /** What replication and functions send to each other region. */
  readonly transferGigabytes: number;
  /** Through each endpoint. */
  readonly endpointGigabytes: number;
  readonly flowLogGigabytes: number;
  /** Of each kind of database log that is exported, in each region. */
  readonly databaseLogGigabytes: number;
  /** Of each function in each region. */
  readonly functionLogGigabytes: number;
  /** What a run of the health monitor takes. */
  readonly monitorSeconds: number;
  /** CloudWatch metrics that operator and functions ask for in each region, each minute. */
  readonly metricsReadPerMinute: number;
}

export const COST_ASSUMPTIONS: CostAssumptions = {
  storageGigabytes: 20,
  ioMillions: 20,
  replicatedWriteMillions: 5,
  transferGigabytes: 10,
  endpointGigabytes: 1,
  flowLogGigabytes: 2,
  databaseLogGigabytes: 1,
  functionLogGigabytes: 0.2,
  monitorSeconds: 2,
  metricsReadPerMinute: 6,
};

/** A quantity of something that has a price, in a region; two of them where it lies between two bounds. */
export interface CostLine {
  readonly region: string;
  readonly item: string;
  readonly what: string;
  readonly least: number;
  readonly most: number;
}

const MINUTES_PER_HOUR = 60;

function regionOf({ spec }: PricedObject, home: string): string {
  const region = spec?.forProvider?.['region'];
  return typeof region === 'string' ? region : home;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function kindOf({ apiVersion, kind }: PricedObject): string {
  return `${apiVersion.split('.')[0] ?? ''}.${kind}`;
}

/** Metrics of an alarm: each is billed. */
function metricsOf({ spec }: PricedObject): number {
  const queries = spec?.forProvider?.['metricQuery'];
  return Array.isArray(queries) ? queries.filter((query: object) => 'metric' in query).length : 1;
}

/** Counts what has a price in the objects of a configuration. */
class Meter {
  readonly #configuration: Configuration;
  readonly #objects: readonly PricedObject[];
  readonly #assumed: CostAssumptions;
  readonly #hours: number;

  constructor(configuration: Configuration, objects: readonly PricedObject[], assumed: CostAssumptions, hours: number) {
    this.#configuration = configuration;
    this.#objects = objects;
    this.#assumed = assumed;
    this.#hours = hours;
  }

  lines(): CostLine[] {
    const regions = this.#configuration.regions.flatMap(({ name }) => [
      ...this.#database(name),
      ...this.#network(name),
      ...this.#counted(name),
      ...this.#logs(name),
      ...this.#functions(name),
    ]);
    return regions.filter(({ most }) => most > 0);
  }

  #of(kind: string, region: string): PricedObject[] {
    return this.#objects.filter(
      (object) => kindOf(object) === kind && regionOf(object, this.#configuration.home) === region,
    );
  }

  #line(region: string, item: string, what: string, least: number, most = least): CostLine {
    return { region, item, what, least, most };
  }

  #database(region: string): CostLine[] {
    const { database, regions, primary } = this.#configuration;
    const assumed = this.#assumed;
    const instances = this.#of('rds.ClusterInstance', region).length;
    const capacity = regions.find(({ name }) => name === region)?.capacity ?? database.capacity;
    const hours = instances * this.#hours;
    const isServerless = database.instanceClass === 'db.serverless';
    return [
      isServerless
        ? this.#line(region, 'aurora-capacity', 'Aurora capacity', hours * capacity.minimum, hours * capacity.maximum)
        : this.#line(region, `aurora-instance:${database.instanceClass}`, 'Aurora instances', hours),
      this.#line(region, 'aurora-storage', 'Aurora storage', assumed.storageGigabytes),
      this.#line(region, 'aurora-io', 'Aurora I/O', assumed.ioMillions),
      ...(region === primary
        ? []
        : [this.#line(region, 'aurora-replicated-writes', 'replicated writes', assumed.replicatedWriteMillions)]),
      this.#line(
        region,
        'transfer-between-regions',
        'transfer to other regions',
        assumed.transferGigabytes * (region === primary ? regions.length - 1 : 0),
      ),
    ];
  }

  #network(region: string): CostLine[] {
    const zones = this.#of('ec2.VPCEndpointSubnetAssociation', region).length;
    const endpoints = this.#of('ec2.VPCEndpoint', region).length;
    return [
      this.#line(region, 'interface-endpoint', 'interface endpoints', zones * this.#hours),
      this.#line(region, 'interface-endpoint-data', 'through endpoints', endpoints * this.#assumed.endpointGigabytes),
    ];
  }

  /** What costs the same whether it is used or not. */
  #counted(region: string): CostLine[] {
    const count = (...kinds: string[]) => kinds.flatMap((kind) => this.#of(kind, region)).length;
    const alarms = this.#of('cloudwatch.MetricAlarm', region);
    const secrets = this.#objects.filter((object) => kindOf(object) === 'secretsmanager.Secret');
    const replicas = secrets
      .flatMap(({ spec }) => (spec?.forProvider?.['replica'] ?? []) as readonly { readonly region: string }[])
      .filter((replica) => replica.region === region).length;
    const reads = this.#assumed.metricsReadPerMinute * MINUTES_PER_HOUR * this.#hours;
    return [
      this.#line(region, 'kms-key', 'KMS keys', count('kms.Key', 'kms.ReplicaKey')),
      this.#line(region, 'secret', 'secrets and replicas', count('secretsmanager.Secret') + replicas),
      this.#line(
        region,
        'alarm-metric',
        'metrics of alarms',
        alarms.reduce((total, alarm) => total + metricsOf(alarm), 0),
      ),
      this.#line(region, 'composite-alarm', 'composite alarms', count('cloudwatch.CompositeAlarm')),
      this.#line(region, 'dashboard', 'dashboards', count('cloudwatch.Dashboard')),
      ...this.#ownMetrics(region),
      this.#line(region, 'metric-reads', 'metrics read', reads / 1000),
      this.#line(region, 'hosted-zone', 'hosted zones', count('route53.Zone')),
      this.#line(region, 'health-check', 'health checks', count('route53.HealthCheck')),
    ];
  }

  /**
   * What the operator puts, who writes and its heartbeat, and what the health monitor puts: its heartbeat, of each region its
   * health and its state, and of each secondary whether its lag is high.
   */
  #ownMetrics(region: string): CostLine[] {
    const { policy, regions } = this.#configuration;
    const scheduled = this.#of('cloudwatchevents.Rule', region).length;
    const ofOperator = policy.enabled ? regions.length + 1 : 0;
    const ofMonitor = scheduled * (1 + 2 * regions.length + (regions.length - 1));
    const puts =
      ((policy.enabled ? 1 : 0) + scheduled / this.#configuration.functions.scheduleMinutes) * MINUTES_PER_HOUR;
    return [
      this.#line(region, 'custom-metric', 'metrics of operator and functions', ofOperator + ofMonitor),
      this.#line(region, 'metric-puts', 'putting these', (puts * this.#hours) / 1000),
    ];
  }

  #logs(region: string): CostLine[] {
    const { database } = this.#configuration;
    const assumed = this.#assumed;
    const flowLogs = this.#of('ec2.FlowLog', region).length * assumed.flowLogGigabytes;
    const databaseLogs = database.logs.length * assumed.databaseLogGigabytes;
    const functionLogs = this.#of('lambda.Function', region).length * assumed.functionLogGigabytes;
    return [
      this.#line(region, 'logs', 'flow logs', flowLogs),
      this.#line(region, 'logs', 'database logs', databaseLogs),
      this.#line(region, 'logs', 'logs of functions', functionLogs),
    ];
  }

  #functions(region: string): CostLine[] {
    const { functions } = this.#configuration;
    const scheduled = this.#of('cloudwatchevents.Rule', region).length;
    const runs = (scheduled * this.#hours * MINUTES_PER_HOUR) / functions.scheduleMinutes;
    const gigabyteSeconds = runs * this.#assumed.monitorSeconds * (functions.memoryMegabytes / 1024);
    const bytes = this.#of('s3.Object', region).map(({ spec }) => textOf(spec?.forProvider?.['contentBase64']));
    return [
      this.#line(region, 'function-requests', 'runs of functions', runs / 1e6),
      this.#line(region, 'function-time', 'time of functions', gigabyteSeconds),
      this.#line(region, 'object-storage', 'code of functions', (bytes.join('').length * 3) / 4 / 1e9),
    ];
  }
}

/** Everything in the objects of a configuration that costs something each month. */
export function costLines(
  configuration: Configuration,
  objects: readonly PricedObject[],
  hoursPerMonth: number,
  assumptions: CostAssumptions = COST_ASSUMPTIONS,
): CostLine[] {
  return new Meter(configuration, objects, assumptions, hoursPerMonth).lines();
}
