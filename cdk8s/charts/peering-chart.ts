import type { Construct } from 'constructs';
import type { RegionalNetwork } from '../constructs/network/regional-network.ts';
import { PeeredRoutes } from '../constructs/peering/peered-routes.ts';
import type { PeerRoute } from '../constructs/peering/peered-routes.ts';
import { VpcPeering } from '../constructs/peering/vpc-peering.ts';
import type { InfrastructureChartProps } from './infrastructure-chart.ts';
import { InfrastructureChart } from './infrastructure-chart.ts';
import type { Networks } from './network-chart.ts';

export interface PeeringChartProps extends InfrastructureChartProps {
  readonly networks: Networks;
}

/** A link between every two regions, and the routes over it: peerings are not transitive. */
export class PeeringChart extends InfrastructureChart {
  constructor(scope: Construct, { configuration, networks }: PeeringChartProps) {
    super(scope, 'peering', { configuration });
    const { names, accountId, network } = configuration;
    const { peering } = network;
    const routes = new Map<string, PeerRoute[]>();
    const addRoute = (from: string, route: PeerRoute) => routes.set(from, [...(routes.get(from) ?? []), route]);
    // In the order of the configuration, whoever is the primary: a role swap changes no peering.
    for (const [one, other] of peering.enabled ? pairsOf([...networks.values()]) : []) {
      const [requester, accepter] = [one.region, other.region];
      const { connection } = new VpcPeering(this, `${requester.name}-${accepter.name}`, {
        names,
        accountId,
        requester: { region: requester.name, vpc: one.vpc.reference },
        accepter: { region: accepter.name, vpc: other.vpc.reference },
        resolvesNames: peering.resolvesNames,
      });
      addRoute(requester.name, { region: accepter.name, cidr: accepter.cidr, connection: connection.reference });
      addRoute(accepter.name, { region: requester.name, cidr: requester.cidr, connection: connection.reference });
    }
    for (const [region, { vpc, subnets }] of networks) {
      new PeeredRoutes(this, `routes-${region}`, {
        names,
        region,
        vpc: vpc.reference,
        subnets: subnets.map((subnet) => subnet.reference),
        peers: routes.get(region) ?? [],
      });
    }
  }
}

function pairsOf(networks: readonly RegionalNetwork[]): [RegionalNetwork, RegionalNetwork][] {
  return networks.flatMap((one, index) =>
    networks.slice(index + 1).map((other): [RegionalNetwork, RegionalNetwork] => [one, other]),
  );
}
