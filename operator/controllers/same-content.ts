/**
 * Whether two values would be the same once written as JSON, whatever the order of their keys: a property that is undefined
 * is none.
 */
export function hasSameContent(one: unknown, other: unknown): boolean {
  if (one === other) {
    return true;
  }
  if (!isObject(one) || !isObject(other)) {
    return (one ?? null) === (other ?? null);
  }
  if (Array.isArray(one) || Array.isArray(other)) {
    return Array.isArray(one) && Array.isArray(other) && haveSameItems(one, other);
  }
  return (
    Object.keys(one).every((key) => hasSameProperty(one, other, key)) &&
    Object.keys(other).every((key) => other[key] === undefined || one[key] !== undefined)
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function haveSameItems(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => hasSameContent(item, other[index]));
}

function hasSameProperty(
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
  key: string,
): boolean {
  // Here an absent value and null are two things, as JSON has them.
  return one[key] === undefined
    ? other[key] === undefined
    : other[key] !== undefined && hasSameContent(one[key], other[key]);
}
