/** Counts of whatever has a name. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  merge(other: Tally): void {
    for (const [name, count] of other.#counts) this.add(name, count);
  }

  /** By name. */
  entries(): readonly (readonly [name: string, count: number])[] {
    return [...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.entries());
  }

  static from(counts: Readonly<Record<string, number>>): Tally {
    const tally = new Tally();
    for (const [name, count] of Object.entries(counts)) tally.add(name, count);
    return tally;
  }
}
