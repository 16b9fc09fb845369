/** A global cluster with two members, as the event of either function names it. */
export interface DatabasePair {
  readonly globalClusterIdentifier: string;
  readonly primary: PairMember;
  readonly secondary: PairMember;
}

export interface PairMember {
  readonly region: string;
  readonly clusterIdentifier: string;
}

export const METRIC_NAMESPACE = 'AuroraFailover';
/** 1 while the primary is healthy, otherwise 0: what the health check says to the failover function. */
export const HEALTH_METRIC = 'PrimaryHealthy';

/** The one dimension of that metric. */
export const dimensionsOf = ({ globalClusterIdentifier }: DatabasePair): { Name: string; Value: string }[] => [
  { Name: 'GlobalCluster', Value: globalClusterIdentifier },
];
