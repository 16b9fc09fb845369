/**
 * `npm run mutate:changed -- [BASE] [--minutes N] [--as-time-allows]`: mutation testing of the pure modules that changed
 * since the branch left BASE, in commits or not committed yet, and of those whose own tests changed, unless
 * docs/evidence/mutation.md was written for that very source and these very tests: then its figures stand. BASE is the
 * upstream of the branch, or where there is none the commit before the last one. One file after the other, small ones
 * first. Fails when a file is below the threshold, and when the time, 45 minutes unless told, is not enough: what was not
 * tested did not pass. With --as-time-allows what the time was not enough for is only named.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { schema } from '@stryker-mutator/api/core';
import { mutantsOf, scoreOf, survivorsIn, talliesOf } from './mutation-result.ts';
import { LOWEST_SCORE, touchedModules } from './pure-modules.ts';
import { evidenceHash, hasCode, hashesIn } from './standing-evidence.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const resultPath = join(root, 'reports/mutation/mutation.json');
const reportPath = join(root, 'docs/evidence/mutation.md');

function git(...args: readonly string[]): string {
  const result = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (result.status !== 0) {
    throw new Error(`cannot tell what changed: git ${args.join(' ')} failed: ${result.stderr.trim()}; name a BASE`);
  }
  return result.stdout.trim();
}

const isKnown = (revision: string): boolean =>
  spawnSync('git', ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`], { cwd: root }).status === 0;

function changedSince(base: string): readonly string[] {
  const committed = git('diff', '--name-only', '-z', git('merge-base', base, 'HEAD'));
  const unknown = git('ls-files', '--others', '--exclude-standard', '-z');
  return `${committed}\0${unknown}`.split('\0').filter((file) => file !== '');
}

/** Runs Stryker on one file; false when the time was not enough. */
function isMeasured(file: string, milliseconds: number): boolean {
  const stryker = join(root, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  rmSync(resultPath, { force: true });
  const { status, signal } = spawnSync(
    process.execPath,
    [stryker, 'run', '--reporters', 'progress-append-only,json', '--mutate', file],
    { cwd: root, stdio: 'inherit', timeout: milliseconds },
  );
  if (signal !== null) {
    return false;
  }
  // Stryker itself fails below its threshold too: the figures below say by how much.
  if (status !== 0 && (status !== 1 || !existsSync(resultPath))) {
    throw new Error(`cannot mutate ${file}: Stryker ended with ${status ?? 'no status'}; see above`);
  }
  return true;
}

/** Prints the score of the file that was mutated last; whether it reaches the threshold. */
function isGood(): boolean {
  if (!existsSync(resultPath)) {
    process.stdout.write('Nothing in it to mutate.\n');
    return true;
  }
  const result = JSON.parse(readFileSync(resultPath, 'utf8')) as schema.MutationTestResult;
  const tallies = talliesOf(result);
  for (const tally of tallies) {
    const score = scoreOf(tally);
    process.stdout.write(`${score?.toFixed(1) ?? '-'} % of ${mutantsOf(tally)} mutants killed: ${tally.file}\n`);
  }
  const low = tallies.filter((tally) => (scoreOf(tally) ?? 100) < LOWEST_SCORE).map(({ file }) => file);
  for (const survivor of survivorsIn(result).filter(({ file }) => low.includes(file))) {
    process.stdout.write(`  survived ${survivor.file}:${survivor.line}: ${survivor.code} → ${survivor.by}\n`);
  }
  return low.length === 0;
}

/** Mutates one file after the other. Gives the files below the threshold, and those for which no time was left. */
function measure(files: readonly string[], minutes: number): { low: readonly string[]; unmeasured: readonly string[] } {
  const deadline = performance.now() + minutes * 60_000;
  const low: string[] = [];
  for (const [index, file] of files.entries()) {
    const left = Math.floor(deadline - performance.now());
    if (left < 1 || !isMeasured(file, left)) {
      return { low, unmeasured: files.slice(index) };
    }
    if (!isGood()) {
      low.push(file);
    }
  }
  return { low, unmeasured: [] };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '45' },
    'as-time-allows': { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  throw new Error(`cannot limit the time to "${values.minutes}" minutes: give a number above 0`);
}
const base = positionals[0] ?? (isKnown('@{upstream}') ? '@{upstream}' : 'HEAD~1');
const touched = touchedModules(changedSince(base), (file) => existsSync(join(root, file)) && hasCode(root, file));
const reported = hashesIn(readFileSync(reportPath, 'utf8'));
const sizeOf = (file: string): number => statSync(join(root, file)).size;
const files = touched
  .filter((file) => reported.get(file) !== evidenceHash(root, file))
  .toSorted((a, b) => sizeOf(a) - sizeOf(b));
const standing = touched.filter((file) => !files.includes(file));
if (standing.length > 0) {
  process.stdout.write(`Measured as they are, see docs/evidence/mutation.md: ${standing.join(', ')}\n`);
}
if (files.length === 0) {
  process.stdout.write(
    `No pure module and no test of one changed since ${base} without being measured: nothing to mutate.\n`,
  );
} else {
  process.stdout.write(`Changed since ${base}: ${files.join(', ')}\n`);
  const { low, unmeasured } = measure(files, minutes);
  if (unmeasured.length > 0) {
    const isTolerated = values['as-time-allows'];
    const advice = isTolerated ? '`npm run mutate` tests them' : 'allow more with --minutes, or land less at once';
    process.stderr.write(`not tested within ${minutes} minutes: ${unmeasured.join(', ')}; ${advice}\n`);
    process.exitCode = isTolerated ? 0 : 1;
  }
  if (low.length > 0) {
    process.stderr.write(`below ${LOWEST_SCORE} %: ${low.join(', ')}; write tests that notice the mutants above\n`);
    process.exitCode = 1;
  }
}
