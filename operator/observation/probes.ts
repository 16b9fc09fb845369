import type { Attempt } from '../failover/observation.ts';

export interface ProbeOptions {
  readonly timeoutMilliseconds: number;
  readonly signal?: AbortSignal;
}

/** Whether something accepts connections at an address. Never rejects: whatever happens is the attempt's outcome. */
export interface EndpointProber {
  probe(host: string, port: number, options: ProbeOptions): Promise<Attempt>;
}

export interface WitnessAnswer {
  readonly attempt: Attempt;
  /** Present when answered. */
  readonly statusCode?: number;
}

/** One request to a witness. Never rejects: whatever happens is the attempt's outcome. */
export type FetchWitness = (url: string, options: ProbeOptions) => Promise<WitnessAnswer>;
