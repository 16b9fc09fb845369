import { describe, expect, it } from '@jest/globals';
import { joinExplanations, parseExplanations } from './explanations.ts';
import type { Survivor } from './mutation-result.ts';

const aSurvivor = (overrides: Partial<Survivor> = {}): Survivor => ({
  file: 'a.ts',
  line: 1,
  in: 'return a > 0;',
  code: 'a > 0',
  by: 'a >= 0',
  isCovered: true,
  ...overrides,
});

const TEXT = `
a.ts:
  - why: >
      zero never
      comes here
    mutants:
      - { in: 'return a > 0;', code: a > 0, by: a >= 0 }
`;

describe('explanations', () => {
  it('given a survivor that is explained, joins both, wherever in the file it stands', () => {
    const joined = joinExplanations([aSurvivor(), aSurvivor({ line: 7 })], parseExplanations(TEXT));

    expect(joined.explained.map(({ line, why }) => [line, why])).toEqual([
      [1, 'zero never comes here'],
      [7, 'zero never comes here'],
    ]);
    expect(joined.unexplained).toEqual([]);
    expect(joined.needless).toEqual([]);
  });

  it.each<[string, Partial<Survivor>]>([
    ['in another file', { file: 'b.ts' }],
    ['in another line of code', { in: 'if (a > 0) {' }],
    ['of other code', { code: 'a' }],
    ['by other code', { by: 'true' }],
  ])('given a survivor %s, leaves it unexplained and the explanation needless', (_, other) => {
    const joined = joinExplanations([aSurvivor(other)], parseExplanations(TEXT));

    expect(joined.explained).toEqual([]);
    expect(joined.unexplained).toEqual([aSurvivor(other)]);
    expect(joined.needless).toMatchObject([{ file: 'a.ts', by: 'a >= 0' }]);
  });

  it.each([
    ['no reason', 'a.ts: [{ mutants: [{ in: a, code: a, by: b }] }]'],
    ['an empty reason', 'a.ts: [{ why: "", mutants: [{ in: a, code: a, by: b }] }]'],
    ['no mutant', 'a.ts: [{ why: so, mutants: [] }]'],
    ['half a mutant', 'a.ts: [{ why: so, mutants: [{ in: a, code: a }] }]'],
    ['no list', 'a.ts: { why: so }'],
  ])('given an entry with %s, refuses the file', (_, text) => {
    expect(() => parseExplanations(text)).toThrow(/^cannot read .* a\.ts/);
  });

  it('given an empty file, explains nothing', () => {
    expect(parseExplanations('# nothing\n')).toEqual([]);
  });
});
