import type { Construct } from 'constructs';
import { RoutingHealthCheck } from '../constructs/dns/routing-health-check.ts';
import { WriterRecords } from '../constructs/dns/writer-records.ts';
import { operatorMetrics } from '../constructs/monitoring/operator-metrics.ts';
import { Zone } from '../imports/route53.ts';
import type { InfrastructureChartProps } from './infrastructure-chart.ts';
import { InfrastructureChart } from './infrastructure-chart.ts';
import type { Networks } from './network-chart.ts';

export interface DnsChartProps extends InfrastructureChartProps {
  /** Where a private zone answers. */
  readonly networks: Networks;
}

/** The zone, and a name that follows the writer. docs/concepts/dns.md says how, and how long that takes. */
export class DnsChart extends InfrastructureChart {
  constructor(scope: Construct, { configuration, networks }: DnsChartProps) {
    super(scope, 'dns', { configuration });
    const { dns, names, primary, policy } = configuration;
    if (!dns.enabled) return;
    const regions = configuration.regions.map(({ name }) => name);
    const { namespace, writerRegion } = operatorMetrics(policy.routing);
    const metric = {
      namespace,
      name: writerRegion,
      globalClusterIdentifier: names.globalCluster,
    };
    const vpcs = [...networks].map(([vpcRegion, { vpc }]) => ({ vpcIdRef: vpc.reference, vpcRegion }));
    const zone = new Zone(this, 'zone', {
      name: names.of('zone', 'global'),
      holdsData: true,
      forProvider: {
        name: dns.zone,
        comment: `Names of ${names.globalCluster}`,
        forceDestroy: false,
        ...(dns.visibility === 'Private' ? { vpc: vpcs } : {}),
      },
    });
    const healthChecks = new Map(
      regions.map((region) => {
        const { alarmPeriods } = dns;
        const check = new RoutingHealthCheck(this, region, { names, metric, region, regions, alarmPeriods });
        return [region, check.reference];
      }),
    );
    new WriterRecords(this, 'writer', {
      names,
      zone,
      domain: dns.zone,
      record: dns.record,
      ttlSeconds: dns.ttlSeconds,
      regions,
      primary,
      healthChecks,
      endpoints: dns.writerEndpoints,
    });
  }
}
