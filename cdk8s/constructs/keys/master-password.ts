import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { Secret, SecretVersion } from '../../imports/secretsmanager.ts';
import { ManagedSettings } from '../../managed/managed-settings.ts';
import type { SecretKeyReference } from '../../managed/reference.ts';
import { NEVER_PRUNED } from '../../managed/never-pruned.ts';
import type { MultiRegionKey } from './multi-region-key.ts';

export interface MasterPasswordProps {
  readonly names: Names;
  /** Where the secret lives in AWS. It cannot move, so it must not follow the database's primary. */
  readonly home: string;
  /** Where it is replicated to: every other region. */
  readonly replicas: readonly string[];
  readonly key: MultiRegionKey;
  /** How long a deleted secret can be restored. @default 30 */
  readonly recoveryWindowDays?: number;
  /** Argo CD's wave in which the password comes to be: that of the database's clusters. */
  readonly generatedInWave: number;
}

const PASSWORD_KEY = 'password';

/**
 * The master user's password: generated in the cluster, never in a manifest, and mirrored to Secrets Manager in every region.
 *
 * Secrets Manager cannot manage it itself: `manageMasterUserPassword` is refused for members of a global database ("Limitations"
 * of "Password management with Amazon Aurora and AWS Secrets Manager" in the Aurora User Guide). So the Kubernetes Secret is
 * declared empty here, and Crossplane's provider fills it when it creates the cluster that names it with
 * `autoGeneratePassword`: a password that is there stays. The provider would create the Secret as well, but then as its owner,
 * and deleting the cluster's object would delete the password of a cluster that lives on (`PasswordGenerator` in
 * crossplane-contrib/provider-upjet-aws). An apply leaves what it did not write.
 */
export class MasterPassword extends Construct {
  /** For the cluster's `masterPasswordSecretRef`, together with `autoGeneratePassword: true`. */
  readonly reference: SecretKeyReference;

  constructor(scope: Construct, id: string, props: MasterPasswordProps) {
    super(scope, id);
    const { names, home, replicas, key, recoveryWindowDays = 30 } = props;
    const name = names.of('master-password', home);
    const settings = ManagedSettings.of(this);
    this.reference = settings.secretKey(name, PASSWORD_KEY);
    new ApiObject(this, 'generated', {
      apiVersion: 'v1',
      kind: 'Secret',
      // Of either scope: Secrets are always namespaced.
      metadata: {
        name,
        namespace: settings.namespace,
        annotations: { ...NEVER_PRUNED },
      },
      type: 'Opaque',
    });
    const secret = new Secret(this, 'secret', {
      name,
      holdsData: true,
      forProvider: {
        region: home,
        name,
        description: `Password of the master user of ${names.globalCluster}`,
        kmsKeyIdRef: key.key.reference,
        recoveryWindowInDays: recoveryWindowDays,
        replica: replicas.map((region) => ({ region, kmsKeyId: key.aliasName(region) })),
      },
    });
    new SecretVersion(this, 'version', {
      name,
      holdsData: true,
      // It cannot be ready before there is a password: in its own wave it would hold all later ones up.
      annotations: { 'argocd.argoproj.io/sync-wave': String(props.generatedInWave) },
      forProvider: { region: home, secretIdRef: secret.reference, secretStringSecretRef: this.reference },
    });
  }
}
