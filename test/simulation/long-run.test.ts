import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Evidence } from './evidence.ts';
import { runLong } from './long-run.ts';

describe('runLong', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'long-run-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (file: string, from: number, seeds: number): Promise<Evidence> =>
    runLong({ from, seeds, chunk: 2, jobs: 1, progressPath: join(folder, file), onProgress: () => undefined });

  it('Given slices that overlap, then they add up to what one run comes to', async () => {
    await run('slices', 2, 2);
    await run('slices', 0, 6);
    const slices = await run('slices', 0, 0);
    const whole = await run('whole', 0, 6);

    expect(slices.slices).toEqual([{ from: 0, to: 6 }]);
    expect(slices.summary.seeds).toBe(6);
    expect(slices.summary).toEqual(whole.summary);
  }, 120_000);
});
