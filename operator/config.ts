import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { isDuration, parseDuration } from './api/v1alpha1/duration.ts';
import { parseEndpoint } from './aws/endpoints.ts';
import { isRegionName } from './aws/region-name.ts';

/** Where an HTTP endpoint listens: a port, 0 for one that the system picks, or not at all. */
export type PortSetting = number | 'off';

export type LogLevel = (typeof logLevels)[number];

/** Leader election on a Lease; durations with client-go's meanings. */
export interface LeaderElectionConfig {
  readonly isEnabled: boolean;
  /** Absent: the namespace of the kubeconfig's current context, in a Pod the Pod's own. */
  readonly namespace?: string;
  /** How long others wait after the last renewal that they saw before they take the lease. */
  readonly leaseDurationMilliseconds: number;
  /** How long the leader tries to renew before it stops leading. */
  readonly renewDeadlineMilliseconds: number;
  /** Between two attempts. */
  readonly retryPeriodMilliseconds: number;
}

/** The operator's configuration: read once at the start, validated, frozen. */
export interface Config {
  /** URL that every AWS call of a region goes to, by region; regions without one use AWS's own endpoints. */
  readonly awsEndpoints: Readonly<Record<string, string>>;
  /** The AWS region that this operator lives in; absent when nobody said. */
  readonly region?: string;
  /** The only namespace to watch; absent: all of them. */
  readonly namespace?: string;
  /** Absent: KUBECONFIG, else the default kubeconfig, else the Pod's service account. */
  readonly kubeconfig?: string;
  /** The address to listen on; absent: every address. */
  readonly bindAddress?: string;
  readonly metricsPort: PortSetting;
  readonly healthPort: PortSetting;
  readonly leaderElection: LeaderElectionConfig;
  /** Into how many shards the policies are divided; 1: one process leads for all of them. */
  readonly shards: number;
  /** Who this process is to the lease and in events: unique for each run of a process. */
  readonly identity: string;
  readonly logLevel: LogLevel;
  /** Policies that are reconciled at the same time. */
  readonly workers: number;
  /** Read requests to AWS per second, for each account and region. */
  readonly readsPerSecond: number;
  /** Role changes asked of AWS, for each account, region and action. */
  readonly roleChanges: RoleChangesConfig;
  /** Period of the lag samples asked of CloudWatch, and how often each series is asked. */
  readonly metricPeriodMilliseconds: number;
  /** How long reads must show no effect before an AWS call with an ambiguous answer is made again. */
  readonly unconfirmedReadWindowMilliseconds: number;
  /** Between two observations while an operation is in flight. */
  readonly followIntervalMilliseconds: number;
  readonly decisionLog: DecisionLogConfig;
}

/** A token bucket: so many calls per second, after a burst. */
export interface RoleChangesConfig {
  readonly perSecond: number;
  readonly burst: number;
}

/** Where decisions are taken down. */
export interface DecisionLogConfig {
  /** Absent: no files; the program's log gets the decisions that change the verdict. */
  readonly directory?: string;
  /** Of one policy's files together. */
  readonly maximumBytes: number;
}

/** What the command line asks for: to run, or to print a text and end. */
export type ConfigResult =
  { readonly kind: 'run'; readonly config: Config } | { readonly kind: 'print'; readonly text: string };

/** One thing that is wrong with the command line or the environment. */
export interface ConfigProblem {
  /** The flag or the environment variable, as the user spelled it. */
  readonly source: string;
  readonly message: string;
}

/** The command line or the environment is not usable: its message lists everything that is wrong. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const list = problems.map(({ source, message }) => `\n  ${source}: ${message}`).join('');
    super(`cannot read the configuration: correct the following, or see --help${list}`);
    this.problems = problems;
  }
}

/** What the process itself contributes, for tests to replace. */
export interface ConfigDefaults {
  readonly identity: () => string;
}

/** The version of this program: the package's. */
export const operatorVersion: string = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))).version;

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One row of the table below: everything about one flag. */
interface Setting<T> {
  readonly flag: string;
  /** Its environment variable. */
  readonly variable: string;
  /** Stands for the value in --help. */
  readonly placeholder: string;
  readonly description: string;
  /** In words: ends the sentence "must be …". */
  readonly allowed: string;
  /** From text, as flags and environment variables have it. */
  readonly schema: z.ZodType<T, string>;
  readonly isBoolean?: boolean;
}

