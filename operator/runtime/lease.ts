import type { KubeObject, ResourceType } from './resource.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
export const LEASES: ResourceType = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};

export interface LeaseSpec {
  /** Empty: released. */
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  /** MicroTime by the holder's clock: for people, never to be compared with another machine's clock. */
  acquireTime?: string;
  /** MicroTime by the holder's clock. */
  renewTime?: string;
  leaseTransitions?: number;
}

export interface Lease extends KubeObject {
  spec?: LeaseSpec;
}
