import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ProgressFile, type Chunk, type RunPlan } from './progress-file.ts';
import { Summary } from './summary.ts';

const PLAN: RunPlan = {
  from: 0,
  seeds: 30,
  chunk: 10,
  sources: { hash: 'a'.repeat(64), files: 3, commit: 'c'.repeat(40), isCommitted: true },
};
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
    const first = ProgressFile.open(path, PLAN, false);
    first.add(chunk(0));
    first.add(chunk(20));

    expect(ProgressFile.open(path, PLAN, true).chunks).toEqual([chunk(0), chunk(20)]);
  });

  it('Given a run that was killed while it wrote, when it is resumed, then the half line counts for nothing', () => {
    ProgressFile.open(path, PLAN, false).add(chunk(0));
    appendFileSync(path, JSON.stringify(chunk(10)).slice(0, 40));
    const resumed = ProgressFile.open(path, PLAN, true);
    resumed.add(chunk(10));

    expect(ProgressFile.open(path, PLAN, true).chunks).toEqual([chunk(0), chunk(10)]);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4);
  });

  it('Given a run that was killed before its plan was written, when it is resumed, then it begins', () => {
    ProgressFile.open(path, PLAN, false);
    rmSync(path);
    appendFileSync(path, '{"from":');

    expect(ProgressFile.open(path, PLAN, true).chunks).toEqual([]);
    expect(ProgressFile.open(path, PLAN, true).chunks).toEqual([]);
  });

  it('Given a file, when nobody says that it is to be gone on with, then it is left alone', () => {
    ProgressFile.open(path, PLAN, false);

    expect(() => ProgressFile.open(path, PLAN, false)).toThrow(/holds a run; go on with it by --resume/);
  });

  it('Given other sources, when it is resumed, then results of different code are not mixed', () => {
    ProgressFile.open(path, PLAN, false);
    const sources = { ...PLAN.sources, hash: 'b'.repeat(64) };

    expect(() => ProgressFile.open(path, { ...PLAN, sources }, true)).toThrow(/begun with other sources/);
  });

  it.each(['from', 'seeds', 'chunk'] as const)('Given another --%s, when it is resumed, then it is refused', (name) => {
    ProgressFile.open(path, PLAN, false);

    expect(() => ProgressFile.open(path, { ...PLAN, [name]: 7 }, true)).toThrow(
      `its --${name} is ${PLAN[name]}, not 7`,
    );
  });

  it('Given another commit with the very same sources, when it is resumed, then it goes on', () => {
    ProgressFile.open(path, PLAN, false).add(chunk(0));
    const sources = { ...PLAN.sources, commit: 'd'.repeat(40) };

    expect(ProgressFile.open(path, { ...PLAN, sources }, true).chunks).toHaveLength(1);
  });
});
