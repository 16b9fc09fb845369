import { createHash } from 'node:crypto';
import type { AgentOptions, RequestOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';

import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, ProxyAgent, type buildConnector, type Dispatcher } from 'undici';

import { KubeConnectionError } from './kube-errors.ts';

/** A dispatcher to send a request through, and the headers that authenticate it. */
export interface AuthenticatedConnection {
  readonly dispatcher: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * HTTP/1.1: a call that is given up closes its own connection, so that the next one starts on a fresh one. On a shared
 * HTTP/2 connection, one dead peer takes every call and watch with it. All timeouts are the client's own, hence 0.
 */
const POOL_OPTIONS = {
  allowH2: false,
  headersTimeout: 0,
  bodyTimeout: 0,
  /** Below the idle timeouts of the API server (90 s) and of common load balancers (60 s). */
  keepAliveTimeout: 30_000,
} as const;

const CONNECT_OPTIONS = { timeout: 5_000, keepAlive: true, keepAliveInitialDelay: 15_000 } as const;

type HttpsOptions = RequestOptions & { headers?: Record<string, string | undefined> };

/**
 * The connection pool of one cluster, and the credentials of a kubeconfig: tokens, token files, client certificates,
 * exec plugins. client-node keeps credentials fresh; files are read again for each call, and the pool is replaced only
 * when TLS material changed (client-node alone opens a new TLS connection for every call).
 */
export class KubeConnection {
  readonly #config: KubeConfig;
  readonly #onConnect: () => void;
  #pool: { readonly fingerprint: string; readonly dispatcher: Dispatcher } | undefined;
  #pendingCredentials: Promise<HttpsOptions> | undefined;

  /** @param onConnect called for every TCP connection that is opened */
  constructor(config: KubeConfig, onConnect: () => void) {
    this.#config = config;
    this.#onConnect = onConnect;
  }

  async authenticate(): Promise<AuthenticatedConnection> {
    const options = await this.#credentials();
    return { dispatcher: this.#dispatcherFor(options), headers: headersOf(options) };
  }

  /** Drops all connections; requests in flight fail. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.dispatcher.destroy();
  }

  /** One at a time: ten calls at the expiry of a token must not start ten exec plugins. */
  #credentials(): Promise<HttpsOptions> {
    this.#pendingCredentials ??= this.#readCredentials().finally(() => {
      this.#pendingCredentials = undefined;
    });
    return this.#pendingCredentials;
  }

  async #readCredentials(): Promise<HttpsOptions> {
    const options: HttpsOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    return options;
  }

  #dispatcherFor(options: HttpsOptions): Dispatcher {
    const fingerprint = fingerprintOf(options);
    if (this.#pool?.fingerprint === fingerprint) return this.#pool.dispatcher;
    const dispatcher = this.#createDispatcher(options);
    dispatcher.on('connect', this.#onConnect);
    const outdated = this.#pool;
    this.#pool = { fingerprint, dispatcher };
    // Lets what is under way finish; nothing waits for it.
    outdated?.dispatcher.close(() => undefined);
    return dispatcher;
  }

  #createDispatcher(options: HttpsOptions): Dispatcher {
    const described = this.#config.createDispatcherOptions(this.#config.getCurrentCluster(), tlsOptionsOf(options));
    switch (described.type) {
      case 'proxy':
        return new ProxyAgent({
          ...POOL_OPTIONS,
          uri: described.uri,
          requestTls: connectOptions(described.requestTls),
        });
      case 'agent':
        return new Agent({ ...POOL_OPTIONS, connect: connectOptions(described.connect) });
      case 'none':
        return new Agent({ ...POOL_OPTIONS, connect: CONNECT_OPTIONS });
      case 'socks':
        throw new KubeConnectionError(
          'cannot connect to the API server: SOCKS proxies are not supported; use an HTTP proxy in proxy-url',
        );
    }
  }
}

/** undici declares the options of node:tls more narrowly than it takes them. */
function connectOptions(options: ConnectionOptions): buildConnector.BuildOptions {
  return { ...CONNECT_OPTIONS, ...options } as buildConnector.BuildOptions;
}

const TLS_OPTIONS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;

function tlsOptionsOf(options: HttpsOptions): AgentOptions {
  return Object.fromEntries(TLS_OPTIONS.map((name) => [name, options[name]]));
}

function headersOf(options: HttpsOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value !== undefined) headers[name] = value;
  }
  if (typeof options.auth === 'string') {
    headers['Authorization'] ??= `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}

/** Tells whether connections made with other options may still be used. */
function fingerprintOf(options: HttpsOptions): string {
  const hash = createHash('sha256');
  for (const name of TLS_OPTIONS) {
    const value: unknown = options[name];
    hash.update(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value ?? null));
    hash.update('\0');
  }
  return hash.digest('base64');
}
