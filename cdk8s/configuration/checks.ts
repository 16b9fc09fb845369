import type { Configuration, RegionConfiguration } from './configuration.ts';
import type { ConfigurationProblem } from './configuration-error.ts';
import type { Cidr } from './cidr.ts';
import { contains, networkOf, overlaps, parseCidr } from './cidr.ts';
import type { LongName } from './names.ts';
import { checkPolicySpec } from './policy-spec.ts';
import { AWS_REGIONS } from './regions.ts';
import type { ParsedConfiguration } from './schema.ts';

type Problem = ConfigurationProblem;

const MIN_REGIONS = 2;
/** One primary and ten secondaries: Aurora User Guide, "Limitations of Amazon Aurora global databases". */
const MAX_REGIONS = 11;
const MIN_ZONES = 2;
/** Sizes of VPCs and subnets: VPC User Guide, "VPC CIDR blocks" and "Subnet sizing". */
const LARGEST_PREFIX = 16;
const SMALLEST_PREFIX = 28;
/** "Reserved and special use" ranges, which CreateVpc refuses: VPC User Guide, "VPC CIDR blocks". */
const REFUSED_RANGES = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'] as const;
/** Of a resource, `Name` among them: EC2, RDS and most other User Guides. */
const MAX_TAGS = 50;
/** The same of hosted zones, health checks and S3 objects: ChangeTagsForResource, PutObjectTagging. */
const MAX_TAGS_OF_FEW = 10;
const MAX_CAPACITY = 256;
const MIN_CAPACITY = 0.5;

const problem = (path: string, message: string): Problem => ({ path, message });
const at = (index: number, field: string): string => `regions[${String(index)}].${field}`;

function checkRegionNames(parsed: ParsedConfiguration): Problem[] {
  return parsed.regions.flatMap(({ name }, index) => {
    const known = AWS_REGIONS.get(name);
    if (known === undefined) {
      const all = [...AWS_REGIONS.keys()].join(', ');
      return [problem(at(index, 'name'), `${name} is not a region of AWS; allowed are ${all}`)];
    }
    if (known.isOptIn && !parsed.optedInRegions.includes(name)) {
      const message = `${name} is off until the account opts in; enable it in the account, then add it to optedInRegions`;
      return [problem(at(index, 'name'), message)];
    }
    const first = parsed.regions.findIndex((region) => region.name === name);
    return first === index
      ? []
      : [problem(at(index, 'name'), `${name} is already ${at(first, 'name')}; each region is named once`)];
  });
}

function checkOptedInRegions(parsed: ParsedConfiguration): Problem[] {
  return parsed.optedInRegions.flatMap((name, index) =>
    AWS_REGIONS.has(name)
      ? []
      : [problem(`optedInRegions[${String(index)}]`, `${name} is not a region of AWS; name an opt-in region`)],
  );
}

function checkRegionCount({ regions }: ParsedConfiguration): Problem[] {
  if (regions.length >= MIN_REGIONS && regions.length <= MAX_REGIONS) return [];
  return [problem('regions', `there are ${String(regions.length)}; a global cluster has from 2 to 11 regions`)];
}

function checkRoles(parsed: ParsedConfiguration): Problem[] {
  const names = parsed.regions.map(({ name }) => name);
  const primaries = parsed.regions.flatMap(({ role, name }) => (role === 'Primary' ? [name] : []));
  const { primary } = parsed;
  const problems: Problem[] = [];
  if (primaries.length > 1) {
    problems.push(problem('regions', `${primaries.join(' and ')} have the role Primary; exactly one region writes`));
  }
  if (primary !== undefined && !names.includes(primary)) {
    problems.push(problem('primary', `${primary} is not in regions; allowed are ${names.join(', ')}`));
  }
  const contradicts = parsed.regions.findIndex(
    ({ name, role }) => primary !== undefined && role !== undefined && (role === 'Primary') !== (name === primary),
  );
  if (contradicts >= 0) {
    const message = `is ${parsed.regions[contradicts]?.role ?? ''}, but primary says ${primary ?? ''}; state it in one place`;
    problems.push(problem(at(contradicts, 'role'), message));
  }
  if (primary === undefined && names.length > 0 && parsed.regions.every(({ role }) => role === 'Secondary')) {
    problems.push(problem('regions', 'all have the role Secondary; give one the role Primary'));
  }
  return problems;
}

