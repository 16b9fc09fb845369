import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundedLog, logFileName, type BoundedLogProps } from './bounded-log.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bounded-log-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Lost {
  readonly name: string;
  readonly entries: number;
  readonly message: string;
}

function aLog(props: Partial<BoundedLogProps> = {}) {
  const lost: Lost[] = [];
  let written = 0;
  const log = new BoundedLog({
    directory,
    maximumBytes: 400,
    ...props,
    listener: {
      onWritten: (_name, entries) => (written += entries),
      onLost: (name, entries, error) => lost.push({ name, entries, message: String(error) }),
    },
  });
  return { log, lost, written: () => written };
}

const read = (file: string): Promise<string> => readFile(join(directory, file), 'utf8');
const linesOf = async (file: string): Promise<string[]> => (await read(file)).trimEnd().split('\n');
/** `line`, or with a mark when it was asked to stand alone. */
const marked =
  (line: string) =>
  (standsAlone: boolean): string =>
    standsAlone ? `${line}!` : line;

describe('BoundedLog', () => {
  it('given entries, writes them in order, the first one standing alone', async () => {
    const { log, lost, written } = aLog();
    for (const line of ['a', 'b', 'c']) {
      log.append('ns/orders', marked(line));
    }
    await log.flush();

    expect(await read('ns_orders.jsonl')).toBe('a!\nb\nc\n');
    expect(written()).toBe(3);
    expect(lost).toEqual([]);
  });

  it('given a full file, begins the next with an entry that stands alone and keeps within the bound', async () => {
    const { log, written } = aLog({ maximumBytes: 400, files: 4 });
    for (let index = 100; index < 200; index += 1) {
      log.append('orders', marked(`line ${index}`));
      if (index % 7 === 0) {
        await log.flush();
      }
    }
    await log.flush();

    const files = (await readdir(directory)).toSorted();
    expect(files).toEqual(['orders.jsonl', 'orders.jsonl.1', 'orders.jsonl.2', 'orders.jsonl.3']);
    const sizes = await Promise.all(files.map(async (file) => (await stat(join(directory, file))).size));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    const series = (await Promise.all(files.toReversed().map(linesOf))).map((lines) => lines.join(','));
    for (const lines of series) {
      expect(lines.indexOf('!')).toBe('line 100'.length);
      expect(lines.lastIndexOf('!')).toBe('line 100'.length);
    }
    const numbers = series.join(',').match(/\d+/g)?.map(Number) ?? [];
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => 200 - numbers.length + index));
    expect(numbers.length).toBeGreaterThan(30);
    expect(written()).toBe(100);
  });

  it('given one file only, starts it anew when it is full', async () => {
    const { log } = aLog({ maximumBytes: 20, files: 1 });
    for (const line of ['one', 'two', 'three', 'four', 'five']) {
      log.append('orders', marked(line));
    }
    await log.flush();

    expect(await readdir(directory)).toEqual(['orders.jsonl']);
    expect(await linesOf('orders.jsonl')).toEqual(['five!']);
  });

  it('given the file of an earlier process, goes on in it with an entry that stands alone', async () => {
    await writeFile(join(directory, 'orders.jsonl'), 'old\n');
    const { log } = aLog();
    log.append('orders', marked('new'));
    await log.flush();

    expect(await read('orders.jsonl')).toBe('old\nnew!\n');
  });

  it('given a last line that a crash broke off, cuts it off before it goes on', async () => {
    await writeFile(join(directory, 'orders.jsonl'), 'whole\nhal');
    const { log } = aLog();
    log.append('orders', marked('new'));
    await log.flush();

    expect(await read('orders.jsonl')).toBe('whole\nnew!\n');
  });

  it('given nothing but a broken line, begins the file anew', async () => {
    await writeFile(join(directory, 'orders.jsonl'), 'hal');
    const { log } = aLog();
    log.append('orders', marked('new'));
    await log.flush();

    expect(await read('orders.jsonl')).toBe('new!\n');
  });

  it('given a directory that cannot be had, tells the loss, and writes once it can', async () => {
    const path = join(directory, 'later');
    await writeFile(path, 'in the way');
    const { log, lost, written } = aLog({ directory: path });
    log.append('orders', marked('a'));
    log.append('orders', marked('b'));
    await log.flush();
    expect(lost.map(({ name, entries }) => [name, entries])).toEqual([['orders', 2]]);
    expect(written()).toBe(0);

    await rm(path);
    log.append('orders', marked('c'));
    await log.flush();
    expect(await read('later/orders.jsonl')).toBe('c!\n');
  });

  it('given a file that cannot be written between two that can, lets the entry after the loss stand alone', async () => {
    const { log, lost } = aLog();
    log.append('orders', marked('a'));
    await log.flush();
    await rm(join(directory, 'orders.jsonl'));
    await mkdir(join(directory, 'orders.jsonl'));
    log.append('orders', marked('b'));
    await log.flush();
    expect(lost).toHaveLength(1);

    await rm(join(directory, 'orders.jsonl'), { recursive: true });
    log.append('orders', marked('c'));
    await log.flush();
    expect(await read('orders.jsonl')).toBe('c!\n');
  });

  it('given more entries than may wait, loses the newest and lets the next one stand alone', async () => {
    const { log, lost } = aLog({ maximumWaiting: 2 });
    for (const line of ['a', 'b', 'c', 'd']) {
      log.append('orders', marked(line));
    }
    expect(lost).toHaveLength(2);
    expect(lost[0]?.message).toContain('2 entries wait for the disk already');
    await log.flush();
    log.append('orders', marked('e'));
    log.append('orders', marked('f'));
    await log.flush();

    expect(await read('orders.jsonl')).toBe('a!\nb\ne!\nf\n');
  });

  it('given an entry longer than a file may be, or one that cannot be composed, loses that one alone', async () => {
    const { log, lost } = aLog({ maximumBytes: 40, files: 2 });
    log.append('orders', marked('a'));
    log.append('orders', marked('x'.repeat(30)));
    log.append('orders', () => {
      throw new Error('no words');
    });
    log.append('orders', marked('b'));
    await log.flush();

    expect(lost.map(({ message }) => message)).toEqual([
      expect.stringContaining('longer than a file may be'),
      'Error: no words',
    ]);
    expect(await read('orders.jsonl.1')).toBe('a!\n');
    expect(await read('orders.jsonl')).toBe('b!\n');
  });

  it('given entries appended while it writes, takes them before flush resolves', async () => {
    const { log } = aLog();
    log.append('orders', (standsAlone) => {
      log.append('payments', marked('later'));
      return marked('a')(standsAlone);
    });
    await log.flush();

    expect(await read('orders.jsonl')).toBe('a!\n');
    expect(await read('payments.jsonl')).toBe('later!\n');
  });

  it('given a rotation that fails, counts only what is lost', async () => {
    const { log, lost, written } = aLog({ maximumBytes: 16, files: 2 });
    await mkdir(join(directory, 'orders.jsonl.1', 'occupied'), { recursive: true });
    log.append('orders', marked('first'));
    log.append('orders', marked('second'));
    await log.flush();
    await appendFile(join(directory, 'orders.jsonl'), '');

    expect(written()).toBe(1);
    expect(lost.map(({ entries }) => entries)).toEqual([1]);
    expect(await read('orders.jsonl')).toBe('first!\n');
  });
});

describe('logFileName', () => {
  it('given keys, makes names that are safe, readable and different', () => {
    expect(logFileName('payments/orders.eu')).toBe('payments_orders.eu.jsonl');
    expect(logFileName('payments/orders.eu')).not.toBe(logFileName('payments_orders.eu'));
    expect(logFileName('../../etc/passwd')).toBe('%002e._.._etc_passwd.jsonl');
    expect(logFileName('a\ud83d b')).toMatch(/^[\w%.~-]+$/);
    const [long, longer] = [logFileName('n/'.padEnd(300, 'a')), logFileName('n/'.padEnd(301, 'a'))];
    expect(long).not.toBe(longer);
    expect(Buffer.byteLength(`${long}.99`)).toBeLessThan(255);
  });
});
