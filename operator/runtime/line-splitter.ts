const NEWLINE = 0x0a;

/** Cuts a stream of chunks into lines of UTF-8, whatever the chunks' borders. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  /** Chunks of the line that has not ended yet. */
  #rest: Buffer[] = [];

  /** @param onLine called for every line that is not empty; what it throws comes out of `push` and `end` */
  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#rest.push(chunk.subarray(start, end));
      this.end();
      start = end + 1;
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
  }

  /** The stream is over: what is left is a line, too. */
  end(): void {
    const line = Buffer.concat(this.#rest).toString('utf8');
    this.#rest = [];
    if (line.trim() !== '') this.#onLine(line);
  }
}
