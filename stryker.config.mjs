/**
 * Mutation testing of the pure rooms: `npm run mutate` for all of it, `npm run mutate -- --mutate <files>` for some.
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export default {
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: { projectType: 'custom', configFile: 'stryker.jest.config.mjs', enableFindRelatedTests: true },
  coverageAnalysis: 'perTest',
  mutate: ['operator/failover/**/*.ts', '!**/*.test.ts', '!**/testing/**'],
  // String literals are reasons and messages for people; tests pin the reasons that matter.
  mutator: { excludedMutations: ['StringLiteral'] },
  concurrency: 2,
  timeoutMS: 10_000,
  reporters: ['progress', 'clear-text', 'json', 'html'],
  thresholds: { high: 95, low: 90, break: 90 },
  incremental: false,
  tempDirName: '.stryker-tmp',
  ignorePatterns: [
    'test',
    'docs',
    'crds',
    'dist',
    'reports',
    'operator/runtime',
    'operator/aws',
    'operator/observation',
  ],
};
