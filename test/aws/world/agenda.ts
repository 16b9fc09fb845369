/** What is to happen later, in order of time and, for equal times, of entry. */
export class Agenda {
  private entries: { at: number; run: (at: number) => void }[] = [];

  add(at: number, run: (at: number) => void): void {
    const index = this.entries.findIndex((entry) => entry.at > at);
    this.entries.splice(index === -1 ? this.entries.length : index, 0, { at, run });
  }

  /** When the next entry is due; Infinity when there is none. */
  nextAt(): number {
    return this.entries[0]?.at ?? Infinity;
  }

  /** Runs the next entry. */
  runNext(): void {
    const entry = this.entries.shift();
    entry?.run(entry.at);
  }
}
