import { TESTS } from './scripts/mutation/pure-modules.ts';

/**
 * The unit tests of the pure rooms, as a single project: what Stryker's runner understands.
 * @type {import('jest').Config}
 */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/strip-types-transformer.mjs' },
  modulePathIgnorePatterns: ['<rootDir>/.stryker-tmp'],
  // Random worlds find what nobody thought of. What only they notice is a unit test that is missing, and they cost seconds.
  testPathIgnorePatterns: ['/(safety|policy-status)\\.property\\.test\\.ts$'],
  testMatch: TESTS.map((pattern) => `<rootDir>/${pattern}`),
  setupFilesAfterEnv: ['<rootDir>/scripts/mutation/short-properties.ts'],
};
