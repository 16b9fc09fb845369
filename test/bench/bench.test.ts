import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Report } from './report/report.ts';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
const SECOND = 1_000;

test(
  'given a small fleet, when the operator is measured, every figure is there and everything that has to hold holds',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'aurora-dr-bench-'));
    try {
      const json = join(directory, 'report.json');
      const wanted = ['steady', 'reaction', 'mass', 'start'];
      const flags = [
        '--quick',
        '--policies',
        '50',
        '--contestants',
        'operator',
        '--only',
        wanted.join(','),
        '--json',
        json,
      ];
      // Ends with an error where something does not hold.
      const { stdout } = await promisify(execFile)(process.execPath, [program, ...flags]);

      const report = JSON.parse(await readFile(json, 'utf8')) as Report;
      expect(report.violations).toEqual([]);
      expect([...new Set(report.figures.map(({ scenario }) => scenario))].toSorted()).toEqual(
        [...wanted, 'onboarding'].toSorted(),
      );
      const reactions = report.figures.filter(({ measure }) => measure.startsWith('round complete → request, '));
      expect(reactions.map(({ summary }) => summary.count)).toEqual([6, 6]);
      for (const { summary, measure } of report.figures) {
        expect([measure, summary.minimum >= 0, summary.minimum <= summary.median]).toEqual([measure, true, true]);
      }
      expect(stdout).toContain('Everything that has to hold held.');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
  300 * SECOND,
);