interface SettingWithDefault<T> extends Setting<T> {
  /** As text; must be valid itself. */
  readonly fallback: string;
}

interface Endpoint {
  readonly region: string;
  readonly url: string;
}

/** These two let the table's rows keep their types. */
function optional<T>(row: Setting<T>): Setting<T> {
  return row;
}

function withDefault<T>(row: SettingWithDefault<T>): SettingWithDefault<T> {
  return row;
}

const minute = 60_000;
const hour = 60 * minute;

function duration(minimumMilliseconds: number, maximumMilliseconds: number): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const milliseconds = isDuration(text) ? parseDuration(text) : Number.NaN;
    if (milliseconds >= minimumMilliseconds && milliseconds <= maximumMilliseconds) return milliseconds;
    context.addIssue('not such a duration');
    return z.NEVER;
  });
}

function wholeNumber(minimum: number, maximum: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(minimum).max(maximum));
}

const port: z.ZodType<PortSetting, string> = z.union([z.literal('off'), wholeNumber(0, 65_535)]);
const switchedOn: z.ZodType<boolean, string> = z.enum(['true', 'false']).transform((text) => text === 'true');
/** RFC 1123 label, as Kubernetes has it for namespaces. */
const namespaceName = z.string().regex(/^(?!-)[a-z0-9-]{1,63}(?<!-)$/);
const regionName = z.string().refine(isRegionName);
const plainText = z
  .string()
  .regex(/^\S(.*\S)?$/)
  .max(253);
/** GetMetricData takes a period of 1, 5, 10, 30 or any multiple of 60 seconds (CloudWatch API reference, MetricStat). */
const metricPeriod = duration(1_000, hour).refine(
  (period) => [1_000, 5_000, 10_000, 30_000].includes(period) || period % minute === 0,
);

const endpoint = z.string().transform((entry, context): Endpoint => {
  const parsed = parseEndpoint(entry);
  if (parsed !== undefined && parsed.service === undefined) {
    return { region: parsed.region, url: parsed.url };
  }
  context.addIssue('not such an endpoint');
  return z.NEVER;
});

