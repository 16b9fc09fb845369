import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { IgnoredDifference } from './ignored-differences.ts';

export const ARGO_API_VERSION = 'argoproj.io/v1alpha1';

/** Where manifests are. */
export interface ManifestSource {
  readonly repository: string;
  readonly revision: string;
  readonly path: string;
  /** The one file of the folder. */
  readonly file: string;
}

export interface ApplicationProps {
  /** Of the object, or of the objects that an ApplicationSet makes. */
  readonly name: string;
  readonly project: string;
  readonly source: ManifestSource;
  /** Argo CD's name of a cluster. @default in-cluster */
  readonly cluster?: string;
  /** For objects that state none. */
  readonly namespace: string;
  /** @default - nothing */
  readonly ignoredDifferences?: readonly IgnoredDifference[];
  /** Whether the namespace is made if it is not there. @default false */
  readonly createsNamespace?: boolean;
}

const SYNC_OPTIONS = [
  // Fields of others are kept, and large objects need no annotation with a copy of themselves.
  'ServerSideApply=true',
  // Otherwise a sync writes what is ignored all the same.
  'RespectIgnoreDifferences=true',
  // CRDs come with Crossplane's providers and the operator, perhaps later.
  'SkipDryRunOnMissingResource=true',
  // Two Applications that both want an object would take it from each other without end.
  'FailOnSharedResource=true',
];

/**
 * `spec` of an Application. What leaves Git is not pruned, by the Application as by the annotations of what holds data: to delete
 * is the decision of a person.
 */
export function applicationSpec(props: ApplicationProps): object {
  const { repository, revision, path, file } = props.source;
  const { ignoredDifferences = [], createsNamespace = false } = props;
  return {
    project: props.project,
    source: { repoURL: repository, targetRevision: revision, path, directory: { recurse: false, include: file } },
    destination: { name: props.cluster ?? 'in-cluster', namespace: props.namespace },
    syncPolicy: {
      automated: { enabled: true, prune: false, selfHeal: true, allowEmpty: false },
      syncOptions: [...SYNC_OPTIONS, ...(createsNamespace ? ['CreateNamespace=true'] : [])],
      // Without an end: what waits for AWS or for another cluster cures itself, and a lost region may take days.
      retry: { limit: -1, backoff: { duration: '10s', factor: 2, maxDuration: '5m' } },
    },
    ...(ignoredDifferences.length === 0 ? {} : { ignoreDifferences: ignoredDifferences }),
  };
}

export interface ArgoApplicationProps extends ApplicationProps {
  /** Of Argo CD. */
  readonly argoNamespace: string;
  /** When an app of apps applies it. @default - at once */
  readonly wave?: number;
}

/**
 * An Application without the finalizer that would delete everything it applied: deleting it leaves the objects, and these the
 * resources in AWS.
 */
export class ArgoApplication extends ApiObject {
  constructor(scope: Construct, id: string, props: ArgoApplicationProps) {
    super(scope, id, {
      apiVersion: ARGO_API_VERSION,
      kind: 'Application',
      metadata: {
        name: props.name,
        namespace: props.argoNamespace,
        ...(props.wave === undefined ? {} : { annotations: { 'argocd.argoproj.io/sync-wave': String(props.wave) } }),
      },
      spec: applicationSpec(props),
    });
  }
}
