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
export function accountKey(account: AwsAccount): string {
  return JSON.stringify([account.roleArn ?? '', account.externalId ?? '']);
}
