import { createHash } from 'node:crypto';
import { appendFile, mkdir, open, readFile, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { RuntimeError } from './runtime-error.ts';

/** Hears what becomes of lines. Must not throw. */
export interface BoundedLogListener {
  onWritten?(name: string, entries: number): void;
  /** These entries are not in the log and never will be. */
  onLost?(name: string, entries: number, error: unknown): void;
}

export interface BoundedLogProps {
  readonly directory: string;
  /** Of all files of one name together. */
  readonly maximumBytes: number;
  /** How many files that is, the present one included. @default 4 */
  readonly files?: number;
  /** Entries of all names that may wait for the disk. @default 4096 */
  readonly maximumWaiting?: number;
  readonly listener?: BoundedLogListener;
}

/**
 * Makes an entry's text: one line or several, without the last line break.
 *
 * @param standsAlone nothing that was written before may be relied on: it begins a file, or follows a loss
 */
export type Compose = (standsAlone: boolean) => string;

interface Waiting {
  readonly compose: Compose;
  readonly isAfterLoss: boolean;
}

interface CurrentFile {
  size: number;
  standsAlone: boolean;
}

const DEFAULT_FILES = 4;
const DEFAULT_WAITING = 4096;
/** Well below the 255 bytes of most file systems, with room for the endings. */
const LONGEST_NAME = 200;
const NEW_LINE = 10;

class BoundedLogError extends RuntimeError {
  override name = 'BoundedLogError';
}

/** A file name for any key, different for different keys: `payments/orders` becomes `payments_orders.jsonl`. */
export function logFileName(key: string): string {
  const plain = key.replaceAll(
    /[^A-Za-z0-9./-]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const name = plain.replaceAll('/', '_').replace(/^\./, '%002e');
  const isLong = name.length > LONGEST_NAME;
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 16);
  return isLong ? `${name.slice(0, LONGEST_NAME)}~${digest}.jsonl` : `${name}.jsonl`;
}

/**
 * Lines in files of bounded size, one series of files for each name: `orders.jsonl` and, older, `orders.jsonl.1` and so
 * on. `append` never waits and never throws; one write at a time is under way, whatever the number of names, so that a
 * disk that hangs takes one thread and not all of them. What cannot be written is lost and told, and the entry after it
 * is asked to stand alone.
 */
export class BoundedLog {
  readonly #directory: string;
  readonly #bytesPerFile: number;
  readonly #fileCount: number;
  readonly #maximumWaiting: number;
  readonly #listener: BoundedLogListener;
  readonly #queues = new Map<string, Waiting[]>();
  readonly #files = new Map<string, CurrentFile>();
  readonly #losses = new Set<string>();
  #waiting = 0;
  #draining: Promise<void> | undefined;

  constructor({ directory, maximumBytes, files, maximumWaiting, listener }: BoundedLogProps) {
    this.#directory = directory;
    this.#fileCount = files ?? DEFAULT_FILES;
    this.#bytesPerFile = Math.floor(maximumBytes / this.#fileCount);
    this.#maximumWaiting = maximumWaiting ?? DEFAULT_WAITING;
    this.#listener = listener ?? {};
  }

  /** Takes an entry for the log of that name; it is composed when its turn comes. */
  append(name: string, compose: Compose): void {
    if (this.#waiting >= this.#maximumWaiting) {
      this.#losses.add(name);
      const message = `cannot log ${name}: ${this.#waiting} entries wait for the disk already; is ${this.#directory} slow?`;
      this.#listener.onLost?.(name, 1, new BoundedLogError(message));
      return;
    }
    const queue = this.#queues.get(name) ?? [];
    queue.push({ compose, isAfterLoss: this.#losses.delete(name) });
    this.#queues.set(name, queue);
    this.#waiting += 1;
    this.#draining ??= this.#drain();
  }

  /** Resolves when everything taken so far is written or lost. Never rejects. */
  async flush(): Promise<void> {
    while (this.#draining !== undefined) {
      await this.#draining;
    }
  }

  async #drain(): Promise<void> {
    // What is appended in the same turn goes out in the same write.
    await Promise.resolve();
    for (let next = this.#takeQueue(); next !== undefined; next = this.#takeQueue()) {
      const [name, entries] = next;
      await this.#write(name, entries);
      this.#waiting -= entries.length;
    }
    this.#draining = undefined;
  }

  #takeQueue(): readonly [string, readonly Waiting[]] | undefined {
    for (const [name, entries] of this.#queues) {
      this.#queues.delete(name);
      return [name, entries];
    }
    return undefined;
  }

  async #write(name: string, entries: readonly Waiting[]): Promise<void> {
    let rest = entries;
    while (rest.length > 0) {
      const batch: { text: string; entries: number } = { text: '', entries: 0 };
      try {
        const file = await this.#fileOf(name);
        const taken = this.#compose(name, file, rest, batch);
        rest = rest.slice(taken);
        await appendFile(this.#path(name), batch.text);
        file.size += Buffer.byteLength(batch.text);
        this.#listener.onWritten?.(name, batch.entries);
        batch.entries = 0;
        if (rest.length > 0) {
          await this.#rotate(name, file);
        }
      } catch (error) {
        // Nothing is known of the file any more, not even its last line: it is looked at before the next write.
        this.#files.delete(name);
        this.#lose(name, batch.entries + rest.length, error);
        return;
      }
    }
  }

  /** Fills the batch with what fits into the present file. @returns how many entries that took, those lost included */
  #compose(
    name: string,
    file: CurrentFile,
    entries: readonly Waiting[],
    batch: { text: string; entries: number },
  ): number {
    let size = file.size;
    for (const [index, { compose, isAfterLoss }] of entries.entries()) {
      const text = this.#textOf(name, compose, file.standsAlone || isAfterLoss);
      const bytes = text === undefined ? 0 : Buffer.byteLength(text);
      if (text === undefined || (size === 0 && bytes > this.#bytesPerFile)) {
        file.standsAlone = true;
        if (text !== undefined) {
          const message = `cannot log ${name}: an entry of ${bytes} bytes is longer than a file may be; allow more megabytes`;
          this.#lose(name, 1, new BoundedLogError(message));
        }
        continue;
      }
      if (size + bytes > this.#bytesPerFile) {
        return index;
      }
      file.standsAlone = false;
      size += bytes;
      batch.text += text;
      batch.entries += 1;
    }
    return entries.length;
  }

  #textOf(name: string, compose: Compose, standsAlone: boolean): string | undefined {
    try {
      return `${compose(standsAlone)}\n`;
    } catch (error) {
      this.#lose(name, 1, error);
      return undefined;
    }
  }

  #lose(name: string, entries: number, error: unknown): void {
    if (entries > 0) {
      this.#listener.onLost?.(name, entries, error);
    }
  }

  #path(name: string): string {
    return join(this.#directory, logFileName(name));
  }

  /** The file of an earlier process is continued, from the end of its last whole line. */
  async #fileOf(name: string): Promise<CurrentFile> {
    const known = this.#files.get(name);
    if (known !== undefined) {
      return known;
    }
    await mkdir(this.#directory, { recursive: true });
    const file = { size: await wholeLinesOf(this.#path(name)), standsAlone: true };
    this.#files.set(name, file);
    return file;
  }

  async #rotate(name: string, file: CurrentFile): Promise<void> {
    const path = this.#path(name);
    for (let age = this.#fileCount - 1; age > 0; age -= 1) {
      await renameIfThere(age === 1 ? path : `${path}.${age - 1}`, `${path}.${age}`);
    }
    if (this.#fileCount === 1) {
      await rm(path, { force: true });
    }
    file.size = 0;
    file.standsAlone = true;
  }
}

const isMissing = (error: unknown): boolean => (error as { readonly code?: unknown } | null)?.code === 'ENOENT';

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) {
      throw error;
    }
  }
}

/** Cuts off a line that a crash or a full disk broke off, which would spoil the one after it. @returns the size left */
async function wholeLinesOf(path: string): Promise<number> {
  try {
    const { size } = await stat(path);
    if (size === 0 || (await lastByteOf(path, size)) === NEW_LINE) {
      return size;
    }
    const whole = (await readFile(path)).lastIndexOf(NEW_LINE) + 1;
    await truncate(path, whole);
    return whole;
  } catch (error) {
    if (isMissing(error)) {
      return 0;
    }
    throw error;
  }
}

async function lastByteOf(path: string, size: number): Promise<number | undefined> {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0];
  } finally {
    await file.close();
  }
}
