import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { ManagementPolicy, ManagedScope } from './managed-settings.ts';
import { ManagedSettings } from './managed-settings.ts';
import { NEVER_PRUNED } from './never-pruned.ts';
import type { Reference, ReferencePolicy } from './reference.ts';

/** What is known of a kind: its generated class. */
export interface ManagedKind {
  readonly kind: string;
  readonly apiVersions: Readonly<Record<ManagedScope, string>>;
  /** Whether AWS can tag it. */
  readonly isTaggable: boolean;
}

/** What can be stated for creation alone. */
type InitParameters<Parameters> = Partial<Omit<Parameters, 'region'>>;

export interface ManagedResourceProps<Parameters> {
  /** Name of the object, and of the resource where its kind takes the name from there: see `names.ts`. */
  readonly name: string;
  /** What AWS is told, and kept to. The tags of all resources are added. */
  readonly forProvider: Parameters;
  /**
   * What AWS is told at creation, and never again.
   * @default - nothing
   */
  readonly initProvider?: InitParameters<Parameters>;
  /**
   * What Crossplane may do.
   * @default - everything but LateInitialize, without Delete if `holdsData`
   */
  readonly managementPolicies?: readonly ManagementPolicy[];
  /**
   * Whether losing the resource loses data or the key to them: it is kept when its object is deleted, unless the
   * configuration allows it, and Argo CD never prunes it.
   * @default false
   */
  readonly holdsData?: boolean;
  /**
   * Identifier in AWS where it is not the object's name.
   * @default - by the kind: the object's name, or given by AWS
   */
  readonly externalName?: string;
  /** @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
  /** For selectors. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Where Crossplane writes what is secret of the resource: a Secret in the namespace of the settings.
   * @default - nowhere
   */
  readonly connectionSecretName?: string;
}

/**
 * A resource in AWS that Crossplane manages: base of the generated classes in imports/. Everything that all resources share
 * comes from `ManagedSettings`.
 */
export abstract class ManagedResource<Parameters extends object> extends ApiObject {
  constructor(scope: Construct, id: string, definition: ManagedKind, props: ManagedResourceProps<Parameters>) {
    const settings = ManagedSettings.of(scope);
    const { name, forProvider, initProvider, externalName, holdsData = false, connectionSecretName } = props;
    const annotations = {
      ...(externalName === undefined ? {} : { 'crossplane.io/external-name': externalName }),
      ...(holdsData ? NEVER_PRUNED : {}),
      ...props.annotations,
    };
    const own = (forProvider as { readonly tags?: Readonly<Record<string, string>> }).tags;
    const tags = definition.isTaggable ? { tags: settings.tags(name, own) } : {};
    super(scope, id, {
      apiVersion: definition.apiVersions[settings.scope],
      kind: definition.kind,
      metadata: {
        ...settings.metadata(name),
        ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
        ...(props.labels === undefined ? {} : { labels: { ...props.labels } }),
      },
      spec: {
        managementPolicies: props.managementPolicies ?? settings.managementPolicies(holdsData),
        providerConfigRef: settings.providerConfigRef,
        forProvider: { ...forProvider, ...tags },
        ...(initProvider === undefined ? {} : { initProvider }),
        ...(connectionSecretName === undefined
          ? {}
          : { writeConnectionSecretToRef: connectionSecretRef(settings, connectionSecretName) }),
      },
    });
  }

  /** What another resource names this one by, in its `…Ref` or `…Refs`. */
  get reference(): Reference {
    return { name: this.name };
  }

  /** A reference that is followed with a policy of its own. */
  referenceWith(policy: ReferencePolicy): Reference {
    return { name: this.name, policy };
  }
}

function connectionSecretRef(settings: ManagedSettings, name: string): { name: string; namespace?: string } {
  return settings.scope === 'namespaced' ? { name } : { name, namespace: settings.namespace };
}
