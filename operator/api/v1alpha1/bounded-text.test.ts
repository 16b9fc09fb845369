import { describe, expect, it } from '@jest/globals';
import { boundedText, MAXIMUM_MESSAGE_LENGTH } from './bounded-text.ts';

describe('boundedText', () => {
  it('given a text that fits, it stays as it is', () => {
    expect(boundedText('x'.repeat(MAXIMUM_MESSAGE_LENGTH))).toHaveLength(MAXIMUM_MESSAGE_LENGTH);
    expect(boundedText('abcde', 5)).toBe('abcde');
  });

  it('given a longer text, it ends in an ellipsis at the limit', () => {
    expect(boundedText('abcdef', 5)).toBe('abcd…');
    expect(boundedText('x'.repeat(5000))).toHaveLength(MAXIMUM_MESSAGE_LENGTH);
  });

  it('given a character of two units at the cut, it is not split', () => {
    expect(boundedText('abc😀def', 5)).toBe('abc…');
    expect(boundedText('a😀bcdef', 5)).toBe('a😀b…');
  });
});
