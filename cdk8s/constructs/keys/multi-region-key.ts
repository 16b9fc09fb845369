import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { Alias, Key, ReplicaKey } from '../../imports/kms.ts';
import { policyDocument } from '../identity/policy-document.ts';

export interface MultiRegionKeyProps {
  readonly names: Names;
  readonly accountId: string;
  /** Where the primary key lives. It cannot move, so it must not follow the database's primary. */
  readonly home: string;
  /** Where replicas live: every other region. */
  readonly replicas: readonly string[];
  /** How long KMS waits before it destroys a key. @default 30 */
  readonly deletionWindowDays?: number;
  /** Whether RDS publishes its events to topics that the key encrypts. @default true */
  readonly hasDatabaseEvents?: boolean;
}

/**
 * Services of AWS that encrypt with the key in their own name: an alarm or an RDS event that goes to an encrypted topic.
 * Without them they fail silently.
 * Sources: "Encrypting an Amazon SNS topic with server-side encryption" (event sources) in the SNS Developer Guide, "Granting
 * permissions to publish notifications to an Amazon SNS topic" in the RDS User Guide.
 */
const ALARMS = 'cloudwatch.amazonaws.com';
const DATABASE_EVENTS = 'events.rds.amazonaws.com';

/** In a key's own policy `*` is that key. */
const THIS_KEY = ['*'] as const;

/**
 * One key in all regions: what is encrypted in one can be read in another. Each region has an alias, by which everything
 * else refers to it: Crossplane knows no reference to a replica key.
 */
export class MultiRegionKey extends Construct {
  /** The primary key, in the home region. */
  readonly key: Key;
  readonly #names: Names;
  readonly #accountId: string;

  constructor(scope: Construct, id: string, props: MultiRegionKeyProps) {
    super(scope, id);
    const { names, accountId, home, replicas, deletionWindowDays = 30, hasDatabaseEvents = true } = props;
    this.#names = names;
    this.#accountId = accountId;
    const description = `Aurora global database ${names.globalCluster} and what belongs to it`;
    const policy = keyPolicy(accountId, [ALARMS, ...(hasDatabaseEvents ? [DATABASE_EVENTS] : [])]);
    this.key = new Key(this, 'key', {
      name: names.of('key', home),
      holdsData: true,
      forProvider: {
        region: home,
        description,
        policy,
        multiRegion: true,
        // A replica takes rotation from its primary.
        enableKeyRotation: true,
        deletionWindowInDays: deletionWindowDays,
      },
    });
    for (const region of replicas) {
      new ReplicaKey(this, `replica-${region}`, {
        name: names.of('key', region),
        holdsData: true,
        forProvider: {
          region,
          description,
          policy,
          primaryKeyArnRef: this.key.reference,
          deletionWindowInDays: deletionWindowDays,
        },
      });
    }
    for (const region of [home, ...replicas]) {
      new Alias(this, `alias-${region}`, {
        name: names.of('key', region),
        holdsData: true,
        // The reference resolves to the key's id, which a multi-region key shares with its replicas ("How multi-Region keys
        // work" in the KMS Developer Guide): in another region it names the replica.
        forProvider: { region, targetKeyIdRef: this.key.reference },
      });
    }
  }

  /** The key's name in a region, where AWS takes an alias. */
  aliasName(region: string): string {
    return `alias/${this.#names.of('key', region)}`;
  }

  /** The same where AWS wants an ARN. */
  aliasArn(region: string): string {
    return `arn:aws:kms:${region}:${this.#accountId}:${this.aliasName(region)}`;
  }
}

function keyPolicy(accountId: string, encryptingServices: readonly string[]): string {
  return policyDocument([
    {
      // Without it nobody could ever change the key again: "Default key policy" in the KMS Developer Guide.
      sid: 'PoliciesOfThisAccountDecide',
      actions: ['kms:*'],
      resources: THIS_KEY,
      principal: { AWS: `arn:aws:iam::${accountId}:root` },
    },
    {
      sid: 'EncryptMessagesOfThisAccount',
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      resources: THIS_KEY,
      principal: { Service: encryptingServices },
      conditions: { StringEquals: { 'aws:SourceAccount': accountId } },
    },
  ]);
}
