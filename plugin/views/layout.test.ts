import { describe, expect, it } from '@jest/globals';
import { cell, hanging, shortened, table, wrap } from './layout.ts';

describe('table', () => {
  it('given cells of different widths, pads columns by what is seen, not by what marks it', () => {
    const red = (text: string): string => `<${text}>`;
    expect(
      table(
        ['NAME', 'STATE'],
        [
          ['orders', cell('bad', red)],
          [cell('x', red), 'good'],
        ],
      ),
    ).toEqual(['NAME     STATE', 'orders   <bad>', '<x>        good']);
  });
});

describe('wrap', () => {
  it('breaks at spaces, keeps long words whole, and nothing where there is no edge', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('a veryverylongword b', 6)).toEqual(['a', 'veryverylongword', 'b']);
    expect(wrap('one two three', Infinity)).toEqual(['one two three']);
    expect(wrap('', 10)).toEqual([]);
  });
});

describe('hanging', () => {
  it('indents the lines after the first as far as its text', () => {
    expect(hanging('why: ', 'one two three four five six', 25)).toEqual(['why: one two three four', '     five six']);
  });
});

describe('shortened', () => {
  it('says with an ellipsis that something is missing', () => {
    expect(shortened('abcdef', 6)).toBe('abcdef');
    expect(shortened('abcdefg', 6)).toBe('abcde…');
  });
});
