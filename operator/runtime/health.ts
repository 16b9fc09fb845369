/** What a check answers: `true`, or why not. */
export type CheckResult = true | string;

/** Quick and without I/O: looks at what others keep up to date. */
export type HealthCheck = () => CheckResult;

/** `live`: restart me when it fails; `ready`: I do my job. */
export type HealthKind = 'live' | 'ready';

export interface HealthReport {
  readonly isHealthy: boolean;
  readonly checks: readonly { readonly name: string; readonly isHealthy: boolean; readonly message: string }[];
}

/** Named checks behind /healthz and /readyz. */
export class Health {
  readonly #checks: Record<HealthKind, Map<string, HealthCheck>> = { live: new Map(), ready: new Map() };

  /** Adds a check, or replaces the one of that name. Returns how to remove it. */
  register(kind: HealthKind, name: string, check: HealthCheck): () => void {
    this.#checks[kind].set(name, check);
    return () => {
      if (this.#checks[kind].get(name) === check) this.#checks[kind].delete(name);
    };
  }

  /** Asks all checks of that kind; one that throws has failed. Without checks: healthy. */
  report(kind: HealthKind): HealthReport {
    const checks = Array.from(this.#checks[kind], ([name, check]) => {
      const result = ask(check);
      return { name, isHealthy: result === true, message: result === true ? 'ok' : result };
    });
    return { isHealthy: checks.every(({ isHealthy }) => isHealthy), checks };
  }
}

function ask(check: HealthCheck): CheckResult {
  try {
    return check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
