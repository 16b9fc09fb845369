import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SeedRange } from './seed-worker.ts';
import type { Sources } from './sources.ts';
import type { SummaryData } from './summary.ts';

/** The first line: with what the seeds were run. */
interface Header {
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

/**
 * The seeds that one code has done, as JSON lines: first which code, then each chunk as soon as it is done. Chunks of
 * several runs add up, as the same code makes the same of the same seed.
 */
export class ProgressFile {
  readonly #path: string;
  readonly #chunks: Chunk[] = [];

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Starts a file, or goes on with one.
   *
   * @throws ProgressError when there is one of other sources
   */
  static open(path: string, sources: Sources): ProgressFile {
    const file = new ProgressFile(path);
    if (!existsSync(path)) mkdirSync(dirname(path), { recursive: true });
    const [known, ...chunks] = existsSync(path) ? file.#read() : [];
    if (known === undefined) file.#append({ sources });
    else refuseOther(path, known as Header, sources);
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

  #append(line: Header | Chunk): void {
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

function refuseOther(path: string, { sources: known }: Header, sources: Sources): void {
  if (known.hash === sources.hash) return;
  throw new ProgressError(
    `cannot go on with ${path}: its seeds were run by other sources (${known.hash.slice(0, 12)}, at commit ` +
      `${known.commit.slice(0, 12)}; here ${sources.hash.slice(0, 12)}), and one report tells of one code; ` +
      'check that commit out, name another file by --progress, or remove this one and begin anew',
  );
}
