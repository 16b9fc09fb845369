/**
 * `npm test`: everything that the tests need, then unit, contract, simulation, database and end-to-end tests, one after the other.
 *
 * Units and simulated seeds run side by side; the others start API servers, databases and operators of their own, which
 * two cores carry only a few of. Arguments after `--` go to jest: `npm test -- operator/failover`.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureControlPlaneBinaries, ensureHelm, ensureKubectl } from '../test/control-plane/ensure-binaries.ts';
import { ensurePrograms } from '../test/database/ensure-programs.ts';
import { ensurePromtool } from '../test/observability/promtool.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Suite {
  readonly name: string;
  readonly workers: number;
}

const SUITES: readonly Suite[] = [
  { name: 'unit', workers: 2 },
  { name: 'contract', workers: 2 },
  { name: 'simulation', workers: 2 },
  { name: 'database', workers: 1 },
  { name: 'e2e', workers: 2 },
];

function runJest(suite: Suite, extra: readonly string[]): boolean {
  process.stderr.write(`\n== ${suite.name} ==\n`);
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const nodeFlags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jestFlags = ['--selectProjects', suite.name, '--maxWorkers', String(suite.workers)];
  // A path that only one suite has must not fail the others.
  const emptyFlags = extra.length > 0 ? ['--passWithNoTests'] : [];
  const result = spawnSync(process.execPath, [...nodeFlags, jest, ...jestFlags, ...emptyFlags, ...extra], {
    cwd: root,
    stdio: 'inherit',
  });
  return result.status === 0;
}

await ensureControlPlaneBinaries();
await ensureKubectl();
await ensurePromtool();
await ensureHelm();
await ensurePrograms();
const extra = process.argv.slice(2);
const failed = SUITES.filter((suite) => !runJest(suite, extra)).map((suite) => suite.name);
if (failed.length > 0) {
  process.stderr.write(`\nfailed: ${failed.join(', ')}\n`);
  process.exit(1);
}
