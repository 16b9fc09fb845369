/** Names that the demo uses throughout. */
export const names = {
  namespace: 'aurora-dr-demo',
  policy: 'transactions',
  published: 'transactions-writer',
  globalCluster: 'aurora-global-prod',
  cluster: 'aurora-prod',
  topic: 'aurora-dr',
  primary: 'us-east-1',
  secondary: 'us-west-2',
} as const;

/** The four signals, all of which must hold a vote before the region is taken away. */
export const signalNames = ['controlPlane', 'endpoint', 'replication', 'http'] as const;

export interface PolicyProps {
  readonly witnessUrl: string;
  readonly topicArns: readonly string[];
}

/** The policy as a user writes it, only quicker than AWS's own metrics would allow: rounds of 1 s. */
export function demoPolicy({ witnessUrl, topicArns }: PolicyProps): object {
  return {
    apiVersion: 'aurora-dr.io/v1alpha1',
    kind: 'DisasterRecoveryPolicy',
    metadata: { name: names.policy },
    spec: {
      globalClusterIdentifier: names.globalCluster,
      regions: [
        { name: names.primary, clusterIdentifier: names.cluster, promotion: 'Prefer' },
        { name: names.secondary, clusterIdentifier: names.cluster, promotion: 'Allow' },
      ],
      objectives: { recoveryTime: '1m', recoveryPoint: '1s' },
      detection: {
        interval: '1s',
        timeout: '500ms',
        failureThreshold: 3,
        successThreshold: 2,
        quorum: 2,
        signals: {
          controlPlane: {},
          endpoint: { type: 'TCP' },
          replication: { source: 'CloudWatch', maximumAge: '3s' },
          http: { url: witnessUrl },
        },
      },
      publish: { service: { name: names.published }, configMap: { name: names.published } },
      notifications: { snsTopicArns: topicArns },
    },
  };
}

/** What the API server must refuse: a round that would not be over before the next begins. */
export function badPolicy(props: PolicyProps): object {
  const policy = demoPolicy(props) as { spec: { detection: object } };
  const detection = { ...policy.spec.detection, timeout: '2s' };
  return { ...policy, metadata: { name: 'bad' }, spec: { ...policy.spec, detection } };
}
