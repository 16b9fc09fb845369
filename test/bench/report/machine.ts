import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Machine } from './report.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const GIGABYTE = 1024 ** 3;

/** Looks at the machine and at the checkout. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / GIGABYTE),
    kernel: `${type()} ${release()}`,
    node: process.version,
    date: new Date().toISOString(),
    commit: commitOf(root),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** The commit, and whether files differ from it; `unknown` outside of a clone. */
function commitOf(directory: string): string {
  const git = (...args: readonly string[]): string | undefined => {
    const { status, stdout } = spawnSync('git', args, { cwd: directory, encoding: 'utf8' });
    return status === 0 ? stdout.trim() : undefined;
  };
  const commit = git('rev-parse', '--short=12', 'HEAD');
  if (commit === undefined) return 'unknown';
  return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit} with changes`;
}