/** The whole command line: flags, environment variables and --help are all made from this table. */
const settings = {
  awsEndpoint: optional({
    flag: 'aws-endpoint',
    variable: 'AURORA_DR_AWS_ENDPOINTS',
    placeholder: 'REGION=URL',
    description: "send every AWS call of that region to that URL; repeatable, a flag wins over the variable's entry",
    allowed: 'REGION=URL, such as us-east-1=http://127.0.0.1:4566: http or https, no credentials, no query',
    schema: endpoint,
  }),
  region: optional({
    flag: 'region',
    variable: 'AURORA_DR_REGION',
    placeholder: 'REGION',
    description:
      'the AWS region that this operator lives in: the one in the primary region never fails over automatically, of ' +
      "the others only the one in the target's region does (default: unknown, it acts for every region)",
    allowed: 'the name of an AWS region, such as us-east-1',
    schema: regionName,
  }),
  namespace: optional({
    flag: 'namespace',
    variable: 'AURORA_DR_NAMESPACE',
    placeholder: 'NAME',
    description: 'the only namespace to watch (default: all)',
    allowed: 'the name of a namespace: lower-case letters, digits and dashes, at most 63',
    schema: namespaceName,
  }),
  kubeconfig: optional({
    flag: 'kubeconfig',
    variable: 'AURORA_DR_KUBECONFIG',
    placeholder: 'FILE',
    description: "the API server to use (default: KUBECONFIG, ~/.kube/config, the Pod's service account)",
    allowed: 'the path of a file',
    schema: z.string().min(1),
  }),
  bindAddress: optional({
    flag: 'bind-address',
    variable: 'AURORA_DR_BIND_ADDRESS',
    placeholder: 'ADDRESS',
    description: 'the IP address that metrics and health are served on (default: every address of the host)',
    allowed: 'an IPv4 or IPv6 address',
    schema: z.union([z.ipv4(), z.ipv6()]),
  }),
  metricsPort: withDefault({
    flag: 'metrics-port',
    variable: 'AURORA_DR_METRICS_PORT',
    placeholder: 'PORT',
    description: 'where /metrics is served; 0: a free port, named in the log; off: nowhere',
    allowed: 'a port from 0 to 65535, or off',
    schema: port,
    fallback: '8080',
  }),
  healthPort: withDefault({
    flag: 'health-port',
    variable: 'AURORA_DR_HEALTH_PORT',
    placeholder: 'PORT',
    description: 'where /healthz and /readyz are served; 0: a free port, named in the log; off: nowhere',
    allowed: 'a port from 0 to 65535, or off',
    schema: port,
    fallback: '8081',
  }),
  leaderElect: withDefault({
    flag: 'leader-elect',
    variable: 'AURORA_DR_LEADER_ELECT',
    placeholder: '',
    description: 'act only while holding the lease: needed as soon as two processes may run (the Helm chart sets it)',
    allowed: 'true or false',
    schema: switchedOn,
    fallback: 'false',
    isBoolean: true,
  }),
  leaderElectionNamespace: optional({
    flag: 'leader-election-namespace',
    variable: 'AURORA_DR_LEADER_ELECTION_NAMESPACE',
    placeholder: 'NAME',
    description: "where the lease is kept (default: that of the kubeconfig's context, in a Pod the Pod's own)",
    allowed: 'the name of a namespace: lower-case letters, digits and dashes, at most 63',
    schema: namespaceName,
  }),
  leaseDuration: withDefault({
    flag: 'lease-duration',
    variable: 'AURORA_DR_LEASE_DURATION',
    placeholder: 'DURATION',
    description: 'how long others wait after the last renewal that they saw before they take the lease',
    allowed: 'a duration from 1s to 10m',
    schema: duration(1_000, 10 * minute),
    fallback: '15s',
  }),
  renewDeadline: withDefault({
    flag: 'renew-deadline',
    variable: 'AURORA_DR_RENEW_DEADLINE',
    placeholder: 'DURATION',
    description: 'how long the leader tries to renew before it stops leading',
    allowed: 'a duration from 500ms to 10m',
    schema: duration(500, 10 * minute),
    fallback: '10s',
  }),
  retryPeriod: withDefault({
    flag: 'retry-period',
    variable: 'AURORA_DR_RETRY_PERIOD',
    placeholder: 'DURATION',
    description: 'between two attempts to take or renew the lease',
    allowed: 'a duration from 100ms to 10m',
    schema: duration(100, 10 * minute),
    fallback: '2s',
  }),
  shards: withDefault({
    flag: 'shards',
    variable: 'AURORA_DR_SHARDS',
    placeholder: 'COUNT',
    description:
      'into how many shards the policies are divided; more than one lets several processes lead at the same time, each ' +
      'for its shards, and needs leader election. The same for all processes of a cluster',
    allowed: 'a whole number from 1 to 64',
    schema: wholeNumber(1, 64),
    fallback: '1',
  }),
  identity: optional({
    flag: 'identity',
    variable: 'AURORA_DR_IDENTITY',
    placeholder: 'NAME',
    description:
      'who this process is to the lease; unique for each run, so rarely set (default: host name and a random part)',
    allowed: 'at most 253 characters without spaces around',
    schema: plainText,
  }),
  logLevel: withDefault({
    flag: 'log-level',
    variable: 'AURORA_DR_LOG_LEVEL',
    placeholder: 'LEVEL',
    description: 'the least level that is logged',
    allowed: `one of ${logLevels.join(', ')}`,
    schema: z.enum(logLevels),
    fallback: 'info',
  }),
  workers: withDefault({
    flag: 'workers',
    variable: 'AURORA_DR_WORKERS',
    placeholder: 'COUNT',
    description: 'policies that are reconciled at the same time; of those that can wait, a quarter of it',
    allowed: 'a whole number from 1 to 256',
    schema: wholeNumber(1, 256),
    fallback: '32',
  }),
  readsPerSecond: withDefault({
    flag: 'reads-per-second',
    variable: 'AURORA_DR_READS_PER_SECOND',
    placeholder: 'COUNT',
    description: 'read requests to AWS per second, for each account and region',
    allowed: 'a whole number from 1 to 1000',
    schema: wholeNumber(1, 1_000),
    fallback: '20',
  }),
  roleChangesPerSecond: withDefault({
    flag: 'role-changes-per-second',
    variable: 'AURORA_DR_ROLE_CHANGES_PER_SECOND',
    placeholder: 'COUNT',
    description:
      'failovers asked of AWS per second, for each account and region, and switchovers likewise; what is due beyond it ' +
      'waits by failover.priority. Each is two requests, of the 12 per second that RDS takes by default',
    allowed: 'a whole number from 1 to 1000',
    schema: wholeNumber(1, 1_000),
    fallback: '5',
  }),
  roleChangesBurst: withDefault({
    flag: 'role-changes-burst',
    variable: 'AURORA_DR_ROLE_CHANGES_BURST',
    placeholder: 'COUNT',
    description:
      'failovers, and switchovers, that may go to AWS at once before that rate counts; RDS takes 300 requests',
    allowed: 'a whole number from 1 to 10000',
    schema: wholeNumber(1, 10_000),
    fallback: '100',
  }),
  metricPeriod: withDefault({
    flag: 'metric-period',
    variable: 'AURORA_DR_METRIC_PERIOD',
    placeholder: 'DURATION',
    description: 'period of the lag samples in CloudWatch, and how often each series is asked',
    allowed: '1s, 5s, 10s, 30s or whole minutes up to 1h',
    schema: metricPeriod,
    fallback: '60s',
  }),
  unconfirmedReadWindow: withDefault({
    flag: 'unconfirmed-read-window',
    variable: 'AURORA_DR_UNCONFIRMED_READ_WINDOW',
    placeholder: 'DURATION',
    description: 'how long reads must show no effect before an AWS call with an ambiguous answer is made again',
    allowed: 'a duration from 1s to 1h',
    schema: duration(1_000, hour),
    fallback: '60s',
  }),
  followInterval: withDefault({
    flag: 'follow-interval',
    variable: 'AURORA_DR_FOLLOW_INTERVAL',
    placeholder: 'DURATION',
    description: 'between two observations while an operation is in flight',
    allowed: 'a duration from 100ms to 1m',
    schema: duration(100, minute),
    fallback: '1s',
  }),
  decisionLogDirectory: optional({
    flag: 'decision-log-directory',
    variable: 'AURORA_DR_DECISION_LOG_DIRECTORY',
    placeholder: 'DIRECTORY',
    description:
      'where every policy gets a log of its decisions that `npm run replay` can replay (default: no files; the ' +
      "records that change a verdict go to the program's log)",
    allowed: 'the path of a directory that this process may create or write to',
    schema: z.string().min(1),
  }),
  decisionLogMegabytes: withDefault({
    flag: 'decision-log-megabytes',
    variable: 'AURORA_DR_DECISION_LOG_MEGABYTES',
    placeholder: 'COUNT',
    description: "how much the files of one policy's decision log take together; the oldest file goes first",
    allowed: 'a whole number from 1 to 10000',
    schema: wholeNumber(1, 10_000),
    fallback: '16',
  }),
} as const;

