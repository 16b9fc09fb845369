import type { ChangedField, ComparedObject } from './comparison.ts';

/** What becomes of a change that AWS or Crossplane does not simply carry out. */
export interface Consequence {
  /** Whether somebody has to think before it is applied. */
  readonly isDangerous: boolean;
  readonly text: string;
}

const dangerous = (text: string): Consequence => ({ isDangerous: true, text });
const harmless = (text: string): Consequence => ({ isDangerous: false, text });

/** What AWS cannot change: "Update requires: Replacement" in the CloudFormation reference of each kind. */
const REPLACED_FIELDS: Readonly<Record<string, readonly string[]>> = {
  'ec2.VPC': ['cidrBlock'],
  'ec2.Subnet': ['cidrBlock', 'availabilityZone', 'vpcIdRef'],
  'ec2.SecurityGroup': ['name', 'description', 'vpcIdRef'],
  'ec2.VPCEndpoint': ['serviceName', 'vpcIdRef', 'vpcEndpointType'],
  'ec2.VPCPeeringConnection': ['vpcIdRef', 'peerVpcIdRef', 'peerRegion', 'peerOwnerId'],
  'ec2.Route': ['destinationCidrBlock'],
  'ec2.FlowLog': ['trafficType', 'maxAggregationInterval', 'logDestinationRef', 'vpcIdRef'],
  'rds.GlobalCluster': ['engine', 'databaseName', 'storageEncrypted'],
  'rds.Cluster': [
    'engine',
    'databaseName',
    'masterUsername',
    'storageEncrypted',
    'kmsKeyId',
    'dbSubnetGroupNameRef',
    'availabilityZones',
  ],
  'rds.ClusterInstance': ['engine', 'availabilityZone', 'clusterIdentifierRef', 'publiclyAccessible'],
  'rds.ClusterParameterGroup': ['family', 'description'],
  'kms.Key': ['multiRegion'],
  'kms.ReplicaKey': ['primaryKeyArnRef'],
  'secretsmanager.Secret': ['name'],
  'route53.Zone': ['name'],
  'route53.Record': ['name', 'type', 'setIdentifier'],
  'route53.HealthCheck': ['type'],
  'sns.TopicSubscription': ['endpoint', 'protocol'],
};

/** What AWS changes, but not while it serves: "Update requires: Some interruptions", and ModifyDBCluster of the port. */
const INTERRUPTING_FIELDS: Readonly<Record<string, readonly string[]>> = {
  'rds.ClusterInstance': ['instanceClass'],
  'rds.Cluster': ['port'],
};

/** What follows the declared role: constructs/database/role-fields.ts. */
const ROLE_FIELDS = ['autoGeneratePassword', 'masterPasswordSecretRef', 'replicationSourceIdentifier', 'sourceRegion'];

const fieldOf = ({ path }: ChangedField): string => path.split(/[.[]/)[0] ?? '';

/** Private zones name networks, public ones none. */
const isVisibility = (kind: string, change: ChangedField): boolean =>
  kind === 'route53.Zone' && change.path === 'vpc' && (change.before === undefined || change.after === undefined);

/** `8.0.mysql_aurora.3.10.0` as numbers. */
function versionOf(value: unknown): number[] {
  return typeof value === 'string' ? (value.match(/\d+/g) ?? []).map(Number) : [];
}

function isDowngrade({ before, after }: ChangedField): boolean {
  const [one, other] = [versionOf(before), versionOf(after)];
  const index = one.findIndex((part, position) => part !== other[position]);
  return index >= 0 && (one[index] ?? 0) > (other[index] ?? 0);
}

function consequenceOfVersion(change: ChangedField): Consequence {
  return isDowngrade(change)
    ? dangerous('AWS refuses to downgrade')
    : dangerous('an upgrade: all members need the same patch level, or no failover is possible in between');
}

/** Of a field of `forProvider`; undefined if AWS simply changes it. */
function consequenceInAws(kind: string, change: ChangedField): Consequence | undefined {
  const field = fieldOf(change);
  if (field === 'region') return dangerous('lives in another region then: AWS cannot move it');
  if (kind === 'rds.Cluster' && field === 'globalClusterIdentifier') {
    return dangerous('takes the member out of its global database');
  }
  if (field === 'engineVersion') return consequenceOfVersion(change);
  if (field === 'deletionProtection' && change.after === false) return dangerous('can be deleted from then on');
  if (INTERRUPTING_FIELDS[kind]?.includes(field) === true) {
    return dangerous('instances restart: the writer is away, or moves to a standby of its region');
  }
  const isReplaced = REPLACED_FIELDS[kind]?.includes(field) === true || isVisibility(kind, change);
  return isReplaced
    ? dangerous('AWS would have to replace it: Crossplane refuses and reports Synced: False')
    : undefined;
}

/**
 * What applying a change does.
 *
 * @param policies what Crossplane may do with the object afterwards
 */
export function consequenceOfChange(
  kind: string,
  section: string,
  change: ChangedField,
  policies: readonly string[],
): Consequence | undefined {
  if (section === 'managementPolicies') return consequenceOfPolicies(change);
  if (section === 'initProvider') return consequenceAtCreation(kind, change);
  if (section !== 'forProvider') return undefined;
  if (kind === 'rds.Cluster' && ROLE_FIELDS.includes(fieldOf(change))) {
    return harmless(
      policies.includes('Update')
        ? 'follows the declared role: Crossplane may send the password of the Secret once more'
        : 'follows the declared role: nothing happens to what exists',
    );
  }
  const inAws = consequenceInAws(kind, change);
  if (policies.includes('Update') || policies.includes('*')) return inAws;
  const otherwise = inAws === undefined ? '' : `; if it did: ${inAws.text}`;
  return dangerous(`never reaches AWS: its policies have no Update (database.updates)${otherwise}`);
}

function consequenceAtCreation(kind: string, change: ChangedField): Consequence {
  // A value that comes or goes follows the declared role.
  const isOtherValue = change.before !== undefined && change.after !== undefined;
  const isFixed = REPLACED_FIELDS[kind]?.includes(fieldOf(change)) === true;
  return isOtherValue && isFixed
    ? dangerous('counts at creation alone: what exists keeps what it has, and AWS could not change it')
    : harmless('counts at creation alone: nothing happens to what exists');
}

function consequenceOfPolicies({ before, after }: ChangedField): Consequence | undefined {
  const gained = (policy: string) => !String(before).includes(policy) && String(after).includes(policy);
  if (gained('Delete')) return dangerous('deleting the object deletes what it stands for from then on');
  return gained('Update') ? dangerous('changes reach AWS from then on: read about role swaps first') : undefined;
}

/** Of an object that is in the new configuration no more. */
export function consequenceOfLoss(object: ComparedObject): Consequence {
  const policies = object.spec?.managementPolicies;
  if (policies === undefined) return dangerous('stays until it is deleted by hand');
  return policies.includes('Delete') || policies.includes('*')
    ? dangerous('stays until it is deleted by hand; deleting it deletes what it stands for in AWS')
    : dangerous(
        'stays until it is deleted by hand; what it stands for stays in AWS even then, with nobody to manage it',
      );
}
