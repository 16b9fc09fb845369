import type { Clock } from '../runtime/clock.ts';
import { abortable } from './abortable.ts';
import { CallTimeoutError } from './call-timeout-error.ts';
import { accountKey, type AwsAccount } from './account.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Absent: they do not expire by themselves. */
  readonly expiration?: Date;
}

/** Where credentials come from. */
export interface CredentialSource {
  /** @param own the process's own credentials for that region, remembered: what roles are assumed with */
  fetch(account: AwsAccount, region: string, own: () => Promise<Credentials>): Promise<Credentials>;
  close(): void;
}

export type FetchCredentials = (account: AwsAccount, region: string) => Promise<Credentials>;

/** Credentials without an expiration are read anew this often: a mounted file may have changed. */
const UNDATED_MILLISECONDS = 5 * 60_000;
/** A source that hangs is asked again after this long. */
const FETCH_TIMEOUT_MILLISECONDS = 10_000;
/** A session this close to its end is not handed out any more. */
const MARGIN_MILLISECONDS = 60_000;

interface Held {
  readonly credentials: Credentials;
  readonly refreshAt: number;
  readonly unusableAt: number;
}

/**
 * Credentials by account and region. Each region's are fetched through that region itself, in the background and early.
 * A session is valid in every region of its partition: while a region has none of its own, because its STS is lost with
 * it, those that another region got for the same account serve. Otherwise the loss of a region would turn, an hour
 * later, into credentials trouble of our own and say nothing about the region any more.
 */
export class CredentialPool {
  readonly #fetch: FetchCredentials;
  readonly #clock: Clock;
  readonly #held = new Map<string, Map<string, Held>>();
  readonly #fetching = new Map<string, Map<string, Promise<Credentials>>>();

  /** Those who wait for any region's credentials, by account. */
  readonly #arrivals = new Map<string, Set<(credentials: Credentials) => void>>();

  constructor(props: { fetch: FetchCredentials; clock: Clock }) {
    this.#fetch = props.fetch;
    this.#clock = props.clock;
  }

  /** Rejects with the reason of the region's own fetch when no region of the account has credentials. */
  async get(account: AwsAccount, region: string, signal: AbortSignal): Promise<Credentials> {
    const key = accountKey(account);
    const own = this.#usable(key, region);
    if (own !== undefined && this.#clock.now() < own.refreshAt) return own.credentials;

    const fetching = this.#refresh(account, key, region);
    const at = own ?? this.#usableAnywhere(key);
    if (at !== undefined) return at.credentials;
    const arrival = Promise.withResolvers<Credentials>();
    const arrivals = this.#arrivals.get(key) ?? new Set();
    this.#arrivals.set(key, arrivals.add(arrival.resolve));
    try {
      return await abortable(Promise.race([this.#first(key, fetching), arrival.promise]), signal);
    } finally {
      arrivals.delete(arrival.resolve);
    }
  }

  /** Forgets credentials that AWS called expired, in every region that holds the same. */
  invalidate(account: AwsAccount, accessKeyId: string): void {
    const regions = this.#held.get(accountKey(account));
    for (const [region, held] of regions ?? []) {
      if (held.credentials.accessKeyId === accessKeyId) regions?.delete(region);
    }
  }

  #usable(key: string, region: string): Held | undefined {
    const held = this.#held.get(key)?.get(region);
    return held !== undefined && this.#clock.now() < held.unusableAt ? held : undefined;
  }

  #usableAnywhere(key: string): Held | undefined {
    const usable = [...(this.#held.get(key)?.values() ?? [])].filter((held) => this.#clock.now() < held.unusableAt);
    return usable.toSorted((a, b) => b.unusableAt - a.unusableAt)[0];
  }

  #first(key: string, own: Promise<Credentials>): Promise<Credentials> {
    const all = [...(this.#fetching.get(key)?.values() ?? [])];
    return Promise.any(all).catch(() => own);
  }

  #refresh(account: AwsAccount, key: string, region: string): Promise<Credentials> {
    const fetching = mapOf(this.#fetching, key);
    const current = fetching.get(region);
    if (current !== undefined) return current;
    const fetch = this.#fetchAndHold(account, key, region).finally(() => fetching.delete(region));
    fetching.set(region, fetch);
    // A failed refresh in the background shows when nothing usable is left.
    fetch.catch(() => undefined);
    return fetch;
  }

  async #fetchAndHold(account: AwsAccount, key: string, region: string): Promise<Credentials> {
    const credentials = await this.#fetchInTime(account, region);
    const now = this.#clock.now();
    const end = credentials.expiration?.getTime();
    mapOf(this.#held, key).set(region, {
      credentials,
      refreshAt: end === undefined ? now + UNDATED_MILLISECONDS : now + (end - now) / 2,
      unusableAt: end === undefined ? Infinity : end - Math.min(MARGIN_MILLISECONDS, (end - now) / 10),
    });
    for (const arrive of this.#arrivals.get(key) ?? []) arrive(credentials);
    return credentials;
  }

  async #fetchInTime(account: AwsAccount, region: string): Promise<Credentials> {
    const controller = new AbortController();
    const giveUp = (): void => controller.abort(new CallTimeoutError(FETCH_TIMEOUT_MILLISECONDS));
    const timer = this.#clock.setTimeout(giveUp, FETCH_TIMEOUT_MILLISECONDS);
    try {
      return await abortable(this.#fetch(account, region), controller.signal);
    } finally {
      timer.cancel();
    }
  }
}

function mapOf<V>(maps: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const existing = maps.get(key);
  if (existing !== undefined) return existing;
  const created = new Map<string, V>();
  maps.set(key, created);
  return created;
}
