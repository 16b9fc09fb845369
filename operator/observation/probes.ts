import type { Attempt } from '../failover/observation.ts';

export interface ProbeOptions {
  readonly timeoutMilliseconds: number;
  readonly signal?: AbortSignal;
}

/** Whether something accepts connections at an address. Never rejects: whatever happens is the attempt's outcome. */
export interface EndpointProber {
  probe(host: string, port: number, options: ProbeOptions): Promise<Attempt>;
}

/** Where the login to a database is kept: Secrets of one namespace. */
export interface DatabaseLogin {
  readonly namespace: string;
  /** With the keys `username` and `password`. */
  readonly secret: string;
  /** With the key `ca.crt`. @default - the certificate authorities of Amazon RDS are trusted */
  readonly caSecret?: string;
}

/** The table of the row that a write probe writes. */
export interface HeartbeatTable {
  readonly database: string;
  readonly table: string;
}

export interface DatabaseProbeOptions extends ProbeOptions {
  /** @default - nothing is written */
  readonly heartbeat?: HeartbeatTable;
}

/** What a secondary says of its own lag. */
export interface DatabaseLag {
  readonly attempt: Attempt;
  /** Present when answered. */
  readonly reading?: {
    /** The longer of what is durable there and of what a recovery would find, behind the primary. */
    readonly lagMilliseconds: number;
    /** How long before the question the secondary computed it, by its own clock. */
    readonly ageMilliseconds: number;
  };
}

/** A database that is asked as its clients ask it. Never rejects: whatever happens is the attempt's outcome. */
export interface DatabaseClient {
  /** Handshake, TLS, login and a query; answered only by a server that takes writes. */
  probe(host: string, port: number, login: DatabaseLogin, options: DatabaseProbeOptions): Promise<Attempt>;
  /** Reads the lag of the cluster in `region` from one of its own readers. */
  readLag(
    host: string,
    port: number,
    login: DatabaseLogin,
    options: ProbeOptions & { readonly region: string },
  ): Promise<DatabaseLag>;
}

export interface WitnessAnswer {
  readonly attempt: Attempt;
  /** Present when answered. */
  readonly statusCode?: number;
}

/** One request to a witness. Never rejects: whatever happens is the attempt's outcome. */
export type FetchWitness = (url: string, options: ProbeOptions) => Promise<WitnessAnswer>;
