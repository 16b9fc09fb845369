import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { Route, RouteTable, RouteTableAssociation } from '../../imports/ec2.ts';
import type { Reference } from '../../managed/reference.ts';

/** Another VPC, and the link that leads to it. */
export interface PeerRoute {
  readonly region: string;
  readonly cidr: string;
  readonly connection: Reference;
}

export interface PeeredRoutesProps {
  readonly names: Names;
  readonly region: string;
  readonly vpc: Reference;
  /** All subnets of the VPC. */
  readonly subnets: readonly Reference[];
  readonly peers: readonly PeerRoute[];
}

/** Where the traffic of a VPC's subnets goes: to each other, and over the peerings. There is no way to the internet. */
export class PeeredRoutes extends Construct {
  readonly table: RouteTable;

  constructor(scope: Construct, id: string, { names, region, vpc, subnets, peers }: PeeredRoutesProps) {
    super(scope, id);
    this.table = new RouteTable(this, 'table', {
      name: names.of('route-table', region),
      forProvider: { region, vpcIdRef: vpc },
    });
    subnets.forEach((subnet, index) => {
      const part = `association-${String(index + 1)}`;
      new RouteTableAssociation(this, part, {
        name: names.of('route-table', region, part),
        forProvider: { region, routeTableIdRef: this.table.reference, subnetIdRef: subnet },
      });
    });
    for (const peer of peers) {
      new Route(this, `route-${peer.region}`, {
        name: names.of('route', region, peer.region),
        forProvider: {
          region,
          routeTableIdRef: this.table.reference,
          destinationCidrBlock: peer.cidr,
          vpcPeeringConnectionIdRef: peer.connection,
        },
      });
    }
  }
}
