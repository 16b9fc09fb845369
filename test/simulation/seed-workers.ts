import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { SeedRange } from './seed-worker.ts';
import type { SummaryData } from './summary.ts';

/** Seeds that a worker is given at a time: enough to be worth a message, few enough to share the last ones out. */
const BATCH = 100;
/** Room for what a seed leaves behind: with less of it, a tenth of the time goes into moving what lives on. */
const YOUNG_MEGABYTES = 192;
/**
 * How much V8 puts into one function of the functions that it calls. The simulation runs all of the operator and none of it
 * often: with what is usual, 920 and 460 bytes, its code is a fifth slower once it has run for some minutes, for being large
 * and for being compiled again and again.
 */
const INLINED_BYTES = { 'max-inlined-bytecode-size-cumulative': 400, 'max-inlined-bytecode-size': 200 };

interface Busy {
  readonly chunk: SeedRange;
  readonly resolve: (data: SummaryData) => void;
  readonly reject: (error: Error) => void;
}

/** Threads that share seeds out among them. What they run is loaded once, at their start. */
export class SeedWorkers {
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Busy>();
  readonly #waiting: Busy[] = [];
  readonly #all: readonly Worker[];

  private constructor(count: number, onReady: () => void, onFailed: (error: Error) => void) {
    this.#all = Array.from({ length: count }, () => this.#start(onReady, onFailed));
  }

  /** Resolves once all of them have loaded what they run. */
  static start(count: number): Promise<SeedWorkers> {
    for (const [flag, bytes] of Object.entries(INLINED_BYTES)) setFlagsFromString(`--${flag}=${bytes}`);
    return new Promise((resolve, reject) => {
      let ready = 0;
      const workers: SeedWorkers = new SeedWorkers(
        count,
        () => {
          ready += 1;
          if (ready === count) resolve(workers);
        },
        reject,
      );
    });
  }

  /** Runs a range; `onBatch` hears of its parts as they are done, in any order. */
  async run(range: SeedRange, onBatch: (data: SummaryData) => void): Promise<void> {
    const batches: SeedRange[] = [];
    for (let from = range.from; from < range.to; from += BATCH) {
      batches.push({ from, to: Math.min(from + BATCH, range.to) });
    }
    await Promise.all(batches.map(async (batch) => onBatch(await this.#runBatch(batch))));
  }

  async close(): Promise<void> {
    for (const worker of this.#all) worker.removeAllListeners('exit');
    await Promise.all(this.#all.map((worker) => worker.terminate()));
  }

  #runBatch(chunk: SeedRange): Promise<SummaryData> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ chunk, resolve, reject });
      this.#assign();
    });
  }

  #assign(): void {
    while (this.#idle.length > 0) {
      const next = this.#waiting.shift();
      const worker = next && this.#idle.pop();
      if (worker === undefined || next === undefined) return;
      this.#busy.set(worker, next);
      worker.postMessage(next.chunk);
    }
  }

  #start(onReady: () => void, onFailed: (error: Error) => void): Worker {
    const worker = new Worker(new URL('./seed-worker.ts', import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    const fail = (error: Error): void => {
      const { chunk, reject } = this.#busy.get(worker) ?? {};
      const where = chunk === undefined ? '' : ` seeds ${chunk.from} to ${chunk.to - 1}`;
      const told = new Error(`cannot simulate${where}: a worker ended: ${error.message}`, { cause: error });
      onFailed(told);
      reject?.(told);
    };
    worker.on('message', (data: SummaryData | 'ready') => {
      if (data === 'ready') onReady();
      else this.#busy.get(worker)?.resolve(data);
      this.#busy.delete(worker);
      this.#idle.push(worker);
      this.#assign();
    });
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new Error(`exit code ${code}`)));
    return worker;
  }
}
