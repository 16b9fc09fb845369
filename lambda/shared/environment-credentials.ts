import type { Credentials, CredentialSource } from '../../operator/aws/credential-pool.ts';
import { AwsError } from '../../operator/aws/errors.ts';
import { defined } from '../../operator/failover/defined.ts';

/**
 * The credentials of the function's role, which Lambda keeps in the environment. Nothing is asked for them, so that the
 * loss of another region's STS or IAM changes nothing.
 */
export class EnvironmentCredentials implements CredentialSource {
  readonly #environment: Readonly<Record<string, string | undefined>>;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.#environment = environment;
  }

  fetch(): Promise<Credentials> {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = this.#environment;
    if (AWS_ACCESS_KEY_ID === undefined || AWS_SECRET_ACCESS_KEY === undefined) {
      return Promise.reject(
        new AwsError('cannot sign calls to AWS: AWS_ACCESS_KEY_ID is not set; give the function a role'),
      );
    }
    return Promise.resolve(
      defined({
        accessKeyId: AWS_ACCESS_KEY_ID,
        secretAccessKey: AWS_SECRET_ACCESS_KEY,
        sessionToken: AWS_SESSION_TOKEN,
      }),
    );
  }

  close(): void {
    // Nothing is held.
  }
}
