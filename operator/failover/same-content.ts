const NOTHING: ReadonlySet<string> = new Set();

/**
 * Whether two values would be the same once written as JSON, whatever the order of their keys: a property that is undefined
 * is none.
 *
 * @param passedOver names of properties, at any depth, that do not count
 */
export function hasSameContent(one: unknown, other: unknown, passedOver = NOTHING): boolean {
  if (one === other) {
    return true;
  }
  if (!isObject(one) || !isObject(other)) {
    return (one ?? null) === (other ?? null);
  }
  if (Array.isArray(one) || Array.isArray(other)) {
    return Array.isArray(one) && Array.isArray(other) && haveSameItems(one, other, passedOver);
  }
  return haveSameProperties(one, other, passedOver);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function haveSameItems(one: readonly unknown[], other: readonly unknown[], passedOver: ReadonlySet<string>): boolean {
  return one.length === other.length && one.every((item, index) => hasSameContent(item, other[index], passedOver));
}

/** Written out in loops: this compares all that a round brings with what the round before brought. */
function haveSameProperties(
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
  passedOver: ReadonlySet<string>,
): boolean {
  for (const key in one) {
    if (!passedOver.has(key) && !isSameProperty(one[key], other[key], passedOver)) {
      return false;
    }
  }
  for (const key in other) {
    if (one[key] === undefined && other[key] !== undefined && !passedOver.has(key)) {
      return false;
    }
  }
  return true;
}

function isSameProperty(one: unknown, other: unknown, passedOver: ReadonlySet<string>): boolean {
  // Here an absent value and null are two things, as JSON has them. What only the other side has is looked for there.
  return other === undefined ? one === undefined : hasSameContent(one, other, passedOver);
}
