/** What is checked of an object that the API server returns. Limits of size and rules across fields are the server's. */
export type StructuralSchema =
  | {
      readonly type: 'object';
      readonly required?: readonly string[];
      readonly properties: Readonly<Record<string, StructuralSchema>>;
    }
  | { readonly type: 'array'; readonly items: StructuralSchema }
  | {
      readonly type: 'string';
      readonly enum?: readonly string[];
      readonly pattern?: RegExp;
      readonly format?: 'date-time';
    }
  | { readonly type: 'integer'; readonly minimum?: number; readonly maximum?: number }
  | { readonly type: 'boolean' };

/** Most problems that are told of one object: enough to mend it, few enough to read. */
const MAXIMUM_PROBLEMS = 10;

/**
 * What keeps a value from fitting the schema, one sentence each, at most ten; empty if it fits. Unknown fields are
 * welcome: a newer version of the API may have them.
 *
 * @param path - how messages call the value
 */
export function problemsWithSchema(value: unknown, schema: StructuralSchema, path: string): string[] {
  const problems: string[] = [];
  collect(value, schema, path, problems);
  return problems.slice(0, MAXIMUM_PROBLEMS);
}

function collect(value: unknown, schema: StructuralSchema, path: string, problems: string[]): void {
  switch (schema.type) {
    case 'object':
      collectObject(value, schema, path, problems);
      return;
    case 'array':
      if (!Array.isArray(value)) {
        problems.push(`${path} must be a list, and is ${describe(value)}`);
        return;
      }
      value.forEach((item, index) => collect(item, schema.items, `${path}[${index}]`, problems));
      return;
    case 'string':
      collectString(value, schema, path, problems);
      return;
    case 'integer':
      collectInteger(value, schema, path, problems);
      return;
    case 'boolean':
      if (typeof value !== 'boolean') problems.push(`${path} must be true or false, and is ${describe(value)}`);
  }
}

type Variant<Type extends StructuralSchema['type']> = Extract<StructuralSchema, { type: Type }>;

function collectObject(value: unknown, schema: Variant<'object'>, path: string, problems: string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push(`${path} must be an object, and is ${describe(value)}`);
    return;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name of schema.required ?? []) {
    if (fields[name] === undefined) problems.push(`${path}.${name} is missing`);
  }
  for (const [name, inner] of Object.entries(schema.properties)) {
    if (fields[name] !== undefined) collect(fields[name], inner, `${path}.${name}`, problems);
  }
}

function collectString(value: unknown, schema: Variant<'string'>, path: string, problems: string[]): void {
  if (typeof value !== 'string') {
    problems.push(`${path} must be a string, and is ${describe(value)}`);
  } else if (schema.enum !== undefined && !schema.enum.includes(value)) {
    problems.push(`${path} must be one of ${schema.enum.join(', ')}, and is ${describe(value)}`);
  } else if (schema.pattern !== undefined && !schema.pattern.test(value)) {
    problems.push(`${path} must be a duration such as 1m30s, and is ${describe(value)}`);
  } else if (schema.format === 'date-time' && Number.isNaN(Date.parse(value))) {
    problems.push(`${path} must be a time by RFC 3339, and is ${describe(value)}`);
  }
}

function collectInteger(value: unknown, schema: Variant<'integer'>, path: string, problems: string[]): void {
  const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = schema;
  if (!Number.isSafeInteger(value)) {
    problems.push(`${path} must be a whole number, and is ${describe(value)}`);
  } else if ((value as number) < minimum || (value as number) > maximum) {
    problems.push(`${path} must be between ${minimum} and ${maximum}, and is ${String(value)}`);
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
