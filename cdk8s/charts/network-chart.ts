import type { Construct } from 'constructs';
import { RegionalNetwork } from '../constructs/network/regional-network.ts';
import type { Reference } from '../managed/reference.ts';
import type { InfrastructureChartProps } from './infrastructure-chart.ts';
import { InfrastructureChart } from './infrastructure-chart.ts';

/** Networks by the name of their region. */
export type Networks = ReadonlyMap<string, RegionalNetwork>;

export interface NetworkChartProps extends InfrastructureChartProps {
  /**
   * Keys that encrypt the flow logs, by region.
   * @default - keys of AWS's own
   */
  readonly logKeys?: ReadonlyMap<string, Reference>;
}

/** A network in each region; they are peered in the peering chart. */
export class NetworkChart extends InfrastructureChart {
  readonly networks: Networks;

  constructor(scope: Construct, { configuration, logKeys }: NetworkChartProps) {
    super(scope, 'network', { configuration });
    const { names, accountId, regions, network, functions, database } = configuration;
    this.networks = new Map(
      regions.map((region) => {
        const logKey = logKeys?.get(region.name);
        const regionalNetwork = new RegionalNetwork(this, region.name, {
          names,
          accountId,
          region,
          vpcs: regions,
          hasFunctions: functions.enabled,
          databasePort: database.port,
          hasInternetGateway: network.internetGateway,
          ...(network.flowLogs.enabled ? { flowLogs: network.flowLogs } : {}),
          ...(logKey === undefined ? {} : { logKey }),
        });
        return [region.name, regionalNetwork];
      }),
    );
  }
}
