/**
 * Lets the equal strings in a tree of plain objects and arrays share their memory: of ten thousand policies most texts are
 * the same few. V8 keeps one copy of every string that was a property's name, in a table that holds nothing alive, and its
 * next garbage collection redirects all equal ones there (`ThinString` in V8's src/objects/string.h); an engine without
 * that is not harmed.
 *
 * @returns the same tree
 */
export function shareStrings<T>(tree: T): T {
  const names = Object.create(null) as Record<string, true>;
  name(tree, names);
  return tree;
}

function name(value: unknown, names: Record<string, true>): void {
  if (typeof value === 'string') {
    names[value] = true;
  } else if (typeof value === 'object' && value !== null) {
    for (const part of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) name(part, names);
  }
}
