import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import type { SecurityGroup } from '../../imports/ec2.ts';
import { SecurityGroupEgressRule, SecurityGroupIngressRule } from '../../imports/ec2.ts';
import type { RegionalNetwork, VpcRange } from './regional-network.ts';

/** Of MySQL. */
const DEFAULT_PORT = 3306;
const HTTPS = 443;

/** The other end of a rule: a range of addresses, or a security group of the same VPC. */
type Peer = { readonly cidrIpv4: string } | { readonly referencedSecurityGroupIdRef: { readonly name: string } };

export interface SecurityGroupRulesProps {
  readonly names: Names;
  readonly vpcs: readonly VpcRange[];
  readonly hasFunctions: boolean;
  /** Of the databases. @default 3306 */
  readonly databasePort?: number;
  /** Its security groups. */
  readonly network: Pick<
    RegionalNetwork,
    'region' | 'auroraSecurityGroup' | 'functionsSecurityGroup' | 'endpointsSecurityGroup'
  >;
}

/**
 * All rules of a region's security groups; what they do not name is closed. Answers need no rule, so Aurora and the endpoints
 * have none outwards. Security groups of another region cannot be referred to over a peering: there its VPC's range stands.
 *
 * The endpoints take whoever is in a VPC, not the functions alone: with private DNS their services' usual names lead to them,
 * so whom they refused, a client that reads the password or an operator, would be cut off from the service. Who may do what
 * there is for IAM to say.
 */
export class SecurityGroupRules extends Construct {
  readonly #names: Names;
  readonly #region: string;
  readonly #databasePort: number;

  constructor(scope: Construct, id: string, props: SecurityGroupRulesProps) {
    super(scope, id);
    const { names, network, vpcs, hasFunctions, databasePort = DEFAULT_PORT } = props;
    this.#databasePort = databasePort;
    this.#names = names;
    this.#region = network.region.name;
    for (const { name, cidr } of vpcs) {
      const peer = { cidrIpv4: cidr };
      this.#ingress(
        network.auroraSecurityGroup,
        `aurora-from-${name}`,
        databasePort,
        peer,
        `MySQL from the VPC of ${name}`,
      );
      this.#ingress(network.endpointsSecurityGroup, `endpoints-from-${name}`, HTTPS, peer, `The VPC of ${name}`);
    }
    if (hasFunctions) this.#openForFunctions(network, vpcs);
  }

  #openForFunctions(network: SecurityGroupRulesProps['network'], vpcs: readonly VpcRange[]): void {
    const { functionsSecurityGroup: functions, endpointsSecurityGroup: endpoints } = network;
    const endpointsHere = { referencedSecurityGroupIdRef: endpoints.reference };
    this.#egress(functions, 'functions-to-endpoints', HTTPS, endpointsHere, 'Endpoints of this region');
    for (const { name, cidr } of vpcs) {
      const peer = { cidrIpv4: cidr };
      this.#egress(functions, `functions-to-aurora-${name}`, this.#databasePort, peer, `Databases of ${name}`);
      if (name !== this.#region) {
        this.#egress(functions, `functions-to-endpoints-${name}`, HTTPS, peer, `Endpoints of ${name}`);
      }
    }
  }

  #ingress(group: SecurityGroup, part: string, port: number, peer: Peer, description: string): void {
    new SecurityGroupIngressRule(this, part, this.#rule(group, part, port, peer, description));
  }

  #egress(group: SecurityGroup, part: string, port: number, peer: Peer, description: string): void {
    new SecurityGroupEgressRule(this, part, this.#rule(group, part, port, peer, description));
  }

  #rule(group: SecurityGroup, part: string, port: number, peer: Peer, description: string) {
    return {
      name: this.#names.of('rule', this.#region, part),
      forProvider: {
        region: this.#region,
        securityGroupIdRef: group.reference,
        ipProtocol: 'tcp',
        fromPort: port,
        toPort: port,
        description,
        ...peer,
      },
    };
  }
}