const table: readonly (Setting<unknown> | SettingWithDefault<unknown>)[] = Object.values(settings);

/** One flag, as the reference documentation tells it. */
export type FlagReference = Pick<
  SettingWithDefault<unknown>,
  'flag' | 'variable' | 'placeholder' | 'description' | 'allowed'
> & { readonly fallback?: string };

/** Every flag of the table: what `docs/reference/configuration.md` is generated from. */
export const flagReferences: readonly FlagReference[] = table;

/** One value as the user gave it. */
interface GivenText {
  /** `--flag` or the environment variable. */
  readonly source: string;
  readonly text: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The command line, taken apart but not yet understood. */
interface CommandLine {
  readonly isHelpWanted: boolean;
  readonly isVersionWanted: boolean;
  readonly given: ReadonlyMap<string, readonly GivenText[]>;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Reads the configuration. Flags win over environment variables (for `--aws-endpoint` region by region), these over the
 * defaults; an empty variable counts as absent.
 *
 * @param argv the arguments after the program's name
 * @throws ConfigError that lists everything that is wrong, not only the first
 */
export function loadConfig(
  argv: readonly string[],
  env: Environment,
  defaults: ConfigDefaults = { identity: () => `${hostname()}_${randomUUID()}` },
): ConfigResult {
  const commandLine = parseCommandLine(argv);
  if (commandLine.isHelpWanted) return { kind: 'print', text: helpText() };
  if (commandLine.isVersionWanted) return { kind: 'print', text: operatorVersion };

  const reader = new SettingReader(commandLine, env);
  const config = readConfig(reader, defaults);
  const problems = [...reader.problems, ...contradictions(config)];
  if (problems.length > 0) throw new ConfigError(problems);
  return { kind: 'run', config: deepFreeze(config) };
}

function readConfig(reader: SettingReader, defaults: ConfigDefaults): Config {
  const region = reader.optional(settings.region);
  const namespace = reader.optional(settings.namespace);
  const kubeconfig = reader.optional(settings.kubeconfig);
  const bindAddress = reader.optional(settings.bindAddress);
  const leaseNamespace = reader.optional(settings.leaderElectionNamespace);
  const decisionLogDirectory = reader.optional(settings.decisionLogDirectory);
  return {
    awsEndpoints: reader.endpoints(settings.awsEndpoint),
    ...(region === undefined ? {} : { region }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(bindAddress === undefined ? {} : { bindAddress }),
    metricsPort: reader.required(settings.metricsPort),
    healthPort: reader.required(settings.healthPort),
    leaderElection: {
      isEnabled: reader.required(settings.leaderElect),
      ...(leaseNamespace === undefined ? {} : { namespace: leaseNamespace }),
      leaseDurationMilliseconds: reader.required(settings.leaseDuration),
      renewDeadlineMilliseconds: reader.required(settings.renewDeadline),
      retryPeriodMilliseconds: reader.required(settings.retryPeriod),
    },
    shards: reader.required(settings.shards),
    identity: reader.optional(settings.identity) ?? defaults.identity(),
    logLevel: reader.required(settings.logLevel),
    workers: reader.required(settings.workers),
    readsPerSecond: reader.required(settings.readsPerSecond),
    roleChanges: {
      perSecond: reader.required(settings.roleChangesPerSecond),
      burst: reader.required(settings.roleChangesBurst),
    },
    metricPeriodMilliseconds: reader.required(settings.metricPeriod),
    unconfirmedReadWindowMilliseconds: reader.required(settings.unconfirmedReadWindow),
    followIntervalMilliseconds: reader.required(settings.followInterval),
    decisionLog: {
      ...(decisionLogDirectory === undefined ? {} : { directory: decisionLogDirectory }),
      maximumBytes: reader.required(settings.decisionLogMegabytes) * 1_000_000,
    },
  };
}

/** Turns given texts into values and collects what is wrong with them. */
class SettingReader {
  readonly problems: ConfigProblem[];
  readonly #commandLine: CommandLine;
  readonly #env: Environment;

  constructor(commandLine: CommandLine, env: Environment) {
    this.problems = [...commandLine.problems];
    this.#commandLine = commandLine;
    this.#env = env;
  }

  optional<T>(setting: Setting<T>): T | undefined {
    const [first, second] = this.#fromFlags(setting);
    if (second !== undefined) {
      this.problems.push({ source: second.source, message: 'given more than once; give it once' });
    }
    const given = first ?? this.#fromEnvironment(setting);
    return given === undefined ? undefined : this.#parse(setting, given);
  }

  /** After a bad value this goes on with the default, only so that everything else is checked as well. */
  required<T>(setting: SettingWithDefault<T>): T {
    return this.optional(setting) ?? setting.schema.parse(setting.fallback);
  }

  endpoints(setting: Setting<Endpoint>): Record<string, string> {
    const variable = this.#fromEnvironment(setting);
    return {
      ...this.#endpointsOf(setting, variable === undefined ? [] : [variable]),
      ...this.#endpointsOf(setting, this.#fromFlags(setting)),
    };
  }

  #endpointsOf(setting: Setting<Endpoint>, given: readonly GivenText[]): Record<string, string> {
    const urls: Record<string, string> = {};
    const entries = given.flatMap(({ source, text }) =>
      text.split(',').map((entry) => ({ source, text: entry.trim() })),
    );
    for (const entry of entries) {
      const parsed = this.#parse(setting, entry);
      if (parsed === undefined) continue;
      if (urls[parsed.region] !== undefined) {
        this.problems.push({ source: entry.source, message: `names ${parsed.region} more than once; name it once` });
      }
      urls[parsed.region] = parsed.url;
    }
    return urls;
  }

  #fromFlags(setting: Setting<unknown>): readonly GivenText[] {
    return this.#commandLine.given.get(setting.flag) ?? [];
  }

