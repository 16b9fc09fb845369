/**
 * Stands in for `@aws-sdk/credential-provider-node` in the bundles: the functions give each client the credentials of
 * their role, so that the default chain, with its clients for SSO and STS, is never asked.
 */
export const defaultProvider = () => (): Promise<never> =>
  Promise.reject(new Error('cannot find credentials: a client of AWS was made without any; report this as a bug'));
