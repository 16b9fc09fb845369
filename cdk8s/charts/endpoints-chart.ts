import type { Construct } from 'constructs';
import { InterfaceEndpoint } from '../constructs/network/interface-endpoint.ts';
import type { InfrastructureChartProps } from './infrastructure-chart.ts';
import { InfrastructureChart } from './infrastructure-chart.ts';
import type { Networks } from './network-chart.ts';

export interface EndpointsChartProps extends InfrastructureChartProps {
  readonly networks: Networks;
}

/**
 * The services of AWS that private functions reach, in every region. S3 is not among them: Lambda fetches a function's code
 * itself, when it is created or updated, with the rights of who does that.
 */
export class EndpointsChart extends InfrastructureChart {
  constructor(scope: Construct, { configuration, networks }: EndpointsChartProps) {
    super(scope, 'endpoints', { configuration });
    const { names, accountId, network } = configuration;
    for (const [region, regionalNetwork] of networks) {
      for (const service of network.endpoints) {
        new InterfaceEndpoint(this, `${region}-${service}`, { names, accountId, network: regionalNetwork, service });
      }
    }
  }
}
