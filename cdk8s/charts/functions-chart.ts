import type { Construct } from 'constructs';
import { FunctionCodeBucket } from '../constructs/functions/function-code-bucket.ts';
import { functionEnvironment } from '../constructs/functions/function-environment.ts';
import type { FunctionName } from '../constructs/functions/function-name.ts';
import type { FunctionCode, PrivateFunctionProps } from '../constructs/functions/private-function.ts';
import { PrivateFunction } from '../constructs/functions/private-function.ts';
import type { MultiRegionKey } from '../constructs/keys/multi-region-key.ts';
import type { NotificationTopic } from '../constructs/monitoring/notification-topic.ts';
import type { OperatorMetrics } from '../constructs/monitoring/operator-metrics.ts';
import { operatorMetrics } from '../constructs/monitoring/operator-metrics.ts';
import type { RegionalNetwork } from '../constructs/network/regional-network.ts';
import { functionCode } from './function-code.ts';
import type { InfrastructureChartProps } from './infrastructure-chart.ts';
import { InfrastructureChart } from './infrastructure-chart.ts';

import type { Networks } from './network-chart.ts';

export interface FunctionsChartProps extends InfrastructureChartProps {
  readonly networks: Networks;
  readonly topics: ReadonlyMap<string, Pick<NotificationTopic, 'topicArn'>>;
  readonly key: Pick<MultiRegionKey, 'aliasName'>;
  /** @default - bundled from lambda/ */
  readonly codeOf?: (name: FunctionName) => FunctionCode;
}

/** What is the same for both functions of a region. */
type Common = Omit<PrivateFunctionProps, 'function' | 'description' | 'code' | 'timeoutSeconds'>;

/**
 * Health monitor and failover function in every region: whichever is lost, another has both. Each works with what its own
 * region has; other regions are observed through their endpoints' own names, as far as those are known.
 */
export class FunctionsChart extends InfrastructureChart {
  readonly #codeOf: (name: FunctionName) => FunctionCode;

  constructor(scope: Construct, props: FunctionsChartProps) {
    super(scope, 'functions', props);
    this.#codeOf = props.codeOf ?? functionCode;
    if (!this.configuration.functions.enabled) return;
    for (const [region, network] of props.networks) {
      const topicArn = props.topics.get(region)?.topicArn;
      if (topicArn === undefined) {
        throw new Error(
          `cannot create the functions of ${region}: it has no topic; create one in the monitoring chart`,
        );
      }
      this.#createFunctions(this.#commonOf(network, topicArn, props.key.aliasName(region)));
    }
  }

  get #metrics(): OperatorMetrics {
    return operatorMetrics(this.configuration.policy.routing);
  }

  #commonOf({ region, subnets, functionsSecurityGroup }: RegionalNetwork, topicArn: string, keyAlias: string): Common {
    const { names, accountId, regions, network, functions } = this.configuration;
    const metricNamespace = this.#metrics.namespace;
    const { bucket } = new FunctionCodeBucket(this, `code-${region.name}`, { names, accountId, region: region.name });
    return {
      names,
      accountId,
      region: region.name,
      regions: regions.map(({ name }) => name),
      bucket,
      subnets: subnets.map((subnet) => subnet.reference),
      securityGroup: functionsSecurityGroup.reference,
      environment: functionEnvironment({
        names,
        region: region.name,
        regions,
        endpointNames: network.endpointNames,
        topicArn,
        metricNamespace,
      }),
      memoryMegabytes: functions.memoryMegabytes,
      logRetentionDays: functions.logRetentionDays,
      deadLetterRetentionDays: functions.deadLetterRetentionDays,
      topicArn,
      keyAlias,
      metricNamespace,
    };
  }

  #createFunctions(common: Common): void {
    const { names, functions, monitoring } = this.configuration;
    const lag = monitoring.replicationLagMilliseconds.threshold;
    new PrivateFunction(this, `health-monitor-${common.region}`, {
      ...common,
      function: 'health-monitor',
      description: `Observes ${names.globalCluster}, and tells what changes`,
      code: this.#codeOf('health-monitor'),
      timeoutSeconds: functions.monitorTimeoutSeconds,
      environment: { ...common.environment, AURORA_DR_LAG_THRESHOLD: `${String(lag)}ms` },
      schedule: {
        minutes: functions.scheduleMinutes,
        namespace: common.metricNamespace,
        heartbeat: this.#metrics.monitorHeartbeat,
        globalClusterIdentifier: names.globalCluster,
      },
    });
    new PrivateFunction(this, `failover-${common.region}`, {
      ...common,
      function: 'failover',
      description: `Makes another region the writer of ${names.globalCluster}, when a person says so`,
      code: this.#codeOf('failover'),
      timeoutSeconds: functions.failoverTimeoutSeconds,
      environment: { ...common.environment, AURORA_DR_ROUTING_METRIC: this.#metrics.writerRegion },
    });
  }
}
