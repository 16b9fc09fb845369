import { describe, expect, it } from '@jest/globals';
import type { schema } from '@stryker-mutator/api/core';
import { mutantsOf, scoreOf, survivorsIn, talliesOf, totalOf } from './mutation-result.ts';

const SOURCE = 'function f(a) {\n  return a > 0 &&\n    a < 9;\n}\n';

const aMutant = (status: schema.MutantStatus, location: schema.Location, replacement: string): schema.MutantResult => ({
  id: '1',
  mutatorName: 'Any',
  status,
  location,
  replacement,
});

const WHOLE = { start: { line: 2, column: 10 }, end: { line: 3, column: 10 } };
const FIRST = { start: { line: 2, column: 10 }, end: { line: 2, column: 15 } };

const aResult = (...mutants: schema.MutantResult[]): schema.MutationTestResult => ({
  schemaVersion: '1',
  thresholds: { high: 95, low: 90 },
  files: {
    'b.ts': { language: 'typescript', source: SOURCE, mutants },
    'a.ts': { language: 'typescript', source: '', mutants: [] },
  },
});

describe('survivorsIn', () => {
  it('given mutants of every kind, tells those that no test noticed, each by its code on one line', () => {
    const result = aResult(
      aMutant('NoCoverage', WHOLE, 'a > 0 ||\n a < 9'),
      aMutant('Killed', FIRST, 'true'),
      aMutant('Timeout', FIRST, 'false'),
      aMutant('Survived', FIRST, 'a >= 0'),
    );

    expect(survivorsIn(result)).toEqual([
      { file: 'b.ts', line: 2, in: 'return a > 0 &&', code: 'a > 0 && a < 9', by: 'a > 0 || a < 9', isCovered: false },
      { file: 'b.ts', line: 2, in: 'return a > 0 &&', code: 'a > 0', by: 'a >= 0', isCovered: true },
    ]);
  });
});

describe('the score', () => {
  it('given mutants of every kind, counts a timeout as killed and one that nothing reaches as alive', () => {
    const tallies = talliesOf(
      aResult(
        aMutant('NoCoverage', FIRST, ''),
        aMutant('Killed', FIRST, ''),
        aMutant('Timeout', FIRST, ''),
        aMutant('Survived', FIRST, ''),
        aMutant('Ignored', FIRST, ''),
        aMutant('RuntimeError', FIRST, ''),
      ),
    );

    expect(tallies).toEqual([
      { file: 'a.ts', killed: 0, timeout: 0, survived: 0, noCoverage: 0, broken: 0 },
      { file: 'b.ts', killed: 1, timeout: 1, survived: 1, noCoverage: 1, broken: 1 },
    ]);
    expect(tallies.map(scoreOf)).toEqual([undefined, 50]);
    expect(mutantsOf(totalOf(tallies))).toBe(4);
  });

  it('given a mutant that was not tested, tells no score', () => {
    expect(() => talliesOf(aResult(aMutant('Pending', FIRST, '')))).toThrow(/cannot tell the score of b.ts: 1 /);
  });
});
