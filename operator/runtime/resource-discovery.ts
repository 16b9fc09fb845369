import type { CallOptions } from './kube-client.ts';
import type { ResourceType } from './resource.ts';

/** Asks the API server what it serves: for kinds whose version, or very presence, is not known beforehand. */
export interface ResourceDiscovery {
  /**
   * The resources of an API group, each in the most preferred version that has it, as the API server orders versions.
   * A group that is not served has none. Costs one call, and one for each served version.
   *
   * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#unaggregated-discovery
   */
  discover(group: string, options?: CallOptions): Promise<readonly ResourceType[]>;
}
