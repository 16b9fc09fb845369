import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { VPCPeeringConnection, VPCPeeringConnectionAccepter, VPCPeeringConnectionOptions } from '../../imports/ec2.ts';
import type { Reference } from '../../managed/reference.ts';

/** One side of a peering. */
export interface PeeringSide {
  readonly region: string;
  readonly vpc: Reference;
}

export interface VpcPeeringProps {
  readonly names: Names;
  readonly accountId: string;
  readonly requester: PeeringSide;
  readonly accepter: PeeringSide;
  /** Whether names of one VPC resolve to private addresses in the other. @default true */
  readonly resolvesNames?: boolean;
}

/**
 * The link between the VPCs of two regions. Names resolve over it to private addresses; each side has to allow that in its own
 * region ("VPC peering connection options" in the VPC Peering Guide).
 */
export class VpcPeering extends Construct {
  readonly connection: VPCPeeringConnection;

  constructor(scope: Construct, id: string, props: VpcPeeringProps) {
    super(scope, id);
    const { names, accountId, requester, accepter, resolvesNames = true } = props;
    this.connection = new VPCPeeringConnection(this, 'connection', {
      name: names.of('peering', requester.region, accepter.region),
      forProvider: {
        region: requester.region,
        vpcIdRef: requester.vpc,
        peerVpcIdRef: accepter.vpc,
        peerRegion: accepter.region,
        peerOwnerId: accountId,
      },
    });
    new VPCPeeringConnectionAccepter(this, 'accepter', {
      name: names.of('peering', accepter.region, requester.region),
      forProvider: {
        region: accepter.region,
        vpcPeeringConnectionIdRef: this.connection.reference,
        autoAccept: true,
      },
    });
    const resolveNames = { allowRemoteVpcDnsResolution: resolvesNames };
    new VPCPeeringConnectionOptions(this, 'requester-options', {
      name: names.of('peering', requester.region, accepter.region),
      forProvider: {
        region: requester.region,
        vpcPeeringConnectionIdRef: this.connection.reference,
        requester: resolveNames,
      },
    });
    new VPCPeeringConnectionOptions(this, 'accepter-options', {
      name: names.of('peering', accepter.region, requester.region),
      forProvider: {
        region: accepter.region,
        vpcPeeringConnectionIdRef: this.connection.reference,
        accepter: resolveNames,
      },
    });
  }
}