  #fromEnvironment(setting: Setting<unknown>): GivenText | undefined {
    const text = this.#env[setting.variable];
    return text === undefined || text === '' ? undefined : { source: setting.variable, text };
  }

  #parse<T>(setting: Setting<T>, { source, text }: GivenText): T | undefined {
    const result = setting.schema.safeParse(text);
    if (result.success) return result.data;
    // Kubernetes gives every Pod variables for the Services around it: a Service called aurora-dr-metrics is enough.
    const hint = text.startsWith('tcp://')
      ? '; this looks like the variable of a Kubernetes Service: set enableServiceLinks: false in the Pod'
      : '';
    this.problems.push({ source, message: `${JSON.stringify(text)} must be ${setting.allowed}${hint}` });
    return undefined;
  }
}

/** Not strict, because the strict mode of parseArgs stops at the first problem. */
function parseCommandLine(argv: readonly string[]): CommandLine {
  const booleans = new Set(['help', 'version', ...table.filter((row) => row.isBoolean).map((row) => row.flag)]);
  const names = new Set([...booleans, ...table.map((row) => row.flag)]);
  const options = Object.fromEntries(
    [...names].map((name) => [name, { type: booleans.has(name) ? ('boolean' as const) : ('string' as const) }]),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });

  const given = new Map<string, GivenText[]>();
  const problems: ConfigProblem[] = [];
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      problems.push({ source: token.value, message: 'is not a flag; flags start with --' });
    } else if (!names.has(token.name) || !token.rawName.startsWith('--')) {
      problems.push({
        source: token.rawName,
        message: `is not a flag of this program${suggestion(token.name, names)}`,
      });
    } else {
      const text = token.value ?? (booleans.has(token.name) ? 'true' : undefined);
      if (text === undefined || (!token.inlineValue && text.startsWith('--'))) {
        problems.push({ source: token.rawName, message: 'has no value; write it as --flag VALUE or --flag=VALUE' });
      } else {
        given.set(token.name, [...(given.get(token.name) ?? []), { source: token.rawName, text }]);
      }
    }
  }
  return { isHelpWanted: given.has('help'), isVersionWanted: given.has('version'), given, problems };
}

