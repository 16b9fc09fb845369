const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const brief = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
};

/**
 * The first difference between two values as JSON has them, in words; undefined when they say the same. The order of an
 * object's properties says nothing.
 */
export function differenceOf(recorded: unknown, replayed: unknown, path = ''): string | undefined {
  if (!isObject(recorded) || !isObject(replayed) || Array.isArray(recorded) !== Array.isArray(replayed)) {
    return recorded === replayed ? undefined : `${path}: recorded ${brief(recorded)}, replayed ${brief(replayed)}`;
  }
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(replayed)])) {
    const found = differenceOf(recorded[key], replayed[key], path === '' ? key : `${path}.${key}`);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}
