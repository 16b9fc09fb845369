import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { NotificationTopic } from '../constructs/monitoring/notification-topic.ts';
import { API_VERSION, KIND } from '../../operator/api/v1alpha1/group-version.ts';
import { NEVER_PRUNED } from '../managed/never-pruned.ts';
import type { InfrastructureChartProps } from './infrastructure-chart.ts';
import { InfrastructureChart } from './infrastructure-chart.ts';

export interface PolicyChartProps extends InfrastructureChartProps {
  readonly topics: ReadonlyMap<string, Pick<NotificationTopic, 'topicArn'>>;
}

/**
 * What the operator is told of the database. What is not stated is left to the defaults of the policy's schema. The operator
 * itself, its rights in Kubernetes and its AWS identity are not made here.
 *
 * Nothing in it depends on the declared primary: the operator sees who writes.
 */
export class PolicyChart extends InfrastructureChart {
  constructor(scope: Construct, props: PolicyChartProps) {
    super(scope, 'policy', props);
    const { names, namespace, policy, regions } = this.configuration;
    if (!policy.enabled) return;
    if (policy.namespace !== namespace) {
      new ApiObject(this, 'namespace', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: policy.namespace, annotations: { ...NEVER_PRUNED } },
      });
    }
    new ApiObject(this, 'policy', {
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: {
        name: policy.name,
        namespace: policy.namespace,
        // Without it nobody looks after the database: it goes by hand or not at all.
        annotations: { ...NEVER_PRUNED },
      },
      spec: merged(
        {
          globalClusterIdentifier: names.globalCluster,
          ...(policy.roleArn === undefined ? {} : { aws: { roleArn: policy.roleArn } }),
          regions: regions.map(({ name, promotion }) => ({
            name,
            clusterIdentifier: names.of('aurora', name),
            promotion,
          })),
          objectives: { recoveryTime: policy.recoveryTime, recoveryPoint: policy.recoveryPoint },
          failover: { mode: policy.mode, dataLoss: policy.dataLoss },
          publish: {
            service: { name: policy.writerService },
            configMap: { name: policy.writerService },
            routing: { ...policy.routing },
          },
          notifications: { snsTopicArns: [...props.topics.values()].map(({ topicArn }) => topicArn) },
        },
        policy.spec,
        policy.witnessUrl === undefined ? {} : witnessOf(policy.witnessUrl, policy.spec),
      ),
    });
  }
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Later ones count, field by field; a list is one value. */
function merged(...all: readonly Fields[]): Fields {
  return all.reduce((sum, fields) => {
    const changed = Object.entries(fields).map(([name, value]) => {
      const before = sum[name];
      return [name, isFields(before) && isFields(value) ? merged(before, value) : value];
    });
    return { ...sum, ...(Object.fromEntries(changed) as Fields) };
  }, {});
}

/** Signals that are given are the only ones: the witness comes in addition to those, or to the usual ones. */
function witnessOf(url: string, { detection }: Fields): Fields {
  const areGiven = isFields(detection) && detection['signals'] !== undefined;
  const usual = areGiven ? {} : { controlPlane: {}, endpoint: {}, replication: {} };
  return { detection: { signals: { ...usual, http: { url } } } };
}
