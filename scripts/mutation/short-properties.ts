/**
 * Set-up of each test file under mutation testing: a tenth of the usual runs of each property, from one fixed seed so
 * that two runs of Stryker say the same, and no search for a small counterexample, which nobody reads.
 */
import fc from 'fast-check';

fc.configureGlobal({ numRuns: 10, seed: 20_260_101, endOnFailure: true });
