import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { AwsAccount } from '../../operator/aws/account.ts';
import { classify } from '../../operator/aws/classify.ts';
import type { CredentialSource } from '../../operator/aws/credential-pool.ts';
import { endpointOf, type AwsEndpoints } from '../../operator/aws/endpoints.ts';
import { AwsError } from '../../operator/aws/errors.ts';
import { clientConfig, createHttpHandler } from '../../operator/aws/region-clients.ts';
import { TransportError } from '../../operator/aws/transport-keeping-handler.ts';

/** Who calls AWS. */
export interface CallerIdentity {
  /** Twelve digits. */
  readonly accountId: string;
  /** Of the user or of the assumed role's session. */
  readonly arn: string;
}

export interface CallerIdentityQuery {
  readonly credentials: CredentialSource;
  readonly endpoints: AwsEndpoints;
  readonly account: AwsAccount;
  readonly region: string;
  readonly timeoutMilliseconds: number;
}

/**
 * Who calls would be made as in a region and account: the policy's role is assumed, where it has one, and the region's own
 * STS is asked. `sts:GetCallerIdentity` needs no right.
 *
 * @throws AwsError when there are no credentials, the role is not to be assumed, or STS does not answer in time
 */
export async function callerIdentity(query: CallerIdentityQuery): Promise<CallerIdentity> {
  const { credentials, endpoints, account, region, timeoutMilliseconds } = query;
  const own = () => credentials.fetch({}, region, () => Promise.reject(new AwsError('cannot ask for own credentials')));
  const handler = createHttpHandler('report');
  const client = new STSClient({
    ...clientConfig(region, endpointOf(endpoints, region, 'sts'), handler),
    credentials: () => credentials.fetch(account, region, own),
  });
  const abortSignal = AbortSignal.timeout(timeoutMilliseconds);
  const asked = client.send(new GetCallerIdentityCommand({}), { abortSignal });
  const { Account, Arn } = await asked
    .catch((error: unknown) => {
      const isOwn = error instanceof AwsError && !(error instanceof TransportError);
      const why = isOwn ? error.message : classify(error).classification.message;
      throw new AwsError(`cannot tell who calls AWS in ${region}: ${why}; check the credentials and the role`, {
        cause: error,
      });
    })
    .finally(() => client.destroy());
  if (Account === undefined || Arn === undefined) {
    throw new AwsError(`cannot tell who calls AWS in ${region}: STS answered without a name; check what answers there`);
  }
  return { accountId: Account, arn: Arn };
}
