import { describe, expect, it } from '@jest/globals';
import { problemsWithSchema, type StructuralSchema } from './structural-schema.ts';

const problems = (value: unknown, schema: StructuralSchema): string[] => problemsWithSchema(value, schema, 'it');

describe('problemsWithSchema', () => {
  it.each<[string, unknown, StructuralSchema, string[]]>([
    ['the least number', 2, { type: 'integer', minimum: 2, maximum: 4 }, []],
    ['the greatest number', 4, { type: 'integer', minimum: 2, maximum: 4 }, []],
    ['a number below', 1, { type: 'integer', minimum: 2, maximum: 4 }, ['it must be between 2 and 4, and is 1']],
    ['a number above', 5, { type: 'integer', minimum: 2, maximum: 4 }, ['it must be between 2 and 4, and is 5']],
    ['a number without limits', -(2 ** 53) + 1, { type: 'integer' }, []],
    ['a fraction', 0.5, { type: 'integer' }, ['it must be a whole number, and is 0.5']],
    ['true', true, { type: 'boolean' }, []],
    ['a text for a boolean', 'no', { type: 'boolean' }, ['it must be true or false, and is "no"']],
    ['any text', 'soon', { type: 'string' }, []],
    ['a text of the choice', 'a', { type: 'string', enum: ['a', 'b'] }, []],
    ['a text of no choice', 'c', { type: 'string', enum: ['a', 'b'] }, ['it must be one of a, b, and is "c"']],
    ['a time', '2026-01-01T00:00:00Z', { type: 'string', format: 'date-time' }, []],
    ['no time', 'soon', { type: 'string', format: 'date-time' }, ['it must be a time by RFC 3339, and is "soon"']],
    ['a duration', '1m', { type: 'string', pattern: /^\d+m$/ }, []],
    ['none', 'm', { type: 'string', pattern: /^\d+m$/ }, ['it must be a duration such as 1m30s, and is "m"']],
    ['a number for a text', 5, { type: 'string', enum: ['a'] }, ['it must be a string, and is 5']],
    ['a list', [true, 'x'], { type: 'array', items: { type: 'boolean' } }, ['it[1] must be true or false, and is "x"']],
    ['an object for a list', {}, { type: 'array', items: { type: 'boolean' } }, ['it must be a list, and is {}']],
    ['nothing for an object', undefined, { type: 'object', properties: {} }, ['it must be an object, and is missing']],
    ['null for an object', null, { type: 'object', properties: {} }, ['it must be an object, and is null']],
    ['a list for an object', [], { type: 'object', properties: {} }, ['it must be an object, and is []']],
    ['a text for an object', 'x', { type: 'object', properties: {} }, ['it must be an object, and is "x"']],
  ])('given %s, then it is told what does not fit', (_what, value, schema, expected) => {
    expect(problems(value, schema)).toEqual(expected);
  });

  it('given an object, then fields may be missing unless they are required, and unknown ones are welcome', () => {
    const properties = { a: { type: 'boolean' }, b: { type: 'boolean' } } as const;
    expect(problems({ c: 1 }, { type: 'object', properties })).toEqual([]);
    expect(problems({ b: 1 }, { type: 'object', required: ['a', 'b'], properties })).toEqual([
      'it.a is missing',
      'it.b must be true or false, and is 1',
    ]);
  });

  it('given a long value, then its beginning is told', () => {
    const told = (length: number): string | undefined => problems('x'.repeat(length), { type: 'boolean' })[0];
    expect(told(58)).toBe(`it must be true or false, and is "${'x'.repeat(58)}"`);
    expect(told(59)).toBe(`it must be true or false, and is "${'x'.repeat(58)}…`);
  });

  it('given more than ten problems, then ten are told', () => {
    const list = (length: number) => problems(Array(length).fill(1), { type: 'array', items: { type: 'boolean' } });
    expect(list(10)).toHaveLength(10);
    expect(list(11)).toEqual(list(10));
  });
});
