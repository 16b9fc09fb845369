import { LOWEST_SCORE, MUTATE } from './scripts/mutation/pure-modules.ts';

/**
 * Mutation testing of the pure rooms: `npm run mutate` for all of it, `npm run mutate -- --mutate <files>` for some.
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export default {
  plugins: ['@stryker-mutator/jest-runner', './scripts/mutation/nearest-first-runner.ts'],
  testRunner: 'nearest-first',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  // Jest's contexts of ES modules are never quite given back: a process is used for so many mutants, then renewed.
  maxTestRunnerReuse: 200,
  jest: { projectType: 'custom', configFile: 'stryker.jest.config.mjs', enableFindRelatedTests: true },
  coverageAnalysis: 'perTest',
  mutate: [...MUTATE],
  // String literals are reasons and messages for people; tests pin the reasons that matter.
  mutator: { excludedMutations: ['StringLiteral'] },
  concurrency: 2,
  // Long: on a busy machine a mutant that survives all its tests would pass for one that never ends, and so for killed.
  timeoutMS: 60_000,
  reporters: ['progress-append-only', 'clear-text', 'json', 'html'],
  clearTextReporter: { reportTests: false },
  warnings: { slow: false },
  thresholds: { high: 95, low: LOWEST_SCORE, break: LOWEST_SCORE },
  // With --incremental, as `npm run mutate` has it: what neither its file nor its tests have changed is not tested anew.
  incrementalFile: 'reports/mutation/incremental.json',
  tempDirName: '.stryker-tmp',
  ignorePatterns: ['test', 'docs', 'crds', 'dist', 'reports'],
};
