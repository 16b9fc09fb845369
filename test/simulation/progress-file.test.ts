import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ProgressFile, type Chunk } from './progress-file.ts';
import { Summary } from './summary.ts';

const SOURCES = { hash: 'a'.repeat(64), files: 3, commit: 'c'.repeat(40), isCommitted: true };
const chunk = (from: number): Chunk => ({
  from,
  to: from + 10,
  elapsedMilliseconds: 1,
  finishedAt: '2026-01-01T00:00:00.000Z',
  summary: new Summary().data,
});

describe('ProgressFile', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'progress-'));
    path = join(folder, 'new', 'progress.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('Given a run that ended in between, when it is resumed, then what was done is known', () => {
    const first = ProgressFile.open(path, SOURCES);
    first.add(chunk(0));
    first.add(chunk(20));

    expect(ProgressFile.open(path, SOURCES).chunks).toEqual([chunk(0), chunk(20)]);
  });

  it('Given chunks that touch each other, when they are joined or the file is opened, then they are one line, and seeds and times add up', () => {
    const first = ProgressFile.open(path, SOURCES);
    for (const from of [20, 0, 10, 40]) first.add({ ...chunk(from), summary: { ...new Summary().data, seeds: 10 } });
    const whole = [
      { ...chunk(0), to: 30, elapsedMilliseconds: 3, summary: { ...new Summary().data, seeds: 30 } },
      { ...chunk(40), summary: { ...new Summary().data, seeds: 10 } },
    ];

    expect(ProgressFile.open(path, SOURCES).chunks).toEqual(whole);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4);

    first.compact();

    expect(first.chunks).toEqual(whole);
    expect(ProgressFile.open(path, SOURCES).chunks).toEqual(whole);
  });

  it('Given a run that was killed while it wrote, when it is resumed, then the half line counts for nothing', () => {
    ProgressFile.open(path, SOURCES).add(chunk(0));
    appendFileSync(path, JSON.stringify(chunk(10)).slice(0, 40));
    const resumed = ProgressFile.open(path, SOURCES);
    resumed.add(chunk(10));

    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4);
    expect(ProgressFile.open(path, SOURCES).chunks).toMatchObject([{ from: 0, to: 20 }]);
  });

  it('Given a run that was killed before its first line was written, when it is resumed, then it begins', () => {
    ProgressFile.open(path, SOURCES);
    rmSync(path);
    appendFileSync(path, '{"sources":');

    expect(ProgressFile.open(path, SOURCES).chunks).toEqual([]);
    expect(ProgressFile.open(path, SOURCES).chunks).toEqual([]);
  });

  it('Given other sources, when it is resumed, then results of different code are not mixed', () => {
    ProgressFile.open(path, SOURCES);

    expect(() => ProgressFile.open(path, { ...SOURCES, hash: 'b'.repeat(64) })).toThrow(
      /its seeds were run by other sources \(a{12}, at commit c{12}; here b{12}\)/,
    );
  });

  it('Given another commit with the very same sources, when it is resumed, then it goes on', () => {
    ProgressFile.open(path, SOURCES).add(chunk(0));

    expect(ProgressFile.open(path, { ...SOURCES, commit: 'd'.repeat(40) }).chunks).toHaveLength(1);
  });
});
