/** @type {import('jest').Config} */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/strip-types-transformer.mjs' },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.stryker-tmp'],
};

// Units and contracts are quick and run side by side; end-to-end cases start real processes, which two cores only
// carry a few of.
export default {
  // When a test counts as hung: processes that start on a busy machine take more than jest's five seconds.
  testTimeout: 60_000,
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/{operator,lambda,cdk8s,plugin,crds,scripts}/**/*.test.ts'],
    },
    {
      ...common,
      displayName: 'contract',
      testMatch: [
        '<rootDir>/test/{aws,chart,control-plane,demo,infrastructure,integration,lambda,observability,tools}/**/*.test.ts',
      ],
    },
    { ...common, displayName: 'simulation', testMatch: ['<rootDir>/test/simulation/**/*.test.ts'] },
    { ...common, displayName: 'database', testMatch: ['<rootDir>/test/database/**/*.test.ts'] },
    { ...common, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.test.ts'] },
    // Not part of `npm test`, which compiles no peer: .ci/run has it.
    { ...common, displayName: 'bench', testMatch: ['<rootDir>/test/bench/**/*.test.ts'] },
  ],
};
