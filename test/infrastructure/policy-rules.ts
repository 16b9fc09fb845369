import type { Configuration } from '../../cdk8s/configuration/configuration.ts';
import type { IamStatement } from './iam-statements.ts';
import { iamStatementsIn } from './iam-statements.ts';
import type { Manifest, Parameters } from './manifest.ts';
import { fieldsOf, managedKindOf, parametersOf, titleOf } from './manifest.ts';
import { TAGGABLE_KINDS } from './taggable-kinds.ts';

/** Everything that a configuration makes, as the rules look at it. */
export class Estate {
  readonly configuration: Configuration;
  readonly manifests: readonly Manifest[];
  /** What Crossplane manages. */
  readonly managed: readonly Manifest[];
  readonly statements: readonly IamStatement[];

  constructor(configuration: Configuration, manifests: readonly Manifest[]) {
    this.configuration = configuration;
    this.manifests = manifests;
    this.managed = manifests.filter((manifest) => managedKindOf(manifest) !== undefined);
    this.statements = iamStatementsIn(this.managed);
  }

  /** @param kind with its service: `ec2.VPC` */
  ofKind(kind: string): Manifest[] {
    return this.managed.filter((manifest) => managedKindOf(manifest) === kind);
  }
}

/** What breaks a rule, by title; empty if nothing does. */
export type PolicyRule = (estate: Estate) => string[];

/** Losing one loses data, or what is needed to read them, or the name that clients know. */
const KINDS_WITH_DATA: ReadonlySet<string> = new Set([
  'kms.Key',
  'kms.ReplicaKey',
  'kms.Alias',
  'rds.Cluster',
  'rds.GlobalCluster',
  'rds.ClusterInstance',
  'secretsmanager.Secret',
  'secretsmanager.SecretVersion',
  'route53.Zone',
]);

/** Of Kubernetes and the operator: what goes with them is more than they are. */
const ROOT_KINDS: ReadonlySet<string> = new Set(['Namespace', 'Secret', 'DisasterRecoveryPolicy']);

/**
 * Actions that know no resource, so that `*` is all that can be said; the value is the condition that then limits them.
 * Source: the tables of actions in the Service Authorization Reference.
 */
const ACTIONS_WITHOUT_RESOURCE: Readonly<Record<string, string | undefined>> = {
  'cloudwatch:GetMetricData': undefined,
  'cloudwatch:ListMetrics': undefined,
  'cloudwatch:PutMetricData': 'cloudwatch:namespace',
  'ec2:DescribeNetworkInterfaces': undefined,
  'ec2:DescribeSubnets': undefined,
};

/** Kinds whose policies stand with the resource: there `*` is that resource. */
const KINDS_THAT_ARE_THEIR_RESOURCE: ReadonlySet<string> = new Set(['Key', 'ReplicaKey', 'VPCEndpoint']);

/** What makes a resource of a kind encrypted, with a key of the set-up where AWS takes one by name. */
const IS_ENCRYPTED: Readonly<Record<string, (parameters: Parameters) => boolean>> = {
  'kms.Key': ({ enableKeyRotation }) => enableKeyRotation === true,
  'rds.Cluster': ({ storageEncrypted, kmsKeyId, kmsKeyIdRef }) =>
    storageEncrypted === true && (kmsKeyId ?? kmsKeyIdRef) !== undefined,
  'rds.GlobalCluster': ({ storageEncrypted }) => storageEncrypted === true,
  'secretsmanager.Secret': ({ kmsKeyId, kmsKeyIdRef, replica }) =>
    (kmsKeyId ?? kmsKeyIdRef) !== undefined &&
    (replica as readonly { kmsKeyId?: string }[]).every((one) => one.kmsKeyId !== undefined),
  'sns.Topic': ({ kmsMasterKeyId }) => kmsMasterKeyId !== undefined,
  'sqs.Queue': ({ kmsMasterKeyId, sqsManagedSseEnabled }) =>
    kmsMasterKeyId !== undefined || sqsManagedSseEnabled === true,
};

const PUBLIC_ACCESS_SWITCHES = ['blockPublicAcls', 'blockPublicPolicy', 'ignorePublicAcls', 'restrictPublicBuckets'];

function titlesOf(manifests: readonly Manifest[]): string[] {
  return manifests.map(titleOf);
}

function grantsIn({ statements }: Estate): IamStatement[] {
  // The policy of an endpoint grants nothing: it limits what others grant.
  return statements.filter(({ effect, kind }) => effect === 'Allow' && kind !== 'VPCEndpoint');
}

function isLimitedToAccount({ conditions }: IamStatement): boolean {
  const keys = Object.values(conditions).flatMap((operator) => Object.keys(operator));
  return ['aws:SourceAccount', 'aws:PrincipalAccount', 'aws:ResourceAccount', 'aws:SourceArn'].some((key) =>
    keys.includes(key),
  );
}

