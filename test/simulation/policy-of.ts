import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { settingsOf } from '../../operator/controllers/settings-of.ts';
import { detectionWindow } from '../../operator/failover/detection-window.ts';
import type { PolicyProps, Scenario } from './scenario.ts';

export const ACCOUNT = '123456789012';

/** What a policy is called, and what it is about. */
export interface PolicyNames {
  readonly policy: { readonly namespace: string; readonly name: string };
  /** Service and ConfigMap. */
  readonly writer: { readonly namespace: string; readonly name: string };
  readonly globalCluster: string;
  /** In every region. */
  readonly cluster: string;
  readonly witness: string;
}

const NAMES: readonly PolicyNames[] = [
  ['transactions', 'prod'],
  ...['orders', 'ledger', 'accounts', 'cards', 'claims', 'fees', 'fraud', 'limits', 'loans', 'quotes', 'rates'].map(
    (name) => [name, name],
  ),
].map(([name = '', cluster = '']) => ({
  policy: { namespace: 'payments', name },
  writer: { namespace: 'payments', name: `${name}-writer` },
  globalCluster: `aurora-global-${cluster}`,
  cluster: `aurora-${cluster}`,
  witness: `https://witness.simulated/aurora-global-${cluster}`,
}));

/** Names of a scenario's nth policy. */
export function namesOf(index: number): PolicyNames {
  const names = NAMES[index];
  if (names === undefined) throw new RangeError(`cannot name policy ${index}: at most ${NAMES.length} are simulated`);
  return names;
}

/** Where every policy puts its routing metric. */
export const ROUTING = { namespace: 'AuroraDR', metric: 'WriterRegion' } as const;

export const topicArn = (region: string): string => `arn:aws:sns:${region}:${ACCOUNT}:database-alerts`;
const ms = (milliseconds: number): string =>
  milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`;

function plansOf({ plans = {} }: PolicyProps) {
  const { failback, drill } = plans;
  return {
    failback:
      failback === undefined
        ? { mode: 'Manual' as const, stabilization: '30m', windows: [] }
        : { mode: 'Automatic' as const, stabilization: ms(failback.stabilization), windows: failback.windows },
    ...(drill === undefined ? {} : { drill: { timeZone: 'UTC', maximumAge: '1080h', ...drill } }),
  };
}

/** The policy as the API server returns it: defaults filled in. */
export function policyOf(props: PolicyProps, names = namesOf(0)): DisasterRecoveryPolicy {
  const { bySql } = props;
  const secretRef = { name: 'aurora-reader' };
  const source = bySql?.replication === true ? { source: 'SQL', secretRef } : { source: 'CloudWatch' };
  const signals = {
    controlPlane: {},
    endpoint: bySql?.endpoint === true ? { type: 'MySQL', secretRef } : { type: 'TCP' },
    replication: { ...source, maximumAge: ms(props.maximumAge) },
    http: { url: names.witness },
  };
  const spec = {
    globalClusterIdentifier: names.globalCluster,
    regions: props.regions.map(({ name, promotion }) => ({ name, clusterIdentifier: names.cluster, promotion })),
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
      priority: props.priority ?? 0,
      ...(props.inRegionRecoveryLimit === undefined ? {} : { inRegionRecoveryLimit: ms(props.inRegionRecoveryLimit) }),
    },
    ...plansOf(props),
    fencing: { mode: props.fencing },
    ...(props.isPublishing
      ? {
          publish: {
            service: { name: names.writer.name },
            configMap: { name: names.writer.name },
            routing: ROUTING,
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
    metadata: { ...names.policy },
    spec,
  } as unknown as DisasterRecoveryPolicy;
}

/** `status.detectionWindow` of a policy as it is first, milliseconds. */
export function detectionWindowOf(policy: PolicyProps, { installation }: Pick<Scenario, 'installation'>): number {
  return detectionWindow(settingsOf(policyOf(policy).spec, installation)) ?? Infinity;
}
