import type { Construct } from 'constructs';
import type { GlobalDatabase } from '../constructs/database/global-database.ts';
import type { MultiRegionKey } from '../constructs/keys/multi-region-key.ts';
import { dashboardBody } from '../constructs/monitoring/dashboard-body.ts';
import { DatabaseAlarms } from '../constructs/monitoring/database-alarms.ts';
import { DatabaseEvents } from '../constructs/monitoring/database-events.ts';
import { operatorMetrics } from '../constructs/monitoring/operator-metrics.ts';
import { NotificationTopic } from '../constructs/monitoring/notification-topic.ts';
import { Dashboard } from '../imports/cloudwatch.ts';
import type { InfrastructureChartProps } from './infrastructure-chart.ts';
import { InfrastructureChart } from './infrastructure-chart.ts';

/** Topics by region. */
export type NotificationTopics = ReadonlyMap<string, NotificationTopic>;

export interface MonitoringChartProps extends InfrastructureChartProps {
  readonly key: Pick<MultiRegionKey, 'aliasName'>;
  readonly database: GlobalDatabase;
}

/** Topics, alarms and events in every region, each for itself; and one dashboard, which CloudWatch shows in all of them. */
export class MonitoringChart extends InfrastructureChart {
  readonly topics: NotificationTopics;

  constructor(scope: Construct, { configuration, key, database }: MonitoringChartProps) {
    super(scope, 'monitoring', { configuration });
    const { names, accountId, home, monitoring, policy } = configuration;
    const { roleArn } = policy;
    const metrics = operatorMetrics(policy.routing);
    this.topics = new Map(
      [...database.members.keys()].map((region) => [
        region,
        new NotificationTopic(this, `topic-${region}`, {
          names,
          accountId,
          region,
          keyAlias: key.aliasName(region),
          emails: monitoring.emails,
          hasDatabaseEvents: monitoring.events,
          ...(roleArn === undefined ? {} : { operatorRoleArn: roleArn }),
        }),
      ]),
    );
    const regions = [...this.topics].map(([region, { topic, topicArn }]) => {
      const alarms = new DatabaseAlarms(this, `alarms-${region}`, {
        names,
        region,
        topicArn,
        thresholds: monitoring,
        hasOperator: policy.enabled,
        operatorMetrics: metrics,
        hasComposite: monitoring.compositeAlarm,
      });
      if (monitoring.events) {
        new DatabaseEvents(this, `events-${region}`, {
          names,
          region,
          topic: topic.reference,
          cluster: names.of('aurora', region),
          instances: (database.members.get(region)?.instances ?? []).map(({ name }) => name),
        });
      }
      return { region, alarmNames: alarms.alarmNames };
    });
    if (!monitoring.dashboard) return;
    const thresholds = {
      replicationLagMilliseconds: monitoring.replicationLagMilliseconds.threshold,
      cpuPercent: monitoring.cpuPercent.threshold,
      connections: monitoring.connections.threshold,
    };
    new Dashboard(this, 'dashboard', {
      name: names.of('dashboard', 'global'),
      forProvider: {
        region: home,
        dashboardBody: dashboardBody({ names, accountId, regions, thresholds, operatorMetrics: metrics }),
      },
    });
  }
}
