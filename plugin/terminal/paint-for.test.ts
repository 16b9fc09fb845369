import { expect, it } from '@jest/globals';
import { PLAIN } from '../views/paint.ts';
import { isColoured, paintFor } from './paint-for.ts';

it.each<[string, boolean | undefined, Record<string, string>, boolean]>([
  ['a terminal', true, {}, true],
  ['a pipe', undefined, {}, false],
  ['a terminal with NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['a terminal with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
  ['a terminal that knows no colour', true, { TERM: 'dumb' }, false],
])('given %s, colours or not', (_what, isTTY, environment, expected) => {
  expect(isColoured({ isTTY }, environment)).toBe(expected);
  expect(paintFor({ isTTY }, environment).bad('x') === PLAIN.bad('x')).toBe(!expected);
});