function bucketOf(manifest: Manifest): unknown {
  return (parametersOf(manifest)['bucketRef'] as { readonly name?: string } | undefined)?.name;
}

/** Whether a condition limits an action that knows no resource, or nothing could. */
function isUnavoidable(action: string, { conditions }: IamStatement): boolean {
  const condition = ACTIONS_WITHOUT_RESOURCE[action];
  const isLimited =
    condition === undefined || Object.values(conditions).some((operator) => operator[condition] !== undefined);
  return action in ACTIONS_WITHOUT_RESOURCE && isLimited;
}

/** The region that a name says; undefined if the name breaks the rule. */
function regionInName({ configuration }: Estate, { metadata: { name } }: Manifest): string | undefined {
  if (name === configuration.names.globalCluster) return 'global';
  const regions = [...configuration.regions.map((region) => region.name), 'global'].join('|');
  const rule = new RegExp(`^[a-z0-9]+(-[a-z0-9]+)*-(?<region>${regions})-${configuration.suffix}$`);
  return rule.exec(name)?.groups?.['region'];
}

/** What holds for everything that any configuration makes. */
export const POLICY_RULES = {
  'no rule, no route and no policy names all addresses': ({ managed }) =>
    titlesOf(
      managed.filter((manifest) =>
        [...fieldsOf(manifest.spec, 'spec')].some(({ value }) => value === '0.0.0.0/0' || value === '::/0'),
      ),
    ),

  'no subnet gives public addresses': (estate) =>
    titlesOf(estate.ofKind('ec2.Subnet').filter((one) => parametersOf(one)['mapPublicIpOnLaunch'] !== false)),

  'no instance has a public address': (estate) =>
    titlesOf(estate.ofKind('rds.ClusterInstance').filter((one) => parametersOf(one)['publiclyAccessible'] !== false)),

  'an internet gateway is there only where it is asked for': (estate) =>
    estate.configuration.network.internetGateway ? [] : titlesOf(estate.ofKind('ec2.InternetGateway')),

  'a zone is public only where that is asked for': (estate) =>
    estate.configuration.dns.visibility === 'Public'
      ? []
      : titlesOf(estate.ofKind('route53.Zone').filter((zone) => parametersOf(zone)['vpc'] === undefined)),

  'no policy lets everybody in': ({ statements }) =>
    statements
      .filter((one) => one.effect === 'Allow' && one.principals?.includes('*') === true && !isLimitedToAccount(one))
      .map(({ title }) => title),

  'every service of AWS that may act is limited to this account': ({ statements }) =>
    statements
      // Lambda assumes the role of a function, which only the account of the role can give to one.
      .filter(({ principals }) => principals?.join() !== 'lambda.amazonaws.com')
      .filter((one) => (one.principals ?? []).some((principal) => principal.endsWith('.amazonaws.com')))
      .filter((one) => !isLimitedToAccount(one))
      .map(({ title }) => title),

  'every permission to invoke a function names who invokes it': (estate) =>
    titlesOf(
      estate.ofKind('lambda.Permission').filter((one) => {
        const { sourceArn, sourceArnRef, sourceAccount, principal } = parametersOf(one);
        return principal === '*' || (sourceArn ?? sourceArnRef ?? sourceAccount) === undefined;
      }),
    ),

  'every bucket blocks public access in all four ways': (estate) => {
    const blocked = estate
      .ofKind('s3.BucketPublicAccessBlock')
      .filter((block) => PUBLIC_ACCESS_SWITCHES.every((field) => parametersOf(block)[field] === true))
      .map(bucketOf);
    return titlesOf(estate.ofKind('s3.Bucket').filter(({ metadata }) => !blocked.includes(metadata.name)));
  },

  'everything is encrypted': (estate) => {
    const plain = estate.managed.filter(
      (manifest) => IS_ENCRYPTED[managedKindOf(manifest) ?? '']?.(parametersOf(manifest)) === false,
    );
    const encrypted = estate.ofKind('s3.BucketServerSideEncryptionConfiguration').map(bucketOf);
    const buckets = estate.ofKind('s3.Bucket').filter(({ metadata }) => !encrypted.includes(metadata.name));
    return titlesOf([...plain, ...buckets]);
  },

  'everything that AWS can tag has every tag, and its name': ({ managed, configuration }) =>
    titlesOf(
      managed
        .filter((manifest) => TAGGABLE_KINDS.has(managedKindOf(manifest) ?? ''))
        .filter((manifest) => {
          const tags = (manifest.spec?.forProvider?.['tags'] ?? {}) as Readonly<Record<string, string>>;
          const wanted = { ...configuration.tags, Name: manifest.metadata.name };
          return Object.entries(wanted).some(([tag, value]) => tags[tag] !== value);
        }),
    ),

  'every name is {type}-{region}-{suffix}, with the region where it is': (estate) =>
    titlesOf(
      estate.managed.filter((manifest) => {
        const named = regionInName(estate, manifest);
        const { region } = parametersOf(manifest);
        return named === undefined || (named !== 'global' && region !== undefined && named !== region);
      }),
    ),

  'no name says a role, which the next failover makes wrong': ({ managed }) =>
    titlesOf(
      managed.filter((manifest) => {
        // What a failover record is to Route 53 stays what it is, whoever writes.
        const { type = '' } = (parametersOf(manifest)['failoverRoutingPolicy'] ?? {}) as { readonly type?: string };
        const said = /primary|secondary/i.exec(manifest.metadata.name)?.[0];
        return said !== undefined && said !== type.toLowerCase();
      }),
    ),

  'no Secret has a value': ({ manifests }) =>
    titlesOf(
      manifests.filter(
        ({ kind, apiVersion, data, stringData }) =>
          kind === 'Secret' && apiVersion === 'v1' && (data ?? stringData) !== undefined,
      ),
    ),

  'no field holds a secret': ({ managed }) =>
    managed.flatMap((manifest) =>
      [...fieldsOf(manifest.spec, 'spec')]
        .filter(({ key, value }) => {
          if (typeof value !== 'string') return false;
          const isSecretField = /password|secretString|accessKey|token/i.test(key);
          return isSecretField || /AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY/.test(value);
        })
        .map(({ path }) => `${titleOf(manifest)} ${path}`),
    ),

  'no action has a wildcard': (estate) =>
    grantsIn(estate)
      // A key that its own account cannot manage is lost: AWS's default key policy.
      .filter(({ principals }) => principals?.join() !== `arn:aws:iam::${estate.configuration.accountId}:root`)
      // The two GenerateDataKey actions, as the guides of the services ask for.
      .filter(({ actions }) => actions.some((action) => action.includes('*') && action !== 'kms:GenerateDataKey*'))
      .map(({ title }) => title),

  'no resource is everything where the action supports one': (estate) =>
    grantsIn(estate)
      .filter(({ kind, resources }) => resources.includes('*') && !KINDS_THAT_ARE_THEIR_RESOURCE.has(kind))
      .filter((statement) => !statement.actions.every((action) => isUnavoidable(action, statement)))
      .map(({ title }) => title),

  'every key that a role may use is named by alias': (estate) =>
    grantsIn(estate)
      .filter(({ resources }) => resources.some((resource) => resource.includes(':key/')))
      .filter(({ conditions }) => !Object.values(conditions).some((keys) => keys['kms:ResourceAliases'] !== undefined))
      .map(({ title }) => title),

  'services may use the keys exactly where they write to encrypted topics': (estate) => {
    const servicesOf = (kinds: readonly string[]) =>
      grantsIn(estate)
        .filter(({ kind }) => kinds.includes(kind))
        .flatMap(({ title, principals = [] }) =>
          principals.filter((name) => name.endsWith('.amazonaws.com')).map((name) => ({ name, title })),
        );
    const [users, writers] = [servicesOf(['Key', 'ReplicaKey']), servicesOf(['TopicPolicy'])];
    const without = (some: typeof users, others: typeof users) =>
      some
        .filter(({ name }) => !others.some((other) => other.name === name))
        .map(({ name, title }) => `${title} ${name}`);
    return [...without(users, writers), ...without(writers, users)];
  },

  'every role is assumed by one service alone': (estate) => {
    const trusts = grantsIn(estate).filter(({ kind, principals }) => kind === 'Role' && principals !== undefined);
    return trusts
      .filter(({ principals }) => !/^[a-z-]+\.amazonaws\.com$/.test(principals?.join() ?? ''))
      .map(({ title }) => title);
  },

  'what holds data, and what everything hangs on, is neither pruned nor deleted by Argo CD': ({ manifests }) =>
    titlesOf(
      manifests
        .filter((manifest) => {
          const kind = managedKindOf(manifest);
          return kind === undefined ? ROOT_KINDS.has(manifest.kind) : KINDS_WITH_DATA.has(kind);
        })
        .filter(({ metadata }) => {
          const options = metadata.annotations?.['argocd.argoproj.io/sync-options']?.split(',') ?? [];
          return !['Prune=false', 'Delete=false'].every((option) => options.includes(option));
        }),
    ),

  'what holds data is deleted only where that is allowed': ({ managed, configuration }) =>
    configuration.deletion.data === 'Allowed'
      ? []
      : titlesOf(
          managed
            .filter((manifest) => KINDS_WITH_DATA.has(managedKindOf(manifest) ?? ''))
            .filter(({ spec }) => spec?.managementPolicies?.some((one) => one === 'Delete' || one === '*') !== false),
        ),

  'nothing takes on what AWS or a failover has changed': ({ managed }) =>
    titlesOf(
      managed.filter(
        ({ spec }) => spec?.managementPolicies?.some((one) => one === 'LateInitialize' || one === '*') !== false,
      ),
    ),
} as const satisfies Readonly<Record<string, PolicyRule>>;
