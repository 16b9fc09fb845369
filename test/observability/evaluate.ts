import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { toInputSeries } from './scrapes.ts';

const run = promisify(execFile);

/** Lets Prometheus evaluate each query over the scrapes; gives those that never have a result. */
export async function withoutResult(
  promtool: string,
  scrapes: readonly string[],
  queries: readonly string[],
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'aurora-dr-queries-'));
  try {
    const path = join(folder, 'tests.yaml');
    const end = `${scrapes.length}m`;
    // A gap lasts no longer than the scrape: what was there at any time counts.
    const expressions = queries.map((query) => `max_over_time((count(${query}) or vector(0))[${end}:1m]) > bool 0`);
    const promql_expr_test = expressions.map((expr) => ({
      expr,
      eval_time: end,
      exp_samples: [{ labels: '{}', value: 1 }],
    }));
    const test = { interval: '1m', input_series: toInputSeries(scrapes), promql_expr_test };
    await writeFile(path, stringify({ evaluation_interval: '1m', tests: [test] }, { lineWidth: 0 }));
    const { stdout, stderr } = await run(promtool, ['test', 'rules', path], { maxBuffer: 64 * 1024 * 1024 }).catch(
      (error: unknown) => error as { stdout: string; stderr: string },
    );
    const output = `${stdout}${stderr}`;
    const failed = Array.from(
      output.matchAll(/^ *expr: (".*"), time: /gm),
      ([, text = '']) => JSON.parse(text) as string,
    );
    if (failed.length === 0 && !output.includes('SUCCESS')) {
      throw new Error(`cannot evaluate the queries: ${output.slice(0, 2_000)}`);
    }
    return queries.filter((_query, index) => failed.includes(expressions[index] ?? ''));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
