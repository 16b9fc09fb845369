/** One rule of an IAM policy. */
export interface PolicyStatement {
  /** Letters and digits. */
  readonly sid: string;
  readonly effect?: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  /** @default - none: in policies of the resource itself */
  readonly resources?: readonly string[];
  /** @default - none: in policies of an identity */
  readonly principal?: Readonly<Record<string, string | readonly string[]>> | '*';
  /** Operator, then key, then values. @default - none */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** An IAM policy as the text that AWS takes; equal statements give equal text. */
export function policyDocument(statements: readonly PolicyStatement[]): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map(({ sid, effect = 'Allow', actions, resources, principal, conditions }) => ({
      Sid: sid,
      Effect: effect,
      ...(principal === undefined ? {} : { Principal: principal }),
      Action: actions,
      ...(resources === undefined ? {} : { Resource: resources }),
      ...(conditions === undefined ? {} : { Condition: conditions }),
    })),
  });
}

/** The policy by which a service of AWS takes on a role, on behalf of this account alone. */
export function trustPolicy(service: string, accountId: string): string {
  return policyDocument([
    {
      sid: 'ServiceOfThisAccount',
      actions: ['sts:AssumeRole'],
      principal: { Service: service },
      conditions: { StringEquals: { 'aws:SourceAccount': accountId } },
    },
  ]);
}
