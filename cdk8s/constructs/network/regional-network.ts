import { Construct } from 'constructs';
import type { RegionConfiguration } from '../../configuration/configuration.ts';
import type { Names } from '../../configuration/names.ts';
import { InternetGateway, SecurityGroup, Subnet, VPC } from '../../imports/ec2.ts';
import type { Reference } from '../../managed/reference.ts';
import type { FlowLogOptions } from './flow-logs.ts';
import { FlowLogs } from './flow-logs.ts';
import { SecurityGroupRules } from './security-group-rules.ts';

/** The range of a VPC of the set-up. */
export interface VpcRange {
  /** Its region. */
  readonly name: string;
  readonly cidr: string;
}

export interface RegionalNetworkProps {
  readonly names: Names;
  readonly accountId: string;
  readonly region: RegionConfiguration;
  /** All of the set-up, this one among them: they are peered. */
  readonly vpcs: readonly VpcRange[];
  /**
   * Whether functions run here, for which ways to databases and endpoints are opened.
   * @default true
   */
  readonly hasFunctions?: boolean;
  /** Where databases listen. @default 3306 */
  readonly databasePort?: number;
  /**
   * Whether the VPC gets an internet gateway; no route leads there.
   * @default false
   */
  readonly hasInternetGateway?: boolean;
  /** @default - no flow logs */
  readonly flowLogs?: FlowLogOptions;
  /**
   * Key that encrypts the flow logs; its policy must let CloudWatch Logs of the region use it.
   * @default - a key of AWS's own
   */
  readonly logKey?: Reference;
}

/** A VPC with private subnets only, and who may talk to whom in it. */
export class RegionalNetwork extends Construct {
  readonly region: RegionConfiguration;
  readonly vpc: VPC;
  /** One in each zone, in the order of the configuration. */
  readonly subnets: readonly Subnet[];
  /** Of Aurora: its port from every VPC of the set-up, nothing outwards. */
  readonly auroraSecurityGroup: SecurityGroup;
  /** Of the functions: outwards to interface endpoints and databases alone. */
  readonly functionsSecurityGroup: SecurityGroup;
  /** Of the interface endpoints: 443 from every VPC of the set-up. */
  readonly endpointsSecurityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, props: RegionalNetworkProps) {
    super(scope, id);
    const { names, region } = props;
    this.region = region;
    this.vpc = new VPC(this, 'vpc', {
      name: names.of('vpc', region.name),
      forProvider: {
        region: region.name,
        cidrBlock: region.cidr,
        enableDnsSupport: true,
        enableDnsHostnames: true,
      },
    });
    this.subnets = region.subnets.map(
      ({ zone, cidr }, index) =>
        new Subnet(this, `subnet-${String(index + 1)}`, {
          name: names.of('subnet', region.name, index + 1),
          forProvider: {
            region: region.name,
            vpcIdRef: this.vpc.reference,
            availabilityZone: zone,
            cidrBlock: cidr,
            mapPublicIpOnLaunch: false,
          },
        }),
    );
    const securityGroup = (type: 'aurora-sg' | 'functions-sg' | 'endpoints-sg', description: string): SecurityGroup =>
      new SecurityGroup(this, type, {
        name: names.of(type, region.name),
        forProvider: {
          region: region.name,
          vpcIdRef: this.vpc.reference,
          name: names.of(type, region.name),
          description,
        },
      });
    this.auroraSecurityGroup = securityGroup('aurora-sg', 'Aurora: MySQL from the VPCs of the set-up');
    this.functionsSecurityGroup = securityGroup('functions-sg', 'Functions: to interface endpoints and databases');
    this.endpointsSecurityGroup = securityGroup(
      'endpoints-sg',
      'Interface endpoints: HTTPS from the VPCs of the set-up',
    );
    new SecurityGroupRules(this, 'rules', {
      names,
      network: this,
      vpcs: props.vpcs,
      hasFunctions: props.hasFunctions ?? true,
      ...(props.databasePort === undefined ? {} : { databasePort: props.databasePort }),
    });
    if (props.flowLogs) {
      new FlowLogs(this, 'flow-logs', {
        names,
        accountId: props.accountId,
        region: region.name,
        vpc: this.vpc,
        options: props.flowLogs,
        ...(props.logKey === undefined ? {} : { key: props.logKey }),
      });
    }
    if (props.hasInternetGateway === true) {
      new InternetGateway(this, 'internet-gateway', {
        name: names.of('igw', region.name),
        forProvider: { region: region.name, vpcIdRef: this.vpc.reference },
      });
    }
  }
}
