import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { VPCEndpoint, VPCEndpointSecurityGroupAssociation, VPCEndpointSubnetAssociation } from '../../imports/ec2.ts';
import type { PolicyStatement } from '../identity/policy-document.ts';
import { policyDocument } from '../identity/policy-document.ts';
import type { RegionalNetwork } from './regional-network.ts';

export interface InterfaceEndpointProps {
  readonly names: Names;
  readonly accountId: string;
  readonly network: RegionalNetwork;
  /** Service of AWS as endpoints call it: `rds`, `monitoring`. */
  readonly service: string;
}

/**
 * A service of AWS inside the VPC, in every subnet: under its usual name there, and under the endpoint's own name
 * (`vpce-…`) over the peerings. It serves this region's service alone, and identities of this account alone.
 *
 * Subnets and security group are objects of their own because `VPCEndpoint` has no field for them: without these objects
 * the endpoint would be in no subnet, and in the VPC's default security group.
 */
export class InterfaceEndpoint extends Construct {
  readonly endpoint: VPCEndpoint;

  constructor(scope: Construct, id: string, { names, accountId, network, service }: InterfaceEndpointProps) {
    super(scope, id);
    const region = network.region.name;
    this.endpoint = new VPCEndpoint(this, 'endpoint', {
      name: names.of('endpoint', region, service),
      labels: { 'aurora-dr.io/region': region, 'aurora-dr.io/endpoint-service': service },
      forProvider: {
        region,
        vpcIdRef: network.vpc.reference,
        vpcEndpointType: 'Interface',
        serviceName: `com.amazonaws.${region}.${service}`,
        privateDnsEnabled: true,
        policy: policyDocument(endpointStatements(service, accountId)),
      },
    });
    network.subnets.forEach((subnet, index) => {
      const part = `${service}-subnet-${String(index + 1)}`;
      new VPCEndpointSubnetAssociation(this, `subnet-${String(index + 1)}`, {
        name: names.of('endpoint', region, part),
        forProvider: { region, vpcEndpointIdRef: this.endpoint.reference, subnetIdRef: subnet.reference },
      });
    });
    new VPCEndpointSecurityGroupAssociation(this, 'security-group', {
      name: names.of('endpoint', region, service),
      forProvider: {
        region,
        vpcEndpointIdRef: this.endpoint.reference,
        securityGroupIdRef: network.endpointsSecurityGroup.reference,
        replaceDefaultAssociation: true,
      },
    });
  }
}

function endpointStatements(service: string, accountId: string): PolicyStatement[] {
  const everything = { resources: ['*'], principal: '*' } as const;
  const identities: PolicyStatement = {
    ...everything,
    sid: 'IdentitiesOfThisAccount',
    actions: ['*'],
    conditions: { StringEquals: { 'aws:PrincipalAccount': accountId } },
  };
  if (service !== 'sts') return [identities];
  return [
    identities,
    {
      // Whoever comes with the token of a Pod is nobody yet and has no account: the role's counts. Without this an operator
      // in one of the VPCs could not take on its role. Source: "Control access to AWS STS with VPC endpoint policies" in the
      // IAM User Guide.
      ...everything,
      sid: 'TokensForRolesOfThisAccount',
      actions: ['sts:AssumeRoleWithWebIdentity'],
      conditions: { StringEquals: { 'aws:ResourceAccount': accountId } },
    },
  ];
}
