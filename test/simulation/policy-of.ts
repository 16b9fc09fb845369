import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { settingsOf } from '../../operator/controllers/settings-of.ts';
import { detectionWindow } from '../../operator/failover/detection-window.ts';
import type { PolicyProps, Scenario } from './scenario.ts';

export const POLICY = { namespace: 'payments', name: 'transactions' };
export const POLICY_KEY = `${POLICY.namespace}/${POLICY.name}`;
export const WRITER = { namespace: POLICY.namespace, name: 'transactions-writer' };
export const GLOBAL_CLUSTER = 'aurora-global-prod';
export const CLUSTER = 'aurora-prod';
export const ACCOUNT = '123456789012';

export const topicArn = (region: string): string => `arn:aws:sns:${region}:${ACCOUNT}:database-alerts`;
const ms = (milliseconds: number): string =>
  milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`;

/** The policy as the API server returns it: defaults filled in. */
export function policyOf(props: PolicyProps): DisasterRecoveryPolicy {
  const signals = {
    controlPlane: {},
    endpoint: { type: 'TCP' as const },
    replication: { source: 'CloudWatch' as const, maximumAge: ms(props.maximumAge) },
    http: { url: 'https://witness.simulated/' },
  };
  const spec = {
    globalClusterIdentifier: GLOBAL_CLUSTER,
    regions: props.regions.map(({ name, promotion }) => ({ name, clusterIdentifier: CLUSTER, promotion })),
    objectives: { recoveryTime: '10m', recoveryPoint: ms(props.recoveryPoint) },
    detection: {
      interval: ms(props.interval),
      timeout: ms(props.timeout),
      failureThreshold: props.failureThreshold,
      successThreshold: props.successThreshold,
      quorum: props.quorum,
      signals: Object.fromEntries(props.signals.map((name) => [name, signals[name]])),
    },
    failover: {
      mode: props.mode,
      dataLoss: props.dataLoss,
      estimate: props.estimate,
      maximumLagAge: ms(props.maximumLagAge),
      cooldown: ms(props.cooldown),
      timeout: ms(props.operationTimeout),
      priority: 0,
      ...(props.inRegionRecoveryLimit === undefined ? {} : { inRegionRecoveryLimit: ms(props.inRegionRecoveryLimit) }),
    },
    failback: { mode: 'Manual' as const, stabilization: '30m', windows: [] },
    fencing: { mode: props.fencing },
    ...(props.isPublishing
      ? {
          publish: {
            service: { name: WRITER.name },
            configMap: { name: WRITER.name },
            routing: { namespace: 'AuroraDR', metric: 'WriterRegion' },
          },
        }
      : {}),
    ...(props.isNotifying ? { notifications: { snsTopicArns: props.regions.map(({ name }) => topicArn(name)) } } : {}),
    crossplane: { mode: 'Auto' as const },
    suspend: false,
  };
  return {
    apiVersion: 'aurora-dr.io/v1alpha1',
    kind: 'DisasterRecoveryPolicy',
    metadata: { ...POLICY },
    spec,
  } as unknown as DisasterRecoveryPolicy;
}

/** `status.detectionWindow` of the scenario's policy as it is first, milliseconds. */
export function detectionWindowOf({ policy, installation }: Pick<Scenario, 'policy' | 'installation'>): number {
  return detectionWindow(settingsOf(policyOf(policy).spec, installation)) ?? Infinity;
}
