import { describe, expect, it } from '@jest/globals';
import { createConfiguration } from '../configuration/configuration.ts';
import type { ConfigurationInput } from '../configuration/schema.ts';
import { createInfrastructure } from '../infrastructure.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly forProvider: Readonly<Record<string, unknown>> };
}

function manifestsOf(input: Partial<ConfigurationInput> = {}): readonly Manifest[] {
  const charts = createInfrastructure(createConfiguration({ suffix: 'prod', accountId: '123456789012', ...input }));
  return (charts.find(({ fileName }) => fileName === '50-monitoring.yaml')?.toJson() ?? []) as readonly Manifest[];
}

const ofKind = (manifests: readonly Manifest[], kind: string) => manifests.filter((manifest) => manifest.kind === kind);

const alarmNames = (region: string, ...parts: readonly string[]) => parts.map((part) => `alarm-${part}-${region}-prod`);

describe('the monitoring chart', () => {
  it('by default, has topic, alarms and events in both regions, whatever their roles', () => {
    const manifests = manifestsOf();
    const names = (kind: string) => ofKind(manifests, kind).map(({ metadata }) => metadata.name);
    expect(names('Topic')).toEqual(['topic-us-east-1-prod', 'topic-us-west-2-prod']);
    const parts = ['replication-lag', 'cpu', 'connections', 'replication-silent', 'operator-silent'];
    expect(names('MetricAlarm')).toEqual([...alarmNames('us-east-1', ...parts), ...alarmNames('us-west-2', ...parts)]);
    expect(names('CompositeAlarm')).toEqual([
      ...alarmNames('us-east-1', 'database'),
      ...alarmNames('us-west-2', 'database'),
    ]);
    expect(names('EventSubscription')).toHaveLength(4);
    expect(names('Dashboard')).toEqual(['dashboard-global-prod']);
    expect(names('TopicSubscription')).toEqual([]);
  });

  it('keeps every alarm and event in the region of its topic, and encrypts topics with that region’s key', () => {
    const manifests = manifestsOf();
    for (const { metadata, spec } of manifests.filter(({ kind }) => kind !== 'Dashboard')) {
      expect(metadata.name).toContain(String(spec.forProvider['region']));
    }
    for (const { spec } of ofKind(manifests, 'MetricAlarm')) {
      const region = String(spec.forProvider['region']);
      expect(spec.forProvider['alarmActions']).toEqual([`arn:aws:sns:${region}:123456789012:topic-${region}-prod`]);
    }
    for (const { spec } of ofKind(manifests, 'Topic')) {
      expect(spec.forProvider['kmsMasterKeyId']).toBe(`alias/key-${String(spec.forProvider['region'])}-prod`);
    }
  });

  it('given addresses, subscribes each in every region', () => {
    const manifests = manifestsOf({ monitoring: { emails: ['oncall@example.com', 'dba@example.com'] } });
    expect(ofKind(manifests, 'TopicSubscription')).toHaveLength(4);
  });

  it('given thresholds, goes off at these', () => {
    const cpuPercent = { threshold: 70, periods: 3, periodSeconds: 60 };
    const alarms = ofKind(manifestsOf({ monitoring: { cpuPercent } }), 'MetricAlarm').filter(
      ({ spec }) => spec.forProvider['metricName'] === 'CPUUtilization',
    );
    expect(alarms).toHaveLength(2);
    for (const { spec } of alarms) {
      expect(spec.forProvider).toMatchObject({ threshold: 70, evaluationPeriods: 3, period: 60 });
    }
  });

  it('given that there is to be no dashboard, has none', () => {
    expect(ofKind(manifestsOf({ monitoring: { dashboard: false } }), 'Dashboard')).toEqual([]);
  });

  it('given that RDS’s events are not wanted, or no alarm for all, has none and the rest still', () => {
    const manifests = manifestsOf({ monitoring: { events: false, compositeAlarm: false } });
    expect(ofKind(manifests, 'EventSubscription')).toEqual([]);
    expect(ofKind(manifests, 'CompositeAlarm')).toEqual([]);
    expect(ofKind(manifests, 'MetricAlarm')).toHaveLength(10);
    expect(JSON.stringify(ofKind(manifests, 'Dashboard'))).not.toContain('alarm-database-');
  });

  it('given no policy, has no alarm that needs an operator', () => {
    expect(JSON.stringify(manifestsOf({ policy: { enabled: false }, monitoring: { dashboard: false } }))).not.toContain(
      'AuroraDR',
    );
  });

  it('given the role of an operator, lets it publish in every region', () => {
    const roleArn = 'arn:aws:iam::123456789012:role/operator';
    const policies = ofKind(manifestsOf({ policy: { roleArn } }), 'TopicPolicy');
    expect(policies).toHaveLength(2);
    for (const { spec } of policies) expect(spec.forProvider['policy']).toContain(`{"AWS":"${roleArn}"}`);
  });
});
