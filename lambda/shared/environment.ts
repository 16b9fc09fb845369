import * as z from 'zod/mini';

import { isDuration, parseDuration } from '../../operator/api/v1alpha1/duration.ts';
import type { Promotion } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { parseEndpoint, type AwsEndpoints } from '../../operator/aws/endpoints.ts';
import { isRegionName } from '../../operator/aws/region-name.ts';
import type { RegionSettings } from '../../operator/failover/settings.ts';

/** The environment variables of a function are not usable: its message lists everything that is wrong. */
export class EnvironmentError extends Error {
  override name = 'EnvironmentError';
}

/** What every function is told by its environment. */
export interface FunctionEnvironment {
  /** The region that the function runs in: the Lambda runtime says it. */
  readonly region: string;
  readonly globalClusterIdentifier: string;
  /** Region names are unique; at least two, the function's own among them. */
  readonly regions: readonly RegionSettings[];
  readonly endpoints: AwsEndpoints;
  /** Regions that the function has no way to: silence of theirs would say nothing, so that they are not asked. */
  readonly unreachedRegions: ReadonlySet<string>;
  readonly topicArns: readonly string[];
  /** Namespace of the project's own metrics. */
  readonly metricNamespace: string;
  /** A round of observation is over after this long. */
  readonly timeoutMilliseconds: number;
  /** Period of the metrics that are read. */
  readonly metricPeriodMilliseconds: number;
}

