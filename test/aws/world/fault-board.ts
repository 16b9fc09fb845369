/** What a fault does to a call. */
export type FaultKind =
  /** The connection is closed before any answer. */
  | { readonly kind: 'refuse' }
  /** No answer, ever. The call has no effect. */
  | { readonly kind: 'hang' }
  /** Too many requests, in the service's own words unless a code is given (`RequestLimitExceeded`). */
  | { readonly kind: 'throttle'; readonly code?: string }
  | { readonly kind: 'serverError'; readonly status?: number; readonly code?: string }
  /** 200 with a body that cannot be parsed. */
  | { readonly kind: 'garbage' }
  | { readonly kind: 'accessDenied' }
  | { readonly kind: 'expiredToken' }
  /** Any other error answer. */
  | { readonly kind: 'error'; readonly code: string; readonly status: number; readonly message?: string }
  /** Reads answer from the state of so many milliseconds ago. */
  | { readonly kind: 'stale'; readonly milliseconds: number }
  /** The call takes effect; then the connection is dropped, or nothing more is heard. */
  | { readonly kind: 'effectWithoutAnswer'; readonly how: 'drop' | 'hang' }
  /** The call takes effect at once; the answer comes so many milliseconds later. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** The call takes effect at once; the answer comes when a fault is next cleared. */
  | { readonly kind: 'hold' };

/** A fault and where it strikes. */
export interface Fault {
  /** A region, or `*`. */
  readonly region: string;
  /** An action such as `DescribeGlobalClusters`, a service such as `rds`, or `*`. */
  readonly action: string;
  readonly fault: FaultKind;
  /** How many calls it strikes; until cleared when left out. */
  readonly count?: number;
}

/** A fault that is set. */
export interface SetFault extends Fault {
  readonly id: number;
  remaining: number;
}

/** The faults in force. The newest that matches strikes. */
export class FaultBoard {
  private faults: SetFault[] = [];
  private lastId = 0;
  private readonly struckIds = new Set<number>();
  private nextClearing = Promise.withResolvers<undefined>();

  set(fault: Fault): number {
    this.lastId += 1;
    this.faults.push({ ...fault, id: this.lastId, remaining: fault.count ?? Infinity });
    return this.lastId;
  }

  /** Takes back one fault, or all. */
  clear(id?: number): void {
    this.faults = id === undefined ? [] : this.faults.filter((fault) => fault.id !== id);
    this.nextClearing.resolve(undefined);
    this.nextClearing = Promise.withResolvers<undefined>();
  }

  /** Resolves when a fault is next taken back. */
  get clearing(): Promise<undefined> {
    return this.nextClearing.promise;
  }

  get current(): readonly SetFault[] {
    return this.faults;
  }

  /** How many of all faults that were ever set have struck a call. */
  get struck(): number {
    return this.struckIds.size;
  }

  /** The fault that strikes this call, if any; counts it. */
  take(region: string, service: string, action: string): FaultKind | undefined {
    const struck = this.faults.findLast(
      (fault) => [region, '*'].includes(fault.region) && [service, action, '*'].includes(fault.action),
    );
    if (struck === undefined) {
      return undefined;
    }
    struck.remaining -= 1;
    this.struckIds.add(struck.id);
    this.faults = this.faults.filter((fault) => fault.remaining > 0);
    return struck.fault;
  }
}
