import type { Manifest } from './manifest.ts';
import { fieldsOf, managedKindOf, parametersOf, titleOf } from './manifest.ts';

/**
 * What stands after region and account in the ARN of each kind. Source: the tables of resource types in the Service
 * Authorization Reference. A kind that is named by ARN for the first time gets a line.
 */
const RESOURCES: Readonly<Record<string, (name: string) => string>> = {
  'cloudwatch.CompositeAlarm': (name) => `cloudwatch alarm:${name}`,
  'cloudwatch.MetricAlarm': (name) => `cloudwatch alarm:${name}`,
  'cloudwatchevents.Rule': (name) => `events rule/${name}`,
  'cloudwatchlogs.Group': (name) => `logs log-group:${name}`,
  'iam.Role': (name) => `iam role/${name}`,
  'kms.Alias': (name) => `kms ${name.startsWith('alias/') ? name : `alias/${name}`}`,
  'lambda.Function': (name) => `lambda function:${name}`,
  'rds.Cluster': (name) => `rds cluster:${name}`,
  'rds.ClusterInstance': (name) => `rds db:${name}`,
  'rds.EventSubscription': (name) => `rds es:${name}`,
  'rds.GlobalCluster': (name) => `rds global-cluster:${name}`,
  'route53.Zone': (name) => `route53 hostedzone/${name}`,
  's3.Bucket': (name) => `s3 ${name}`,
  // AWS adds six characters of its own.
  'secretsmanager.Secret': (name) => `secretsmanager secret:${name}-AbCdEf`,
  'sns.Topic': (name) => `sns ${name}`,
  'sqs.Queue': (name) => `sqs ${name}`,
};

/** Kinds whose ARNs have no region, and those without an account either. */
const WITHOUT_REGION: ReadonlySet<string> = new Set(['iam.Role', 'rds.GlobalCluster', 'route53.Zone', 's3.Bucket']);
const WITHOUT_ACCOUNT: ReadonlySet<string> = new Set(['route53.Zone', 's3.Bucket']);

/** Types whose ids AWS gives: before anything exists all that can be said is the type. */
const GIVEN_IDS = /^(kms:key|ec2:(network-interface|subnet|security-group))\/\*$/;

const ARN = /arn:aws:(?<service>[a-z0-9-]+):(?<region>[a-z0-9-]*):(?<account>\d*):(?<resource>[^\s"'|,)\\]+)/g;

/** The ARN that AWS will give, as far as names decide it. */
function arnOf(manifest: Manifest, accountId: string): string[] {
  const kind = managedKindOf(manifest) ?? '';
  const resourceOf = RESOURCES[kind];
  if (resourceOf === undefined) return [];
  const { region, name } = parametersOf(manifest);
  const externalName = manifest.metadata.annotations?.['crossplane.io/external-name'];
  const ownName = externalName ?? (typeof name === 'string' ? name : manifest.metadata.name);
  const [service = '', resource = ''] = resourceOf(ownName).split(' ');
  const place = WITHOUT_REGION.has(kind) ? '' : String(region);
  return [`arn:aws:${service}:${place}:${WITHOUT_ACCOUNT.has(kind) ? '' : accountId}:${resource}`];
}

/** Whether a pattern of a policy means the ARN, or something in it: a log group's streams, a bucket's objects. */
function covers(pattern: string, arn: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()[\]\\]/g, String.raw`\$&`);
  const expression = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
  return [arn, `${arn}:*`, `${arn}/*`, `${arn}:log-stream:*`].some((text) => expression.test(text) || text === pattern);
}

function isOfGivenId(arn: string, accountId: string): boolean {
  const [, , service = '', region = '', account, ...resource] = arn.split(':');
  return region !== '' && account === accountId && GIVEN_IDS.test(`${service}:${resource.join(':')}`);
}

/** Every ARN in the manifests that names nothing in them, and how many ARNs there are. */
export function followArns(
  manifests: readonly Manifest[],
  accountId: string,
): { readonly problems: readonly string[]; readonly count: number } {
  const known = manifests.flatMap((manifest) => arnOf(manifest, accountId));
  const named = manifests.flatMap((manifest) =>
    [...fieldsOf(manifest.spec, 'spec')].flatMap(({ path, value }) =>
      typeof value === 'string'
        ? Array.from(value.matchAll(ARN), ([arn]) => ({ arn, where: `${titleOf(manifest)} ${path}` }))
        : [],
    ),
  );
  const problems = named
    // The account itself.
    .filter(({ arn }) => arn !== `arn:aws:iam::${accountId}:root`)
    .filter(({ arn }) => !isOfGivenId(arn, accountId))
    .filter(({ arn }) => !known.some((one) => covers(arn, one)))
    .map(({ arn, where }) => `${where} names ${arn}, which is not there`);
  return { problems, count: named.length };
}