/** `REGION=CLUSTER` or `REGION=CLUSTER:PROMOTION`. */
const REGION_ENTRY = /^([^=]+)=([a-zA-Z][a-zA-Z0-9-]{0,62})(?::(Prefer|Allow|Never))?$/;
const TOPIC_ARN = /^arn:[^:]+:sns:[a-z0-9-]+:\d{12}:[^:]+$/;
/** GlobalClusterIdentifier: RDS API reference, CreateGlobalCluster. */
const CLUSTER_IDENTIFIER = /^[a-zA-Z][a-zA-Z0-9-]{0,62}$/;
/** PutMetricData: CloudWatch API reference; names that start with AWS/ are AWS's own. */
const NAMESPACE = /^(?!AWS\/)[A-Za-z0-9._/#-]{1,255}$/;

/** A variable that is read from text; `allowed` ends the sentence "must be …". */
export function variable<T>(parse: (text: string) => T | undefined, allowed: string, fallback?: string) {
  const text = z.string({ error: `is missing: it must be ${allowed}` });
  const toValue = z.transform((value: string, context: { issues: unknown[] }): T => {
    const parsed = parse(value);
    if (parsed === undefined) {
      context.issues.push({ code: 'custom', input: value, message: `is "${value}" but must be ${allowed}` });
      return z.NEVER;
    }
    return parsed;
  });
  return fallback === undefined ? z.pipe(text, toValue) : z.pipe(z._default(text, fallback), toValue);
}

/** A variable that is a duration, such as 3s. */
export function durationVariable(minimum: string, maximum: string, fallback: string) {
  const [least, most] = [parseDuration(minimum), parseDuration(maximum)];
  const parse = (text: string): number | undefined => {
    const milliseconds = isDuration(text) ? parseDuration(text) : Number.NaN;
    return milliseconds >= least && milliseconds <= most ? milliseconds : undefined;
  };
  return variable(parse, `a duration from ${minimum} to ${maximum}, such as ${fallback}`, fallback);
}

/** A variable whose text matches. */
export function textVariable(pattern: RegExp, allowed: string, fallback?: string) {
  return variable((text) => (pattern.test(text) ? text : undefined), allowed, fallback);
}

const entriesOf = (text: string): string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

/** Undefined as soon as one entry cannot be read. */
function parseAll<T>(text: string, parse: (entry: string) => T | undefined): T[] | undefined {
  const parsed = entriesOf(text).flatMap((entry) => parse(entry) ?? []);
  return parsed.length === entriesOf(text).length ? parsed : undefined;
}

function parseRegion(entry: string): RegionSettings | undefined {
  const [, name = '', clusterIdentifier = '', promotion = 'Allow'] = REGION_ENTRY.exec(entry) ?? [];
  return isRegionName(name) ? { name, clusterIdentifier, promotion: promotion as Promotion } : undefined;
}

function parseRegions(text: string): RegionSettings[] | undefined {
  const regions = parseAll(text, parseRegion);
  const names = new Set(regions?.map(({ name }) => name));
  return names.size >= 2 && names.size === regions?.length ? regions : undefined;
}

function parseEndpoints(text: string): AwsEndpoints | undefined {
  const endpoints = parseAll(text, parseEndpoint);
  return endpoints && new Map(endpoints.map(({ region, service, url }) => [keyOf(region, service), url]));
}

const keyOf = (region: string, service: string | undefined): string =>
  service === undefined ? region : `${region}/${service}`;

/** The variables that all functions share. */
const SHARED = {
  AWS_REGION: variable((text) => (isRegionName(text) ? text : undefined), 'the name of an AWS region'),
  AURORA_DR_GLOBAL_CLUSTER: textVariable(CLUSTER_IDENTIFIER, 'the identifier of the global cluster'),
  AURORA_DR_REGIONS: variable(
    parseRegions,
    'two or more of REGION=CLUSTER[:Prefer|Allow|Never] with commas, such as us-east-1=aurora-a:Prefer,us-west-2=aurora-b',
  ),
  AURORA_DR_AWS_ENDPOINTS: variable(
    parseEndpoints,
    'REGION[/rds|/monitoring|/sns|/sts]=URL with commas: http or https, no credentials, no query',
    '',
  ),
  AURORA_DR_UNREACHED_REGIONS: variable(
    (text) => parseAll(text, (entry) => (isRegionName(entry) ? entry : undefined)),
    'names of AWS regions with commas',
    '',
  ),
  AURORA_DR_TOPIC_ARNS: variable(
    (text) => parseAll(text, (entry) => (TOPIC_ARN.test(entry) ? entry : undefined)),
    'ARNs of SNS topics with commas',
    '',
  ),
  AURORA_DR_METRIC_NAMESPACE: textVariable(
    NAMESPACE,
    'a CloudWatch namespace that does not start with AWS/',
    'AuroraDR',
  ),
  AURORA_DR_TIMEOUT: durationVariable('100ms', '30s', '3s'),
  AURORA_DR_METRIC_PERIOD: durationVariable('1s', '1h', '60s'),
};

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function failed(name: string, issues: readonly Issue[]): EnvironmentError {
  const list = issues.map(({ path, message }) => `\n  ${path.join('.')}: ${message}`).join('');
  return new EnvironmentError(`cannot run ${name}: correct its environment variables${list}`);
}

/**
 * Reads the shared variables and a function's own.
 *
 * @throws EnvironmentError with every problem
 */
export function readEnvironment<S extends z.core.$ZodShape>(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  own: S,
): FunctionEnvironment & { readonly own: z.output<z.ZodMiniObject<S>> } {
  const shared = z.object(SHARED).safeParse(environment);
  const mine = z.object(own).safeParse(environment);
  if (!shared.success || !mine.success) {
    throw failed(name, [...(shared.error?.issues ?? []), ...(mine.error?.issues ?? [])]);
  }
  const { data } = shared;
  if (!data.AURORA_DR_REGIONS.some(({ name: region }) => region === data.AWS_REGION)) {
    const message = `does not name ${data.AWS_REGION}, where the function runs: add it, or run the function elsewhere`;
    throw failed(name, [{ path: ['AURORA_DR_REGIONS'], message }]);
  }
  if (data.AURORA_DR_UNREACHED_REGIONS.includes(data.AWS_REGION)) {
    const message = `names ${data.AWS_REGION}, where the function runs: it may name other regions alone`;
    throw failed(name, [{ path: ['AURORA_DR_UNREACHED_REGIONS'], message }]);
  }
  return {
    region: data.AWS_REGION,
    globalClusterIdentifier: data.AURORA_DR_GLOBAL_CLUSTER,
    regions: data.AURORA_DR_REGIONS,
    endpoints: data.AURORA_DR_AWS_ENDPOINTS,
    unreachedRegions: new Set(data.AURORA_DR_UNREACHED_REGIONS),
    topicArns: data.AURORA_DR_TOPIC_ARNS,
    metricNamespace: data.AURORA_DR_METRIC_NAMESPACE,
    timeoutMilliseconds: data.AURORA_DR_TIMEOUT,
    metricPeriodMilliseconds: data.AURORA_DR_METRIC_PERIOD,
    own: mine.data,
  };
}
