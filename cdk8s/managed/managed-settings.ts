import type { Construct } from 'constructs';
import type { SecretKeyReference } from './reference.ts';

/** Whether managed resources are namespaced (`*.aws.m.upbound.io`) or cluster-scoped (`*.aws.upbound.io`). */
export type ManagedScope = 'namespaced' | 'cluster';

/** What Crossplane may do with a resource. */
export type ManagementPolicy = 'Observe' | 'Create' | 'Update' | 'Delete' | 'LateInitialize' | '*';

export interface ManagedSettingsProps {
  readonly scope: ManagedScope;
  /** Of namespaced resources, and of the Secrets that resources of either scope name. */
  readonly namespace: string;
  /** The provider configuration; `kind` counts for namespaced resources only. */
  readonly providerConfig: { readonly kind: 'ClusterProviderConfig' | 'ProviderConfig'; readonly name: string };
  /** On every resource that AWS can tag. */
  readonly tags: Readonly<Record<string, string>>;
  /** Whether resources that hold data may be deleted through their objects. */
  readonly isDataDeletable: boolean;
}

const CONTEXT_KEY = 'aurora-dr.io/managed-settings';

/** Deleting the object deletes the resource. */
const POLICIES: readonly ManagementPolicy[] = ['Observe', 'Create', 'Update', 'Delete'];
/** Deleting the object leaves the resource. */
const KEEPING_POLICIES: readonly ManagementPolicy[] = ['Observe', 'Create', 'Update'];

/**
 * What all managed resources of an app have in common, decided once. Constructs find it at their root: set it on the app.
 *
 * No resource is late-initialised: what AWS or a failover has changed must not turn into what is wanted.
 */
export class ManagedSettings {
  readonly scope: ManagedScope;
  readonly namespace: string;
  readonly #props: ManagedSettingsProps;

  constructor(props: ManagedSettingsProps) {
    this.scope = props.scope;
    this.namespace = props.namespace;
    this.#props = props;
  }

  /** Sets them for everything below a construct that has no children yet. */
  static set(root: Construct, settings: ManagedSettings): void {
    root.node.setContext(CONTEXT_KEY, settings);
  }

  /** @throws Error if they were not set above the construct */
  static of(construct: Construct): ManagedSettings {
    const settings: unknown = construct.node.tryGetContext(CONTEXT_KEY);
    if (settings instanceof ManagedSettings) return settings;
    throw new Error(
      `cannot create ${construct.node.path || 'a managed resource'}: there are no settings; call ManagedSettings.set on its app`,
    );
  }

  /** `spec.providerConfigRef` as the scope wants it. */
  get providerConfigRef(): { readonly name: string; readonly kind?: string } {
    const { kind, name } = this.#props.providerConfig;
    return this.scope === 'namespaced' ? { kind, name } : { name };
  }

  /**
   * Tags of one resource: those of all, and its name.
   *
   * @param extra wins over those of all
   */
  tags(name: string, extra: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
    return { ...this.#props.tags, Name: name, ...extra };
  }

  /** Policies of a resource that states none. */
  managementPolicies(holdsData: boolean): readonly ManagementPolicy[] {
    return holdsData && !this.#props.isDataDeletable ? KEEPING_POLICIES : POLICIES;
  }

  /** `metadata` that the scope asks for. */
  metadata(name: string): { readonly name: string; readonly namespace?: string } {
    return this.scope === 'namespaced' ? { name, namespace: this.namespace } : { name };
  }

  /** A key of a Secret: cluster-scoped resources must name its namespace, namespaced ones must not. */
  secretKey(name: string, key: string): SecretKeyReference {
    return this.scope === 'namespaced' ? { name, key } : { name, key, namespace: this.namespace };
  }
}
