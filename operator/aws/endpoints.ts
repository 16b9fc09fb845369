import { isRegionName } from './region-name.ts';

/**
 * The AWS services that are called, by the names of their endpoints (`monitoring` is CloudWatch).
 * Source: "Service endpoints and quotas" in the AWS General Reference.
 */
export const AWS_SERVICES = ['rds', 'monitoring', 'sns', 'sts'] as const;
export type AwsService = (typeof AWS_SERVICES)[number];

/**
 * URLs to call instead of AWS's own endpoints, by `region/service`, or by `region` for every service there that has none
 * of its own: an interface VPC endpoint serves one service, a local AWS all of them.
 */
export type AwsEndpoints = ReadonlyMap<string, string>;

/** Undefined: AWS's own endpoint. */
export function endpointOf(endpoints: AwsEndpoints, region: string, service: AwsService): string | undefined {
  return endpoints.get(`${region}/${service}`) ?? endpoints.get(region);
}

/** One entry of a list of endpoints, `REGION=URL` or `REGION/SERVICE=URL`. */
export interface EndpointEntry {
  readonly region: string;
  /** Absent: every service. */
  readonly service?: AwsService;
  /** Without a slash at its end. */
  readonly url: string;
}

function isUsable(url: URL): boolean {
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
  return isHttp && [url.username, url.password, url.search, url.hash].every((part) => part === '');
}

/** Undefined for anything but `REGION[/SERVICE]=URL` with an http or https URL, without credentials and query. */
export function parseEndpoint(entry: string): EndpointEntry | undefined {
  const separator = entry.indexOf('=');
  const [region = '', name, ...more] = entry.slice(0, Math.max(0, separator)).split('/');
  const service = AWS_SERVICES.find((known) => known === name);
  const url = URL.parse(entry.slice(separator + 1));
  const isKnown = isRegionName(region) && service === name && more.length === 0;
  return isKnown && url !== null && isUsable(url)
    ? { region, ...(service !== undefined && { service }), url: url.href.replace(/\/$/, '') }
    : undefined;
}