interface Range {
  readonly path: string;
  readonly text: string;
  readonly cidr: Cidr;
}

function readRange(path: string, text: string): Range | Problem {
  const cidr = parseCidr(text);
  if (cidr === undefined) {
    const meant = networkOf(text);
    if (text === '') return problem(path, 'there is no room for a default in the range of its VPC; state the subnets');
    const hint = meant === undefined ? 'write it like 10.0.0.0/16' : `its network is ${meant}`;
    return problem(path, `${text} is not a range of IPv4 addresses; ${hint}`);
  }
  if (cidr.prefix < LARGEST_PREFIX || cidr.prefix > SMALLEST_PREFIX) {
    return problem(path, `${text} is not a size that AWS allows; use from /16 to /28`);
  }
  const refused = REFUSED_RANGES.find((range) => overlapsRange(range, cidr));
  if (refused !== undefined) {
    const message = `${text} is in ${refused}, which AWS allows no VPC; use a private range such as 10.0.0.0/16`;
    return problem(path, message);
  }
  return { path, text, cidr };
}

function overlapsRange(range: string, cidr: Cidr): boolean {
  const reserved = parseCidr(range);
  return reserved !== undefined && overlaps(reserved, cidr);
}

const isRange = (value: Range | Problem): value is Range => 'cidr' in value;
const isProblem = (value: Range | Problem): value is Problem => !isRange(value);

/** Every pair that shares an address. */
function checkOverlaps(ranges: readonly Range[], why: string): Problem[] {
  return ranges.flatMap((range, index) =>
    ranges
      .slice(0, index)
      .filter((earlier) => overlaps(earlier.cidr, range.cidr))
      .map((earlier) => problem(range.path, `${range.text} overlaps ${earlier.text} of ${earlier.path}; ${why}`)),
  );
}

function checkSubnets(region: RegionConfiguration, index: number, vpc: Range | Problem): Problem[] {
  const subnets = region.subnets.map(({ cidr }, position) =>
    readRange(`${at(index, 'subnets')}[${String(position)}]`, cidr),
  );
  const ranges = subnets.filter(isRange);
  const outside = isRange(vpc)
    ? ranges
        .filter(({ cidr }) => !contains(vpc.cidr, cidr))
        .map(({ path, text }) => problem(path, `${text} is outside of its VPC; it must be within ${vpc.text}`))
    : [];
  return [...subnets.filter(isProblem), ...outside, ...checkOverlaps(ranges, 'subnets of a VPC share no address')];
}

function checkAddresses({ regions }: Configuration): Problem[] {
  const vpcs = regions.map(({ cidr }, index) => readRange(at(index, 'cidr'), cidr));
  const reason = 'VPCs that are peered share no address: give each region a range of its own';
  const subnets = vpcs.flatMap((vpc, index) => {
    const region = regions[index];
    return region === undefined ? [] : checkSubnets(region, index, vpc);
  });
  return [...vpcs.filter(isProblem), ...checkOverlaps(vpcs.filter(isRange), reason), ...subnets];
}

function checkZones(parsed: ParsedConfiguration, { regions }: Configuration): Problem[] {
  return regions.flatMap(({ name, subnets }, index) => {
    // Nobody knows the zones of what is no region, which has a message of its own.
    if (!AWS_REGIONS.has(name)) return [];
    const zones = subnets.map(({ zone }) => zone);
    const problems: Problem[] = [];
    if (zones.length < MIN_ZONES) {
      const message = `there are ${String(zones.length)}; Aurora needs two zones or more, three are the default`;
      problems.push(problem(at(index, 'zones'), message));
    }
    zones.forEach((zone, position) => {
      const path = `${at(index, 'zones')}[${String(position)}]`;
      if (!new RegExp(`^${name}[a-z]$`).test(zone)) {
        problems.push(problem(path, `${zone} is not a zone of ${name}; its zones are ${name}a, ${name}b, ...`));
      }
      if (zones.indexOf(zone) !== position) {
        problems.push(problem(path, `${zone} is named twice; each subnet needs a zone of its own`));
      }
    });
    const stated = parsed.regions[index]?.subnets;
    if (stated !== undefined && stated.length !== zones.length) {
      const message = `there are ${String(stated.length)} for ${String(zones.length)} zones; state one for each zone, in their order`;
      problems.push(problem(at(index, 'subnets'), message));
    }
    return problems;
  });
}

