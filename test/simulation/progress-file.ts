import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SeedRange } from './seed-worker.ts';
import type { Sources } from './sources.ts';
import { Summary, type SummaryData } from './summary.ts';

/** More lines than this become fewer: whenever the process is killed, the file is small. */
const MOST_CHUNKS = 20;

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
 * several runs add up, as the same code makes the same of the same seed. Chunks that touch each other become one from
 * time to time: a run of any length goes on from a file of a few hundred kilobytes, which a repository can hold.
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
    file.#chunks.push(...joined(chunks as Chunk[]));
    if (file.#chunks.length < chunks.length) file.#rewrite(known as Header);
    return file;
  }

  /** Joins what touches each other, on file too. */
  compact(): void {
    const [header] = this.#read();
    const chunks = joined(this.#chunks);
    if (chunks.length === this.#chunks.length) return;
    this.#chunks.splice(0, Infinity, ...chunks);
    this.#rewrite(header as Header);
  }

  get chunks(): readonly Chunk[] {
    return this.#chunks;
  }

  add(chunk: Chunk): void {
    this.#append(chunk);
    this.#chunks.push(chunk);
    if (this.#chunks.length > MOST_CHUNKS) this.compact();
  }

  #append(line: Header | Chunk): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }

  /** All or nothing: whoever kills the process finds the old file or the new one. */
  #rewrite(header: Header): void {
    const path = `${this.#path}.new`;
    const lines = [header, ...this.#chunks].map((line) => `${JSON.stringify(line)}\n`);
    writeFileSync(path, lines.join(''));
    renameSync(path, this.#path);
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

/** In ascending order, those that touch each other as one. */
function joined(chunks: readonly Chunk[]): Chunk[] {
  const result: Chunk[] = [];
  for (const chunk of chunks.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last?.to === chunk.from) result[result.length - 1] = join(last, chunk);
    else result.push(chunk);
  }
  return result;
}

function join(one: Chunk, next: Chunk): Chunk {
  const summary = new Summary();
  summary.merge(one.summary);
  summary.merge(next.summary);
  return {
    from: one.from,
    to: next.to,
    elapsedMilliseconds: one.elapsedMilliseconds + next.elapsedMilliseconds,
    finishedAt: one.finishedAt > next.finishedAt ? one.finishedAt : next.finishedAt,
    summary: summary.data,
  };
}

function refuseOther(path: string, { sources: known }: Header, sources: Sources): void {
  if (known.hash === sources.hash) return;
  throw new ProgressError(
    `cannot go on with ${path}: its seeds were run by other sources (${known.hash.slice(0, 12)}, at commit ` +
      `${known.commit.slice(0, 12)}; here ${sources.hash.slice(0, 12)}), and one report tells of one code; ` +
      'check that commit out, name another file by --progress, or remove this one and begin anew',
  );
}
