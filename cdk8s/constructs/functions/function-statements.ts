import type { Names } from '../../configuration/names.ts';
import type { FunctionName } from './function-name.ts';
import type { FunctionPermission, PermittedResource } from '../../../lambda/permissions.ts';
import { FUNCTION_PERMISSIONS } from '../../../lambda/permissions.ts';
import type { PolicyStatement } from '../identity/policy-document.ts';

export interface FunctionStatementsProps {
  readonly names: Names;
  readonly accountId: string;
  /** Where the function runs. */
  readonly region: string;
  /** All regions of the global database. */
  readonly regions: readonly string[];
  readonly function: FunctionName;
  /** Name of the function in AWS. */
  readonly functionName: string;
  readonly logGroupName: string;
  readonly queueName: string;
  readonly topicArn: string;
  /** Namespace of the metrics that it puts. */
  readonly metricNamespace: string;
  /** Alias of the region's key, with which the topic is encrypted. */
  readonly keyAlias: string;
}

/** What Lambda does with a function's network interfaces, in the name of its role; Describe actions know no resources. */
const INTERFACE_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
] as const;
const INTERFACE_QUERIES = ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'] as const;

/** The policy of a function's role: what its code calls, and what Lambda needs to run it. What it does not say is denied. */
export function functionStatements(props: FunctionStatementsProps): readonly PolicyStatement[] {
  const called = FUNCTION_PERMISSIONS[props.function].map((permission, index) =>
    calledStatement(permission, index, props),
  );
  return [...called, ...runtimeStatements(props), ...networkStatements(props)];
}

function calledStatement(
  { actions, resources, isLimitedToNamespace = false }: FunctionPermission,
  index: number,
  props: FunctionStatementsProps,
): PolicyStatement {
  return {
    sid: `Code${String(index + 1)}`,
    actions,
    resources: resources.flatMap((resource) => arnsOf(resource, props)),
    ...(isLimitedToNamespace
      ? { conditions: { StringEquals: { 'cloudwatch:namespace': props.metricNamespace } } }
      : {}),
  };
}

function arnsOf(resource: PermittedResource, props: FunctionStatementsProps): readonly string[] {
  const { names, accountId, regions, topicArn } = props;
  switch (resource) {
    case 'globalCluster':
      return [`arn:aws:rds::${accountId}:global-cluster:${names.globalCluster}`];
    case 'clusters':
      return regions.map((region) => `arn:aws:rds:${region}:${accountId}:cluster:${names.of('aurora', region)}`);
    case 'topics':
      return [topicArn];
    case 'any':
      return ['*'];
  }
}

function runtimeStatements(props: FunctionStatementsProps): readonly PolicyStatement[] {
  const { region, accountId, logGroupName, queueName, keyAlias } = props;
  const here = `${region}:${accountId}`;
  return [
    {
      sid: 'Log',
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [`arn:aws:logs:${here}:log-group:${logGroupName}:*`],
    },
    { sid: 'LeaveDeadLetters', actions: ['sqs:SendMessage'], resources: [`arn:aws:sqs:${here}:${queueName}`] },
    {
      // A key has an id that AWS gives: its alias says which one is meant.
      sid: 'EncryptNotifications',
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [`arn:aws:kms:${here}:key/*`],
      conditions: {
        'ForAnyValue:StringEquals': { 'kms:ResourceAliases': keyAlias },
        StringEquals: { 'kms:ViaService': `sns.${region}.amazonaws.com` },
      },
    },
  ];
}

/** Source: "Giving Lambda functions access to resources in an Amazon VPC" in the Lambda Developer Guide. */
function networkStatements({ region, accountId, functionName }: FunctionStatementsProps): readonly PolicyStatement[] {
  const here = `${region}:${accountId}`;
  return [
    {
      sid: 'BeInTheVpc',
      actions: INTERFACE_ACTIONS,
      resources: ['network-interface', 'subnet', 'security-group'].map((type) => `arn:aws:ec2:${here}:${type}/*`),
    },
    { sid: 'SeeTheVpc', actions: INTERFACE_QUERIES, resources: ['*'] },
    {
      // Lambda itself needs them, the code never does.
      sid: 'NotFromCode',
      effect: 'Deny',
      actions: [...INTERFACE_ACTIONS, ...INTERFACE_QUERIES],
      resources: ['*'],
      conditions: { ArnEquals: { 'lambda:SourceFunctionArn': `arn:aws:lambda:${here}:function:${functionName}` } },
    },
  ];
}