function checkEngineVersions(parsed: ParsedConfiguration): Problem[] {
  const wanted = parsed.database.engineVersion;
  return parsed.regions.flatMap(({ engineVersion = wanted }, index) =>
    engineVersion === wanted
      ? []
      : [
          problem(
            at(index, 'engineVersion'),
            `${engineVersion} differs from database.engineVersion, ${wanted}; Aurora fails over between equal patch levels only`,
          ),
        ],
  );
}

function checkCapacity(path: string, { minimum, maximum }: { minimum: number; maximum: number }): Problem[] {
  const isStep = (value: number) => value >= MIN_CAPACITY && value <= MAX_CAPACITY && Number.isInteger(value * 2);
  const wrong = Object.entries({ minimum, maximum }).filter(([, value]) => !isStep(value));
  const problems = wrong.map(([field, value]) =>
    problem(`${path}.${field}`, `${String(value)} is not allowed; use from 0.5 to 256 ACU in steps of 0.5`),
  );
  return minimum > maximum
    ? [...problems, problem(path, `minimum ${String(minimum)} is above maximum ${String(maximum)}`)]
    : problems;
}

function checkCapacities(parsed: ParsedConfiguration): Problem[] {
  const own = parsed.regions.flatMap(({ capacity }, index) =>
    capacity === undefined ? [] : checkCapacity(at(index, 'capacity'), capacity),
  );
  return [...checkCapacity('database.capacity', parsed.database.capacity), ...own];
}

const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

function checkTag(key: string, value: string): string | undefined {
  if (key === '' || key.length > 128) return 'its key must have from 1 to 128 characters';
  if (value.length > 256) return `its value has ${String(value.length)} characters; at most 256 are allowed`;
  if (/^aws:/i.test(key)) return 'keys that start with aws: belong to AWS; choose another';
  if (key === 'Name') return 'every resource gets its own Name; choose another key';
  return TAG_TEXT.test(key) && TAG_TEXT.test(value)
    ? undefined
    : 'letters, digits, spaces and _ . : / = + - @ are allowed';
}

/** IAM takes keys that differ in case alone for one, and refuses the second: "Tags for IAM resources", IAM User Guide. */
function sameKey(key: string, keys: readonly string[]): string | undefined {
  return keys.find((other) => other !== key && other.toLowerCase() === key.toLowerCase());
}

function checkTags(parsed: ParsedConfiguration, { tags, dns, functions }: Configuration): Problem[] {
  const keys = [...Object.keys(tags), 'Name'];
  const problems = Object.entries(parsed.tags).flatMap(([key, value]) => {
    const same = sameKey(key, keys);
    const message =
      checkTag(key, value) ??
      (same === undefined ? undefined : `IAM takes it for the key ${same}; write it so, or choose another`);
    return message === undefined ? [] : [problem(`tags.${key}`, message)];
  });
  const most = dns.enabled || functions.enabled ? MAX_TAGS_OF_FEW : MAX_TAGS;
  const reason = most === MAX_TAGS ? 'a resource' : 'a hosted zone, a health check and an object in S3';
  return keys.length > most
    ? [
        ...problems,
        problem(
          'tags',
          `there are ${String(keys.length)} with the defaults and Name; AWS allows ${reason} ${String(most)}`,
        ),
      ]
    : problems;
}

function checkNames({ suffix, names, regions }: Configuration): Problem[] {
  const excess = ({ name, limit }: LongName): number => name.length - limit;
  const [worst] = names.tooLong(regions.map(({ name }) => name)).toSorted((one, other) => excess(other) - excess(one));
  // Whoever makes room for this one has made it for all.
  if (worst === undefined) return [];
  const { name, resource, limit } = worst;
  const advice = `use at most ${String(suffix.length - excess(worst))} characters`;
  return [
    problem(
      'suffix',
      `the ${resource} ${name} would have ${String(name.length)} characters of ${String(limit)} that AWS allows; ${advice}`,
    ),
  ];
}