/** The flag that was probably meant: one that the given name is a part of, or that is a part of it. */
function suggestion(name: string, names: ReadonlySet<string>): string {
  const similar =
    name.length < 3 ? undefined : [...names].find((known) => known.includes(name) || name.includes(known));
  return similar === undefined ? '' : `; did you mean --${similar}?`;
}

/** What no single value shows. */
function contradictions(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { leaseDurationMilliseconds, renewDeadlineMilliseconds, retryPeriodMilliseconds } = config.leaderElection;
  // client-go's conditions (tools/leaderelection): otherwise two processes may believe that they lead.
  if (leaseDurationMilliseconds <= renewDeadlineMilliseconds) {
    problems.push({ source: '--lease-duration', message: 'must be longer than --renew-deadline' });
  }
  if (renewDeadlineMilliseconds <= 1.2 * retryPeriodMilliseconds) {
    problems.push({ source: '--renew-deadline', message: 'must be longer than 1.2 times --retry-period' });
  }
  if (config.shards > 1 && !config.leaderElection.isEnabled) {
    problems.push({
      source: '--shards',
      message: 'needs --leader-elect: each shard belongs to whoever holds its lease',
    });
  }
  if (config.metricsPort === config.healthPort && typeof config.metricsPort === 'number' && config.metricsPort !== 0) {
    problems.push({
      source: '--health-port',
      message: `must not be the port of --metrics-port, ${config.metricsPort}`,
    });
  }
  return problems;
}

function helpText(): string {
  const rows = table.map((row) => ({
    usage: `--${row.flag}${row.isBoolean === true ? '' : ` ${row.placeholder}`}`,
    lines: [
      `${row.description}${'fallback' in row ? ` (default: ${row.fallback})` : ''}`,
      `must be ${row.allowed}; ${row.variable}`,
    ],
  }));
  const own = [
    { usage: '--help', lines: ['print this text'] },
    { usage: '--version', lines: ['print the version'] },
  ];
  const body = [...rows, ...own].map(({ usage, lines }) => [`  ${usage}`, ...lines.map((line) => `        ${line}`)]);
  return [
    'Usage: aurora-dr-operator [flags]',
    '',
    'Watches DisasterRecoveryPolicy objects and fails Aurora global clusters over when their primary region is lost.',
    'Every flag has an environment variable; flags win. Durations are written like 500ms, 10s, 5m or 1h30m.',
    'AWS credentials come from the usual AWS variables.',
    '',
    ...body.flat(),
  ].join('\n');
}

function deepFreeze<T extends object>(value: T): Readonly<T> {
  for (const inner of Object.values(value) as unknown[]) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}
