import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { ApplicationProps } from './argo-application.ts';
import { ARGO_API_VERSION, applicationSpec } from './argo-application.ts';

export interface ArgoApplicationSetProps extends Omit<ApplicationProps, 'cluster'> {
  readonly argoNamespace: string;
  /** Where it goes: Argo CD's names of the clusters, and the regions that they are in. */
  readonly clusters: readonly { readonly name: string; readonly region: string }[];
  /** @default - at once */
  readonly wave?: number;
}

/** The same in several Kubernetes clusters. An Application that leaves the list leaves what it applied behind. */
export class ArgoApplicationSet extends ApiObject {
  constructor(scope: Construct, id: string, props: ArgoApplicationSetProps) {
    super(scope, id, {
      apiVersion: ARGO_API_VERSION,
      kind: 'ApplicationSet',
      metadata: {
        name: props.name,
        namespace: props.argoNamespace,
        ...(props.wave === undefined ? {} : { annotations: { 'argocd.argoproj.io/sync-wave': String(props.wave) } }),
      },
      spec: {
        goTemplate: true,
        goTemplateOptions: ['missingkey=error'],
        generators: [{ list: { elements: props.clusters.map(({ name, region }) => ({ cluster: name, region })) } }],
        syncPolicy: { preserveResourcesOnDeletion: true, applicationsSync: 'create-update' },
        template: {
          metadata: { name: `${props.name}-{{.region}}`, labels: { 'aurora-dr.io/region': '{{.region}}' } },
          spec: applicationSpec({ ...props, cluster: '{{.cluster}}' }),
        },
      },
    });
  }
}
