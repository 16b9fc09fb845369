/** A call that reached a region, and what became of it. */
export interface RecordedCall {
  readonly number: number;
  /** When it arrived. */
  readonly at: number;
  readonly region: string;
  readonly service: string;
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly accountId: string | undefined;
  readonly accessKeyId: string | undefined;
  /** `ok`, the code of the error that was answered, or `no-answer`. */
  readonly result: string;
  /** The kind of the fault that struck it, if any. */
  readonly fault: string | undefined;
  /** Whether it was carried out: true for `ok`, and for an effect without answer. */
  readonly isCarriedOut: boolean;
}

type Listener = (call: RecordedCall) => void;

/** Calls kept: enough for a long test, bounded for a demo that is left running. */
const callsKept = 50_000;

/** The log of every call, oldest first. */
export class CallLog {
  readonly entries: RecordedCall[] = [];
  private readonly listeners = new Set<Listener>();
  private lastNumber = 0;

  record(call: Omit<RecordedCall, 'number'>): RecordedCall {
    this.lastNumber += 1;
    const recorded = { number: this.lastNumber, ...call };
    this.entries.push(recorded);
    if (this.entries.length > callsKept) {
      this.entries.splice(0, callsKept / 10);
    }
    for (const listener of this.listeners) {
      listener(recorded);
    }
    return recorded;
  }

  /** Hears of every further call; returns how to stop that. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
