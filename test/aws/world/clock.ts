/** Where the world reads the time: milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

/** A clock that only moves when told to: for tests and simulations. */
export class ManualClock implements Clock {
  private time: number;

  constructor(startMilliseconds: number) {
    this.time = startMilliseconds;
  }

  now(): number {
    return this.time;
  }

  advance(milliseconds: number): void {
    if (!(milliseconds >= 0)) {
      throw new RangeError(`cannot advance the clock by ${milliseconds} ms: time does not run backwards`);
    }
    this.time += milliseconds;
  }
}

/** Real time, which `advance` can skip ahead of. */
export class SystemClock implements Clock {
  private ahead = 0;

  now(): number {
    return Date.now() + this.ahead;
  }

  advance(milliseconds: number): void {
    this.ahead += milliseconds;
  }
}
