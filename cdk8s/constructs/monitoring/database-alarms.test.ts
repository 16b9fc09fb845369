import { describe, expect, it } from '@jest/globals';
import { Testing } from 'cdk8s';
import { Names } from '../../configuration/names.ts';
import type { MetricAlarmParameters } from '../../imports/cloudwatch.ts';
import { testChart } from '../../managed/test-chart.ts';
import type { DatabaseAlarmsProps } from './database-alarms.ts';
import { DatabaseAlarms } from './database-alarms.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly forProvider: MetricAlarmParameters & { readonly alarmRule?: string } };
}

const props: DatabaseAlarmsProps = {
  names: new Names('test'),
  region: 'us-west-2',
  topicArn: 'arn:aws:sns:us-west-2:123456789012:topic-us-west-2-test',
  thresholds: {
    replicationLagMilliseconds: { threshold: 500, periods: 2, periodSeconds: 60 },
    cpuPercent: { threshold: 80, periods: 2, periodSeconds: 300 },
    connections: { threshold: 100, periods: 2, periodSeconds: 300 },
  },
};

function synthesize(changes: Partial<DatabaseAlarmsProps> = {}, scope: 'namespaced' | 'cluster' = 'namespaced') {
  const chart = testChart({ scope });
  const alarms = new DatabaseAlarms(chart, 'alarms', { ...props, ...changes });
  return { alarms, manifests: Testing.synth(chart) as readonly Manifest[] };
}

function alarmOf(manifests: readonly Manifest[], part: string): MetricAlarmParameters {
  const found = manifests.find(({ metadata }) => metadata.name === `alarm-${part}-us-west-2-test`);
  if (found === undefined) throw new Error(`there is no alarm ${part}`);
  return found.spec.forProvider;
}

describe('the alarms of a region', () => {
  it.each(['namespaced', 'cluster'] as const)('given the %s scope, are what the snapshot says', (scope) => {
    expect(synthesize({}, scope).manifests).toMatchSnapshot();
  });

  it('take a writer, which reports no lag, for one without trouble', () => {
    expect(alarmOf(synthesize().manifests, 'replication-lag')).toMatchObject({
      namespace: 'AWS/RDS',
      metricName: 'AuroraGlobalDBReplicationLag',
      dimensions: { DBClusterIdentifier: 'aurora-us-west-2-test' },
      threshold: 500,
      period: 60,
      evaluationPeriods: 2,
      treatMissingData: 'notBreaching',
    });
  });

  it('take a secondary without a lag for a broken one, by what the operator says of who writes', () => {
    const { metricQuery = [], ...silent } = alarmOf(synthesize().manifests, 'replication-silent');
    expect(silent).toMatchObject({ threshold: 1, comparisonOperator: 'GreaterThanOrEqualToThreshold' });
    expect(metricQuery.filter(({ returnData }) => returnData === true)).toHaveLength(1);
    expect(metricQuery.find(({ id }) => id === 'writer')?.metric).toMatchObject({
      namespace: 'AuroraDR',
      metricName: 'WriterRegion',
      dimensions: { GlobalCluster: 'aurora-global-test', Region: 'us-west-2' },
    });
    // Every series that the expression names is there.
    const expression = metricQuery.find(({ returnData }) => returnData === true)?.expression ?? '';
    const named = expression.match(/[a-z]+/g);
    expect(named?.toSorted()).toEqual(
      metricQuery.flatMap(({ id, metric }) => (metric && id !== undefined ? [id] : [])).toSorted(),
    );
  });

  it('take silence of the operator for what it is', () => {
    expect(alarmOf(synthesize().manifests, 'operator-silent')).toMatchObject({
      metricName: 'OperatorHeartbeat',
      dimensions: { GlobalCluster: 'aurora-global-test' },
      comparisonOperator: 'LessThanThreshold',
      treatMissingData: 'breaching',
    });
  });

  it.each([
    ['cpu', 'CPUUtilization', 80],
    ['connections', 'DatabaseConnections', 100],
  ])('watch %s of the busiest instance', (part, metricName, threshold) => {
    expect(alarmOf(synthesize().manifests, part)).toMatchObject({
      metricName,
      threshold,
      statistic: 'Maximum',
      period: 300,
      evaluationPeriods: 2,
      comparisonOperator: 'GreaterThanThreshold',
    });
  });

  it('tell the topic once each when they go off, and once when none is left', () => {
    for (const { kind, spec } of synthesize().manifests) {
      const { alarmActions, alarmActionsRefs, okActions } = spec.forProvider;
      const topic = [props.topicArn];
      expect([alarmActions, okActions]).toEqual(kind === 'MetricAlarm' ? [topic, undefined] : [undefined, topic]);
      // Crossplane takes these for references to scaling policies.
      expect(alarmActionsRefs).toBeUndefined();
    }
  });

  it.each([true, false])('given an operator: %p, are combined from alarms that exist, and all named', (hasOperator) => {
    const { alarms, manifests } = synthesize({ hasOperator });
    const names = manifests.map(({ metadata }) => metadata.name);
    const rule = manifests.find(({ kind }) => kind === 'CompositeAlarm')?.spec.forProvider.alarmRule ?? '';
    const combined = [...rule.matchAll(/ALARM\("([^"]+)"\)/g)].map(([, name]) => name);
    expect(combined).toHaveLength(hasOperator ? 4 : 3);
    expect(names).toEqual(expect.arrayContaining(combined));
    expect(alarms.alarmNames.toSorted()).toEqual(names.toSorted());
    expect(names.some((name) => name.includes('silent'))).toBe(hasOperator);
  });
});
