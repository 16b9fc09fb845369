import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { Group } from '../../imports/cloudwatchlogs.ts';
import type { VPC } from '../../imports/ec2.ts';
import { FlowLog } from '../../imports/ec2.ts';
import { Role, RolePolicy } from '../../imports/iam.ts';
import type { Reference } from '../../managed/reference.ts';
import { policyDocument, trustPolicy } from '../identity/policy-document.ts';

/** What is logged, and for how long. */
export interface FlowLogOptions {
  readonly retentionDays: number;
  readonly trafficType: 'ALL' | 'ACCEPT' | 'REJECT';
  readonly aggregationSeconds: 60 | 600;
}

export interface FlowLogsProps {
  readonly names: Names;
  readonly accountId: string;
  readonly region: string;
  readonly vpc: VPC;
  readonly options: FlowLogOptions;
  /**
   * Key that encrypts the logs.
   * @default - a key of AWS's own
   */
  readonly key?: Reference;
}

/** What a VPC's network interfaces accepted and refused, in CloudWatch Logs, and the role that may write it. */
export class FlowLogs extends Construct {
  constructor(scope: Construct, id: string, props: FlowLogsProps) {
    super(scope, id);
    const { names, region, accountId } = props;
    const logGroupName = `/aws/vpc/${names.of('flow-log-group', region)}`;
    const group = new Group(this, 'group', {
      name: names.of('flow-log-group', region),
      externalName: logGroupName,
      forProvider: {
        region,
        retentionInDays: props.options.retentionDays,
        ...(props.key === undefined ? {} : { kmsKeyIdRef: props.key }),
      },
    });
    const role = new Role(this, 'role', {
      name: names.of('flow-log-role', region),
      forProvider: {
        description: `Writes the flow logs of the VPC in ${region}`,
        assumeRolePolicy: trustPolicy('vpc-flow-logs.amazonaws.com', accountId),
      },
    });
    new RolePolicy(this, 'policy', {
      name: names.of('flow-log-role', region),
      forProvider: {
        roleRef: role.reference,
        // Source: "Publish flow logs to CloudWatch Logs" in the VPC User Guide; the group exists already.
        policy: policyDocument([
          {
            sid: 'WriteThisGroup',
            actions: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
            resources: [`arn:aws:logs:${region}:${accountId}:log-group:${logGroupName}:*`],
          },
          {
            sid: 'FindGroups',
            actions: ['logs:DescribeLogGroups'],
            resources: [`arn:aws:logs:${region}:${accountId}:log-group:*`],
          },
        ]),
      },
    });
    new FlowLog(this, 'flow-log', {
      name: names.of('flow-log', region),
      forProvider: {
        region,
        vpcIdRef: props.vpc.reference,
        trafficType: props.options.trafficType,
        maxAggregationInterval: props.options.aggregationSeconds,
        logDestinationType: 'cloud-watch-logs',
        logDestinationRef: group.reference,
        iamRoleArnRef: role.reference,
      },
    });
  }
}
