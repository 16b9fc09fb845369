import type * as z from 'zod';

const SHAPES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'an object of fields',
  record: 'an object of fields',
  string: 'text: put it in quotes',
  number: 'a number',
};

/** The names that an object knows. */
function fieldsOf({ inst }: z.core.$ZodRawIssue): readonly string[] {
  const definition = (inst as { readonly _zod?: { readonly def: object } } | undefined)?._zod?.def;
  return definition !== undefined && 'shape' in definition ? Object.keys(definition.shape as object) : [];
}

/** Words of people for what no field has words for. */
export function shapeMessage(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'unrecognized_keys') return `is unknown; allowed here are ${fieldsOf(issue).join(', ')}`;
  if (issue.code === 'invalid_type') return `must be ${SHAPES[issue.expected] ?? issue.expected}`;
  const options: unknown = issue.code === 'invalid_union' ? issue['options'] : undefined;
  return Array.isArray(options) ? `must be one of ${options.map(String).join(', ')}` : undefined;
}
