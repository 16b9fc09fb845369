// The brain's own unit tests, as a single project: what Stryker's runner understands.
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/strip-types-transformer.mjs' },
  testMatch: ['<rootDir>/operator/failover/**/*.test.ts'],
};