const MINUTES_OF_DAY = 24 * 60;
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Minutes since Monday, or since midnight without a day. */
function minuteOf(text: string): number {
  const [minute = '', hour = '', day] = text.split(':').toReversed();
  return Math.max(0, DAYS.indexOf(day ?? '')) * MINUTES_OF_DAY + Number(hour) * 60 + Number(minute);
}

const MIN_WINDOW_MINUTES = 30;

/** @returns what the window has of minutes, over midnight too */
function windowLength(text: string, total: number): number {
  const [start = '', end = ''] = text.split('-');
  return (minuteOf(end) - minuteOf(start) + total) % total;
}

function checkWindows({ database }: ParsedConfiguration): Problem[] {
  const { backups, maintenanceWindow } = database;
  const problems: Problem[] = [];
  const backupLength = windowLength(backups.window, MINUTES_OF_DAY);
  const maintenanceLength = windowLength(maintenanceWindow, 7 * MINUTES_OF_DAY);
  if (backupLength < MIN_WINDOW_MINUTES) {
    problems.push(problem('database.backups.window', `${backups.window} is shorter than the 30 min that RDS asks for`));
  }
  if (maintenanceLength < MIN_WINDOW_MINUTES || maintenanceLength > MINUTES_OF_DAY) {
    const message = `${maintenanceWindow} must last from 30 min to 24 h`;
    problems.push(problem('database.maintenanceWindow', message));
  }
  const backupStart = minuteOf(backups.window.split('-')[0] ?? '');
  const start = minuteOf(maintenanceWindow.split('-')[0] ?? '') % MINUTES_OF_DAY;
  const shared = (backupStart - start + MINUTES_OF_DAY) % MINUTES_OF_DAY < maintenanceLength;
  if (shared || (start - backupStart + MINUTES_OF_DAY) % MINUTES_OF_DAY < backupLength) {
    const message = `${maintenanceWindow} overlaps database.backups.window, ${backups.window}; RDS refuses that`;
    problems.push(problem('database.maintenanceWindow', message));
  }
  return problems;
}

/** "Aurora Serverless v2 with Aurora MySQL" in the Aurora User Guide: 3.02.0 and higher. */
const FIRST_SERVERLESS_MINOR = 2;

function checkInstances(parsed: ParsedConfiguration): Problem[] {
  const { instanceClass, engineVersion } = parsed.database;
  const isBurstable = /^db\.t\d/.test(instanceClass);
  const minor = Number(engineVersion.split('.').at(-2));
  const problems: Problem[] = [];
  if (isBurstable) {
    const message = `${instanceClass} is burstable; global databases need db.serverless or db.r and larger`;
    problems.push(problem('database.instanceClass', message));
  }
  if (instanceClass === 'db.serverless' && minor < FIRST_SERVERLESS_MINOR) {
    const message = `${engineVersion} knows no db.serverless; use 8.0.mysql_aurora.3.02.0 or higher, or another instanceClass`;
    problems.push(problem('database.engineVersion', message));
  }
  return problems;
}

function checkPolicy(parsed: ParsedConfiguration): Problem[] {
  const problems: Problem[] = [];
  if (parsed.policy.mode === 'Automatic' && parsed.policy.dataLoss === 'Forbid') {
    problems.push(
      problem('policy.dataLoss', 'Forbid leaves automatic failover nothing to do; use mode Manual or another'),
    );
  }
  if (parsed.regions.length > 0 && parsed.regions.every(({ promotion }) => promotion === 'Never')) {
    problems.push(problem('regions', 'all have promotion Never; at least one must be Prefer or Allow'));
  }
  return [...problems, ...checkPolicySpec(parsed.policy.spec)];
}

function checkGitops({ gitops, regions }: ParsedConfiguration): Problem[] {
  const names = regions.map(({ name }) => name);
  return gitops.clusters.flatMap(({ region, name }, index) => {
    const path = `gitops.clusters[${String(index)}]`;
    const first = gitops.clusters.findIndex((cluster) => cluster.name === name);
    const problems: Problem[] = [];
    if (!names.includes(region)) {
      problems.push(problem(`${path}.region`, `${region} is not in regions; allowed are ${names.join(', ')}`));
    }
    const sameRegion = gitops.clusters.findIndex((cluster) => cluster.region === region);
    if (sameRegion !== index) {
      const message = `${region} is already gitops.clusters[${String(sameRegion)}]; one cluster of a region runs its operator`;
      problems.push(problem(`${path}.region`, message));
    }
    if (first !== index) {
      problems.push(problem(`${path}.name`, `${name} is already gitops.clusters[${String(first)}]; name each once`));
    }
    return problems;
  });
}

