/** One verification: what should be there, and what was found through kubectl or the AWS API. */
export interface Check {
  readonly title: string;
  readonly expected: string;
  readonly actual: string;
  readonly hasPassed: boolean;
}

/** A check failed that everything after it needs: the demo ends there. */
export class DemoError extends Error {
  override name = 'DemoError';
}

/** Every verification of a run, in order. */
export class Checks {
  readonly #all: Check[] = [];
  readonly #onCheck: (check: Check) => void;

  constructor(onCheck: (check: Check) => void) {
    this.#onCheck = onCheck;
  }

  get all(): readonly Check[] {
    return this.#all;
  }

  get havePassed(): boolean {
    return this.#all.length > 0 && this.#all.every((check) => check.hasPassed);
  }

  /** Compares texts. */
  equal(title: string, actual: string | undefined, expected: string): void {
    this.#add({ title, expected, actual: actual ?? 'nothing', hasPassed: actual === expected });
  }

  /** States a finding whose condition was judged already. */
  that(title: string, hasPassed: boolean, { expected, actual }: { expected: string; actual: string }): void {
    this.#add({ title, expected, actual, hasPassed });
  }

  /**
   * Notes that something never came.
   *
   * @returns the error to end the demo with
   */
  missing(title: string, expected: string, actual: string): DemoError {
    this.#add({ title, expected, actual, hasPassed: false });
    return new DemoError(`cannot go on: ${title}: expected ${expected}, found ${actual}`);
  }

  #add(check: Check): void {
    this.#all.push(check);
    this.#onCheck(check);
  }
}
