/**
 * The AWS account that a policy's clusters live in, named by the role to assume there. Without a role it is the account
 * of the operator's own credentials.
 */
export interface AwsAccount {
  readonly roleArn?: string;
  /** Handed to STS with the role, when the account's owner asks for one. */
  readonly externalId?: string;
}

/** Equal for equal accounts: clients, credentials and observers are shared under this key. */
export function accountKey({ roleArn = '', externalId = '' }: AwsAccount): string {
  return roleArn === '' && externalId === '' ? OWN_ACCOUNT : keyOf(roleArn, externalId);
}

const keyOf = (roleArn: string, externalId: string): string => JSON.stringify([roleArn, externalId]);
/** Most installations have no other, and it is asked for with every round. */
const OWN_ACCOUNT = keyOf('', '');
