import type * as z from 'zod';
import { configurationSchema } from './schema.ts';
import { shapeMessage } from './shape-message.ts';

/** A field of a configuration that people may state. */
export interface ConfigurationOption {
  /** `database.backups.window`; items of a list have `[]`. */
  readonly path: string;
  /** Undefined if there is none, or if it follows from other fields. */
  readonly fallback: unknown;
  /** `must be a window in UTC, such as 03:00-04:00`: what a mistake is answered with. */
  readonly allowed: string;
  readonly description: string;
}

/** A schema as zod keeps it, as far as it is walked through. */
interface Layer {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly defaultValue?: unknown;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
}

const layerOf = (schema: z.ZodType): Layer => schema._zod.def;

/** What a value that nothing allows is answered with. */
function allowedBy(schema: z.ZodType): string {
  const { element } = layerOf(schema);
  if (element !== undefined) return allowedBy(element).replace('must be', 'must be a list, each item');
  const issue = schema.safeParse(Symbol('nothing'), { error: shapeMessage }).error?.issues[0];
  return issue?.message.replace(': put it in quotes', '') ?? '';
}

/** The schema of a list's items, if these are objects whose fields are to be named one by one. */
function itemsOf({ element }: Layer, description: string): z.ZodType | undefined {
  const hasFields = element !== undefined && layerOf(element).shape !== undefined;
  return hasFields && description === '' ? element : undefined;
}

function* optionsOf(
  schema: z.ZodType,
  path: string,
  fallback?: unknown,
  described = '',
): Generator<ConfigurationOption> {
  const layer = layerOf(schema);
  const description = schema.description ?? described;
  const items = itemsOf(layer, description);
  if (layer.innerType !== undefined) {
    yield* optionsOf(layer.innerType, path, layer.type === 'default' ? layer.defaultValue : fallback, description);
  } else if (items !== undefined) {
    yield* optionsOf(items, `${path}[]`);
  } else if (layer.shape !== undefined && description === '') {
    for (const [name, field] of Object.entries(layer.shape))
      yield* optionsOf(field, path === '' ? name : `${path}.${name}`);
  } else {
    yield { path, fallback, allowed: allowedBy(schema), description };
  }
}

/** Every field, in the order of the schema. */
export function configurationOptions(): readonly ConfigurationOption[] {
  return [...optionsOf(configurationSchema, '')];
}
