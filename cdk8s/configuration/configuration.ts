import type { ConfigurationProblem } from './configuration-error.ts';
import { ConfigurationError } from './configuration-error.ts';
import { checkConfiguration } from './checks.ts';
import { blockOf, parseCidr } from './cidr.ts';
import { Names } from './names.ts';
import { clusterParameters } from './parameters.ts';
import { AWS_REGIONS } from './regions.ts';
import type { ConfigurationInput, ParsedConfiguration } from './schema.ts';
import { configurationSchema } from './schema.ts';
import { shapeMessage } from './shape-message.ts';

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

/** A private subnet: one in each zone. */
export interface SubnetConfiguration {
  readonly zone: string;
  readonly cidr: string;
}

/** A region, complete. */
export interface RegionConfiguration {
  readonly name: string;
  readonly role: 'Primary' | 'Secondary';
  readonly cidr: string;
  readonly subnets: readonly SubnetConfiguration[];
  /** Aurora capacity units. */
  readonly capacity: { readonly minimum: number; readonly maximum: number };
  /** For the operator's policy. */
  readonly promotion: 'Prefer' | 'Allow' | 'Never';
}

/** A configuration that has been checked, with all defaults; frozen. */
export interface Configuration extends Omit<
  DeepReadonly<ParsedConfiguration>,
  'regions' | 'primary' | 'dns' | 'policy'
> {
  /** Two or more, in the order of the file. */
  readonly regions: readonly RegionConfiguration[];
  /** The region that is declared to write. */
  readonly primary: string;
  /**
   * The first region of the file, whatever its role: where things live that cannot move, such as the multi-region key's
   * primary. A role swap must change nothing there.
   */
  readonly home: string;
  readonly names: Names;
  readonly dns: DeepReadonly<ParsedConfiguration['dns']> & { readonly zone: string };
  readonly policy: DeepReadonly<ParsedConfiguration['policy']> & {
    readonly name: string;
    readonly namespace: string;
    readonly writerService: string;
  };
}

/** 10.0.0.0/16 for the first region, 10.1.0.0/16 for the second, and so on. */
function defaultCidr(index: number): string {
  return `10.${String(index)}.0.0/16`;
}

/** Subnets take blocks number 10, 11, 12 of a VPC's 256, which leaves room before and after. */
const SUBNET_BITS = 8;
const FIRST_SUBNET = 10;

function defaultSubnet(cidr: string, index: number): string {
  const outer = parseCidr(cidr);
  return (outer && blockOf(outer, SUBNET_BITS, FIRST_SUBNET + index)) ?? '';
}

function defaultZones(region: string): string[] {
  return (AWS_REGIONS.get(region)?.zoneLetters ?? ['a', 'b', 'c']).map((letter) => `${region}${letter}`);
}

/** Without a declaration the first region is the primary. */
function primaryOf(parsed: ParsedConfiguration): string {
  const byRole = parsed.regions.find(({ role }) => role === 'Primary')?.name;
  return parsed.primary ?? byRole ?? parsed.regions[0]?.name ?? '';
}

function completeRegions(parsed: ParsedConfiguration, home: string): RegionConfiguration[] {
  const primary = primaryOf(parsed);
  return parsed.regions.map((region, index) => {
    const cidr = region.cidr ?? defaultCidr(index);
    const zones = region.zones ?? defaultZones(region.name);
    return {
      name: region.name,
      role: region.name === primary ? 'Primary' : 'Secondary',
      cidr,
      subnets: zones.map((zone, position) => ({
        zone,
        cidr: region.subnets?.[position] ?? defaultSubnet(cidr, position),
      })),
      capacity: region.capacity ?? parsed.database.capacity,
      promotion: region.promotion ?? (region.name === home ? 'Prefer' : 'Allow'),
    };
  });
}

function complete(parsed: ParsedConfiguration): Configuration {
  const home = parsed.regions[0]?.name ?? '';
  return {
    ...parsed,
    home,
    primary: primaryOf(parsed),
    regions: completeRegions(parsed, home),
    database: {
      ...parsed.database,
      parameters: clusterParameters(parsed.database.logs, parsed.database.parameters),
    },
    names: new Names(parsed.suffix),
    tags: { Environment: parsed.suffix, ManagedBy: 'crossplane', Application: 'aurora-dr', ...parsed.tags },
    dns: { ...parsed.dns, zone: parsed.dns.zone ?? `${parsed.suffix}.aurora.internal` },
    policy: {
      ...parsed.policy,
      name: parsed.policy.name ?? `transactions-${parsed.suffix}`,
      namespace: parsed.policy.namespace ?? parsed.namespace,
      writerService: parsed.policy.writerService ?? `transactions-writer-${parsed.suffix}`,
    },
  };
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${String(key)}]` : `${text}${text === '' ? '' : '.'}${String(key)}`,
    '',
  );
}

/**
 * A configuration out of what a file says.
 *
 * @throws ConfigurationError with everything that is wrong: first the shape, and once that is right, what does not fit
 * together.
 */
export function createConfiguration(input: ConfigurationInput): Configuration {
  const result = configurationSchema.safeParse(input, { error: shapeMessage });
  if (!result.success) {
    const problems: ConfigurationProblem[] = result.error.issues.flatMap((issue) => {
      const { path, message } = issue;
      const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
      return paths.map((one) => ({ path: pathText(one), message }));
    });
    throw new ConfigurationError(problems, { cause: result.error });
  }
  const configuration = complete(result.data);
  const problems = checkConfiguration(result.data, configuration);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return freeze(configuration);
}
