import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SeedRange } from './seed-worker.ts';
import type { Sources } from './sources.ts';
import type { SummaryData } from './summary.ts';

/** What a run of many seeds is to do, and with what. */
export interface RunPlan {
  readonly from: number;
  readonly seeds: number;
  /** Seeds between two lines of the file. */
  readonly chunk: number;
  readonly sources: Sources;
}

/** Some of the seeds, done. */
export interface Chunk extends SeedRange {
  /** How long it took since the one before, or since the start; milliseconds. */
  readonly elapsedMilliseconds: number;
  readonly finishedAt: string;
  readonly summary: SummaryData;
}

/** Why what a file holds cannot be gone on with. */
export class ProgressError extends Error {
  override name = 'ProgressError';
}

/** How far a run of many seeds has come, as JSON lines: first its plan, then each chunk as soon as it is done. */
export class ProgressFile {
  readonly #path: string;
  readonly #chunks: Chunk[] = [];

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Starts a file, or goes on with one.
   *
   * @throws ProgressError when there is one that is not to be gone on with, or that is of another plan or other sources
   */
  static open(path: string, plan: RunPlan, isResumed: boolean): ProgressFile {
    const file = new ProgressFile(path);
    if (!existsSync(path)) {
      mkdirSync(dirname(path), { recursive: true });
      file.#append(plan);
      return file;
    }
    if (!isResumed) {
      throw new ProgressError(`cannot start over ${path}: it holds a run; go on with it by --resume, or remove it`);
    }
    const [known, ...chunks] = file.#read();
    if (known === undefined) {
      file.#append(plan);
      return file;
    }
    refuseOther(path, known as RunPlan, plan);
    file.#chunks.push(...(chunks as Chunk[]));
    return file;
  }

  get chunks(): readonly Chunk[] {
    return this.#chunks;
  }

  add(chunk: Chunk): void {
    this.#append(chunk);
    this.#chunks.push(chunk);
  }

  #append(line: RunPlan | Chunk): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }

  /** All whole lines. What a process left half written as it was killed is cut off. */
  #read(): unknown[] {
    const text = readFileSync(this.#path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole !== text) truncateSync(this.#path, Buffer.byteLength(whole));
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line));
  }
}

function refuseOther(path: string, known: RunPlan, plan: RunPlan): void {
  if (known.sources.hash !== plan.sources.hash) {
    throw new ProgressError(
      `cannot go on with ${path}: it was begun with other sources (${known.sources.hash.slice(0, 12)}, at commit ` +
        `${known.sources.commit.slice(0, 12)}; here ${plan.sources.hash.slice(0, 12)}), and one report tells of one code; ` +
        'check that commit out, or remove the file and begin anew',
    );
  }
  for (const name of ['from', 'seeds', 'chunk'] as const) {
    if (known[name] !== plan[name]) {
      throw new ProgressError(`cannot go on with ${path}: its --${name} is ${known[name]}, not ${plan[name]}`);
    }
  }
}