function checkScope({ scope, provider }: ParsedConfiguration): Problem[] {
  if (scope === 'namespaced' || provider.kind !== 'ProviderConfig') return [];
  return [problem('provider.kind', 'counts with scope namespaced only; leave it out with scope cluster')];
}

function checkEndpoints({ network, functions }: ParsedConfiguration): Problem[] {
  const needed = ['rds', 'monitoring', 'sns', 'sts', 'logs'] as const;
  const missing = functions.enabled ? needed.filter((service) => !network.endpoints.includes(service)) : [];
  return missing.length === 0
    ? []
    : [
        problem(
          'network.endpoints',
          `${missing.join(', ')} are missing: the functions reach these through endpoints alone; add them, or set functions.enabled to false`,
        ),
      ];
}

function checkEndpointNames({ network, regions }: ParsedConfiguration): Problem[] {
  return Object.entries(network.endpointNames).flatMap(([region, names]) => {
    const path = `network.endpointNames.${region}`;
    if (!regions.some(({ name }) => name === region)) return [problem(path, `${region} is not in regions`)];
    return Object.entries(names).flatMap(([service, name]) =>
      name.includes(`.${service}.${region}.vpce.`)
        ? []
        : [problem(`${path}.${service}`, `${name} is not an endpoint of ${service} in ${region}; name that one`)],
    );
  });
}

/** RFC 1035, 2.3.4. */
const LONGEST_LABEL = 63;

/** The same in the form that people write: 255 octets with a length before each label and one for the root. */
const LONGEST_DOMAIN = 253;

/** The longest name that is derived from the writer's, see constructs/dns/. */
function checkRecord({ dns, regions }: Configuration): Problem[] {
  const longest = Math.max(0, ...regions.map(({ name }) => `-after-${name}`.length));
  const most = LONGEST_LABEL - longest;
  const mostOfZone = LONGEST_DOMAIN - longest - dns.record.length - 1;
  const tooLong = (path: string, text: string, allowed: number) =>
    text.length <= allowed
      ? []
      : [problem(path, `${text} has ${String(text.length)} characters; use at most ${String(allowed)}`)];
  return [...tooLong('dns.record', dns.record, most), ...tooLong('dns.zone', dns.zone, mostOfZone)];
}

function checkWriterEndpoints({ dns }: ParsedConfiguration, { names, regions }: Configuration): Problem[] {
  return Object.entries(dns.writerEndpoints).flatMap(([region, endpoint]) => {
    const path = `dns.writerEndpoints.${region}`;
    if (!regions.some(({ name }) => name === region)) return [problem(path, `${region} is not in regions`)];
    const cluster = names.of('aurora', region);
    const isIts = endpoint.startsWith(`${cluster}.`) && endpoint.endsWith(`.${region}.rds.amazonaws.com`);
    return isIts ? [] : [problem(path, `${endpoint} is not the endpoint of ${cluster} in ${region}; name that one`)];
  });
}

/** Everything that does not fit together. */
export function checkConfiguration(parsed: ParsedConfiguration, complete: Configuration): Problem[] {
  return [
    ...checkRegionCount(parsed),
    ...checkRegionNames(parsed),
    ...checkOptedInRegions(parsed),
    ...checkRoles(parsed),
    ...checkAddresses(complete),
    ...checkZones(parsed, complete),
    ...checkEngineVersions(parsed),
    ...checkCapacities(parsed),
    ...checkInstances(parsed),
    ...checkWindows(parsed),
    ...checkTags(parsed, complete),
    ...checkNames(complete),
    ...checkPolicy(parsed),
    ...checkGitops(parsed),
    ...checkScope(parsed),
    ...checkEndpoints(parsed),
    ...checkEndpointNames(parsed),
    ...checkRecord(complete),
    ...checkWriterEndpoints(parsed, complete),
  ];
}
